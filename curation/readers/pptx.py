"""Presentations (Office Open XML): slides in their order, each a heading with what stands on it from top to bottom, and the speaker's notes.

Groups are looked into, tables are rows of cells; pictures, charts and the words of master slides are left out.
"""

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from curation.declaration import Declared
from curation.office import Refused, opened, properties
from curation.readers import Record, Unreadable

SUFFIXES = (".pptx", ".ppt", ".dps")
DEEPEST = 40  # groups within groups


class Options(Declared):
    """`notes`: whether the speaker's notes are text; `hidden`: whether slides that are not shown are."""

    notes: bool = True
    hidden: bool = False


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title`, `authors`, `published` (the day it was last saved), `keywords`, `slides`."""
    from lxml.etree import LxmlError
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    file = opened(stream, "[Content_Types].xml", "pptx")
    if isinstance(file, Refused):
        yield Unreadable(*file)
        return
    try:
        deck = Presentation(file)
        parts = {one.part.partname: one for one in deck.slides}  # once, however often the deck names it
        slides = [one for one in parts.values() if options.hidden or one.element.get("show") != "0"]
        texts = [_slide(slide, options) for slide in slides]
        fields = {**properties(deck.core_properties), "slides": len(slides)}
    except (
        PythonPptxError,
        LxmlError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        TypeError,
        IndexError,
        OSError,
        EOFError,
    ) as error:
        # a part that is missing, cut or of another kind: the library meets it wherever it looks first
        yield Unreadable("broken_pptx", f"{type(error).__name__}: {error}"[:300])
        return
    text = "\n\n".join(one for one in texts if one)
    if not text.strip():
        yield Unreadable("no_text", "no slide has text")
        return
    heading = next((line[2:].strip() for line in text.split("\n") if line.startswith("# ")), None)
    yield Record({**fields, "title": fields["title"] or heading, "text": text})


def _slide(slide: Any, options: Options) -> str:
    title = slide.shapes.title
    words = " ".join(title.text_frame.text.split()) if title is not None and title.has_text_frame else ""
    blocks = [f"# {words}"] if words else []
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            blocks += _shape(shape, 0)
    if options.notes and slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        blocks.append(_paragraphs(slide.notes_slide.notes_text_frame))
    return "\n\n".join(block for block in blocks if block.strip())


def _in_reading_order(shapes: Any) -> list[Any]:
    """From top to bottom, then from left to right; a shape without a place of its own (a placeholder) stays where it is drawn."""
    placed = [
        (shape.top if shape.top is not None else -1, shape.left if shape.left is not None else -1, n, shape)
        for n, shape in enumerate(shapes)
    ]
    return [one[3] for one in sorted(placed, key=lambda one: one[:3])]


def _shape(shape: Any, depth: int) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        if depth < DEEPEST:
            for inner in _in_reading_order(shape.shapes):
                yield from _shape(inner, depth + 1)
    elif getattr(shape, "has_table", False):
        rows = [" | ".join(" ".join(cell.text_frame.text.split()) for cell in row.cells) for row in shape.table.rows]
        yield "\n".join(row for row in rows if row.replace("|", "").strip())
    elif shape.has_text_frame:
        yield _paragraphs(shape.text_frame)


def _paragraphs(frame: Any) -> str:
    lines = []
    for paragraph in frame.paragraphs:
        words = paragraph.text.replace("\v", "\n").strip()
        if words:
            lines.append(f"{'  ' * (paragraph.level - 1)}- {words}" if paragraph.level else words)
    return "\n".join(lines)
