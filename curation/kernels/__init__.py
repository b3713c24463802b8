"""Compiled functions over Arrow's UTF-8 buffers: numpy in, numpy out, no Python object per document, no GIL.

`buffers` is the only door from Arrow. Kernels are compiled once per machine and cached by numba.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


def buffers(texts: pa.Array) -> tuple[Bytes, Offsets]:
    """The UTF-8 bytes and the n + 1 offsets of a string or large_string array, without a copy where possible."""
    if not pa.types.is_large_string(texts.type):
        texts = texts.cast(pa.large_string())
    if texts.null_count:
        texts = texts.fill_null("")
    _, offsets, data = texts.buffers()
    n = len(texts)
    if n == 0 or data is None:
        return np.zeros(1, np.uint8), np.zeros(n + 1, np.int64)
    wanted = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + n + 1]
    return np.frombuffer(data, np.uint8), wanted


def longest(offsets: Offsets) -> int:
    """Bytes of the longest document."""
    return int(np.max(offsets[1:] - offsets[:-1], initial=0))
