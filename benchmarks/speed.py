"""MB/s of every signal and of deduplication, and seconds of the line, on any file with id and text.

    make bench                        a generated corpus of 20 MB, half Chinese
    make bench INPUT=corpus.parquet   your own file

One process, start-up and compilation left out; text is repeated with distinct marks to at least 200 MB for what is fast.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curation import line, plainfile, signals, warm
from curation.store import Workspace
from tests import corpus

FAST = {"minhash", "license", "pii"}


def main(arguments: list[str]) -> None:
    """Print one table."""
    warm.compile_kernels()
    batches = list(plainfile.batches(Path(arguments[0]))) if arguments else _generated()
    size = sum(pc.sum(pc.binary_length(b["text"])).as_py() for b in batches) / 1e6
    print(f"{sum(b.num_rows for b in batches):,} documents, {size:.1f} MB of text")
    for name in signals.names():
        module = signals.find(name)
        times = max(1, round(200 / size)) if name in FAST else 1
        begun = time.perf_counter()
        for turn in range(times):
            for batch in batches:
                module.annotate(batch if turn == 0 else _marked(batch, turn))
        seconds = time.perf_counter() - begun
        print(f"  {name:12} {size * times / seconds:8.1f} MB/s")
    for workers in (1, 2):
        _line(batches, size, workers)


def _marked(batch: pa.RecordBatch, turn: int) -> pa.RecordBatch:
    marked = pc.binary_join_element_wise(
        batch["text"], pa.scalar(f" {turn}", pa.large_string()), pa.scalar("", pa.large_string())
    )
    return batch.set_column(batch.schema.get_field_index("text"), "text", marked)


def _line(batches: list[pa.RecordBatch], size: float, workers: int) -> None:
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        workspace: Workspace = corpus.lay(root)
        (root / "bench").mkdir()
        pq.write_table(pa.Table.from_batches(batches).select(["id", "text"]), root / "bench" / "bench.parquet")
        source = corpus.SOURCE.replace("incoming/*.jsonl", "bench/*.parquet").replace("format: jsonl", "format: parquet")
        source = source.replace("license: license, published: year, keep: [status, year]", "keep: []").replace(
            "license: unknown", "license: MIT"
        )
        workspace.source_file("plant").write_text(source)
        recipe = corpus.RECIPE[: corpus.RECIPE.index("filters:")] + corpus.RECIPE[corpus.RECIPE.index("dedup:") :]
        workspace.recipe_file("energy").write_text(recipe)
        begun = time.perf_counter()
        line.run(workspace, "energy", workers=workers, until="card")
        seconds = time.perf_counter() - begun
        steps = ", ".join(f"{s['step']} {s['seconds']:.1f}" for s in workspace.run_steps("energy"))
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
        print(
            f"  the line, {workers} worker(s): {seconds:.1f} s, {size / seconds:.1f} MB/s, peak {peak:.0f} MB a process ({steps})"
        )


def _generated() -> list[pa.RecordBatch]:
    rows = [{"id": f"{lang}{n}", "text": corpus.paragraph(lang, n)} for n in range(6000) for lang in ("zh", "en")]
    return [plainfile._batch(rows[i : i + plainfile.ROWS], Path("generated")) for i in range(0, len(rows), plainfile.ROWS)]


if __name__ == "__main__":
    main(sys.argv[1:])
