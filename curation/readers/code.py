"""Source code: one file, one document; its SPDX header is a license claim."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from curation.license import from_header
from curation.readers import Record, TextOptions, Unreadable, whole_text

SUFFIXES = (
    ".py",
    ".pyi",
    ".js",
    ".ts",
    ".jsx",
    ".tsx",
    ".java",
    ".kt",
    ".scala",
    ".go",
    ".rs",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".hpp",
    ".cs",
    ".rb",
    ".php",
    ".swift",
    ".sh",
    ".sql",
    ".lua",
    ".pl",
    ".r",
    ".m",
    ".vue",
)

Options = TextOptions


def read(stream: BinaryIO, name: str, options: TextOptions) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title` (the file's name), `suffix`."""
    text = whole_text(stream, options)
    if isinstance(text, Unreadable):
        yield text
        return
    path = PurePosixPath(name)
    yield Record({"text": text, "title": path.name, "suffix": path.suffix}, claims=from_header(text, name))
