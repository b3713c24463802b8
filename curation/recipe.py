"""A dataset: data/recipes/<name>.yaml, its filters, profiles and license policy."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from curation.declaration import Declared, Localized, load_yaml, parse
from curation.errors import DeclarationError, UnknownError
from curation.manifest import INDUSTRIES, Source, SourceId

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


class Select(Declared):
    """Keep documents of these industries or classes: those whose source declares one, and else those whose text proposes one."""

    industry: list[INDUSTRIES] = []
    dataset_class: list[Literal["general", "industry_general", "industry_expert"]] = []
    score: float = Field(0.5, ge=0, le=1)  # a proposal below it does not count


class CardText(Declared):
    """What people write for the card; the numbers beside it are generated, and a card made again keeps these words."""

    rationale: Localized | None = None  # why the dataset was made
    collection: Localized | None = None
    annotation: Localized | None = None  # the annotation guideline (标注规范)
    uses: Localized | None = None  # 应用场景
    out_of_scope: Localized | None = None
    evaluation: Localized | None = None  # how a model trained on it is judged (评估方法)
    baseline: Localized | None = None  # 基准结果
    cases: Localized | None = None  # 典型案例
    biases: Localized | None = None
    social_impact: Localized | None = None
    maintenance: Localized | None = None
    support: Localized | None = None  # 技术支持
    citation: str | None = None


class Proxy(Declared):
    """Texts for the proxy model (metric 0305), below the workspace: JSONL with `text`. What the model is to be good at, and what it
    has learned from without this dataset.
    """

    heldout: list[str] = []
    base: list[str] = []


METRICS = (
    "0101", "0102", "0103", "0104", "0201", "0202", "0203", "0204", "0205", "0206", "0207", "0208",
    "0301", "0302", "0303", "0304", "0305",
)  # fmt: skip
CREDITS = ("first", "equal", "quality")  # who is credited for a duplicate


_TOKENS = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d+(\.\d+)?[KMBT]$"}]}


class Quality(Declared):
    """Targets, weights and alarms of the quality report (aligned with TC609-5-2025-04)."""

    weights: dict[Literal[METRICS], Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}  # type: ignore[valid-type]  # default: 1 each
    target_tokens: Annotated[int, Field(ge=1), WithJsonSchema(_TOKENS)] | None = (
        None  # 0302, a number or such as 50M; without one it is not evaluated
    )
    window: tuple[date, date] | None = None  # 0303: when the documents should have been made
    proxy: Proxy = Proxy()
    proxy_gain: float = Field(0.05, gt=0, le=1)  # 0305: the share by which the loss must fall for a full mark
    # by how much a share may move since the version before (default: card/quality.py's ALARMS)
    alarms: dict[Literal["personal_data", "rejects", "license_tiers", "new_domains"], Annotated[float, Field(ge=0, le=1)]] = {}

    @field_validator("target_tokens", mode="before")
    @classmethod
    def _number(cls, said: Any) -> Any:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMBT])", said) if isinstance(said, str) else None
        return round(float(found[1]) * 10 ** {"K": 3, "M": 6, "B": 9, "T": 12}[found[2]]) if found else said


class Registration(Declared):
    """Facts for the registration of a data resource that nothing here can know (发改数据规〔2025〕26号)."""

    registrant: str | None = None
    uscc: str | None = None
    resource_type: str | None = None
    update_cycle: str | None = None
    use_conditions: str | None = None
    security_measures: str | None = None
    previous_code: str | None = None


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
    select: Select | None = None
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
    card: CardText = CardText()
    quality: Quality = Quality()
    registration: Registration = Registration()
    credit: Literal["first", "equal", "quality"] = "first"  # of a duplicate's tokens: to whom was first, shared, or by quality

    @field_validator("industry", mode="before")
    @classmethod
    def _one_industry(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

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
    selection: list[Filter] = []  # what `select` of the recipe amounts to

    def filters(self) -> list[tuple[Condition, Filter]]:
        """Every filter with the selection of its profile, in the order of the ledger."""
        by_profile = [(p.where, _named(f, p.name)) for p in self.profiles for f in p.filters]
        plain: list[tuple[Condition, Filter]] = [({}, _named(f, self.policy.name)) for f in self.policy.filters]
        selected: list[tuple[Condition, Filter]] = [({}, f) for f in self.selection]
        return [*plain, *selected, *by_profile, *(({}, f) for f in self.recipe.filters)]

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


def plan(
    recipe: Recipe,
    find_profile: Callable[[str], Profile],
    find_policy: Callable[[str], Policy],
    find_source: Callable[[str], Source],
) -> Plan:
    """Look up what the recipe names; a `where` in the recipe replaces the profile's."""
    profiles = []
    for use in recipe.profiles:
        profile = find_profile(use.use)
        profiles.append(profile if use.where is None else profile.model_copy(update={"where": use.where}))
    sources = [find_source(name) for name in recipe.sources] if recipe.select else []
    return Plan(recipe=recipe, profiles=profiles, policy=find_policy(recipe.policy), selection=_selection(recipe, sources))


def _selection(recipe: Recipe, sources: list[Source]) -> list[Filter]:
    """Filters over the proposals of the signal `industry`, for the documents of sources that do not declare what is selected."""
    select, found = recipe.select, []
    if select is None:
        return []
    declared: dict[str, list[str]] = {one.id: [*one.industry] for one in sources}
    classes: dict[str, list[str]] = {one.id: [one.dataset_class] if one.dataset_class else [] for one in sources}
    for key, wanted, said in (("label", select.industry, declared), ("class", select.dataset_class, classes)):
        others = [name for name, own in said.items() if not set(own) & set(wanted)]
        if not wanted or not others:
            continue
        because = Localized(
            en=f"Neither its source nor its text says: {', '.join(wanted)}.", zh=f"其来源与内容均不属于：{'、'.join(wanted)}。"
        )
        where: Condition = {"document.source": list(others)}
        found.append(Filter(name=f"select.{key}", column=f"industry.{key}", any_of=list(wanted), where=where, because=because))
        if key == "label":
            found.append(Filter(name="select.score", column="industry.score", low=select.score, where=where, because=because))
    return found


def unknown(kind: str, name: str, known: list[str]) -> UnknownError:
    """The error for a name that is not there."""
    return UnknownError(f"unknown {kind} {name!r}; known: {', '.join(known) or 'none'}")
