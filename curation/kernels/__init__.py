"""Compiled functions over Arrow's UTF-8 buffers: numpy in, numpy out, no Python object per document, no GIL.

`buffers` is the only door from Arrow. Kernels are compiled once per machine and cached by numba.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit
from numba.core import caching
from numpy.typing import NDArray


@cache
def _sources() -> bytes:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.digest()


class _Together:
    """numba asks for the file of a compiled function only: a kernel that calls a changed one would stay as it was."""

    @classmethod
    def from_function(cls, function: Any, file: str) -> Any:
        return super().from_function(function, file) if Path(file).parent == Path(__file__).parent else None  # type: ignore[misc]

    def get_source_stamp(self) -> bytes:
        return _sources()


class _InTree(_Together, caching.InTreeCacheLocator):
    """Compiled kernels beside their sources."""


class _UserWide(_Together, caching.UserWideCacheLocator):
    """Compiled kernels in the user's cache, where the sources cannot be written to."""


caching.CacheImpl._locator_classes[1:1] = [_InTree, _UserWide]

# Kernels neither make nor keep arrays, so their references are not counted: numba's atomic counts cost four times the
# work itself where small functions pass arrays on (reading text: 29 MB/s with, 119 without; numba 0.68, 2026-11).
_UNCOUNTED: dict[str, Any] = {"_nrt": False}
kernel: Any = njit(nogil=True, cache=True, **_UNCOUNTED)
inlined: Any = njit(nogil=True, cache=True, inline="always", **_UNCOUNTED)
allocating: Any = njit(nogil=True, cache=True)  # for the few that make an array

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
