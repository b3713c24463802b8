"""Twins among the documents that the filters kept: one stays, every other one names it in the ledger.

Pairs are found among all documents of the recipe's sources and kept by the digest of what was compared, so a moved
filter recomputes none, and a removed document's twins can still be asked for.
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation import catalog, contamination, fingerprint, pairing, paragraphs, signature_index, takeback
from curation.dedup import crossing, decide
from curation.dedup.edges import Pairs, Similarities
from curation.errors import DataError
from curation.kernels.bands import components
from curation.ledger import EDITS, LEDGER, rows
from curation.pairing import BLOCK_ROWS, Block, Found, Pairing, Searched, Signed
from curation.policy.verdicts import select
from curation.recipe import Paragraphs, Plan
from curation.steps import Tell, silent
from curation.steps import filter as filter_step
from curation.store import Workspace, dump_json

BLOCK_BYTES = 128 << 20  # of text: what a task reads when it compares exactly
# rule -> (name in the ledger, column that was compared, reason)
RULES = {
    decide.EXACT: (
        "exact",
        "content.hash",
        {
            "en": "The same content, apart from case, width and white space, is kept in another document.",
            "zh": "另一份保留的文档内容与之相同（不计大小写、全半角与空白）。",
        },
    ),
    decide.NEAR: (
        "near",
        "minhash.signature",
        {
            "en": "A near-duplicate, by MinHash over 5-token shingles, is kept.",
            "zh": "已保留一份近似重复文档（5 词元片段的 MinHash）。",
        },
    ),
    decide.PUBLISHED: (
        "published",
        "minhash.signature",
        {
            "en": "A dataset that this one is deduplicated against has it already, or a near-duplicate of it.",
            "zh": "本数据集据以查重的已发布数据集中已有该文档或其近似重复文档。",
        },
    ),
    decide.ADDRESS: (
        "url",
        "url.key",
        {"en": "Another document of the same address is kept.", "zh": "已保留同一网址的另一份文档。"},
    ),
}
CROSSING = {
    "en": "It resembles a document whose license is more restrictive or unknown, and nothing shows that its own came first.",
    "zh": "与一份许可更严或许可不明的文档相似，且没有证据表明本文档发布在先。",
}
CLUSTERS = pa.schema(
    [
        pa.field("doc_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("license", pa.string()),
        pa.field("release", pa.string()),  # of a document that was published before: name@version
        pa.field("cluster", pa.string()),  # the document that stays; null where the filters kept none of its cluster
        pa.field("cluster_size", pa.int32()),
        pa.field("cluster_size_before_filters", pa.int32()),
        pa.field("outcome", pa.string()),  # kept, duplicate, quarantined, filtered, or published
        pa.field("twin", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("restrictive_twin", pa.string()),  # resembles this one, has a narrower license, and may have come first
    ]
)
KINDS = ("content", "near", "url")  # equal but for case, width and white space; verified near-duplicates; one address
EDGES = pa.schema(
    [
        pa.field("a", pa.string()),
        pa.field("b", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("kind", pa.string()),  # one of KINDS
        pa.field("number_a", pa.int64()),  # places among the documents that were compared
        pa.field("number_b", pa.int64()),
    ]
)
FACTS = {"license.id", "license.tier", "document.published"}


@dataclass(frozen=True)
class Documents:
    """Consecutive document shards with their sidecars: a block to find pairs in."""

    workspace: Workspace
    shards: tuple[dict[str, Any], ...]
    rows: int
    urls: bool = False
    has_texts: bool = True

    def signed(self) -> Signed:
        """Signatures and content hashes, as the sidecars hold them."""
        addresses = self._column("url", "key") if self.urls else None
        return pairing.signed(self._column("minhash", "signature"), self._column("content", "hash"), addresses)

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

    def _column(self, signal: str, column: str) -> pa.ChunkedArray:
        files = (shard["signals"][signal]["file"] for shard in self.shards)
        return pa.concat_tables([self.workspace.read_table(file, [column]) for file in files])[column]


def blocks(workspace: Workspace, measured: Iterable[dict[str, Any]], urls: bool = False) -> list[Block]:
    """Documents in blocks, from their shards in order."""
    filled = [shard for shard in measured if shard["rows"]]
    most_rows = pairing.block_size(sum(shard["rows"] for shard in filled))
    most_bytes = BLOCK_BYTES * most_rows // BLOCK_ROWS
    made: list[Block] = []
    shards: list[dict[str, Any]] = []
    for shard in filled:
        many = sum(s["rows"] for s in shards) + shard["rows"] > most_rows
        if shards and (many or sum(s["text_bytes"] for s in shards) + shard["text_bytes"] > most_bytes):
            made.append(Documents(workspace, tuple(shards), sum(s["rows"] for s in shards), urls))
            shards = []
        shards.append(shard)
    if shards:
        made.append(Documents(workspace, tuple(shards), sum(s["rows"] for s in shards), urls))
    return made


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Find pairs (or reuse them), then clusters and survivors among what the filters kept."""
    plan = catalog.plan(workspace, name)
    dedup = plan.recipe.dedup
    excluded = filtered_out(workspace, plan)
    held = blocks(workspace, (shard for _, shard in filter_step.shards_of(workspace, plan)), dedup.url)
    documents = sum(block.rows for block in held)
    before = [block for release in dedup.against for block in signature_index.blocks(workspace, release)]
    if not documents:
        raise DataError(f"recipe {name!r}: its sources have no documents")
    threshold = dedup.near.threshold if dedup.near else 1.0
    estimate_only = dedup.near.estimate_only if dedup.near else True
    search = Pairing(
        workspace,
        name,
        [*held, *before],
        threshold,
        workers,
        near=dedup.near is not None,
        estimate_only=estimate_only,
        old_blocks=len(before),
    )
    tell(1, 4)
    reused, (equal, near, address) = _pairs(workspace, plan, search)
    tell(2, 4)

    withdrawn = takeback.find(workspace, name, held, dedup.near.threshold if dedup.near else 1.0, workers)
    hits = _contaminated(workspace, plan, search, held, equal)
    of_hits = np.array([hit.number for hit in hits], np.int64)
    numbers = np.unique(
        np.concatenate([equal.reshape(-1), near.pairs.reshape(-1), address.reshape(-1), of_hits, withdrawn.number])
    )
    table = facts(workspace, search.blocks, numbers, {decide.READS[one] for one in dedup.keep} | FACTS)
    old = numbers >= documents
    kept = ~old & np.array([doc not in excluded for doc in table["doc_id"].to_pylist()], bool)
    refused = kept & np.isin(numbers, of_hits) & (dedup.decontaminate is not None and dedup.decontaminate.then == "remove")
    taken_back = kept & np.isin(numbers, withdrawn.number)
    kept = kept & ~refused & ~taken_back
    equal_rows, near_rows, pages = (np.searchsorted(numbers, pairs) for pairs in (equal, near.pairs, address))

    def compare(pairs: Pairs) -> Similarities:
        return np.nan_to_num(search.compare(numbers[pairs]), nan=0.0)

    crossed = np.full(len(numbers), -1, np.int64)
    held_back = np.zeros(len(numbers), bool)
    if dedup.license_crossing == "quarantine":  # before the survivors are chosen: a twin with evidence of its own may stay
        crossed = crossing.find(table, kept, equal_rows, near_rows)
        held_back = crossed >= 0
        kept = kept & ~held_back
    order = decide.rank(table, dedup.keep, plan.recipe.sources)
    decision = decide.decide(
        order, kept, equal_rows, near_rows, near.similarity, compare, threshold, dedup.exact, old, address=pages
    )
    if dedup.license_crossing == "flag":
        crossed = crossing.find(table, kept & (decision.twin < 0), equal_rows, near_rows)
    crossings = int((crossed >= 0).sum())
    tell(3, 4)

    ledger = _ledger(table, decision, threshold, np.where(held_back, crossed, -1))
    ledger = pa.concat_tables([ledger, takeback.ledger(table, numbers, taken_back, withdrawn)]).sort_by("doc_id")
    cuts = [EDITS.empty_table()]
    if dedup.decontaminate:
        if dedup.decontaminate.then == "cut":
            cuts.append(contamination.spans(hits, dict(zip(numbers.tolist(), table["doc_id"].to_pylist(), strict=True))))
        ledger = pa.concat_tables([ledger, contamination.ledger(hits, numbers, table, refused)]).sort_by("doc_id")
    workspace.write_table(workspace.ledger(name, "dedup", "ledger.parquet"), ledger)
    again = paragraphs.FOUND.empty_table()
    if dedup.paragraphs:
        again = _paragraphs(workspace, plan, dedup.paragraphs, excluded | set(ledger["doc_id"].to_pylist()), held, workers)
        cuts.append(paragraphs.cuts(again))
    workspace.write_table(workspace.ledger(name, "dedup", "paragraphs.parquet"), again)
    workspace.write_table(workspace.ledger(name, "dedup", "spans.parquet"), pa.concat_tables(cuts))
    joined = components(len(numbers), np.concatenate([equal_rows, near_rows, pages]))
    workspace.write_table(
        workspace.ledger(name, "dedup", "clusters.parquet"), _clusters(table, joined, kept, old, held_back, decision, crossed)
    )
    removed = Counter(decision.rule.tolist())
    gone = sum(removed[rule] for rule in (decide.EXACT, decide.NEAR, decide.PUBLISHED, decide.ADDRESS))
    quarantined = int(held_back.sum())
    contaminated = int(refused.sum())
    back = int(taken_back.sum())
    report = {
        "documents": documents - len(excluded),
        "kept": documents - len(excluded) - gone - quarantined - contaminated - back,
        "removed": gone + contaminated + back,
        "quarantined": quarantined,
        "exact": removed[decide.EXACT],
        "near": removed[decide.NEAR],
        "published": removed[decide.PUBLISHED],
        "url": removed[decide.ADDRESS],
        "withdrawn": back,
        "license_crossings": crossings,
        "contaminated": len(hits),
        "paragraphs": {kind: again["kind"].to_pylist().count(kind) for kind in paragraphs.BECAUSE},
        "edges": len(near.pairs),
        "chained": decision.chained,
        "inputs": filter_step.inputs_digest(workspace, plan),
        "benchmarks": catalog.benchmarks_digest(workspace, plan),
        "filtered": workspace.sha256(workspace.ledger(name, "filter", "ledger.parquet")),
    }
    workspace.write_json(workspace.ledger(name, "dedup", "summary.json"), report)
    tell(4, 4)
    return {**report, "edges_reused": reused}


def filtered_out(workspace: Workspace, plan: Plan) -> set[str]:
    """Documents that the filters removed or quarantined; the ledger must stem from what is measured now."""
    filter_step.demand_current(workspace, plan)
    ledger = workspace.read_table(workspace.ledger(plan.recipe.name, "filter", "ledger.parquet"), ["doc_id"])
    return set(ledger["doc_id"].to_pylist())


def _pairs(workspace: Workspace, plan: Plan, search: Pairing) -> tuple[bool, Searched]:
    """Every pair there is, from the last run where it compared the same."""
    file = workspace.ledger(plan.recipe.name, "dedup", "edges.parquet")
    near = plan.recipe.dedup.near
    compared = [
        [shard["sha256"], *(shard["signals"][signal]["sha256"] for signal in ("minhash", "content", "url"))]
        for _, shard in filter_step.shards_of(workspace, plan)
        if shard["rows"]
    ]
    against = plan.recipe.dedup.against
    parts = [
        compared,
        against,
        plan.recipe.dedup.url,
        near.model_dump() if near else None,
        fingerprint.of_module("curation.steps.dedup"),
    ]
    key = hashlib.sha256(dump_json(parts)).hexdigest()[:32].encode()
    if workspace.exists(file):
        stored = workspace.read_table(file)
        if (stored.schema.metadata or {}).get(b"key") == key:
            pairs = np.column_stack([stored["number_a"].to_numpy(), stored["number_b"].to_numpy()])
            kind = stored["kind"].to_numpy(zero_copy_only=False)
            of = {name: pairs[kind == name] for name in KINDS}
            similarity = stored["similarity"].to_numpy()[kind == "near"]
            return True, Searched(of["content"], Found(of["near"], similarity), of["url"])
    found = search.find()
    pairs = np.concatenate([found.equal, found.near.pairs, found.address])
    numbers = np.unique(pairs)
    ids = facts(workspace, search.blocks, numbers, set())["doc_id"].to_numpy(zero_copy_only=False)
    a, b = ids[np.searchsorted(numbers, pairs[:, 0])], ids[np.searchsorted(numbers, pairs[:, 1])]
    sizes = (len(found.equal), len(found.near.pairs), len(found.address))
    similarity = np.concatenate([np.ones(sizes[0]), found.near.similarity, np.full(sizes[2], np.nan)])
    kind = np.repeat(np.array(KINDS, object), sizes)
    columns = [a, b, pa.array(similarity, mask=np.isnan(similarity)), pa.array(kind, pa.string()), pairs[:, 0], pairs[:, 1]]
    workspace.write_table(file, pa.table(columns, schema=EDGES.with_metadata({"key": key})))
    return False, found


def _contaminated(workspace: Workspace, plan: Plan, search: Pairing, held: list[Block], equal: Pairs) -> list[contamination.Hit]:
    """Documents that hold a benchmark's passage, from the last run where it read the same."""
    declared = plan.recipe.dedup.decontaminate
    if declared is None:
        return []
    shards = [shard["sha256"] for _, shard in filter_step.shards_of(workspace, plan) if shard["rows"]]
    parts = [shards, catalog.benchmarks_digest(workspace, plan), fingerprint.of_module("curation.contamination")]
    key = hashlib.sha256(dump_json(parts)).hexdigest()[:32]
    file = workspace.ledger(plan.recipe.name, "dedup", "contamination.json")
    stored = workspace.read_json(file)
    if stored is None or stored["key"] != key:
        benchmarks = contamination.read(catalog.benchmarks(workspace, plan))
        starts = list(itertools.accumulate((block.rows for block in held), initial=0))
        contents = np.arange(starts[-1])
        own = equal[equal[:, 1] < starts[-1]]
        contents[own[:, 1]] = own[:, 0]
        hits = contamination.find(benchmarks, held, starts[:-1], contents, search.workers)
        stored = {"key": key, "items": benchmarks.items, "too_short": benchmarks.too_short, "hits": hits}
        workspace.write_json(file, stored)
    return [contamination.Hit(number, name, [(s, e) for s, e in spans], *rest) for number, name, spans, *rest in stored["hits"]]


def _paragraphs(
    workspace: Workspace, plan: Plan, wanted: Paragraphs, gone: set[str], held: Sequence[Block], workers: int
) -> pa.Table:
    """Paragraphs that come again in the documents that stay."""
    parts, start = [], 0
    absent = pa.array(sorted(gone), pa.string())
    for block in held:
        assert isinstance(block, Documents)
        rows, sources, first = [], [], 0
        for shard in block.shards:
            table = filter_step.columns(workspace, shard, set(wanted.where))
            selected = pc.and_(select(table, wanted.where), pc.invert(pc.is_in(table["doc_id"], value_set=absent)))
            rows.append(pc.indices_nonzero(selected).to_numpy().astype(np.int64) + first)
            sources.append((table["source"][0].as_py(), table.num_rows))
            first += table.num_rows
        parts.append(paragraphs.Part(block, start, np.concatenate(rows), sources))
        start += block.rows
    places = paragraphs.find(workspace, plan.recipe.name, wanted, parts, workers)
    numbers = np.unique(places.number)
    return paragraphs.table(places, wanted, numbers, facts(workspace, held, numbers, set()))


def facts(workspace: Workspace, held: Sequence[Block], numbers: NDArray[np.int64], wanted: set[str]) -> pa.Table:
    """doc_id, source and the wanted columns of documents by their numbers (sorted); of a published one what its index has."""
    found: list[pa.Table] = []
    start = 0

    def inside(rows: int) -> NDArray[np.int64]:
        return numbers[np.searchsorted(numbers, start) : np.searchsorted(numbers, start + rows)] - start

    for block in held:
        if isinstance(block, signature_index.Published):
            own = block.facts(inside(block.rows))
            release = pa.array([block.release] * own.num_rows, pa.string())
            named = {"doc_id": own["id"], "source": own["source"], "license.id": own["license"], "release": release}
            found.append(pa.table(named))
            start += block.rows
            continue
        assert isinstance(block, Documents)
        for shard in block.shards:
            rows = inside(shard["rows"])
            if len(rows) or not found:
                table = filter_step.columns(workspace, shard, wanted - {"source"}).take(pa.array(rows))
                found.append(table.append_column("release", pa.nulls(len(rows), pa.string())))
            start += shard["rows"]
    return pa.concat_tables(found, promote_options="default").combine_chunks()


def _ledger(table: pa.Table, decision: decide.Decision, threshold: float, crossed: NDArray[np.int64]) -> pa.Table:
    found = [LEDGER.empty_table()]
    for rule, (label, column, because) in RULES.items():
        at = np.flatnonzero(decision.rule == rule)
        out, twins = table.take(pa.array(at)), table.take(pa.array(decision.twin[at]))
        found.append(
            rows(
                "dedup",
                out["doc_id"],
                out["source"],
                filter=f"dedup.{label}",
                outcome="removed",
                column=column,
                high=threshold if column == "minhash.signature" else None,
                label=twins["release"],
                twin=twins["doc_id"],
                similarity=pa.array(decision.similarity[at], mask=np.isnan(decision.similarity[at])),
                because=because,
            )
        )
    at = np.flatnonzero(crossed >= 0)
    out, other = table.take(pa.array(at)), table.take(pa.array(crossed[at]))
    found.append(
        rows(
            "dedup",
            out["doc_id"],
            out["source"],
            filter="dedup.license_crossing",
            outcome="quarantined",
            column="license.tier",
            label=other["license.id"],
            twin=other["doc_id"],
            because=CROSSING,
        )
    )
    return pa.concat_tables(found).sort_by([("doc_id", "ascending")])


def _clusters(
    table: pa.Table,
    joined: NDArray[np.int64],
    kept: NDArray[np.bool_],
    old: NDArray[np.bool_],
    held_back: NDArray[np.bool_],
    decision: decide.Decision,
    crossed: NDArray[np.int64],
) -> pa.Table:
    """One row for every document that has twins, kept or not, with both sizes of its cluster."""
    count = table.num_rows
    before = np.bincount(joined, weights=~old, minlength=count)[joined]
    cluster = np.where(decision.twin >= 0, decision.twin, np.arange(count))
    while (cluster[cluster] != cluster).any():  # a twin by address may have gone for another one in its turn
        cluster = cluster[cluster]
    after = np.bincount(cluster[kept], minlength=count)[cluster]
    outcome = np.select(
        [old, held_back, decision.twin >= 0, kept], ["published", "quarantined", "duplicate", "kept"], default="filtered"
    )
    ids = table["doc_id"]
    own = pa.array(kept | old)
    columns = {
        "doc_id": ids,
        "source": table["source"],
        "license": table["license.id"],
        "release": table["release"],
        "cluster": pc.if_else(own, ids.take(pa.array(cluster)), None),
        "cluster_size": pc.if_else(own, pa.array(after.astype(np.int32)), None),
        "cluster_size_before_filters": pa.array(before.astype(np.int32)),
        "outcome": pa.array(outcome.astype(object), pa.string()),
        "twin": pc.if_else(pa.array(decision.twin >= 0), ids.take(pa.array(np.maximum(decision.twin, 0))), None),
        "similarity": pa.array(decision.similarity, mask=np.isnan(decision.similarity)),
        "restrictive_twin": pc.if_else(pa.array(crossed >= 0), ids.take(pa.array(np.maximum(crossed, 0))), None),
    }
    order = [("cluster", "ascending"), ("doc_id", "ascending"), ("release", "ascending")]
    return pa.table(columns, schema=CLUSTERS).sort_by(order)
