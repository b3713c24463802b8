"""Scripts: which writing system each letter belongs to, and which Han characters are simplified or traditional only.

Codes are those of ISO 15924.
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels.han import variants
from curation.kernels.unicode import LIMIT

SCRIPTS = (
    *("Zyyy", "Latn", "Cyrl", "Hani", "Hira", "Hang", "Arab", "Grek", "Hebr", "Deva", "Thai", "Beng", "Taml", "Telu", "Armn"),
    *("Geor", "Tibt", "Ethi", "Khmr", "Laoo", "Mymr", "Mong", "Gujr", "Guru", "Knda", "Mlym", "Sinh", "Orya", "Syrc", "Thaa"),
)
LATIN, CYRILLIC, HAN, KANA, HANGUL = 1, 2, 3, 4, 5
_NAMES = {
    **{"LATIN": 1, "CYRILLIC": 2, "CJK": 3, "HIRAGANA": 4, "KATAKANA": 4, "HANGUL": 5, "ARABIC": 6, "GREEK": 7, "HEBREW": 8},
    **{"DEVANAGARI": 9, "THAI": 10, "BENGALI": 11, "TAMIL": 12, "TELUGU": 13, "ARMENIAN": 14, "GEORGIAN": 15, "TIBETAN": 16},
    **{"ETHIOPIC": 17, "KHMER": 18, "LAO": 19, "MYANMAR": 20, "MONGOLIAN": 21, "GUJARATI": 22, "GURMUKHI": 23, "KANNADA": 24},
    **{"MALAYALAM": 25, "SINHALA": 26, "ORIYA": 27, "SYRIAC": 28, "THAANA": 29, "HALFWIDTH": 4, "FULLWIDTH": 1},
}
SIMPLIFIED, TRADITIONAL = 64, 128  # bits beside the script's number


class Scripts(NamedTuple):
    """One entry a code point below LIMIT."""

    script: NDArray[np.uint8]  # index into SCRIPTS of a letter, 0 for what is none or unknown; with SIMPLIFIED, TRADITIONAL
    lower: NDArray[np.uint32]  # lower case where it is one character as long in UTF-8


@cache
def tables() -> Scripts:
    """Build the tables (0.3 s, once a process)."""
    script, lower = np.zeros(LIMIT, np.uint8), np.arange(LIMIT, dtype=np.uint32)
    for code in range(LIMIT):
        if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000 or code in (0x3005, 0x3007):
            script[code] = HAN
        elif 0xAC00 <= code <= 0xD7A3:
            script[code] = HANGUL
        elif not 0xD800 <= code < 0xE000 and (character := chr(code)).isalpha():
            words = unicodedata.name(character, "").split(" ")
            script[code] = _NAMES.get(words[0], 0)
            if words[:2] == ["HALFWIDTH", "HANGUL"]:
                script[code] = HANGUL
            small = character.lower()
            if len(small) == 1 and len(small.encode()) == len(character.encode()) and ord(small) < LIMIT:
                lower[code] = ord(small)
    script[variants().simplified] |= SIMPLIFIED
    script[variants().traditional] |= TRADITIONAL
    return Scripts(script, lower)
