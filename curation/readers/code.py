"""Source code: one file, one document; its SPDX header is a license claim."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.license import from_spdx_header
from curation.readers import Record, Unreadable


class Options(Declared):
    """`charset`: what the publisher says."""

    charset: str | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title` (the file's name), `suffix`."""
    try:
        text = decode(stream.read(), options.charset)
    except NotText as error:
        yield Unreadable("not_text", str(error))
        return
    path = PurePosixPath(name)
    yield Record({"text": text, "title": path.name, "suffix": path.suffix}, claims=from_spdx_header(text, name))
