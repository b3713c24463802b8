"""Which industry a text is about, and whether it takes a profession to understand it: proposals, by terms.

The industries are the policy's twelve, three data-intensive ones and `general` (curation.manifest.INDUSTRIES); the classes are those of
TC609-5-2025-03 that a text alone can show: 通识 `general`, 行业通识 `industry_general`. 行业专识 is for a source to declare, since it
needs to come from inside an organisation, an expert's annotation and a named scenario (curation.policy.industry). Evidence is the sum of the
weights of an industry's distinct terms in the first 20,000 characters, each with the logarithm of its count; the score of a
proposal is its share of all evidence, lowered while few terms speak for it.
"""

import math
from collections import defaultdict
from functools import cache
from importlib import resources as package
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

METHOD = "terms"
READ = 20_000  # characters: bounds the cost of a long document, and its first part names its subject
LEAST_TERMS, LEAST_SHARE = 2, 0.4  # one term, or an even mixture of industries, is no subject
PROFESSION = 4  # distinct terms that a text for laymen seldom has together
FILE = Path(str(package.files("curation.resources").joinpath("industries.yaml")))
COLUMNS = pa.schema(
    [
        pa.field("label", pa.string()),
        pa.field("score", pa.float32()),
        pa.field("class", pa.string()),
    ]
)


def resources() -> list[Path]:
    """The terms."""
    return [FILE]


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """label, score, class of each text."""
    found = [propose(text) for text in documents["text"].to_pylist()]
    columns = [pa.array([one[i] for one in found], field.type) for i, field in enumerate(COLUMNS)]
    return pa.record_batch(columns, schema=COLUMNS)


def propose(text: str) -> tuple[str, float, str]:
    """(industry, score, class).

    >>> propose("变电站的变压器停电检修，继电保护装置由电力调度机构整定。")[::2]
    ('energy', 'industry_general')
    >>> propose("春天来了，花开了。")
    ('general', 1.0, 'general')
    """
    matcher, terms = _matcher()
    read = text[:READ].lower()
    counts: dict[int, int] = defaultdict(int)
    for number, start, end in matcher.find_matches_as_indexes(read):
        if terms[number][2] or not _inside_word(read, start, end):
            counts[number] += 1
    evidence: dict[str, float] = defaultdict(float)
    distinct: dict[str, int] = defaultdict(int)
    for number, count in counts.items():
        industry, weight, _ = terms[number]
        evidence[industry] += weight * (1 + math.log(count))
        distinct[industry] += 1
    if not evidence:
        return "general", 1.0, "general"
    best = min(evidence, key=lambda name: (-evidence[name], name))
    share = evidence[best] / sum(sorted(evidence.values()))
    score = share * (1 - 2 ** (-distinct[best] / 2))
    if distinct[best] < LEAST_TERMS or share < LEAST_SHARE:
        return "general", 1 - score, "general"
    return best, score, "industry_general" if distinct[best] >= PROFESSION else "general"


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin term is only a part of a longer word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum())


@cache
def _matcher():  # type: ignore[no-untyped-def]
    """The automaton, and (industry, weight, is Han) of each term: longer terms are rarer and say more."""
    import ahocorasick_rs as ac

    terms: list[tuple[str, float, bool]] = []
    words: list[str] = []
    for industry, row in sorted(vocabulary().items()):
        words += [*row["zh"], *row["en"]]
        terms += [(industry, 1.0 + 0.5 * min(2, len(word) - 2), True) for word in row["zh"]]
        terms += [(industry, 2.0 if " " in word or "-" in word else 1.0, False) for word in row["en"]]
    lowered = [word.lower() for word in words]
    return ac.AhoCorasick(lowered, matchkind=ac.MatchKind.LeftmostLongest), terms


@cache
def vocabulary() -> dict[str, Any]:
    """Industry -> title {en, zh}, section of GB/T 4754-2017, terms zh and en."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
