"""Where the files of the training lie, and what params.yaml says."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent
DATA = ROOT / "data"
POSITIVES = DATA / "positives.parquet"
COLLECTED = DATA / "collected.json"
TRAIN = DATA / "train.txt"
HELD_OUT = DATA / "heldout.parquet"
PREPARED = DATA / "prepared.json"
RESOURCES = ROOT.parent / "curation" / "resources" / "models"
MODEL = RESOURCES / "quality.ftz"
FACTS = RESOURCES / "quality.json"
EVALUATION = ROOT / "evaluation.json"
REPORT = ROOT / "EVALUATION.md"


def params() -> dict[str, Any]:
    """The numbers of the recipe."""
    return yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
