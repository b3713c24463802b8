"""Data levels and what they ask for: L1 to L4, IMPORTANT, CORE (aligned with GB/T 43697-2024), and the export gate.

The highest input decides; a level falls only by a recorded de-identification assessment (GB/T 42460-2023). What the table calls
encrypted or isolated this program does not do itself: the workspace declares it, or the run is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from curation.decisions import Decision
from curation.identifiers import PERSONAL
from curation.manifest import Level, Source
from curation.recipe import Use

LEVELS = get_args(Level)  # from public up
MERGED_PERSONS = 100_000
Verdict = Literal["exempt", "contract", "assessment"]


@dataclass(frozen=True)
class Control:
    """What one level asks for."""

    reviewers: int  # approvals of a release, each by another person
    owner: bool  # one of them is the data's owner
    audiences: tuple[str, ...]
    declared: tuple[str, ...]  # what the workspace must say of its storage


CONTROLS = {
    "L1": Control(0, False, ("open", "licensed", "internal"), ()),
    "L2": Control(1, False, ("open", "licensed", "internal"), ()),
    "L3": Control(2, False, ("licensed", "internal"), ("access_controlled", "encrypted")),
    "L4": Control(2, True, ("internal",), ("isolated", "encrypted", "reads_logged")),
    "IMPORTANT": Control(2, True, ("internal",), ("isolated", "encrypted", "reads_logged")),
}


def of_source(source: Source, known: Iterable[Decision]) -> str:
    """A source's level; what a recorded assessment lowered it to."""
    level = source.data_level or "L1"
    for one in known:
        if one.kind == "lower" and one.subject.get("source") == source.id and LEVELS.index(one.facts["to"]) < LEVELS.index(level):
            level = one.facts["to"]
    return level


def highest(levels: Iterable[str]) -> str:
    """The level of what is made of several (就高从严)."""
    return max(levels, key=LEVELS.index, default="L1")


def fault(source: Source, use: Use, known: list[Decision], declared: list[str], redacted: set[str]) -> str | None:
    """Why the source may not go into a dataset of this use in this workspace, as one line; null when it may."""
    level = of_source(source, known)
    if level == "CORE":
        return "is core data, which is never processed here"
    if level == "IMPORTANT" and not any(one.kind == "override" and _overrides(one, source.id) for one in known):
        return f"is important data: refused without `curate override {source.id} --rule important_data --assessment ID --because TEXT`"
    control = CONTROLS[level]
    if use.audience not in control.audiences:
        return f"is {level}: a dataset of it may be for {', '.join(control.audiences)} and not {use.audience}"
    if missing := [one for one in control.declared if one not in declared]:
        return (
            f"is {level}: this workspace must declare controls: [{', '.join(missing)}] in curation.yaml (they are not done here)"
        )
    if level == "L2" and use.audience == "open" and (left := sorted(set(PERSONAL) - redacted)):
        return f"is L2: an open dataset of it needs an edit over pii.spans for {', '.join(left[:4])}{' ...' if left[4:] else ''}"
    return None


def _overrides(one: Decision, source: str, rule: str = "important_data") -> bool:
    return one.subject.get("source") == source and one.facts.get("rule") == rule and bool(one.facts.get("assessment"))


def merged_fault(sources: Iterable[Source], known: Iterable[Decision]) -> str | None:
    """Why sources of L2 may not be merged unseen: together they tell of so many persons that somebody must look at their level again."""
    merged = [source for source in sources if of_source(source, known) == "L2" and source.pi_persons_estimate]
    persons = sum(source.pi_persons_estimate or 0 for source in merged)
    if len(merged) < 2 or persons < MERGED_PERSONS:
        return None
    looked = {s.id for s in merged for one in known if one.kind == "override" and _overrides(one, s.id, "merged_persons")}
    left = [source.id for source in merged if source.id not in looked]
    if not left:
        return None
    return (
        f"merges {len(merged)} sources of L2 with {persons:,} persons ({MERGED_PERSONS:,} or more ask for a new look at their level): "
        f"raise data_level, or `curate override {left[0]} --rule merged_persons --assessment ID --because TEXT`; open: {', '.join(left)}"
    )


def export_gate(persons: int, sensitive: int, important: bool = False, ciio: bool = False) -> Verdict:
    """What providing abroad needs (促进和规范数据跨境流动规定, 2024-03-22), of persons since 1 January.

    >>> export_gate(99_999, 0), export_gate(100_000, 0), export_gate(0, 1), export_gate(0, 10_000), export_gate(1, 0, ciio=True)
    ('exempt', 'contract', 'contract', 'assessment', 'assessment')
    """
    if important or persons >= 1_000_000 or sensitive >= 10_000 or (ciio and (persons or sensitive)):
        return "assessment"
    return "contract" if persons >= 100_000 or sensitive else "exempt"


def export_fault(sources: list[Source], use: Use, known: list[Decision]) -> str | None:
    """Why a release may not leave the country as the recipe says; an open dataset is provided abroad wherever it lies."""
    abroad = use.audience == "open" or any(place != "CN" for place in use.destination)
    if not abroad:
        return None
    persons = sensitive = 0
    for source in sources:
        if source.contains_pi == "yes" and source.pi_persons_estimate is None:
            return f"source {source.id!r} contains personal data: pi_persons_estimate is needed for the export gate"
        if source.contains_spi == "yes" and source.spi_persons_estimate is None:
            return f"source {source.id!r} contains sensitive personal data: spi_persons_estimate is needed for the export gate"
        persons += source.pi_persons_estimate or 0
        sensitive += source.spi_persons_estimate or 0
    important = any(of_source(source, known) == "IMPORTANT" for source in sources)
    verdict = export_gate(persons, sensitive, important, any(source.ciio for source in sources))
    if verdict != "exempt" and not use.export_reference:
        what = "a security assessment" if verdict == "assessment" else "a standard contract or a certification"
        return (
            f"providing abroad needs {what} ({persons:,} persons, {sensitive:,} with sensitive data); "
            "say its number as export_reference in the recipe's `use`, or make the audience internal"
        )
    return None
