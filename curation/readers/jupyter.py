"""Jupyter notebooks (nbformat 4): Markdown cells as they stand, code cells fenced; outputs are left out."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from curation.declaration import Declared
from curation.license import from_header
from curation.readers import Record, TextOptions, Unreadable, whole_text

SUFFIXES = (".ipynb",)


class Options(Declared):
    """`code`: whether code cells are text."""

    code: bool = True


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title` (the first heading, or the metadata's), `authors`, `kernel` (its language)."""
    content = whole_text(stream, TextOptions())
    if isinstance(content, Unreadable):
        yield content
        return
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        yield Unreadable("not_json", str(error)[:300])
        return
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or notebook.get("nbformat") != 4:
        version = notebook.get("nbformat") if isinstance(notebook, dict) else None
        yield Unreadable(
            "not_notebook", f"nbformat {version!r}; allowed: 4 (`jupyter nbconvert --to notebook` converts older ones)"
        )
        return
    metadata = notebook["metadata"] if isinstance(notebook.get("metadata"), dict) else {}
    language = _named(metadata.get("language_info")) or _named(metadata.get("kernelspec"), "language")
    parts = [text for cell in cells if isinstance(cell, dict) and (text := _cell(cell, options, language or ""))]
    text = "\n\n".join(parts)
    if not text.strip():
        yield Unreadable("no_text", "no cell has text")
        return
    said = metadata.get("title")
    heading = next((line.lstrip("# ").strip() for part in parts for line in part.splitlines()[:1] if line.startswith("#")), None)
    listed = metadata["authors"] if isinstance(metadata.get("authors"), list) else []
    authors = [found for one in listed if (found := _named(one))]
    fields = {
        "text": text,
        "title": said if isinstance(said, str) and said else heading,
        "authors": authors or None,
        "kernel": language,
    }
    yield Record(fields, claims=from_header(text, name))


def _named(value: Any, key: str = "name") -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def _cell(cell: dict[str, Any], options: Options, language: str) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str) or not source.strip():
        return ""
    if cell.get("cell_type") == "code":
        fence = "```" if "```" not in source else "~~~~"
        return f"{fence}{language}\n{source.rstrip()}\n{fence}" if options.code else ""
    return source.strip() if cell.get("cell_type") in {"markdown", "raw"} else ""
