"""A source: data/sources/<id>.yaml. Short form for open sources, long form wherever more is at stake.

Fields follow the product's policy document, aligned with GB/T 43697-2024 (levels) and the three rights of the
policy on enterprise data (持有权, 使用权, 经营权).
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from curation.declaration import Declared, Localized, load_yaml, parse
from curation.errors import DeclarationError
from curation.license import normalise

SOURCE_ID = r"^[a-z0-9][a-z0-9.-]{1,63}$"
SourceId = Annotated[str, StringConstraints(pattern=SOURCE_ID)]
Level = Literal["L1", "L2", "L3", "L4", "IMPORTANT", "CORE"]
INDUSTRIES = Literal[
    "general",
    "research",
    "manufacturing",
    "agriculture",
    "energy",
    "transport",
    "finance",
    "telecom",
    "broadcasting",
    "healthcare",
    "education",
    "commerce",
    "culture_tourism",
    "autonomous_driving",
    "embodied_ai",
    "low_altitude",
]


class Evidence(Declared):
    """Where the proof of a claim lies."""

    kind: Literal["file", "url", "contract", "screenshot", "law", "statement"]
    uri: str | None = None
    sha256: str | None = None
    retrieved_at: date | None = None
    note: str | None = None


class Party(Declared):
    """Who submits or issues."""

    name: str
    org: str | None = None
    contact: str | None = None
    role: Literal["enterprise", "community"] | None = None
    uscc: str | None = None
    country: str | None = None


class Grant(Declared):
    """One of the three rights, granted apart."""

    granted: bool
    basis: Literal["law", "contract", "license", "administrative_agreement", "own"] | None = None
    grantor: str | None = None
    evidence: list[Evidence] = []
    valid_from: date | None = None
    valid_until: date | None = None
    territory: list[str] = []
    purposes: list[str] = []
    sublicense: bool | None = None
    ai_training_allowed: bool | None = None
    redistribution: Literal["none", "derived", "verbatim"] | None = None


class Rights(Declared):
    """Holding (持有权), use (使用权) and operation (经营权)."""

    holding: Grant
    use: Grant
    operation: Grant


class ProcessingMandate(Declared):
    """Whether the data is processed on one's own account or entrusted by another."""

    kind: Literal["own", "entrusted"]
    by: str | None = None


class LevelBasis(Declared):
    """Why a level was chosen (GB/T 43697-2024: object, degree)."""

    object: str
    degree: str
    factors: list[str] = []


class Safety(Declared):
    """Sample assessed before collection (gate: at most 5 % illegal content, TC260-003)."""

    n: int = Field(ge=1)
    illegal_n: int = Field(ge=0)
    by: str
    at: date


class Crawl(Declared):
    """How pages were collected."""

    agent: str
    robots_policy: str | None = None
    robots_snapshot_ref: str | None = None
    tdm_policy: str | None = None


class Security(Declared):
    """Where data may lie and what removes identity from it."""

    storage_regions_allowed: list[str] = []
    processing_regions_allowed: list[str] = []
    processing_regions_forbidden: list[str] = []
    deidentification: dict[str, Any] | None = None
    export: dict[str, Any] | None = None


class Mapping(Declared):
    """How records become documents. A value is a column, or a template such as "{law} {article}".

    `record`: columns of chats, questions and answers or instructions, kept as JSON; the text is then made of them (curation.records).
    """

    id: str | None = None
    text: str | None = None
    record: list[str] = []
    title: str | None = None
    authors: str | None = None
    published: str | None = None
    url: str | None = None
    license: str | None = None
    group_by: list[str] = []
    join: str = "\n\n"
    keep: list[str] = []

    @model_validator(mode="after")
    def _grouped(self) -> Self:
        if self.group_by and not self.id:
            raise ValueError("group_by needs id: a template over the grouped columns")
        if self.record and (self.text or self.group_by):
            raise ValueError("record: its text is made of its strings; give neither text nor group_by with it")
        return self


class Expected(Declared):
    """What the steward promises; a run that finds otherwise stops."""

    rows_min: int | None = Field(None, ge=0)
    rows_max: int | None = Field(None, ge=0)


class Source(Declared):
    """A registered source. `where` names one connector and its options, `format` one reader and its options."""

    id: SourceId
    title: Localized
    where: dict[str, Any] | str
    format: dict[str, Any] | str
    license: str
    contact: str
    description: Localized | None = None
    homepage: str | None = None
    members: list[str] = []
    exclude: list[str] = []
    map: Mapping = Mapping()
    expected: Expected = Expected()
    industry: list[INDUSTRIES] = []
    license_evidence: list[Evidence] = []
    package_license_covers: Literal["everything", "code"] = "everything"
    license_scope: Literal["whole", "per_document", "field"] | None = None
    attribution_text: str | None = None
    copyright_holders: list[str] = []
    # the long form
    schema_version: Literal[1] = 1
    version: str | None = None
    submitted_by: Party | None = None
    submitted_at: date | None = None
    issuer: list[Party] = []
    scenario: list[str] = []
    dataset_class: Literal["general", "industry_general", "industry_expert"] | None = None
    class_answers: dict[str, str] = {}
    languages: list[str] = []
    modality: Literal["text"] = "text"
    task_stage: list[Literal["pretrain", "sft", "preference", "eval", "rag"]] = []
    topic: list[str] = []
    source_type: (
        Literal[
            "open_dataset",
            "self_crawled",
            "commercial",
            "enterprise_internal",
            "public_data",
            "user_contributed",
            "synthetic",
            "scientific",
        ]
        | None
    ) = None
    collection_method: str | None = None
    collection_window: str | None = None
    origin_geography: list[str] = []
    update_cycle: str | None = None
    generated: Literal["none", "partly", "fully"] | None = None
    generators: list[dict[str, str]] = []
    derived_from: list[dict[str, str]] = []
    crawl: Crawl | None = None
    license_verified_by: str | None = None
    rights: Rights | None = None
    processing_mandate: ProcessingMandate | None = None
    tdm_reservation: dict[str, Any] | None = None
    benefit: dict[str, Any] | None = None
    third_party_terms: list[str] = []
    data_level: Level | None = None
    level_basis: LevelBasis | None = None
    contains_pi: Literal["none", "possible", "yes"] | None = None
    contains_spi: Literal["none", "possible", "yes"] | None = None
    pi_legal_basis: str | None = None
    consent_ref: str | None = None
    minors: bool | None = None
    pi_persons_estimate: int | None = Field(None, ge=0)
    spi_persons_estimate: int | None = Field(None, ge=0)
    ciio: bool | None = None
    security: Security | None = None
    safety_presample: Safety | None = None
    supplier_evidence: list[Evidence] = []
    known_issues: list[str] = []

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if normalise(self.license) is None and self.license != "unknown":
            raise ValueError(
                f"license: {self.license!r} is no SPDX expression; allowed: an SPDX expression such as CC-BY-4.0, "
                "LicenseRef-<name>, or unknown"
            )
        if self.contains_pi == "yes" and not self.pi_legal_basis:
            raise ValueError("contains_pi is yes: pi_legal_basis is required (PIPL art. 13)")
        if self.license_scope == "field" and not self.map.license:
            raise ValueError("license_scope is field: map.license must name the field")
        if reason := self.needs_long_form():
            missing = [name for name in LONG_FORM if not getattr(self, name)]
            if missing:
                raise ValueError(f"{reason}: the long form is required; missing: {', '.join(missing)}")
        return self

    def needs_long_form(self) -> str | None:
        """Why the short form is not enough, or null."""
        if self.source_type in {"enterprise_internal", "commercial", "public_data"}:
            return f"source_type {self.source_type}"
        if self.data_level not in {None, "L1"}:
            return f"data_level {self.data_level}"
        return None

    def connector(self) -> tuple[str, dict[str, Any]]:
        """The connector's name and options; a bare string is an address or a path."""
        if isinstance(self.where, str):
            is_url = self.where.startswith(("https://", "http://"))
            return ("http", {"url": self.where}) if is_url else ("local", {"path": self.where})
        return _one(self.where, "where", "a connector")

    def reader(self) -> tuple[str, dict[str, Any]]:
        """The reader's name and options."""
        if isinstance(self.format, str):
            return self.format, {}
        return _one(self.format, "format", "a reader")

    def upstream(self) -> str | None:
        """The source whose raw bytes this one reads, if any (`where: {sql: {from: {source: ...}}}`)."""
        _, options = self.connector()
        origin = options.get("from")
        return origin.get("source") if isinstance(origin, dict) else None

    def derived(self) -> dict[str, tuple[str, str]]:
        """Values the short form leaves out: key -> (value, why). A reviewer confirms them."""
        given = {
            "source_type": ("open_dataset", "short form"),
            "data_level": ("L1", "proposed: public source"),
            "rights": (f"holding, use, operation as {self.license} grants", "from the license"),
            "contains_pi": ("possible", "nobody has looked"),
            "contains_spi": ("possible", "nobody has looked"),
            "generated": ("none", "not declared"),
        }
        return {key: value for key, value in given.items() if getattr(self, key) is None}


LONG_FORM = (
    "version",
    "description",
    "submitted_by",
    "submitted_at",
    "issuer",
    "industry",
    "dataset_class",
    "languages",
    "source_type",
    "collection_method",
    "collection_window",
    "origin_geography",
    "generated",
    "license_evidence",
    "rights",
    "processing_mandate",
    "data_level",
    "level_basis",
    "contains_pi",
    "contains_spi",
)


def _one(value: dict[str, Any], key: str, what: str) -> tuple[str, dict[str, Any]]:
    if len(value) != 1:
        raise DeclarationError(f"{key}: exactly one key, {what}, is expected; found {', '.join(map(str, value))}")
    name, options = next(iter(value.items()))
    if options is not None and not isinstance(options, dict):
        raise DeclarationError(f"{key}.{name}: a mapping of options is expected")
    return str(name), dict(options or {})


def load(path: Path, shown: str | None = None) -> Source:
    """Read one source. Raises DeclarationError `file: place: fault`."""
    shown = shown or str(path)
    source = parse(Source, load_yaml(path, shown), shown)
    if source.id != path.stem:
        raise DeclarationError(f"{shown}: id {source.id!r} differs from the file's name; allowed: {path.stem!r}")
    return source
