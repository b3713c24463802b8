"""reStructuredText: the text stays as written, without link targets and comments above the title."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from curation.license import from_header
from curation.readers import Record, TextOptions, Unreadable, whole_text

SUFFIXES = (".rst",)

# a section title: a line underlined by at least as many of one punctuation mark (docutils, "Sections")
_TITLE = re.compile(r"^(?P<title>\S[^\n]*)\n(?P<mark>[=\-~^\"'`#*+:.<>_])(?P=mark){2,}[ \t]*$", re.MULTILINE)
_TARGETS = re.compile(r"\A(?:\s*\.\.[ \t]+_[^\n]*:[^\n]*\n|\s*\.\.[ \t]*\n(?:[ \t]+[^\n]*\n)*)+")


Options = TextOptions


def read(stream: BinaryIO, name: str, options: TextOptions) -> Iterator[Record | Unreadable]:
    """One record: `text` and `title`."""
    text = whole_text(stream, options)
    if isinstance(text, Unreadable):
        yield text
        return
    claims = from_header(text, name)
    text = _TARGETS.sub("", text, count=1).lstrip("\n")
    found = _TITLE.search(text[:20_000])
    yield Record({"text": text, "title": found["title"].strip() if found else None}, claims=claims)
