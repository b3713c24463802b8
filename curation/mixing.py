"""What a mixture of licenses permits: each document for a purpose, whole documents side by side, several fused into one.

Documents that stay apart with their licenses form a collection: what it permits is what all permit. Fusing, translating or
synthesising adapts them, and needs one license that every share-alike input allows. An engineering reading, not legal advice;
compatibility as the licenses' stewards state it (Creative Commons' list of compatible licenses, the FSF's list, MPL-2.0 section 3.3).
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, NamedTuple

from curation.license import Terms, _licensing, table

Purpose = Literal["train_internal", "redistribute_verbatim", "redistribute_modified", "adapt"]

# one-way: what is under the first may be given under the second
_EDGES: dict[str, tuple[str, ...]] = {
    "CC-BY-SA-3.0": ("CC-BY-SA-4.0",),
    "CC-BY-SA-4.0": ("GPL-3.0-only",),
    "GPL-2.0-or-later": ("GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later"),
    "GPL-3.0-or-later": ("GPL-3.0-only",),
    "GPL-3.0-only": ("AGPL-3.0-only",),
    "LGPL-2.1-only": ("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only"),
    "LGPL-3.0-only": ("GPL-3.0-only",),
    "MPL-2.0": ("GPL-2.0-or-later", "GPL-3.0-only", "LGPL-2.1-only", "LGPL-3.0-only", "AGPL-3.0-only"),
}


class Flags(NamedTuple):
    """What a license expression permits and asks for, choices made."""

    expression: str  # the branch that is taken
    tier: str
    redistribute: bool
    commercial: bool
    derivatives: bool
    share_alike: bool
    attribution: bool


@cache
def flags(expression: str | None) -> Flags | None:
    """Of an SPDX expression: OR takes the freest known branch, AND everything that any part asks for; unknown is null."""
    if not expression:
        return None
    return _flags(_licensing().parse(expression, validate=False))


def _flags(node: Any) -> Flags | None:
    kind = type(node).__name__
    if kind == "OR":
        known = [found for arg in node.args if (found := _flags(arg))]
        return min(known, key=lambda f: (f.tier, f.expression.count(" AND "), f.expression), default=None)
    if kind == "AND":
        parts = [_flags(arg) for arg in node.args]
        return None if None in parts else _both([part for part in parts if part])
    base = node.license_symbol.key if kind == "LicenseWithExceptionSymbol" else node.key
    row: Terms | None = table().get(base)
    if row is None:
        return None
    said = str(node) if kind == "LicenseWithExceptionSymbol" else base
    return Flags(said, row.tier, row.redistribute, row.commercial, row.derivatives, row.share_alike, row.attribution)


def _both(parts: list[Flags]) -> Flags:
    ids = sorted({one for part in parts for one in part.expression.split(" AND ")})
    return Flags(
        " AND ".join(ids),
        max(part.tier for part in parts),
        all(part.redistribute for part in parts),
        all(part.commercial for part in parts),
        all(part.derivatives for part in parts),
        any(part.share_alike for part in parts),
        any(part.attribution for part in parts),
    )


def refusal(expression: str | None, purpose: Purpose, commercial: bool, modified: bool = False) -> str | None:
    """Why a document may not serve the purpose (a closed list of codes), or null: LIC_UNKNOWN, LIC_NO_REDISTRIBUTION, LIC_NC, LIC_ND_MODIFIED.

    What is used inside an organisation only is judged by its rights and policy, not by what may be given on.
    """
    if purpose == "train_internal":
        return None if expression else "LIC_UNKNOWN"
    found = flags(expression)
    if found is None:
        return "LIC_UNKNOWN"
    if not found.redistribute:
        return "LIC_NO_REDISTRIBUTION"
    if commercial and not found.commercial:
        return "LIC_NC"
    if (modified or purpose == "adapt") and not found.derivatives:
        return "LIC_ND_MODIFIED"
    return None


class Collection(NamedTuple):
    """Whole documents side by side, each with its own license."""

    publishable: bool
    tier: str | None
    commercial: bool
    derivatives: bool
    share_alike: list[str]
    attribution: list[str]
    expression: str | None


def collection(expressions: Iterable[str | None]) -> Collection:
    """What a set of documents permits; one of an unknown license makes the whole not publishable."""
    distinct = set(expressions)
    found = {one: flags(one) for one in distinct}
    known = [one for one in found.values() if one]
    if len(known) != len(distinct):
        return Collection(False, None, False, False, _ids(known, "share_alike"), _ids(known, "attribution"), None)
    if not known:
        return Collection(True, None, True, True, [], [], None)
    all_of = _both(known)
    return Collection(
        all_of.redistribute,
        all_of.tier,
        all_of.commercial,
        all_of.derivatives,
        _ids(known, "share_alike"),
        _ids(known, "attribution"),
        all_of.expression,
    )


def _ids(known: list[Flags], flag: str) -> list[str]:
    singles = {one for found in known for one in found.expression.split(" AND ")}
    rows = table()
    return sorted(one for one in singles if getattr(rows[one.split(" WITH ")[0]], flag))


def adapted(expressions: Iterable[str | None]) -> tuple[str | None, str]:
    """(license, why) of one record made of several: null with `unknown`, `denied` or `conflict`, else the license and `ok`."""
    found = [flags(one) for one in set(expressions)]
    known = [one for one in found if one]
    if len(known) != len(found) or not known:
        return None, "unknown"
    if not all(one.derivatives for one in known):
        return None, "denied"
    singles = sorted({one.split(" WITH ")[0] for part in known for one in part.expression.split(" AND ")})
    rows = table()
    alike = [one for one in singles if rows[one].share_alike]
    if not alike:
        asking = [one for one in singles if rows[one].tier != "T0"]
        return " AND ".join(asking or singles[:1]), "ok"
    candidates = set.intersection(*(_closure(one) for one in alike))
    if not all(rows[one].commercial for one in singles):
        candidates = {one for one in candidates if one in rows and not rows[one].commercial}
    if not candidates:
        return None, "conflict"
    own = sorted(candidates & set(singles))
    return (own or sorted(candidates))[0], "ok"


def _closure(license_id: str) -> set[str]:
    reached, waiting = {license_id}, [license_id]
    while waiting:
        for one in _EDGES.get(waiting.pop(), ()):
            if one not in reached:
                reached.add(one)
                waiting.append(one)
    return reached
