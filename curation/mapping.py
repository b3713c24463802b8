"""Records become documents as a source's `map` says: columns and templates, groups, kept columns."""

import string
from datetime import date, datetime
from typing import Any

from curation import records
from curation.errors import DeclarationError
from curation.manifest import Mapping


class Missing(ValueError):
    """A record lacks what the map needs; the record is quarantined with this reason."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def value(fields: dict[str, Any], spec: str | None, default: str) -> Any:
    """The column `spec` names, or the template `spec` filled; without a spec, the column `default`."""
    if spec is None:
        return fields.get(default)
    if "{" not in spec:
        return fields.get(spec)
    return spec.format_map({name: _plain(fields.get(name)) for name in template_columns(spec)})


def template_columns(template: str) -> list[str]:
    """Column names in a template. Raises DeclarationError for anything but plain {column}."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise DeclarationError(f"map: template {template!r}: {error}") from None
    names = []
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise DeclarationError(f"map: template {template!r}: only {{column}} is allowed")
        names.append(name)
    return names


def columns(mapping: Mapping) -> set[str]:
    """Every column that the map reads, for the check against the first records."""
    specs = [mapping.id, mapping.text, mapping.title, mapping.authors, mapping.published, mapping.url, mapping.license]
    named: set[str] = set(mapping.keep) | set(mapping.group_by) | set(mapping.record)
    for spec in specs:
        if spec:
            named |= set(template_columns(spec)) if "{" in spec else {spec}
    return named


def record_of(fields: dict[str, Any], mapping: Mapping) -> str | None:
    """The JSON of a record that is not prose, or null for prose. Raises Missing."""
    if not mapping.record:
        return None
    try:
        return records.kept(fields, mapping.record)
    except (TypeError, ValueError) as error:
        raise Missing("not_json", f"columns {', '.join(mapping.record)}: {error}") from None


def text_of(run: list[dict[str, Any]], mapping: Mapping) -> str:
    """The document's text: each record's text, joined. Raises Missing when there is none."""
    if mapping.record:
        return _text_of_record(run[0], mapping)
    parts = []
    for fields in run:
        part = value(fields, mapping.text, "text")
        if isinstance(part, str) and part.strip():
            parts.append(part)
    text = mapping.join.join(parts)
    if not text.strip():
        raise Missing("no_text", f"column {mapping.text or 'text'!r} is empty or not text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Missing("not_unicode", f"lone surrogate at character {error.start}") from None
    return text


def _text_of_record(fields: dict[str, Any], mapping: Mapping) -> str:
    try:
        text = records.text_of(record_of(fields, mapping) or "{}")
    except records.TooDeep as error:
        raise Missing("too_deep", str(error)) from None
    except records.KeyIsData as error:
        raise Missing("key_is_data", str(error)) from None
    if not text.strip():
        raise Missing("no_text", f"columns {', '.join(mapping.record)} hold no text")
    return text


def metadata_of(fields: dict[str, Any], mapping: Mapping) -> list[tuple[str, str]]:
    """Kept columns as text, sorted by name; a null column is left out."""
    return [(name, _plain(fields[name])) for name in sorted(mapping.keep) if fields.get(name) is not None]


def authors_of(found: Any) -> list[str] | None:
    """A list of names from a list or a text with commas or semicolons between them."""
    if isinstance(found, str):
        found = [name.strip() for name in found.replace(";", ",").replace("、", ",").split(",")]
    if isinstance(found, list):
        return [str(name) for name in found if name] or None
    return None


def day_of(found: Any) -> date | None:
    """A date from a date, a datetime, or a text that begins like 2026-11-24; else null."""
    if isinstance(found, datetime):
        return found.date()
    if isinstance(found, date):
        return found
    if isinstance(found, str):
        try:
            return date.fromisoformat(found.strip()[:10].replace("/", "-"))
        except ValueError:
            return None
    return None


def words_of(found: Any) -> str | None:
    """Text without outer white space, or null when nothing is left; other values as text."""
    return _plain(found).strip() or None


def _plain(found: Any) -> str:
    return "" if found is None else found if isinstance(found, str) else str(found)
