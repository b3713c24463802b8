"""A dataset: data/recipes/<name>.yaml, its filters, profiles and license policy."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from curation.declaration import Declared, Localized, load_yaml, parse
from curation.errors import DeclarationError
from curation.manifest import INDUSTRIES, SourceId

Scalar = str | bool | int | float
Condition = dict[str, Scalar | list[Scalar]]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]


Finite = Annotated[float, Field(allow_inf_nan=False)]


class Filter(Declared):
    """Keep a document while low <= value <= high, or while its word is in any_of and not in none_of.

    `where` selects the documents it judges; a null in `where` does not select. A null value fails the filter.
    """

    name: Name
    column: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[A-Za-z0-9_]+$")]
    low: Finite | None = None
    high: Finite | None = None
    any_of: list[Scalar] | None = None
    none_of: list[Scalar] | None = None
    where: Condition = {}
    then: Literal["remove", "quarantine"] = "remove"
    because: Localized

    @model_validator(mode="after")
    def _decides(self) -> Self:
        numeric = self.low is not None or self.high is not None
        words = self.any_of is not None or self.none_of is not None
        if numeric == words:
            raise ValueError("give low and/or high for a number, or any_of / none_of for a word")
        return self

    def facts(self, where: Condition) -> dict[str, Any]:
        """Its fields as cards and questions tell them, with the selection of its profile joined to its own."""
        return {**self.model_dump(), "where": {**where, **self.where}}


class Edit(Declared):
    """Turn the spans of a signal into replacements; only assemble applies them.

    `types` selects kinds of spans (default: all; of `pii.spans` all but CN_USCC, which names a company). A replacement may hold
    {type} and {pseudonym}: 12 hex digits that are the same for the same value, keyed by $CURATION_PSEUDONYM_KEY.
    """

    name: Name
    spans: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]
    types: list[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")]] = []
    replacement: str = ""
    where: Condition = {}
    because: Localized

    @field_validator("replacement")
    @classmethod
    def _fields(cls, words: str) -> str:
        for found in re.findall(r"\{([^}]*)\}", words):
            if found not in {"type", "pseudonym"}:
                raise ValueError(f"replacement: unknown field {{{found}}}; allowed: {{type}}, {{pseudonym}}")
        return words


class Profile(Declared):
    """A set of filters, and of edits, for one kind of text. `where` selects the documents of all of them."""

    name: Name
    title: Localized
    where: Condition
    filters: list[Filter]
    edits: list[Edit] = []
    source: str | None = None  # where its constants come from


class UseProfile(Declared):
    """A profile as a recipe uses it; `where` here replaces the profile's own."""

    use: Name
    where: Condition | None = None


class Policy(Declared):
    """Which licenses a dataset accepts: filters over the signal `license`."""

    name: Name
    title: Localized
    filters: list[Filter]


class Near(Declared):
    """MinHash near-duplicates at this Jaccard of 5-token shingles; exact where the estimate is not clear."""

    threshold: float = Field(0.8, ge=0.5, le=1.0)
    estimate_only: bool = False


class Decontaminate(Declared):
    """Benchmark files (below the workspace) whose passages no document may hold: remove it, or cut the passages."""

    benchmarks: list[str] = Field(min_length=1)
    then: Literal["remove", "cut"] = "remove"


class Paragraphs(Declared):
    """Lines of at least `words` words (1.8 Han characters each) that more than `documents` kept documents of one source hold,
    and lines that one document holds again: cut, or flagged in ledger/paragraphs.parquet. `where` selects the documents.
    """

    documents: int = Field(10, ge=1)
    words: float = Field(5, ge=1)
    then: Literal["cut", "flag"] = "cut"
    inside: Literal["cut", "flag", "keep"] = "flag"
    where: Condition = {}


class Dedup(Declared):
    """Which twins go, and which one stays (first difference decides, ties by doc_id)."""

    exact: bool = True
    url: bool = False  # of documents with one address the best stays
    near: Near | None = Near()
    # releases (name@vX.Y.Z) whose documents, and whatever resembles them, are left out of this dataset
    against: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}@v\d+\.\d+\.\d+$")]] = []
    keep: list[Literal["license_tier", "quality", "most_tokens", "earliest", "source_order"]] = [
        "license_tier",
        "quality",
        "most_tokens",
        "earliest",
    ]
    # what resembles a document of a more restrictive or unknown license, without evidence that it was published first
    license_crossing: Literal["flag", "quarantine", "allow"] = "flag"
    decontaminate: Decontaminate | None = None
    paragraphs: Paragraphs | None = None  # boilerplate of a source, and what a document says twice


class Safety(Declared):
    """The user's own keyword libraries (CSV below the workspace: keyword, risk), and how they are held to TC260-003."""

    keywords: list[str] = Field(min_length=1)
    max_age_days: int = Field(7, ge=1)
    complete: bool = True  # 10,000 words in all, 200 for each risk of A.1, 100 for each of A.2


class Use(Declared):
    """What the dataset is for, and who gets it: rights, licenses, levels and the export gate are judged against it.

    `territory` and `destination` are ISO 3166 codes. An open dataset is provided abroad wherever it lies.
    """

    purpose: Literal["train_internal", "redistribute_verbatim", "redistribute_modified", "adapt"] = "redistribute_modified"
    commercial: bool = True
    audience: Literal["open", "licensed", "internal"] = "open"
    territory: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]] = []
    destination: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]] = []
    export_reference: str | None = None  # of the assessment, contract or certification
    accept_reservation: str | None = None  # why a reservation of text and data mining does not bind this use

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.purpose == "train_internal" and self.audience != "internal":
            raise ValueError(
                f"purpose train_internal is for the audience internal and not {self.audience}; allowed: another purpose"
            )
        return self


# what a policy's name says of the use, where the recipe says nothing
_USE_OF = {
    "internal": Use(purpose="train_internal", audience="internal"),
    "research_nc": Use(commercial=False),
}


class Recipe(Declared):
    """A dataset's whole method. The file's name is the dataset's name."""

    name: Name
    title: Localized
    summary: Localized
    sources: list[SourceId] = Field(min_length=1)
    industry: list[INDUSTRIES] = ["general"]
    curator: str
    contact: str
    homepage: str | None = None
    profiles: list[UseProfile] = []
    policy: Name = "open_permissive"
    use: Use | None = None  # default: redistributed, modified, to everybody; by policy `internal` within the organisation
    filters: list[Filter] = []
    dedup: Dedup = Dedup()
    edits: list[Edit] = []
    splits: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]+$")], float] = {"train": 1.0}
    review: Literal["auto", "required"] = "required"
    sampling: Literal["none", "tc260"] = "none"
    safety: Safety | None = None
    known_limits: list[Localized] = []

    @field_validator("profiles", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return [{"use": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value

    def used(self) -> Use:
        """What the dataset is for, as declared or as its policy says."""
        return self.use or _USE_OF.get(self.policy, Use())

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if abs(sum(self.splits.values()) - 1.0) > 1e-9:
            raise ValueError(f"splits: shares must add up to 1, found {sum(self.splits.values()):g}")
        for release in self.dedup.against:
            if release.split("@")[0] == self.name:
                raise ValueError(f"dedup: against: {release} is a version of this dataset itself; allowed: other datasets")
        for what, names in (("sources", self.sources), ("filters", [f.name for f in self.filters])):
            if len(set(names)) != len(names):
                raise ValueError(f"{what}: a name appears twice")
        return self


class Plan(Declared):
    """A recipe with its profiles and policy looked up: everything the recipe wing needs."""

    recipe: Recipe
    profiles: list[Profile]
    policy: Policy

    def filters(self) -> list[tuple[Condition, Filter]]:
        """Every filter with the selection of its profile, in the order of the ledger."""
        by_profile = [(p.where, _named(f, p.name)) for p in self.profiles for f in p.filters]
        plain: list[tuple[Condition, Filter]] = [({}, _named(f, self.policy.name)) for f in self.policy.filters]
        return [*plain, *by_profile, *(({}, f) for f in self.recipe.filters)]

    def edits(self) -> list[Edit]:
        """Every edit: those of profiles, for the documents they select, then the recipe's own."""
        of_profiles = [e.model_copy(update={"where": {**p.where, **e.where}}) for p in self.profiles for e in p.edits]
        return [*of_profiles, *self.recipe.edits]


def _named(one: Filter, room: str) -> Filter:
    return one.model_copy(update={"name": f"{room}.{one.name}"})


def load(path: Path, shown: str | None = None) -> Recipe:
    """Read one recipe. Raises DeclarationError `file: place: fault`."""
    shown = shown or str(path)
    recipe = parse(Recipe, load_yaml(path, shown), shown)
    if recipe.name != path.stem:
        raise DeclarationError(f"{shown}: name {recipe.name!r} differs from the file's name; allowed: {path.stem!r}")
    return recipe


def plan(recipe: Recipe, find_profile: Callable[[str], Profile], find_policy: Callable[[str], Policy]) -> Plan:
    """Look up what the recipe names; a `where` in the recipe replaces the profile's."""
    profiles = []
    for use in recipe.profiles:
        profile = find_profile(use.use)
        profiles.append(profile if use.where is None else profile.model_copy(update={"where": use.where}))
    return Plan(recipe=recipe, profiles=profiles, policy=find_policy(recipe.policy))


def unknown(kind: str, name: str, known: list[str]) -> DeclarationError:
    """The error for a name that is not there."""
    return DeclarationError(f"unknown {kind} {name!r}; known: {', '.join(known) or 'none'}")
