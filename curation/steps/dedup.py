"""Twins among the documents that the filters kept: one stays, every other one names it in the ledger.

Pairs are found among all documents of the recipe's sources and kept by the digest of what was compared, so a moved
filter recomputes none, and a removed document's twins can still be asked for.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation import catalog, fingerprint
from curation.dedup import decide
from curation.dedup.edges import Pairs, Similarities
from curation.errors import DataError
from curation.kernels.bands import components
from curation.kernels.shingles import PERMUTATIONS
from curation.ledger import LEDGER, rows
from curation.pairing import BLOCK_ROWS, Block, Found, Pairing, Signed
from curation.recipe import Plan
from curation.steps import Tell, silent
from curation.steps import filter as filter_step
from curation.store import Workspace, dump_json

BLOCK_BYTES = 128 << 20  # of text: what a task reads when it compares exactly
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
        pa.field("license", pa.string()),
        pa.field("cluster", pa.string()),  # the document that stays; null where the filters kept none of its cluster
        pa.field("cluster_size", pa.int32()),
        pa.field("cluster_size_before_filters", pa.int32()),
        pa.field("outcome", pa.string()),  # kept, duplicate, or filtered
        pa.field("twin", pa.string()),
        pa.field("similarity", pa.float64()),
    ]
)
EDGES = pa.schema(
    [
        pa.field("a", pa.string()),
        pa.field("b", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("equal", pa.bool_()),  # the same content, apart from case, width and white space
        pa.field("number_a", pa.int64()),  # places among the documents that were compared
        pa.field("number_b", pa.int64()),
    ]
)
FACTS = {"license.id", "license.tier"}


@dataclass(frozen=True)
class Documents:
    """Consecutive document shards with their sidecars: a block to find pairs in."""

    workspace: Workspace
    shards: tuple[dict[str, Any], ...]
    rows: int
    has_texts: bool = True

    def signed(self) -> Signed:
        """Signatures and content hashes, as the sidecars hold them."""
        signatures = np.full((self.rows, PERMUTATIONS), 0xFFFFFFFF, np.uint32)
        contents = np.zeros((self.rows, 2), np.uint64)
        signed, filled = np.zeros(self.rows, bool), np.zeros(self.rows, bool)
        start = 0
        for shard in self.shards:
            own = slice(start, start := start + shard["rows"])
            values = self._sidecar(shard, "minhash", "signature")
            signed[own] = values.is_valid().to_numpy(zero_copy_only=False)
            signatures[own][signed[own]] = values.drop_null().flatten().to_numpy().reshape(-1, PERMUTATIONS)
            digests = self._sidecar(shard, "content", "hash")
            filled[own] = digests.is_valid().to_numpy(zero_copy_only=False)
            contents[own][filled[own]] = numbers_of(digests.drop_null())
        return Signed(signatures, signed, contents, filled)

    def texts(self, wanted: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], pa.Array]]:
        """Texts of some rows, a row group at a time."""
        start = 0
        for shard in self.shards:
            file = self.workspace.parquet(shard["file"])
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                inside = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, end)]
                if len(inside):
                    texts = file.read_row_group(group, ["text"])["text"].combine_chunks()
                    yield inside, texts.take(pa.array(inside - start))
                start = end

    def _sidecar(self, shard: dict[str, Any], signal: str, column: str) -> pa.Array:
        return self.workspace.read_table(shard["signals"][signal]["file"], [column])[column].combine_chunks()


def numbers_of(digests: pa.Array) -> NDArray[np.uint64]:
    """Hashes of 32 hex digits as two 64-bit numbers each (n x 2)."""
    if not len(digests):
        return np.zeros((0, 2), np.uint64)
    text = np.frombuffer("".join(digests.to_pylist()).encode(), np.uint8).reshape(len(digests), 32)
    half = np.where(text >= ord("a"), text - ord("a") + 10, text - ord("0")).astype(np.uint8)
    return np.ascontiguousarray(half[:, ::2] << 4 | half[:, 1::2]).view(">u8").astype(np.uint64)


def blocks(workspace: Workspace, plan: Plan) -> list[Block]:
    """The documents of the recipe's sources in blocks, in the order of the recipe's sources."""
    made: list[Block] = []
    shards: list[dict[str, Any]] = []
    for _, shard in filter_step.shards_of(workspace, plan):
        if not shard["rows"]:
            continue
        many = sum(s["rows"] for s in shards) + shard["rows"] > BLOCK_ROWS
        if shards and (many or sum(s["text_bytes"] for s in shards) + shard["text_bytes"] > BLOCK_BYTES):
            made.append(Documents(workspace, tuple(shards), sum(s["rows"] for s in shards)))
            shards = []
        shards.append(shard)
    if shards:
        made.append(Documents(workspace, tuple(shards), sum(s["rows"] for s in shards)))
    return made


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Find pairs (or reuse them), then clusters and survivors among what the filters kept."""
    plan = catalog.plan(workspace, name)
    dedup = plan.recipe.dedup
    excluded = filtered_out(workspace, plan)
    held = blocks(workspace, plan)
    documents = sum(block.rows for block in held)
    if not documents:
        raise DataError(f"recipe {name!r}: its sources have no documents")
    threshold = dedup.near.threshold if dedup.near else 1.0
    estimate_only = dedup.near.estimate_only if dedup.near else True
    pairing = Pairing(workspace, name, held, threshold, workers, near=dedup.near is not None, estimate_only=estimate_only)
    tell(1, 4)
    reused, equal, near = _pairs(workspace, plan, pairing)
    tell(2, 4)

    numbers = np.unique(np.concatenate([equal.reshape(-1), near.pairs.reshape(-1)]))
    table = _facts(workspace, held, numbers, {decide.READS[one] for one in dedup.keep} | FACTS)
    kept = np.array([doc not in excluded for doc in table["doc_id"].to_pylist()], bool)
    equal_rows, near_rows = np.searchsorted(numbers, equal), np.searchsorted(numbers, near.pairs)

    def compare(pairs: Pairs) -> Similarities:
        return np.nan_to_num(pairing.compare(numbers[pairs]), nan=0.0)

    order = decide.rank(table, dedup.keep, plan.recipe.sources)
    decision = decide.decide(order, kept, equal_rows, near_rows, near.similarity, compare, threshold, dedup.exact)
    tell(3, 4)

    workspace.write_table(workspace.ledger(name, "dedup", "ledger.parquet"), _ledger(table, decision, threshold))
    joined = components(len(numbers), np.concatenate([equal_rows, near_rows]))
    workspace.write_table(workspace.ledger(name, "dedup", "clusters.parquet"), _clusters(table, joined, kept, decision))
    removed = Counter(decision.rule.tolist())
    report = {
        "documents": documents - len(excluded),
        "kept": documents - len(excluded) - removed[decide.EXACT] - removed[decide.NEAR],
        "removed": removed[decide.EXACT] + removed[decide.NEAR],
        "exact": removed[decide.EXACT],
        "near": removed[decide.NEAR],
        "edges": len(near.pairs),
        "chained": decision.chained,
        "inputs": filter_step.inputs_digest(workspace, plan),
        "filtered": workspace.sha256(workspace.ledger(name, "filter", "ledger.parquet")),
    }
    workspace.write_json(workspace.ledger(name, "dedup", "summary.json"), report)
    tell(4, 4)
    return {**report, "edges_reused": reused}


def filtered_out(workspace: Workspace, plan: Plan) -> set[str]:
    """Documents that the filters removed or quarantined; the ledger must stem from what is measured now."""
    name = plan.recipe.name
    summary = workspace.read_json(workspace.ledger(name, "filter", "summary.json"))
    if summary is None or summary["inputs"] != filter_step.inputs_digest(workspace, plan):
        raise DataError(f"recipe {name!r}: its sources changed since the filters ran; run `curate step filter {name}`")
    ledger = workspace.read_table(workspace.ledger(name, "filter", "ledger.parquet"), ["doc_id"])
    return set(ledger["doc_id"].to_pylist())


def _pairs(workspace: Workspace, plan: Plan, pairing: Pairing) -> tuple[bool, Pairs, Found]:
    """Pairs of equal content and near-duplicates, from the last run where it compared the same."""
    file = workspace.ledger(plan.recipe.name, "dedup", "edges.parquet")
    near = plan.recipe.dedup.near
    compared = [
        [shard["signals"][signal]["sha256"] for signal in ("minhash", "content")]
        for _, shard in filter_step.shards_of(workspace, plan)
        if shard["rows"]
    ]
    parts = [compared, near.model_dump() if near else None, fingerprint.of_module("curation.pairing")]
    key = hashlib.sha256(dump_json(parts)).hexdigest()[:32].encode()
    if workspace.exists(file):
        stored = workspace.read_table(file)
        if (stored.schema.metadata or {}).get(b"key") == key:
            pairs = np.column_stack([stored["number_a"].to_numpy(), stored["number_b"].to_numpy()])
            equal = stored["equal"].to_numpy()
            return True, pairs[equal], Found(pairs[~equal], stored["similarity"].to_numpy()[~equal])
    equal, found = pairing.find()
    numbers = np.unique(np.concatenate([equal.reshape(-1), found.pairs.reshape(-1)]))
    ids = _facts(workspace, pairing.blocks, numbers, set())["doc_id"].to_numpy(zero_copy_only=False)
    pairs = np.concatenate([equal, found.pairs])
    a, b = ids[np.searchsorted(numbers, pairs[:, 0])], ids[np.searchsorted(numbers, pairs[:, 1])]
    similarity = np.concatenate([np.ones(len(equal)), found.similarity])
    columns = [a, b, similarity, np.arange(len(pairs)) < len(equal), pairs[:, 0], pairs[:, 1]]
    workspace.write_table(file, pa.table(columns, schema=EDGES.with_metadata({"key": key})))
    return False, equal, found


def _facts(workspace: Workspace, held: Sequence[Block], numbers: NDArray[np.int64], wanted: set[str]) -> pa.Table:
    """doc_id, source and the wanted columns of documents by their numbers (sorted)."""
    found: list[pa.Table] = []
    start = 0
    for block in held:
        assert isinstance(block, Documents)
        for shard in block.shards:
            end = start + shard["rows"]
            inside = numbers[np.searchsorted(numbers, start) : np.searchsorted(numbers, end)]
            if len(inside) or not found:
                found.append(filter_step.columns(workspace, shard, wanted - {"source"}).take(pa.array(inside - start)))
            start = end
    return pa.concat_tables(found).combine_chunks()


def _ledger(table: pa.Table, decision: decide.Decision, threshold: float) -> pa.Table:
    found = [LEDGER.empty_table()]
    for which, label, because in ((decide.EXACT, "exact", EXACT), (decide.NEAR, "near", NEAR)):
        at = np.flatnonzero(decision.rule == which)
        out = table.take(pa.array(at))
        found.append(
            rows(
                "dedup",
                out["doc_id"],
                out["source"],
                filter=f"dedup.{label}",
                outcome="removed",
                column="content.hash" if label == "exact" else "minhash.signature",
                high=None if label == "exact" else threshold,
                twin=table["doc_id"].take(pa.array(decision.twin[at])),
                similarity=pa.array(decision.similarity[at]),
                because=because,
            )
        )
    return pa.concat_tables(found).sort_by([("doc_id", "ascending")])


def _clusters(table: pa.Table, joined: NDArray[np.int64], kept: NDArray[np.bool_], decision: decide.Decision) -> pa.Table:
    """One row for every document that has twins, kept or not, with both sizes of its cluster."""
    count = table.num_rows
    before = np.bincount(joined, minlength=count)[joined]
    cluster = np.where(decision.twin >= 0, decision.twin, np.arange(count))
    after = np.bincount(cluster[kept], minlength=count)[cluster]
    outcome = np.where(decision.twin >= 0, "duplicate", np.where(kept, "kept", "filtered"))
    ids = table["doc_id"]
    columns = {
        "doc_id": ids,
        "source": table["source"],
        "license": table["license.id"],
        "cluster": pc.if_else(pa.array(kept), ids.take(pa.array(cluster)), None),
        "cluster_size": pc.if_else(pa.array(kept), pa.array(after.astype(np.int32)), None),
        "cluster_size_before_filters": pa.array(before.astype(np.int32)),
        "outcome": pa.array(outcome.astype(object), pa.string()),
        "twin": pc.if_else(pa.array(decision.twin >= 0), ids.take(pa.array(np.maximum(decision.twin, 0))), None),
        "similarity": pa.array(decision.similarity, mask=np.isnan(decision.similarity)),
    }
    return pa.table(columns, schema=CLUSTERS).sort_by([("cluster", "ascending"), ("doc_id", "ascending")])
