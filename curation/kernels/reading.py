"""One reading of a document: its characters, its words and its lines, for every statistic that follows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.kernels import inlined, kernel
from curation.kernels.english import ALONE_BIT, DECIMAL, FNV, HAN_BIT, LETTER, PRIME, SIGN, SPACE, UPPERCASE, slot_of
from curation.kernels.repetition import RUN_WITHIN
from curation.kernels.unicode import LIMIT, decode
from curation.kernels.words import ALPHABETIC, LONGEST_EXCEPTION, PLAIN, emit_exception, outline, split_chunk

LETTERS, DIGITS, SPACES, HAN, SIGNS, REPLACEMENT, UPPER, HASH_MARKS, ELLIPSES, FILLED = range(10)  # of the tally
BEGIN, END, STOP, FIRST, LAST, CHUNKS, LONGEST, WORDS, BREAK, UPPERS, DECIMALS, HANS, MARKED = range(13)  # of a line's record
WIDTH = 13
# Chunks whose words a pass keeps. A record is one cache line: the chunk's hash; the number of words in 4 bits and, of each,
# its length in 6 and its flags in 4; the words' hashes.
_SIEVE = 1 << 14  # words of 64 bits
_REMEMBERED_BITS, _REMEMBERED_WORDS, _RECORD = 15, 6, 8


class Words(NamedTuple):
    """The words of a document, scratch for splitting, and the chunks met before with their words."""

    hashes: NDArray[np.uint64]
    lengths: NDArray[np.int32]
    flags: NDArray[np.uint8]
    starts: NDArray[np.int32]
    used: NDArray[np.uint8]
    memo: NDArray[np.uint64]


class Lines(NamedTuple):
    """The lines of a document as str.splitlines gives them.

    A record: characters from BEGIN to END, to STOP with its end; FIRST and one past LAST of what is no white space (-1:
    blank); white-space words and the longest of them; the first of its words; the character that ended it (0: none);
    its upper case letters, digits and Han characters; whether it has { (1) or [ (2).
    """

    records: NDArray[np.int64]
    stripped: NDArray[np.uint64]  # hashes of the lines without the blanks at their ends, with them, without those before
    raw: NDArray[np.uint64]  #      and without those after
    headless: NDArray[np.uint64]
    tailless: NDArray[np.uint64]


class Room(NamedTuple):
    """Scratch for the longest document of a batch."""

    codes: NDArray[np.uint32]
    byte_of: NDArray[np.int32]  # byte of each character, from the document's first
    plain: NDArray[np.uint32]  # characters that are not white space, the first million; the last place takes the rest
    words: Words
    lines: Lines
    tally: NDArray[np.int64]
    prefix: NDArray[np.uint64]  # of the n-grams
    ends: NDArray[np.int32]
    times: NDArray[np.int32]
    places: NDArray[np.int32]
    keys: NDArray[np.uint64]
    sieve: tuple[NDArray[np.uint64], NDArray[np.uint64]]  # bits of keys met once, and again
    line: NDArray[np.uint32]  # one line without its citation marks, and what a second reading of it fills
    again: Lines
    nothing: NDArray[np.uint32]
    unused: NDArray[np.int64]


def room(characters: int, lines: int, known: Room | None = None) -> Room:
    """Room for documents of at most so many characters and lines: about 60 bytes a character. Keeps what `known` remembers."""
    words = characters + min(characters, RUN_WITHIN)  # a line may be read again without its citation marks
    return Room(
        codes=np.empty(characters, np.uint32),
        byte_of=np.empty(characters, np.int32),
        plain=np.empty(min(characters, RUN_WITHIN) + 1, np.uint32),
        words=Words(
            np.empty(words, np.uint64),
            np.empty(words, np.int32),
            np.empty(words, np.uint8),
            np.empty(characters, np.int32),
            np.empty(characters, np.uint8),
            known.words.memo if known else np.zeros((1 << _REMEMBERED_BITS, _RECORD), np.uint64),
        ),
        lines=Lines(np.empty((lines, WIDTH), np.int64), *(np.empty(lines, np.uint64) for _ in range(4))),
        tally=np.zeros(10, np.int64),
        prefix=np.empty(characters + 1, np.uint64),
        ends=np.empty(characters + 1, np.int32),
        times=np.empty(characters + 1, np.int32),
        places=np.empty(characters + 1, np.int32),
        keys=np.empty(characters + 1, np.uint64),
        sieve=(np.empty(_SIEVE, np.uint64), np.empty(_SIEVE, np.uint64)),
        line=np.empty(min(characters, RUN_WITHIN), np.uint32),
        again=Lines(np.empty((2, WIDTH), np.int64), *(np.empty(2, np.uint64) for _ in range(4))),
        nothing=np.empty(1, np.uint32),
        unused=np.zeros(10, np.int64),
    )


@kernel
def breaks(data, offsets):
    """The most line ends, and the most of a document's line ends, that the bytes can hold: (all, of one document)."""
    total, most = np.int64(0), np.int64(0)
    for d in range(offsets.shape[0] - 1):
        text = data[offsets[d] : offsets[d + 1]]
        found = np.int64(1)
        for at in range(text.shape[0]):  # without a branch: a loop over vectors
            byte = text[at]
            found += (
                ((byte >= 10) & (byte <= 13)) | ((byte >= 28) & (byte <= 30)) | (byte == 0x85) | (byte == 0xA8) | (byte == 0xA9)
            )
        total += found
        most = max(most, found)
    return total, most


@inlined
def is_break(code):
    """Whether str.splitlines breaks a line here."""
    return (10 <= code <= 13) or (28 <= code <= 30) or code == 0x85 or code == 0x2028 or code == 0x2029


@kernel
def characters(data, start, end, codes, byte_of):
    """Decode valid UTF-8; returns the number of characters."""
    count = 0
    at = start
    while at < end:
        byte = data[at]
        if byte < 0x80:
            codes[count] = byte
            byte_of[count] = at - start
            at += 1
        else:
            code, size = decode(data, at, end)
            codes[count] = code
            byte_of[count] = at - start
            at += size
        count += 1
    byte_of[count] = end - start
    return count


@inlined
def _piece(codes, first, last, h, classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, units, hashes, lengths, flags, starts, used, memo, n):  # fmt: skip
    """Words of a piece of a chunk, which is not only letters: split it, or remember how it was split."""
    record = memo[np.int64(h >> np.uint64(64 - _REMEMBERED_BITS))]
    if record[0] == h:
        packed = record[1]
        for k in range(packed & np.uint64(15)):
            packed >>= np.uint64(4) if k == 0 else np.uint64(10)
            hashes[n], lengths[n], flags[n] = record[2 + k], packed & np.uint64(63), (packed >> np.uint64(6)) & np.uint64(15)
            n += 1
        return n
    before = n
    n = split_chunk(
        codes,
        first,
        last,
        classes,
        exceptions,
        outlines,
        parts,
        joined,
        joined_outlines,
        joined_pairs,
        heads,
        units,
        hashes,
        lengths,
        flags,
        starts,
        used,
        n,
    )
    if n - before <= _REMEMBERED_WORDS and last - first < 64:
        packed = np.uint64(n - before)
        for k in range(n - before):
            one = np.uint64(lengths[before + k]) | (np.uint64(flags[before + k]) << np.uint64(6))
            packed |= one << np.uint64(4 + 10 * k)
            record[2 + k] = hashes[before + k]
        record[0], record[1] = h, packed
    return n


@kernel
def read(codes, at, end, rules, words, n, lines, plain, tally):
    """Words of codes[at:end], appended from `n`, and its lines; returns the number of lines and the new n.

    Fills `plain` as far as it goes and adds to `tally` (LETTERS ... FILLED).
    """
    classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, units = rules
    hashes, lengths, flags, starts, used, memo = words
    records, stripped, raws, headless, tailless = lines
    letters, digits, spaces, han, signs, upper, filled = 0, 0, 0, 0, 0, 0, 0
    count, dots = 0, 0
    last_plain = plain.shape[0] - 1
    begin_line, words_before = at, n
    first, last, chunks, longest = -1, -1, 0, 0
    lead, chain, core = np.uint64(0), FNV, FNV
    upper_before, digits_before, han_before, marked = 0, 0, 0, 0
    while at <= end:
        code = codes[at] if at < end else np.uint32(0)
        kind = classes[code] if code < LIMIT else np.uint32(0)
        ends = at == end
        if ends or kind & SPACE:
            spaces += not ends
            if ends or is_break(code):
                if ends and at == begin_line:
                    break
                stop = at if ends else at + 1
                if code == 13 and at + 1 < end and codes[at + 1] == 10:
                    stop = at + 2
                    spaces += 1
                record = records[count]
                record[BEGIN], record[END], record[STOP], record[FIRST], record[LAST] = begin_line, at, stop, first, last
                record[CHUNKS], record[LONGEST], record[WORDS] = chunks, longest, words_before
                record[BREAK] = 0 if ends else codes[stop - 1]
                record[UPPERS], record[DECIMALS], record[HANS] = upper - upper_before, digits - digits_before, han - han_before
                record[MARKED] = marked
                upper_before, digits_before, han_before, marked = upper, digits, han, 0
                stripped[count], raws[count] = core, chain ^ (lead * PRIME)
                headless[count], tailless[count] = chain, core ^ (lead * PRIME)
                if stop - at == 2:  # split on line feeds, a line keeps its carriage return
                    record[END] = at + 1
                    raws[count] = (raws[count] ^ np.uint64(13)) * PRIME
                    headless[count] = (chain ^ np.uint64(13)) * PRIME
                count += 1
                at = begin_line = stop
                words_before = n
                first, last, chunks, longest = -1, -1, 0, 0
                lead, chain, core = np.uint64(0), FNV, FNV
                if ends:
                    break
                continue
            if first < 0:
                lead = (lead ^ np.uint64(code)) * PRIME
            else:
                chain = (chain ^ (np.uint64(code) << np.uint64(32))) * PRIME
            at += 1
            continue
        if first < 0:
            first = at
        begin = at
        piece = at
        h = FNV
        simple = True
        while True:
            if kind & (LETTER | ALONE_BIT) == LETTER:
                letters -= at
                while True:
                    plain[filled] = code
                    filled += filled < last_plain
                    upper += (kind & UPPERCASE) != 0
                    h = (h ^ np.uint64(code)) * PRIME
                    at += 1
                    if at >= end:
                        break
                    code = codes[at]
                    kind = classes[code] if code < LIMIT else np.uint32(0)
                    if kind & (LETTER | ALONE_BIT) != LETTER:
                        break
                letters += at
                if at >= end or kind & SPACE:
                    break
                continue
            plain[filled] = code
            filled += filled < last_plain
            if kind & ALONE_BIT:
                letters += (kind & LETTER) != 0
                digits += (kind & DECIMAL) != 0
                han += (kind & HAN_BIT) != 0
                if at > piece:
                    n = _piece(codes, piece, at, h, classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, units, hashes, lengths, flags, starts, used, memo, n)  # fmt: skip
                    chain = (chain ^ h) * PRIME
                h = (FNV ^ np.uint64(code)) * PRIME
                hashes[n], lengths[n], flags[n] = h, 1, PLAIN | (ALPHABETIC if kind & LETTER else 0)
                n += 1
                chain = (chain ^ h) * PRIME
                piece = at + 1
                h = FNV
                simple = True
            else:
                simple = False
                digits += (kind & DECIMAL) != 0
                if kind & SIGN:
                    signs += 1
                    if code == 35:
                        tally[HASH_MARKS] += 1
                    elif code == 0x2026:
                        tally[ELLIPSES] += 1
                    elif code == 123:
                        marked |= 1
                    elif code == 91:
                        marked |= 2
                    elif code == 46:  # every third dot of a run ends an ellipsis: str.count
                        dots = dots + 1 if at > 0 and codes[at - 1] == 46 else 1
                        tally[ELLIPSES] += dots % 3 == 0
                    elif code == 0xFFFD:
                        tally[REPLACEMENT] += 1
                h = (h ^ np.uint64(code)) * PRIME
            at += 1
            if at >= end:
                break
            code = codes[at]
            kind = classes[code] if code < LIMIT else np.uint32(0)
            if kind & SPACE:
                break
        if at > piece:
            chain = (chain ^ h) * PRIME
            if simple:  # letters only: one word unless it is an exception
                slot = np.int64(-1)
                if at - piece <= LONGEST_EXCEPTION and outlines[outline(codes[piece], codes[at - 1], at - piece)]:
                    slot = slot_of(h, exceptions)
                if slot >= 0:
                    n = emit_exception(codes, piece, slot, classes, parts, hashes, lengths, flags, n)
                else:
                    hashes[n], lengths[n], flags[n] = h, at - piece, PLAIN | ALPHABETIC
                    n += 1
            else:
                n = _piece(codes, piece, at, h, classes, exceptions, outlines, parts, joined, joined_outlines, joined_pairs, heads, units, hashes, lengths, flags, starts, used, memo, n)  # fmt: skip
        chunks += 1
        longest = max(longest, at - begin)
        last = at
        core = chain
    tally[LETTERS] += letters
    tally[DIGITS] += digits
    tally[SPACES] += spaces
    tally[HAN] += han
    tally[SIGNS] += signs
    tally[UPPER] += upper
    tally[FILLED] += filled
    return count, n
