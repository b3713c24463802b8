"""The dataset's files: kept documents after their edits, their facts beside the text, in stable sorted shards."""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc

from curation import catalog, gate, signals, signature_index
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
from curation.steps import Tell, silent
from curation.steps import dedup as dedup_step
from curation.steps import filter as filter_step
from curation.store import ROW_GROUP_BYTES, Workspace, parquet_writer

# Bytes of text a shard, at the first release; afterwards the number of shards stays. A worker sorts one in three copies.
SHARD_TEXT = 64 << 20
INTERNAL = {"minhash.signature", "content.hash", "license.conflict", "minhash.tokens", "url.key"}
OWN = (
    "doc_id",
    "text",
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
# tier -> the configuration of a dataset of several kinds; what has no tier is under a contract of its own
KINDS = {"T0": "permissive", "T1": "permissive", "T2": "sharealike", "T3": "sharealike", "T4": "restricted", "T5": "restricted"}
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
    sizes = _cluster_sizes(workspace, name)
    shards = list(filter_step.shards_of(workspace, plan))
    count = _shard_count(workspace, name, sum(shard["text_bytes"] for _, shard in shards))
    splits = _split_bounds(plan)
    out = schema()
    edits, emptied = [EDITS.empty_table()], [LEDGER.empty_table()]
    cuts = _Cuts(workspace.read_table(workspace.ledger(name, "dedup", "spans.parquet")))
    written = 0
    with workspace.scratch() as scratch:
        spill = _Spill(scratch / "spill", out)
        ledger_folder = scratch / "ledger"
        ledger_folder.mkdir()
        with (
            signature_index.Writer(ledger_folder / signature_index.NAME) as index,
            parquet_writer(ledger_folder / "attribution.parquet", ATTRIBUTION) as credits,
        ):
            for done, (_, shard) in enumerate(shards, 1):
                for batch in _kept_rows(workspace, shard, gone, plan):
                    table, batch_edits, batch_emptied = _finished(batch, plan, sizes, cuts, out)
                    edits.append(batch_edits)
                    emptied.append(batch_emptied)
                    written += table.num_rows
                    spill.add(table, count, splits)
                    credits.write_table(table.select(ATTRIBUTION.names).cast(ATTRIBUTION))
                    index.add(batch.filter(pc.is_in(batch["doc_id"], value_set=table["id"].combine_chunks())))
                tell(done, len(shards) + 1)
        folder = scratch / "data"
        folder.mkdir()
        wanted = _wanted(folder, spill, list(splits), count)
        # a dataset of one shard is written sooner than a worker has started
        for _ in local.map_tasks(_write_shard, wanted, workers if count > 1 else 1):
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
        workspace.publish_folder(ledger_folder, workspace.dataset(name, "ledger"))
        workspace.publish_folder(folder, workspace.dataset(name, "data"))
    tell(len(shards) + 1, len(shards) + 1)
    edited = len(set(pa.concat_tables(edits)["doc_id"].to_pylist()))
    return {"documents": documents, "kept": written, "edited": edited, "emptied": left.num_rows, "shards": count}


def _gone(workspace: Workspace, plan: Plan) -> set[str]:
    """Documents that filters or dedup took away; both ledgers must stem from what is measured now."""
    gone = dedup_step.filtered_out(workspace, plan)
    name = plan.recipe.name
    summary = workspace.read_json(workspace.ledger(name, "dedup", "summary.json"))
    filtered = workspace.sha256(workspace.ledger(name, "filter", "ledger.parquet"))
    now = (filter_step.inputs_digest(workspace, plan), filtered, catalog.benchmarks_digest(workspace, plan))
    if summary is None or tuple(summary.get(part) for part in ("inputs", "filtered", "benchmarks")) != now:
        raise DataError(f"recipe {name!r}: duplicates are out of date; run `curate step dedup {name}`")
    ledger = workspace.read_table(workspace.ledger(name, "dedup", "ledger.parquet"), ["doc_id"])
    return gone | set(ledger["doc_id"].to_pylist())


class _Cuts:
    """Passages that dedup wants cut, by document."""

    def __init__(self, spans: pa.Table) -> None:
        self._spans = spans.sort_by([("doc_id", "ascending"), ("start", "ascending"), ("end", "ascending")])
        self._ids = self._spans["doc_id"].to_numpy(zero_copy_only=False)

    def of(self, ids: list[str]) -> pa.Table:
        if not len(self._ids) or not ids:
            return self._spans.slice(0, 0)
        first, last = (np.searchsorted(self._ids, ids, side=side) for side in ("left", "right"))
        parts = [self._spans.slice(s, e - s) for s, e in zip(first.tolist(), last.tolist(), strict=True) if e > s]
        return pa.concat_tables([self._spans.slice(0, 0), *parts])


def _cluster_sizes(workspace: Workspace, name: str) -> dict[str, tuple[int, int]]:
    table = workspace.read_table(workspace.ledger(name, "dedup", "clusters.parquet"))
    table = table.filter(pc.and_(pc.is_valid(table["cluster"]), pc.is_null(table["release"])))
    columns = (table[c].to_pylist() for c in ("doc_id", "cluster_size", "cluster_size_before_filters"))
    return {doc: (after, before) for doc, after, before in zip(*columns, strict=True)}


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


def _kept_rows(workspace: Workspace, shard: dict[str, Any], gone: set[str], plan: Plan) -> Iterator[pa.Table]:
    """Kept documents of a shard with their signals, a row group at a time."""
    spans = {edit.spans for edit in plan.edits()}
    wheres = {path for edit in plan.edits() for path in edit.where}
    wanted = set(published_signals()) | spans | wheres | set(signature_index.COLUMNS)
    facts = filter_step.columns(workspace, shard, wanted)
    file = workspace.parquet(shard["file"])
    start = 0
    for group in range(file.num_row_groups):
        documents = file.read_row_group(group, columns=list(OWN))
        beside = facts.slice(start, documents.num_rows)
        start += documents.num_rows
        if documents["doc_id"] != beside["doc_id"]:
            raise ContractError(f"{shard['file']}: sidecars and documents are out of step")
        kept = pa.array([doc not in gone for doc in documents["doc_id"].to_pylist()])
        table = documents
        for path in beside.column_names:
            if path not in {"doc_id", "source"}:
                table = table.append_column(path, beside[path])
        yield table.filter(kept)


def _finished(
    table: pa.Table, plan: Plan, sizes: dict[str, tuple[int, int]], cuts: _Cuts, out: pa.Schema
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Published rows after edits, the edits made, and ledger rows of documents that edits left empty."""
    edits = pa.concat_tables([_edits(table, plan), cuts.of(table["doc_id"].to_pylist())])
    table, edits, adapted = _without_adaptations(table, edits, plan)
    by_document: dict[str, list[Edit]] = {}
    for row in edits.to_pylist():
        by_document.setdefault(row["doc_id"], []).append(Edit(row["start"], row["end"], row["replacement"]))
    ids = table["doc_id"].to_pylist()
    columns: dict[str, Any] = {"id": table["doc_id"]}
    columns |= {
        n: table[n]
        for n in ("text", "source", "native_id", "title", "authors", "url", "published", "format", "raw_sha256", "text_sha256")
    }
    columns["metadata"] = pa.array(
        [json.dumps(dict(row), ensure_ascii=False, sort_keys=True) if row else None for row in table["metadata"].to_pylist()],
        pa.string(),
    )
    columns |= {name: table[path] for path, (name, _) in published_signals().items()}
    columns["modified"] = pa.array([doc in by_document for doc in ids])
    columns["cluster_size"] = pa.array([sizes.get(doc, (1, 1))[0] for doc in ids], pa.int32())
    columns["cluster_size_before_filters"] = pa.array([sizes.get(doc, (1, 1))[1] for doc in ids], pa.int32())
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
    texts, hashes = done["text"].to_pylist(), done["text_sha256"].to_pylist()
    changed = [i for i, doc in enumerate(done["id"].to_pylist()) if doc in by_document]
    tokens, characters = done["tokens"].to_pylist(), done["characters_count"].to_pylist()
    for i in changed:
        texts[i] = apply(texts[i], by_document[done["id"][i].as_py()])
        hashes[i] = hashlib.sha256(texts[i].encode()).hexdigest()
        tokens[i], characters[i] = tokens_signal.count(texts[i]), len(texts[i])
    for name, values in (("text", texts), ("text_sha256", hashes), ("tokens", tokens), ("characters_count", characters)):
        at = done.schema.get_field_index(name)
        done = done.set_column(at, done.schema.field(at), pa.array(values, done.schema.field(at).type))
    return done


def _wanted(folder: Path, spill: "_Spill", splits: list[str], count: int) -> list["_Wanted"]:
    """The shards to write: by split, and by kind of license where there are several, so that a reader takes one kind only."""
    if len(spill.kinds) < 2:
        return [
            _Wanted(
                folder / f"{split}-{number:05d}-of-{count:05d}.parquet",
                [p for k in spill.kinds for p in spill.parts(split, k, number)],
            )
            for split in splits
            for number in range(count)
        ]
    return [
        _Wanted(folder / f"{split}-{kind}-{number:05d}-of-{count:05d}.parquet", parts)
        for split in splits
        for kind in sorted(spill.kinds)
        for number in range(count)
        if (parts := spill.parts(split, kind, number))
    ]


class _Spill:
    """Rows by (split, kind of license, shard) in files of this machine, so that memory holds one shard and not the dataset."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        folder.mkdir()
        self._folder, self._schema = folder, schema
        self._written: Counter[tuple[str, str, int]] = Counter()
        self.kinds: set[str] = set()

    def add(self, table: pa.Table, count: int, splits: dict[str, float]) -> None:
        digests = [int(doc[:16], 16) for doc in table["id"].to_pylist()]
        places = np.array([d % count for d in digests], np.int64)
        # an independent hash decides the split: the id's own low bits already decide the shard
        draws = np.array([int(hashlib.sha256(f"split {d}".encode()).hexdigest()[:12], 16) / 16**12 for d in digests])
        kinds = np.array([KINDS.get(tier, "contract") for tier in table["license_tier"].to_pylist()], object)
        lower = 0.0
        for split, upper in splits.items():
            inside = (draws >= lower) & (draws < upper)
            for place in np.unique(places[inside]):
                for kind in dict.fromkeys(kinds[inside & (places == place)].tolist()):
                    self._append(split, kind, int(place), table.filter(pa.array(inside & (places == place) & (kinds == kind))))
            lower = upper

    def _append(self, split: str, kind: str, place: int, table: pa.Table) -> None:
        self.kinds.add(kind)
        number = self._written[split, kind, place]
        self._written[split, kind, place] += 1
        with ipc.new_file(self._folder / f"{split}-{kind}-{place}-{number}", self._schema) as writer:
            writer.write_table(table)

    def parts(self, split: str, kind: str, place: int) -> list[Path]:
        return [self._folder / f"{split}-{kind}-{place}-{number}" for number in range(self._written[split, kind, place])]


class _Wanted(NamedTuple):
    """A shard to write, and the spilled rows that are its own."""

    path: Path
    parts: list[Path]


def _write_shard(wanted: _Wanted) -> None:
    out = schema()
    table = pa.concat_tables([out.empty_table(), *(ipc.open_file(part).read_all() for part in wanted.parts)])
    table = table.take(pc.sort_indices(table, sort_keys=[("id", "ascending")])).combine_chunks()
    group = np.cumsum(pc.binary_length(table["text"]).to_numpy()) // (4 * ROW_GROUP_BYTES)
    bounds = [0, *(np.flatnonzero(group[1:] != group[:-1]) + 1).tolist(), table.num_rows]
    with parquet_writer(wanted.path, out, level=3) as writer:
        for start, end in itertools.pairwise(bounds):
            writer.write_table(table.slice(start, end - start))


def _write(path: Path, table: pa.Table) -> None:
    with parquet_writer(path, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None))
