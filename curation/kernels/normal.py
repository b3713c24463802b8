"""Text as the quality model reads it: one line of tokens with one space between them.

Runs of word characters are folded, with '0' for every decimal digit; a Han, kana or hangul character, a punctuation
mark and a symbol each stand alone; line breaks between tokens, however many, are one PARAGRAPH.
"""

import numpy as np
import pyarrow as pa

from curation.kernels import buffers, kernel
from curation.kernels.unicode import DIGIT, LIMIT, PUNCTUATION, WORD, decode, encode, tables
from curation.kernels.unicode import SEPARATOR as NOTHING

PARAGRAPH = "¶"
GROWTH = 3  # bytes out per byte in, at most: a line feed becomes two bytes and a space

_ZERO, _SPACE, _LINE_FEED = ord("0"), ord(" "), ord("\n")


@kernel
def write_normal(data, start, end, limit, kind, fold, traits, out, at):
    """Write the tokens of the first `limit` characters of data[start:end] to `out` from `at`; returns the place behind."""
    first = at
    inside = False
    broken = False
    place = start
    seen = 0
    while place < end and seen < limit:
        code, size = decode(data, place, end)
        place += size
        seen += 1
        what = kind[code] if code < LIMIT else NOTHING
        if what == NOTHING and (code >= LIMIT or not traits[code] & PUNCTUATION):
            broken |= code == _LINE_FEED
            inside = False
            continue
        if not (inside and what == WORD):
            if at > first:
                out[at] = _SPACE
                at += 1
                if broken:
                    out[at] = 0xC2  # PARAGRAPH in UTF-8
                    out[at + 1] = 0xB6
                    out[at + 2] = _SPACE
                    at += 3
            broken = False
        folded = fold[code]
        at = encode(np.uint32(_ZERO) if traits[folded] & DIGIT else folded, out, at)
        inside = what == WORD
    return at


@kernel
def _write_all(data, offsets, limit, kind, fold, traits, out, ends):
    at = 0
    for d in range(offsets.shape[0] - 1):
        at = write_normal(data, offsets[d], offsets[d + 1], limit, kind, fold, traits, out, at)
        ends[d + 1] = at


def normalise(texts: pa.Array, limit: int) -> pa.LargeStringArray:
    """The tokens of each text's first `limit` characters; a null is an empty text."""
    data, offsets = buffers(texts)
    n = len(texts)
    window = np.minimum(offsets[1:] - offsets[:-1], 4 * limit)
    out = np.empty(GROWTH * int(window.sum()) + 8, np.uint8)
    ends = np.zeros(n + 1, np.int64)
    unicode = tables()
    _write_all(data, offsets, limit, unicode.kind, unicode.fold, unicode.traits, out, ends)
    return pa.LargeStringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(out[: ends[-1]]))
