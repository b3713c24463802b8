"""A folder of many kinds of files: each is read by the reader that its name's ending tells; a name that tells none is quarantined.

format: auto
format: {auto: {options: {pdf: {running: true}}, others: text}}       `others` reads what no ending tells
"""

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO, Self

from pydantic import model_validator

from curation import readers, rooms
from curation.declaration import Declared, parse
from curation.errors import DeclarationError
from curation.readers import Record, Unreadable

SUFFIXES: tuple[str, ...] = ()
_PACKED = (".gz", ".bz2", ".xz", ".zst")


class Options(Declared):
    """`options`: of readers, by name; `others`: the reader of files whose ending is of no reader."""

    options: dict[str, dict[str, Any]] = {}
    others: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, given in [*self.options.items(), *([(self.others, {})] if self.others else [])]:
            try:
                if name == "auto":
                    raise DeclarationError("auto reads by other readers")
                parse(rooms.find(readers, name).Options, given, f"options.{name}")
            except DeclarationError as error:
                raise ValueError(str(error)) from None
        return self


@cache
def by_suffix() -> dict[str, str]:
    """Ending -> the reader it tells."""
    found = {}
    for name in rooms.names(readers):
        for suffix in importlib.import_module(f"{readers.__name__}.{name}").SUFFIXES:
            found[suffix] = name
    return found


def reader_of(file_name: str) -> str | None:
    """The reader for a file name, whatever packs it; null when its ending tells none."""
    lower = file_name.lower()
    for packed in _PACKED:
        lower = lower.removesuffix(packed)
    dot = lower.rfind(".")
    return by_suffix().get(lower[dot:]) if dot > lower.rfind("/") else None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """What the reader of the file yields, with its name as each record's format."""
    chosen = reader_of(name) or options.others
    if chosen is None:
        ending = name.rpartition("/")[2].rpartition(".")[2] if "." in name.rpartition("/")[2] else "no ending"
        yield Unreadable("unknown_format", f"{ending}: no reader has this ending; say members, or others")
        return
    module = rooms.find(readers, chosen)
    for found in module.read(
        stream, name, parse(module.Options, options.options.get(chosen, {}), f"format.auto.options.{chosen}")
    ):
        if isinstance(found, Record):
            found.format = chosen
        yield found
