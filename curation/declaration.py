"""Declarations are strict YAML files, read into frozen pydantic models; faults become one line."""

from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from curation.errors import DeclarationError

Model = TypeVar("Model", bound=BaseModel)

MAX_BYTES = 256 * 1024  # a manifest is a page; a 430-byte alias bomb expands to gigabytes


class Declared(BaseModel):
    """A mapping of a declaration: frozen, and an unknown key is refused with the list of known ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _unknown_key(cls, value: Any) -> Any:
        if isinstance(value, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()} | set(cls.model_fields)
            shown = sorted(field.alias or name for name, field in cls.model_fields.items())
            for key in value:
                if key not in known:
                    raise ValueError(f"unknown key {key!r}; known: {', '.join(shown)}")
        return value


class Words(Declared):
    """What people read, in English and Chinese; one of the two is enough."""

    en: str | None = None
    zh: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if not (self.en or self.zh):
            raise ValueError("say it in en or zh")
        return self

    def text(self, language: str = "en") -> str:
        first, second = (self.zh, self.en) if language.startswith("zh") else (self.en, self.zh)
        return first or second or ""


def _words(value: Any) -> Any:
    if isinstance(value, str):
        return {"zh" if any("\u3400" <= c <= "\u9fff" for c in value) else "en": value}
    return value


Localized = Annotated[Words, BeforeValidator(_words)]


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader without anchors, aliases, tags and duplicate keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.YAMLError(f"line {event.start_mark.line + 1}: anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise yaml.YAMLError(f"line {event.start_mark.line + 1}: tags are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: key {key.value!r} appears twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(path: Path, shown: str | None = None) -> dict[str, Any]:
    """Read one strict YAML mapping. Raises DeclarationError naming `shown` (default: the path)."""
    shown = shown or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DeclarationError(f"{shown}: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise DeclarationError(f"{shown}: {len(raw)} bytes; at most {MAX_BYTES} are allowed")
    try:
        value = yaml.load(raw.decode("utf-8-sig"), Loader=_StrictLoader)
    except UnicodeDecodeError:
        raise DeclarationError(f"{shown}: not UTF-8") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DeclarationError(f"{shown}: not strict YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise DeclarationError(f"{shown}: a mapping is expected, found {type(value).__name__}")
    return value


def parse(model: type[Model], value: Any, shown: str) -> Model:
    """Validate `value` as `model`; the first fault becomes `file: place: fault`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise DeclarationError(f"{shown}: {fault_line(error)}") from None


def fault_line(error: ValidationError) -> str:
    """The first fault of a validation as `filters[0].low: what is wrong`."""
    first = error.errors(include_url=False)[0]
    place = ""
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else (f".{part}" if place else str(part))
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        message = "this key is required"
    return f"{place}: {message}" if place else message
