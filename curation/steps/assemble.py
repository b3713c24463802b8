"""The dataset's files: kept documents after their edits, their facts beside the text, in stable sorted shards."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc
from numpy.typing import NDArray

from curation import catalog, gate, records, signals, signature_index
from curation.editing import Edit, apply, pseudonym, pseudonym_key
from curation.engines import local
from curation.errors import ContractError, DataError
from curation.identifiers import ORGANISATION
from curation.ledger import EDITS, LEDGER, rows
from curation.mixing import refusal
from curation.policy.verdicts import select
from curation.recipe import Edit as RecipeEdit
from curation.recipe import Plan
from curation.signals import tokens as tokens_signal
from curation.spilling import Part, Shard, Spill, wanted, write_shard
from curation.steps import Tell, silent
from curation.steps import dedup as dedup_step
from curation.steps import filter as filter_step
from curation.store import Workspace, parquet_writer

# what every task asks: who went, how large clusters are, what is cut
_GONE, _SIZES, _CUTS = "gone.npy", ("clustered.npy", "size.npy", "before.npy"), "cuts.arrow"
Ids = NDArray[np.bytes_]  # sorted; a document's id is 32 hexadecimal digits (document.doc_id)
# Bytes of text a shard, at the first release; afterwards the number of shards stays. A worker sorts one in three copies.
SHARD_TEXT = 64 << 20
INTERNAL = {"minhash.signature", "content.hash", "license.conflict", "minhash.tokens", "url.key"}
OWN = (
    "doc_id",
    "text",
    "record",
    "source",
    "native_id",
    "title",
    "authors",
    "url",
    "published",
    "format",
    "metadata",
    "raw_sha256",
    "text_sha256",
)
ADAPTED = "LIC_ND_MODIFIED"
NO_DERIVATIVES = {
    "en": "Its license forbids derivatives, and an edit would make one.",
    "zh": "其许可禁止演绎，而编辑即构成演绎。",
}
# who is to be named, for every document that is kept
ATTRIBUTION = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("title", pa.string()),
        pa.field("authors", pa.list_(pa.string())),
        pa.field("url", pa.string()),
        pa.field("license", pa.string()),
        pa.field("modified", pa.bool_()),
    ]
)
EMPTY = {"en": "Nothing was left of the document after its edits.", "zh": "文档经编辑后已无内容。"}


def published_signals() -> dict[str, tuple[str, pa.DataType]]:
    """Column path -> (published name, type) of every scalar signal column."""
    types = {path: kind for path, kind in signals.column_types().items() if path not in INTERNAL}
    named = {path: (signals.published_name(path), kind) for path, kind in types.items()}
    return {path: pair for path, pair in named.items() if not pa.types.is_nested(pair[1])}


def schema() -> pa.Schema:
    """Columns of every published dataset."""
    fields = [
        pa.field("id", pa.string()),
        pa.field("text", pa.large_string()),
        pa.field("record", pa.large_string()),  # JSON of what is not prose
        pa.field("source", pa.string()),
        pa.field("native_id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("authors", pa.list_(pa.string())),
        pa.field("url", pa.string()),
        pa.field("published", pa.date32()),
        pa.field("format", pa.string()),
        pa.field("metadata", pa.string()),  # kept columns as a JSON object
        pa.field("raw_sha256", pa.string()),
        pa.field("text_sha256", pa.string()),
        pa.field("modified", pa.bool_()),
        pa.field("cluster_size", pa.int32()),
        pa.field("cluster_size_before_filters", pa.int32()),
    ]
    return pa.schema(fields + [pa.field(name, kind) for name, kind in published_signals().values()])


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Write data/ (Parquet shards and nothing else) and ledger/ (all removals, all edits, no text)."""
    plan = catalog.plan(workspace, name)
    gate.demand(workspace, plan)
    gone = _gone(workspace, plan)
    shards = list(filter_step.shards_of(workspace, plan))
    count = _shard_count(workspace, name, sum(shard["text_bytes"] for _, shard in shards))
    edits, emptied = [EDITS.empty_table()], [LEDGER.empty_table()]
    parts: list[Part] = []
    written = 0
    with workspace.scratch() as scratch:
        ledger_folder = scratch / "ledger"
        for folder in (ledger_folder, scratch / "spill"):
            folder.mkdir()
        np.save(scratch / _GONE, gone)
        for file, column in zip(_SIZES, _cluster_sizes(workspace, name), strict=True):
            np.save(scratch / file, column)
        spans = workspace.read_table(workspace.ledger(name, "dedup", "spans.parquet"))
        _save(scratch / _CUTS, spans.sort_by([(column, "ascending") for column in ("doc_id", "start", "end")]))
        tasks = [_Task(workspace, plan, shard, scratch, number, count) for number, (_, shard) in enumerate(shards)]
        with (
            signature_index.Writer(ledger_folder / signature_index.NAME) as index,
            parquet_writer(ledger_folder / "attribution.parquet", ATTRIBUTION) as credits,
        ):
            for done, finished in enumerate(local.map_tasks(_finish, tasks, workers), 1):
                edits.append(finished.edits)
                emptied.append(finished.emptied)
                parts += finished.parts
                written += finished.written
                for batch in _batches(scratch / f"credits-{finished.number}"):
                    credits.write_table(batch)
                for batch in _batches(scratch / f"signed-{finished.number}"):
                    index.add(batch)
                tell(done, len(shards) + 1)
        folder = scratch / "data"
        folder.mkdir()
        to_write = [Shard(one, schema()) for one in wanted(folder, parts, list(plan.recipe.splits), count)]
        # a dataset of one shard is written sooner than a worker has started
        for _ in local.map_tasks(write_shard, to_write, workers if count > 1 else 1):
            pass
        left = pa.concat_tables(emptied)
        ledger = pa.concat_tables(
            [
                workspace.read_table(workspace.ledger(name, "filter", "ledger.parquet")),
                workspace.read_table(workspace.ledger(name, "dedup", "ledger.parquet")),
                left,
            ]
        )
        _write(ledger_folder / "removed.parquet", ledger)
        _write(ledger_folder / "edits.parquet", pa.concat_tables(edits))
        for kept_whole in ("clusters.parquet", "paragraphs.parquet"):
            _write(ledger_folder / kept_whole, workspace.read_table(workspace.ledger(name, "dedup", kept_whole)))
        documents = sum(shard["rows"] for _, shard in shards)
        if written + len(gone) + left.num_rows != documents:
            raise ContractError(
                f"assemble {name}: {documents} documents, {written} kept, {len(gone) + left.num_rows} in the ledger"
            )
        workspace.remove(workspace.ledger(name, "assemble", "summary.json"))
        workspace.publish_folder(ledger_folder, workspace.dataset(name, "ledger"))
        workspace.publish_folder(folder, workspace.dataset(name, "data"))
    workspace.write_json(workspace.ledger(name, "assemble", "summary.json"), _stems_from(workspace, plan))
    tell(len(shards) + 1, len(shards) + 1)
    edited = len(set(pa.concat_tables(edits)["doc_id"].to_pylist()))
    return {"documents": documents, "kept": written, "edited": edited, "emptied": left.num_rows, "shards": count}


class _Task(NamedTuple):
    """A shard of documents to finish."""

    workspace: Workspace
    plan: Plan
    shard: dict[str, Any]
    scratch: Path
    number: int
    shards: int  # of the dataset


class _Finished(NamedTuple):
    """What a task leaves, beside its spilled rows, credits and signatures."""

    number: int
    written: int
    edits: pa.Table
    emptied: pa.Table
    parts: list[Part]


def _finish(task: _Task) -> _Finished:
    """The kept documents of a shard after their edits, spilled; a task that runs twice writes the same files again."""
    out, splits = schema(), _split_bounds(task.plan)
    spill = Spill(task.scratch / "spill", str(task.number), out)
    cuts = _cuts(task.scratch)
    edits, emptied, written = [EDITS.empty_table()], [LEDGER.empty_table()], 0
    with (
        ipc.new_file(task.scratch / f"credits-{task.number}", ATTRIBUTION) as credits,
        ipc.new_file(task.scratch / f"signed-{task.number}", signature_index.SCHEMA) as signed,
    ):
        for batch in _kept_rows(task):
            table, batch_edits, batch_emptied = _finished(batch, task.plan, cuts, out)
            edits.append(batch_edits)
            emptied.append(batch_emptied)
            written += table.num_rows
            spill.add(table, task.shards, splits)
            credits.write_table(table.select(ATTRIBUTION.names).cast(ATTRIBUTION).combine_chunks())
            kept = batch.filter(pc.is_in(batch["doc_id"], value_set=table["id"].combine_chunks()))
            signed.write_table(signature_index.rows(kept).combine_chunks())
    return _Finished(task.number, written, pa.concat_tables(edits), pa.concat_tables(emptied), spill.parts)


def _save(path: Path, table: pa.Table) -> None:
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def _load(path: Path) -> pa.Table:
    """A file of this machine, mapped: every worker reads the same pages."""
    return ipc.open_file(pa.memory_map(str(path))).read_all().combine_chunks()


def _batches(path: Path) -> Iterator[pa.Table]:
    reader = ipc.open_file(path)
    for number in range(reader.num_record_batches):
        yield pa.Table.from_batches([reader.get_batch(number)])


def _ids(values: list[str]) -> Ids:
    return np.array(values, "S32") if values else np.empty(0, "S32")


def _places(ids: Ids, known: Ids) -> NDArray[np.int64]:
    """Where each id stands among the known ones, or -1. By bisection in a mapped file: no task holds them all."""
    at = np.searchsorted(known, ids)
    found = np.zeros(len(ids), bool) if not len(known) else known[np.minimum(at, len(known) - 1)] == ids
    return np.where(found, at, -1)


def demand_current(workspace: Workspace, plan: Plan) -> None:
    """Raise DataError unless a dataset's files were assembled from the ledgers as they are, and these from what is measured and decided now."""
    filter_step.demand_current(workspace, plan)
    name = plan.recipe.name
    if workspace.read_json(workspace.ledger(name, "assemble", "summary.json")) != _stems_from(workspace, plan):
        raise DataError(f"recipe {name!r}: its files are of before the last filters; run `curate run {name}`")


def _stems_from(workspace: Workspace, plan: Plan) -> dict[str, str | None]:
    """What the documents of a dataset are decided by; asked where the filters' summary is known to be current."""
    return {
        "inputs": workspace.read_json(workspace.ledger(plan.recipe.name, "filter", "summary.json"))["inputs"],
        "filtered": workspace.sha256(workspace.ledger(plan.recipe.name, "filter", "ledger.parquet")),
        "benchmarks": catalog.benchmarks_digest(workspace, plan),
    }


def _gone(workspace: Workspace, plan: Plan) -> Ids:
    """Documents that filters or dedup took away; both ledgers must stem from what is measured now."""
    gone = dedup_step.filtered_out(workspace, plan)
    name = plan.recipe.name
    summary = workspace.read_json(workspace.ledger(name, "dedup", "summary.json"))
    now = _stems_from(workspace, plan)
    if summary is None or {part: summary.get(part) for part in now} != now:
        raise DataError(f"recipe {name!r}: duplicates are out of date; run `curate step dedup {name}`")
    ledger = workspace.read_table(workspace.ledger(name, "dedup", "ledger.parquet"), ["doc_id"])
    return np.unique(_ids([*gone, *ledger["doc_id"].to_pylist()]))


@lru_cache(1)  # of the run that goes on: its scratch is its own
def _cuts(scratch: Path) -> "_Cuts":
    return _Cuts(_load(scratch / _CUTS))


class _Cuts:
    """Passages that dedup wants cut, sorted by document."""

    def __init__(self, spans: pa.Table) -> None:
        self._spans = spans
        self._ids = self._spans["doc_id"].to_numpy(zero_copy_only=False)

    def of(self, ids: list[str]) -> pa.Table:
        if not len(self._ids) or not ids:
            return self._spans.slice(0, 0)
        first, last = (np.searchsorted(self._ids, ids, side=side) for side in ("left", "right"))
        parts = [self._spans.slice(s, e - s) for s, e in zip(first.tolist(), last.tolist(), strict=True) if e > s]
        return pa.concat_tables([self._spans.slice(0, 0), *parts])


def _cluster_sizes(workspace: Workspace, name: str) -> tuple[Ids, NDArray[np.int32], NDArray[np.int32]]:
    """Every document in a cluster, sorted, with the sizes of it."""
    table = workspace.read_table(workspace.ledger(name, "dedup", "clusters.parquet"))
    table = table.filter(pc.and_(pc.is_valid(table["cluster"]), pc.is_null(table["release"])))
    ids = _ids(table["doc_id"].to_pylist())
    order = np.argsort(ids)
    after, before = (table[c].to_numpy().astype(np.int32)[order] for c in ("cluster_size", "cluster_size_before_filters"))
    return ids[order], after, before


def _shard_count(workspace: Workspace, name: str, text_bytes: int) -> int:
    path = workspace.release_file(name)
    if path.exists():
        return int(json.loads(path.read_text(encoding="utf-8"))["shards"])
    return max(1, -(-text_bytes // SHARD_TEXT))


def _split_bounds(plan: Plan) -> dict[str, float]:
    """Split -> upper bound of a document's place in 0..1; the place is a hash of its id."""
    bounds, sofar = {}, 0.0
    for split, share in plan.recipe.splits.items():
        sofar += share
        bounds[split] = sofar
    bounds[split] = 1.0
    return bounds


def _kept_rows(task: _Task) -> Iterator[pa.Table]:
    """Kept documents of a shard with their signals and the sizes of their clusters, a row group at a time."""
    plan, shard = task.plan, task.shard
    spans = {edit.spans for edit in plan.edits()}
    wheres = {path for edit in plan.edits() for path in edit.where}
    paths = set(published_signals()) | spans | wheres | set(signature_index.COLUMNS)
    facts = filter_step.columns(task.workspace, shard, paths)
    ids = _ids(facts["doc_id"].to_pylist())
    gone, clustered, after, before = (np.load(task.scratch / one, mmap_mode="r") for one in (_GONE, *_SIZES))
    kept = pa.array(_places(ids, gone) < 0)
    at = _places(ids, clustered)
    sizes = {
        name: pa.array(np.where(at < 0, 1, values[at]) if len(values) else np.ones(len(ids)), pa.int32())
        for name, values in (("cluster_size", after), ("cluster_size_before_filters", before))
    }
    file = task.workspace.parquet(shard["file"])
    start = 0
    for group in range(file.num_row_groups):
        documents = file.read_row_group(group, columns=list(OWN))
        rows = slice(start, start + documents.num_rows)
        start = rows.stop
        beside = facts[rows]
        if documents["doc_id"] != beside["doc_id"]:
            raise ContractError(f"{shard['file']}: sidecars and documents are out of step")
        table = documents
        for path in beside.column_names:
            if path not in {"doc_id", "source"}:
                table = table.append_column(path, beside[path])
        for path, column in sizes.items():
            table = table.append_column(path, column[rows])
        yield table.filter(kept[rows])


def _finished(table: pa.Table, plan: Plan, cuts: _Cuts, out: pa.Schema) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Published rows after edits, the edits made, and ledger rows of documents that edits left empty."""
    edits = pa.concat_tables([_edits(table, plan), cuts.of(table["doc_id"].to_pylist())])
    table, edits, adapted = _without_adaptations(table, edits, plan)
    by_document: dict[str, list[Edit]] = {}
    for row in edits.to_pylist():
        by_document.setdefault(row["doc_id"], []).append(Edit(row["start"], row["end"], row["replacement"]))
    ids = table["doc_id"].to_pylist()
    columns: dict[str, Any] = {"id": table["doc_id"]}
    columns |= {name: table[name] for name in OWN if name not in {"doc_id", "metadata"}}
    columns["metadata"] = pa.array(
        [json.dumps(dict(row), ensure_ascii=False, sort_keys=True) if row else None for row in table["metadata"].to_pylist()],
        pa.string(),
    )
    columns |= {name: table[path] for path, (name, _) in published_signals().items()}
    columns["modified"] = pa.array([doc in by_document for doc in ids], pa.bool_())
    columns |= {name: table[name] for name in ("cluster_size", "cluster_size_before_filters")}
    done = pa.table([columns[field.name] for field in out], schema=out)
    if by_document:
        done = _edited(done, by_document)
    blank = pa.array([not text.strip() for text in done["text"].to_pylist()]) if by_document else None
    if blank is None or not pc.any(blank).as_py():
        return done, edits, adapted
    lost = done.filter(blank)
    ledger = rows("assemble", lost["id"], lost["source"], filter="empty_after_edits", outcome="removed", because=EMPTY)
    return done.filter(pc.invert(blank)), edits, pa.concat_tables([adapted, ledger])


def _without_adaptations(table: pa.Table, edits: pa.Table, plan: Plan) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Documents whose license forbids derivatives go when they would be edited: redacting or cutting is an adaptation."""
    use = plan.recipe.used()
    edited = set(edits["doc_id"].to_pylist())
    pairs = zip(table["doc_id"].to_pylist(), table["license.id"].to_pylist(), strict=True)
    hit = [doc in edited and refusal(one, use.purpose, use.commercial, modified=True) == ADAPTED for doc, one in pairs]
    if not any(hit):
        return table, edits, LEDGER.empty_table()
    mask = pa.array(hit)
    out = table.filter(mask)
    ledger = rows(
        "assemble",
        out["doc_id"],
        out["source"],
        filter=f"use.{ADAPTED}",
        outcome="removed",
        column="license.id",
        label=out["license.id"],
        because=NO_DERIVATIVES,
    )
    left = pc.invert(pc.is_in(edits["doc_id"], value_set=out["doc_id"].combine_chunks()))
    return table.filter(pc.invert(mask)), edits.filter(left), ledger


def _edits(table: pa.Table, plan: Plan) -> pa.Table:
    made = []
    for one in plan.edits():
        selected = table.filter(select(table, one.where))
        key = pseudonym_key() if "{pseudonym}" in one.replacement else None
        columns = (selected[name].to_pylist() for name in ("doc_id", one.spans))
        texts = selected["text"] if key else None
        for row, (doc, spans) in enumerate(zip(*columns, strict=True)):
            own = [span for span in spans or () if _is_meant(span["type"], one)]
            content = texts[row].as_py().encode() if texts is not None and own else b""
            for span in own:
                replacement = one.replacement.replace("{type}", span["type"])
                if key:
                    value = content[span["start"] : span["end"]].decode()
                    replacement = replacement.replace("{pseudonym}", pseudonym(value, key))
                made.append(
                    {
                        "doc_id": doc,
                        "start": span["start"],
                        "end": span["end"],
                        "kind": span["type"],
                        "step": "assemble",
                        "replacement": replacement,
                        "because": one.because.model_dump(),
                    }
                )
    return pa.Table.from_pylist(made, schema=EDITS)


def _is_meant(kind: str, edit: RecipeEdit) -> bool:
    return kind in edit.types if edit.types else kind != ORGANISATION


def _edited(done: pa.Table, by_document: dict[str, list[Edit]]) -> pa.Table:
    """Texts after edits; tokens, characters and hashes of changed documents are counted again."""
    texts, hashes, kept = (done[name].to_pylist() for name in ("text", "text_sha256", "record"))
    changed = [i for i, doc in enumerate(done["id"].to_pylist()) if doc in by_document]
    tokens, characters = done["tokens"].to_pylist(), done["characters_count"].to_pylist()
    for i in changed:
        own = by_document[done["id"][i].as_py()]
        kept[i] = kept[i] and records.edited(kept[i], texts[i], own)
        texts[i] = apply(texts[i], own)
        hashes[i] = hashlib.sha256(texts[i].encode()).hexdigest()
        tokens[i], characters[i] = tokens_signal.count(texts[i]), len(texts[i])
    for name, values in (
        ("text", texts),
        ("record", kept),
        ("text_sha256", hashes),
        ("tokens", tokens),
        ("characters_count", characters),
    ):
        at = done.schema.get_field_index(name)
        done = done.set_column(at, done.schema.field(at), pa.array(values, done.schema.field(at).type))
    return done


def _write(path: Path, table: pa.Table) -> None:
    with parquet_writer(path, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
