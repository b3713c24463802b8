"""Quality statistics of documents in one pass: characters, words, lines and repetition.

Definitions: Gopher (Rae et al. 2021, A1), FineWeb (Penedo et al. 2024), ChineseWebText (Chen et al. 2023) for the
13-character repetition. Tokens are those of `unicode.py`, so one Han character is one word: thresholds for Chinese
are set on characters, never on the English defaults. A top n-gram must occur twice (the published rule counts
single occurrences, which fails every short text).
"""

import threading

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from curation.kernels import Bytes, Offsets, buffers, longest
from curation.kernels.shingles import _FNV, _PRIME, _ROLL
from curation.kernels.unicode import ALONE, DIGIT, HAN, LETTER, LIMIT, PUNCTUATION, SEPARATOR, SPACE, decode, tables

NAMES = (
    "characters",
    "letters",
    "digits",
    "spaces",
    "han",
    "punctuation",
    "replacement",
    "words",
    "word_characters",
    "alphabetic_words",
    "hash_marks",
    "ellipses",
    "stop_words_en",
    "stop_words_zh",
    "lines",
    "bullet_lines",
    "ellipsis_lines",
    "terminal_lines",
    "short_lines",
    "duplicate_lines",
    "duplicate_line_characters",
    "newlines",
    "longest_line",
    "top_2_gram",
    "top_3_gram",
    "top_4_gram",
    "duplicate_5_gram",
    "duplicate_6_gram",
    "duplicate_7_gram",
    "duplicate_8_gram",
    "duplicate_9_gram",
    "duplicate_10_gram",
    "repeated_13_characters",
    "han_runs",
)
COLUMN = {name: index for index, name in enumerate(NAMES)}

STOP_EN = ("the", "be", "to", "of", "and", "that", "have", "with")  # Gopher's eight
STOP_ZH = tuple("的了和是在有不为与及对中以其或者之由于也可")  # frequent function characters, both scripts where they differ
SHORT_LINE = 30  # characters, FineWeb
_TERMINAL = tuple(map(ord, ".!?\"'。！？…；;”’」』）)】》"))  # closing marks count after a sentence: 。” is an end
_BULLETS = tuple(map(ord, "•-*●○■□▪▫·‣▶◦–"))

_CHARACTERS, _LETTERS, _DIGITS, _SPACES, _HAN_COUNT, _PUNCTUATION_COUNT, _REPLACEMENT = range(7)
_WORDS, _WORD_CHARACTERS, _ALPHABETIC, _HASHES, _ELLIPSES, _STOP_EN, _STOP_ZH = range(7, 14)
_LINES, _BULLET, _ELLIPSIS, _TERMINAL_LINES, _SHORT, _DUPLICATE, _DUPLICATE_CHARACTERS = range(14, 21)
_NEWLINES, _LONGEST, _TOP, _GRAMS, _REPEATED, _HAN_RUNS = 21, 22, 23, 26, 32, 33


@njit(nogil=True, cache=True)
def _seen(key, mask, keys, stamps, counts, stamp):  # type: ignore[no-untyped-def]
    """How often `key` was met before under this stamp; counts it."""
    at = np.int64((key ^ (key >> np.uint64(29))) & mask)
    while stamps[at] == stamp:
        if keys[at] == key:
            counts[at] += 1
            return counts[at] - 1
        at = np.int64((np.uint64(at) + np.uint64(1)) & mask)
    stamps[at] = stamp
    keys[at] = key
    counts[at] = 1
    return 0


@njit(nogil=True, cache=True)
def _has(values, key):  # type: ignore[no-untyped-def]
    for k in range(values.shape[0]):
        if values[k] == key:
            return k
    return -1


@njit(nogil=True, cache=True)
def _scan(data, start, end, kind, fold, traits, terminal, bullets, stop_en, stop_zh, th, tl, codes, out):  # type: ignore[no-untyped-def]
    """Characters, words and lines of one document. Fills token hashes and lengths, and the code points."""
    words = 0
    met_en = np.uint64(0)
    met_zh = np.uint64(0)
    h = _FNV
    length = 0
    alphabetic = False
    count = 0
    at = start
    line_first = np.uint32(0)
    last = np.uint32(0)
    before = np.uint32(0)
    before2 = np.uint32(0)
    line_start = 0
    previous_han = False
    while at <= end:
        if at == end:
            code, size = np.uint32(10), 1
        else:
            code, size = decode(data, at, end)
        trait = traits[code] if code < LIMIT else 0
        what = kind[code] if code < LIMIT else SEPARATOR
        if what != SEPARATOR and what != ALONE:
            h = (h ^ np.uint64(fold[code])) * _PRIME
            length += 1
            alphabetic |= (trait & LETTER) != 0
        else:
            if length:
                th[words], tl[words] = h, length
                words += 1
                out[_WORD_CHARACTERS] += length
                out[_ALPHABETIC] += alphabetic
                hit = _has(stop_en, h)
                if hit >= 0:
                    met_en |= np.uint64(1) << np.uint64(hit)
                h, length, alphabetic = _FNV, 0, False
            if what == ALONE:
                alone = (_FNV ^ np.uint64(fold[code])) * _PRIME
                th[words], tl[words] = alone, 1
                words += 1
                out[_WORD_CHARACTERS] += 1
                out[_ALPHABETIC] += 1
                hit = _has(stop_zh, code)
                if hit >= 0:
                    met_zh |= np.uint64(1) << np.uint64(hit)
        is_han = (trait & HAN) != 0
        out[_HAN_RUNS] += is_han and not previous_han
        previous_han = is_han
        if code == 10:
            line = count - line_start
            if line > 0 and line_first != 0:
                out[_LINES] += 1
                out[_BULLET] += _has(bullets, line_first) >= 0
                dots = last == 46 and before == 46 and before2 == 46
                out[_ELLIPSIS] += last == 0x2026 or dots
                out[_TERMINAL_LINES] += _has(terminal, last) >= 0
                out[_SHORT] += line <= SHORT_LINE
                out[_LONGEST] = max(out[_LONGEST], line)
            line_first, last, before, before2 = np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0)
            if at < end:
                out[_NEWLINES] += 1
            line_start = count + 1
        elif (trait & SPACE) == 0:
            if line_first == 0:
                line_first = code
            if code == 46 and last == 46 and before == 46 and before2 != 46:
                out[_ELLIPSES] += 1
            if code == 0x2026:
                out[_ELLIPSES] += 1
            before2, before, last = before, last, code
            out[_HASHES] += code == 35
        if at < end:
            codes[count] = code
            count += 1
            out[_LETTERS] += (trait & LETTER) != 0
            out[_DIGITS] += (trait & DIGIT) != 0
            out[_SPACES] += (trait & SPACE) != 0
            out[_HAN_COUNT] += is_han
            out[_PUNCTUATION_COUNT] += (trait & PUNCTUATION) != 0
            out[_REPLACEMENT] += code == 0xFFFD
        at += size
    out[_CHARACTERS] = count
    out[_WORDS] = words
    for k in range(64):
        out[_STOP_EN] += (met_en >> np.uint64(k)) & np.uint64(1)
        out[_STOP_ZH] += (met_zh >> np.uint64(k)) & np.uint64(1)
    return words, count


@njit(nogil=True, cache=True)
def _duplicate_lines(codes, count, mask, keys, stamps, counts, stamp, out):  # type: ignore[no-untyped-def]
    """Lines (stripped, not blank) that occurred before, and their characters."""
    at = 0
    while at < count:
        end = at
        while end < count and codes[end] != 10:
            end += 1
        first, last = at, end
        while first < last and codes[first] <= 32:
            first += 1
        while last > first and codes[last - 1] <= 32:
            last -= 1
        if last > first:
            h = _FNV
            for k in range(first, last):
                h = (h ^ np.uint64(codes[k])) * _PRIME
            if _seen(h, mask, keys, stamps, counts, stamp) > 0:
                out[_DUPLICATE] += 1
                out[_DUPLICATE_CHARACTERS] += last - first
        at = end + 1


@njit(nogil=True, cache=True)
def _repeated_characters(codes, count, traits, width, mask, keys, stamps, counts, stamp):  # type: ignore[no-untyped-def]
    """Share of `width`-character runs (white space left out) that occur more than once."""
    n = 0
    for k in range(count):
        code = codes[k]
        if code >= LIMIT or (traits[code] & SPACE) == 0:
            codes[n] = code
            n += 1
    total = n - width + 1
    if total <= 0:
        return 0.0
    lead = np.uint64(1)
    for _ in range(width - 1):
        lead *= _ROLL
    rolling = np.uint64(0)
    singles = 0
    for k in range(n):
        if k >= width:
            rolling -= np.uint64(codes[k - width] + 1) * lead
        rolling = rolling * _ROLL + np.uint64(codes[k] + 1)
        if k >= width - 1:
            before = _seen(rolling, mask, keys, stamps, counts, stamp)
            if before == 0:
                singles += 1
            elif before == 1:
                singles -= 1
    return (total - singles) / total


@njit(nogil=True, cache=True)
def _grams(th, tl, words, characters, mask, keys, stamps, counts, stamp, prefix, ends, out):  # type: ignore[no-untyped-def]
    """Gopher's top 2-4-grams and greedy duplicate 5-10-grams, as shares of the text's characters."""
    prefix[0], ends[0] = np.uint64(0), 0
    for j in range(words):
        prefix[j + 1] = prefix[j] * _ROLL + th[j]
        ends[j + 1] = ends[j] + tl[j]
    lead = np.uint64(1)
    for width in range(1, 11):
        lead *= _ROLL
        if width < 2 or words < width:
            continue
        stamp += 1
        best, covered = 0, 0
        j = 0
        while j <= words - width:
            before = _seen(prefix[j + width] - prefix[j] * lead, mask, keys, stamps, counts, stamp)
            size = ends[j + width] - ends[j]
            if width <= 4:
                if before > 0:
                    best = max(best, (before + 1) * (size + width - 1))
                j += 1
            elif before > 0:
                covered += size
                j += width
            else:
                j += 1
        if width <= 4:
            out[_TOP + width - 2] = best / max(characters, 1)
        else:
            out[_GRAMS + width - 5] = covered / max(characters, 1)
    return stamp


@njit(nogil=True, cache=True)
def _measure(  # type: ignore[no-untyped-def]
    data, offsets, kind, fold, traits, terminal, bullets, stop_en, stop_zh, th, tl, codes, prefix, ends, keys, stamps, counts, out
):
    stamp = np.int64(0)
    for d in range(offsets.shape[0] - 1):
        row = out[d]
        words, count = _scan(
            data, offsets[d], offsets[d + 1], kind, fold, traits, terminal, bullets, stop_en, stop_zh, th, tl, codes, row
        )
        capacity = 64
        while capacity < 2 * count + 2:
            capacity *= 2
        mask = np.uint64(capacity - 1)
        stamp += 1
        _duplicate_lines(codes, count, mask, keys, stamps, counts, stamp, row)
        stamp += 1
        row[_REPEATED] = _repeated_characters(codes, count, traits, 13, mask, keys, stamps, counts, stamp)
        stamp = _grams(th, tl, words, count, mask, keys, stamps, counts, stamp, prefix, ends, row)


def _token(word: str) -> np.uint64:
    fold = tables().fold
    h = int(_FNV)
    for character in word:
        h = ((h ^ int(fold[ord(character)])) * int(_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return np.uint64(h)


_last = threading.local()  # signals over one batch share one reading: the texts are kept, so their buffer stays theirs


def measure(texts: pa.Array) -> NDArray[np.float64]:
    """Statistics (n x len(NAMES), float64) of documents; counts are counts, ratios are left to the signals."""
    data, offsets = buffers(texts)
    same = (data.ctypes.data, offsets.ctypes.data, len(texts))
    if getattr(_last, "same", None) == same:
        return _last.out  # type: ignore[no-any-return]
    out = _measured(texts, data, offsets)
    _last.texts, _last.same, _last.out = (texts, data, offsets), same, out
    return out


def _measured(texts: pa.Array, data: Bytes, offsets: Offsets) -> NDArray[np.float64]:
    space = longest(offsets) + 8
    capacity = 64
    while capacity < 2 * space + 2:
        capacity *= 2
    unicode = tables()
    out = np.zeros((len(texts), len(NAMES)), np.float64)
    _measure(
        data,
        offsets,
        unicode.kind,
        unicode.fold,
        unicode.traits,
        np.array(_TERMINAL, np.uint32),
        np.array(_BULLETS, np.uint32),
        np.array([_token(word) for word in STOP_EN], np.uint64),
        np.array([ord(c) for c in STOP_ZH], np.uint32),
        np.empty(space, np.uint64),
        np.empty(space, np.int32),
        np.empty(space, np.uint32),
        np.empty(space + 1, np.uint64),
        np.empty(space + 1, np.int64),
        np.empty(capacity, np.uint64),
        np.zeros(capacity, np.int64),
        np.empty(capacity, np.int32),
        out,
    )
    return out
