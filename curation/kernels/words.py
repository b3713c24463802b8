"""Words as quality statistics count them: spaCy's English rules, with every Han, kana and hangul character alone.

White space cuts a text into chunks. A chunk is a known exception (don't -> do n't), or loses its prefixes and suffixes
one by one, and is then cut at its infixes unless it is a URL (spaCy 3.8, lang/punctuation.py and tokenizer.pyx; MIT).
One thing is left out: spaCy looks for exceptions beyond white space too, which can only hide those it would find.
The published filters (Gopher, FineWeb, in datatrove) count such tokens, so their thresholds hold for these only.
The rules' character classes and exceptions are data in resources/english_tokens.json; a test compares them with spaCy.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels import inlined, kernel
from curation.kernels.addresses import is_url
from curation.kernels.english import (
    ALPHA,
    BEFORE_STOP,
    CURRENCY,
    ENDS,
    FNV,
    ICON,
    INFIX,
    LETTER,
    LOWER,
    MARK,
    PREFIX,
    PRIME,
    QUOTE,
    SUFFIX,
    SYMBOL,
    UPPER,
    class_of,
    classes,
    data,
    hash_of,
    hash_table,
    is_digit,
    slot_of,
)

PLAIN, ALPHABETIC, SENTENCE_END, PUNCTUATION = 1, 2, 4, 8  # bits of a token: not symbols only; has a letter; . ! ?; marks only

LONGEST_EXCEPTION = 12
_HEAD, _SEEN, _FIRST, _NEXT = 1, 2, 4, 8  # may begin an exception that spans words; lies in one; begins it; goes on in it
_PARTS = 3  # tokens an exception has at most


class Rules(NamedTuple):
    """spaCy's English rules as arrays."""

    classes: NDArray[np.uint32]  # bits of each code point below LIMIT
    exception_hash: NDArray[np.uint64]  # open addressing; 0 is empty
    outlines: NDArray[np.bool_]  # outlines that an exception has
    exception_parts: NDArray[np.int8]  # lengths of its tokens
    joined_hash: NDArray[np.uint64]  # exceptions that are found across words too, such as :)
    joined_outlines: NDArray[np.bool_]
    joined_pairs: NDArray[np.bool_]  # and the two characters that they begin with
    head_hash: NDArray[np.uint64]  # the words these begin with, when no exception is known
    unit_hash: NDArray[np.uint64]


@inlined
def outline(first, last, size):
    """A small number of a text's first and last character and its size: most texts are no exception by that alone."""
    return (np.int64(first) * 33 ^ np.int64(last) * 131 ^ size * 1021) & 8191


@inlined
def _pair(first, second):
    """A small number of two characters."""
    return (np.int64(first) * 33 ^ np.int64(second) * 131) & 4095


@inlined
def _exception(codes, first, last, exceptions, outlines):
    found = np.int64(-1)
    if 0 < last - first <= LONGEST_EXCEPTION and outlines[outline(codes[first], codes[last - 1], last - first)]:
        found = slot_of(hash_of(codes, first, last), exceptions)
    return found


@inlined
def _prefix(codes, first, last, classes):
    """Characters of the prefix of codes[first:last]."""
    code = codes[first]
    if class_of(classes, code) & PREFIX:
        return 1
    if code == 43:  # + before anything but a digit
        return 0 if first + 1 < last and is_digit(codes[first + 1]) else 1
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


@inlined
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
    kind = class_of(classes, before)
    if kind & BEFORE_STOP:
        return 1
    if last - first < 3:
        return 0
    if kind & UPPER and class_of(classes, codes[last - 3]) & UPPER:
        return 1
    return 1 if codes[last - 3] == 0xB0 and (before | np.uint32(32)) in (99, 102, 107) else 0  # 20°C.


@inlined
def _suffix(codes, first, last, classes, units):
    """Characters of the suffix of codes[first:last]: the leftmost rule that reaches the end."""
    if last <= first:
        return 0
    code = codes[last - 1]
    kind = class_of(classes, code)
    before = codes[last - 2] if last - first > 1 else np.uint32(0)
    if code == 46:
        return _full_stop(codes, first, last, classes)
    if code == 0x2026:
        return 2 if before == 0x2026 else 1
    if kind & SUFFIX:
        return 1
    if code == 43:
        return 1 if last - first > 1 and is_digit(before) else 0
    if (code == 115 or code == 83) and (before == 39 or before == 0x2019):  # 's
        return 2
    begin = last
    while begin > first and last - begin < 6 and not is_digit(codes[begin - 1]):
        begin -= 1
    if begin > first and begin < last and is_digit(codes[begin - 1]):
        size = last - begin
        if size == 1 and kind & CURRENCY:
            return 1
        if size == 2 and kind & CURRENCY and code == 36 and (before == 67 or before == 65):
            return 2
        if size == 3 and code == 36 and before == 83 and codes[last - 3] == 85:
            return 3
        if size <= 5 and slot_of(hash_of(codes, begin, last), units) >= 0:
            return size
    return 0


@inlined
def _infix(codes, at, first, last, classes):
    """Characters of an infix that begins at `at` within codes[first:last], or 0."""
    code = codes[at]
    kind = class_of(classes, code)
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
    before_kind, after_kind = class_of(classes, before), class_of(classes, after)
    if (code == 43 or code == 45 or code == 42 or code == 94) and is_digit(before) and (is_digit(after) or after == 45):
        return 1
    if code == 46 and before_kind & (LOWER | QUOTE) and after_kind & (UPPER | QUOTE):
        return 1
    if code == 44 and before_kind & ALPHA and after_kind & ALPHA:
        return 1
    if not (before_kind & ALPHA or is_digit(before)):
        return 0
    if code == 45 or code == 0x2013 or code == 0x2014 or code == 126:
        if after_kind & ALPHA:
            return 1
        if code == 45 and after == 45:
            if at + 2 < last and class_of(classes, codes[at + 2]) & ALPHA:
                return 2
            if at + 3 < last and codes[at + 2] == 45 and class_of(classes, codes[at + 3]) & ALPHA:
                return 3
        if code == 0x2014 and after == 0x2014 and at + 2 < last and class_of(classes, codes[at + 2]) & ALPHA:
            return 2
        return 0
    if (code == 58 or code == 60 or code == 62 or code == 61 or code == 47) and after_kind & ALPHA:
        return 1
    return 0


@inlined
def _emit(codes, first, last, classes, hashes, lengths, flags, n):
    h = FNV
    some, every = np.uint32(0), np.uint32(0xFFFFFFFF)
    for k in range(first, last):
        h = (h ^ np.uint64(codes[k])) * PRIME
        kind = class_of(classes, codes[k])
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


@inlined
def _join_exceptions(
    codes, first, last, classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, hashes, lengths, flags, starts, used, begin, n
):  # fmt: skip
    """Tokens begin..n of a chunk with the exceptions that span several of them put back: longest first, then leftmost.

    One of a single character would change nothing. One that begins or ends in another is left out and still covers its words (Tokenizer._filter_special_spans).
    """
    count = n - begin
    starts[0] = first
    some = False
    for k in range(count):
        at = starts[k]
        starts[k + 1] = at + lengths[begin + k]
        head = at + 1 < last and joined_pairs[_pair(codes[at], codes[at + 1])]
        head = head and lengths[begin + k] <= LONGEST_EXCEPTION and slot_of(hashes[begin + k], heads) >= 0
        used[k] = _HEAD if head else 0
        some |= head
    if not some:
        return n
    found = False
    for size in range(min(count, LONGEST_EXCEPTION), 0, -1):
        for one in range(count - size + 1):
            if not used[one] & _HEAD or starts[one + size] - starts[one] > LONGEST_EXCEPTION:
                continue
            if _exception(codes, starts[one], starts[one + size], joined, joined_outlines) >= 0:
                if not (used[one] | used[one + size - 1]) & _SEEN:
                    found = True
                    used[one] |= _FIRST
                    for k in range(one + 1, one + size):
                        used[k] |= _NEXT
                for k in range(one, one + size):
                    used[k] |= _SEEN
    if not found:
        return n
    used[count] = 0
    out = begin
    k = 0
    while k < count:
        stop = k + 1
        if not used[k] & _FIRST:
            out = _emit(codes, starts[k], starts[stop], classes, hashes, lengths, flags, out)
        else:
            while used[stop] & _NEXT:
                stop += 1
            slot = _exception(codes, starts[k], starts[stop], exceptions, outlines)
            out = emit_exception(codes, starts[k], slot, classes, parts, hashes, lengths, flags, out)
        k = stop
    return out


@kernel
def split_chunk(
    codes, first, last, classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, units, hashes, lengths, flags, starts, used, n
):  # fmt: skip
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
        n = _join_exceptions(codes, first, last, classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, hashes, lengths, flags, starts, used, begin, n)  # fmt: skip
    return n


@inlined
def _split_infixes(codes, low, high, classes, hashes, lengths, flags, n):
    known_url = -1
    start = low
    at = low
    while at < high:
        size = _infix(codes, at, low, high, classes) if class_of(classes, codes[at]) & INFIX else 0
        if size == 0:
            at += 1
            continue
        if known_url < 0:
            known_url = 1 if is_url(codes, low, high, classes) else 0
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
    """The rules, once a process."""
    found = data()
    kinds = classes()
    exceptions = found["exceptions"]
    slots, hashes = hash_table(list(exceptions))
    parts = np.zeros((len(hashes), _PARTS), np.int8)
    units = hash_table(found["units"])[1]
    for slot, pieces in zip(slots, exceptions.values(), strict=True):
        parts[slot, : len(pieces)] = [len(piece) for piece in pieces]
    joined = [text for text in exceptions if _has_affix(text, kinds, units)]
    heads = sorted({_head(text, kinds, units) for text in joined})
    pairs = np.zeros(4096, np.bool_)
    for text in joined:
        if len(text) > 1:
            pairs[_pair(ord(text[0]), ord(text[1]))] = True
    tables = (hash_table(joined)[1], _outlines(joined), pairs, hash_table(heads)[1], units)
    return Rules(kinds, hashes, _outlines(list(exceptions)), parts, *tables)


def _outlines(texts: list[str]) -> NDArray[np.bool_]:
    out = np.zeros(8192, np.bool_)
    for text in texts:
        out[outline(ord(text[0]), ord(text[-1]), len(text))] = True
    return out


def _has_affix(text: str, kinds: NDArray[np.uint32], units: NDArray[np.uint64]) -> bool:
    codes = np.array([ord(c) for c in text], np.uint32)
    n = len(codes)
    return bool(
        _prefix(codes, 0, n, kinds) or _suffix(codes, 0, n, kinds, units) or any(_infix(codes, k, 0, n, kinds) for k in range(n))
    )


def _head(text: str, kinds: NDArray[np.uint32], units: NDArray[np.uint64]) -> str:
    """The first word of a chunk while no exceptions are known."""
    codes, n = np.array([ord(c) for c in text], np.uint32), len(text) + 2
    none, parts = np.zeros(4, np.uint64), np.zeros((4, _PARTS), np.int8)
    hashes, lengths, flags = np.zeros(n, np.uint64), np.zeros(n, np.int32), np.zeros(n, np.uint8)
    starts, used = np.zeros(n, np.int32), np.zeros(n, np.uint8)
    some = np.ones(8192, np.bool_)
    split_chunk(
        codes, 0, len(text), kinds, none, some, parts, none, some, some, none, units, hashes, lengths, flags, starts, used, 0
    )
    return text[: lengths[0]]
