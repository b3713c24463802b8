"""Positives into passages, negatives made, both normalised: the training file and the held-out set.

python -m training.prepare
"""

import json
import random
from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.kernels.normal import normalise
from training import passages
from training.negatives import KINDS, make
from training.negatives.fill import Making
from training.places import HELD_OUT, POSITIVES, PREPARED, TRAIN, params

PASSES = 6  # over a source that has less text than its share: other cuts of the same text
Row = dict[str, str]  # label, language, kind (the source of a positive), text


def main() -> None:
    """Sides are made apart: sources, word lists, templates and shapes of damage of one are not in the other."""
    recipe = params()
    held_out = {source for sources in recipe["held_out"].values() for source in sources}
    documents = defaultdict(list)
    for row in pq.read_table(POSITIVES).to_pylist():
        documents[row["source"]].append(row["text"])
    sides = {
        "train": {source: texts for source, texts in documents.items() if source not in held_out},
        "heldout": {source: texts for source, texts in documents.items() if source in held_out},
    }
    made = {}
    facts: dict[str, Any] = {}
    for side, sources in sides.items():
        rng = random.Random(f"{recipe['seed']} {side}")
        found, dropped = every_passage(sources, rng, recipe["passage"])
        wanted = recipe["positives"] if side == "train" else recipe["held_out_size"]
        rows = []
        for language in ("en", "zh"):
            high = chosen(found, language, wanted, recipe["share"] if side == "train" else {"each": 0.4}, rng)
            # as many of each label in a language, or the language would be a cue
            rows += high + negatives(side, language, [row["text"] for row in high], len(high), recipe["weights"], rng)
        rng.shuffle(rows)
        made[side] = rows
        facts[side] = counts(rows) | {"passages_that_are_no_prose": dropped}
    write_training(made["train"], recipe["window"])
    pq.write_table(pa.Table.from_pylist(made["heldout"]), HELD_OUT)
    PREPARED.write_text(json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def every_passage(
    sources: dict[str, list[str]], rng: random.Random, bounds: dict[str, int]
) -> tuple[dict[tuple[str, str], list[str]], int]:
    """(language, source) -> distinct passages in chance order; and how many were no prose."""
    found = defaultdict(list)
    seen = set()
    dropped = 0
    for source, texts in sorted(sources.items()):
        for number in range(PASSES):
            for text in texts:
                # a later pass starts elsewhere, or it would cut short documents as before
                start = rng.randrange(1 + len(text) // 3) if number else 0
                for passage in passages.cut(text[start:], rng, bounds["low"], bounds["high"]):
                    if passage in seen:
                        continue
                    seen.add(passage)
                    if passages.prose(passage):
                        found[passages.language(passage), source].append(passage)
                    else:
                        dropped += 1
    for one in found.values():
        rng.shuffle(one)
    return found, dropped


def chosen(
    found: dict[tuple[str, str], list[str]], language: str, wanted: int, share: dict[str, float], rng: random.Random
) -> list[Row]:
    """Passages of a language, from each source no more than its share of what is wanted."""
    rows = []
    for (spoken, source), texts in sorted(found.items()):
        if spoken == language:
            most = round(wanted * share.get(source, share["each"]))
            rows += [{"label": "high", "language": language, "kind": source, "text": text} for text in texts[:most]]
    rng.shuffle(rows)
    return rows[:wanted]


def negatives(
    side: str, language: str, donors: list[str], wanted: int, weights: dict[str, float], rng: random.Random
) -> list[Row]:
    """Every kind by its weight, in the lengths of the positives."""
    total = sum(weights.get(kind, 1.0) for kind in KINDS)
    rows = []
    for kind in KINDS:
        for _ in range(round(wanted * weights.get(kind, 1.0) / total)):
            rows.append({"label": "low", "language": language, "kind": kind, "text": one(kind, side, language, donors, rng)})
    return rows


def one(kind: str, side: str, language: str, donors: list[str], rng: random.Random) -> str:
    """One negative of a kind, as long as some donor."""
    return make(kind, Making(rng, language, side, len(rng.choice(donors)), lambda: rng.choice(donors)))


def counts(rows: list[Row]) -> dict[str, Any]:
    """Passages and characters by language, label and kind."""
    numbers: Counter[tuple[str, str, str]] = Counter()
    characters: Counter[tuple[str, str]] = Counter()
    for row in rows:
        numbers[row["language"], row["label"], row["kind"]] += 1
        characters[row["language"], row["label"]] += len(row["text"])
    told: dict[str, Any] = {"characters": {" ".join(key): value for key, value in sorted(characters.items())}}
    for (spoken, label, kind), number in sorted(numbers.items()):
        told.setdefault(f"{spoken} {label}", {})[kind] = number
    return told


def write_training(rows: list[Row], window: int) -> None:
    """One line a passage: the label, then the normal text."""
    normal = normalise(pa.array([row["text"] for row in rows], pa.large_string()), window).to_pylist()
    with TRAIN.open("w", encoding="utf-8") as file:
        for row, text in zip(rows, normal, strict=True):
            file.write(f"__label__{row['label']} {text}\n")


if __name__ == "__main__":
    main()
