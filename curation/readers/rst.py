"""reStructuredText: the text stays as written, without link targets and comments above the title."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.license import from_spdx_header
from curation.readers import Record, Unreadable

# a section title: a line underlined by at least as many of one punctuation mark (docutils, "Sections")
_TITLE = re.compile(r"^(?P<title>\S[^\n]*)\n(?P<mark>[=\-~^\"'`#*+:.<>_])(?P=mark){2,}[ \t]*$", re.MULTILINE)
_TARGETS = re.compile(r"\A(?:\s*\.\.[ \t]+_[^\n]*:[^\n]*\n|\s*\.\.[ \t]*\n(?:[ \t]+[^\n]*\n)*)+")


class Options(Declared):
    """`charset`: what the publisher says."""

    charset: str | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text` and `title`."""
    try:
        text = decode(stream.read(), options.charset)
    except NotText as error:
        yield Unreadable("not_text", str(error))
        return
    claims = from_spdx_header(text, name)
    text = _TARGETS.sub("", text, count=1).lstrip("\n")
    found = _TITLE.search(text[:20_000])
    yield Record({"text": text, "title": found["title"].strip() if found else None}, claims=claims)
