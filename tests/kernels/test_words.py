"""Words are spaCy's English ones, except that every Han, kana and hangul character stands alone."""

import json
from importlib import resources

import numpy as np
import pytest
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.lang import char_classes

from curation.kernels import buffers, reading
from curation.kernels.unicode import LIMIT, tables
from curation.kernels.words import rules

ENGLISH = spacy.blank("en")
ENGLISH.add_pipe("sentencizer")


def words(text: str) -> list[str]:
    """The words of the kernel, cut from the text by their lengths."""
    data, offsets = buffers(__import__("pyarrow").array([text], __import__("pyarrow").large_string()))
    room = reading.room(len(text) + 8, len(text) + 2)
    count = reading.characters(data, offsets[0], offsets[1], room.codes, room.byte_of)
    _, n = reading.read(room.codes, 0, count, rules(), room.words, 0, room.lines, room.plain, room.tally)
    found, at = [], 0
    for size in room.words.lengths[:n]:
        while text[at].isspace():
            at += 1
        found.append(text[at : at + size])
        at += size
    assert not text[at:].strip()
    return found


def spacy_words(text: str) -> list[str]:
    ENGLISH.max_length = len(text) + 10
    return [token.text.strip() for token in ENGLISH.tokenizer(text) if token.text.strip()]


def spacy_words_by_chunk(text: str) -> list[str]:
    """For text put together at random: in ": (:a" spaCy takes the colon and the bracket beyond the space for :( and then not."""
    return [word for chunk in text.split() for word in spacy_words(chunk)]


@pytest.mark.parametrize(
    "text",
    [
        "Don't (stop) it's 10km/h, U.S. e.g. 3.5% and C++; see https://a.example.org/b?c=d_e#f.",
        "foo():bar a.m. :) x:-) well-known rock--roll 1,000 a,b A.B. Ph.D. 20°C. it’s 'quoted' \"x\"",
        "zhang.san@example.cn 10.0.0.1:80/x 8.8.8.8/x ftp://u:p@h.org/ US$5 $5 5$ -5 +5 5+ ~x~ …… ...... a...b #tag @user",
        "naïve café Straße ŁÓDŹ. Привет, мир! «да» שלום עולם مرحبا، بالعالم हिन्दी भाषा। ไทย",
        "I'm can't cannot gonna y'all o'clock ain't Ma'am 'tis 9am 9a.m. Mr. Mrs. Jan. vs. etc. i.e. No.5",
        "=> -> <- :: /* x */ // y { z } [1] [[2]] ``code`` **bold** __init__ a_b a=b a==b x<y>z",
        "",
    ],
)
def test_words_are_spacys(text: str) -> None:
    """Words of ordinary, technical and foreign text."""
    assert words(text) == spacy_words(text)


def _apart(text: str) -> bool:
    unicode = tables()
    return all(ord(c) < LIMIT and unicode.kind[ord(c)] != 2 for c in text) and "'''" not in text


PIECES = st.sampled_from(
    ["a", "B", "word", "Dr", "don't", "'", "'s", '"', ".", "..", "...", ",", "-", "--", "/", ":", ";)", "(", ")", "[", "]", "{", "1", "10",
     "km", "%", "$", "US$", "€", "+", "*", "=", "<", ">", "@", "example.com", "http://", "_", "#", "…", "—", "’s", "°C", "é", "Я", "।", " ", "\n", "U.S", "a.m", "!", "?"]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14))
@example(["(", "don't", ")", ".", "…", ";)"])
@example(["'", "'s", ".", "B"])  # '' and 's and s. overlap
def test_words_of_anything_put_together(pieces: list[str]) -> None:
    """Prefixes, suffixes, infixes, units, URLs and exceptions in any order."""
    text = "".join(pieces)
    if _apart(text):
        assert words(text) == spacy_words_by_chunk(text)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40))
def test_words_of_any_unicode(text: str) -> None:
    """Any code points, for which Han, kana and hangul do not stand alone."""
    if _apart(text):
        assert words(text) == spacy_words_by_chunk(text)


def test_the_rules_are_spacys() -> None:
    """The data file says what spaCy's code says."""
    data = json.loads(resources.files("curation.resources").joinpath("english_tokens.json").read_text(encoding="utf-8"))
    exceptions = {
        text: [token[65] for token in tokens]
        for text, tokens in ENGLISH.tokenizer.rules.items()
        if not any(c.isspace() for c in text)
    }
    assert data["exceptions"] == exceptions
    assert data["units"] == char_classes.UNITS.split("|")
    assert set(data["sentence_ends"]) == ENGLISH.get_pipe("sentencizer").punct_chars


def test_exceptions_are_one_key_each() -> None:
    """No two exceptions share a 64-bit hash."""
    assert np.count_nonzero(rules().exception_hash) == 1343
