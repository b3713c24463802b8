"""Where a text may hold an identifier of a person, a company or a machine: one scan over its bytes, candidates out.

A scan is generous and cheap; what a candidate is, checksums and context decide afterwards (signals/pii.py). Boundaries are
ASCII letters and digits: Han characters are word characters to a regular expression, and glued numbers would be missed.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import buffers, inlined, kernel

NUMBER, EMAIL, IPV4, IPV6, PLATE, LETTERED, UNIFORM, SECRET, FULL_WIDTH = range(1, 10)
MOST_DIGITS = 40  # of one run of groups: a longer one is a table

_DIGIT, _UPPER, _AT, _COLON, _MARK, _OPEN, _WIDE, _DASH = range(1, 9)
_CLASS = np.zeros(256, np.uint8)
_CLASS[ord("0") : ord("9") + 1] = _DIGIT
_CLASS[ord("A") : ord("Z") + 1] = _UPPER
_CLASS[ord("@")], _CLASS[ord(":")], _CLASS[ord("(")], _CLASS[0xEF] = _AT, _COLON, _OPEN, _WIDE
_CLASS[0xE2] = _DASH
_CLASS[ord("_")] = _CLASS[ord("-")] = _MARK

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PROVINCES = np.array(sorted(ord(c) for c in PROVINCES), np.uint32)


@inlined
def _digit(byte):
    return np.uint8(byte - np.uint8(48)) < np.uint8(10)


@inlined
def _letter(byte):
    return np.uint8((byte | np.uint8(32)) - np.uint8(97)) < np.uint8(26)


@inlined
def _alnum(byte):
    return _digit(byte) or _letter(byte)


@inlined
def _hex(byte):
    return _digit(byte) or np.uint8((byte | np.uint8(32)) - np.uint8(97)) < np.uint8(6)


@kernel
def _address(data, at, start, end):
    """Whether the '@' at `at` stands between a name and a host with a dot and something after it."""
    if at == start or not (_alnum(data[at - 1]) or data[at - 1] in (45, 46, 95, 37, 43)):
        return False
    scan = at + 1
    while scan < end and (_alnum(data[scan]) or data[scan] == 45):
        scan += 1
    return scan > at + 1 and scan + 1 < end and data[scan] == 46 and _alnum(data[scan + 1])


@kernel
def _quad(data, at, start, end):
    """The end of four decimal numbers up to 255 at `at`, or 0; private networks and this machine are none."""
    if at > start and data[at - 1] == 46:
        return 0
    scan, first, second = at, 0, 0
    for number in range(4):
        value, digits = 0, 0
        while scan < end and _digit(data[scan]) and digits < 4:
            value = 10 * value + int(data[scan]) - 48
            digits += 1
            scan += 1
        if digits == 0 or digits > 3 or value > 255:
            return 0
        if number == 0:
            first = value
        elif number == 1:
            second = value
        if number < 3:
            if scan >= end or data[scan] != 46:
                return 0
            scan += 1
    if scan < end and (_alnum(data[scan]) or (data[scan] == 46 and scan + 1 < end and _digit(data[scan + 1]))):
        return 0
    if first in (0, 10, 127) or (first == 192 and second == 168):
        return 0
    return scan


@kernel
def _telephone(data, left, right, start, end):
    """Whether a dash between `left` and `right` parts a telephone number: 0571-8827..., 138-1234-...; years are parted so too."""
    at = left
    while at > start and _digit(data[at - 1]) and left - at < 6:
        at -= 1
    size = left - at
    if not ((data[at] == 48 and 3 <= size <= 4) or (data[at] == 49 and size == 3)):
        return False
    return (
        right + 3 < end
        and _digit(data[right])
        and _digit(data[right + 1])
        and _digit(data[right + 2])
        and _digit(data[right + 3])
    )


@kernel
def _dotted(data, at, end):
    """Whether .dddd.dddd stands at `at` and no digit after it."""
    if at + 10 > end or data[at] != 46 or data[at + 5] != 46 or (at + 10 < end and _alnum(data[at + 10])):
        return False
    for k in (1, 2, 3, 4, 6, 7, 8, 9):
        if not _digit(data[at + k]):
            return False
    return True


@kernel
def _is(data, at, end, word):
    for k in range(word.shape[0]):
        if at + k >= end or data[at + k] != word[k]:
            return False
    return True


def _word(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8).copy()


_AKIA, _ASIA, _AIZA, _BEGIN = map(_word, ("AKIA", "ASIA", "AIza", "-----BEGIN "))
_GH, _PAT, _GLPAT, _XOX, _SK = map(_word, ("gh", "github_pat_", "glpat-", "xox", "sk-"))


@kernel
def _secret(data, at, start, end):
    """Where a secret may begin whose mark (_ or -) stands at `at`, or -1."""
    if data[at] == 95:
        if at - 3 >= start and _is(data, at - 3, end, _GH) and (at - 4 < start or not _alnum(data[at - 4])):
            return at - 3
        if at - 6 >= start and _is(data, at - 6, end, _PAT):
            return at - 6
        return -1
    if at + 5 < end and data[at + 1] == 45 and _is(data, at, end, _BEGIN):
        return at
    if at - 5 >= start and _is(data, at - 5, end, _GLPAT):
        return at - 5
    if at - 4 >= start and _is(data, at - 4, end, _XOX):
        return at - 4
    if at - 2 >= start and _is(data, at - 2, end, _SK) and (at - 3 < start or not _alnum(data[at - 3])):
        return at - 2
    return -1


@kernel
def _province(data, at, start):
    """Whether the character before `at` is a province's on a number plate."""
    if at - 3 < start or data[at - 1] < 0x80 or (data[at - 3] & 0xF0) != 0xE0:
        return False
    code = (np.uint32(data[at - 3] & 15) << 12) | (np.uint32(data[at - 2] & 63) << 6) | np.uint32(data[at - 1] & 63)
    for k in range(_PROVINCES.shape[0]):
        if _PROVINCES[k] == code:
            return True
    return False


@kernel
def _scan(data, offsets, classes, out):
    """Rows (document, start, end, kind), bytes within the document; counts on when `out` is full."""
    found = 0
    for d in range(offsets.shape[0] - 1):
        start, end = offsets[d], offsets[d + 1]
        wide = False
        at = start
        while at < end:
            what = classes[data[at]]
            if what == 0:
                at += 1
                continue
            kind, first, last, after = 0, at, at + 1, at + 1
            if what == 1 or what == 2:
                inside = at > start and _alnum(data[at - 1])
                token, digits, small, leading = at, 0, 0, 0
                while token < end and _alnum(data[token]):
                    if _digit(data[token]):
                        digits += 1
                    elif data[token] >= 97:
                        small += 1
                    if token - at == leading and not _digit(data[token]):
                        leading += 1
                    token += 1
                after, last = token, token
                size = token - at
                if inside:
                    # a JSON web token is the one whose capital stands inside: eyJ
                    if data[at] == 74 and at - 2 >= start and data[at - 1] == 121 and data[at - 2] == 101:
                        kind, first = 8, at - 2
                    after = at + 1 if what == 2 else token
                elif what == 1 and (digits == size or (digits == size - 1 and (data[token - 1] | 32) == 120)):
                    quad = _quad(data, at, start, end) if size <= 3 and token < end and data[token] == 46 else 0
                    if quad:
                        kind, last, after = 3, quad, quad
                    else:
                        total = digits
                        if size == 3 and data[at] == 49 and _dotted(data, token, end):  # 138.1234.5678
                            total, last = 11, token + 10
                        while total < 40 and last + 1 < end and (data[last] == 32 or data[last] == 45) and _digit(data[last + 1]):
                            scan = last + 1
                            while scan < end and _digit(data[scan]):
                                scan += 1
                            if scan < end and _letter(data[scan]):
                                if (data[scan] | 32) != 120 or (scan + 1 < end and _alnum(data[scan + 1])):
                                    break
                                total += scan - last - 1
                                last = scan + 1
                                break
                            total += scan - last - 1
                            last = scan
                        if total >= 10 or (total == 9 and data[at] == 49):
                            kind = 1
                        after = last
                elif size == 18 and small == 0 and digits >= 8:
                    kind = 7
                elif what == 2:
                    if (data[at] == 65) and (_is(data, at, end, _AKIA) or _is(data, at, end, _ASIA) or _is(data, at, end, _AIZA)):
                        kind = 8
                    elif _province(data, at, start):
                        kind, first, last = 5, at - 3, min(end, at + 16)
                    elif leading <= 2 and leading + digits == size and 6 <= digits <= 9:
                        kind = 6
                if kind == 0 and what == 2 and not inside and _province(data, at, start):
                    kind, first, last = 5, at - 3, min(end, at + 16)
            elif what == 3:
                kind = 2 if _address(data, at, start, end) else 0
            elif what == 4:
                # a global IPv6 address begins with four hexadecimal digits of 2000::/3
                if (
                    at - 4 >= start
                    and (data[at - 4] == 50 or data[at - 4] == 51)
                    and _hex(data[at - 3])
                    and _hex(data[at - 2])
                    and _hex(data[at - 1])
                    and not (at - 5 >= start and (_alnum(data[at - 5]) or data[at - 5] == 58 or data[at - 5] == 46))
                ):
                    scan = at
                    while scan < end and (_hex(data[scan]) or data[scan] == 58):
                        scan += 1
                    if not (scan < end and (_alnum(data[scan]) or data[scan] == 46)):
                        kind, first, last, after = 4, at - 4, scan, scan
            elif what == 5:
                begin = _secret(data, at, start, end)
                if begin >= 0:
                    kind, first = 8, begin
            elif what == 6:
                # an area code in brackets
                scan = at + 1
                while scan < end and scan < at + 6 and _digit(data[scan]):
                    scan += 1
                if scan < end and 4 <= scan - at <= 5 and (data[at + 1] == 48 or data[at + 1] == 49) and data[scan] == 41:
                    last = min(end, scan + 20)
                    kind, after = 1, scan + 1
            elif what == 7 and not wide and at + 2 < end and data[at + 1] == 0xBC:
                third = data[at + 2]
                # a digit, an @, a dash within a telephone number, or brackets around its first three digits
                bracket = (
                    third == 0x88 and at + 6 < end and data[at + 6] == 0xEF and _digit(data[at + 3]) and _digit(data[at + 5])
                )
                dash = third == 0x8D and _telephone(data, at, at + 3, start, end)
                if 0x90 <= third <= 0x99 or third == 0xA0 or dash or bracket:
                    wide = True
                    kind = 9
            elif (
                what == 8
                and not wide
                and at + 3 < end
                and data[at + 1] == 0x80
                and (data[at + 2] == 0x93 or data[at + 2] == 0x94)
            ):
                if _telephone(data, at, at + 3, start, end):
                    wide = True
                    kind = 9
            if kind:
                if found < out.shape[0]:
                    out[found, 0], out[found, 1], out[found, 2], out[found, 3] = d, first - start, last - start, kind
                found += 1
            at = after
    return found


def candidates(texts: pa.Array) -> NDArray[np.int64]:
    """Rows of (document, start, end, kind) in their order; bytes of the document's UTF-8."""
    data, offsets = buffers(texts)
    out = np.empty((4096, 4), np.int64)
    while True:
        count = _scan(data, offsets, _CLASS, out)
        if count <= len(out):
            return out[:count].copy()
        out = np.empty((count, 4), np.int64)
