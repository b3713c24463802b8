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


@kernel
def grams(hashes, lengths, words, table, base, prefix, ends, times, runs, top, top_repeated, duplicate):
    """Characters of the top 2- to 4-gram, published and mended, and of greedy duplicate 5- to 10-grams.

    Writes `top`, `top_repeated` (3 each) and `duplicate` (6); returns the next base. An n-gram can only repeat where
    the shorter ones inside it do: `runs` says for how many places in a row they do, and the rest is not looked up.
    """
    mask = mask_for(words)
    prefix[0], ends[0] = np.uint64(0), 0
    for j in range(words):
        prefix[j + 1] = prefix[j] * ROLL + hashes[j]
        ends[j + 1] = ends[j] + lengths[j]
        runs[j] = 2
    lead = ROLL
    for width in range(2, 5):
        lead *= ROLL
        if words < width:
            break
        best, most, at = 0, 1, 0
        for j in range(words - width + 1):
            times[j] = 0
        for j in range(words - width + 1):
            if runs[j] < 2:
                continue
            first = _first(prefix[j + width] - prefix[j] * lead, j, mask, table, base)
            if first == j:
                times[j] = 1
                continue
            times[first] += 1
            times[j] = -1
            size = ends[j + width] - ends[j] + width - 1
            best = max(best, times[first] * size)
            if times[first] > most or (times[first] == most and first < at):
                most, at = times[first], first
        top_repeated[width - 2] = best
        top[width - 2] = most * (ends[at + width] - ends[at] + width - 1)
        # of the most frequent, the first: Counter.most_common
        base += np.uint64(words)
        run = 0
        for j in range(words - 1, -1, -1):
            repeats = j <= words - width and (times[j] > 1 or times[j] < 0)
            run = run + 1 if repeats else 0
            runs[j] = run
    for width in range(5, 11):
        lead *= ROLL
        if words < width:
            break
        covered = 0
        j = 0
        while j <= words - width:
            if runs[j] >= width - 3 and _first(prefix[j + width] - prefix[j] * lead, j, mask, table, base) != j:
                covered += ends[j + width] - ends[j]
                j += width
            else:
                j += 1
        duplicate[width - 5] = covered
        base += np.uint64(words)
        if covered == 0:  # no repeated n-gram, then no longer one
            break
    return base


@kernel
def repeated_runs(codes, count, mask, table, base):
    """Share of the 13-character runs of codes[:count] that occur more than once; of a sample in a long text."""
    if count < RUN:
        return 0.0
    sample = np.uint64(SAMPLE if count >= SAMPLED_FROM else 0)
    total = 0
    lead = np.uint64(1)
    for _ in range(RUN - 1):
        lead *= ROLL
    rolling = np.uint64(0)
    singles = 0
    for k in range(count):
        if k >= RUN:
            rolling -= np.uint64(codes[k - RUN] + 1) * lead
        rolling = rolling * ROLL + np.uint64(codes[k] + 1)
        if k >= RUN - 1 and (rolling >> np.uint64(61)) & sample == 0:
            total += 1
            before = seen(rolling * ROLL, mask, table, base)  # the last character too must reach the upper half
            if before == 0:
                singles += 1
            elif before == 1:
                singles -= 1
    return (total - singles) / total if total else 0.0
