"""MinHash signature of 5-token shingles, 128 permutations in datasketch's affine32 scheme.

Broder 1997; a token is a word, or one Han, kana or hangul character (95 % of Chinese revision pairs at Jaccard
0.7-0.8 stay together, against 40 % for white-space words; measured 2026-11).
"""

import numpy as np
import pyarrow as pa

from curation.kernels.shingles import PERMUTATIONS, signatures

COLUMNS = pa.schema(
    [
        pa.field("signature", pa.list_(pa.uint32(), PERMUTATIONS)),  # null for a text without tokens
        pa.field("tokens", pa.int32()),
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """One signature per document."""
    values, counts = signatures(documents["text"])
    flat = pa.array(values.reshape(-1), pa.uint32())
    signature = pa.FixedSizeListArray.from_arrays(flat, PERMUTATIONS, mask=pa.array(counts == 0))
    return pa.record_batch([signature, pa.array(counts.astype(np.int32))], schema=COLUMNS)
