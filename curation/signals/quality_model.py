"""Does a text look edited (laws, manuals, guides) or like what crawls are full of? A fastText classifier for Chinese and English.

In the manner of DCLM (Li et al. 2024). Trained in `training/`, whose README is its recipe and data card; pinned by SHA-256.
It sees pairs of words in the first 8,000 characters: a signal beside others, not a verdict.
"""

import hashlib
import json
from functools import cache
from importlib import resources as packaged
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import DataError
from curation.kernels import fasttext, normal
from curation.kernels.fasttext_file import Model

COLUMNS = pa.schema([pa.field("score", pa.float32(), metadata={"languages": "en zh"})])  # 0 to 1; null for a short text

SHORTEST = 50  # characters; passages below 150 were not trained on, and score lower than they should


def model_file() -> Path:
    """The trained model, which comes with the package."""
    return Path(str(packaged.files("curation.resources").joinpath("models/quality.ftz")))


def facts_file() -> Path:
    """What was pinned about it: digest, window, sources."""
    return model_file().with_suffix(".json")


def resources() -> list[Path]:
    """Model and facts."""
    return [model_file(), facts_file()]


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """The probability of `high`."""
    texts = documents["text"].fill_null("")
    model, window = _model()
    lines = normal.normalise(texts, window)
    found = fasttext.predict(model, lines)
    is_high = found.best[:, 0] == model.labels.index("high")
    score = np.clip(np.where(is_high, found.scores[:, 0], 1 - found.scores[:, 0]), 0, 1)
    short = pc.less(pc.utf8_length(texts), SHORTEST).to_numpy(zero_copy_only=False)
    return pa.record_batch([pa.array(score.astype(np.float32), mask=short | (found.best[:, 0] < 0))], schema=COLUMNS)


@cache
def _model() -> tuple[Model, int]:
    """The model and how many characters it looks at. Raises DataError where the file is not the pinned one."""
    path = model_file()
    facts = json.loads(facts_file().read_text(encoding="utf-8"))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != facts["sha256"]:
        raise DataError(f"{path}: SHA-256 {found}; allowed: {facts['sha256']}, as in {facts_file().name}")
    return fasttext.load(path), int(facts["window"])
