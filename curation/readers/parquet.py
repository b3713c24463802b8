"""Parquet; a broken file or row group becomes an unreadable record, its other rows are read."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES = (".parquet",)

ROWS = 512  # a dictionary page can turn 4 MB into 40 GB: the cap is on rows x decoded bytes
MAX_BATCH_BYTES = 512 << 20


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
        except (pa.ArrowException, OSError) as error:
            yield Unreadable("not_parquet", str(error).splitlines()[0])
            return
        number = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            read_rows = 0
            try:
                for batch in file.iter_batches(ROWS, row_groups=[group], columns=options.columns):
                    batch.validate(full=True)
                    if batch.nbytes > MAX_BATCH_BYTES:
                        raise pa.ArrowInvalid(f"{ROWS} rows decode to {batch.nbytes} bytes")
                    for row in batch.to_pylist():
                        yield Record(row, str(number + read_rows))
                        read_rows += 1
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                yield Unreadable("broken_row_group", str(error).splitlines()[0], str(number + read_rows))
            number += rows
