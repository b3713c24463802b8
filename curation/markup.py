"""Markup that is all text (a mail, a chapter, a wiki page): every visible line, with Markdown's marks for what has a form.

A web page is another matter: it has a frame around its main text (readers/html.py).
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = (
    "br",
    "p",
    "div",
    "tr",
    "li",
    "blockquote",
    "pre",
    "table",
    "section",
    "article",
    "dt",
    "dd",
    "figcaption",
    "hr",
    *HEADINGS,
)
_HIDDEN = ("script", "style", "head", "template", "noscript", "svg", "math")
_KEPT = "\ue000"  # a line of <pre> begins with it until white space is folded


def visible(html: str, forms: bool = True) -> str:
    """The visible text of HTML or XHTML, a block a line; `forms` marks headings, list items, code and table cells. Empty when there is none."""
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    try:
        parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        root = document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return ""
    return text_of(root, forms)


def text_of(root: Any, forms: bool = True) -> str:
    """The same of a parsed tree, which is changed."""
    from lxml import etree

    etree.strip_elements(root, *_HIDDEN, with_tail=False)
    if forms:
        for node in root.iter(*HEADINGS, "li", "pre", "td", "th"):
            _mark(node)
    for node in root.iter(*_BLOCKS):
        node.tail = "\n" + (node.tail or "")
        if node.tag != "br":
            node.text = "\n" + (node.text or "")
    lines = "".join(root.itertext()).split("\n")
    shown = [line[1:].rstrip() if line.startswith(_KEPT) else " ".join(line.split()) for line in lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(shown)).strip("\n")


def nodes(stream: BinaryIO, *tags: str) -> Iterator[Any]:
    """Each element with one of these tags as it ends, and forgotten after use, so that memory stays flat whatever the file.

    Entities are not followed. Raises lxml's errors: going on behind a cut would tell nothing of it.
    """
    from lxml import etree

    for _, node in etree.iterparse(stream, events=("end",), tag=tags, resolve_entities=False, no_network=True, huge_tree=True):
        yield node
        node.clear()
        while node.getprevious() is not None:
            del node.getparent()[0]


def _mark(node: Any) -> None:
    if node.tag in HEADINGS:
        words = " ".join("".join(node.itertext()).split())
        for child in list(node):
            node.remove(child)
        node.text = f"\n{'#' * HEADINGS[node.tag]} {words}\n" if words else None
    elif node.tag == "li":
        node.text = "- " + (node.text or "").lstrip()
    elif node.tag == "pre":
        code = "".join(node.itertext()).strip("\n")
        for child in list(node):
            node.remove(child)
        node.text = f"\n{_KEPT}```\n" + "\n".join(_KEPT + line for line in code.split("\n")) + f"\n{_KEPT}```\n"
    elif any(True for _ in node.itersiblings("td", "th", preceding=True)):
        node.text = " | " + (node.text or "")
