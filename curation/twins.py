"""Near-duplicates of any JSONL or Parquet file with `id` and `text`: no workspace needed, and the same engine as the line."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation import archive, engines, plainfile
from curation.dedup import decide
from curation.dedup.edges import Pairs, Similarities
from curation.errors import DataError, DeclarationError
from curation.kernels.shingles import signatures_and_digests
from curation.pairing import Pairing, Signed
from curation.store import Workspace, parquet_writer

CHUNK = 16 << 20  # bytes of JSONL a task
PIECE_ROWS = 4096  # texts compared at once
OUT = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("cluster", pa.string()),  # the id that stays of each cluster
        pa.field("keep", pa.bool_()),
        pa.field("twin", pa.string()),
        pa.field("jaccard", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Chunk:
    """A byte range of a JSONL file, or row groups of a Parquet file."""

    source: Path
    start: int
    end: int

    def table(self) -> pa.Table:
        """`id` and `text`, both strings. Raises DataError `file: row: fault`."""
        try:
            table = self._parquet() if self.source.suffix == ".parquet" else self._jsonl()
            if {"id", "text"} <= set(table.column_names):
                table = table.select(["id", "text"]).cast(pa.schema([("id", pa.string()), ("text", pa.large_string())]))
                if not table["id"].null_count and not table["text"].null_count:
                    table.validate(full=True)
                    return table.combine_chunks()
        except pa.ArrowInvalid:
            pass
        # the patient reader takes ids that are numbers, and says what is wrong in which row
        rows = [b.select(["id", "text"]) for b in plainfile.batches(self.source)]
        if self.source.suffix != ".parquet":
            raise DataError(f"{self.source}: ids must all be strings, or all numbers")
        return pa.Table.from_batches(rows).combine_chunks()

    def _parquet(self) -> pa.Table:
        file = pq.ParquetFile(self.source)
        return file.read_row_groups(range(self.start, self.end), columns=["id", "text"])

    def texts(self, wanted: NDArray[np.int64], rows: int) -> pa.Array:
        """The texts of some rows of the chunk's `rows`, of which `table` has read every one before."""
        if self.source.suffix != ".parquet":
            content = self._content()
            ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n"))
            starts = np.r_[0, ends + 1][: len(ends) + (not content.endswith(b"\n"))]
            if len(starts) == rows:  # no blank line: rows are lines
                ends = np.r_[ends, len(content)][:rows]
                lines = zip(starts[wanted].tolist(), ends[wanted].tolist(), strict=True)
                some = self._parsed(b"\n".join(content[start:end] for start, end in lines))
                if some.num_rows == len(wanted):
                    return some["text"].cast(pa.large_string()).combine_chunks()
        return self.table()["text"].combine_chunks().take(pa.array(wanted))

    def _content(self) -> bytes:
        with self.source.open("rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start)

    def _jsonl(self) -> pa.Table:
        return self._parsed(self._content())

    @staticmethod
    def _parsed(content: bytes) -> pa.Table:
        if not content.strip():
            return pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.large_string())})
        read = pj.ReadOptions(use_threads=False, block_size=len(content) + 1)
        for kind in (pa.string(), pa.int64()):
            schema = pa.schema([("id", kind), ("text", pa.string())])
            try:
                return pj.read_json(pa.BufferReader(content), read, pj.ParseOptions(schema, unexpected_field_behavior="ignore"))
            except pa.ArrowInvalid:
                if kind == pa.int64():
                    raise
        raise AssertionError


@dataclass(frozen=True)
class Spooled:
    """A chunk whose ids, signatures and digests lie in a folder of this run: a block to find pairs in."""

    chunk: Chunk
    folder: Path
    rows: int
    has_texts: bool = True

    def signed(self) -> Signed:
        """As they were written when the chunk was read first."""
        digests, counts = np.load(self.folder / "digests.npy"), np.load(self.folder / "counts.npy")
        return Signed(np.load(self.folder / "signatures.npy"), counts > 0, digests, counts > 0)

    def texts(self, wanted: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], pa.Array]]:
        """Read again from the file."""
        texts = self.chunk.texts(wanted, self.rows)
        for start in range(0, len(wanted), PIECE_ROWS):
            yield wanted[start : start + PIECE_ROWS], texts.slice(start, PIECE_ROWS)


def find(
    source: Path,
    target: Path,
    threshold: float = 0.7,
    workers: int = 1,
    estimate_only: bool = False,
    tell: Callable[[str, str, int, int], None] = lambda stage, title, done, total: None,
) -> dict[str, Any]:
    """Write `id, cluster, keep, twin, jaccard` for every row; the longest of a cluster stays, ties by id.

    `tell` hears (stage, title, done, total).
    """
    if not 0.5 <= threshold <= 1.0:
        raise DeclarationError(f"--threshold {threshold:g}: allowed 0.5 to 1.0")
    if not source.is_file():
        raise DataError(f"{source}: no such file")
    with plainfile.replacing(target) as staged, tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as made:
        scratch = Path(made)
        chunks = list(_chunks(source, scratch))
        blocks = []
        tell("sign", f"signatures of {source.name}", 0, len(chunks))
        for done, block in enumerate(engines.map_tasks(partial(_spool, scratch), list(enumerate(chunks)), workers), 1):
            blocks += [block] if block.rows else []
            tell("sign", "", done, len(chunks))
        ids, counts = _ids(source, blocks)
        tell("pairs", f"near-duplicates among {len(ids):,} documents", 0, 1)
        pairing = Pairing(Workspace(scratch), "twins", blocks, threshold, workers, estimate_only=estimate_only)
        equal, near, _ = pairing.find()
        tell("decide", f"who stays, of {len(equal) + len(near.pairs):,} pairs", 0, 1)
        twin, how = _decided(ids, counts, pairing, equal, near.pairs, near.similarity, threshold)
        is_twin = twin != np.arange(len(ids))
        mask = pa.array(is_twin)
        table = pa.table(
            {
                "id": ids,
                "cluster": ids.take(pa.array(twin)),
                "keep": pa.array(~is_twin),
                "twin": pc.if_else(mask, ids.take(pa.array(twin)), None),
                "jaccard": pa.array(how, mask=~is_twin),
            },
            schema=OUT,
        )
        with parquet_writer(staged, OUT) as writer:
            writer.write_table(table)
    tell("decide", "", 1, 1)
    by_content = int((how[is_twin] == 1.0).sum())
    gone = int(is_twin.sum())
    return {"documents": len(ids), "kept": len(ids) - gone, "twins": gone, "identical": by_content, "pairs": len(near.pairs)}


def _decided(
    ids: pa.Array,
    counts: NDArray[np.int32],
    pairing: Pairing,
    equal: Pairs,
    near: Pairs,
    similarity: Similarities,
    threshold: float,
) -> tuple[NDArray[np.int64], Similarities]:
    """For each row the row that stays in its place (itself: it stays), and their similarity."""
    numbers = np.unique(np.concatenate([equal.reshape(-1), near.reshape(-1)]))
    named = ids.take(pa.array(numbers)).to_numpy(zero_copy_only=False)
    order = np.empty(len(numbers), np.int64)
    order[np.lexsort([named, -counts[numbers]])] = np.arange(len(numbers))
    equal_rows, near_rows = np.searchsorted(numbers, equal), np.searchsorted(numbers, near)

    def compare(pairs: Pairs) -> Similarities:
        return np.nan_to_num(pairing.compare(numbers[pairs]), nan=0.0)

    decision = decide.decide(order, np.ones(len(numbers), bool), equal_rows, near_rows, similarity, compare, threshold)
    twin, how = np.arange(len(ids)), np.full(len(ids), np.nan)
    goes = decision.twin >= 0
    twin[numbers[goes]], how[numbers[goes]] = numbers[decision.twin[goes]], decision.similarity[goes]
    return twin, how


def _ids(source: Path, blocks: list[Spooled]) -> tuple[pa.Array, NDArray[np.int32]]:
    if not blocks:
        raise DataError(f"{source}: no rows")
    found = [pa.ipc.open_file(pa.memory_map(str(block.folder / "ids.arrow"))).read_all()["id"] for block in blocks]
    ids = pa.chunked_array([chunk for column in found for chunk in column.chunks]).combine_chunks()
    if len(pc.unique(ids)) != len(ids):
        raise DataError(f"{source}: ids are not unique")
    return ids, np.concatenate([np.load(block.folder / "counts.npy") for block in blocks])


def _chunks(source: Path, scratch: Path) -> Iterator[Chunk]:
    """The file in parts that tasks read by themselves; a compressed JSONL file is unpacked once."""
    if source.suffix == ".parquet":
        groups = plainfile.parquet(source).metadata.num_row_groups
        yield from (Chunk(source, group, group + 1) for group in range(groups))
        return
    if source.suffix in {".gz", ".zst"}:
        with source.open("rb") as stream, archive.decompressed(stream, source.name) as (plain, name):
            plainfile.demand_jsonl(source, name)
            unpacked = scratch / name
            with unpacked.open("wb") as out:
                while part := plain.read(CHUNK):
                    out.write(part)
        source = unpacked
    plainfile.demand_jsonl(source, source.name)
    size = source.stat().st_size
    with source.open("rb") as file:
        start = 0
        while start < size:
            file.seek(min(start + CHUNK, size))
            file.readline()
            end = file.tell()
            yield Chunk(source, start, end)
            start = end


def _spool(scratch: Path, task: tuple[int, Chunk]) -> Spooled:
    number, chunk = task
    table = chunk.table()
    folder = scratch / f"chunk-{number:05d}"
    folder.mkdir()
    texts = table["text"].combine_chunks() if table.num_rows else pa.array([], pa.large_string())
    values, counts, digests = signatures_and_digests(texts)
    for name, array in (("signatures", values), ("digests", digests), ("counts", counts)):
        np.save(folder / f"{name}.npy", array)
    with pa.ipc.new_file(folder / "ids.arrow", pa.schema([("id", pa.string())])) as writer:
        writer.write_table(table.select(["id"]))
    return Spooled(chunk, folder, table.num_rows)
