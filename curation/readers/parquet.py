"""Parquet; a broken file or row group becomes an unreadable record, its other rows are read."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES = (".parquet",)

ROWS = 512
MAX_BATCH_BYTES = 256 << 20
MAX_RATIO, FREE_BYTES = 200, 256 << 20  # decoded to stored, beyond the first 256 MiB: a dictionary page can turn 4 MB into 40 GB
BYTES_A_VALUE = 8  # a text column that stores fewer is a dictionary of few values, and is read as one


class Options(Declared):
    """`columns`: read only these."""

    columns: list[str] | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a row, keyed by row number from 0."""
    with tempfile.TemporaryFile() as spool:
        if not stream.seekable():
            shutil.copyfileobj(stream, spool)
            spool.seek(0)
            stream = spool  # type: ignore[assignment]
        try:
            file = pq.ParquetFile(stream)
            file = pq.ParquetFile(stream, metadata=file.metadata, read_dictionary=_repeating(file))
        except (pa.ArrowException, OSError) as error:
            yield Unreadable("not_parquet", str(error).splitlines()[0])
            return
        size = stream.seek(0, io.SEEK_END)
        number = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            read_rows = 0
            try:
                _demand_sound(file.metadata.row_group(group))
                for batch in file.iter_batches(ROWS, row_groups=[group], columns=options.columns):
                    batch.validate(full=True)
                    decoded = _decoded_bytes(batch)
                    if decoded > MAX_BATCH_BYTES:
                        raise pa.ArrowInvalid(f"{batch.num_rows} rows decode to {decoded} bytes")
                    if read_rows == 0 and decoded / batch.num_rows * file.metadata.num_rows > FREE_BYTES + MAX_RATIO * size:
                        raise pa.ArrowInvalid(
                            f"{file.metadata.num_rows} rows in {size} bytes, of {decoded // batch.num_rows} bytes each: not a sound file"
                        )
                    for row in batch.to_pylist():
                        yield Record(row, str(number + read_rows))
                        read_rows += 1
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                yield Unreadable("broken_row_group", str(error).splitlines()[0], str(number + read_rows))
            number += rows


def _repeating(file: pq.ParquetFile) -> list[str]:
    """Text columns that hold few values many times; they stay dictionaries, which costs nothing and hides no size."""
    found = set()
    names = {field.name for field in file.schema_arrow if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)}
    for group in range(file.num_row_groups):
        row_group = file.metadata.row_group(group)
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            if column.path_in_schema in names and column.total_uncompressed_size < BYTES_A_VALUE * column.num_values:
                found.add(column.path_in_schema)
    return sorted(found)


def _demand_sound(group: Any) -> None:
    for place in range(group.num_columns):
        column = group.column(place)
        if column.total_uncompressed_size > FREE_BYTES + MAX_RATIO * column.total_compressed_size:
            raise pa.ArrowInvalid(
                f"column {column.path_in_schema}: {column.total_compressed_size} bytes for {column.total_uncompressed_size}"
            )


def _decoded_bytes(batch: pa.RecordBatch) -> int:
    """Bytes of a batch when its dictionaries are written out."""
    total = batch.nbytes
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.binary_length(column.dictionary)
            total += pc.sum(lengths.take(column.indices)).as_py() or 0
    return total
