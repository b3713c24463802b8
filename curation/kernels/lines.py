"""Rules that look at one line: C4 (Raffel et al. 2020, as datatrove applies them) and DCLM's line cleaning (Li et al. 2024)."""

import numpy as np

from curation.kernels import inlined, kernel
from curation.kernels.english import DECIMAL, LETTER, SPACE, TERMINAL
from curation.kernels.reading import BEGIN, CHUNKS, DECIMALS, FIRST, HANS, LAST, LONGEST, MARKED, STOP, UPPERS, WORDS, read
from curation.kernels.repetition import RUN_WITHIN, seen
from curation.kernels.unicode import LIMIT
from curation.kernels.words import PUNCTUATION, SENTENCE_END

LONG_WORD, NOT_TERMINAL, FEW_WORDS, JAVASCRIPT, POLICY, CURLY, LOREM = 1, 2, 4, 8, 16, 32, 64
CAPITALS, DIGITS, COUNTER, ONE_WORD, BOILERPLATE, FOLDED = 1, 2, 4, 8, 16, 32

C4_LONGEST_WORD, C4_WORDS = 1000, 3
SHORT_LINE = 30  # characters, FineWeb
DCLM_SHORT = 10  # words: boilerplate phrases count in lines up to this

PHRASES = (
    "javascript",
    "lorem ipsum",
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
    "items in cart",
    "read more...",
    "sign-in",
    "展开",
    "更多",
    "readmore",
    "。。。",
    "[edit]",
    "[citation needed]",
)
_JAVASCRIPT, _LOREM, _POLICY, _CART, _READ_MORE, _SIGN_IN, _FOLDED, _MARKS = 0, 1, (2, 7), 8, 9, 10, (11, 14), (15, 16)
COUNTED = ("likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes", "downloads", "views", "followers")  # fmt: skip

_CASE = np.uint8(32)


def phrase_table(words: tuple[str, ...]) -> np.ndarray:
    """Phrases as rows of code points, zero-padded."""
    out = np.zeros((len(words), max(map(len, words)) + 1), np.uint32)
    for row, word in enumerate(words):
        out[row, : len(word)] = [ord(c) for c in word]
    return out


@inlined
def _lower(code):
    return code + np.uint32(32) if 65 <= code <= 90 else code


@kernel
def _starts(codes, at, last, phrase):
    k = 0
    while phrase[k]:
        if at + k >= last or _lower(codes[at + k]) != phrase[k]:
            return False
        k += 1
    return True


@kernel
def _size(phrase):
    size = 0
    while phrase[size]:
        size += 1
    return size


@kernel
def _ends(codes, first, last, phrase):
    size = _size(phrase)
    return last - size >= first and _starts(codes, last - size, last, phrase)


@kernel
def citation(codes, at, last, phrases):
    """Characters of a citation mark at `at`: [12], [edit], [citation needed]; 0 for none."""
    end = at + 1
    while end < last and 48 <= codes[end] <= 57:
        end += 1
    if end < last and codes[end] == 93:
        return end + 1 - at
    for k in range(_MARKS[0], _MARKS[1] + 1):
        size = 0
        while phrases[k, size] and at + size < last and codes[at + size] == phrases[k, size]:
            size += 1
        if not phrases[k, size]:
            return size
    return 0


@kernel
def hints(data, first, last):
    """Whether the bytes may hold one of C4's phrases: a part of each (java, riva, ooki, ms of, ips) in either case.

    Without a branch, so that the compiler makes it a loop over vectors; bit 5 is set in what is no letter too.
    """
    text = data[first:last]
    found = np.uint8(0)
    for at in range(text.shape[0] - 4):
        a, b, c = text[at] | _CASE, text[at + 1] | _CASE, text[at + 2] | _CASE
        d, e = text[at + 3] | _CASE, text[at + 4] | _CASE
        found |= np.uint8((a == 106) & (b == 97) & (c == 118) & (d == 97))
        found |= np.uint8((a == 114) & (b == 105) & (c == 118) & (d == 97))
        found |= np.uint8((a == 111) & (b == 111) & (c == 107) & (d == 105))
        found |= np.uint8((a == 109) & (b == 115) & (c == 32) & (d == 111) & (e == 102))
        found |= np.uint8((a == 32) & (b == 105) & (c == 112) & (d == 115))
    return found != 0


@kernel
def phrases_in(codes, first, last, phrases):
    """C4's bits JAVASCRIPT, POLICY, LOREM of a line."""
    bits = 0
    for at in range(first, last):
        code = codes[at]
        if code >= 0x7B or code < 0x41:
            continue
        code |= np.uint32(32)
        if code == 106:  # j
            if _starts(codes, at, last, phrases[_JAVASCRIPT]):
                bits |= JAVASCRIPT
        elif code == 108:  # l
            if _starts(codes, at, last, phrases[_LOREM]):
                bits |= LOREM
        elif (code == 116 or code == 112 or code == 99 or code == 117) and at + 9 < last:  # t p c u
            if (codes[at + 1] | np.uint32(32)) not in (101, 114, 111, 115):  # te pr co us
                continue
            for k in range(_POLICY[0], _POLICY[1] + 1):
                if _starts(codes, at, last, phrases[k]):
                    bits |= POLICY
                    break
    return bits


@kernel
def _counter(codes, first, last, classes, counted):
    """Whether a line only tells a count: 3 likes, 1.2K views."""
    at = first
    while at < last and not (48 <= codes[at] <= 57) and not codes[at] >= LIMIT and not classes[codes[at]] & LETTER:
        at += 1
    if at >= last or not 48 <= codes[at] <= 57:
        return False
    while at < last and (48 <= codes[at] <= 57 or codes[at] == 44 or codes[at] == 46):
        at += 1
    if at < last and _lower(codes[at]) in (107, 109, 98):
        at += 1
    blank = at
    while at < last and codes[at] < LIMIT and classes[codes[at]] & SPACE:
        at += 1
    if at == blank:
        return False
    for k in range(counted.shape[0]):
        if not _starts(codes, at, last, counted[k]):
            continue
        rest = at + _size(counted[k])
        while rest < last and codes[rest] < LIMIT and not classes[codes[rest]] & (LETTER | DECIMAL):
            rest += 1
        if rest == last:
            return True
    return False


@kernel
def line_kind(codes, record, classes, phrases, counted):
    """DCLM's bits of a line that is not blank, and FOLDED for one that ends in 展开 or 更多."""
    first, last, words = record[FIRST], record[LAST], record[CHUNKS]
    upper, digits, han = record[UPPERS], record[DECIMALS], record[HANS]
    bits = 0
    size = last - first
    if 2 * upper > size:
        bits |= CAPITALS
    if digits == size:
        bits |= DIGITS
    if words == 1 and han == 0:  # a Chinese line is one white-space word whatever it says
        bits |= ONE_WORD
    if digits and words <= DCLM_SHORT and _counter(codes, first, last, classes, counted):
        bits |= COUNTER
    if words <= DCLM_SHORT:
        if codes[last - 1] == 46 and _ends(codes, first, last, phrases[_READ_MORE]):
            bits |= BOILERPLATE
        if _lower(codes[first]) == 115 and _starts(codes, first, last, phrases[_SIGN_IN]):
            bits |= BOILERPLATE
        if words >= 3 and size < 200 and not han:
            for at in range(first, last):
                if (
                    codes[at] == 32
                    and at - 5 >= first
                    and at + 8 <= last
                    and _lower(codes[at + 4]) == 99
                    and _lower(codes[at + 1]) == 105
                ):
                    bits |= BOILERPLATE if _starts(codes, at - 5, last, phrases[_CART]) else 0
    if codes[last - 1] in (0x5F00, 0x591A, 0x3002, 101, 69):  # the last characters of the folded phrases
        for k in range(_FOLDED[0], _FOLDED[1] + 1):
            if _ends(codes, first, last, phrases[k]):
                bits |= FOLDED
    return bits


@kernel
def sentences(flags, first, last):
    """Sentences of a run of words as spaCy's sentencizer counts them."""
    count = 1 if last > first else 0
    closing = False
    for k in range(first, last):
        ends = flags[k] & SENTENCE_END
        if closing and not ends and not flags[k] & PUNCTUATION:
            count += 1
            closing = False
        elif ends:
            closing = True
    return count


@kernel
def note(spans, used, kind, document, first, last, reason):
    """Note a span that goes; adjacent ones for one reason become one."""
    at = used[kind]
    if at and spans[kind, at - 1, 0] == document and spans[kind, at - 1, 2] == first and spans[kind, at - 1, 3] == reason:
        spans[kind, at - 1, 2] = last
        return
    spans[kind, at, 0], spans[kind, at, 1], spans[kind, at, 2], spans[kind, at, 3] = document, first, last, reason
    used[kind] = at + 1


@kernel
def dclm(codes, byte_of, records, count, classes, phrases, counted, document, spans, used, out):
    """DCLM's kinds of lines: out[0:6] lines of each bit, out[6] white-space words, out[7] words that would go,
    out[8] lines that are not blank."""
    for k in range(count):
        chunks = records[k, CHUNKS]
        if chunks == 0:
            continue
        kinds = line_kind(codes, records[k], classes, phrases, counted)
        out[6] += chunks
        out[8] += 1
        if kinds:
            for bit in range(6):
                out[bit] += (kinds >> bit) & 1
        if kinds & ~FOLDED:
            out[7] += chunks
            note(spans, used, 2, document, byte_of[records[k, BEGIN]], byte_of[records[k, STOP]], kinds & ~FOLDED)


C4_KEPT, C4_SENTENCES, C4_LOREM, C4_CURLY = range(4)  # columns of `out`
AFTER_LINES, AFTER_TERMINAL, AFTER_SHORT, AFTER_DUPLICATE, AFTER_CHARACTERS, AFTER_WORDS = range(4, 10)
SALT_AFTER = np.uint64(0xCD6F3C6E0AFD3B51)


@kernel
def c4(
    hinted,
    codes,
    byte_of,
    lines,
    count,
    words,
    n,
    line,
    again,
    nothing,
    unused,
    rules,
    phrases,
    document,
    spans,
    used,
    mask,
    table,
    base,
    published,
    after,
):
    """C4 over the lines of a document: `published` (4), and as FineWeb uses it, where any mark ends a line, `after` (10)."""
    records, stripped, flags, classes = lines.records, lines.stripped, words.flags, rules.classes
    for k in range(count):
        first, last, chunks = records[k, FIRST], records[k, LAST], records[k, CHUNKS]
        begin, stop = byte_of[records[k, BEGIN]], byte_of[records[k, STOP]]
        if chunks < C4_WORDS or records[k, LONGEST] > C4_LONGEST_WORD:
            reason = LONG_WORD if records[k, LONGEST] > C4_LONGEST_WORD else FEW_WORDS
            note(spans, used, 0, document, begin, stop, reason)
            note(spans, used, 1, document, begin, stop, reason)
            continue
        bits = phrases_in(codes, first, last, phrases) if hinted else 0
        if records[k, MARKED] & 1:
            bits |= CURLY
        marks = _marks(codes, first, last, phrases) if records[k, MARKED] & 2 else 0
        text, low, high, core = codes, first, last, stripped[k]
        words_first, words_last = records[k, WORDS], records[k + 1, WORDS] if k + 1 < count else n
        if marks and last - first < RUN_WITHIN:
            text, low, high = line, 0, _without_marks(codes, first, last, phrases, line)
            words_first, words_last = n, read(text, 0, high, rules, words, n, again, nothing, unused)[1]
            core = again.raw[0]
        end = text[high - 1] if high > low else np.uint32(0)
        if not (end == 46 or end == 63 or end == 33 or end == 34 or end == 39) or (
            high - low > 2 and end == 46 and text[high - 2] == 46 and text[high - 3] == 46
        ):
            bits |= NOT_TERMINAL
        counted = -1
        for variant in range(2):
            out = published if variant == 0 else after
            refused = bits & NOT_TERMINAL if variant == 0 else 0
            if not refused:
                if bits & LOREM:
                    out[C4_LOREM] = 1
                elif bits & JAVASCRIPT:
                    refused = JAVASCRIPT
                elif bits & CURLY:
                    out[C4_CURLY] = 1
                elif bits & POLICY:
                    refused = POLICY
            if refused:
                note(spans, used, variant, document, begin, stop, refused)
                continue
            if marks:
                _note_marks(codes, first, last, phrases, byte_of, variant, document, spans, used)
            if counted < 0:
                counted = sentences(flags, words_first, words_last)
            out[C4_KEPT] += 1
            out[C4_SENTENCES] += counted
            if variant == 1 and high > low and not (marks and again.records[0, FIRST] < 0):
                after[AFTER_LINES] += 1
                after[AFTER_TERMINAL] += end < LIMIT and classes[end] & TERMINAL != 0
                after[AFTER_SHORT] += high - low <= SHORT_LINE
                if seen(core ^ SALT_AFTER, mask, table, base):
                    after[AFTER_DUPLICATE] += high - low
                after[AFTER_CHARACTERS] += high - low
                after[AFTER_WORDS] += words_last - words_first


@kernel
def _marks(codes, first, last, phrases):
    found = 0
    for at in range(first, last):
        if codes[at] == 91:
            found += citation(codes, at, last, phrases) > 0
    return found


@kernel
def _without_marks(codes, first, last, phrases, out):
    n = 0
    at = first
    while at < last:
        size = citation(codes, at, last, phrases) if codes[at] == 91 else 0
        if size:
            at += size
            continue
        out[n] = codes[at]
        n += 1
        at += 1
    return n


@kernel
def _note_marks(codes, first, last, phrases, byte_of, kind, document, spans, used):
    at = first
    while at < last:
        size = citation(codes, at, last, phrases) if codes[at] == 91 else 0
        if size:
            note(spans, used, kind, document, byte_of[at], byte_of[at + size], 0)
        at += max(size, 1)
