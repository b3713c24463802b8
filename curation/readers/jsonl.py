"""JSON Lines, one object a line; or one JSON array of objects, as many instruction sets are."""

import io
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
    else:
        yield from _lines(first, stream)


def _lines(line: bytes, stream: BinaryIO) -> Iterator[Record | Unreadable]:
    number = 0
    while line:
        number += 1
        if found := _line(line, stream, number):
            yield found
        line = stream.readline(MAX_LINE)


def _line(line: bytes, stream: BinaryIO, number: int) -> Record | Unreadable | None:
    if len(line) == MAX_LINE and not line.endswith(b"\n"):
        while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
            pass
        return Unreadable("line_too_long", f"more than {MAX_LINE} bytes", str(number))
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    if not line.strip():
        return None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Unreadable("not_json", str(error), str(number))
    return _record(value, number)


def _record(value: object, number: int) -> Record | Unreadable:
    if isinstance(value, dict):
        return Record(value, str(number))
    return Unreadable("not_an_object", f"a JSON {type(value).__name__}", str(number))


def _array(first: bytes, stream: BinaryIO) -> Iterator[Record | Unreadable]:
    content = first + stream.read(MAX_ARRAY)
    try:
        if len(content) > MAX_ARRAY:
            if len(first) == MAX_LINE or not _is_json(first):  # the first line alone is no record: it is an array
                yield Unreadable("too_large", f"an array of more than {MAX_ARRAY} bytes; write one object a line")
                return
            raise ValueError
        values = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:  # no array, or one too large to hold: lines, of which the first begins with a bracket
        whole = io.BytesIO(content)
        rest = io.BufferedReader(_Chained(whole, stream), 1 << 16)  # type: ignore[type-var]
        yield from _lines(rest.readline(MAX_LINE), rest)
        return
    for number, value in enumerate(values, 1):
        yield _record(value, number)


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


class _Chained(io.RawIOBase):
    """What was read already, then the rest."""

    def __init__(self, *parts: BinaryIO) -> None:
        self._parts = list(parts)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while self._parts:
            if piece := self._parts[0].read(len(buffer)):
                buffer[: len(piece)] = piece
                return len(piece)
            self._parts.pop(0)
        return 0
