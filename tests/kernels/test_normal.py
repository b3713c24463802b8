"""Normal text is what a plain implementation says."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.kernels.normal import PARAGRAPH, normalise
from curation.kernels.unicode import ALONE, DIGIT, LIMIT, PUNCTUATION, WORD, tables

AWKWARD = st.sampled_from("\n\n\r\t ,。a1Ｚ９²Kİⱥ中ｶ한ｶ_\u0301¶\x00\U00032400\U0010ffff\ue000٣—😀")


def plainly(text: str, limit: int) -> str:
    """The same, character by character in Python."""
    kind, fold, traits = tables()
    tokens: list[str] = []
    inside = broken = False
    for character in text[:limit]:
        code = ord(character)
        if code >= LIMIT or not (kind[code] in {WORD, ALONE} or traits[code] & PUNCTUATION):
            inside, broken = False, broken or character == "\n"
            continue
        folded = "0" if traits[fold[code]] & DIGIT else chr(fold[code])
        if inside and kind[code] == WORD:
            tokens[-1] += folded
            continue
        if broken and tokens:
            tokens.append(PARAGRAPH)
        tokens.append(folded)
        inside, broken = bool(kind[code] == WORD), False
    return " ".join(tokens)


def normal(*texts: str | None, limit: int = 8000) -> list[str]:
    return normalise(pa.array(texts, pa.large_string()), limit).to_pylist()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ""), (" \n\n ", ""), ("\n\na\n \r\n\nb\n", "a ¶ b"), ("The FIRST of 2026-11-24.", "the first of 0000 - 00 - 00 ."),
        ("数据，２０２１年ＧＰＴ", "数 据 ， 0000 年 gpt"), ("don't", "don ' t"), ("x_1\u0301 y", "x_0\u0301 y"), ("a\x00b", "a b"),
        ("한국", "한 국"), ("ｶﾅ", "カ ナ"), ("٣٤", "00"), ("m²", "m0"), ("😀😀", "😀 😀"), ("𠮷野", "𠮷 野"), ("a\U00032400b", "a b"),
    ],
)  # fmt: skip
def test_tokens(text: str, tokens: str) -> None:
    """Words folded, digits zero, marks and Han apart, line breaks one sign."""
    assert normal(text) == [tokens] == [plainly(text, 8000)]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=60), st.text(AWKWARD, max_size=60)), max_size=5), st.integers(0, 70))
def test_it_is_what_a_plain_implementation_says(texts: list[str], limit: int) -> None:
    """Whatever the characters, the window and the neighbours in the batch."""
    assert normal(*texts, limit=limit) == [plainly(text, limit) for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.text(AWKWARD, max_size=80))
def test_normal_text_is_one_line_of_single_spaces(text: str) -> None:
    """fastText splits at white space and ends a document at a line feed: neither may be inside a token."""
    (line,) = normal(text)
    assert line.split() == [token for token in line.split(" ") if token] and "\n" not in line and "  " not in line


def test_nulls_and_slices() -> None:
    """A null is empty; a slice of an array starts at its own first text."""
    assert normal("one", None, "two") == ["one", "", "two"]
    assert normalise(pa.array(["aa", "b b", "c"], pa.string()).slice(1, 2), 8).to_pylist() == ["b b", "c"]
    assert len(normalise(pa.array([], pa.large_string()), 8)) == 0


def test_every_character_has_room() -> None:
    """The output never outgrows GROWTH bytes a byte, for each code point before and after a line feed."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    texts = ["\n".join(characters[start : start + 4096]) for start in range(0, len(characters), 4096)]
    assert normal(*texts, limit=10_000) == [plainly(text, 10_000) for text in texts]
