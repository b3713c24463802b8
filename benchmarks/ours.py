"""Our own stages, measured and told like those of the peers (peers/measuring.py).

minhash                      one signal over record batches in memory; two cores are two threads
language                     lid.176 alone, over the same texts as the library's batch call
quality                      the signals that hold what datatrove's four filters measure, in the same way
signals                      every signal there is, one line each
chain                        JSONL in, all signals a peer measures, twins, scrub, Parquet out: one process, no sidecars
twins                        `curate twins` of one JSONL file, called as a function
twins_small                  the same as a command, from its start to its end
line                         `curate run` until the card, everything on disk, without the signals in SLOW
line_exact                   the same with all signals
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

from benchmarks.peers.measuring import Measurement
from curation import engines, line, signals, twins, warm
from curation.dedup import edges, keep
from curation.document import CLAIM
from curation.editing import Edit, apply
from curation.engines import local
from curation.fasttext_model import language_model
from curation.kernels import fasttext
from curation.store import parquet_writer
from tests import corpus

ROWS = 2048
GROUP = 8  # batches a row group of the output: a column chunk of fewer rows costs more than its values
BLOCK = 16 << 20  # bytes of JSONL a batch; a longer line would not fit
FILTERS = ("gopher", "c4", "fineweb")  # what datatrove's four filters measure
QUALITY = ("characters", "quality", *FILTERS, "fineweb2", "lines", "chinese")
CHAIN = ("language", *QUALITY, "minhash", "pii")
SLOW = ("tokens", "mojibake")  # exact, and of no counterpart in a peer's chain
THRESHOLD = 0.7


def main() -> None:
    """The stage that is asked for."""
    measurement = Measurement()
    pa.set_cpu_count(measurement.cores)
    if measurement.stage == "twins_small":
        run_twins(measurement)
        return
    warm.compile_kernels()
    measurement.ready()
    if measurement.stage == "chain":
        chain(measurement)
    elif measurement.stage == "twins":
        run_twins(measurement)
    elif measurement.stage in ("line", "line_exact"):
        run_line(measurement)
    elif measurement.stage == "signals":
        for name in signals.names():
            measurement.stage, measurement.seconds = f"signal {name}", 0.0
            over(measurement, partial(_columns, [name]))
    elif measurement.stage == "language":
        over(measurement, lambda batch: fasttext.predict(fasttext.load(language_model()), batch["text"]))
    else:
        names = known(FILTERS if measurement.stage == "quality" else (measurement.stage,))
        over(measurement, partial(_columns, names))


def over(measurement: Measurement, annotate: Callable[[pa.RecordBatch], Any]) -> None:
    """Some function of batches over the whole input."""
    batches = [_document(batch) for batch in measurement.table().combine_chunks().to_batches(max_chunksize=ROWS)]
    with measurement.timed(), ThreadPoolExecutor(measurement.cores) as pool:
        for _ in pool.map(annotate, batches):
            pass
    measurement.tell("curation")


def chain(measurement: Measurement) -> None:
    """What the peers' chains do, by our signals and our deduplication. Every document is measured by every signal."""
    seconds: dict[str, float] = {}
    with measurement.timed(), ThreadPoolExecutor(measurement.cores) as pool:
        begun = time.perf_counter()
        names = known(CHAIN)
        done = pool.map(lambda batch: (batch, _kept(_columns(names, batch))), _read(measurement.files))
        batches, columns = zip(*done, strict=True)
        seconds["read and signals"] = time.perf_counter() - begun
        begun = time.perf_counter()
        stays = np.split(_survivors(columns), np.cumsum([len(batch) for batch in batches])[:-1])
        seconds["twins"] = time.perf_counter() - begun
        begun = time.perf_counter()
        shares = [list(zip(batches, columns, stays, strict=True))[n :: measurement.cores] for n in range(measurement.cores)]
        paths = [measurement.scratch / f"{n}.parquet" for n in range(measurement.cores)]
        kept = sum(pool.map(_write, paths, shares))
        seconds["scrub and write"] = time.perf_counter() - begun
    measurement.tell("curation", seconds={k: round(v, 2) for k, v in seconds.items()}, kept=kept, signals=names)


Columns = dict[str, pa.RecordBatch]


def known(names: tuple[str, ...]) -> list[str]:
    """Those that are signals of ours today."""
    return [name for name in names if name in signals.names()]


def _columns(names: list[str], batch: pa.RecordBatch) -> Columns:
    return {name: signals.find(name).annotate(batch) for name in names}


def _kept(columns: Columns) -> Columns:
    """What is written, scrubbed by, or told twins by: spans that no edit of this chain uses are let go at once."""
    needed = {("pii", "spans"), ("minhash", "signature")}
    out = {}
    for name, measured in columns.items():
        fields = [f.name for f in measured.schema if not pa.types.is_nested(f.type) or (name, f.name) in needed]
        out[name] = measured.select(fields)
    return out


def _read(files: list[Path]) -> Iterator[pa.RecordBatch]:
    fields = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    options = pj.ParseOptions(explicit_schema=fields, unexpected_field_behavior="ignore")
    for file in files:
        for batch in pj.open_json(file, pj.ReadOptions(use_threads=False, block_size=BLOCK), options):
            for start in range(0, batch.num_rows, ROWS):
                yield _document(batch.slice(start, ROWS))


def _document(batch: pa.RecordBatch) -> pa.RecordBatch:
    texts = batch["text"].cast(pa.large_string())
    claims = pa.array([[]] * batch.num_rows, pa.list_(CLAIM))
    return pa.record_batch({"id": batch["id"], "text": texts, "license_claims": claims})


def _survivors(columns: tuple[Columns, ...]) -> np.ndarray:
    """Which rows stay: the longest of each cluster of twins, and every text without tokens."""
    found = pa.chunked_array([one["minhash"]["signature"] for one in columns]).combine_chunks()
    tokens = pa.chunked_array([one["minhash"]["tokens"] for one in columns]).to_numpy()
    rows = np.flatnonzero(tokens > 0)
    signed = found.drop_null().flatten().to_numpy().reshape(len(rows), -1)
    pairs, alike = edges.near(signed, THRESHOLD)
    rank = np.empty(len(rows), np.int64)
    rank[np.argsort(-tokens[rows], kind="stable")] = np.arange(len(rows))
    stays = np.ones(len(tokens), bool)
    twins = keep.survivors(rank, pairs, alike, lambda asked: edges.estimate(signed, asked), THRESHOLD)
    stays[rows[twins.removed]] = False
    return stays


def _write(path: Path, share: list[tuple[pa.RecordBatch, Columns, np.ndarray]]) -> int:
    rows = 0
    writer: pq.ParquetWriter | None = None
    with ExitStack() as stack:
        for at in range(0, len(share), GROUP):
            table = pa.concat_tables([_scrubbed(*one) for one in share[at : at + GROUP]])
            writer = writer or stack.enter_context(parquet_writer(path, table.schema))
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _scrubbed(batch: pa.RecordBatch, columns: Columns, stays: np.ndarray) -> pa.Table:
    """Documents that stay, without their addresses, beside every scalar column measured."""
    texts, spans = batch["text"], columns["pii"]["spans"]
    hit = pc.greater(columns["pii"]["count"], 0).to_numpy(zero_copy_only=False)
    scrubbed = [
        apply(texts[i].as_py(), [Edit(s["start"], s["end"], f"<{s['type']}>") for s in spans[i].as_py()])
        for i in map(int, np.flatnonzero(hit))
    ]
    out = {"id": batch["id"], "text": pc.replace_with_mask(texts, pa.array(hit), pa.array(scrubbed, pa.large_string()))}
    for name, measured in columns.items():
        out |= {f"{name}_{f.name}": measured[f.name] for f in measured.schema if not pa.types.is_nested(f.type)}
    return pa.table(out).filter(pa.array(stays))


def run_twins(measurement: Measurement) -> None:
    """One file from all of the input, outside the time; then the function, or the command."""
    file, out = measurement.scratch / "all.jsonl", measurement.scratch / "out.parquet"
    with file.open("wb") as joined:
        for part in measurement.files:
            joined.write(part.read_bytes())
    measurement.begin()
    if measurement.stage == "twins":
        with measurement.timed(), engines.use("threads"):
            twins.find(file, out, THRESHOLD, measurement.cores)
    else:
        command = [sys.executable, "-m", "curation", "twins", str(file), str(out), "--workers", str(measurement.cores)]
        with measurement.timed():
            subprocess.run([*command, "--threshold", str(THRESHOLD)], check=True, capture_output=True)
    kept = pc.sum(pq.read_table(out, columns=["keep"])["keep"]).as_py()
    measurement.tell("curation", kept=kept)


def run_line(measurement: Measurement) -> None:
    """`curate run` until the card, over the JSONL files as a source."""
    without = SLOW if measurement.stage == "line" else ()
    workspace = corpus.lay(measurement.scratch)
    (measurement.scratch / "bench").mkdir()
    for file in measurement.files:
        os.link(file, measurement.scratch / "bench" / file.name)
    source = corpus.SOURCE.replace("incoming/", "bench/").replace("license: unknown", "license: MIT")
    source = source.replace("license: license, published: year, keep: [status, year]", "keep: []")
    workspace.source_file("plant").write_text(source)
    recipe = corpus.RECIPE[: corpus.RECIPE.index("filters:")] + corpus.RECIPE[corpus.RECIPE.index("dedup:") :]
    workspace.recipe_file("energy").write_text(recipe)
    begun = time.perf_counter()
    meeting = measurement.scratch / "meeting"
    meeting.mkdir()
    prepare = partial(_prepared, without, measurement.cores, meeting)
    list(local.map_tasks(prepare, range(measurement.cores), measurement.cores))
    measurement.startup += time.perf_counter() - begun
    with measurement.timed():
        line.run(workspace, "energy", workers=measurement.cores, until="card")
    steps = {str(s["step"]): s["seconds"] for s in workspace.run_steps("energy")}
    measurement.tell("curation", seconds=steps, without=list(without))


def _prepared(without: tuple[str, ...], workers: int, meeting: Path, number: int) -> None:
    """A worker with its kernels loaded and some signals silenced. It waits for the others, so that each gets one call."""
    warm.compile_kernels()
    for name in known(without):
        signals.find(name).annotate = partial(_silent, signals.find(name).COLUMNS)
    (meeting / str(number)).touch()
    while len(list(meeting.iterdir())) < workers:
        time.sleep(0.05)


def _silent(columns: pa.Schema, documents: pa.RecordBatch) -> pa.RecordBatch:
    """Zeros in place of a signal: the line needs its columns, for order and for sums."""
    rows = documents.num_rows
    numeric = (pa.types.is_integer, pa.types.is_floating)
    zeros = [
        pa.repeat(pa.scalar(0, f.type), rows) if any(is_one(f.type) for is_one in numeric) else pa.nulls(rows, f.type)
        for f in columns
    ]
    return pa.record_batch(zeros, schema=columns)


if __name__ == "__main__":
    main()
