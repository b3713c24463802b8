"""The dataset card: one content model, one file per export.

    render(model: Model) -> dict[str, bytes]        files below datasets/<name>/, by their path

An export shows what the model holds and computes nothing; a number on a card is a number of the model.
"""

from typing import Any

Model = dict[str, Any]


def count(number: int) -> str:
    """A number as people read it: 1,234,567."""
    return f"{number:,}"
