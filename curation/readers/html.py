"""HTML pages: main text by trafilatura (fast mode: F1 0.920 on its 990-page gold set, measured 2026-11)."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from curation import reservations
from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.license_pages import from_html
from curation.readers import Record, Unreadable

SUFFIXES = (".html", ".htm", ".xhtml")

MAX_BYTES = 32 << 20
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-:]{2,40})", re.IGNORECASE)


class Options(Declared):
    """`charset`: what the server said."""

    charset: str | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title`, `authors`, `published`, `url` as far as the page tells."""
    content = stream.read(MAX_BYTES + 1)
    yield page(content, options.charset, name)


def page(content: bytes, declared: str | None, name: str) -> Record | Unreadable:
    """The record of one HTML page; shared with the WARC reader."""
    if len(content) > MAX_BYTES:
        return Unreadable("too_large", f"more than {MAX_BYTES} bytes of HTML")
    meta = _META.search(content[:4096])
    try:
        html = decode(content, declared or (meta.group(1).decode("ascii") if meta else None))
    except NotText as error:
        return Unreadable("not_text", str(error))
    claims = [*from_html(html, name), *reservations.from_html(html, name)]
    fields = main_text(html)
    if fields is None:
        return Unreadable("no_main_text", "no main text was found in the page")
    return Record(fields, claims=claims)


def main_text(html: str) -> dict[str, Any] | None:
    """Main text and metadata of a page, or null when there is none."""
    import trafilatura

    found = trafilatura.bare_extraction(html, fast=True, include_comments=False, with_metadata=True)
    if found is None or isinstance(found, dict) or not (found.text or "").strip():
        return None
    authors = [a.strip() for a in (found.author or "").split(";") if a.strip()]
    return {"text": found.text, "title": found.title, "authors": authors or None, "published": found.date, "url": found.url}
