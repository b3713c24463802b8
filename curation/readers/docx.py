"""Word documents (Office Open XML): headings as Markdown's, paragraphs, list items, and tables as rows of cells.

Headers, footers, comments, deleted text and pictures are left out; inserted text stays, as in the document as it reads.
"""

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from curation.declaration import Declared
from curation.office import Refused, opened, properties
from curation.readers import Record, Unreadable

SUFFIXES = (".docx", ".doc", ".wps")

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LIST = -1  # in place of a heading's level
DEEPEST = 40  # tables within tables


class Options(Declared):
    """`tables`: whether tables are text, a row a line with ` | ` between cells."""

    tables: bool = True


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title`, `authors`, `published` (the day it was last saved), `keywords`, `language`."""
    from docx import Document
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    file = opened(stream, "[Content_Types].xml", "docx")
    if isinstance(file, Refused):
        yield Unreadable(*file)
        return
    try:
        document = Document(file)
        blocks = list(_blocks(document.element.body, _headings(document), options, 0))
        fields = {**properties(document.core_properties), "language": document.core_properties.language or None}
    except (OpcError, LxmlError, zipfile.BadZipFile, KeyError, ValueError, AttributeError, OSError, EOFError) as error:
        # a part that is missing, cut or of another kind: the library meets it wherever it looks first
        yield Unreadable("broken_docx", f"{type(error).__name__}: {error}"[:300])
        return
    text = "\n\n".join(blocks)
    if not text.strip():
        yield Unreadable("no_text", "no paragraph and no table has text")
        return
    heading = next((block.lstrip("# ") for block in blocks if block.startswith("#")), None)
    yield Record({**fields, "title": fields["title"] or heading, "text": text})


def _headings(document: Any) -> dict[str, int]:
    """Style id -> level: by outline level, or by the built-in names, which are English whatever Word's language; LIST for lists."""
    found = {}
    for style in document.styles.element.iter(f"{_W}style"):
        name = next((one.get(f"{_W}val", "") for one in style.iter(f"{_W}name")), "").lower()
        outline = next((one.get(f"{_W}val", "") for one in style.iter(f"{_W}outlineLvl")), "")
        if outline.isdecimal() and int(outline) < 9:
            found[style.get(f"{_W}styleId", "")] = int(outline) + 1
        elif style.find(f"{_W}pPr/{_W}numPr") is not None and not name.startswith("heading "):
            found[style.get(f"{_W}styleId", "")] = LIST
        elif name == "title":
            found[style.get(f"{_W}styleId", "")] = 1
        elif name.startswith("heading ") and name[8:].isdecimal():
            found[style.get(f"{_W}styleId", "")] = int(name[8:])
    return found


def _blocks(parent: Any, headings: dict[str, int], options: Options, depth: int) -> Iterator[str]:
    """Paragraphs and tables in their order; content controls and inserted blocks are looked into."""
    for child in parent:
        if child.tag == f"{_W}p":
            words = _words(child).strip()
            if words:
                yield _marked(child, words, headings)
        elif child.tag == f"{_W}tbl" and options.tables:
            rows = [" | ".join(_cells(row, depth)) for row in child.iter(f"{_W}tr") if _owner(row) is child]
            if table := "\n".join(row for row in rows if row.replace("|", "").strip()):
                yield table
        elif child.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag", f"{_W}customXml"} and depth < DEEPEST:
            yield from _blocks(child, headings, options, depth + 1)


def _owner(row: Any) -> Any:
    one = row.getparent()
    while one is not None and one.tag != f"{_W}tbl":
        one = one.getparent()
    return one


def _cells(row: Any, depth: int) -> Iterator[str]:
    for cell in row:
        if cell.tag == f"{_W}tc":
            yield " ".join(words for one in cell.iter(f"{_W}p") if (words := _words(one).strip()))
        elif cell.tag == f"{_W}sdt" and depth < DEEPEST:
            for inside in cell.iter(f"{_W}tc"):
                yield " ".join(words for one in inside.iter(f"{_W}p") if (words := _words(one).strip()))


def _words(paragraph: Any) -> str:
    """Text of the runs that are there: deleted runs have `delText`, fields show their result, a text box its own paragraphs."""
    out = []
    for node in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen"):
        if node.tag == f"{_W}t":
            out.append(node.text or "")
        elif node.tag == f"{_W}noBreakHyphen":
            out.append("-")
        elif node.tag == f"{_W}tab":
            if node.getparent().tag == f"{_W}r":  # else a tab stop of the paragraph's properties
                out.append("\t")
        else:
            out.append("\n")
    return "".join(out)


def _marked(paragraph: Any, words: str, headings: dict[str, int]) -> str:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return words
    style = properties.find(f"{_W}pStyle")
    level = headings.get(style.get(f"{_W}val", ""), 0) if style is not None else 0
    if level > 0:
        return f"{'#' * min(level, 6)} {' '.join(words.split())}"
    return f"- {words}" if level == LIST or properties.find(f"{_W}numPr") is not None else words
