"""Measure the model on sources and shapes of junk that training has not seen; write the figures and the model's facts.

    python -m training.evaluate [FOLDER]

Without FOLDER (or $CURATION_EVALUATION_CORPORA) the held-out packages alone are measured; figures on outside texts are
kept when they are of the same model.
"""

import hashlib
import importlib.metadata
import json
import os
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from training import outside, report
from training.measure import Scorer, Scores, auc, table
from training.negatives import KINDS, make
from training.negatives.fill import Making
from training.places import COLLECTED, EVALUATION, FACTS, HELD_OUT, MODEL, PREPARED, REPORT, params

LANGUAGES = ("en", "zh")
Sets = dict[str, dict[str, Scores]]  # language -> source or kind -> scores


def main() -> None:
    recipe = params()
    sha256 = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CURATION_EVALUATION_CORPORA")
    before = json.loads(EVALUATION.read_text(encoding="utf-8")) if EVALUATION.exists() else {}
    scorer = Scorer(MODEL, recipe["window"])
    figures = {"model_sha256": sha256, "held_out_packages": on_packages(scorer, recipe)}
    if given:
        figures["outside"] = on_outside(scorer, recipe, Path(given))
    elif before.get("model_sha256") == sha256 and "outside" in before:
        figures["outside"] = before["outside"]
    write(EVALUATION, figures)
    write(FACTS, facts(recipe, sha256, figures))
    REPORT.write_text(report.evaluation(figures, recipe), encoding="utf-8")
    report.refresh_readme()


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def on_packages(scorer: Scorer, recipe: dict[str, Any]) -> dict[str, Any]:
    """Packages held out entirely, against made negatives of the held-out side."""
    texts: dict[str, dict[tuple[str, str], list[str]]] = {language: defaultdict(list) for language in LANGUAGES}
    for row in pq.read_table(HELD_OUT).to_pylist():
        texts[row["language"]][row["label"], row["kind"]].append(row["text"])
    high: Sets = {}
    low: Sets = {}
    for language, kinds in texts.items():
        scores = {key: scorer(found) for key, found in kinds.items()}
        high[language] = {kind: value for (label, kind), value in scores.items() if label == "high"}
        low[language] = {kind: value for (label, kind), value in scores.items() if label == "low"}
    return together(high, low, recipe)


def on_outside(scorer: Scorer, recipe: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Other people's documents; negatives made of them, and what real pages have around their text."""
    sizes, window = recipe["evaluation"], recipe["window"]
    high: Sets = {}
    low: Sets = {}
    shown: dict[str, Any] = {}
    for language in LANGUAGES:
        rng = random.Random(f"{recipe['seed']} outside {language}")
        documents = outside.documents(folder, language, sizes["per_source"], rng)
        counted = {source: texts for source, texts in documents.items() if source not in outside.SAME_TEXT}
        donors = [text for texts in counted.values() for text in texts]
        high[language] = {source: scorer(texts) for source, texts in counted.items()}
        low[language] = {}
        for kind in KINDS:
            wanted = [min(window, len(rng.choice(donors))) for _ in range(sizes["per_kind"])]
            made = [make(kind, Making(rng, language, "heldout", want, lambda: rng.choice(donors))) for want in wanted]  # noqa: B023
            low[language][kind] = scorer(made)
        every_high = np.concatenate(list(high[language].values()))
        every_low = np.concatenate(list(low[language].values()))
        unusual = outside.real_junk(folder, language, window, rng)
        unusual["source code"] = outside.source_code(folder, sizes["per_source"], rng)
        others = {kind: scorer(texts) for kind, texts in unusual.items() if texts}
        shown[language] = {kind: {"auc": round(auc(every_high, s), 3), "texts": len(s)} for kind, s in others.items()}
        for source in sorted(outside.SAME_TEXT & documents.keys()):
            scores = scorer(documents[source])
            shown[language][source] = {"auc": round(auc(scores, every_low), 3), "texts": len(scores)}
    return together(high, low, recipe) | {"not_counted": shown}


def together(high: Sets, low: Sets, recipe: dict[str, Any]) -> dict[str, Any]:
    """The table of each language, and the AUC over both."""
    threshold = recipe["evaluation"]["threshold"]
    every = [np.concatenate([s for sets in side.values() for s in sets.values()]) for side in (high, low)]
    tables = {language: table(high[language], low[language], threshold) for language in LANGUAGES}
    return {"auc": round(auc(every[0], every[1]), 4), **tables}


def facts(recipe: dict[str, Any], sha256: str, figures: dict[str, Any]) -> dict[str, Any]:
    """What ships beside the model."""
    collected = json.loads(COLLECTED.read_text(encoding="utf-8"))
    prepared = json.loads(PREPARED.read_text(encoding="utf-8"))
    sources = {}
    for name, told in collected.items():
        passages = {
            f"{side}.{language}": number
            for side in ("train", "heldout")
            for language in LANGUAGES
            if (number := prepared[side][f"{language} high"].get(name))
        }
        sources[name] = {key: told[key] for key in ("title", "package", "license")} | {"passages": passages}
    measured = {name: {"all": one["auc"]} | {lang: one[lang]["auc"] for lang in LANGUAGES} for name, one in picked(figures)}
    return {
        "file": MODEL.name,
        "sha256": sha256,
        "bytes": MODEL.stat().st_size,
        "library": f"fasttext {importlib.metadata.version('fasttext')}",
        "labels": {"high": "__label__high", "low": "__label__low"},
        "normal_text": "curation.kernels.normal",
        "window": recipe["window"],
        "recipe": {key: recipe[key] for key in ("seed", "passage", "share", "weights", "model", "quantize")},
        "counts": {side: prepared[side]["characters"] for side in ("train", "heldout")},
        "negatives": sorted(KINDS),
        "source_held_out_auc": measured,
        "sources": sources,
    }


def picked(figures: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, figures[name]) for name in ("held_out_packages", "outside") if name in figures]


if __name__ == "__main__":
    main()
