"""Jira issues: the XML view of a search (<rss>), or a whole backup (entities.xml, <entity-engine-xml>).

An issue is a document: summary, description, and the comments in their order. Names of people are left out, unless `people: true`.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from curation import markup
from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES: tuple[str, ...] = ()  # declared, like every XML that says what it is only inside


class Options(Declared):
    """`comments`: whether they are text; `people`: whether reporter and commenters are named."""

    comments: bool = True
    people: bool = False


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record an issue, keyed by its key: `text`, `title`, `published`, `project`, `type`, `status`, `resolution`, `labels`, `authors`, `url`."""
    from lxml import etree

    with tempfile.TemporaryFile() as kept:  # issues and their comments stand apart in a backup: it is read twice
        shutil.copyfileobj(stream, kept)
        kept.seek(0)
        try:
            beginning = etree.iterparse(kept, events=("start",), resolve_entities=False, no_network=True, huge_tree=True)
            root = next(iter(beginning))[1].tag
            if root == "rss":
                yield from _searched(kept, options)
            elif root == "entity-engine-xml":
                yield from _backed_up(kept, options)
            else:
                yield Unreadable("not_jira", f"begins with <{root}>; allowed: <rss>, <entity-engine-xml>"[:300])
        except (etree.LxmlError, StopIteration) as error:
            yield Unreadable("broken_xml", f"{error}"[:300] or "the file is empty")


def _nodes(kept: Any, *tags: str) -> Iterator[Any]:
    kept.seek(0)
    yield from markup.nodes(kept, *tags)


def _said(node: Any, tag: str) -> str:
    return (node.get(tag) or next(("".join(one.itertext()) for one in node.iterchildren(tag)), "")).strip()


def _searched(kept: Any, options: Options) -> Iterator[Record | Unreadable]:
    for item in _nodes(kept, "item"):
        key = _said(item, "key")
        comments = [(one.get("author", ""), markup.visible("".join(one.itertext()))) for one in item.iter("comment")]
        fields = {
            "title": _said(item, "summary") or _said(item, "title"),
            "published": _day(_said(item, "updated") or _said(item, "created")),
            "project": _said(item, "project") or None,
            "type": _said(item, "type") or None,
            "status": _said(item, "status") or None,
            "resolution": _said(item, "resolution") or None,
            "labels": ", ".join("".join(one.itertext()).strip() for one in item.iter("label")) or None,
            "url": _said(item, "link") or None,
        }
        yield _issue(key, fields, markup.visible(_said(item, "description")), comments, _said(item, "reporter"), options)


def _backed_up(kept: Any, options: Options) -> Iterator[Record | Unreadable]:
    comments: dict[str, list[tuple[str, str, str]]] = {}
    projects, names = {}, {}
    for node in _nodes(kept, "Action", "Project", "Status", "Resolution", "IssueType"):
        if node.tag == "Action" and _said(node, "type") == "comment":
            comments.setdefault(_said(node, "issue"), []).append(
                (_said(node, "created"), _said(node, "author"), _said(node, "body"))
            )
        elif node.tag == "Project":
            projects[_said(node, "id")] = (_said(node, "key"), _said(node, "name"))
        elif node.tag != "Action":
            names[(node.tag, _said(node, "id"))] = _said(node, "name")
    for node in _nodes(kept, "Issue"):
        project, title = projects.get(_said(node, "project"), ("", ""))
        key = _said(node, "key") or (
            f"{project}-{_said(node, 'number')}" if project and _said(node, "number") else _said(node, "id")
        )
        fields = {
            "title": _said(node, "summary"),
            "published": _day(_said(node, "updated") or _said(node, "created")),
            "project": title or None,
            "status": names.get(("Status", _said(node, "status"))),
            "resolution": names.get(("Resolution", _said(node, "resolution"))),
            "type": names.get(("IssueType", _said(node, "type"))),
        }
        own = [(author, _wiki(body)) for _, author, body in sorted(comments.get(_said(node, "id"), []))]
        yield _issue(key, fields, _wiki(_said(node, "description")), own, _said(node, "reporter"), options)


def _issue(
    key: str, fields: dict[str, Any], text: str, comments: list[tuple[str, str]], reporter: str, options: Options
) -> Record | Unreadable:
    title = " ".join(str(fields["title"] or "").split())
    title = title.removeprefix(f"[{key}] ")
    shown = comments if options.comments else []
    parts = [f"# {title}" if title else "", text]
    parts += [f"{author}: {said}" if options.people and author else said for author, said in shown]
    whole = "\n\n".join(part for part in parts if part.strip())
    if not whole.strip():
        return Unreadable("no_text", "an issue without summary, description and comments", key or None)
    authors = list(dict.fromkeys(filter(None, [reporter, *(author for author, _ in shown)]))) if options.people else None
    return Record({**fields, "title": title or None, "text": whole, "authors": authors or None}, key or None)


def _wiki(text: str) -> str:
    """Jira's own markup, as it is stored: headings and code get Markdown's marks, the rest reads as it is."""
    text = re.sub(r"(?m)^h([1-6])\.\s*", lambda m: "#" * int(m.group(1)) + " ", text.replace("\r\n", "\n"))
    text = re.sub(r"\{(?:code|noformat)(?::[^{}\n]{0,200})?\}", "```", text)
    return re.sub(r"\{(?:color|panel|quote)(?::[^{}\n]{0,200})?\}", "", text).strip()


def _day(said: str) -> str | None:
    if re.match(r"\d{4}-\d\d-\d\d", said):
        return said[:10]
    try:
        return parsedate_to_datetime(said).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return None
