"""The kernel gives the fastText library's labels and scores, for every kind of model we read."""

from pathlib import Path

import fasttext as library
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def _trained(file: Path, loss: str, ngrams: int, subwords: tuple[int, int]):  # type: ignore[no-untyped-def]
    """A small model. The library leaves a part of its matrix as malloc gave it (its issue 1061), so it may meet a NaN."""
    for _ in range(20):
        try:
            return library.train_supervised(
                str(file),
                dim=8,
                epoch=3,
                loss=loss,
                wordNgrams=ngrams,
                minn=subwords[0],
                maxn=subwords[1],
                bucket=5000,
                verbose=0,
            )
        except RuntimeError as error:
            assert "NaN" in str(error)
    raise AssertionError("twenty trainings met a NaN")


@pytest.mark.parametrize("loss", ["softmax", "hs"])
@pytest.mark.parametrize("ngrams", [1, 3])
@pytest.mark.parametrize("subwords", [(0, 0), (2, 5)])
@pytest.mark.parametrize("quantised", [False, True])
def test_every_setting(folder: Path, loss: str, ngrams: int, subwords: tuple[int, int], quantised: bool) -> None:
    """Losses, word n-grams, sub-words, quantised and not: models trained here."""
    lines = [f"__label__{'abc'[n % 3]} {'xyz'[n % 3]} w{n} 词{n % 5} {'pqr'[(n + n // 9) % 3]}" for n in range(600)]
    (folder / "train.txt").write_text("\n".join(lines))
    trained = _trained(folder / "train.txt", loss, ngrams, subwords)
    if quantised:
        trained.quantize(str(folder / "train.txt"), cutoff=0, retrain=False, qnorm=True)
    path = folder / f"{loss}{ngrams}{subwords}{quantised}.ftz"
    trained.save_model(str(path))
    for text in [*(line.split(" ", 1)[1] for line in lines[:40]), "unknown words only", ""]:
        same(path, text)


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
