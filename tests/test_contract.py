"""Rooms without a contract test of their own: every connector and every card export keeps its room's promise."""

import inspect
from typing import get_args

import pytest

import curation.card as card
import curation.connectors as connectors
from curation import license, manifest, rooms
from curation.card import terms
from curation.declaration import Declared
from curation.steps.card import EXPORTS


@pytest.mark.parametrize("name", rooms.names(connectors))
def test_a_connector_declares_options_and_fetches(name: str) -> None:
    """Options as a model, `fetch(options, asked)` as a generator, and a docstring that shows the `where`."""
    module = rooms.find(connectors, name)
    assert issubclass(module.Options, Declared)
    assert list(inspect.signature(module.fetch).parameters) == ["options", "asked"]
    assert inspect.isgeneratorfunction(module.fetch) and "where" in (module.__doc__ or "")


def test_every_code_of_a_declaration_has_chinese_words() -> None:
    """Industries, kinds of source, personal data, generated text: a reader of the Chinese card meets no code."""
    kinds = [
        get_args(get_args(manifest.Source.model_fields[one].annotation)[0]) for one in ("contains_pi", "generated", "source_type")
    ]
    named = {one for one in license.CONFIDENCE if one not in {"json_ld", "rel_license"}}  # names of standards
    for code in (*get_args(manifest.INDUSTRIES), *named, *(code for kind in kinds for code in kind)):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in terms.chinese(code)), code


def test_every_export_of_the_card_is_rendered() -> None:
    """A file in the room that nobody calls would be a card that nobody sees."""
    content = {"model", "composition", "sections", "blocks", "terms"}  # what exports show
    assert {*EXPORTS} | content == set(rooms.names(card))
    for name in EXPORTS:
        assert list(inspect.signature(rooms.find(card, name).render).parameters) == ["model"]
