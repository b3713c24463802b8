"""Paragraphs of a text (its lines) and what they say, so that the same one is found again."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import allocating, buffers
from curation.kernels.shingles import _FNV, _PRIME, _kinds, _mix64, tokenise
from curation.kernels.unicode import tables

NEWLINE = np.uint8(10)


class Lines(NamedTuple):
    """Lines long enough to count: each one's text, its bytes in that text with the break after it, and a hash of its tokens."""

    text: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    key: NDArray[np.uint64]


@allocating
def _lines(data, offsets, kind, fold, least, word, space, text, start, end, key):
    tokens = np.empty(space, np.uint64)
    found = 0
    for d in range(offsets.shape[0] - 1):
        first, last = offsets[d], offsets[d + 1]
        at = first
        while at < last:
            stop = at
            while stop < last and data[stop] != NEWLINE:
                stop += 1
            n = tokenise(data, at, stop, kind, fold, tokens)
            alone, hashed = np.int64(0), _FNV
            for j in range(n):
                alone += np.int64(tokens[j] & np.uint64(1))
                hashed = (hashed ^ tokens[j]) * _PRIME
                hashed ^= hashed >> np.uint64(29)
            if (n - alone) + alone / word >= least:
                after = min(stop + 1, last)
                if at == first or (at - 2 >= first and data[at - 2] == NEWLINE) or at - 1 == first:
                    while after < last and data[after] == NEWLINE:  # one of two blank lines goes with it
                        after += 1
                text[found], key[found] = d, _mix64(hashed)
                start[found], end[found] = at - first, after - first
                found += 1
            at = stop + 1
    return found


@allocating
def _longest(data, offsets):
    """Number of lines, and bytes of the longest."""
    lines, longest = 0, 0
    for d in range(offsets.shape[0] - 1):
        size = 0
        lines += 1
        for at in range(offsets[d], offsets[d + 1]):
            if data[at] == NEWLINE:
                lines += 1
                longest = max(longest, size)
                size = 0
            else:
                size += 1
        longest = max(longest, size)
    return lines, longest


def lines(texts: pa.Array, least: float, word: float) -> Lines:
    """Lines of at least `least` words, where `word` characters that stand alone (Han, kana, hangul) count as one word."""
    data, offsets = buffers(texts)
    count, longest = _longest(data, offsets)
    out = Lines(np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.uint64))
    found = _lines(data, offsets, _kinds(), tables().fold, float(least), float(word), longest + 8, *out)
    return Lines(out.text[:found], out.start[:found], out.end[:found], out.key[:found])
