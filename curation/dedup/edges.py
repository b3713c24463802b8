"""Which documents resemble each other: bands that find candidates, and what a verified edge needs."""

import numpy as np
from numpy.typing import NDArray

from curation.kernels import bands as kernel
from curation.kernels.shingles import PERMUTATIONS, datasketch_values

WEIGHTS = (0.1, 0.9)  # false positives are cheap, since every candidate is verified; false negatives are lost
STANDARD_ERRORS = 3.0  # an estimate this near to the threshold is decided by the exact Jaccard
NONE = (np.empty((0, 2), np.int64), np.empty(0))

Pairs = NDArray[np.int64]
Similarities = NDArray[np.float64]


def bands(threshold: float) -> tuple[int, int]:
    """Bands and rows of datasketch's optimiser for a threshold; above 0.99 it finds none, and two bands find all."""
    if threshold > 0.99:
        return 2, PERMUTATIONS // 2
    known = datasketch_values()["bands"].get(f"{threshold:.2f}")
    if known and threshold == round(threshold, 2):
        return known[0], known[1]
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, weights=WEIGHTS)
    return index.b, index.r


def margin(threshold: float) -> float:
    """STANDARD_ERRORS of an estimate at the threshold: sqrt(J (1 - J) / permutations) each (Broder 1997)."""
    return STANDARD_ERRORS * float(np.sqrt(threshold * (1 - threshold) / PERMUTATIONS))


def keys(signatures: NDArray[np.uint32], count: int, rows: int) -> NDArray[np.uint64]:
    """Band keys (count x n) of n signatures."""
    out = np.empty((count, len(signatures)), np.uint64)
    kernel.band_keys(signatures, rows, out)
    return out


def whole(signatures: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A short hash of each whole signature, for documents whose content has no hash of its own."""
    return (keys(signatures, 1, signatures.shape[1])[0] >> np.uint64(32)).astype(np.uint32)


def estimate(signatures: NDArray[np.uint32], pairs: Pairs) -> Similarities:
    """Estimated Jaccard of pairs of rows."""
    out = np.empty(len(pairs))
    kernel.estimates(signatures, signatures, pairs[:, 0], pairs[:, 1], out)
    return out


def near(signatures: NDArray[np.uint32], threshold: float) -> tuple[Pairs, Similarities]:
    """All in memory and by estimate alone: pairs of rows (k x 2, sorted) that reach the threshold, and their estimates."""
    count, rows = bands(threshold)
    contents, numbers = whole(signatures), np.arange(len(signatures))
    found = [kernel.alike(band, contents, numbers) for band in keys(signatures, count, rows)]
    found += [kernel.equal(contents.astype(np.uint64), contents, numbers)]
    pairs = kernel.distinct(np.concatenate(found))
    similarity = estimate(signatures, pairs)
    reached = similarity >= threshold
    return pairs[reached], similarity[reached]
