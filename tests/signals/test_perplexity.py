"""Perplexity by real KenLM models, written here as ARPA files of counted pairs."""

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from curation import signals
from curation.errors import DataError, DeclarationError
from curation.questions import check
from curation.signals import perplexity
from tests import corpus

ZH = ["设备应当定期检修，并做好记录。", "检修人员应当持证上岗。", "记录应当保存三年。"]
EN = ["The pump must be inspected every month.", "Every inspection must be recorded.", "The record must be kept."]


def arpa(texts: list[str], unit: str, file: Path) -> dict[str, float]:
    """A model by counts of tokens, with one count for the unknown; returns log10 probabilities."""
    tokens = [token for text in texts for line in perplexity.cut(text, unit) for token in (*line.split(), "</s>")]
    counts = Counter(tokens) | Counter({"<unk>": 1})
    logs = {token: math.log10(count / counts.total()) for token, count in counts.items()}
    lines = ["\\data\\", f"ngram 1={len(logs) + 1}", "ngram 2=1", "", "\\1-grams:", "-99\t<s>\t0"]
    lines += [f"{log:.6f}\t{token}\t0" for token, log in logs.items()]
    pairs = ["", "\\2-grams:", "-1\t<s> </s>"]  # KenLM wants pairs; blank lines are not scored
    file.write_text("\n".join([*lines, *pairs, "", "\\end\\", ""]), encoding="utf-8")
    return logs


def measured(texts: list[str]) -> list[float | None]:
    return perplexity.annotate(pa.record_batch({"text": pa.array(texts, pa.large_string())}))["score"].to_pylist()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models that the signal looks into."""
    monkeypatch.setenv(perplexity.FOLDER, str(tmp_path))
    return tmp_path


def test_the_number_is_ten_to_the_mean_log_of_tokens_and_line_ends(models: Path) -> None:
    """Two lines: every token and both ends count."""
    logs = arpa(ZH, "characters", models / "zh.characters.arpa")
    text = ZH[0] + "\n\n" + ZH[2]
    found = [logs[c] for c in (ZH[0] + ZH[2]).replace("，", ",")] + [logs["</s>"]] * 2
    assert measured([text]) == [pytest.approx(10 ** (-sum(found) / len(found)), rel=1e-4)]


def test_only_the_language_of_the_model(models: Path) -> None:
    """English has no number from a Chinese model, and gets its own from its own; salad is worse than prose."""
    arpa(ZH, "characters", models / "zh.characters.arpa")
    assert measured([EN[0]]) == [None] and measured([""]) == [None]
    arpa(EN, "words", models / "en.words.arpa")
    prose, salad = measured([EN[0], "The kettle was boiled because nobody wanted coffee after midnight."])
    assert prose is not None and salad is not None and 1 < prose < salad


def test_without_models_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Null, and a filter on it is refused."""
    monkeypatch.delenv(perplexity.FOLDER, raising=False)
    assert measured(ZH) == [None] * 3
    assert signals.languages("perplexity.score") == []


def test_a_filter_must_name_the_language(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents of other languages have null, which would fail it."""
    (models / "models").mkdir()
    monkeypatch.setenv(perplexity.FOLDER, str(models / "models"))
    arpa(ZH, "characters", models / "models" / "zh.characters.arpa")
    workspace = corpus.lay(models / "workspace")
    declared = workspace.recipe_file("energy").read_text()
    odd = "filters:\n  - {name: odd, column: perplexity.score, high: 2000, because: {en: odd, zh: 怪}}\n"
    workspace.recipe_file("energy").write_text(declared.replace("filters:\n", odd, 1))
    with pytest.raises(DeclarationError, match=r"defined for zh only; add where: \{language.label: zh\}"):
        check.recipe(workspace, "energy")


def test_files_of_the_folder_are_checked(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong name, two models of a language, no model, no folder: one line each."""
    (models / "zh.arpa").write_text("")
    with pytest.raises(DataError, match=r"zh.arpa: not a model's name; allowed: one <language>"):
        measured(ZH)
    (models / "zh.arpa").rename(models / "zh.characters.arpa")
    with pytest.raises(DataError, match="not a model of KenLM of order 2"):
        measured(ZH)
    (models / "zh.words.arpa").write_text("")
    with pytest.raises(DataError, match="a second model of its language"):
        measured(ZH)
    monkeypatch.setenv(perplexity.FOLDER, str(models / "none"))
    with pytest.raises(DataError, match="is no folder"):
        measured(ZH)


def test_a_changed_model_is_measured_again(models: Path) -> None:
    """The key of the sidecars holds the models' names and bytes."""
    arpa(ZH, "characters", models / "zh.characters.arpa")
    signals.key.cache_clear()
    before = signals.key("perplexity")
    arpa(ZH[:1], "characters", models / "zh.characters.arpa")
    signals.key.cache_clear()
    assert signals.key("perplexity") != before
    signals.key.cache_clear()


def test_texts_for_training_are_cut_by_the_same_code() -> None:
    """`python -m curation.signals.perplexity` writes what lmplz reads."""
    command = [sys.executable, "-m", "curation.signals.perplexity", "characters"]
    done = subprocess.run(command, input="设备ＡＢ\n\n好 的\n", capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout == "设 备 a b\n好 的\n"
