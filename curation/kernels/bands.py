"""Bands of signatures, candidate pairs that share one, and union-find over pairs."""

import numpy as np
from numpy.typing import NDArray

from curation.kernels import allocating

PAIRS_IN_FULL = 32  # a bucket of at most this many documents gives all its pairs; a larger one a star and a chain


@allocating
def band_keys(signatures, rows, band, out):
    """A 64-bit key of one band (`rows` values from band * rows) of every signature."""
    for d in range(signatures.shape[0]):
        h = np.uint64(band + 1) * np.uint64(0x9E3779B97F4A7C15)
        for k in range(band * rows, band * rows + rows):
            h = (h ^ np.uint64(signatures[d, k])) * np.uint64(0xFF51AFD7ED558CCD)
            h ^= h >> np.uint64(32)
        out[d] = h


@allocating
def _bucket_pairs(keys, order, out):
    """Pairs (smaller, larger row) of documents with equal keys; returns how many (counts only when out is full)."""
    n = 0
    start = 0
    while start < order.shape[0]:
        end = start + 1
        while end < order.shape[0] and keys[order[end]] == keys[order[start]]:
            end += 1
        size = end - start
        for i in range(start, end):
            for j in range(i + 1, end):
                if size > PAIRS_IN_FULL and i != start and j != i + 1:
                    break
                if n < out.shape[0]:
                    one, other = order[i], order[j]
                    out[n, 0] = min(one, other)
                    out[n, 1] = max(one, other)
                n += 1
        start = end
    return n


def candidates(signatures: NDArray[np.uint32], bands: int, rows: int) -> NDArray[np.int64]:
    """Distinct pairs of rows (k x 2, sorted) that share at least one band."""
    found = []
    keys = np.empty(len(signatures), np.uint64)
    for band in range(bands):
        band_keys(signatures, rows, band, keys)
        order = np.argsort(keys, kind="stable")
        pairs = np.empty((max(16, len(signatures)), 2), np.int64)
        count = _bucket_pairs(keys, order, pairs)
        if count > len(pairs):
            pairs = np.empty((count, 2), np.int64)
            _bucket_pairs(keys, order, pairs)
        found.append(pairs[:count].copy())
    if not found:
        return np.empty((0, 2), np.int64)
    return np.unique(np.concatenate(found), axis=0)


@allocating
def similarity(signatures, pairs, out):
    """Estimated Jaccard of each pair: the share of equal signature values."""
    width = signatures.shape[1]
    for k in range(pairs.shape[0]):
        one, other = pairs[k, 0], pairs[k, 1]
        same = 0
        for p in range(width):
            same += signatures[one, p] == signatures[other, p]
        out[k] = same / width


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
