"""Scores of the model, and how well they tell two sets of texts apart."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels.normal import normalise

Scores = NDArray[np.float64]


class Scorer:
    """The probability of __label__high, by the reference library."""

    def __init__(self, model: Path, window: int) -> None:
        import fasttext

        fasttext.FastText.eprint = lambda *_: None  # 0.9.3 warns on stderr about an option of its own
        self._model = fasttext.load_model(str(model))
        self._window = window

    def __call__(self, texts: list[str]) -> Scores:
        lines = normalise(pa.array(texts, pa.large_string()), self._window).to_pylist()
        labels, scores = self._model.predict(lines, k=2)
        pairs = (dict(zip(ls, ss, strict=True)) for ls, ss in zip(labels, scores, strict=True))
        return np.array([min(float(pair.get("__label__high", 0.0)), 1.0) for pair in pairs])


def auc(high: Scores, low: Scores) -> float:
    """The chance that a high text scores above a low one; a tie counts half."""
    _, place, count = np.unique(np.concatenate([high, low]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[: len(high)].sum() - len(high) * (len(high) + 1) / 2) / (len(high) * len(low)))


def table(high: Mapping[str, Scores], low: Mapping[str, Scores], threshold: float) -> dict[str, object]:
    """AUC of all against all, of each source against all negatives, and of all positives against each kind."""
    every_high, every_low = np.concatenate(list(high.values())), np.concatenate(list(low.values()))
    return {
        "auc": round(auc(every_high, every_low), 4),
        "texts": {"high": len(every_high), "low": len(every_low)},
        "above_threshold": {
            "high": round(float((every_high >= threshold).mean()), 3),
            "low": round(float((every_low >= threshold).mean()), 3),
        },
        "sources": {name: one(scores, auc(scores, every_low), threshold) for name, scores in sorted(high.items())},
        "kinds": {name: one(scores, auc(every_high, scores), threshold) for name, scores in sorted(low.items())},
    }


def one(scores: Scores, value: float, threshold: float) -> dict[str, object]:
    above = round(float((scores >= threshold).mean()), 3)
    return {"auc": round(value, 3), "texts": len(scores), "above_threshold": above}
