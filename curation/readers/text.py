"""Plain text: one file, one document; the first line is its title when it is short."""

from collections.abc import Iterator
from typing import BinaryIO

from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.license import from_spdx_header
from curation.readers import Record, Unreadable


class Options(Declared):
    """`charset`: what the publisher says."""

    charset: str | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, and `title` where the first line looks like one."""
    try:
        text = decode(stream.read(), options.charset)
    except NotText as error:
        yield Unreadable("not_text", str(error))
        return
    first = text.lstrip().split("\n", 1)[0].strip()
    yield Record({"text": text, "title": first if 0 < len(first) <= 100 else None}, claims=from_spdx_header(text, name))
