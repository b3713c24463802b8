"""One file per raw format. Its name is what a source's `format` names.

    class Options(Declared)                                            what `format` may say
    read(stream, name, options) -> Iterator[Record | Unreadable]       records in their order

SUFFIXES says which file names are of the format, for `format: auto`. COMPRESSED = True, where a module has it, means that it reads .gz and .zst bytes itself.
A reader yields an Unreadable for what it cannot read and goes on; it raises only for bugs of ours.
"""

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.license import Claim

LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(slots=True)
class Record:
    """One record: `fields` by name (prose has `text` and perhaps `title`); `key` is its place in the file."""

    fields: dict[str, Any]
    key: str | None = None
    claims: list[Claim] = field(default_factory=list)
    format: str | None = None  # of this record, where a reader reads many


@dataclass(slots=True)
class Unreadable:
    """A record that cannot be read: the reason (one word), detail, and place in the file."""

    reason: str
    detail: str
    key: str | None = None


class TextOptions(Declared):
    """`charset`: what the publisher says; without it the charset is found."""

    charset: str | None = None


def whole_text(stream: BinaryIO, options: TextOptions) -> str | Unreadable:
    """The text of a file that is one document, or why it is none."""
    content = stream.read()
    if content.startswith(LFS_POINTER):
        return Unreadable("lfs_pointer", "the file itself lies in Git LFS, and this is a note of where")
    try:
        return decode(content, options.charset)
    except NotText as error:
        return Unreadable("not_text", str(error))
