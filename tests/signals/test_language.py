"""Languages and scripts of short real sentences."""

import pyarrow as pa
import pytest

from curation.fasttext_model import language_model, predict
from curation.signals import language

SENTENCES = [
    ("zh", "Hans", "中华人民共和国公民的合法的私有财产不受侵犯。国家依照法律规定保护公民的私有财产权和继承权。"),
    ("zh", "Hant", "中華民國人民無分男女、宗教、種族、階級、黨派，在法律上一律平等。國家應保障人民之權利。"),
    ("en", "Latn", "All human beings are born free and equal in dignity and rights."),
    ("ja", "Jpan", "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。"),
    ("ko", "Kore", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."),
    ("ru", "Cyrl", "Все люди рождаются свободными и равными в своем достоинстве и правах."),
    ("ar", "Arab", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق."),
]


@pytest.mark.parametrize(("label", "script", "text"), SENTENCES, ids=[s[0] + s[1] for s in SENTENCES])
def test_label_and_script(label: str, script: str, text: str) -> None:
    """The top label and the script of a plain sentence."""
    out = language.annotate(pa.record_batch({"text": pa.array([text], pa.large_string())})).to_pylist()[0]
    assert (out["label"], out["script"]) == (label, script) and out["score"] > 0.5


def test_null_only_where_there_is_no_letter() -> None:
    """Digits and marks have no language."""
    out = language.annotate(pa.record_batch({"text": pa.array(["123 456!", "x"], pa.large_string())})).to_pylist()
    assert out[0]["label"] is None and out[1]["label"] is not None


def test_the_batch_gives_what_the_library_gives() -> None:
    """One wrapper, the library's own labels and scores."""
    texts = [text for _, _, text in SENTENCES]
    model = __import__("fasttext").load_model(str(language_model()))
    labels, scores = model.predict(texts)
    assert [p[0][0] for p in predict(language_model(), texts)] == [one[0].removeprefix("__label__") for one in labels]
    assert [p[0][1] for p in predict(language_model(), texts)] == [min(float(one[0]), 1.0) for one in scores]
