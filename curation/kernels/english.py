"""Classes of characters, hashes of words and small tables of hashes: what the rules of English words are written in.

Classes follow spaCy 3.8 (lang/char_classes.py; MIT) and datatrove 0.10 (utils/text.py), as resources/english_tokens.json
keeps them; the others are Unicode's.
"""

import json
import unicodedata
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.kernels import inlined, kernel
from curation.kernels.unicode import ALONE, HAN, LIMIT, tables

ALPHA, LOWER, UPPER, PREFIX, SUFFIX, CURRENCY, QUOTE, BEFORE_STOP = 1, 2, 4, 8, 16, 32, 64, 128
HOST, ICON, SYMBOL, ENDS, MARK, LETTER, WORD = 256, 512, 1024, 2048, 4096, 8192, 16384
SPACE, DECIMAL, HAN_BIT, ALONE_BIT, TERMINAL, UPPERCASE, SIGN = 1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21
INFIX = 1 << 22  # characters that an infix can begin with

FNV = np.uint64(0xCBF29CE484222325)
PRIME = np.uint64(0x9E3779B100000001 | 0x1B3)


@cache
def data() -> dict[str, Any]:
    """The data file."""
    text = resources.files("curation.resources").joinpath("english_tokens.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@inlined
def class_of(classes, code):
    return classes[code] if code < LIMIT else np.uint32(0)


@inlined
def is_digit(code):
    return 48 <= code <= 57


@kernel
def hash_of(codes, first, last):
    h = FNV
    for k in range(first, last):
        h = (h ^ np.uint64(codes[k])) * PRIME
    return h


@inlined
def slot_of(h, hashes):
    """Where `h` lies in an open-addressing table, or -1."""
    mask = np.uint64(hashes.shape[0] - 1)
    at = (h >> np.uint64(40)) & mask
    while hashes[at] != 0:
        if hashes[at] == h:
            return np.int64(at)
        at = (at + np.uint64(1)) & mask
    return np.int64(-1)


@cache
def classes() -> NDArray[np.uint32]:
    """The bits of each code point below LIMIT (0.2 s, once a process)."""
    found = data()
    out = np.zeros(LIMIT, np.uint32)
    for name, bit in (
        ("alpha", ALPHA),
        ("lower", LOWER | BEFORE_STOP),
        ("upper", UPPER),
        ("icons", ICON | PREFIX | SUFFIX | INFIX),
    ):
        for first, last in found[name]:
            out[first : last + 1] |= bit
    for text, bit in (
        (found["punct"] + found["quotes"] + "…—–", PREFIX | SUFFIX),
        (found["punct"] + found["quotes"] + "0123456789%²-+|():?", BEFORE_STOP),
        (found["currency"] + "§%=", PREFIX),
        (found["currency"], CURRENCY),
        (found["quotes"], QUOTE),
        (found["sentence_ends"], ENDS),
        (found["symbols"], SYMBOL),
        (found["terminal"], TERMINAL),
        (".…+-*^,–—~:<>=/", INFIX),
    ):
        for character in text:
            if ord(character) < LIMIT:
                out[ord(character)] |= bit
    out[0xA1:0x10000] |= HOST
    for code in range(LIMIT):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        category = unicodedata.category(character)
        out[code] |= (
            LETTER * character.isalpha()
            | WORD * (character.isalnum() or character == "_")
            | HOST * (character.isascii() and character.isalnum())
            | SPACE * character.isspace()
            | DECIMAL * character.isdecimal()
            | UPPERCASE * character.isupper()
            | MARK * (category[0] == "P")
            | SIGN * (category[0] in "PS")
        )
    unicode = tables()
    out[unicode.kind == ALONE] |= ALONE_BIT
    out[(unicode.traits & HAN) != 0] |= HAN_BIT
    return out


def hash_table(texts: list[str]) -> tuple[list[int], NDArray[np.uint64]]:
    capacity = 4
    while capacity < 4 * len(texts):
        capacity *= 2
    hashes = np.zeros(capacity, np.uint64)
    slots = []
    for text in texts:
        h = word_hash(text)
        at = (h >> 40) & (capacity - 1)
        while hashes[at]:
            at = (at + 1) & (capacity - 1)
        hashes[at] = h
        slots.append(at)
    return slots, hashes


def word_hash(text: str) -> int:
    """The hash that the kernels give a token of this text."""
    h = int(FNV)
    for character in text:
        h = ((h ^ ord(character)) * int(PRIME)) & 0xFFFFFFFFFFFFFFFF
    return h
