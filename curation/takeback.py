"""Documents that are, or resemble, a text that was withdrawn: sought apart, whatever a recipe compares."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation import signature_index
from curation.dedup.edges import Similarities
from curation.ledger import rows
from curation.pairing import Block, Pairing
from curation.store import Workspace

LEAST = 0.8  # Jaccard: what resembles a withdrawn text so much is that text
BECAUSE = {
    "en": "It is, or resembles, a text that was withdrawn; the label names the decision.",
    "zh": "与已撤回的文本相同或近似；标签指明相应的决定。",
}


class Withdrawn(NamedTuple):
    """Documents (numbers, sorted), the withdrawn document each resembles, the decision (`withdrawn:7`), and how much."""

    number: NDArray[np.int64]
    twin: list[str]
    decision: list[str]
    similarity: Similarities


def find(workspace: Workspace, name: str, held: list[Block], threshold: float, workers: int) -> Withdrawn:
    """Every document of `held` that meets a tombstone, at the recipe's threshold or LEAST, whichever is more generous."""
    tombs = signature_index.tombstones(workspace)
    if not tombs:
        return Withdrawn(np.empty(0, np.int64), [], [], np.empty(0))
    documents = sum(block.rows for block in held)
    blocks: list[Block] = [*held, *tombs]
    search = Pairing(
        workspace, f"{name}-withdrawn", blocks, min(LEAST, threshold), workers, estimate_only=True, old_blocks=len(tombs)
    )
    found = search.find()
    groups: dict[int, list[int]] = {}  # first of a content -> its members
    for first, other in found.equal.tolist():
        groups.setdefault(first, [first]).append(other)
    best: dict[int, tuple[float, int]] = {}

    def meet(own: list[int], tomb: int, similarity: float) -> None:
        for one in own:
            if one < documents:
                best[one] = max(best.get(one, (0.0, 0)), (similarity, -tomb))

    for members in groups.values():
        if max(members) >= documents:
            meet(members, min(one for one in members if one >= documents), 1.0)
    for (a, b), similarity in zip(found.near.pairs.tolist(), found.near.similarity.tolist(), strict=True):
        own, other = groups.get(a, [a]), groups.get(b, [b])
        for side, against in ((own, other), (other, own)):
            if buried := [one for one in against if one >= documents]:
                meet(side, min(buried), similarity)
    numbers = np.array(sorted(best), np.int64)
    named = [_name(tombs, -best[one][1] - documents) for one in numbers.tolist()]
    return Withdrawn(
        numbers, [twin for twin, _ in named], [by for _, by in named], np.array([best[one][0] for one in numbers.tolist()])
    )


def _name(tombs: list[signature_index.Published], row: int) -> tuple[str, str]:
    for block in tombs:
        if row < block.rows:
            return block.facts(np.array([row]))["id"][0].as_py(), block.release
        row -= block.rows
    raise AssertionError


def ledger(table: pa.Table, numbers: NDArray[np.int64], gone: NDArray[np.bool_], found: Withdrawn) -> pa.Table:
    """Ledger rows of the documents (rows of `table`, by `numbers`) that go for it."""
    at = np.flatnonzero(gone)
    place = np.searchsorted(found.number, numbers[at]).tolist()
    out = table.take(pa.array(at))
    return rows(
        "dedup",
        out["doc_id"],
        out["source"],
        filter="dedup.withdrawn",
        outcome="removed",
        column="minhash.signature",
        label=pa.array([found.decision[one] for one in place], pa.string()),
        twin=pa.array([found.twin[one] for one in place], pa.string()),
        similarity=pa.array([float(found.similarity[one]) for one in place], pa.float64()),
        because=BECAUSE,
    )
