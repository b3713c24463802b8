"""JSON Lines, one object a line; also .gz and .zst."""

from collections.abc import Iterator
from typing import BinaryIO

import orjson

from curation.declaration import Declared
from curation.readers import Record, Unreadable

MAX_LINE = 64 << 20


class Options(Declared):
    """No options."""


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a line, keyed by line number from 1; blank lines are no records."""
    number = 0
    while line := stream.readline(MAX_LINE):
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
