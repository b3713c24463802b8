"""Python modules as documentation: one document per module, made of its docstrings in order. Code is not run."""

import ast
import warnings
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.license import from_header
from curation.readers import Record, Unreadable

SUFFIXES: tuple[str, ...] = ()  # Python files are `code` unless declared otherwise

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Options(Declared):
    """No options."""


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text` (a heading and its docstring for each definition), `title` (the module's path)."""
    try:
        text = decode(stream.read())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(text)
    except NotText as error:
        yield Unreadable("not_text", str(error))
        return
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield Unreadable("not_python", f"{type(error).__name__}: {error}")
        return
    title = PurePosixPath(name.split("#")[-1]).with_suffix("").as_posix().replace("/", ".")
    parts = [docstring for docstring in (ast.get_docstring(tree),) if docstring]
    for qualified, node in _definitions(tree, ""):
        if docstring := ast.get_docstring(node):
            parts.append(f"{qualified}\n{docstring}")
    claims = from_header(text, name)
    if parts:
        yield Record({"text": "\n\n".join(parts), "title": title}, claims=claims)
    else:
        yield Unreadable("no_docstrings", "the module has no docstring")


def _definitions(node: ast.AST, prefix: str):  # type: ignore[no-untyped-def]
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            yield f"{prefix}{child.name}", child
            yield from _definitions(child, f"{prefix}{child.name}.")
