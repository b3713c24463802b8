"""A Confluence space, exported as XML: the current text of each page and blog post, headings and code as Markdown's.

`where` names the export (a .zip), and `members: ["entities.xml"]` the part that is read. Old versions, drafts, comments and attachments are left
out. Of who wrote a page the export holds an account's key, which is no name, and is left out too.
"""

import html
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from curation import markup
from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES: tuple[str, ...] = ()  # declared, like every XML that says what it is only inside
MAX_BODY = 32 << 20
_LINK = re.compile(r"<ac:link(?=[\s>])[^<>]{0,2000}>\s{0,200}<ri:page([^<>]{0,2000})>\s{0,200}(?:</ri:page>)?\s{0,200}</ac:link>")
_TITLE = re.compile(r"ri:content-title=\"([^\"]*)\"")
_DROPPED = ("ac:parameter", "ac:task-id", "ac:task-uuid", "ac:task-status")


class Options(Declared):
    """`blogs`: whether blog posts are read too."""

    blogs: bool = True


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a page, keyed by its id: `text`, `title`, `published` (last changed), `space`, `parent` (title)."""
    from lxml import etree

    with tempfile.TemporaryFile() as kept:  # a page and its body stand apart, in any order: it is read twice
        shutil.copyfileobj(stream, kept)
        try:
            pages = _pages(kept, options)
            if pages is None:
                yield Unreadable("not_confluence", "has no <hibernate-generic> with objects")
                return
            told: set[str] = set()
            for page, body in _bodies(kept):
                if page in pages and page not in told:
                    told.add(page)
                    yield _record(page, pages, body)
        except etree.LxmlError as error:
            yield Unreadable("broken_xml", f"{error}"[:300])
            return
        for page in sorted(pages.keys() - told):
            yield Unreadable("no_text", f"page {pages[page].get('title')!r} has no body", page)


def _objects(kept: Any) -> Iterator[Any]:
    kept.seek(0)
    yield from markup.nodes(kept, "object")


def _own(node: Any) -> dict[str, str]:
    """Properties of an object by name; of one that refers to another, that one's id."""
    found = {"id": next((one.text or "" for one in node.iterchildren("id")), "")}
    for one in node.iterchildren("property"):
        inner = next(iter(one.iterchildren("id")), None)
        found[one.get("name", "")] = (inner.text if inner is not None else one.text) or ""
    return found


def _pages(kept: Any, options: Options) -> dict[str, dict[str, str]] | None:
    pages, spaces, seen = {}, {}, False
    for node in _objects(kept):
        seen = True
        kind = node.get("class")
        if kind == "Space":
            own = _own(node)
            spaces[own["id"]] = own.get("key") or own.get("name", "")
        elif kind == "Page" or (kind == "BlogPost" and options.blogs):
            own = _own(node)
            if own.get("contentStatus", "current") == "current" and not own.get("originalVersion"):
                pages[own["id"]] = own
    for page in pages.values():
        page["space"] = spaces.get(page.get("space", ""), "")
    return pages if seen else None


def _bodies(kept: Any) -> Iterator[tuple[str, str]]:
    for node in _objects(kept):
        if node.get("class") == "BodyContent":
            own = _own(node)
            yield own.get("content", ""), own.get("body", "")


def _record(key: str, pages: dict[str, dict[str, str]], body: str) -> Record | Unreadable:
    page = pages[key]
    if len(body) > MAX_BODY:
        return Unreadable("too_large", f"more than {MAX_BODY} characters", key)
    text = markup.visible(_plain(body))
    if not text.strip():
        return Unreadable("no_text", f"page {page.get('title')!r} is empty", key)
    changed = (page.get("lastModificationDate") or page.get("creationDate") or "")[:10]
    parent = pages.get(page.get("parent", ""), {}).get("title")
    fields = {
        "text": text,
        "title": page.get("title") or None,
        "published": changed or None,
        "space": page["space"] or None,
        "parent": parent,
    }
    return Record(fields, key)


def _plain(body: str) -> str:
    """Confluence's storage format as HTML: code in <pre>, links by their words, nothing of the parameters of macros."""
    body = _replaced(body, "<ac:plain-text-body>", "</ac:plain-text-body>", lambda inside: f"<pre>{_escaped(inside)}</pre>")
    for tag in _DROPPED:
        body = _replaced(body, f"<{tag}", f"</{tag}>", lambda _: "")
    body = _LINK.sub(lambda found: " ".join(_TITLE.findall(found.group(1))), body)
    return _escaped(body)


def _escaped(text: str) -> str:
    """CDATA as the text it is; within an export its end has a blank."""
    return _replaced(text.replace("]] >", "]]>"), "<![CDATA[", "]]>", html.escape)


def _replaced(text: str, begin: str, end: str, put: Callable[[str], str]) -> str:
    """Each passage between two marks replaced; one that does not end stays. Linear, whatever the text."""
    parts, at = [], 0
    while (start := text.find(begin, at)) >= 0:
        stop = text.find(end, start + len(begin))
        if stop < 0:
            break
        parts += [text[at:start], put(text[start + len(begin) : stop])]
        at = stop + len(end)
    return "".join([*parts, text[at:]])
