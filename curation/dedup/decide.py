"""Which documents go as duplicates of which, from verified pairs, an order, and what the filters kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.dedup import keep
from curation.dedup.edges import Pairs, Similarities
from curation.kernels.bands import components

TIERS = ["T0", "T1", "T2", "T3", "T4", "T5"]
# what each key of the keep policy reads, beside doc_id
READS = {
    "license_tier": "license.tier",
    "quality": "quality_model.score",
    "most_tokens": "tokens.count",
    "earliest": "document.published",
    "source_order": "source",
}


@dataclass(frozen=True)
class Decision:
    """For each row: the row it goes for (-1: none), how alike the two are, and by which rule."""

    twin: NDArray[np.int64]
    similarity: Similarities
    rule: NDArray[np.int8]  # 0 none, or one of the rules below
    chained: int  # rows that only a chain joins to the survivor of their cluster, and which therefore stay


EXACT, NEAR, PUBLISHED, ADDRESS = 1, 2, 3, 4


def rank(table: pa.Table, order: Sequence[str], sources: list[str]) -> NDArray[np.int64]:
    """Place of each row in the order of the keep policy; the lowest stays. Unknown comes last; ties by doc_id."""
    columns: dict[str, Callable[[], list[int]]] = {
        "license_tier": lambda: [TIERS.index(t) if t in TIERS else 9 for t in table["license.tier"].to_pylist()],
        # in tenths: smaller differences between twins are noise, and must not beat their length
        "quality": lambda: [-round(s * 10) if s is not None else 1 for s in table["quality_model.score"].to_pylist()],
        "most_tokens": lambda: [-(c or 0) for c in table["tokens.count"].to_pylist()],
        "earliest": lambda: [d.toordinal() if d else 10**7 for d in table["document.published"].to_pylist()],
        "source_order": lambda: [sources.index(s) if s in sources else len(sources) for s in table["source"].to_pylist()],
    }
    keys: list[Any] = [table["doc_id"].to_numpy(zero_copy_only=False)]
    keys += [np.array(columns[name](), np.int64) for name in reversed(order)]
    place = np.empty(table.num_rows, np.int64)
    place[np.lexsort(keys)] = np.arange(table.num_rows)
    return place


def decide(
    order: NDArray[np.int64],
    kept: NDArray[np.bool_],
    equal: Pairs,
    near: Pairs,
    similarity: Similarities,
    compare: keep.Compare,
    threshold: float,
    exact: bool = True,
    old: NDArray[np.bool_] | None = None,
    address: Pairs | None = None,
) -> Decision:
    """Rows are documents that some pair names; `equal` joins rows of one content, `near` rows of different ones.

    `compare` measures pairs of rows (smaller first) that `near` does not hold. Rows in `old` are published already: what
    resembles one goes for it, whatever else it resembles. `address` joins rows of one page, of which the best stays.
    """
    count = len(order)
    node = components(count, equal)
    near, similarity = between_contents(node, near, similarity)
    twin, rule, how = np.full(count, -1, np.int64), np.zeros(count, np.int8), np.full(count, np.nan)
    if old is not None and old.any():
        known, alike = _known(node, near, similarity, old)
        gone = kept & (known[node] >= 0)
        twin[gone], how[gone], rule[gone] = known[node[gone]], alike[node[gone]], PUBLISHED
        kept = kept & ~gone
    if address is not None and len(address):
        page = components(count, address)
        best = _best(page, order, kept)
        gone = kept & (best[page] != np.arange(count))
        twin[gone], rule[gone] = best[page[gone]], ADDRESS
        kept = kept & ~gone
    stays = _best(node, order, kept)
    alive = (stays[near] >= 0).all(axis=1) if len(near) else np.zeros(0, bool)
    # a content without a kept row takes part in no cluster, and any rank will do
    place = np.where(stays >= 0, order[np.maximum(stays, 0)], count + np.arange(count))
    used, measured = near[alive], similarity[alive]
    twins = keep.survivors(place, used, measured, compare, threshold)
    goes = np.full(count, -1, np.int64)
    goes[twins.removed] = stays[twins.survivor]
    alike = np.full(count, np.nan)
    alike[twins.removed] = twins.similarity

    gone = kept & (goes[node] >= 0)
    twin[gone], how[gone], rule[gone] = goes[node[gone]], alike[node[gone]], NEAR
    if exact:
        same = kept & ~gone & (stays[node] != np.arange(count))
        twin[same], how[same], rule[same] = stays[node[same]], 1.0, EXACT
    joined = np.unique(used)
    single = len(joined) - len(np.unique(components(count, used)[joined])) if len(used) else 0
    return Decision(twin, how, rule, single - len(twins.removed))


def between_contents(node: NDArray[np.int64], near: Pairs, similarity: Similarities) -> tuple[Pairs, Similarities]:
    """Pairs of rows as pairs of contents (by their first rows), each once with its highest similarity.

    Rows of one content may differ in their signatures: content.hash is of the text in NFKC, tokens fold one character at a time.
    """
    pairs = np.sort(node[near], axis=1)
    apart = pairs[:, 0] != pairs[:, 1]
    pairs, similarity = pairs[apart], similarity[apart]
    order = np.lexsort((-similarity, pairs[:, 1], pairs[:, 0]))
    pairs, similarity = pairs[order], similarity[order]
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[first], similarity[first]


def _best(group: NDArray[np.int64], order: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each group (at its first row) the best row that is kept; -1: none is."""
    best = np.full(len(group), -1, np.int64)
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(-order[rows], kind="stable")]
    best[group[rows]] = rows
    return best


def _known(
    node: NDArray[np.int64], near: Pairs, similarity: Similarities, old: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Similarities]:
    """For each content (at its first row) the published row it resembles most (-1: none), ties by place, and how much."""
    count = len(node)
    member = np.full(count, -1, np.int64)  # the first published row of each content
    rows = np.flatnonzero(old)[::-1]
    member[node[rows]] = rows
    same = np.flatnonzero(member >= 0)
    content = np.concatenate([same, near[:, 0], near[:, 1]])
    other = np.concatenate([member[same], member[near[:, 1]], member[near[:, 0]]])
    alike = np.concatenate([np.ones(len(same)), similarity, similarity])
    hit = other >= 0
    content, other, alike = content[hit], other[hit], alike[hit]
    order = np.lexsort((-other, alike))  # the best comes last, and stays
    found, best = np.full(count, -1, np.int64), np.full(count, np.nan)
    found[content[order]], best[content[order]] = other[order], alike[order]
    return found, best
