"""Code point tables for kernels: what is a word character, what stands alone, and what a letter folds to.

Tokens are runs of word characters (letters, digits, underscore, combining marks), and every Han, kana or hangul
character alone. Folding is NFKC and lower case where that is one character, and from traditional to simplified Han
characters; it is for keys, never for stored text.
"""

import sys
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels import inlined
from curation.kernels.han import variants

LIMIT = 0x32400  # the last assigned letters (CJK extension H) end at U+323AF; what lies above separates

SEPARATOR, WORD, ALONE = 0, 1, 2
LETTER, DIGIT, SPACE, HAN, PUNCTUATION = 1, 2, 4, 8, 16  # bits of `traits`

_ALONE = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3041, 0x3096),
    (0x309D, 0x309F),
    (0x30A1, 0x30FA),
    (0x30FC, 0x30FF),
    (0x3105, 0x312F),
    (0x3131, 0x318E),
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0x1100, 0x11FF),
    (0xFF66, 0xFF9D),
    (0x1B000, 0x1B16F),
    (0x20000, 0x323AF),
)
_HAN = ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


class Tables(NamedTuple):
    """One entry a code point below LIMIT."""

    kind: NDArray[np.uint8]
    fold: NDArray[np.uint32]
    traits: NDArray[np.uint8]


@cache
def tables() -> Tables:
    """Build the tables from Python's Unicode database (0.1 s, once a process)."""
    assert sys.maxunicode == 0x10FFFF
    kind = np.zeros(LIMIT, np.uint8)
    fold = np.arange(LIMIT, dtype=np.uint32)
    traits = np.zeros(LIMIT, np.uint8)
    for code in range(LIMIT):
        if 0x3400 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or code >= 0x20000:
            traits[code] = LETTER
            continue
        if 0xD800 <= code <= 0xF8FF:
            continue
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] in "LNM" or character == "_":
            kind[code] = WORD
            folded = unicodedata.normalize("NFKC", character).lower()
            if len(folded) == 1 and ord(folded) < LIMIT:
                fold[code] = ord(folded)
        traits[code] = (
            LETTER * character.isalpha()
            + DIGIT * character.isdecimal()
            + SPACE * character.isspace()
            + PUNCTUATION * (category[0] in "PS")
        )
    for first, last in _ALONE:
        kind[first : last + 1] = ALONE
        traits[first : last + 1] |= LETTER
    for code, simple in variants().to_simplified.items():
        fold[code] = simple
    for first, last in _HAN:
        traits[first : last + 1] |= HAN
    return Tables(kind, fold, traits)


@inlined
def decode(data, at, end):
    """The code point that starts at byte `at` of valid UTF-8, and its length in bytes."""
    first = np.uint32(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return ((first & np.uint32(31)) << np.uint32(6)) | (np.uint32(data[at + 1]) & np.uint32(63)), 2
    if first < 0xF0:
        high = (first & np.uint32(15)) << np.uint32(12)
        return high | ((np.uint32(data[at + 1]) & np.uint32(63)) << np.uint32(6)) | (np.uint32(data[at + 2]) & np.uint32(63)), 3
    high = ((first & np.uint32(7)) << np.uint32(18)) | ((np.uint32(data[at + 1]) & np.uint32(63)) << np.uint32(12))
    return high | ((np.uint32(data[at + 2]) & np.uint32(63)) << np.uint32(6)) | (np.uint32(data[at + 3]) & np.uint32(63)), 4


@inlined
def encode(code, out, at):
    """Write a code point as UTF-8 at `at`; returns the place behind it."""
    if code < 0x80:
        out[at] = code
        return at + 1
    if code < 0x800:
        out[at] = 0xC0 | (code >> 6)
        out[at + 1] = 0x80 | (code & 63)
        return at + 2
    if code < 0x10000:
        out[at] = 0xE0 | (code >> 12)
        out[at + 1] = 0x80 | ((code >> 6) & 63)
        out[at + 2] = 0x80 | (code & 63)
        return at + 3
    out[at] = 0xF0 | (code >> 18)
    out[at + 1] = 0x80 | ((code >> 12) & 63)
    out[at + 2] = 0x80 | ((code >> 6) & 63)
    out[at + 3] = 0x80 | (code & 63)
    return at + 4
