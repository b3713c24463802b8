"""Band keys of signatures, candidate pairs that share one, comparisons, and union-find over pairs."""

import numpy as np
from numpy.typing import NDArray

from curation.kernels import allocating

PAIRS_IN_FULL = 32  # a bucket of at most this many contents gives all its pairs; a larger one a star and a chain


@allocating
def band_keys(signatures, rows, out):
    """64-bit keys, out[band, d] over `rows` values from band * rows of signature d."""
    for d in range(signatures.shape[0]):
        for band in range(out.shape[0]):
            h = np.uint64(band + 1) * np.uint64(0x9E3779B97F4A7C15)
            for k in range(band * rows, band * rows + rows):
                h = (h ^ np.uint64(signatures[d, k])) * np.uint64(0xFF51AFD7ED558CCD)
                h ^= h >> np.uint64(32)
            out[band, d] = h * np.uint64(0xC4CEB9FE1A85EC53)


@allocating
def _bucket_pairs(keys, contents, numbers, old, out):
    """Pairs (smaller, larger number) of different contents in one bucket; returns how many (counts only when out is full).

    Rows are sorted by key, content and number. Numbers from `old` on are known before: pairs among them are left out.
    """
    n = 0
    start = 0
    first = np.empty(keys.shape[0], np.int64)  # the first row of each content of the bucket
    while start < keys.shape[0]:
        end = start
        size = 0
        while end < keys.shape[0] and keys[end] == keys[start]:
            if end == start or contents[end] != contents[end - 1]:
                first[size] = end
                size += 1
            end += 1
        for i in range(size):
            for j in range(i + 1, size):
                if size > PAIRS_IN_FULL and i != 0 and j != i + 1:
                    break
                one, other = numbers[first[i]], numbers[first[j]]
                if min(one, other) >= old:
                    continue
                if n < out.shape[0]:
                    out[n, 0] = min(one, other)
                    out[n, 1] = max(one, other)
                n += 1
        start = end
    return n


@allocating
def _same_pairs(keys, contents, numbers, old, out):
    """(smallest number, other number) of rows with equal key and content, sorted as above; returns how many."""
    n = 0
    first = 0
    for row in range(1, keys.shape[0]):
        if keys[row] != keys[first] or contents[row] != contents[first]:
            first = row
        elif numbers[first] < old:
            out[n, 0] = numbers[first]
            out[n, 1] = numbers[row]
            n += 1
    return n


def _shared(keys: NDArray[np.uint64], contents: NDArray[np.uint32], numbers: NDArray[np.int64]):  # type: ignore[no-untyped-def]
    """The rows whose key another row has too, sorted by key, content and number."""
    order = np.argsort(keys)
    ordered = keys[order]
    again = np.zeros(len(keys), bool)
    again[1:] = ordered[1:] == ordered[:-1]
    again[:-1] |= again[1:]
    rows = order[again]
    rows = rows[np.lexsort((numbers[rows], contents[rows], keys[rows]))]
    return keys[rows], contents[rows], numbers[rows]


def alike(
    keys: NDArray[np.uint64], contents: NDArray[np.uint32], numbers: NDArray[np.int64], old: int | None = None
) -> NDArray[np.int64]:
    """Distinct pairs of numbers (k x 2, sorted) of different contents that share a key.

    A key's smallest contents stand in its star, so the pairs do not depend on the order of the rows.
    """
    keys, contents, numbers = _shared(keys, contents, numbers)
    limit = np.iinfo(np.int64).max if old is None else old
    pairs = np.empty((max(16, 2 * len(keys)), 2), np.int64)
    count = _bucket_pairs(keys, contents, numbers, limit, pairs)
    if count > len(pairs):
        pairs = np.empty((count, 2), np.int64)
        _bucket_pairs(keys, contents, numbers, limit, pairs)
    return distinct(pairs[:count])


def equal(
    keys: NDArray[np.uint64], contents: NDArray[np.uint32], numbers: NDArray[np.int64], old: int | None = None
) -> NDArray[np.int64]:
    """Pairs (first number, other number) of rows equal in key and content: a star around the first of each."""
    keys, contents, numbers = _shared(keys, contents, numbers)
    pairs = np.empty((len(keys), 2), np.int64)
    return pairs[: _same_pairs(keys, contents, numbers, np.iinfo(np.int64).max if old is None else old, pairs)].copy()


def distinct(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs sorted by both numbers, each once."""
    if not len(pairs):
        return pairs
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return pairs[np.r_[True, (pairs[1:] != pairs[:-1]).any(axis=1)]]


@allocating
def estimates(these, those, at, to, out):
    """Estimated Jaccard of these[at[k]] and those[to[k]]: the share of equal signature values."""
    width = these.shape[1]
    for k in range(at.shape[0]):
        same = 0
        for p in range(width):
            same += these[at[k], p] == those[to[k], p]
        out[k] = same / width


@allocating
def jaccards(these, these_ends, those, those_ends, at, to, out):
    """Exact Jaccard of sets at[k] and to[k]; a set is the sorted distinct values between two ends."""
    for k in range(at.shape[0]):
        i, i_end = these_ends[at[k]], these_ends[at[k] + 1]
        j, j_end = those_ends[to[k]], those_ends[to[k] + 1]
        union = (i_end - i) + (j_end - j)
        same = 0
        while i < i_end and j < j_end:
            x, y = these[i], those[j]
            same += x == y
            i += x <= y
            j += y <= x
        out[k] = same / (union - same) if union else 0.0


@allocating
def _find(parent, x):
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


@allocating
def components(count, pairs):
    """Smallest row of each row's connected component."""
    parent = np.arange(count)
    for k in range(pairs.shape[0]):
        one, other = _find(parent, pairs[k, 0]), _find(parent, pairs[k, 1])
        if one < other:
            parent[other] = one
        elif other < one:
            parent[one] = other
    for d in range(count):
        parent[d] = _find(parent, d)
    return parent
