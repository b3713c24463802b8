"""Repeated n-grams and character runs of one document, in one open-addressing table that is not cleared between documents.

Gopher (Rae et al. 2021, table A1) as datatrove computes it, the same with its wart mended (an n-gram that occurs once
is no repetition), and ChineseWebText's share of repeated 13-character runs (Chen et al. 2023).
"""

import numpy as np

from curation.kernels import allocating, inlined, kernel

ROLL = np.uint64(0x9FB21C651E98DF25)
RUN = 13  # characters
SAMPLED_FROM, SAMPLE = 8192, 3  # longer texts: one run in four, chosen by its own hash, so that equal runs go together
RUN_WITHIN = 1 << 20  # characters looked at for repeated runs: bounds the table for a document of many megabytes


_LOW = np.uint64(0xFFFFFFFF)
_HIGHEST = (1 << 32) - 1


@inlined
def _capacity(keys):
    """A power of two that `keys` keys fill by half at most."""
    capacity = 64
    while capacity < 2 * keys + 2:
        capacity *= 2
    return capacity


@allocating
def roomy(table, base, keys):
    """The table and the base of a document with `keys` keys of each kind; an empty table where these have no room.

    An entry is one 64-bit number: the upper half of its key, then a mark above the base of the pass that wrote it. What
    an earlier pass wrote has a mark up to its base and counts as empty, so that a document begins without clearing.
    """
    capacity = _capacity(keys)
    if table.shape[0] < capacity or np.int64(base) + 12 * (keys + 2) > _HIGHEST:
        return np.zeros(max(capacity, table.shape[0]), np.uint64), np.uint64(0)
    return table, base


@inlined
def mask_for(keys):
    """The mask of the part of the table that `keys` keys use: a small document stays in the cache."""
    return np.uint64(_capacity(keys) - 1)


@inlined
def seen(key, mask, table, base):
    """How often `key` was met before above this base: 0, 1, or 2 for more. Uses two marks."""
    at = (key ^ (key >> np.uint64(32))) & mask
    while True:
        entry = table[at]
        mark = entry & _LOW
        if mark <= base:
            table[at] = (key & ~_LOW) | (base + np.uint64(1))
            return np.int64(0)
        if (entry ^ key) & ~_LOW == np.uint64(0):
            table[at] = (key & ~_LOW) | (base + np.uint64(2))
            return np.int64(mark - base)
        at = (at + np.uint64(1)) & mask


@inlined
def _first(key, at, mask, table, base):
    """The place where `key` was first met above this base, `at` if it is here. Uses as many marks as there are places."""
    slot = (key ^ (key >> np.uint64(32))) & mask
    while True:
        entry = table[slot]
        mark = entry & _LOW
        if mark <= base:
            table[slot] = (key & ~_LOW) | (base + np.uint64(at + 1))
            return at
        if (entry ^ key) & ~_LOW == np.uint64(0):
            return np.int64(mark - base) - 1
        slot = (slot + np.uint64(1)) & mask


@inlined
def _sift(keys, count, once, twice):
    """Mark in `twice` the bits of keys[:count] that a key met before has too; returns the shift from a key to its bit.

    Most n-grams of a text occur once. A bit says so without a branch, and only the few others ask the table.
    """
    size = 16
    while size < once.shape[0] and size * 4 < count:  # 16 to 32 bits a key, as long as there is room
        size *= 2
    for k in range(size):
        once[k] = twice[k] = np.uint64(0)
    shift = np.uint64(58)
    while size > 1:
        size //= 2
        shift -= np.uint64(1)
    for k in range(count):
        bit = keys[k] >> shift
        word, one = bit >> np.uint64(6), np.uint64(1) << (bit & np.uint64(63))
        before = once[word]
        twice[word] |= before & one
        once[word] = before | one
    return shift


@inlined
def _is_marked(key, shift, twice):
    bit = key >> shift
    return (twice[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1)


@kernel
def grams(hashes, lengths, words, table, base, sieve, prefix, keys, ends, times, places, top, top_repeated, duplicate):
    """Characters of the top 2- to 4-gram, published and mended, and of greedy duplicate 5- to 10-grams.

    Writes `top`, `top_repeated` (3 each) and `duplicate` (6); returns the next base. An n-gram can only repeat where
    both shorter ones inside it do: `places` holds where, in order, and the rest of the text is not looked at again.
    """
    mask = mask_for(words)
    once, twice = sieve
    prefix[0], ends[0] = np.uint64(0), 0
    for j in range(words):
        prefix[j + 1] = prefix[j] * ROLL + hashes[j]
        ends[j + 1] = ends[j] + lengths[j]
    lead = ROLL * ROLL
    for j in range(words - 1):
        keys[j] = prefix[j + 2] - prefix[j] * lead
    shift = _sift(keys, words - 1, once, twice)
    count = 0
    for j in range(words - 1):
        places[count] = j
        count += _is_marked(keys[j], shift, twice)
    for width in range(2, 5):
        if words < width:
            break
        best, most, at = 0, 1, 0
        for k in range(count):
            times[places[k]] = 0
        for k in range(count):
            place = np.int64(places[k])
            first = _first(prefix[place + width] - prefix[place] * lead, place, mask, table, base)
            if first == place:
                times[place] = 1
                continue
            times[first] += 1
            times[place] = -1
            size = ends[place + width] - ends[place] + width - 1
            best = max(best, times[first] * size)
            if times[first] > most or (times[first] == most and first < at):
                most, at = times[first], first
        top_repeated[width - 2] = best
        top[width - 2] = most * (ends[at + width] - ends[at] + width - 1)
        # of the most frequent, the first: Counter.most_common
        base += np.uint64(words)
        count = _followed(places, _repeated(places, count, times))
        lead *= ROLL
    for width in range(5, 11):
        if words < width:
            break
        covered, free = 0, np.int64(0)
        for k in range(count):
            place = np.int64(places[k])
            if place < free or (width > 5 and not _in_a_row(places, k, count, width - 4)):
                continue
            if _first(prefix[place + width] - prefix[place] * lead, place, mask, table, base) != place:
                covered += ends[place + width] - ends[place]
                free = place + width
        duplicate[width - 5] = covered
        base += np.uint64(words)
        lead *= ROLL
        if covered == 0:  # no repeated n-gram, then no longer one
            break
    return base


@inlined
def _repeated(places, count, times):
    """Keep the places whose n-gram occurs more than once; returns their number."""
    kept = 0
    for k in range(count):
        j = places[k]
        places[kept] = j
        kept += times[j] > 1 or times[j] < 0
    return kept


@inlined
def _followed(places, count):
    """Keep the places whose neighbour is one too: there a longer n-gram may repeat; returns their number."""
    kept = 0
    for k in range(count - 1):
        j = places[k]
        next_to_it = places[k + 1] == j + 1
        places[kept] = j
        kept += next_to_it
    return kept


@inlined
def _in_a_row(places, k, count, size):
    """Whether the places from the k-th on are `size` neighbours."""
    return k + size <= count and places[k + size - 1] == places[k] + size - 1


@kernel
def repeated_runs(codes, count, mask, table, base, sieve, keys):
    """Share of the 13-character runs of codes[:count] that occur more than once; of a sample in a long text."""
    if count < RUN:
        return 0.0
    once, twice = sieve
    sample = np.uint64(SAMPLE if count >= SAMPLED_FROM else 0)
    lead = np.uint64(1)
    for _ in range(RUN):
        lead *= ROLL
    rolling = np.uint64(0)
    for k in range(RUN - 1):
        rolling = rolling * ROLL + np.uint64(codes[k] + 1)
    total = 0
    leaves = np.uint64(0)
    for k in range(RUN - 1, count):
        rolling = rolling * ROLL + (np.uint64(codes[k] + 1) - leaves)
        leaves = np.uint64(codes[k - (RUN - 1)] + 1) * lead
        keys[total] = rolling * ROLL  # the last character too must reach the upper half
        total += (rolling >> np.uint64(61)) & sample == 0
    shift = _sift(keys, total, once, twice)
    singles = total
    for k in range(total):
        if _is_marked(keys[k], shift, twice):
            before = seen(keys[k], mask, table, base)
            if before == 0:
                continue
            singles -= 2 if before == 1 else 1
    return (total - singles) / total if total else 0.0
