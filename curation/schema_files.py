"""JSON Schemas for outsiders, generated from the models; editors complete declarations from them."""

import json
from pathlib import Path

from pydantic import BaseModel

from curation.approval import Approval
from curation.manifest import Source
from curation.recipe import Policy, Profile, Recipe
from curation.settings import Settings

MODELS: dict[str, type[BaseModel]] = {
    "source": Source,
    "recipe": Recipe,
    "profile": Profile,
    "policy": Policy,
    "approval": Approval,
    "workspace": Settings,
}


def contents() -> dict[str, str]:
    """File name -> JSON Schema text."""
    return {
        f"{name}.schema.json": json.dumps(model.model_json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        for name, model in MODELS.items()
    }


def write(folder: Path) -> list[str]:
    """Write all schemas; returns their paths."""
    folder.mkdir(exist_ok=True)
    for name, text in contents().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in contents()]
