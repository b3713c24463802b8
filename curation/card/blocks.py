"""The parts that a card is written in: what a section holds, and words in two languages."""

from typing import Any, NamedTuple

from curation.card import Model


class Words(NamedTuple):
    """The same in English and Chinese; where one is missing the other stands for it."""

    en: str
    zh: str


class Code(NamedTuple):
    """A name that machines use: a column, a file, an id."""

    text: str


class Section(NamedTuple):
    """A part of the card. A block is one of

    ("text", Words)                          a paragraph
    ("list", [Cell, ...])                    points
    ("table", [Words, ...], [[Cell, ...]])   head and rows
    ("plot", path, Words)                    a plot of curation.card.plots and what it shows
    ("quote", Words, where)                  what somebody else wrote
    ("code", text)                           a program
    ("more", Words, [block, ...])            what few readers need, folded where that is possible
    """

    id: str
    title: Words
    blocks: list[Any]


Cell = int | float | str | Words | Code


def words(said: dict[str, str | None] | None) -> Words:
    """Declared words, each language standing for the other where it is missing."""
    said = said or {}
    return Words(said.get("en") or said.get("zh") or "", said.get("zh") or said.get("en") or "")


def table(head: list[tuple[str, str]], rows: list[list[Cell]]) -> tuple[str, list[Words], list[list[Cell]]]:
    """A block."""
    return "table", [Words(*one) for one in head], rows


def text(en: str, zh: str) -> tuple[str, Words]:
    """A block."""
    return "text", Words(en, zh)


def human(model: Model, *keys: str) -> list[Any]:
    """What people wrote into the recipe under `card`, as blocks."""
    return [("text", words(model["card"][key])) for key in keys if model["card"][key]]


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.1f} %"


def in_one_language(part: Any, zh: bool) -> Any:
    """Sections, blocks or cells whose words are those of one language, in both places.

    >>> in_one_language([table([("Level", "级别")], [[Words("unknown", "未知"), 3]])], zh=True)
    [('table', [Words(en='级别', zh='级别')], [[Words(en='未知', zh='未知'), 3]])]
    """
    if isinstance(part, Words):
        said = part.zh if zh else part.en
        return Words(said, said)
    if isinstance(part, Section):
        return Section(part.id, in_one_language(part.title, zh), in_one_language(part.blocks, zh))
    if isinstance(part, list):
        return [in_one_language(one, zh) for one in part]
    return tuple(in_one_language(one, zh) for one in part) if type(part) is tuple else part
