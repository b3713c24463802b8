"""Perplexity of a text by a KenLM model of its language: optional, for those who have models.

$CURATION_PERPLEXITY names a folder of models, `<language>.<unit>.<arpa|binary>` with the unit `words` or `characters`
(en.words.binary, zh.characters.binary). Without it, and for a language without a model, the score is null: a model of
one language says nothing about another. KenLM (Heafield 2011) is in the extra `perplexity`; a model is made of texts
that are cut as the signal cuts them:

    python -m curation.signals.perplexity characters < texts.txt | lmplz -o 5 > models/zh.characters.arpa

Perplexity as in CCNet (Wenzek et al. 2020): ten to the mean negative log10 probability of a token, every line a sentence
and its end a token. Numbers of different models cannot be compared: take cut-offs from `curate tune`.
"""

import os
import re
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curation.errors import DataError
from curation.signals import language

FOLDER = "CURATION_PERPLEXITY"
UNITS = {"words": re.compile(r"\w+|[^\w\s]"), "characters": re.compile(r"\S")}
_NAME = re.compile(rf"([a-z]{{2,3}})\.({'|'.join(UNITS)})\.(?:arpa|binary)")


class Known(NamedTuple):
    """A language's model file and how its texts are cut."""

    file: Path
    unit: str


def models() -> dict[str, Known]:
    """The models of $CURATION_PERPLEXITY by language. Raises DataError for a folder or a name that is not as said above."""
    place = os.environ.get(FOLDER)
    if not place:
        return {}
    if not Path(place).is_dir():
        raise DataError(f"{FOLDER}: {place} is no folder; allowed: a folder of <language>.<unit>.<arpa|binary>")
    found: dict[str, Known] = {}
    for file in sorted(Path(place).iterdir()):
        name = _NAME.fullmatch(file.name)
        if name is None or name[1] in found:
            fault = "a second model of its language" if name else "not a model's name"
            raise DataError(f"{file}: {fault}; allowed: one <language>.<words|characters>.<arpa|binary> a language")
        found[name[1]] = Known(file, name[2])
    return found


def resources() -> list[Path]:
    """The models, for the key of what was measured."""
    return [one.file for one in models().values()]


def defined_for() -> list[str]:
    """Languages that have a model: a filter must say `where`."""
    return sorted(models())


COLUMNS = pa.schema([pa.field("score", pa.float32())])  # from 1; null without a model of the language


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Perplexity of each document whose language has a model."""
    known = models()
    if not known:
        return pa.record_batch([pa.nulls(documents.num_rows, pa.float32())], schema=COLUMNS)
    labels = language.annotate(documents)["label"].to_pylist()
    loaded = {label: _load(known[label].file, known[label].file.stat().st_mtime_ns) for label in set(labels) & set(known)}
    scores = [
        _perplexity(loaded[label], cut(text.as_py() or "", known[label].unit)) if label in loaded else None
        for label, text in zip(labels, documents["text"], strict=True)
    ]
    return pa.record_batch([pa.array(scores, pa.float32())], schema=COLUMNS)


def cut(text: str, unit: str) -> list[str]:
    """The lines of a text as a model reads them: NFKC, lower case, a space between tokens; none for a blank line."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return [" ".join(tokens) for line in plain.splitlines() if (tokens := UNITS[unit].findall(line))]


def _perplexity(model: Any, lines: list[str]) -> float | None:
    tokens = sum(line.count(" ") + 2 for line in lines)
    return 10 ** (-sum(model.score(line) for line in lines) / tokens) if lines else None


@cache
def _load(file: Path, changed: int) -> Any:
    try:
        import kenlm
    except ImportError as error:
        raise DataError(
            f"{FOLDER} is set but kenlm is missing; install the extra `perplexity`, in the clone: pip install '.[perplexity]'"
        ) from error
    try:
        quiet = kenlm.Config()
        quiet.show_progress = False
        return kenlm.Model(str(file), quiet)
    except OSError as error:
        raise DataError(f"{file}: not a model of KenLM of order 2 or more; allowed: what lmplz or build_binary writes") from error


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in UNITS:
        sys.exit(f"usage: python -m curation.signals.perplexity {'|'.join(UNITS)} < texts")
    for paragraph in sys.stdin:
        sys.stdout.writelines(line + "\n" for line in cut(paragraph, sys.argv[1]))
