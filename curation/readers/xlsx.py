"""Excel workbooks (Office Open XML): each row of a sheet is a record by its header, with the values as last calculated.

Read by openpyxl as a stream: python-calamine is faster, and a file of 5 kB with two far cells makes it ask for 512 GB and end the process.
How rows become text is said in the source's map, as for CSV: `map: {text: "{question}\\n{answer}"}`. Macros never run.
"""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from pydantic import Field

from curation.declaration import Declared
from curation.office import Refused, opened
from curation.readers import Record, Unreadable

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".et")

MOST_COLUMNS = 2_000


class Options(Declared):
    """`sheets`: names, else all; `header`: the row that names the columns, from 1."""

    sheets: list[str] | None = None
    header: int = Field(1, ge=1, le=1000)


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a row that has any value, keyed `sheet:row`; the sheet's name is the column `_sheet`."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    faults = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, SyntaxError)  # fmt: skip
    file = opened(stream, "[Content_Types].xml", "xlsx")
    if isinstance(file, Refused):
        yield Unreadable(*file)
        return
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except faults as error:  # a part that is missing, cut or of another kind
        yield Unreadable("broken_xlsx", f"{type(error).__name__}: {error}"[:300])
        return
    missing = [sheet for sheet in options.sheets or () if sheet not in book.sheetnames]
    for sheet in missing:
        yield Unreadable("no_sheet", f"sheet {sheet!r} is not in the workbook; it has: {', '.join(book.sheetnames)[:300]}", sheet)
    for sheet in book.sheetnames:
        if options.sheets is not None and sheet not in options.sheets:
            continue
        try:
            yield from _rows(book[sheet], sheet, options)
        except faults as error:
            yield Unreadable("broken_xlsx", f"{type(error).__name__}: {error}"[:300], sheet)


def _rows(sheet: Any, name: str, options: Options) -> Iterator[Record | Unreadable]:
    if not hasattr(sheet, "iter_rows"):  # a chart has a sheet of its own
        return
    header: list[str] | None = None
    before: Any = None
    for number, row in enumerate(sheet.iter_rows(min_row=options.header, max_col=MOST_COLUMNS, values_only=True), options.header):
        if row is before:  # the library's one row for every row that is not there: a small file may leave out a million
            continue
        before = row
        width = len(row)
        while width and row[width - 1] is None:
            width -= 1
        values = [_plain(value) for value in row[:width]]
        while values and values[-1] is None:
            values.pop()
        if header is None:
            header = [str(value).strip() if value is not None else f"column_{k}" for k, value in enumerate(values, 1)]
            if len(set(header)) < len(header):
                twice = sorted({one for one in header if header.count(one) > 1})
                yield Unreadable(
                    "header_twice", f"two columns are called {twice[0]!r}; say the header's row, or name them apart", name
                )
                return
            continue
        if not values:
            continue
        if len(values) > len(header):
            yield Unreadable("wrong_width", f"{len(values)} cells; the header has {len(header)}", f"{name}:{number}")
            continue
        cells = dict(zip(header, values + [None] * (len(header) - len(values)), strict=True))
        yield Record({**cells, "_sheet": name}, f"{name}:{number}")


def _plain(value: Any) -> Any:
    """A cell as text; numbers stay numbers, days are ISO 8601, an error of a formula is no value."""
    if value is None or (
        isinstance(value, str)
        and (not value.strip() or value.startswith(("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!")))
    ):
        return None
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
