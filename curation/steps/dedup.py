"""Twins among the documents that the filters kept: one stays, every other one names it in the ledger.

Edges are found among all documents of the recipe's sources and kept by the digest of their signatures, so a moved
filter recomputes none, and a removed document's twins can still be asked for.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation import catalog
from curation.dedup import edges, keep
from curation.errors import ContractError, DataError
from curation.kernels.bands import components
from curation.kernels.shingles import PERMUTATIONS
from curation.ledger import LEDGER, rows
from curation.recipe import Plan
from curation.steps import Tell, silent
from curation.steps import filter as filter_step
from curation.store import Workspace

EXACT = {
    "en": "The same content, apart from case, width and white space, is kept in another document.",
    "zh": "另一份保留的文档内容与之相同（不计大小写、全半角与空白）。",
}
NEAR = {
    "en": "A near-duplicate, by MinHash over 5-token shingles, is kept.",
    "zh": "已保留一份近似重复文档（5 词元片段的 MinHash）。",
}
CLUSTERS = pa.schema(
    [
        pa.field("doc_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("cluster", pa.string()),
        pa.field("cluster_size", pa.int32()),
        pa.field("cluster_size_before_filters", pa.int32()),
        pa.field("twin", pa.string()),
        pa.field("similarity", pa.float64()),
    ]
)
EDGES = pa.schema([pa.field("a", pa.string()), pa.field("b", pa.string()), pa.field("similarity", pa.float64())])
NEEDED = {"content.hash", "minhash.signature", "tokens.count", "license.tier", "document.published"}


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Find edges (or reuse them), then clusters and survivors among what the filters kept."""
    plan = catalog.plan(workspace, name)
    dedup = plan.recipe.dedup
    excluded = filtered_out(workspace, plan)
    table, signatures = _measured(workspace, plan)
    kept = pc.invert(pc.is_in(table["doc_id"], value_set=pa.array(sorted(excluded), pa.string()))).to_numpy()
    if kept.sum() + len(excluded) != table.num_rows:
        raise ContractError(f"dedup {name}: the filter's ledger names documents that are not there")
    tell(1, 3)

    node, first = _contents(table)
    node_signatures = signatures[first]
    reused, pairs = _edges(workspace, plan, table, node_signatures, first)
    tell(2, 3)

    threshold = dedup.near.threshold if dedup.near else 1.0
    rank = _rank(table, dedup.keep, plan.recipe.sources)
    stays = _best(node, rank, kept)  # row that stands for each content among the kept; -1 when none is kept
    alive = stays >= 0
    used = alive[pairs[:, 0]] & alive[pairs[:, 1]] if dedup.near else np.zeros(len(pairs), bool)
    node_rank = np.where(alive, rank[np.maximum(stays, 0)], 0)
    found = keep.survivors(node_signatures, pairs[used], node_rank, threshold)
    goes = {t.removed: t for t in found}

    twin = np.full(table.num_rows, -1, np.int64)
    similarity = np.full(table.num_rows, np.nan)
    exact = np.zeros(table.num_rows, bool)
    for row in np.flatnonzero(kept):
        content = node[row]
        if content in goes:
            twin[row], similarity[row] = stays[goes[content].survivor], goes[content].similarity
        elif dedup.exact and row != stays[content]:
            twin[row], similarity[row], exact[row] = stays[content], 1.0, True
    ledger = _ledger(table, twin, similarity, exact, threshold)
    workspace.write_table(workspace.ledger(name, "dedup", "ledger.parquet"), ledger)
    clusters = _clusters(table, node, pairs, kept, twin, similarity)
    workspace.write_table(workspace.ledger(name, "dedup", "clusters.parquet"), clusters)
    removed = int((twin >= 0).sum())
    report = {
        "documents": int(kept.sum()),
        "kept": int(kept.sum()) - removed,
        "removed": removed,
        "exact": int(exact.sum()),
        "near": removed - int(exact.sum()),
        "edges": len(pairs),
        "inputs": filter_step.inputs_digest(workspace, plan),
        "filtered": workspace.sha256(workspace.ledger(name, "filter", "ledger.parquet")),
    }
    workspace.write_json(workspace.ledger(name, "dedup", "summary.json"), report)
    tell(3, 3)
    return {**report, "edges_reused": reused}


def filtered_out(workspace: Workspace, plan: Plan) -> set[str]:
    """Documents that the filters removed or quarantined; the ledger must stem from what is measured now."""
    name = plan.recipe.name
    summary = workspace.read_json(workspace.ledger(name, "filter", "summary.json"))
    if summary is None or summary["inputs"] != filter_step.inputs_digest(workspace, plan):
        raise DataError(f"recipe {name!r}: its sources changed since the filters ran; run `curate step filter {name}`")
    ledger = workspace.read_table(workspace.ledger(name, "filter", "ledger.parquet"), ["doc_id"])
    return set(ledger["doc_id"].to_pylist())


def _measured(workspace: Workspace, plan: Plan) -> tuple[pa.Table, NDArray[np.uint32]]:
    tables, signatures = [], []
    for _, shard in filter_step.shards_of(workspace, plan):
        table = filter_step.columns(workspace, shard, NEEDED)
        values = table["minhash.signature"].combine_chunks()
        flat = np.full((len(values), PERMUTATIONS), 0xFFFFFFFF, np.uint32)
        valid = values.is_valid().to_numpy(zero_copy_only=False)
        flat[valid] = values.drop_null().flatten().to_numpy().reshape(-1, PERMUTATIONS)
        signatures.append(flat)
        tables.append(table.drop_columns(["minhash.signature"]))
    if not tables:
        raise DataError(f"recipe {plan.recipe.name!r}: its sources have no documents")
    return pa.concat_tables(tables).combine_chunks(), np.concatenate(signatures)


def _contents(table: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of each row's content, and the first row of each content; an empty text is its own content."""
    keys = pc.coalesce(table["content.hash"], table["doc_id"]).to_numpy(zero_copy_only=False)
    _, first, node = np.unique(keys, return_index=True, return_inverse=True)
    return node.reshape(-1), first


def _edges(
    workspace: Workspace, plan: Plan, table: pa.Table, signatures: NDArray[np.uint32], first: NDArray[np.int64]
) -> tuple[bool, NDArray[np.int64]]:
    near = plan.recipe.dedup.near
    if near is None:
        return False, np.empty((0, 2), np.int64)
    file = workspace.ledger(plan.recipe.name, "dedup", "edges.parquet")
    ids = table["doc_id"].to_numpy(zero_copy_only=False)[first]
    digest = hashlib.sha256(signatures.tobytes())
    digest.update("".join(ids).encode() + repr((near.threshold, edges.WEIGHTS)).encode())
    key = digest.hexdigest()[:32]
    if workspace.exists(file):
        stored = workspace.read_table(file)
        if (stored.schema.metadata or {}).get(b"key") == key.encode():
            row = {doc: number for number, doc in enumerate(ids)}
            pairs = np.array(
                [[row[a], row[b]] for a, b in zip(stored["a"].to_pylist(), stored["b"].to_pylist(), strict=True)], np.int64
            ).reshape(-1, 2)
            return True, pairs
    pairs, estimates = edges.near(signatures, near.threshold)
    stored = pa.table([ids[pairs[:, 0]], ids[pairs[:, 1]], estimates], schema=EDGES.with_metadata({"key": key}))
    workspace.write_table(file, stored)
    return False, pairs


def _rank(table: pa.Table, order: Sequence[str], sources: list[str]) -> NDArray[np.int64]:
    """Place of each row in the order of the keep policy; the lowest stays. Unknown comes last; ties by doc_id."""
    tiers = ["T0", "T1", "T2", "T3", "T4", "T5"]
    columns: dict[str, Callable[[], list[int]]] = {
        "license_tier": lambda: [tiers.index(t) if t in tiers else 9 for t in table["license.tier"].to_pylist()],
        "most_tokens": lambda: [-(c or 0) for c in table["tokens.count"].to_pylist()],
        "earliest": lambda: [d.toordinal() if d else 10**7 for d in table["document.published"].to_pylist()],
        "source_order": lambda: [sources.index(s) for s in table["source"].to_pylist()],
    }
    keys: list[Any] = [table["doc_id"].to_numpy(zero_copy_only=False)]
    keys += [np.array(columns[name](), np.int64) for name in reversed(order)]
    rank = np.empty(table.num_rows, np.int64)
    rank[np.lexsort(keys)] = np.arange(table.num_rows)
    return rank


def _best(node: NDArray[np.int64], rank: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    best = np.full(node.max(initial=-1) + 1, -1, np.int64)
    rows = np.flatnonzero(kept)
    for row in rows[np.argsort(-rank[rows], kind="stable")]:
        best[node[row]] = row
    return best


def _ledger(
    table: pa.Table, twin: NDArray[np.int64], similarity: NDArray[np.float64], exact: NDArray[np.bool_], threshold: float
) -> pa.Table:
    found = [LEDGER.empty_table()]
    ids = table["doc_id"]
    for which, label, because in ((exact, "exact", EXACT), (~exact, "near", NEAR)):
        at = pa.array(np.flatnonzero((twin >= 0) & which))
        out = table.take(at)
        found.append(
            rows(
                "dedup",
                out["doc_id"],
                out["source"],
                filter=f"dedup.{label}",
                outcome="removed",
                column="content.hash" if label == "exact" else "minhash.signature",
                high=None if label == "exact" else threshold,
                twin=ids.take(pa.array(twin[at.to_numpy()])),
                similarity=pa.array(similarity[at.to_numpy()]),
                because=because,
            )
        )
    return pa.concat_tables(found).sort_by([("doc_id", "ascending")])


def _clusters(
    table: pa.Table,
    node: NDArray[np.int64],
    pairs: NDArray[np.int64],
    kept: NDArray[np.bool_],
    twin: NDArray[np.int64],
    similarity: NDArray[np.float64],
) -> pa.Table:
    """One row per kept-by-filters document that has twins, with both sizes of its cluster."""
    count = int(node.max(initial=-1)) + 1
    component = components(count, pairs)[node] if len(pairs) else node
    before = Counter(component.tolist())
    cluster = np.where(twin >= 0, twin, np.arange(table.num_rows))
    after = Counter(cluster[kept].tolist())
    ids = table["doc_id"].to_numpy(zero_copy_only=False)
    sources = table["source"].to_pylist()
    out = []
    for row in np.flatnonzero(kept):
        if before[int(component[row])] > 1:
            is_twin = twin[row] >= 0
            out.append(
                {
                    "doc_id": ids[row],
                    "source": sources[row],
                    "cluster": ids[cluster[row]],
                    "cluster_size": after[int(cluster[row])],
                    "cluster_size_before_filters": before[int(component[row])],
                    "twin": ids[twin[row]] if is_twin else None,
                    "similarity": float(similarity[row]) if is_twin else None,
                }
            )
    return pa.Table.from_pylist(out, schema=CLUSTERS).sort_by([("cluster", "ascending"), ("doc_id", "ascending")])
