"""Books (EPUB 2 and 3): chapters in their order, headings as Markdown's; read as XML, never run.

A book is one document, or each file of its spine is (`chapters: true`). What the book says of its rights is a claim.
"""

import posixpath
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from curation import markup
from curation.declaration import Declared
from curation.decoding import decode
from curation.license import Claim, normalise
from curation.license_pages import creative_commons
from curation.office import Refused, opened
from curation.readers import Record, Unreadable

SUFFIXES = (".epub",)
MAX_TEXT = 256 << 20
CONTAINER = "META-INF/container.xml"
_FAULTS = (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, NotImplementedError, zlib.error, RuntimeError)


class Options(Declared):
    """`chapters`: whether each file of the spine is a document of its own."""

    chapters: bool = False


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record, or one a chapter keyed by its file: `text`, `title`, `authors`, `published`, `language`, `publisher`, `identifier`."""
    from lxml.etree import LxmlError

    file = opened(stream, CONTAINER, "epub")
    if isinstance(file, Refused):
        yield Unreadable(*file)
        return
    try:
        with zipfile.ZipFile(file) as book:
            if "META-INF/encryption.xml" in book.namelist() and b"font" not in book.read("META-INF/encryption.xml").lower():
                yield Unreadable("encrypted", "the book is protected (DRM)")
                return
            root = next(iter(_xml(book.read(CONTAINER)).iter("{*}rootfile"))).get("full-path", "")
            package = _xml(book.read(root))
            fields, claims = _facts(package, f"{name}#{root}")
            chapters = list(_chapters(book, package, posixpath.dirname(root)))
    except (LxmlError, StopIteration, *_FAULTS) as error:  # a part that is missing, cut or of another kind
        yield Unreadable("broken_epub", f"{type(error).__name__}: {error}"[:300])
        return
    for place, text in chapters:
        if text is None:
            yield Unreadable("no_chapter", "the book names this file and does not hold it", place)
    whole = [(place, text) for place, text in chapters if text and text.strip()]
    if not whole:
        yield Unreadable("no_text", "no chapter has text")
    elif not options.chapters:
        yield Record({**fields, "text": "\n\n".join(text for _, text in whole)}, claims=claims)
    else:
        for place, text in whole:
            heading = next((line.lstrip("# ") for line in text.split("\n") if line.startswith("#")), None)
            title = f"{fields['title']} — {heading}" if heading and fields["title"] else heading or fields["title"]
            yield Record({**fields, "title": title, "text": text}, place, claims)


def _xml(content: bytes) -> Any:
    from lxml import etree

    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True))
    if root is None:
        raise ValueError("a part is no XML")
    return root


def _facts(package: Any, where: str) -> tuple[dict[str, Any], list[Claim]]:
    def said(tag: str) -> list[str]:
        found = package.iter(f"{{http://purl.org/dc/elements/1.1/}}{tag}")
        return [words for one in found if (words := " ".join("".join(one.itertext()).split()))]

    fields = {
        "title": next(iter(said("title")), None),
        "authors": said("creator") or None,
        "published": next((one for one in said("date")), None),
        "language": next(iter(said("language")), None),
        "publisher": next(iter(said("publisher")), None),
        "identifier": next(iter(said("identifier")), None),
    }
    claims = []
    for words in said("rights"):
        if spdx := creative_commons(words) or normalise(words):
            claims.append(Claim("package_metadata", spdx, words[:300], where))
    return fields, claims


def _chapters(book: zipfile.ZipFile, package: Any, folder: str) -> Iterator[tuple[str, str | None]]:
    """(name, text) of every file of the spine; null for one that is not there."""
    items = {one.get("id"): one for one in package.iter("{*}item")}
    names = set(book.namelist())
    told: set[str] = set()
    size = 0
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "html" not in item.get("media-type", "html") or "nav" in (item.get("properties") or "").split():
            continue
        place = posixpath.normpath(posixpath.join(folder, urllib.parse.unquote(item.get("href", ""))))
        if place in told:  # once, however often the spine names it
            continue
        told.add(place)
        size += book.getinfo(place).file_size if place in names else 0
        if size > MAX_TEXT:
            raise ValueError(f"more than {MAX_TEXT} bytes of chapters")
        yield place, markup.visible(decode(book.read(place))) if place in names else None
