"""JSON Lines, one object a line; or one JSON array of objects, as many instruction sets are."""

from collections.abc import Iterator
from typing import BinaryIO

import orjson

from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES = (".jsonl", ".ndjson", ".json")

MAX_LINE = 64 << 20
MAX_ARRAY = 128 << 20  # it is read as a whole, and is six times as large in memory


class Options(Declared):
    """No options."""


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a line, keyed by line number (or place in the array) from 1; blank lines are no records."""
    first = stream.readline(MAX_LINE)
    if first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
        yield from _array(first, stream)
        return
    number = 0
    for line in _lines(first, stream):
        number += 1
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Unreadable("line_too_long", f"more than {MAX_LINE} bytes", str(number))
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield Unreadable("not_json", str(error), str(number))
            continue
        if isinstance(value, dict):
            yield Record(value, str(number))
        else:
            yield Unreadable("not_an_object", f"a JSON {type(value).__name__}", str(number))


def _lines(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    line = first
    while line:
        yield line
        line = stream.readline(MAX_LINE)


def _array(first: bytes, stream: BinaryIO) -> Iterator[Record | Unreadable]:
    content = first + stream.read(MAX_ARRAY + 1)
    if len(content) > MAX_ARRAY:
        yield Unreadable("too_large", f"an array of more than {MAX_ARRAY} bytes; write one object a line")
        return
    try:
        values = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        yield Unreadable("not_json", str(error))
        return
    for number, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield Record(value, str(number))
        else:
            yield Unreadable("not_an_object", f"a JSON {type(value).__name__}", str(number))
