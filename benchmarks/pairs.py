"""The search for pairs: is it right, and what does it cost from 10^4 to 10^7 documents?

    python -m benchmarks.pairs accuracy CORPUS PAIRS      recall and precision against all pairs of exact Jaccard
    python -m benchmarks.pairs scale [10000 ...]          signatures only; seconds and memory, into docs/dedup-scale.*
    python -m benchmarks.pairs plan                       10^9 documents from what was measured, into docs/at-scale.md

The scale's documents are synthetic signatures: three in ten are revisions, at a Jaccard drawn from 0.5 to 1, of a document
that lies anywhere before them. They are written as the line's sidecars are (Parquet, zstd), outside the time.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit
from numpy.typing import NDArray

from curation import twins, warm
from curation.dedup import decide, edges
from curation.kernels.shingles import PERMUTATIONS
from curation.pairing import BLOCK_ROWS, Pairing, Signed, block_size
from curation.store import Workspace, parquet_writer

DOCS = Path(__file__).resolve().parent.parent / "docs"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
THRESHOLD = 0.8
SIDECAR = pa.schema([pa.field("signature", pa.list_(pa.uint32(), PERMUTATIONS))])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _value(document, place):  # type: ignore[no-untyped-def]
    h = np.uint64(document) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(place) * np.uint64(0xC2B2AE3D27D4EB4F)
    h = (h ^ (h >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return (h ^ (h >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _synthetic(start, out):  # type: ignore[no-untyped-def]
    for row in range(out.shape[0]):
        document = start + row
        base = document
        share = np.uint64(0)
        drawn = _value(document, 1000)
        if document > 0 and drawn % np.uint64(10) < np.uint64(3):
            base = int(_value(document, 1001) % np.uint64(document))
            share = (_value(document, 1002) >> np.uint64(33)) // np.uint64(2)  # of 2^31: up to one half is replaced
        for place in range(out.shape[1]):
            own = (_value(document, 2000 + place) >> np.uint64(33)) < share
            out[row, place] = np.uint32(_value(document if own else base, place) >> np.uint64(32))


@dataclass(frozen=True)
class Synthetic:
    """Signatures in a sidecar of this machine."""

    path: Path
    start: int
    rows: int
    has_texts: bool = False

    def write(self) -> None:
        """As `annotate` writes them."""
        values = np.empty((self.rows, PERMUTATIONS), np.uint32)
        _synthetic(self.start, values)
        column = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), PERMUTATIONS)
        with parquet_writer(self.path, SIDECAR) as writer:
            writer.write_table(pa.table([column], schema=SIDECAR))

    def signed(self) -> Signed:
        """The sidecar, and a content of its own for every document."""
        column = pq.read_table(self.path)["signature"].combine_chunks()
        contents = np.column_stack(
            [np.arange(self.start, self.start + self.rows, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)] * 2
        )
        return Signed(
            column.flatten().to_numpy().reshape(-1, PERMUTATIONS), np.ones(self.rows, bool), contents, np.ones(self.rows, bool)
        )

    def texts(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], pa.Array]]:
        """There are none."""
        raise NotImplementedError


def scale(count: int, workers: int) -> dict[str, Any]:
    """Seconds and peak memory (this process and its workers together) for so many documents."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        blocks = [
            Synthetic(folder / f"{start}.parquet", start, min(BLOCK_ROWS, count - start)) for start in range(0, count, BLOCK_ROWS)
        ]
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            pool.map(Synthetic.write, blocks)
        pairing = Pairing(Workspace(folder), "scale", blocks, THRESHOLD, workers)
        with _Peak() as peak:
            begun = time.perf_counter()
            equal, near, _ = pairing.find()
            searched = time.perf_counter() - begun
            numbers = np.unique(near.pairs)
            rows = np.searchsorted(numbers, near.pairs)
            decision = decide.decide(
                np.arange(len(numbers)), np.ones(len(numbers), bool), equal, rows, near.similarity,
                lambda pairs: np.nan_to_num(pairing.compare(numbers[pairs]), nan=0.0), THRESHOLD,
            )  # fmt: skip
            seconds = time.perf_counter() - begun
    return {
        "documents": count,
        "workers": workers,
        "seconds": round(seconds, 2),
        "of_which_search": round(searched, 2),
        "peak_mb": round(peak.bytes / 1e6),
        "pairs": len(near.pairs),
        "removed": int((decision.twin >= 0).sum()),
        "chained": decision.chained,
    }


class _Peak:
    """The most memory that this process and its children had together (proportional share of what they map in common)."""

    def __enter__(self) -> "_Peak":
        self.bytes, self._done = 0, threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()
        self._look()  # a short search ends between two looks

    def _sample(self) -> None:
        while not self._done.wait(0.25):
            self._look()

    def _look(self) -> None:
        own, total = psutil.Process(), 0
        for process in [own, *own.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.bytes = max(self.bytes, total)


def accuracy(corpus: Path, pairs: Path) -> list[dict[str, Any]]:
    """Of pairs in all, and by language: recall and precision at 0.7 and 0.8, with and without exact Jaccard."""
    table = pq.read_table(corpus, columns=["id", "lang"])
    ids = table["id"].to_pylist()
    language = dict(zip(ids, table["lang"].to_pylist(), strict=True))
    truth = {tuple(sorted((row["a"], row["b"]))): row["jaccard"] for row in pq.read_table(pairs).to_pylist()}
    out = []
    for threshold in (0.7, 0.8):
        for estimate_only in (False, True):
            found = _pairs(corpus, ids, threshold, estimate_only)
            for part in ("all", "zh", "en"):
                inside = lambda pair, part=part: part == "all" or all(language[one] == part for one in pair)  # noqa: E731
                wanted = {pair for pair, jaccard in truth.items() if jaccard >= threshold and inside(pair)}
                got = {pair for pair in found if inside(pair)}
                both = len(wanted & got)
                out.append(
                    {"threshold": threshold, "estimate_only": estimate_only, "part": part, "pairs": len(wanted),
                     "recall": round(both / len(wanted), 4), "precision": round(both / len(got), 4)}
                )  # fmt: skip
    return out


def _pairs(corpus: Path, ids: list[str], threshold: float, estimate_only: bool) -> set[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as made:
        chunks = list(twins._chunks(corpus, Path(made)))
        blocks = [twins._spool(Path(made), (n, chunk)) for n, chunk in enumerate(chunks)]
        equal, near, _ = Pairing(Workspace(made), "pairs", blocks, threshold, estimate_only=estimate_only).find()
    same: dict[int, list[int]] = {}
    for first, other in equal.tolist():
        same.setdefault(first, [first]).append(other)
    groups = list(same.values())
    found = {(a, b) for group in groups for a in group for b in group if a < b}
    found |= {(x, y) for a, b in near.pairs.tolist() for x in same.get(a, [a]) for y in same.get(b, [b])}
    return {tuple(sorted((ids[a], ids[b]))) for a, b in found}


def plot(lines: list[dict[str, Any]]) -> None:
    """Seconds and memory against documents, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    counts = [line["documents"] for line in lines]
    axes.loglog(counts, [line["seconds"] for line in lines], "o-", label="seconds")
    axes.loglog(counts, [line["peak_mb"] / 1000 for line in lines], "s--", label="GB, all processes")
    axes.set_xlabel("documents")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(DOCS / "dedup-scale.png", dpi=110, metadata={"Software": None})


PLANNED, MEAN_BYTES, MACHINES, CORES = 10**9, 2000, 16, 32
PLAN = """# A run of {documents:,} documents, planned from measured unit costs

{text_tb:.1f} TB of text ({mean:,} bytes a document), {machines} machines of {cores} cores, data on an object store that all reach.
Written by `python -m benchmarks.pairs plan` from docs/speed.json (`line_exact`, one core, {corpus}; {machine}) and
docs/dedup-scale.json ({measured:,} documents); do not edit. Extrapolated, not run: nobody here has such a machine.

{table}

*Spread* steps run through the engine, a task a shard or block; *one* process runs the others, on the machine that runs the step.

What moves, beside reading the text once for each step:

- band keys: {keys} keys of 16 bytes a document, written once and read once: {keys_tb:.1f} TB each way;
- signatures: 512 bytes a document, read three times: {signatures_tb:.1f} TB;
- candidates: 528 bytes for each pair whose documents lie in different blocks: {mail_tb:.2f} TB for {pairs:.2f} pairs a document;
- {blocks:,} blocks of {block_rows:,} documents send at most {messages:.1f} million parcels a round. Blocks grow with the root of the number of documents.

What the one process holds: 24 bytes a verified pair ({pairs_gb:.1f} GB) and about 115 bytes for the id of each document that
goes ({gone_gb:.0f} GB if three in ten go). Cost grows a little faster than the number of documents (from 10^6 to 10^7: {growth:.1f} times),
since band keys no longer fit into the memory of this machine and the disk writes them; an object store's speed decides there.
"""


def plan(folder: Path) -> str:
    """What 10^9 documents would take."""
    lines = json.loads((folder / "dedup-scale.json").read_text(encoding="utf-8"))
    speed = json.loads((folder / "speed.json").read_text(encoding="utf-8"))
    line = next(x for x in speed["lines"] if (x["stage"], x["cores"]) == ("line_exact", 1))
    most, before = lines[-1], lines[-2]
    text = PLANNED * MEAN_BYTES
    cores = MACHINES * CORES
    rows = []

    def step(name: str, where: str, cpu_seconds: float, unit: str) -> None:
        hours = cpu_seconds / 3600
        rows.append([name, where, unit, f"{hours:,.1f}", f"{hours / (cores if where == 'spread' else 1):,.2f}"])

    for name, where in (("extract", "spread"), ("annotate", "spread"), ("filter", "one"), ("assemble", "one")):
        seconds = line["detail"]["seconds"][name]
        step(name, where, seconds / line["bytes"] * text, f"{seconds / line['bytes'] * 1e9:,.1f} s a GB")
    per_document = most["of_which_search"] * most["workers"] / most["documents"]
    step("dedup: pairs", "spread", per_document * PLANNED, f"{per_document * 1e6:.1f} s a million documents")
    rest = (most["seconds"] - most["of_which_search"]) / most["documents"]
    step("dedup: who stays", "one", rest * PLANNED, f"{rest * 1e6:.1f} s a million documents")
    head = ["step", "where", "measured", "core hours", "hours"]
    table = "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
    keys = edges.bands(THRESHOLD)[0] + 1
    pairs = most["pairs"] / most["documents"]
    block_rows = block_size(PLANNED)
    blocks = -(-PLANNED // block_rows)
    return PLAN.format(
        documents=PLANNED, mean=MEAN_BYTES, text_tb=text / 1e12, machines=MACHINES, cores=CORES, table=table,
        corpus=speed["corpus"], machine=speed["machine"], measured=most["documents"],
        keys=keys, keys_tb=PLANNED * keys * 16 / 1e12, signatures_tb=3 * 512 * PLANNED / 1e12,
        mail_tb=528 * pairs * PLANNED / 1e12, pairs=pairs, pairs_gb=24 * pairs * PLANNED / 1e9, blocks=blocks,
        block_rows=block_rows, messages=blocks**2 / 1e6, gone_gb=0.3 * 115 * PLANNED / 1e9,
        growth=most["seconds"] / before["seconds"],
    )  # fmt: skip


def main() -> int:
    """What is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("accuracy", "scale", "plan"))
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    if asked.what == "plan":
        (DOCS / "at-scale.md").write_text(plan(DOCS), encoding="utf-8")
        return 0
    warm.compile_kernels()
    if asked.what == "accuracy":
        lines = accuracy(*map(Path, asked.arguments))
    else:
        lines = []
        for size in map(int, asked.arguments or SIZES):
            lines.append(scale(size, asked.workers))
            print(json.dumps(lines[-1]), flush=True)
        if not asked.arguments:
            plot(lines)
    if asked.what == "accuracy" or not asked.arguments:
        (DOCS / f"dedup-{asked.what}.json").write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    print(*map(json.dumps, lines), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
