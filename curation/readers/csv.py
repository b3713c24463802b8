"""CSV with a header line; the charset is found as everywhere, the delimiter is declared."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from pydantic import Field

from curation.declaration import Declared
from curation.decoding import NotText, charset
from curation.readers import Record, Unreadable

SUFFIXES = (".csv", ".tsv")

PEEK = 1 << 20
csv.field_size_limit(16 << 20)


class Options(Declared):
    """`charset`: what the publisher says; `delimiter`: one character (default: a tab in .tsv, else a comma)."""

    delimiter: str | None = Field(None, min_length=1, max_length=1)
    charset: str | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a row, keyed by row number from 1; a row of another width than the header is unreadable."""
    buffered = io.BufferedReader(stream, PEEK)  # type: ignore[type-var]
    try:
        encoding = charset(buffered.peek(PEEK)[:PEEK], options.charset)
    except NotText as error:
        yield Unreadable("not_text", str(error))
        return
    lines = io.TextIOWrapper(buffered, encoding=encoding, errors="strict", newline="")
    tabs = name.lower().endswith((".tsv", ".tsv.gz", ".tsv.zst"))
    rows = csv.reader(lines, delimiter=options.delimiter or ("\t" if tabs else ","), strict=True)
    header: list[str] | None = None
    number = 0
    while True:
        try:
            row = next(rows, None)
        except UnicodeDecodeError as error:
            yield Unreadable("not_text", f"{error.reason} near byte {error.start}; the rest of the file is not read", str(number))
            return
        except csv.Error as error:
            yield Unreadable("not_csv", str(error), str(number + 1))
            number += 1
            continue
        if row is None:
            return
        if header is None:
            header = row
            continue
        number += 1
        if not row:
            continue
        if len(row) == len(header):
            yield Record(dict(zip(header, row, strict=True)), str(number))
        else:
            yield Unreadable("wrong_width", f"{len(row)} fields; the header has {len(header)}", str(number))
