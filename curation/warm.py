"""Compile every kernel once, so that the first run does not wait for it."""

import numpy as np
import pyarrow as pa

from curation import signals
from curation.dedup import edges, keep
from curation.document import CLAIM
from curation.kernels.shingles import signatures

TEXT = "Warm words, 预热文本。 One two three four five six seven. a@b.cn 8.8.8.8\n"


def compile_kernels() -> list[str]:
    """Run every signal and the deduplication on two small texts; returns the signals' names."""
    texts = pa.array([TEXT * 3, TEXT * 3], pa.large_string())
    documents = pa.record_batch({"text": texts, "license_claims": pa.array([[], []], pa.list_(CLAIM))})
    for name in signals.names():
        signals.find(name).annotate(documents)
    values, _ = signatures(texts)
    pairs, _ = edges.near(values, 0.8)
    keep.survivors(values, pairs, np.arange(2), 0.8)
    return signals.names()
