"""Rooms without a contract test of their own: every connector and every card export keeps its room's promise."""

import inspect

import pytest

import curation.card as card
import curation.connectors as connectors
from curation import rooms
from curation.declaration import Declared
from curation.steps.card import EXPORTS


@pytest.mark.parametrize("name", rooms.names(connectors))
def test_a_connector_declares_options_and_fetches(name: str) -> None:
    """Options as a model, `fetch(options, asked)` as a generator, and a docstring that shows the `where`."""
    module = rooms.find(connectors, name)
    assert issubclass(module.Options, Declared)
    assert list(inspect.signature(module.fetch).parameters) == ["options", "asked"]
    assert inspect.isgeneratorfunction(module.fetch) and "where" in (module.__doc__ or "")


def test_every_export_of_the_card_is_rendered() -> None:
    """A file in the room that nobody calls would be a card that nobody sees."""
    content = {"model", "composition", "sections", "blocks"}  # what exports show
    assert {*EXPORTS} | content == set(rooms.names(card))
    for name in EXPORTS:
        assert list(inspect.signature(rooms.find(card, name).render).parameters) == ["model"]
