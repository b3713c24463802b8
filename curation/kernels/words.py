"""Words as quality statistics count them: spaCy's English rules, with every Han, kana and hangul character alone.

White space cuts a text into chunks. A chunk is a known exception (don't -> do n't), or loses its prefixes and suffixes
one by one, and is then cut at its infixes unless it is a URL (spaCy 3.8, lang/punctuation.py and tokenizer.pyx; MIT).
The published filters (Gopher, FineWeb, in datatrove) count such tokens, so their thresholds hold for these only.
The rules' character classes and exceptions are data in resources/english_tokens.json; a test compares them with spaCy.
"""

import json
import unicodedata
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels import inlined, kernel
from curation.kernels.unicode import ALONE, HAN, LIMIT, tables

ALPHA, LOWER, UPPER, PREFIX, SUFFIX, CURRENCY, QUOTE, BEFORE_STOP = 1, 2, 4, 8, 16, 32, 64, 128
HOST, ICON, SYMBOL, ENDS, MARK, LETTER, WORD = 256, 512, 1024, 2048, 4096, 8192, 16384
SPACE, DECIMAL, HAN_BIT, ALONE_BIT, TERMINAL, UPPERCASE, SIGN = 1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21
INFIX = 1 << 22  # characters that an infix can begin with

PLAIN, ALPHABETIC, SENTENCE_END, PUNCTUATION = 1, 2, 4, 8  # bits of a token: not symbols only; has a letter; . ! ?; marks only

LONGEST_EXCEPTION = 12
_HEAD, _FIRST, _TAKEN = 1, 2, 3  # words that may begin an exception which spans several, that do, that follow in one
_PARTS = 3  # tokens an exception has at most
FNV = np.uint64(0xCBF29CE484222325)
PRIME = np.uint64(0x9E3779B100000001 | 0x1B3)


class Rules(NamedTuple):
    """spaCy's English rules as arrays."""

    classes: NDArray[np.uint32]  # bits of each code point below LIMIT
    exception_hash: NDArray[np.uint64]  # open addressing; 0 is empty
    outlines: NDArray[np.bool_]  # outlines that an exception has
    exception_parts: NDArray[np.int8]  # lengths of its tokens
    joined_hash: NDArray[np.uint64]  # exceptions that are found across words too, such as :)
    head_hash: NDArray[np.uint64]  # the words these begin with, when no exception is known
    unit_hash: NDArray[np.uint64]


@inlined
def _class(classes, code):
    return classes[code] if code < LIMIT else np.uint32(0)


@inlined
def _digit(code):
    return 48 <= code <= 57


@kernel
def _hash(codes, first, last):
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


@inlined
def _outline(first, last, size):
    """A small number of a text's first and last character and its size: most texts are no exception by that alone."""
    return (np.int64(first) * 33 ^ np.int64(last) * 131 ^ size * 1021) & 8191


@kernel
def _exception(codes, first, last, exceptions, outlines):
    found = np.int64(-1)
    if 0 < last - first <= LONGEST_EXCEPTION and outlines[_outline(codes[first], codes[last - 1], last - first)]:
        found = slot_of(_hash(codes, first, last), exceptions)
    return found


@kernel
def _prefix(codes, first, last, classes):
    """Characters of the prefix of codes[first:last]."""
    code = codes[first]
    if _class(classes, code) & PREFIX:
        return 1
    if code == 43:  # + before anything but a digit
        return 0 if first + 1 < last and _digit(codes[first + 1]) else 1
    if code == 46:  # two dots or more
        end = first
        while end < last and codes[end] == 46:
            end += 1
        return end - first if end - first > 1 else 0
    if last - first > 1 and codes[first + 1] == 36 and (code == 67 or code == 65):  # C$ A$
        return 2
    if last - first > 2 and code == 85 and codes[first + 1] == 83 and codes[first + 2] == 36:  # US$
        return 3
    return 0


@kernel
def _full_stop(codes, first, last, classes):
    """Characters of a suffix that ends in a full stop: two dots or more, or one after a word that is no initial."""
    begin = last
    while begin > first and codes[begin - 1] == 46:
        begin -= 1
    if last - begin > 1:
        return last - begin
    if last - first < 2:
        return 0
    before = codes[last - 2]
    kind = _class(classes, before)
    if kind & BEFORE_STOP:
        return 1
    if last - first < 3:
        return 0
    if kind & UPPER and _class(classes, codes[last - 3]) & UPPER:
        return 1
    return 1 if codes[last - 3] == 0xB0 and (before | np.uint32(32)) in (99, 102, 107) else 0  # 20°C.


@kernel
def _suffix(codes, first, last, classes, units):
    """Characters of the suffix of codes[first:last]: the leftmost rule that reaches the end."""
    if last <= first:
        return 0
    code = codes[last - 1]
    kind = _class(classes, code)
    before = codes[last - 2] if last - first > 1 else np.uint32(0)
    if code == 46:
        return _full_stop(codes, first, last, classes)
    if code == 0x2026:
        return 2 if before == 0x2026 else 1
    if kind & SUFFIX:
        return 1
    if code == 43:
        return 1 if last - first > 1 and _digit(before) else 0
    if (code == 115 or code == 83) and (before == 39 or before == 0x2019):  # 's
        return 2
    begin = last
    while begin > first and last - begin < 6 and not _digit(codes[begin - 1]):
        begin -= 1
    if begin > first and begin < last and _digit(codes[begin - 1]):
        size = last - begin
        if size == 1 and kind & CURRENCY:
            return 1
        if size == 2 and kind & CURRENCY and code == 36 and (before == 67 or before == 65):
            return 2
        if size == 3 and code == 36 and before == 83 and codes[last - 3] == 85:
            return 3
        if size <= 5 and slot_of(_hash(codes, begin, last), units) >= 0:
            return size
    return 0


@kernel
def _infix(codes, at, first, last, classes):
    """Characters of an infix that begins at `at` within codes[first:last], or 0."""
    code = codes[at]
    kind = _class(classes, code)
    if code == 46 and at + 1 < last and codes[at + 1] == 46:
        end = at
        while end < last and codes[end] == 46:
            end += 1
        return end - at
    if code == 0x2026 or kind & ICON:
        return 1
    if at == first or at + 1 >= last:
        return 0
    before, after = codes[at - 1], codes[at + 1]
    before_kind, after_kind = _class(classes, before), _class(classes, after)
    if (code == 43 or code == 45 or code == 42 or code == 94) and _digit(before) and (_digit(after) or after == 45):
        return 1
    if code == 46 and before_kind & (LOWER | QUOTE) and after_kind & (UPPER | QUOTE):
        return 1
    if code == 44 and before_kind & ALPHA and after_kind & ALPHA:
        return 1
    if not (before_kind & ALPHA or _digit(before)):
        return 0
    if code == 45 or code == 0x2013 or code == 0x2014 or code == 126:
        if after_kind & ALPHA:
            return 1
        if code == 45 and after == 45:
            if at + 2 < last and _class(classes, codes[at + 2]) & ALPHA:
                return 2
            if at + 3 < last and codes[at + 2] == 45 and _class(classes, codes[at + 3]) & ALPHA:
                return 3
        if code == 0x2014 and after == 0x2014 and at + 2 < last and _class(classes, codes[at + 2]) & ALPHA:
            return 2
        return 0
    if (code == 58 or code == 60 or code == 62 or code == 61 or code == 47) and after_kind & ALPHA:
        return 1
    return 0


@kernel
def _address(codes, first, last):
    """Whether codes[first:last] is a public IPv4 address as spaCy's URL pattern reads one."""
    part, digits, value = 0, 0, 0
    one, two = 0, 0
    for at in range(first, last + 1):
        if at < last and _digit(codes[at]):
            digits += 1
            value = 10 * value + int(codes[at]) - 48
            if digits > 3:
                return False
            continue
        if digits == 0 or (at < last and codes[at] != 46) or value > 255:
            return False
        if part == 0:
            one = value
        elif part == 1:
            two = value
        elif part == 3 and not 1 <= value <= 254:
            return False
        part += 1
        digits, value = 0, 0
    if part != 4 or not 1 <= one <= 223 or one == 10 or one == 127:
        return False
    return not ((one == 169 and two == 254) or (one == 192 and two == 168) or (one == 172 and 16 <= two <= 31))


@kernel
def _host(codes, first, last, classes):
    """Whether codes[first:last] is a host with an optional port and path."""
    end = first
    while end < last:
        code = codes[end]
        if code == 58 or code == 47 or code == 63 or code == 35:
            break
        end += 1
    rest = end
    if rest < last and codes[rest] == 58:
        at = rest + 1
        while at < last and _digit(codes[at]):
            at += 1
        if not 2 <= at - rest - 1 <= 5:
            return False
        rest = at
    if rest < last and codes[rest] != 47 and codes[rest] != 63 and codes[rest] != 35:
        return False
    if _address(codes, first, end):
        return True
    labels = 0
    begin = first
    for at in range(first, end + 1):
        if at < end and codes[at] != 46:
            continue
        size = at - begin
        if at == end:
            if labels == 0 or not 2 <= size <= 63:
                return False
            for k in range(begin, end):
                if not _class(classes, codes[k]) & LOWER:
                    return False
            return True
        if not 1 <= size <= 64 or not _class(classes, codes[begin]) & HOST or not _class(classes, codes[at - 1]) & HOST:
            return False
        for k in range(begin, at):
            if not (_class(classes, codes[k]) & HOST or codes[k] == 95 or codes[k] == 45):
                return False
        labels += 1
        begin = at + 1
    return False


@kernel
def _url(codes, first, last, classes):
    """Whether codes[first:last] is a URL or an e-mail address: optional scheme, optional user, host, port, path."""
    if _host(codes, first, last, classes):
        return True
    scheme = first
    while scheme < last and (_class(classes, codes[scheme]) & WORD or codes[scheme] in (43, 45, 46)):
        scheme += 1
    start = first
    if scheme - first >= 2 and scheme + 2 < last and codes[scheme] == 58 and codes[scheme + 1] == 47 and codes[scheme + 2] == 47:
        start = scheme + 3
        if _host(codes, start, last, classes):
            return True
    for at in range(first + 1, last):
        if codes[at] == 64 and at > first and _host(codes, at + 1, last, classes):
            return True
    return False


@inlined
def _emit(codes, first, last, classes, hashes, lengths, flags, n):
    h = FNV
    some, every = np.uint32(0), np.uint32(0xFFFFFFFF)
    for k in range(first, last):
        h = (h ^ np.uint64(codes[k])) * PRIME
        kind = _class(classes, codes[k])
        some |= kind ^ np.uint32(SYMBOL)
        every &= kind
    hashes[n], lengths[n] = h, last - first
    flag = np.uint8(0)
    if some & SYMBOL:
        flag |= np.uint8(PLAIN)
    if some & LETTER:
        flag |= np.uint8(ALPHABETIC)
    if every & MARK:
        flag |= np.uint8(PUNCTUATION)
    if every & ENDS and last - first == 1:
        flag |= np.uint8(SENTENCE_END)
    flags[n] = flag
    return n + 1


@kernel
def emit_exception(codes, first, slot, classes, parts, hashes, lengths, flags, n):
    for part in range(_PARTS):
        size = np.int64(parts[slot, part])
        if size == 0:
            break
        n = _emit(codes, first, first + size, classes, hashes, lengths, flags, n)
        first += size
    return n


@kernel
def _join_exceptions(
    codes, first, classes, exceptions, outlines, parts, joined, heads, hashes, lengths, flags, starts, used, begin, n
):
    """Tokens begin..n of a chunk with the exceptions that span several of them put back: longest first, then leftmost."""
    count = n - begin
    starts[0] = first
    some = False
    for k in range(count):
        starts[k + 1] = starts[k] + lengths[begin + k]
        head = lengths[begin + k] <= LONGEST_EXCEPTION and slot_of(hashes[begin + k], heads) >= 0
        used[k] = _HEAD if head else 0
        some |= head
    if not some:
        return n
    found = False
    for size in range(min(count, LONGEST_EXCEPTION), 0, -1):
        for one in range(count - size + 1):
            if used[one] != _HEAD or starts[one + size] - starts[one] > LONGEST_EXCEPTION:
                continue
            if used[one + size - 1] == _TAKEN or used[one + size - 1] == _FIRST:
                continue
            if _exception(codes, starts[one], starts[one + size], joined, outlines) >= 0:
                found = True
                used[one] = _FIRST
                for k in range(one + 1, one + size):
                    used[k] = _TAKEN
    if not found:
        return n
    used[count] = 0
    out = begin
    k = 0
    while k < count:
        stop = k + 1
        if used[k] != _FIRST:
            out = _emit(codes, starts[k], starts[stop], classes, hashes, lengths, flags, out)
        else:
            while used[stop] == _TAKEN:
                stop += 1
            slot = _exception(codes, starts[k], starts[stop], exceptions, outlines)
            out = emit_exception(codes, starts[k], slot, classes, parts, hashes, lengths, flags, out)
        k = stop
    return out


@kernel
def split_chunk(
    codes, first, last, classes, exceptions, outlines, parts, joined, heads, units, hashes, lengths, flags, starts, used, n
):
    """Append the tokens of a chunk without white space; returns the new number of tokens."""
    slot = _exception(codes, first, last, exceptions, outlines)
    if slot >= 0:
        return emit_exception(codes, first, slot, classes, parts, hashes, lengths, flags, n)
    begin = n
    low, high = first, last
    suffixes = 0
    known = False  # whether what is left is an exception
    while low < high:
        known = (low != first or high != last) and _exception(codes, low, high, exceptions, outlines) >= 0
        if known:
            break
        prefix = _prefix(codes, low, high, classes)
        if prefix and _exception(codes, low + prefix, high, exceptions, outlines) >= 0:
            n = _emit(codes, low, low + prefix, classes, hashes, lengths, flags, n)
            low += prefix
            known = True
            break
        suffix = _suffix(codes, low + prefix, high, classes, units)
        if suffix and _exception(codes, low, high - suffix, exceptions, outlines) >= 0:
            starts[suffixes] = suffix
            suffixes += 1
            high -= suffix
            known = True
            break
        if prefix == 0 and suffix == 0:
            break
        if prefix:
            n = _emit(codes, low, low + prefix, classes, hashes, lengths, flags, n)
            low += prefix
        if suffix:
            starts[suffixes] = suffix
            suffixes += 1
            high -= suffix
    if low < high:
        slot = _exception(codes, low, high, exceptions, outlines) if known else np.int64(-1)
        if slot >= 0:
            n = emit_exception(codes, low, slot, classes, parts, hashes, lengths, flags, n)
        else:
            n = _split_infixes(codes, low, high, classes, hashes, lengths, flags, n)
    for k in range(suffixes - 1, -1, -1):
        n = _emit(codes, high, high + starts[k], classes, hashes, lengths, flags, n)
        high += starts[k]
    if n - begin > 1:
        n = _join_exceptions(codes, first, classes, exceptions, outlines, parts, joined, heads, hashes, lengths, flags, starts, used, begin, n)  # fmt: skip
    return n


@kernel
def _split_infixes(codes, low, high, classes, hashes, lengths, flags, n):
    known_url = -1
    start = low
    at = low
    while at < high:
        size = _infix(codes, at, low, high, classes) if _class(classes, codes[at]) & INFIX else 0
        if size == 0:
            at += 1
            continue
        if known_url < 0:
            known_url = 1 if _url(codes, low, high, classes) else 0
        if known_url:
            break
        if at > start:
            n = _emit(codes, start, at, classes, hashes, lengths, flags, n)
        n = _emit(codes, at, at + size, classes, hashes, lengths, flags, n)
        at += size
        start = at
    if start < high:
        n = _emit(codes, start, high, classes, hashes, lengths, flags, n)
    return n


@cache
def rules() -> Rules:
    """Read the rules (0.2 s, once a process)."""
    data = json.loads(resources.files("curation.resources").joinpath("english_tokens.json").read_text(encoding="utf-8"))
    classes = _classes(data)
    exceptions = data["exceptions"]
    slots, hashes = hash_table(list(exceptions))
    parts = np.zeros((len(hashes), _PARTS), np.int8)
    units = hash_table(data["units"])[1]
    for slot, pieces in zip(slots, exceptions.values(), strict=True):
        parts[slot, : len(pieces)] = [len(piece) for piece in pieces]
    joined = [text for text in exceptions if _has_affix(text, classes, units)]
    heads = sorted({_head(text, classes, units) for text in joined})
    outlines = np.zeros(8192, np.bool_)
    for text in exceptions:
        outlines[_outline(ord(text[0]), ord(text[-1]), len(text))] = True
    return Rules(classes, hashes, outlines, parts, hash_table(joined)[1], hash_table(heads)[1], units)


def _has_affix(text: str, classes: NDArray[np.uint32], units: NDArray[np.uint64]) -> bool:
    codes = np.array([ord(c) for c in text], np.uint32)
    n = len(codes)
    return bool(
        _prefix(codes, 0, n, classes)
        or _suffix(codes, 0, n, classes, units)
        or any(_infix(codes, k, 0, n, classes) for k in range(n))
    )


def _head(text: str, classes: NDArray[np.uint32], units: NDArray[np.uint64]) -> str:
    """The first word of a chunk while no exceptions are known."""
    codes, n = np.array([ord(c) for c in text], np.uint32), len(text) + 2
    none, parts = np.zeros(4, np.uint64), np.zeros((4, _PARTS), np.int8)
    hashes, lengths, flags = np.zeros(n, np.uint64), np.zeros(n, np.int32), np.zeros(n, np.uint8)
    starts, used = np.zeros(n, np.int32), np.zeros(n, np.uint8)
    split_chunk(
        codes,
        0,
        len(text),
        classes,
        none,
        np.ones(8192, np.bool_),
        parts,
        none,
        none,
        units,
        hashes,
        lengths,
        flags,
        starts,
        used,
        0,
    )
    return text[: lengths[0]]


def _classes(data: dict[str, Any]) -> NDArray[np.uint32]:
    classes = np.zeros(LIMIT, np.uint32)
    for name, bit in (
        ("alpha", ALPHA),
        ("lower", LOWER | BEFORE_STOP),
        ("upper", UPPER),
        ("icons", ICON | PREFIX | SUFFIX | INFIX),
    ):
        for first, last in data[name]:
            classes[first : last + 1] |= bit
    for text, bit in (
        (data["punct"] + data["quotes"] + "…—–", PREFIX | SUFFIX),
        (data["punct"] + data["quotes"] + "0123456789%²-+|():?", BEFORE_STOP),
        (data["currency"] + "§%=", PREFIX),
        (data["currency"], CURRENCY),
        (data["quotes"], QUOTE),
        (data["sentence_ends"], ENDS),
        (data["symbols"], SYMBOL),
        (data["terminal"], TERMINAL),
        (".…+-*^,–—~:<>=/", INFIX),
    ):
        for character in text:
            if ord(character) < LIMIT:
                classes[ord(character)] |= bit
    classes[0xA1:0x10000] |= HOST
    for code in range(LIMIT):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        category = unicodedata.category(character)
        classes[code] |= (
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
    classes[unicode.kind == ALONE] |= ALONE_BIT
    classes[(unicode.traits & HAN) != 0] |= HAN_BIT
    return classes


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
