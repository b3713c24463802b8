"""reports/card.json: the content model itself, for programs that make other records of it."""

import json

from curation.card import Model


def render(model: Model) -> dict[str, bytes]:
    """The model, keys sorted."""
    return {"reports/card.json": (json.dumps(model, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n").encode()}
