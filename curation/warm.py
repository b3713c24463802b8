"""Compile every kernel once, so that the first run does not wait for it."""

import numpy as np
import pyarrow as pa

from curation import signals
from curation.dedup import edges, keep
from curation.document import CLAIM
from curation.kernels.bands import jaccards
from curation.kernels.paragraphs import lines
from curation.kernels.shingles import shingle_sets, signatures

TEXT = "Warm words, 预热文本。 One two three four five six seven. a@b.cn 8.8.8.8\n"


def compile_kernels() -> list[str]:
    """Run every signal and the deduplication on two small texts; returns the signals' names."""
    texts = pa.array([TEXT * 3, TEXT * 3], pa.large_string())
    documents = pa.record_batch({"text": texts, "license_claims": pa.array([[], []], pa.list_(CLAIM))})
    for name in signals.names():
        signals.find(name).annotate(documents)
    values, _ = signatures(texts)
    pairs, found = edges.near(values, 0.8)
    keep.survivors(np.arange(2), pairs, found, lambda asked: edges.estimate(values, asked), 0.8)
    lines(texts, 1, 1)
    sets, ends = shingle_sets(texts)
    jaccards(sets, ends, sets, ends, np.arange(1), np.arange(1, 2), np.empty(1))
    return signals.names()
