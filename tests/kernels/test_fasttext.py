"""The kernel gives the fastText library's labels and scores, for every kind of model we read."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.errors import DataError
from curation.fasttext_model import chinese_model, language_model, predict
from curation.kernels import fasttext
from curation.signals.quality_model import model_file

MODELS = [language_model(), chinese_model(), model_file()]
WORDS = st.sampled_from(
    ["the", "law", "数据安全法", "使用", "données", "Ελλάδα", "</s>", "__label__en", "__label__", "a" * 60, "字" * 30, "\x00", "\u3000", "\u00a0", "<x>"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=120), st.lists(WORDS, max_size=12).map(" ".join))


def same(path: Path, text: str) -> None:
    """One text by both, labels in order as long as their scores are apart."""
    model = fasttext.load(path)
    found = fasttext.predict(model, pa.array([text], pa.large_string()), 3)
    expected = predict(path, [text], 3)[0]
    assert (found.best[0, 0] < 0) == (not expected)
    for place, (label, score) in enumerate(expected):
        assert abs(found.scores[0, place] - score) < 0.002
        apart = all(abs(score - other) > 0.004 for k, (_, other) in enumerate(expected) if k != place)
        if apart and place == 0:
            assert model.labels[found.best[0, place]] == label


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.name)
@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("")
@example("x")
@example("\n\n")
@example("مرحبا بالعالم a\u0301 👩‍👩‍👧")
def test_any_unicode(path: Path, text: str) -> None:
    """Empty, one byte, four-byte characters, combining marks, right to left, the library's own special words."""
    same(path, text)


SETTINGS = [
    (loss, ngrams, subwords, quantised)
    for loss in ("softmax", "hs")
    for ngrams in (1, 3)
    for subwords in ((0, 0), (2, 5))
    for quantised in (False, True)
]
LINES = [f"__label__{'abc'[n % 3]} {'xyz'[n % 3]} w{n} 词{n % 5} {'pqr'[(n + n // 9) % 3]}" for n in range(600)]
TRAIN = """
import sys
import fasttext
folder, settings = sys.argv[1], eval(sys.argv[2])
for number, (loss, ngrams, (low, high), quantised) in enumerate(settings):
    model = fasttext.train_supervised(f"{folder}/train.txt", dim=8, epoch=3, loss=loss, wordNgrams=ngrams, minn=low, maxn=high,
                                      bucket=5000, thread=1, verbose=0)
    if quantised:
        model.quantize(f"{folder}/train.txt", cutoff=0, retrain=False, qnorm=True)
    model.save_model(f"{folder}/{number}.ftz")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model for every setting. The library leaves a part of its matrix as malloc gave it (its issue 1061): zeros here."""
    found = tmp_path_factory.mktemp("models")
    (found / "train.txt").write_text("\n".join(LINES))
    environment = {**os.environ, "MALLOC_PERTURB_": "255"}
    subprocess.run([sys.executable, "-c", TRAIN, str(found), repr(SETTINGS)], env=environment, check=True, capture_output=True)
    return found


@pytest.mark.parametrize("number", range(len(SETTINGS)), ids=lambda n: "-".join(map(str, SETTINGS[n])))
def test_every_setting(folder: Path, number: int) -> None:
    """Losses, word n-grams, sub-words, quantised and not: models trained here."""
    for text in [*(line.split(" ", 1)[1] for line in LINES[:40]), "unknown words only", ""]:
        same(folder / f"{number}.ftz", text)


def test_a_document_does_not_depend_on_its_neighbours() -> None:
    """Remembered words change nothing, not even the last bit; parts neither."""
    texts = ["the law of the land", "数据安全法 the law", "x" * 5000, "the law of the land"] * 3
    model = fasttext.load(language_model())
    together = fasttext.predict(model, pa.array(texts, pa.large_string()), 3)
    for row, text in enumerate(texts):
        alone = fasttext.predict(model, pa.array([text], pa.large_string()), 3)
        assert np.array_equal(alone.best[0], together.best[row]) and np.array_equal(alone.scores[0], together.scores[row])


def test_ten_megabytes_on_a_line() -> None:
    """A line of 10 MB is a line."""
    same(language_model(), "数据安全法 and other words " * 300_000)


def test_another_file_is_refused(folder: Path) -> None:
    """One line that says what is wrong."""
    (folder / "no.bin").write_bytes(b"no model")
    with pytest.raises(DataError, match="not a fastText model"):
        fasttext.load(folder / "no.bin")
