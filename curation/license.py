"""Licenses: the table of what each allows, claims collected from text and metadata, and the verdict.

Claims are collected at ingest and by readers; `decide` is used by the signal `license` alone.
Sources: SPDX license list 3.x (ids, texts), PRC Copyright Law (2020) art. 5, Creative Commons legal code.
"""

import csv
import itertools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

DICE_AT_LEAST = 0.90  # 119 of 120 texts with 0-3 % of words dropped stay above; measured 2026-11
DICE_MARGIN = 0.005  # below this distance to the second best the text is not told apart

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
    "spdx_header": 1.0,
    "package_metadata": 0.95,
    "license_text": 0.9,
    DENIAL: 1.0,
}


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
    try:
        parsed = _licensing().parse(name, validate=False, strict=False)
    except (ExpressionError, ValueError, AttributeError, TypeError):
        return None
    if parsed is None:
        return None
    for key in _licensing().license_keys(parsed):
        known = key in _licensing().known_symbols or re.fullmatch(r"LicenseRef-[A-Za-z0-9.\-]+", key)
        if not known:
            return None
    return str(parsed.render("{symbol.key}")) if hasattr(parsed, "render") else str(parsed)


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
    found = _SPDX_HEADER.search(text[:_HEADER_CHARS])
    if not found:
        return []
    value = found.group(1).strip().rstrip("*/-").strip()
    return [Claim("spdx_header", value, found.group(0).strip(), where)]


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
    if spdx := match_text(text):
        found = [Claim("license_text", spdx, " ".join(text.split())[:200], where)]
        own = resources.files("curation.resources").joinpath("license_texts", f"{spdx}.txt").read_text(encoding="utf-8")
        limits = list(_LIMITS.finditer(text))
        if len(limits) > len(_LIMITS.findall(own)):  # a sentence was added to a known text
            found.append(Claim(DENIAL, limits[-1].group(0), _around(text, limits[-1]), where))
        return found
    if limit := _LIMITS.search(text):
        return [Claim(DENIAL, limit.group(0), _around(text, limit), where)]
    if name := _NAMES.search(text):
        return [Claim("license_text", name.group(0), _around(text, name), where)]
    if reservation := _RESERVATIONS.search(text):
        return [Claim(DENIAL, reservation.group(0), _around(text, reservation), where)]
    return []


def _around(text: str, match: re.Match[str]) -> str:
    return " ".join(text[max(0, match.start() - 80) : match.end() + 120].split())


_COPYRIGHT_LINE = re.compile(r"^\s*(?:copyright\s*(?:\(c\)|©|<|\d)|©|\(c\)\s*\d|all rights reserved)", re.IGNORECASE)


def _bigrams(text: str) -> Counter[tuple[str, str]]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # the notice names the holder; a text that stands on one long line is no notice
    lines = [line for line in folded.splitlines() if len(line) > 200 or not _COPYRIGHT_LINE.match(line)]
    words = re.findall(r"[^\W_]+", "\n".join(lines))
    return Counter(itertools.pairwise(words))


@cache
def _bundled() -> list[tuple[str, Counter[tuple[str, str]], int]]:
    folder = resources.files("curation.resources").joinpath("license_texts")
    texts = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        grams = _bigrams(entry.read_text(encoding="utf-8"))
        texts.append((entry.name.removesuffix(".txt"), grams, sum(grams.values())))
    return texts


def match_text(text: str) -> str | None:
    """SPDX id of the bundled license text that `text` equals or nearly equals, by Dice over word bigrams."""
    if len(text) > 200_000:
        return None
    grams = _bigrams(text)
    size = sum(grams.values())
    scores = []
    for spdx, bundled, length in _bundled():
        if size + length and 2 * min(size, length) / (size + length) >= DICE_AT_LEAST:
            scores.append((2 * (grams & bundled).total() / (size + length), spdx))
    scores.sort(reverse=True)
    if not scores or scores[0][0] < DICE_AT_LEAST:
        return None
    rivals = [s for s in scores[1:] if scores[0][0] - s[0] < DICE_MARGIN]
    if rivals and not all(_same_text(scores[0][1], spdx) for _, spdx in rivals):
        return None
    return scores[0][1]


def _same_text(one: str, other: str) -> bool:
    """-only and -or-later share their text; which is meant stands elsewhere."""
    return re.sub(r"-(only|or-later)$", "", one) == re.sub(r"-(only|or-later)$", "", other)


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
    return one == other or _same_text(one, other) or other in re.split(r" (?:OR|AND) |[()]", one)
