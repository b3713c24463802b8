"""Signals: everything learned about documents, as sidecars beside their shards. Nothing is decided here."""

from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation import engines, published, signals
from curation.document import conform
from curation.errors import ContractError
from curation.steps import Tell, silent
from curation.store import WRITER, Workspace

BATCH_ROWS = 2048


@dataclass(frozen=True)
class Task:
    """One document shard and the signals it has no sidecar of yet."""

    workspace: Workspace
    source: str
    shard: dict[str, Any]
    missing: tuple[tuple[str, str], ...]  # (signal, sidecar's key in the store)


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Measure what no sidecar with the same key holds yet; publish the index last."""
    documents = published.documents(workspace, name)
    shards = [shard for group in documents["groups"] for shard in group["shards"] if shard["rows"]]
    before = _digests(workspace.read_json(workspace.signal_index(name)) or {"shards": []})
    entries, tasks = [], []
    for shard in shards:
        files = {signal: sidecar(workspace, name, signal, shard["sha256"]) for signal in signals.names()}
        missing = tuple((s, f) for s, f in files.items() if f not in before or not workspace.exists(f))
        entries.append((shard, files))
        if missing:
            tasks.append(Task(workspace, name, shard, missing))
    annotated = len(tasks)
    # few shards for many workers: a shard's signals are shared out; every sidecar is the same whoever makes it
    share = max(1, min(workers, 2 * workers // max(1, len(tasks))))
    tasks = [part for task in tasks for part in _parts(task, share)]
    for done, written in enumerate(engines.map_tasks(annotate, tasks, workers), 1):
        before |= written
        tell(done, len(tasks))
    listed = [
        {**shard, "signals": {s: {"file": f, "sha256": before[f]} for s, f in sorted(files.items())}} for shard, files in entries
    ]
    totals = {key: documents[key] for key in ("records", "documents", "quarantined")}
    if sum(shard["rows"] for shard in shards) != documents["documents"]:
        raise ContractError(f"annotate {name}: {documents['documents']} documents extracted, another number in shards")
    workspace.write_json(workspace.signal_index(name), {"source": name, "shards": listed, **totals})
    keys = workspace.signals(name, "KEYS.json")  # there even for a source without documents: DVC wants its outputs
    workspace.write_json(keys, {signal: signals.key(signal) for signal in signals.names()})
    workspace.keep_only(workspace.signals(name), {keys, *(f for _, files in entries for f in files.values())})
    return {"shards": len(shards), "annotated": annotated, "documents": documents["documents"]}


def _parts(task: Task, count: int) -> list[Task]:
    """A task in at most `count` parts; signals that share a reading of the text stay together."""
    files = dict(task.missing)
    groups = signals.together(list(files))
    dealt = [tuple((s, files[s]) for group in groups[k::count] for s in group) for k in range(count)]
    return [replace(task, missing=missing) for missing in dealt if missing]


def sidecar(workspace: Workspace, source: str, signal: str, shard_sha256: str) -> str:
    """Where the sidecar of a signal over a shard lies: named by what it depends on."""
    return workspace.signals(source, f"{signal}/{shard_sha256[:16]}-{signals.key(signal)}.parquet")


def _digests(found: dict[str, Any]) -> dict[str, str]:
    return {one["file"]: one["sha256"] for shard in found["shards"] for one in shard["signals"].values()}


def annotate(task: Task) -> dict[str, str]:
    """Every missing sidecar of one shard, reading its text once; returns their digests."""
    file = task.workspace.parquet(task.shard["file"])
    with task.workspace.scratch() as folder:
        writers = {}
        for signal, _ in task.missing:
            schema = signals.find(signal).COLUMNS
            writers[signal] = pq.ParquetWriter(folder / signal, schema, **WRITER, compression_level=1)
        for group in range(file.num_row_groups):
            for batch in file.read_row_group(group).combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
                for signal, writer in writers.items():
                    writer.write_batch(measured(signal, batch))
        for writer in writers.values():
            writer.close()
        for signal, key in task.missing:
            task.workspace.publish(folder / signal, key)
    return {key: task.workspace.sha256(key) for _, key in task.missing}


def measured(signal: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """A signal's columns for a batch, held to its promise."""
    module = signals.find(signal)
    out = module.annotate(batch)
    conform(out, module.COLUMNS, f"signal {signal}")
    if out.num_rows != batch.num_rows:
        raise ContractError(f"signal {signal}: {batch.num_rows} rows in, {out.num_rows} out")
    return out
