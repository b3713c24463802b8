"""Built-in profiles: published constants, languages, words, and what they do to plain texts."""

from importlib import resources

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.gate import judge, junk
from curation import catalog
from curation.questions import check
from curation.recipe import Profile
from curation.signals import language
from curation.steps.filter import known_columns
from tests import corpus

NAMES = sorted(path.name.removesuffix(".yaml") for path in resources.files("curation.resources").joinpath("profiles").iterdir())
FINEWEB2 = ("arb", "bod", "cmn", "deu", "fra", "jpn", "kor", "lzh", "rus", "spa", "uig", "vie", "wuu", "yue")


def profile(name: str) -> Profile:
    return catalog.built_in("profiles", name, Profile)


def test_the_profiles_that_there_are() -> None:
    """The three published ones, fourteen languages, and ours."""
    ours = {"zh-web", "zh-legal", "zh-technical", "en-technical", "en-web", "code", "qa", "docs"}
    assert set(NAMES) == {"gopher-en", "c4-en", "fineweb-en", *ours, *(f"fineweb2-{code}" for code in FINEWEB2)}


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_names_columns_that_there_are(name: str) -> None:
    """Column, languages and words are sound, and both languages say why."""
    found = profile(name)
    for one in found.filters:
        check._filter(one, found.where, known_columns(), name)
        assert any("\u4e00" <= c <= "\u9fff" for c in one.because.zh) and one.because.en[0].isascii()
    for edit in found.edits:
        check._edit(edit, known_columns(), name)
    assert found.source and len({one.name for one in found.filters}) == len(found.filters)


@pytest.mark.parametrize(
    ("name", "column", "low", "high"),
    [
        ("gopher-en", "gopher.words", 50, 100_000), ("gopher-en", "gopher.mean_word", 3, 10), ("gopher-en", "gopher.top_3_gram", None, 0.18),
        ("gopher-en", "gopher.duplicate_9_gram", None, 0.11), ("gopher-en", "gopher.duplicate_paragraph_characters", None, 0.2),
        ("c4-en", "c4.sentences", 5, None), ("fineweb-en", "fineweb.terminal_lines", 0.12, None), ("fineweb-en", "fineweb.short_lines", None, 0.67),
        ("fineweb-en", "fineweb.duplicate_line_characters", None, 0.01), ("fineweb-en", "fineweb.newline_ratio", None, 0.3),
        ("fineweb2-cmn", "language.score", 0.692, None), ("fineweb2-cmn", "gopher.duplicate_5_gram", None, 0.198),
        ("fineweb2-rus", "fineweb2.terminal_lines", 0.231, None), ("fineweb2-vie", "gopher.mean_word", 3, 11),
        ("fineweb2-jpn", "gopher.alphabetic_words", 0.759, None), ("fineweb2-bod", "fineweb2.newline_ratio", None, 0.417),
    ],
)  # fmt: skip
def test_published_constants(name: str, column: str, low: float | None, high: float | None) -> None:
    """As in the papers' code."""
    assert [(f.low, f.high) for f in profile(name).filters if f.column == column] == [(low, high)]


def test_language_thresholds_are_those_of_the_signal() -> None:
    """What a profile of ours quarantines is what a dataset would show as und."""
    for name in ("zh-web", "zh-legal", "zh-technical", "en-technical", "en-web", "docs", "qa"):
        scores = [f for f in profile(name).filters if f.column == "language.score"]
        assert scores and all(f.low == language.SURE[str(f.where["language.label"])] and f.then == "quarantine" for f in scores)


@pytest.mark.parametrize(("profiles", "lang"), [(("zh-web", "zh-technical", "zh-legal"), "zh"), (("en-technical",), "en")])
def test_plain_prose_is_kept(profiles: tuple[str, ...], lang: str) -> None:
    """Paragraphs of plain sentences pass."""
    texts = ["\n".join(corpus.paragraph(lang, 10 * n + k) for k in range(4)) for n in range(20)]
    for name in profiles:
        assert len(judge(texts, profile(name))) <= 1, judge(texts, profile(name))


KINDS = ("navigation", "logs", "ocr", "mojibake", "salad", "spam", "keywords", "tables")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_planted_junk_is_dropped(kind: str, lang: str) -> None:
    """The web profiles drop nine of ten texts of every kind, in each language; `benchmarks/gate.py` tells the shares on real text."""
    donors = ["\n".join(corpus.paragraph(lang, 10 * n + k) for k in range(12)) for n in range(30)]
    texts = junk(kind, lang, donors, 60)
    assert len(judge(texts, profile(f"{lang}-web"))) >= 54


def test_a_score_below_the_language_is_shown_as_und() -> None:
    """label stays, code says und; null only where there is no letter."""
    out = language.annotate(
        pa.record_batch({"text": pa.array(["ok", "12", "This is a plain English sentence."], pa.large_string())})
    )
    rows = out.to_pylist()
    assert (
        rows[0]["label"] and rows[0]["code"] in ("und", rows[0]["label"]) and rows[1]["code"] is None and rows[2]["code"] == "en"
    )
    scores = np.array([row["score"] or 0 for row in rows])
    for row, score in zip(rows, scores, strict=True):
        if row["label"]:
            assert (row["code"] == "und") == (score < np.float32(language.SURE.get(row["label"], language.SURE_OF_OTHERS)))
