"""Markdown: the text stays Markdown; front matter becomes fields, the first heading the title."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import yaml

from curation.license import from_header
from curation.readers import Record, TextOptions, Unreadable, whole_text

SUFFIXES = (".md", ".markdown")

MAX_FRONT_MATTER = 64 << 10
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#{1,2}[ \t]+(.+?)[ \t]*#*$|^(?!\s*[-=]+$)(\S.*)\n=+[ \t]*$", re.MULTILINE)


Options = TextOptions


def read(stream: BinaryIO, name: str, options: TextOptions) -> Iterator[Record | Unreadable]:
    """One record: front matter fields, `text` without the front matter, `title`."""
    text = whole_text(stream, options)
    if isinstance(text, Unreadable):
        yield text
        return
    claims = from_header(text, name)
    fields, text = split_front_matter(text)
    heading = _HEADING.search(text)
    if heading and not fields.get("title"):
        fields["title"] = (heading.group(1) or heading.group(2)).strip()
    yield Record({**fields, "text": text}, claims=claims)


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Fields of a YAML front matter and the rest; what is no mapping in YAML stays text."""
    found = _FRONT.match(text[:MAX_FRONT_MATTER])
    if not found or ("&" in found.group(1) and "*" in found.group(1)):  # anchors can expand without bound
        return {}, text
    try:
        fields = yaml.safe_load(found.group(1))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, text
    if not isinstance(fields, dict):
        return {}, text
    return {str(key): value for key, value in fields.items() if str(key) != "text"}, text[found.end() :]
