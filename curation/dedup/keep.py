"""Clusters and their survivors, by an explicit order; deterministic whatever the order of the input."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.dedup.edges import Pairs, Similarities
from curation.kernels import allocating
from curation.kernels.bands import components

STARS = 8  # times that what is left of a cluster is compared with its best; a longer chain goes by its known edges

Compare = Callable[[Pairs], Similarities]


class Twins(NamedTuple):
    """Row removed[k] goes, row survivor[k] stays; similarity[k] is between these two. Sorted by removed."""

    removed: NDArray[np.int64]
    survivor: NDArray[np.int64]
    similarity: Similarities


def survivors(rank: NDArray[np.int64], pairs: Pairs, similarity: Similarities, compare: Compare, threshold: float) -> Twins:
    """Who goes for whom. `rank` (one for each row, all different) orders rows, lowest stays.

    `pairs` (sorted, each once, smaller row first) are verified edges; `compare` measures pairs that are not among them.
    In each connected component the best row stays and takes those that resemble *it*; what resembles it only through
    a chain of others goes on among itself. So nobody is removed for a document it does not resemble.
    """
    known, values = pairs[:, 0] * len(rank) + pairs[:, 1], similarity
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], Similarities]] = []
    left = np.ones(len(rank), bool)
    for _ in range(STARS):
        if not len(pairs):
            break
        star = _stars(rank, pairs, left)
        codes = star.min(axis=1) * len(rank) + star.max(axis=1)
        at = np.minimum(np.searchsorted(known, codes), len(known) - 1)
        measured = np.where(known[at] == codes, values[at], np.nan)
        unknown = np.isnan(measured)
        if unknown.any():
            measured[unknown] = compare(np.sort(star[unknown], axis=1))
        alike = measured >= threshold
        found.append((star[alike, 1], star[alike, 0], measured[alike]))
        left[star[alike, 1]] = left[star[:, 0]] = False
        within = left[pairs[:, 0]] & left[pairs[:, 1]]
        pairs, similarity = pairs[within], similarity[within]
    if len(pairs):
        goes = np.full(len(rank), -1, np.int64)
        order = np.argsort(rank[pairs].min(axis=1), kind="stable")
        _greedy(rank, pairs[order], goes)
        survivor = goes[pairs]
        for one, other in ((0, 1), (1, 0)):
            took = survivor[:, other] == pairs[:, one]
            found.append((pairs[took, other], pairs[took, one], similarity[took]))
    if not found:
        return Twins(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    removed, survivor, measured = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(removed)
    return Twins(removed[order], survivor[order], measured[order])


def _stars(rank: NDArray[np.int64], pairs: Pairs, left: NDArray[np.bool_]) -> Pairs:
    """(best, member) for every other member of each component of the pairs."""
    involved = np.unique(pairs)
    involved = involved[left[involved]]
    parent = components(len(rank), pairs)[involved]
    order = np.lexsort((rank[involved], parent))
    members, parent = involved[order], parent[order]
    first = np.r_[True, parent[1:] != parent[:-1]]
    best = members[np.flatnonzero(first)[np.cumsum(first) - 1]]
    return np.column_stack([best, members])[~first]


@allocating
def _greedy(rank, pairs, goes):  # type: ignore[no-untyped-def]
    """Best first: a row that still stays takes every neighbour that is worse and still stays."""
    for k in range(pairs.shape[0]):
        one, other = pairs[k, 0], pairs[k, 1]
        if rank[other] < rank[one]:
            one, other = other, one
        if goes[one] < 0 and goes[other] < 0:
            goes[other] = one
