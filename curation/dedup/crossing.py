"""Restrictive text that lives on through a permissive twin.

One page's history may change its license, and a refused source's text may have been copied into an open one. A survivor
keeps its own license; when a document it resembles has a more restrictive one, or none that is known, that needs evidence:
the survivor's text was published no later.
"""

from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.dedup.decide import TIERS
from curation.dedup.edges import Pairs
from curation.kernels.bands import components

UNKNOWN = len(TIERS)  # a license that is not known permits least


def find(table: pa.Table, stays: NDArray[np.bool_], equal: Pairs, near: Pairs) -> NDArray[np.int64]:
    """For each row of `stays`: the most restrictive row it resembles without evidence that its own came first, else -1.

    `table` has doc_id, license.tier and document.published; `equal` joins rows of one content, `near` rows of different ones.
    """
    tier = [TIERS.index(t) if t in TIERS else UNKNOWN for t in table["license.tier"].to_pylist()]
    published = table["document.published"].to_pylist()
    ids = table["doc_id"].to_pylist()
    node = components(table.num_rows, equal)
    beside: dict[int, list[int]] = {}
    for one, other in np.sort(node[near], axis=1).tolist():
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    # of each content and tier only the row that may have come first counts: without a date, else with the earliest
    members: dict[int, dict[int, int]] = {}
    for row, content in enumerate(node.tolist()):
        of = members.setdefault(content, {})
        if tier[row] not in of or _before(row, of[tier[row]], published, ids):
            of[tier[row]] = row
    found = np.full(table.num_rows, -1, np.int64)
    for row in np.flatnonzero(stays).tolist():
        own, content = published[row], int(node[row])
        worse = [
            m
            for one in (content, *beside.get(content, ()))
            for t, m in members[one].items()
            if t > tier[row] and not (own is not None and published[m] is not None and own <= published[m])
        ]
        if worse:
            found[row] = min(worse, key=lambda m: (-tier[m], ids[m]))
    return found


def _before(one: int, other: int, published: list[date | None], ids: list[str]) -> bool:
    """Whether `one` may have come before `other`: what has no date may have come first."""
    return (published[one] or date.min, ids[one]) < (published[other] or date.min, ids[other])
