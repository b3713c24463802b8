"""Licenses: the table of what each allows, claims collected from text and metadata, and the verdict.

Claims are collected at ingest and by readers; `decide` is used by the signal `license` alone.
Sources: SPDX license list 3.x (ids, texts), PRC Copyright Law (2020) art. 5, Creative Commons legal code.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

from curation import license_texts

DENIAL = "denial"  # the text reserves rights or forbids a use that a training set needs


class Claim(NamedTuple):
    """One statement about a license: who says it (detector), what (value), in which words, where."""

    detector: str
    value: str
    passage: str | None
    where: str | None


CONFIDENCE = {  # how far a detector is believed; below 0.8 it does not make a conflict
    "manifest": 1.0,
    "record": 1.0,
    "settled": 1.0,
    "spdx_header": 1.0,
    "copyright_file": 0.95,
    "package_metadata": 0.95,
    "json_ld": 0.95,
    "rel_license": 0.95,
    "license_text": 0.9,
    "meta": 0.85,
    "sentence_zh": 0.85,
    "header_notice": 0.85,
    "sentence_en": 0.8,
    "license_link": 0.6,  # it may be of an image or a neighbour
    DENIAL: 1.0,
}


OF_FILE = {"spdx_header", "copyright_file"}  # said of this very file: REUSE 3.3 lets it win over what is said of its package
OF_PACKAGE = {"package_metadata", "license_text"}


@dataclass(frozen=True)
class Terms:
    """One row of resources/licenses.csv. Tiers: T0 public domain ... T5 no derivatives."""

    id: str
    family: str
    tier: str
    redistribute: bool
    commercial: bool
    derivatives: bool
    share_alike: bool
    attribution: bool
    basis: str


@cache
def table() -> dict[str, Terms]:
    """SPDX id or LicenseRef -> its terms. A new government or contract term is a row, not code."""
    text = resources.files("curation.resources").joinpath("licenses.csv").read_text(encoding="utf-8")
    rows = {}
    for row in csv.DictReader(text.splitlines()):
        flags = {k: row[k] == "Y" for k in ("redistribute", "commercial", "derivatives", "share_alike", "attribution")}
        rows[row["id"]] = Terms(row["id"], row["family"], row["tier"], **flags, basis=row["basis"])
    return rows


_ALIASES = {
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "mit license": "MIT",
    "the mit license": "MIT",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "odc-by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0",
    "c-uda": "C-UDA-1.0",
    "gfdl": "GFDL-1.3-or-later",
    "cc0": "CC0-1.0",
    "cc by 4.0": "CC-BY-4.0",
    "cc by-sa 4.0": "CC-BY-SA-4.0",
}
_AMBIGUOUS = {"bsd", "bsd license", "lgpl", "gpl", "cc", "other", "unknown", "noassertion", "none", "proprietary"}


@cache
def _licensing():  # type: ignore[no-untyped-def]
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@cache
def normalise(raw: str) -> str | None:
    """An SPDX expression for `raw`, or null when it names no license we can tell.

    >>> normalise("Apache License 2.0"), normalise("gpl-3.0"), normalise("BSD License"), normalise("MIT OR")
    ('Apache-2.0', 'GPL-3.0-only', None, None)
    """
    from license_expression import ExpressionError

    name = " ".join(raw.split())
    if not name or len(name) > 500 or name.casefold() in _AMBIGUOUS:
        return None
    name = _ALIASES.get(name.casefold(), name)
    if re.fullmatch(r"LicenseRef-[A-Za-z0-9.\-]+", name):
        return name
    # license-expression takes a LicenseRef that ScanCode knows for another name of ScanCode's own
    refs = dict.fromkeys(re.findall(r"LicenseRef-[A-Za-z0-9.\-]+", name))
    plain = {ref: f"LicenseRef-{number}-own" for number, ref in enumerate(refs)}
    try:
        hidden = re.sub(r"LicenseRef-[A-Za-z0-9.\-]+", lambda ref: plain[ref.group(0)], name)
        parsed = _licensing().parse(hidden, validate=False, strict=False)
    except (ExpressionError, ValueError, AttributeError, TypeError):
        return None
    if parsed is None:
        return None
    for key in _licensing().license_keys(parsed):
        known = key in _licensing().known_symbols or re.fullmatch(r"LicenseRef-[A-Za-z0-9.\-]+", key)
        if not known:
            return None
    said = str(parsed.render("{symbol.key}")) if hasattr(parsed, "render") else str(parsed)
    back = {own: ref for ref, own in plain.items()}
    return re.sub(r"LicenseRef-\d+-own", lambda own: back[own.group(0)], said)


def tier(expression: str | None) -> str | None:
    """Tier of an SPDX expression: OR takes the freest branch, AND the strictest; unknown is null.

    >>> tier("MIT OR GPL-3.0-only"), tier("MIT AND GPL-3.0-only"), tier("MIT AND LicenseRef-x"), tier(None)
    ('T1', 'T3', None, None)
    """
    if expression is None:
        return None
    parsed = _licensing().parse(expression, validate=False)
    return _tier(parsed)


def _tier(node) -> str | None:  # type: ignore[no-untyped-def]
    kind = type(node).__name__
    if kind in {"OR", "AND"}:
        tiers = [_tier(arg) for arg in node.args]
        known = [t for t in tiers if t is not None]
        if kind == "OR":
            return min(known, default=None)
        return max(known) if len(known) == len(tiers) else None
    key = node.license_symbol.key if kind == "LicenseWithExceptionSymbol" else node.key
    row = table().get(key)
    return row.tier if row else None


# --- claims -----------------------------------------------------------------------------------------------

_SPDX_HEADER = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+\-() \t]+)")
_HEADER_CHARS = 4096  # REUSE 3: the tag stands in the file's leading comment

# Limits beat any permissive name in the same text; reservations count only where nothing is granted.
_LIMITS = re.compile(
    r"非商业|禁止商用|不得用于商业|未经[^。\n]{0,40}(?:授权|许可|同意)|仅供(?:个人|学习|研究)"
    r"|non-?\s?commercial(?:\s+\w+){0,2}\s+(?:use|purpose|only)|not\s+for\s+commercial"
    r"|commons\s+clause|does\s+not\s+(?:include|grant\s+to\s+you),?\s+(?:and\s+the\s+license\s+does\s+not\s+grant\s+to\s+you,?\s+)?the\s+right\s+to\s+sell"
    r"|solely\s+for\s+(?:non-?commercial|academic|research|educational|personal)"
    r"|for\s+(?:personal|academic|research|evaluation)\s+(?:use|purposes?)\s+only|commercial\s+use\s+is\s+(?:prohibited|not)",
    re.IGNORECASE,
)
_RESERVATIONS = re.compile(r"版权所有|保留(?:一切|所有|全部)权利|all\s+rights\s+reserved", re.IGNORECASE)
_NAMES = re.compile(
    r"\b(Apache(?:\s+License)?,?\s*(?:Version\s*)?2\.0|MIT License|BSD[- ]3[- ]Clause|MPL[- ]2\.0|CC[- ]BY(?:-SA)?[- ]4\.0)\b",
    re.IGNORECASE,
)


def from_spdx_header(text: str, where: str | None) -> list[Claim]:
    """The claim of an `SPDX-License-Identifier:` tag near the beginning of a file."""
    said = list(dict.fromkeys(one.strip().rstrip("*/-").strip() for one in _SPDX_HEADER.findall(text[:_HEADER_CHARS])))
    if not said:
        return []
    # several tags hold together (REUSE 3.3)
    value = said[0] if len(said) == 1 else " AND ".join(f"({one})" for one in said)
    return [Claim("spdx_header", value, f"SPDX-License-Identifier: {value}"[:300], where)]


def from_package_metadata(metadata: str, where: str) -> list[Claim]:
    """Claims of a PKG-INFO or METADATA file: License-Expression, else License, else classifiers (PEP 639)."""
    import email.parser

    fields = email.parser.HeaderParser().parsestr(metadata)
    if expression := fields.get("License-Expression"):
        return [Claim("package_metadata", expression, f"License-Expression: {expression}", where)]
    name = (fields.get("License") or "").strip()
    if name and "\n" not in name and normalise(name):
        return [Claim("package_metadata", name, f"License: {name}", where)]
    for classifier in fields.get_all("Classifier") or []:
        if classifier.startswith("License ::") and normalise(classifier.rsplit("::", 1)[1].strip()):
            return [Claim("package_metadata", classifier.rsplit("::", 1)[1].strip(), classifier, where)]
    return []


def from_license_text(text: str, where: str) -> list[Claim]:
    """Claims of a LICENSE file: a bundled text it equals or nearly equals, else a limit or denial, else a name.

    Inside a recognised text no word is a denial (a BSD text says "All rights reserved").
    """
    if spdx := license_texts.match(text):
        found = [Claim("license_text", spdx, " ".join(text.split())[:200], where)]
        return found + _added(text, spdx, where)
    if limit := _LIMITS.search(text):
        return [Claim(DENIAL, limit.group(0), _around(text, limit), where)]
    if name := _NAMES.search(text):
        return [Claim("license_text", name.group(0), _around(text, name), where)]
    if reservation := _RESERVATIONS.search(text):
        return [Claim(DENIAL, reservation.group(0), _around(text, reservation), where)]
    return []


_TRIGGER = {
    "sold", "sell", "selling", "military", "commercial", "commercially", "noncommercial", "academic", "research", "educational", "personal",
    "prohibited", "forbidden", "except", "solely", "only", "training", "weapons", "competitors", "nuclear",
}  # fmt: skip


def _added(text: str, spdx: str, where: str | None) -> list[Claim]:
    """A denial where words were added to a known text that limit what it grants."""
    own = license_texts.texts()[spdx]
    limits = list(_LIMITS.finditer(text))
    if len(limits) > len(_LIMITS.findall(own)):
        return [Claim(DENIAL, limits[-1].group(0), _around(text, limits[-1]), where)]
    for run in license_texts.added(text, spdx):
        if _TRIGGER & set(run):
            return [Claim(DENIAL, " ".join(run)[:80], " ".join(run)[:300], where)]
    return []


def _around(text: str, match: re.Match[str]) -> str:
    return " ".join(text[max(0, match.start() - 80) : match.end() + 120].split())


# What stands at the head of a file and names its license without a tag.
_NOTICES = (
    (re.compile(r"Licensed\s+(?:to\s+.{0,300}?\s+)?under\s+the\s+Apache\s+License,?\s+Version\s+2\.0", re.DOTALL), "Apache-2.0"),
    (re.compile(r"(?:subject\s+to|under)\s+the\s+terms\s+of\s+the\s+Mozilla\s+Public\s+License,?\s+v\.?\s*2\.0"), "MPL-2.0"),
    (re.compile(r"木兰宽松许可证[，, ]*第2版|licensed\s+under\s+(?:the\s+)?Mulan\s+PSL\s+v2", re.IGNORECASE), "MulanPSL-2.0"),
    (re.compile(r"Boost\s+Software\s+License,?\s+Version\s+1\.0"), "BSL-1.0"),
)  # fmt: skip
_GNU = re.compile(
    r"GNU\s+(?P<kind>(?:Lesser|Library|Affero)\s+)?General\s+Public\s+License\s+(?:as\s+published\s+by\s+the\s+Free\s+Software\s+Foundation)?"
    r"[;,:.\s]*(?:either\s+)?(?:under\s+the\s+terms\s+of\s+)?\(?(?:version|v)\s*(?P<version>[123](?:\.[01])?)"
    r"(?P<later>[^.]{0,60}?(?:or\s*\(?\s*at\s+your\s+option\s*\)?\s*any\s+later|or\s+(?:any\s+)?later))?",
    re.IGNORECASE,
)
_GRANT = re.compile(r"Redistribution\s+and\s+use|Permission\s+is\s+hereby\s+granted|Permission\s+to\s+use")
_COMMENT = re.compile(
    r"^[ \t]*(?:\*/|/\*+|\*+(?!/)|//+!?|#+!?|;+|--+|%+|\.\.|\"{3}|\'{3}|<!--|rem )?[ \t]?", re.IGNORECASE | re.MULTILINE
)


def from_header(text: str, where: str | None) -> list[Claim]:
    """Claims at the head of a file: its SPDX tag, else the notice that names a license, else a license text in the comment."""
    if tagged := from_spdx_header(text, where):
        return tagged
    head = text[:_HEADER_CHARS]
    if "icens" not in head and "许可" not in head and "ermission" not in head:
        return []
    plain = " ".join(_COMMENT.sub("", head).split())
    found = [
        Claim("header_notice", spdx, _around(plain, hit), where) for notice, spdx in _NOTICES if (hit := notice.search(plain))
    ]
    for hit in _GNU.finditer(plain):
        kind = {"l": "LGPL", "a": "AGPL"}.get((hit.group("kind") or " ")[0].lower(), "GPL")
        version = hit.group("version") if "." in hit.group("version") else f"{hit.group('version')}.0"
        named = normalise(f"{kind}-{version}-{'or-later' if hit.group('later') else 'only'}")
        found += [Claim("header_notice", named, _around(plain, hit), where)] if named else []
    found = list({claim.value: claim for claim in found}.values())
    if found and (limit := _LIMITS.search(plain)):
        found.append(Claim(DENIAL, limit.group(0), _around(plain, limit), where))
    if found:
        return found
    comment = _first_comment(head)  # permissive texts are short enough to stand in one
    begun = _GRANT.search(comment)
    matched = license_texts.match(comment[begun.start() :]) if begun else None
    if not (begun and matched):
        return []
    claims = [Claim("header_notice", matched, " ".join(comment[begun.start() :].split())[:200], where)]
    return claims + _added(comment[begun.start() :], matched, where)


def _first_comment(head: str) -> str:
    """The first comment that grants something, without its marks: a block, or lines that begin with one mark."""
    for block in re.finditer(r"/\*.*?\*/|\"{3}.*?\"{3}|'{3}.*?'{3}|<!--.*?-->", head, re.DOTALL):
        if _GRANT.search(_COMMENT.sub("", block.group(0))):
            return _COMMENT.sub("", block.group(0))
    lines = head.split("\n")
    for mark in ("//", "#", "--", ";", "%", ".."):
        own = [line for line in lines if line.lstrip().startswith(mark)]
        if own and _GRANT.search(plain := "\n".join(_COMMENT.sub("", line) for line in own)):
            return plain
    return head


# --- verdict ----------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """What the claims amount to; `id` is null when nothing was found or when claims disagree."""

    id: str | None
    detector: str | None
    confidence: float | None
    conflict: bool
    tier: str | None


def decide(claims: list[Claim]) -> Verdict:
    """The most believed claim, unless another strong claim or a denial contradicts it (then: conflict)."""
    if any(claim.detector in OF_FILE for claim in claims):
        claims = [claim for claim in claims if claim.detector not in OF_PACKAGE]
    known = []
    unread: list[Claim] = []  # statements that name no license we can tell: they may say anything but yes
    denied = False
    for claim in claims:
        if claim.detector == DENIAL:
            denied = True
        elif claim.detector in CONFIDENCE and (spdx := normalise(claim.value)):
            known.append((CONFIDENCE[claim.detector], claim.detector, spdx))
        elif claim.detector in CONFIDENCE and _says_something(claim.value):
            unread.append(claim)
    if denied:
        return Verdict(None, DENIAL, CONFIDENCE[DENIAL], bool(known), None if known else "X")
    if unread:
        detector = unread[0].detector
        return Verdict(None, detector, CONFIDENCE[detector], bool(known), None)
    if not known:
        return Verdict(None, None, None, False, None)
    known.sort(key=lambda c: (-c[0], list(CONFIDENCE).index(c[1])))
    best = known[0]
    strong = {spdx for confidence, _, spdx in known if confidence >= 0.8}
    if not strong:  # a link that may belong to an image licenses nothing
        return Verdict(None, best[1], best[0], False, None)
    if any(not _agree(best[2], spdx) for spdx in strong):
        return Verdict(None, best[1], best[0], True, None)
    # one branch of a choice, said alone, is the whole permission
    narrowest = max(strong, key=lambda spdx: (tier(spdx) or "X", spdx))
    if (tier(narrowest) or "X") > (tier(best[2]) or "X"):
        best = next(one for one in known if one[2] == narrowest)
    return Verdict(best[2], best[1], best[0], False, tier(best[2]))


def _says_something(value: str) -> bool:
    return value.strip().casefold() not in {"", "unknown", "noassertion", "none", "n/a", "other"}


def _agree(one: str, other: str) -> bool:
    return one == other or license_texts.same_text(one, other) or other in re.split(r" (?:OR|AND) |[()]", one)
