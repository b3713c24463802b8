"""One file per signal. A signal looks at documents and returns columns about them, nothing else.

    COLUMNS: pa.Schema                                            what it returns
    annotate(documents: pa.RecordBatch) -> pa.RecordBatch         one row out per row in

Same text, same numbers, whatever the neighbours; null is "not defined" or "could not be measured", never zero.
The file's name is the signal's name and the first half of a column path (`characters.han_ratio`). A column that is
defined for some languages only says so in its field's metadata: a filter on it must carry `where`.
`resources()`, where a module has it, lists files (models) whose bytes its numbers depend on; `defined_for()` the
languages of a signal whose files decide that.
"""

from functools import cache

import pyarrow as pa

from curation import fingerprint, rooms


def names() -> list[str]:
    """Every signal there is."""
    import curation.signals as room

    return rooms.names(room)


def find(name: str):  # type: ignore[no-untyped-def]
    """The module of a signal. Raises DeclarationError with the known names."""
    import curation.signals as room

    return rooms.find(room, name)


@cache
def key(name: str) -> str:
    """What a sidecar depends on besides its documents: code, libraries and model files (16 hex)."""
    module = find(name)
    resources = module.resources() if hasattr(module, "resources") else []
    return fingerprint.of_module(module.__name__) + (fingerprint.of_files(resources)[:8] if resources else "")


def column_types() -> dict[str, pa.DataType]:
    """Every column path of every signal and its type."""
    return {f"{name}.{field.name}": field.type for name in names() for field in find(name).COLUMNS}


def together(names: list[str]) -> list[list[str]]:
    """Signals in groups that share one reading of a batch (the same `measure`): a worker that has one should have all."""
    groups: dict[object, list[str]] = {}
    for name in names:
        groups.setdefault(getattr(find(name), "measure", name), []).append(name)
    return list(groups.values())


def languages(path: str) -> list[str] | None:
    """The languages a column is defined for; null means all."""
    name, column = path.split(".", 1)
    if hasattr(find(name), "defined_for"):
        return list(find(name).defined_for())
    metadata = find(name).COLUMNS.field(column).metadata or {}
    declared = metadata.get(b"languages")
    return declared.decode().split() if declared else None


_PUBLISHED = {
    "language.code": "language",
    "license.id": "license",
    "tokens.count": "tokens",
}


def published_name(path: str) -> str:
    """A column path as published: `<signal>_<column>`, except language, license and tokens.

    >>> published_name("language.code"), published_name("language.score"), published_name("pii.count")
    ('language', 'language_score', 'pii_count')
    """
    return _PUBLISHED.get(path, path.replace(".", "_"))
