"""A room is a folder; its files are its registry. There is no list to add a new file to."""

import importlib
import pkgutil
from types import ModuleType

from curation.errors import DeclarationError


def names(room: ModuleType) -> list[str]:
    """Names of the files in a room, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(room.__path__))


def find(room: ModuleType, name: str) -> ModuleType:
    """The file `name` of a room. Raises DeclarationError with the names that are there."""
    known = names(room)
    if name not in known:
        what = room.__name__.rsplit(".", 1)[1].removesuffix("s")
        raise DeclarationError(f"unknown {what} {name!r}; known: {', '.join(known)}")
    return importlib.import_module(f"{room.__name__}.{name}")
