"""Statistics against their definitions, written again in plain Python."""

import re
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.kernels.statistics import COLUMN, measure
from curation.kernels.stopwords import COLUMN as LISTS


def stat(text: str, name: str) -> float:
    return float(measure(pa.array([text], pa.large_string())).counts[0, COLUMN[name]])


LINES = st.lists(
    st.sampled_from(["alpha beta", "gamma.", "- item", "第一条。", "", "  ", "so on...", "…", "x" * 40]), max_size=30
)


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_lines(lines: list[str]) -> None:
    """Lines, duplicates, bullets, endings and short lines by their definitions."""
    text = "\n".join(lines)
    full = [line.strip() for line in lines if line.strip()]
    assert stat(text, "lines") == len(full)
    assert stat(text, "duplicate_lines") == len(full) - len(set(full))
    assert stat(text, "any_bullet_lines") == sum(line.startswith("-") for line in full)
    assert stat(text, "any_ellipsis_lines") == sum(line.endswith(("...", "…")) for line in full)
    assert stat(text, "newlines") == text.count("\n")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab数据。 \n", max_size=120))
def test_repeated_characters(text: str) -> None:
    """The share of 13-character runs that occur more than once."""
    plain = "".join(text.split())
    grams = [plain[i : i + 13] for i in range(len(plain) - 12)]
    expected = sum(grams.count(g) > 1 for g in grams) / len(grams) if grams else 0.0
    assert stat(text, "repeated_13_characters") == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_characters(text: str) -> None:
    """Code points, letters, digits and spaces as Python counts them."""
    if any(ord(c) >= 0x32400 for c in text):
        return
    assert stat(text, "characters") == len(text)
    assert stat(text, "spaces") == sum(map(str.isspace, text))
    assert stat(text, "digits") == sum(map(str.isdecimal, text))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["red", "green", "blue"]), min_size=1, max_size=60))
def test_grams(words: list[str]) -> None:
    """Gopher's top 2-gram (twice at least) and greedy duplicate 5-grams."""
    text = " ".join(words)
    pairs = [" ".join(words[i : i + 2]) for i in range(len(words) - 1)]
    best = max((pairs.count(p) * len(p) for p in pairs if pairs.count(p) > 1), default=0)
    assert stat(text, "repeated_2_gram") == best
    seen, covered, at = set(), 0, 0
    while at <= len(words) - 5:
        gram = tuple(words[at : at + 5])
        if gram in seen:
            covered += sum(map(len, gram))
            at += 5
        else:
            seen.add(gram)
            at += 1
    assert stat(text, "duplicate_5_gram") == covered


def test_stop_words_and_terminal_marks() -> None:
    """Distinct stop words of each language, case as published; a closing quote after a full stop ends a sentence."""
    found = measure(pa.array(["the cat and The dog have to be with that of mine", "数据的安全和发展是重要的"], pa.large_string()))
    assert found.stop_words[0, LISTS["gopher"]] == 8 and found.stop_words[1, LISTS["zh"]] == 3
    assert stat("他说：“好。”\n没有\n是吗？", "closed_lines") == 2


def test_a_ten_megabyte_line() -> None:
    """One line of 10 MB is one line."""
    text = "数据 and words " * 600_000
    assert stat(text, "lines") == 1 and stat(text, "longest_line") == len(text.strip())


def _datatrove(text: str) -> dict[str, float]:
    """Gopher's and FineWeb's line statistics, written from datatrove's definitions."""
    every, full = text.splitlines(), [line for line in text.split("\n") if line.strip()]
    split, paragraphs = re.split("\n+", text), re.split(r"\n{2,}", text.strip())
    return {
        "any_lines": len(every),
        "bullet_lines": sum(line.lstrip().startswith(("•", "-")) for line in every),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in every),
        "split_lines": len(split),
        "duplicate_split_lines": len(split) - len(set(split)),
        "duplicate_split_line_characters": _repeated(split),
        "full_lines": len(full),
        "duplicate_full_line_characters": _repeated(full),
        "short_lines": sum(len(line) <= 30 for line in full),
        "terminal_lines": sum(line.endswith((".", "。", "!", "?")) for line in full),
        "paragraphs": len(paragraphs),
        "duplicate_paragraphs": len(paragraphs) - len(set(paragraphs)),
        "duplicate_paragraph_characters": _repeated(paragraphs),
        "hash_marks": text.count("#"),
        "ellipses": text.count("...") + text.count("…"),
        "newlines": text.count("\n"),
    }


def _repeated(parts: list[str]) -> int:
    return sum(len(part) for k, part in enumerate(parts) if part in parts[:k])


BITS = st.sampled_from(
    ["one two.", "- item", "• x", " ", "\n", "\n\n", "\n \n", "\r\n", "\r", "\x0b", "\u2028", "\x85", "...", "....", "…", "#", "数据。", "x" * 31]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(BITS, max_size=25))
def test_published_lines(bits: list[str]) -> None:
    """Every line and paragraph statistic is datatrove's, whatever ends a line."""
    text = "".join(bits)
    if not text.strip():
        return
    assert {name: stat(text, name) for name in _datatrove(text)} == _datatrove(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["red", "green", "blue"]), min_size=4, max_size=60))
def test_published_top_grams(words: list[str]) -> None:
    """The first of the most frequent n-grams counts, even where nothing repeats."""
    for n in (2, 3, 4):
        grams = [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
        top, times = Counter(grams).most_common(1)[0]
        assert stat(" ".join(words), f"top_{n}_gram") == len(top) * times
