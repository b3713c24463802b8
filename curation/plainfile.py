"""One signal over any JSONL or Parquet file with `id` and `text`: no workspace needed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation import archive, signals
from curation.document import CLAIM
from curation.errors import DataError
from curation.license import from_spdx_header
from curation.readers import Record, jsonl
from curation.store import parquet_writer

ROWS = 2048


def annotate(signal: str, source: Path, target: Path) -> int:
    """Write `id` and the signal's columns for every row of `source`; returns the number of rows."""
    module = signals.find(signal)
    named = [pa.field(_named(f"{signal}.{f.name}"), f.type) for f in module.COLUMNS]
    rows = 0
    with replacing(target) as staged, parquet_writer(staged, pa.schema([pa.field("id", pa.string()), *named])) as writer:
        for batch in batches(source):
            out = module.annotate(batch)
            table = pa.Table.from_arrays([batch["id"], *out.columns], names=["id", *(f.name for f in named)])
            writer.write_table(table)
            rows += batch.num_rows
    return rows


def _named(path: str) -> str:
    """Names as in a dataset, except that `language` is the label itself and not `und` where the score is low."""
    return {"language.label": "language", "language.code": "language_code"}.get(path) or signals.published_name(path)


def batches(source: Path) -> Iterator[pa.RecordBatch]:
    """Rows of a JSONL (.gz, .zst) or Parquet file as document-like batches. Raises DataError `file: row: fault`."""
    waiting: list[dict[str, Any]] = []
    for number, row in enumerate(rows(source, ("id", "text", "license")), 1):
        if not isinstance(row.get("text"), str) or row.get("id") is None:
            raise DataError(
                f"{source}: row {number}: `id` and a text in `text` are needed; found {', '.join(map(str, row)) or 'nothing'}"
            )
        waiting.append(row)
        if len(waiting) == ROWS:
            yield _batch(waiting, source)
            waiting = []
    if waiting:
        yield _batch(waiting, source)


def rows(source: Path, columns: tuple[str, ...] | None = None, also: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Rows of a JSONL (.gz, .zst) or Parquet file; of Parquet only some columns where they are named.

    Raises DataError; `also` are formats that the caller reads itself.
    """
    if not source.is_file():
        raise DataError(f"{source}: no such file")
    if source.suffix == ".parquet":
        file = parquet(source)
        wanted = [c for c in columns if c in file.schema_arrow.names] if columns else None
        for batch in file.iter_batches(ROWS, columns=wanted):
            yield from batch.to_pylist()
        return
    with source.open("rb") as stream, archive.decompressed(stream, source.name) as (plain, name):
        demand_jsonl(source, name, also)
        for found in jsonl.read(plain, source.name, jsonl.Options()):
            if not isinstance(found, Record):
                raise DataError(f"{source}: line {found.key}: {found.detail}")
            yield found.fields


def parquet(source: Path) -> pq.ParquetFile:
    """A Parquet file, opened. Raises DataError when it is none."""
    try:
        return pq.ParquetFile(source)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{source}: not a Parquet file ({str(error).splitlines()[0]})") from None


def demand_jsonl(source: Path, name: str, also: tuple[str, ...] = ()) -> None:
    """Raise DataError unless `name`, the source's own or that inside its compression, is that of a JSONL file."""
    if not name.endswith((".jsonl", ".ndjson", ".json")):
        allowed = ", ".join((".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst", *also))
        raise DataError(f"{source}: unknown format; allowed: {allowed}")


def _batch(rows: list[dict[str, Any]], source: Path) -> pa.RecordBatch:
    claims = [[c._asdict() for c in from_spdx_header(row["text"], None)] for row in rows]
    for row, own in zip(rows, claims, strict=True):
        if row.get("license"):
            own.append({"detector": "record", "value": str(row["license"]), "passage": None, "where": source.name})
    try:
        return pa.record_batch(
            {
                "id": pa.array([str(row["id"]) for row in rows]),
                "text": pa.array([row["text"] for row in rows], pa.large_string()),
                "license_claims": pa.array(claims, pa.list_(CLAIM)),
            }
        )
    except (UnicodeEncodeError, pa.ArrowInvalid) as error:
        raise DataError(f"{source}: a text is not valid Unicode ({error})") from None


class replacing:
    """A path beside the target that replaces it when the block ends well."""

    def __init__(self, target: Path) -> None:
        self._target, self._staged = target, target.with_name(f".{target.name}.part")

    def __enter__(self) -> Path:
        if not self._target.parent.is_dir():
            raise DataError(f"{self._target.parent}: no such folder")
        return self._staged

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._staged.replace(self._target)
        else:
            self._staged.unlink(missing_ok=True)
