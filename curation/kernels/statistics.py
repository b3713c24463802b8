"""Statistics of documents in one pass: characters, words, lines, paragraphs and repetition.

Published definitions are datatrove's (0.10) of Gopher (Rae et al. 2021), C4 (Raffel et al. 2020) and FineWeb (Penedo et
al. 2024), down to which lines and which blanks count: their thresholds hold for nothing else. Statistics that mend
them, or that Chinese needs, stand beside under names of their own. Signals turn these counts into ratios.
"""

import threading
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.document import SPAN
from curation.kernels import Bytes, Offsets, allocating, buffers, inlined, longest
from curation.kernels import lines as rules_of_lines
from curation.kernels import words as rules_of_words
from curation.kernels.english import FNV, PRIME, TERMINAL, hash_table, slot_of, word_hash
from curation.kernels.lines import SHORT_LINE, c4, dclm, hints
from curation.kernels.reading import (
    BEGIN,
    BREAK,
    DIGITS,
    ELLIPSES,
    END,
    FILLED,
    FIRST,
    HAN,
    HASH_MARKS,
    LAST,
    LETTERS,
    REPLACEMENT,
    SIGNS,
    SPACES,
    STOP,
    UPPER,
    Room,
    breaks,
    characters,
    read,
    room,
)
from curation.kernels.repetition import grams, mask_for, repeated_runs, roomy, seen
from curation.kernels.stopwords import COLUMN as LISTS
from curation.kernels.stopwords import lists
from curation.kernels.unicode import LIMIT
from curation.kernels.words import ALPHABETIC, PLAIN, PUNCTUATION, SENTENCE_END

NAMES = (
    *("characters", "letters", "digits", "spaces", "han", "punctuation", "replacement", "upper"),
    *("words", "plain_words", "plain_characters", "alphabetic_words", "hash_marks", "ellipses"),
    *("any_lines", "bullet_lines", "ellipsis_lines"),
    *("paragraphs", "duplicate_paragraphs", "duplicate_paragraph_characters"),
    *("split_lines", "duplicate_split_lines", "duplicate_split_line_characters"),
    *("full_lines", "terminal_lines", "short_lines", "duplicate_full_line_characters", "newlines", "long_lines"),
    *("lines", "any_bullet_lines", "any_ellipsis_lines", "closed_lines", "duplicate_lines", "duplicate_line_characters"),
    *("longest_line", "line_characters"),
    *("top_2_gram", "top_3_gram", "top_4_gram", "repeated_2_gram", "repeated_3_gram", "repeated_4_gram"),
    *("duplicate_5_gram", "duplicate_6_gram", "duplicate_7_gram"),
    *("duplicate_8_gram", "duplicate_9_gram", "duplicate_10_gram", "repeated_13_characters"),
    *("c4_kept", "c4_sentences", "c4_lorem_ipsum", "c4_curly_bracket"),
    *("fineweb_kept", "fineweb_sentences", "fineweb_lorem_ipsum", "fineweb_curly_bracket", "fineweb_lines"),
    *("fineweb_terminal_lines", "fineweb_short_lines", "fineweb_duplicate_characters", "fineweb_characters", "fineweb_words"),
    *("capital_lines", "digit_lines", "counter_lines", "one_word_lines", "boilerplate_lines", "folded_lines"),
    *("blank_words", "cleaned_words", "said_lines", "entropy", "distinct_window", "bracketed"),
    *("function_words_en", "function_words_zh", "longest_run", "unmarked_words"),
)
COLUMN = {name: index for index, name in enumerate(NAMES)}

LONG_LINE = 200  # characters, mC4's paragraph
LONG_RUN = 112  # words without a mark, Dingo
WINDOW = 2000  # characters: the share of distinct ones falls with length, so it is taken of windows
SPAN_KINDS = ("c4", "fineweb", "dclm")

_CLOSED = tuple(map(ord, ".!?\"'。！？…；;”’」』）)】》"))  # closing marks count after a sentence: 。” is an end
_BULLETS = tuple(map(ord, "•-*●○■□▪▫·‣▶◦–※➢◀"))
_SALT_RAW, _SALT_STRIPPED, _SALT_PARAGRAPH = (np.uint64(n * 0x9E3779B97F4A7C15 % 2**64) for n in (3, 5, 7))

(
    _CHARACTERS, _LETTERS, _DIGITS, _SPACES, _HAN, _SIGNS, _REPLACEMENT, _UPPER,
    _WORDS, _PLAIN, _PLAIN_CHARACTERS, _ALPHABETIC, _HASHES, _ELLIPSES,
    _ANY_LINES, _BULLET, _ELLIPSIS,
    _PARAGRAPHS, _DUPLICATE_PARAGRAPHS, _DUPLICATE_PARAGRAPH_CHARACTERS,
    _SPLIT, _DUPLICATE_SPLIT, _DUPLICATE_SPLIT_CHARACTERS,
    _FULL, _TERMINAL, _SHORT, _DUPLICATE_FULL_CHARACTERS, _NEWLINES, _LONG,
    _LINES, _ANY_BULLET, _ANY_ELLIPSIS, _CLOSED_LINES, _DUPLICATE_LINES, _DUPLICATE_LINE_CHARACTERS,
    _LONGEST_LINE, _LINE_CHARACTERS,
) = range(37)  # fmt: skip
_TOP, _REPEATED_TOP, _GRAMS, _RUNS, _C4, _AFTER, _KINDS, _ENTROPY, _DISTINCT, _BRACKETED = (
    COLUMN[first]
    for first in (
        *("top_2_gram", "repeated_2_gram", "duplicate_5_gram", "repeated_13_characters", "c4_kept", "fineweb_kept"),
        *("capital_lines", "entropy", "distinct_window", "bracketed"),
    )
)
_FUNCTION_EN, _FUNCTION_ZH, _LONGEST_RUN, _UNMARKED = range(COLUMN["function_words_en"], len(NAMES))
_EN, _ZH = LISTS["en"], LISTS["zh"]


class Tables(NamedTuple):
    """What the kernel reads besides the text."""

    rules: rules_of_words.Rules
    phrases: NDArray[np.uint32]
    counted: NDArray[np.uint32]
    closed: NDArray[np.uint32]
    bullets: NDArray[np.uint32]
    stop_hash: NDArray[np.uint64]
    stop_outline: NDArray[np.bool_]  # the first twelve bits that the hashes of stop words have: a first sieve
    stop_bits: NDArray[np.uint64]  # slot x list: the word's bit in that list
    pauses: NDArray[np.uint64]  # marks that end a run of words, beside sentence ends


class Found(NamedTuple):
    """What documents leave behind."""

    counts: NDArray[np.int32]  # of each code point, for entropy
    met: NDArray[np.int64]  # the document that last met each stop word
    spans: NDArray[np.int32]  # kind x n x (document, first byte, last byte, reason)
    used: NDArray[np.int64]  # spans of each kind


@inlined
def _among(values, code):
    for k in range(values.shape[0]):
        if values[k] == code:
            return True
    return False


@inlined
def _count_words(hashes, lengths, flags, n, document, stop_hash, stop_outline, stop_bits, pauses, met_by, met, places, row):
    plain, letters, alphabetic, english, chinese = 0, 0, 0, 0, 0
    run, longest_run, unmarked = 0, 0, 0
    some = 0  # words that may be stop words
    for k in range(n):
        flag = flags[k]
        plain += (flag & PLAIN) != 0
        letters += lengths[k] if flag & PLAIN else 0
        run += (flag & ALPHABETIC) != 0
        alphabetic += (flag & ALPHABETIC) != 0
        if flag & (SENTENCE_END | PUNCTUATION) and not flag & ALPHABETIC:
            if flag & SENTENCE_END or (lengths[k] == 1 and _among(pauses, hashes[k])):
                longest_run = max(longest_run, run)
                unmarked += run if run > LONG_RUN else 0
                run = 0
        places[some] = k
        some += lengths[k] < 10 and stop_outline[hashes[k] >> np.uint64(52)]
    for k in range(some):
        slot = slot_of(hashes[places[k]], stop_hash)
        if slot < 0:
            continue
        english += stop_bits[slot, _EN] != 0
        chinese += stop_bits[slot, _ZH] != 0
        if met_by[slot] != document:
            met_by[slot] = document
            for one in range(met.shape[0]):
                met[one] |= stop_bits[slot, one]
    row[_WORDS], row[_PLAIN], row[_PLAIN_CHARACTERS], row[_ALPHABETIC] = n, plain, letters, alphabetic
    unmarked += run if run > LONG_RUN else 0
    row[_FUNCTION_EN], row[_FUNCTION_ZH] = english, chinese
    row[_LONGEST_RUN], row[_UNMARKED] = max(longest_run, run), unmarked


@inlined
def _gopher_lines(codes, records, count, row):
    """Lines as str.splitlines gives them, blank ones too."""
    bullets, ellipses = 0, 0
    for k in range(count):
        first, last = records[k, FIRST], records[k, LAST]
        if first < 0:
            continue
        bullets += codes[first] == 0x2022 or codes[first] == 45
        ellipses += _ends_in_ellipsis(codes, first, last)
    row[_ANY_LINES], row[_BULLET], row[_ELLIPSIS] = count, bullets, ellipses


@inlined
def _ends_in_ellipsis(codes, first, last):
    dots = last - first > 2 and codes[last - 1] == 46 and codes[last - 2] == 46 and codes[last - 3] == 46
    return dots or codes[last - 1] == 0x2026


@inlined
def _lines(codes, records, stripped, raws, count, classes, closed, bullets, mask, table, base, row):
    """Lines between line feeds: FineWeb and Gopher's duplicates on the raw line, the mended statistics on the stripped."""
    k = 0
    while k < count:
        begin, first, last, raw, core = records[k, BEGIN], records[k, FIRST], records[k, LAST], raws[k], stripped[k]
        while records[k, BREAK] != 10 and k + 1 < count:  # str.splitlines broke it further
            k += 1
            if records[k, FIRST] >= 0:
                first = first if first >= 0 else records[k, FIRST]
                last = records[k, LAST]
            raw = (raw ^ np.uint64(records[k - 1, BREAK])) * PRIME
            if records[k, END] > records[k, BEGIN]:
                raw = (raw ^ raws[k]) * PRIME
            core = (core ^ stripped[k]) * PRIME
        if records[k, BREAK] not in (0, 10):  # the text ends in another break, which is part of its last line
            raw = (raw ^ np.uint64(records[k, BREAK])) * PRIME
        end = records[k, END] if records[k, BREAK] == 10 or records[k, BREAK] == 0 else records[k, STOP]
        row[_NEWLINES] += records[k, BREAK] == 10
        k += 1
        size = end - begin
        row[_LONG] += size >= LONG_LINE
        if size:
            row[_SPLIT] += 1
            if seen(raw ^ _SALT_RAW, mask, table, base):
                row[_DUPLICATE_SPLIT] += 1
                row[_DUPLICATE_SPLIT_CHARACTERS] += size
                if first >= 0:
                    row[_DUPLICATE_FULL_CHARACTERS] += size
        if first < 0:
            continue
        ending, solid = codes[end - 1], last - first
        row[_LINES] += 1
        row[_TERMINAL] += ending < LIMIT and classes[ending] & TERMINAL != 0
        row[_SHORT] += size <= SHORT_LINE
        row[_LINE_CHARACTERS] += solid
        row[_LONGEST_LINE] = max(row[_LONGEST_LINE], solid)
        row[_ANY_BULLET] += _among(bullets, codes[first])
        row[_ANY_ELLIPSIS] += _ends_in_ellipsis(codes, first, last)
        row[_CLOSED_LINES] += _among(closed, codes[last - 1])
        if seen(core ^ _SALT_STRIPPED, mask, table, base):
            row[_DUPLICATE_LINES] += 1
            row[_DUPLICATE_LINE_CHARACTERS] += solid
    row[_FULL] = row[_LINES]
    if count:  # re.split("\n+") gives empty strings at the ends
        blanks = (codes[0] == 10) + (records[count - 1, BREAK] == 10 and records[count - 1, STOP] > 1)
        row[_SPLIT] += blanks
        row[_DUPLICATE_SPLIT] += blanks == 2


@inlined
def _paragraphs(lines, count, mask, table, base, row):
    """Paragraphs of the stripped text, split at two line feeds and more: Gopher's duplicates."""
    records = lines.records
    first, last = 0, count - 1
    while first < count and records[first, FIRST] < 0:
        first += 1
    while last > first and records[last, FIRST] < 0:
        last -= 1
    h, begin = FNV, np.int64(-1)
    for k in range(first, last + 1):
        goes_on = k > first and records[k - 1, BREAK] != 10  # of a line that str.splitlines broke
        if goes_on or records[k, BREAK] != 10 or records[k, STOP] - records[k, BEGIN] > 1:
            if begin < 0:
                begin = records[k, FIRST] if k == first else records[k, BEGIN]
            else:
                h = (h ^ np.uint64(records[k - 1, BREAK])) * PRIME
            piece = lines.raw[k]  # the text is stripped, its lines are not
            if k == first:
                piece = lines.stripped[k] if k == last else lines.headless[k]
            elif k == last:
                piece = lines.tailless[k]
            h = (h ^ piece) * PRIME
        gap = k < last and records[k, BREAK] == 10 and records[k + 1, BREAK] == 10
        gap = gap and records[k + 1, STOP] - records[k + 1, BEGIN] == 1
        if begin >= 0 and (k == last or gap):
            row[_PARAGRAPHS] += 1
            if seen(h ^ _SALT_PARAGRAPH, mask, table, base):
                row[_DUPLICATE_PARAGRAPHS] += 1
                row[_DUPLICATE_PARAGRAPH_CHARACTERS] += (records[k, LAST] if k == last else records[k, END]) - begin
            h, begin = FNV, np.int64(-1)


@inlined
def _chinese(plain, filled, counts, row):
    """Character entropy (nats), the lowest share of distinct characters of a window, and characters inside 【】."""
    inside, bracketed, depth = False, 0, 0
    entropy, different = 0.0, 0
    for k in range(filled):
        code = plain[k]
        if code < LIMIT:
            counts[code] += 1
        if code == 0x3010:
            inside, depth = True, 0
        elif code == 0x3011 and inside:
            inside = False
            bracketed += depth
        elif inside:
            depth += 1
    for k in range(filled):
        code = plain[k]
        if code < LIMIT and counts[code]:
            share = counts[code] / filled
            entropy -= share * np.log(share)
            counts[code] = 0
            different += 1
    lowest = 1.0
    begin = 0
    if filled < WINDOW:  # the only window; what lies beyond LIMIT is not counted
        lowest = different / filled
        begin = filled
    while begin + WINDOW <= filled:
        stop = min(filled, begin + WINDOW)
        distinct = 0
        for k in range(begin, stop):
            if plain[k] < LIMIT:
                distinct += counts[plain[k]] == 0
                counts[plain[k]] = 1
        for k in range(begin, stop):
            if plain[k] < LIMIT:
                counts[plain[k]] = 0
        lowest = min(lowest, distinct / (stop - begin))
        begin += WINDOW
    row[_ENTROPY], row[_DISTINCT], row[_BRACKETED] = entropy, lowest, bracketed


@allocating
def _measure(data, offsets, tables, room, found, out, stops):
    base = np.uint64(0)
    table = np.zeros(128, np.uint64)
    met = np.zeros(stops.shape[1], np.uint64)
    codes, byte_of, plain, words, lines, tally = room.codes, room.byte_of, room.plain, room.words, room.lines, room.tally
    classes, records, stripped, raws = tables.rules.classes, lines.records, lines.stripped, lines.raw
    for d in range(offsets.shape[0] - 1):
        row = out[d]
        met[:] = np.uint64(0)
        tally[:] = 0
        size = characters(data, offsets[d], offsets[d + 1], codes, byte_of)
        count, n = read(codes, 0, size, tables.rules, words, 0, lines, plain, tally)
        filled = tally[FILLED]
        keys = max(n, filled, 4 * count)
        table, base = roomy(table, base, keys)
        mask = mask_for(keys)
        row[_CHARACTERS], row[_LETTERS], row[_DIGITS], row[_SPACES] = size, tally[LETTERS], tally[DIGITS], tally[SPACES]
        row[_HAN], row[_SIGNS], row[_REPLACEMENT], row[_UPPER] = tally[HAN], tally[SIGNS], tally[REPLACEMENT], tally[UPPER]
        row[_HASHES], row[_ELLIPSES] = tally[HASH_MARKS], tally[ELLIPSES]
        _count_words(
            words.hashes,
            words.lengths,
            words.flags,
            n,
            d + 1,
            tables.stop_hash,
            tables.stop_outline,
            tables.stop_bits,
            tables.pauses,
            found.met,
            met,
            room.places,
            row,
        )
        _gopher_lines(codes, records, count, row)
        _lines(codes, records, stripped, raws, count, classes, tables.closed, tables.bullets, mask, table, base, row)
        _paragraphs(lines, count, mask, table, base, row)
        dclm(
            codes, byte_of, records, count, classes, tables.phrases, tables.counted, d + 1, found.spans, found.used, row[_KINDS:]
        )
        c4(
            hints(data, offsets[d], offsets[d + 1]), codes, byte_of, lines, count, words, n, room.line, room.again, room.nothing, room.unused, tables.rules,
            tables.phrases, d + 1, found.spans, found.used, mask, table, base, out[d, _C4 : _C4 + 4], out[d, _AFTER : _AFTER + 10],
        )  # fmt: skip
        base += np.uint64(2)
        row[_RUNS] = repeated_runs(plain, filled, mask, table, base, room.sieve, room.keys)
        base += np.uint64(2)
        top, repeated, duplicate = row[_TOP : _TOP + 3], row[_REPEATED_TOP : _REPEATED_TOP + 3], row[_GRAMS : _GRAMS + 6]
        base = grams(words.hashes, words.lengths, n, table, base, room.sieve, room.prefix, room.keys, room.ends, room.times, room.places, top, repeated, duplicate)  # fmt: skip
        if row[_HAN] > 0:
            _chinese(plain, filled, found.counts, row)
        for one in range(met.shape[0]):
            bits, distinct = met[one], 0
            while bits:
                bits &= bits - np.uint64(1)
                distinct += 1
            stops[d, one] = distinct


class Measured(NamedTuple):
    """What one pass finds in a batch of documents."""

    counts: NDArray[np.float64]  # n x len(NAMES)
    stop_words: NDArray[np.int32]  # n x lists of stopwords.py: distinct words of each list
    spans: dict[str, NDArray[np.int32]]  # of SPAN_KINDS: rows of (document from 1, first byte, last byte, reason)

    def value(self, name: str) -> NDArray[np.float64]:
        """One statistic of every document."""
        return self.counts[:, COLUMN[name]]

    def integers(self, name: str) -> pa.Array:
        """One statistic as int64."""
        return pa.array(self.value(name).astype(np.int64))

    def ratio(self, part: str, whole: str) -> pa.Array:
        """part / whole as float32; null where the whole is zero."""
        return ratio(self.value(part), self.value(whole))

    def spans_of(self, kind: str, reasons: dict[int, str]) -> pa.Array:
        """The spans of one kind, a list of SPAN a document; of several reasons the lowest bit is named."""
        found = self.spans[kind]
        offsets = np.searchsorted(found[:, 0], np.arange(1, len(self.counts) + 2)).astype(np.int32)
        bits, words = np.array(sorted(reasons)), pa.array([reasons[bit] for bit in sorted(reasons)], pa.string())
        names = words.take(pa.array(np.searchsorted(bits, found[:, 3] & -found[:, 3])))
        columns = [pa.array(found[:, 1].astype(np.int64)), pa.array(found[:, 2].astype(np.int64)), names]
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=list(SPAN)))


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> pa.Array:
    """part / whole as float32; null where the whole is zero."""
    values = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return pa.array(values.astype(np.float32), mask=whole == 0)


@cache
def _tables() -> Tables:
    words, bits = lists()
    slots, hashes = hash_table(words)
    table = np.zeros((len(hashes), bits.shape[1]), np.uint64)
    table[slots] = bits
    outline = np.zeros(1 << 12, np.bool_)
    outline[hashes[slots] >> np.uint64(52)] = True
    return Tables(
        rules_of_words.rules(),
        rules_of_lines.phrase_table(rules_of_lines.PHRASES),
        rules_of_lines.phrase_table(rules_of_lines.COUNTED),
        np.array(_CLOSED, np.uint32),
        np.array(_BULLETS, np.uint32),
        hashes,
        outline,
        table,
        np.array([word_hash(c) for c in ";:…；："], np.uint64),
    )


_mine = threading.local()  # a thread's scratch, with the chunks it met; and its last batch, which several signals read
_KEPT = 1 << 24  # characters: scratch for longer documents is let go after the batch


def _scratch(characters: int, lines: int) -> Room:
    """This thread's room, or a larger one that takes over the chunks it remembers: what is remembered changes no result."""
    known: Room | None = getattr(_mine, "room", None)
    if known is not None and len(known.codes) >= characters and len(known.lines.raw) >= lines:
        return known
    made = room(max(characters, 1 << 16), max(lines, 1 << 12), known)
    if characters <= _KEPT:
        _mine.room = made
    return made


def measure(texts: pa.Array) -> Measured:
    """Statistics of documents; counts are counts, ratios are left to the signals."""
    same = (*(buffer and buffer.address for buffer in texts.buffers()), texts.offset, len(texts))
    if getattr(_mine, "same", None) == same:
        return _mine.out  # type: ignore[no-any-return]
    out = _measured(*buffers(texts))
    _mine.texts, _mine.same, _mine.out = texts, same, out
    return out


def _measured(data: Bytes, offsets: Offsets) -> Measured:
    tables = _tables()
    documents = len(offsets) - 1
    counts = np.zeros((documents, len(NAMES)), np.float64)
    stops = np.zeros((documents, tables.stop_bits.shape[1]), np.int32)
    ends, most = breaks(data, offsets)
    marks = int(np.count_nonzero(data[offsets[0] : offsets[-1]] == ord("[")))
    found = Found(
        counts=np.zeros(LIMIT, np.int32),
        met=np.zeros(len(tables.stop_hash), np.int64),
        spans=np.empty((len(SPAN_KINDS), ends + marks + 1, 4), np.int32),
        used=np.zeros(len(SPAN_KINDS), np.int64),
    )
    _measure(data, offsets, tables, _scratch(longest(offsets) + 8, most + 1), found, counts, stops)
    return Measured(counts, stops, {kind: found.spans[k, : found.used[k]].copy() for k, kind in enumerate(SPAN_KINDS)})
