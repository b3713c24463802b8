"""Restrictive text that lives on through a permissive twin.

One page's history may change its license, and a refused source's text may have been copied into an open one. A survivor
keeps its own license; when a document it resembles has a more restrictive one, or none that is known, that needs evidence:
the survivor's text was published no later.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.dedup.decide import TIERS
from curation.dedup.edges import Pairs
from curation.kernels.bands import components

UNKNOWN = len(TIERS)  # a license that is not known permits least


def find(table: pa.Table, stays: NDArray[np.bool_], equal: Pairs, near: Pairs) -> NDArray[np.int64]:
    """For each row that stays: the most restrictive row it resembles without evidence that its own came first, else -1.

    `table` has doc_id, license.tier and document.published; `near` joins first rows of contents, `equal` rows of one.
    """
    tier = [TIERS.index(t) if t in TIERS else UNKNOWN for t in table["license.tier"].to_pylist()]
    published = table["document.published"].to_pylist()
    ids = table["doc_id"].to_pylist()
    node = components(table.num_rows, equal).tolist()
    members: dict[int, list[int]] = {}
    for row, content in enumerate(node):
        members.setdefault(content, []).append(row)
    beside: dict[int, list[int]] = {}
    for one, other in near.tolist():
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    found = np.full(table.num_rows, -1, np.int64)
    for row in np.flatnonzero(stays).tolist():
        own = published[row]
        others = (m for content in (node[row], *beside.get(node[row], ())) for m in members[content])
        worse = [
            m
            for m in others
            if tier[m] > tier[row] and not (own is not None and published[m] is not None and own <= published[m])
        ]
        if worse:
            found[row] = min(worse, key=lambda m: (-tier[m], ids[m]))
    return found
