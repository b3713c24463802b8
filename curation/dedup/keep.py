"""Clusters of contents and their survivors, by an explicit order; deterministic whatever the order of the input."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels.bands import components, similarity


class Twin(NamedTuple):
    """Row `removed` goes, row `survivor` stays; `similarity` is between these two."""

    removed: int
    survivor: int
    similarity: float


def survivors(signatures: NDArray[np.uint32], pairs: NDArray[np.int64], rank: NDArray[np.int64], threshold: float) -> list[Twin]:
    """Who goes for whom. `rank` orders rows, lowest stays; rows without a pair are not mentioned.

    In each connected component the best row stays and takes those that resemble *it*; what resembles it only through
    a chain of others goes on among itself. So nobody is removed for a document it does not resemble.
    """
    twins: list[Twin] = []
    if not len(pairs):
        return twins
    parent = components(len(rank), pairs)
    involved = np.unique(pairs)
    order = involved[np.lexsort((rank[involved], parent[involved]))]
    starts = np.flatnonzero(np.r_[True, parent[order][1:] != parent[order][:-1]])
    for members in np.split(order, starts[1:]):
        left = members
        while len(left) > 1:
            best, others = left[0], left[1:]
            estimate = np.empty(len(others), np.float64)
            similarity(signatures, np.column_stack([np.full(len(others), best), others]), estimate)
            alike = estimate >= threshold
            twins += [Twin(int(o), int(best), float(s)) for o, s in zip(others[alike], estimate[alike], strict=True)]
            left = others[~alike]
    return twins
