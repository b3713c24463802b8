"""What of a text is worth showing to a language model of fastText, and which scripts its letters are in.

Code, templates, addresses and tags go; then words with digits or operators in them, as long as enough letters stay.
Measured 2026-11 on ten varieties: lines of a compiler's messages 97.5 -> 98.8 %, UDHR of 20-100 characters 98.9 -> 99.5 %.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels import Bytes, Offsets, inlined, kernel, longest
from curation.kernels.english import LETTER, UPPERCASE, classes
from curation.kernels.scripts import SCRIPTS, SIMPLIFIED, TRADITIONAL, tables
from curation.kernels.unicode import LIMIT, decode, encode

ENOUGH_WITHOUT_SPANS, ENOUGH_WITHOUT_CODE = 10, 8  # letters that must stay
CAPITALS = 0.3  # a text with a larger share of upper case letters is lower-cased: the model knows few words in capitals
SIMPLE, TRAD = len(SCRIPTS), len(SCRIPTS) + 1  # columns after the scripts: Han characters of one kind only
_CJK_FROM = 0x2E80
_EDGES = "*_#\"'()[]<>:.,;!?`“”«»„‘’…"
_CODE = "0123456789_/\\{}=<>%$#@|+~^&"


_OPENS = np.zeros(256, np.bool_)
_OPENS[[ord(c) for c in "`{h<"]] = True


class Prose(NamedTuple):
    """The chosen bytes of every document, and its letters by script."""

    data: Bytes
    offsets: Offsets
    letters: NDArray[np.int64]  # n x (scripts + 2)


@inlined
def _at(data, at, end, byte):
    return at < end and data[at] == byte


@kernel
def _fence(data, at, end, marks):
    """The end of a span that `marks` backticks open at `at`, or -1. A single one must close on its line."""
    scan = at + marks
    while scan + marks <= end:
        if data[scan] == 96:
            if marks == 1 or (data[scan + 1] == 96 and data[scan + 2] == 96):
                return scan + marks
        elif data[scan] == 10 and marks == 1:
            return -1
        scan += 1
    return -1


@kernel
def _span(data, at, end):
    """The end of a span of code, template, address or tag that begins at `at`, or -1."""
    byte = data[at]
    if byte == 96:
        if _at(data, at + 1, end, 96) and _at(data, at + 2, end, 96):
            return _fence(data, at, end, 3)
        return _fence(data, at, end, 1)
    if byte == 123 and _at(data, at + 1, end, 123):
        scan = at + 2
        while scan + 1 < end:
            if data[scan] == 125 and data[scan + 1] == 125:
                return scan + 2
            scan += 1
        return -1
    if byte == 104 and at + 8 < end and data[at + 1] == 116 and data[at + 2] == 116 and data[at + 3] == 112:
        scan = at + 4
        if data[scan] == 115:
            scan += 1
        if not (data[scan] == 58 and data[scan + 1] == 47 and data[scan + 2] == 47):
            return -1
        while scan < end and data[scan] > 32:
            scan += 1
        return scan
    if byte == 60:
        scan = at + 1
        if _at(data, scan, end, 47):
            scan += 1
        if scan < end and ((65 <= data[scan] <= 90) or (97 <= data[scan] <= 122) or data[scan] == 33):
            while scan < end and data[scan] != 60 and data[scan] != 62:
                scan += 1
            return scan + 1 if scan < end and data[scan] == 62 else -1
    return -1


@kernel
def _without_spans(data, start, end, out):
    """Copy data[start:end] with a space for every span; returns the number of bytes."""
    n = 0
    at = start
    no_fence, no_braces = False, False  # not closed once, then never later: keeps a text of open marks linear
    while at < end:
        byte = data[at]
        if _OPENS[byte] and (byte != 104 or _at(data, at + 1, end, 116)):
            triple = byte == 96 and _at(data, at + 1, end, 96) and _at(data, at + 2, end, 96)
            if not ((triple and no_fence) or (byte == 123 and no_braces)):
                stop = _span(data, at, end)
                if stop > 0:
                    out[n] = 32
                    n += 1
                    at = stop
                    continue
                no_fence |= triple
                no_braces |= byte == 123 and _at(data, at + 1, end, 123)
        out[n] = byte
        n += 1
        at += 1
    return n


@kernel
def _without_code(data, start, end, classes, script, edge, code_mark, out, counts):
    """Copy data[start:end] without words that look like code.

    Adds every letter to `counts` by script; returns the bytes, letters and capitals of the copy and of all.
    """
    n, letters, capitals, all_letters, all_capitals = 0, 0, 0, 0, 0
    at = start
    while at < end:
        code = np.uint32(data[at])
        size = 1
        if code >= 0x80:
            code, size = decode(data, at, end)
        if code <= 32 or code >= _CJK_FROM:
            if code < LIMIT and classes[code] & LETTER:
                letters += 1
                all_letters += 1
                kind = script[code]
                counts[kind & np.uint8(63)] += 1
                if kind & SIMPLIFIED:
                    counts[SIMPLE] += 1
                elif kind & TRADITIONAL:
                    counts[TRAD] += 1
            out[n] = data[at]
            for k in range(1, size):
                out[n + k] = data[at + k]
            n += size
            at += size
            continue
        first = n
        solid, pending, coded, dash = False, False, False, False  # a mark at an edge is no code
        inside, inside_capitals = 0, 0
        while True:
            kind = classes[code]
            if kind & LETTER:
                inside += 1
                inside_capitals += (kind & UPPERCASE) != 0
                counts[script[code] & np.uint8(63)] += 1
                coded |= pending
                solid = True
            elif edge[code]:
                pending |= solid and code_mark[code] != 0
            else:
                coded |= pending or code_mark[code] != 0
                dash |= code == 45 and not solid
                solid = True
            out[n] = data[at]
            for k in range(1, size):
                out[n + k] = data[at + k]
            n += size
            at += size
            if at >= end:
                break
            code, size = np.uint32(data[at]), 1
            if code >= 0x80:
                code, size = decode(data, at, end)
            if code <= 32 or code >= _CJK_FROM:
                break
        all_letters += inside
        all_capitals += inside_capitals
        if not solid or dash or coded:
            out[first] = 32
            n = first + 1
        else:
            letters += inside
            capitals += inside_capitals
    return n, letters, capitals, all_letters, all_capitals


@kernel
def _lower(data, start, end, lower):
    """Lower-case in place: only letters whose small form is as long."""
    at = start
    while at < end:
        code, size = decode(data, at, end)
        small = lower[code] if code < LIMIT else code
        if small != code:
            encode(small, data, at)
        at += size


@kernel
def _choose(data, offsets, classes, script, lower, edge, code_mark, scratch, out, out_offsets, counts):
    n = 0
    for d in range(offsets.shape[0] - 1):
        start, end = offsets[d], offsets[d + 1]
        out_offsets[d] = n
        size = _without_spans(data, start, end, scratch)
        chosen, letters, capitals, whole, whole_capitals = _without_code(
            scratch, 0, size, classes, script, edge, code_mark, out[n:], counts[d]
        )
        if whole < ENOUGH_WITHOUT_SPANS:  # too little: the whole text, if it has more
            for k in range(counts.shape[1]):
                counts[d, k] = 0
            chosen, letters, capitals, whole, whole_capitals = _without_code(
                data, start, end, classes, script, edge, code_mark, out[n:], counts[d]
            )
        if letters < ENOUGH_WITHOUT_CODE:
            letters, capitals, chosen = whole, whole_capitals, end - start
            for k in range(end - start):
                out[n + k] = data[start + k]
        if capitals > CAPITALS * letters:
            _lower(out, n, n + chosen, lower)
        n += chosen
    out_offsets[offsets.shape[0] - 1] = n
    return n


def choose(data: Bytes, offsets: Offsets) -> Prose:
    """Prose and letters of documents, given as bytes and their n + 1 offsets."""
    n = len(offsets) - 1
    found = tables()
    out = np.empty(int(offsets[-1] - offsets[0]) + n + 8, np.uint8)
    out_offsets = np.zeros(n + 1, np.int64)
    counts = np.zeros((n, len(SCRIPTS) + 2), np.int64)
    edge, code_mark = np.zeros(_CJK_FROM, np.uint8), np.zeros(_CJK_FROM, np.uint8)
    edge[[ord(c) for c in _EDGES]] = 1
    code_mark[[ord(c) for c in _CODE]] = 1
    scratch = np.empty(longest(offsets) + 8, np.uint8)
    _choose(data, offsets, classes(), found.script, found.lower, edge, code_mark, scratch, out, out_offsets, counts)
    return Prose(out, out_offsets, counts)
