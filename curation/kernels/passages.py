"""Runs of tokens that stand in a given collection: long pieces by windows, short ones whole."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import allocating, buffers, longest
from curation.kernels.shingles import _ROLL, _kinds, _mix64, tokenise
from curation.kernels.unicode import tables

SEED = 5  # tokens by which a short piece is found before it is compared


class Sought(NamedTuple):
    """Windows and short pieces, in two open-addressed tables of key and number; -1 marks an empty slot."""

    words: int  # tokens of a window of words
    characters: int  # tokens of a window of characters that stand alone
    keys: NDArray[np.uint64]
    numbers: NDArray[np.int64]
    seed_keys: NDArray[np.uint64]
    seed_first: NDArray[np.int64]  # the first short piece that begins so
    after: NDArray[np.int64]  # the next one that begins alike
    tokens: NDArray[np.uint64]  # all short pieces, one after another
    ends: NDArray[np.int64]


@allocating
def slot(keys, numbers, key):
    """Where a key stands in a table, or the empty place where it would stand."""
    mask = np.uint64(keys.shape[0] - 1)
    at = key & mask
    while numbers[at] >= 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


@allocating
def windows(tokens, n, width, alone, out):
    """Keys of every window of `width` tokens; 0 where too few (or, for words, too many) of its tokens stand alone."""
    if n < width:
        return 0
    lead = np.uint64(1)
    for _ in range(width - 1):
        lead *= _ROLL
    rolling = np.uint64(0)
    single = 0
    for j in range(n):
        if j >= width:
            rolling -= tokens[j - width] * lead
            single -= tokens[j - width] & np.uint64(1)
        rolling = rolling * _ROLL + tokens[j]
        single += tokens[j] & np.uint64(1)
        if j >= width - 1:
            usable = (2 * single > width) == alone
            out[j - width + 1] = (_mix64(rolling + np.uint64(width)) | np.uint64(1)) if usable else np.uint64(0)
    return n - width + 1


@allocating
def _scan(
    data, offsets, kind, fold, sought_widths, keys, numbers, seed_keys, seed_first, after, short, ends, tokens, hashes, out
):
    """Rows (document, token, tokens, number of the window or -1 - number of the short piece); counts on when out is full."""
    found = 0
    for d in range(offsets.shape[0] - 1):
        n = tokenise(data, offsets[d], offsets[d + 1], kind, fold, tokens)
        for which in range(2):
            width = sought_widths[which]
            count = windows(tokens, n, width, which == 1, hashes)
            for j in range(count):
                if hashes[j] == 0:
                    continue
                number = numbers[slot(keys, numbers, hashes[j])]
                if number >= 0:
                    if found < out.shape[0]:
                        out[found, 0], out[found, 1], out[found, 2], out[found, 3] = d, j, width, number
                    found += 1
        if after.shape[0] == 0 or n < SEED:
            continue
        for j in range(n - SEED + 1):
            key = np.uint64(0)
            for k in range(SEED):
                key = key * _ROLL + tokens[j + k]
            piece = seed_first[slot(seed_keys, seed_first, _mix64(key))]
            while piece >= 0:
                start = ends[piece - 1] if piece > 0 else 0
                size = ends[piece] - start
                same = j + size <= n
                k = SEED
                while same and k < size:
                    same = tokens[j + k] == short[start + k]
                    k += 1
                if same:
                    if found < out.shape[0]:
                        out[found, 0], out[found, 1], out[found, 2], out[found, 3] = d, j, size, -1 - piece
                    found += 1
                piece = after[piece]
    return found


@allocating
def seed_key(tokens):
    """The key of a short piece's first SEED tokens."""
    key = np.uint64(0)
    for k in range(SEED):
        key = key * _ROLL + tokens[k]
    return _mix64(key)


def scan(sought: Sought, texts: pa.Array) -> NDArray[np.int64]:
    """Every place where something sought stands: rows of (document, first token, tokens, number); see `_scan`."""
    data, offsets = buffers(texts)
    space = longest(offsets) + 8
    widths = np.array([sought.words, sought.characters])
    tokens, hashes = np.empty(space, np.uint64), np.empty(space, np.uint64)
    out = np.empty((4096, 4), np.int64)
    while True:
        count = _scan(data, offsets, _kinds(), tables().fold, widths, *sought[2:], tokens, hashes, out)
        if count <= len(out):
            return out[:count].copy()
        out = np.empty((count, 4), np.int64)
