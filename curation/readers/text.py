"""Plain text: one file, one document; the first line is its title when it is short."""

from collections.abc import Iterator
from typing import BinaryIO

from curation.license import from_header
from curation.readers import Record, TextOptions, Unreadable, whole_text

SUFFIXES = (".txt", ".text")

Options = TextOptions


def read(stream: BinaryIO, name: str, options: TextOptions) -> Iterator[Record | Unreadable]:
    """One record: `text`, and `title` where the first line looks like one."""
    text = whole_text(stream, options)
    if isinstance(text, Unreadable):
        yield text
        return
    first = text.lstrip().split("\n", 1)[0].strip()
    yield Record({"text": text, "title": first if 0 < len(first) <= 100 else None}, claims=from_header(text, name))
