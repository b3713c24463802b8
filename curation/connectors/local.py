"""Files of this machine or a mounted share: a file, a folder or a glob.

where: {local: {path: incoming/**/*.md}}        relative to the workspace

A file whose size and time of change are those of its receipt is not read again.
"""

import glob
from collections.abc import Iterator
from pathlib import Path

from curation.connectors import Asked, Fetched, some
from curation.declaration import Declared
from curation.errors import DataError


class Options(Declared):
    """`path`: a file, a folder (all files below it) or a glob."""

    path: str


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield every file, sorted by name; names are relative to the fixed part of the path."""
    pattern = asked.root / options.path
    if pattern.is_file():
        base, files = pattern.parent, [pattern]
    elif pattern.is_dir():
        base, files = pattern, [p for p in pattern.rglob("*") if p.is_file()]
    else:
        base = _fixed(pattern)
        files = [Path(p) for p in glob.glob(str(pattern), recursive=True) if Path(p).is_file()]
    if not files:
        raise DataError(f"where.local.path: nothing matches {options.path!r}")
    shown = [path for path in sorted(files) if not any(part.startswith(".") for part in path.relative_to(base).parts)]
    for path in some(shown, asked):
        name = path.relative_to(base).as_posix()
        state = path.stat()
        facts = {"size": state.st_size, "mtime_ns": state.st_mtime_ns}
        if asked.known.get(name, {}).get("facts") == facts:
            yield Fetched(name=name, uri=f"file:{name}", file_name=path.name, stream=None, facts=facts)
            continue
        with path.open("rb") as stream:
            yield Fetched(name=name, uri=f"file:{name}", file_name=path.name, stream=stream, facts=facts)


def _fixed(pattern: Path) -> Path:
    fixed = Path(pattern.anchor)
    for part in pattern.parts[1:]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
