"""Verified edges between distinct contents, from signatures alone."""

import numpy as np
from numpy.typing import NDArray

from curation.kernels.bands import candidates, similarity
from curation.kernels.shingles import PERMUTATIONS

WEIGHTS = (0.1, 0.9)  # false positives are cheap, since every candidate is verified; false negatives are lost


def bands(threshold: float) -> tuple[int, int]:
    """Bands and rows of datasketch's optimiser for a threshold."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, weights=WEIGHTS)
    return index.b, index.r


def near(signatures: NDArray[np.uint32], threshold: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of rows (k x 2, sorted) whose estimated Jaccard reaches the threshold, and the estimates."""
    count, rows = bands(threshold)
    pairs = candidates(signatures, count, rows)
    estimate = np.empty(len(pairs), np.float64)
    similarity(signatures, pairs, estimate)
    kept = estimate >= threshold
    return pairs[kept], estimate[kept]
