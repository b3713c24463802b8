"""Passages of positives: pieces of documents in many lengths, sorted by language, prose only."""

import math
import random
import re
from collections.abc import Iterator

_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
_MARK = re.compile(r"[^\s]")
_END = re.compile(r"[.!?;:](?=\s)|[。！？；：]")
_BREAK = re.compile(r"\n|(?<=[.!?])\s|(?<=[。！？；])")
_RESIDUE = re.compile(r'": [{"]')  # JSON around the paragraphs of the factbook

ZH_AT_LEAST = 0.1  # Han characters among letters: API texts in Chinese are full of English names
LETTERS_AT_LEAST = 0.6  # of what is no white space
CHARACTERS_PER_END = 600  # at most, between ends of sentences or clauses


def language(text: str) -> str:
    """zh or en, by the share of Han characters."""
    letters = len(_LETTER.findall(text))
    return "zh" if letters and len(_HAN.findall(text)) >= ZH_AT_LEAST * letters else "en"


def prose(text: str) -> bool:
    """Whether a passage is sentences rather than a table, a listing or code."""
    marks, letters = len(_MARK.findall(text)), len(_LETTER.findall(text))
    ends = len(_END.findall(text))
    return letters >= LETTERS_AT_LEAST * marks and ends * CHARACTERS_PER_END >= len(text) and not _RESIDUE.search(text)


def length(rng: random.Random, low: int, high: int) -> int:
    return round(math.exp(rng.uniform(math.log(low), math.log(high))))


def cut(text: str, rng: random.Random, low: int, high: int) -> Iterator[str]:
    """The text in pieces that end at a line or a sentence where one is near."""
    start = 0
    while start < len(text):
        end = start + length(rng, low, high)
        found = _BREAK.search(text, end, end + 200)
        end = found.end() if found else end
        piece = text[start:end].strip()
        if len(piece) >= low:
            yield piece
        start = end
