"""What the log of decisions says now: licenses that were settled, what was withdrawn, which versions that concerns."""

import hashlib
import json
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from curation import decisions
from curation.decisions import Decision
from curation.license import tier
from curation.store import Workspace

COLUMNS = {"document.url", "license.id"}  # what a withdrawal may be matched by, beside doc_id and source
BY = ("source", "document", "url", "license", "domain")  # what a withdrawal may name


def known(workspace: Workspace) -> list[Decision]:
    """Decisions that stand, read again only when the log grew."""
    path = workspace.root / decisions.FILE
    state = path.stat() if path.exists() else None  # a log that was deleted is asked for too: git may know of one
    return _known(workspace, state.st_mtime_ns if state else 0, state.st_size if state else 0)


@lru_cache(maxsize=8)
def _known(workspace: Workspace, changed: int, size: int) -> list[Decision]:
    return decisions.standing(decisions.read(workspace))


def digest(workspace: Workspace) -> str:
    """Of everything here that changes what a document's license is or whether it may stay: ledgers made before are out of date."""
    said = [[one.kind, one.subject, one.facts.get("license")] for one in known(workspace) if one.kind in {"settle", "withdraw"}]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def with_license(workspace: Workspace, wanted: set[str]) -> set[str]:
    """The wanted columns, and the license itself where settled ones may change what is wanted of it."""
    asks = any(path.startswith("license.") for path in wanted)
    return wanted | {"license.id"} if asks and any(one.kind == "settle" for one in known(workspace)) else wanted


def settled(workspace: Workspace, table: pa.Table) -> pa.Table:
    """The table (doc_id, source, license.*) with settled licenses: a document's own, or its source's where none was clear."""
    columns = [name for name in table.column_names if name.startswith("license.")]
    by_document: dict[str, str] = {}
    by_source: dict[str, str] = {}
    for one in known(workspace) if columns else ():
        if one.kind == "settle":
            place = by_document if "document" in one.subject else by_source
            place[one.subject.get("document") or one.subject["source"]] = one.facts["license"]
    if not (by_document or by_source):
        return table
    rows = zip(*(table[name].to_pylist() for name in ("doc_id", "source", "license.id")), strict=True)
    said = [by_document.get(doc) or (by_source.get(source) if clear is None else None) for doc, source, clear in rows]
    mask = pa.array([one is not None for one in said])
    values: dict[str, list[Any]] = {
        "license.id": said,
        "license.detector": ["settled"] * len(said),
        "license.confidence": [1.0] * len(said),
        "license.conflict": [False] * len(said),
        "license.tier": [tier(one) for one in said],
    }
    for name in columns:
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pc.if_else(mask, pa.array(values[name], field.type), table[name]))
    return table


def settlement(workspace: Workspace, doc_id: str, source: str, clear: str | None) -> Decision | None:
    """The decision that says a document's license as `settled` applies it: its own, or its source's where what was measured is null."""
    every = [one for one in known(workspace) if one.kind == "settle"]
    own = [one for one in every if one.subject.get("document") == doc_id]
    shared = [one for one in every if one.subject.get("source") == source and clear is None]
    found = own or shared
    return found[-1] if found else None


def about_source(workspace: Workspace, name: str) -> Decision | None:
    """The last word about a source's manifest as it stands: accepted or refused, else submitted by a form; null where nobody said anything."""
    about = {"source": name, "manifest": hashlib.sha256(workspace.source_file(name).read_bytes()).hexdigest()}
    own = [one for one in known(workspace) if one.kind in {"submit", "accept", "refuse"} and one.subject == about]
    decided = [one for one in own if one.kind != "submit"]  # who sends the form again undoes no decision
    said = decided or own
    return said[-1] if said else None


def withdrawals(workspace: Workspace) -> list[Decision]:
    """Every withdrawal; none is ever revoked."""
    return [one for one in known(workspace) if one.kind == "withdraw"]


def needed(workspace: Workspace) -> set[str]:
    """Columns that withdrawals look at; none before the first."""
    return COLUMNS if withdrawals(workspace) else set()


def withdrawn(workspace: Workspace, table: pa.Table) -> list[Decision | None]:
    """For each row of a table (doc_id, source, `needed`) the withdrawal that names it, or null."""
    found: list[Decision | None] = [None] * table.num_rows
    for one in withdrawals(workspace):
        by, value = next((by, one.subject[by]) for by in BY if by in one.subject)
        for row, hit in enumerate(matching(table, by, value)):
            if hit and found[row] is None:
                found[row] = one
    return found


def matching(table: pa.Table, by: str, value: str) -> list[bool]:
    """Rows that a name stands for: a source, a document, a page, a license, or a domain with those below it."""
    if by == "document":
        return [one == value for one in table["doc_id"].to_pylist()]
    if by == "source":
        return [one == value for one in table["source"].to_pylist()]
    if by == "license":
        return [one == value for one in table["license.id"].to_pylist()]
    urls = table["document.url"].to_pylist()
    if by == "url":
        return [one == value for one in urls]
    wanted = value.lower().rstrip(".")
    return [one == wanted or one.endswith(f".{wanted}") for one in map(_host, urls)]


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").rstrip(".")
    except ValueError:  # what is no address has no domain
        return ""


def concerns(decisions_: list[Decision], release: str) -> list[Decision]:
    """Withdrawals after which a released version (name@vX.Y.Z) must not be loaded without a reason."""
    return [one for one in decisions_ if one.kind == "withdraw" and release in one.facts.get("affected", ())]
