"""Repeated n-grams and character runs of one document, in one open-addressing table that is never cleared.

Gopher (Rae et al. 2021, table A1) as datatrove computes it, the same with its wart mended (an n-gram that occurs once
is no repetition), and ChineseWebText's share of repeated 13-character runs (Chen et al. 2023).
"""

import numpy as np

from curation.kernels import allocating, inlined, kernel

ROLL = np.uint64(0x9FB21C651E98DF25)
RUN = 13  # characters
RUN_WITHIN = 1 << 20  # characters looked at for repeated runs: bounds the table for a document of many megabytes


@allocating
def grown(table, keys):
    """The table, or an empty one with room for `keys` keys (key, stamp and count interleaved)."""
    capacity = 64
    while capacity < keys + (keys >> 1) + 2:
        capacity *= 2
    if table.shape[0] >= 2 * capacity:
        return table
    return np.zeros(2 * capacity, np.uint64)


@kernel
def mask_for(keys):
    """The mask of the part of the table that `keys` keys use: a small document stays in the cache."""
    capacity = 64
    while capacity < keys + (keys >> 1) + 2:
        capacity *= 2
    return np.uint64(capacity - 1)


@inlined
def seen(key, mask, table, stamp):
    """How often `key` was met before under this stamp; counts it."""
    at = (key ^ (key >> np.uint64(32))) & mask
    while True:
        meta = table[2 * at + 1]
        if (meta >> np.uint64(32)) != stamp:
            table[2 * at] = key
            table[2 * at + 1] = (stamp << np.uint64(32)) | np.uint64(1)
            return np.int64(0)
        if table[2 * at] == key:
            table[2 * at + 1] = meta + np.uint64(1)
            return np.int64(meta & np.uint64(0xFFFFFFFF))
        at = (at + np.uint64(1)) & mask


@inlined
def _count(key, mask, table, stamp):
    at = (key ^ (key >> np.uint64(32))) & mask
    while (table[2 * at + 1] >> np.uint64(32)) == stamp:
        if table[2 * at] == key:
            return np.int64(table[2 * at + 1] & np.uint64(0xFFFFFFFF))
        at = (at + np.uint64(1)) & mask
    return np.int64(0)


@kernel
def grams(hashes, lengths, words, mask, table, stamp, prefix, ends, top, top_repeated, duplicate):
    """Characters of the top 2- to 4-gram, published and mended, and of greedy duplicate 5- to 10-grams.

    Writes `top`, `top_repeated` (3 each) and `duplicate` (6); returns the next free stamp.
    """
    prefix[0], ends[0] = np.uint64(0), 0
    for j in range(words):
        prefix[j + 1] = prefix[j] * ROLL + hashes[j]
        ends[j + 1] = ends[j] + lengths[j]
    lead = np.uint64(1)
    repeats = True
    for width in range(1, 11):
        lead *= ROLL
        if width < 2 or words < width:
            continue
        if width <= 4:
            stamp += np.uint64(1)
            best, most, tied, at = 0, 0, 0, 0
            for j in range(words - width + 1):
                before = seen(prefix[j + width] - prefix[j] * lead, mask, table, stamp)
                if before > 0:
                    size = ends[j + width] - ends[j] + width - 1
                    best = max(best, (before + 1) * size)
                    if before > most:
                        most, tied, at = before, 1, j
                    else:
                        tied += before == most
            top_repeated[width - 2] = best
            if tied > 1:  # of the most frequent, the first: Counter.most_common
                at = 0
                while _count(prefix[at + width] - prefix[at] * lead, mask, table, stamp) != most + 1:
                    at += 1
            top[width - 2] = (most + 1) * (ends[at + width] - ends[at] + width - 1)
            continue
        if not repeats:  # no repeated n-gram, then no longer one
            continue
        stamp += np.uint64(1)
        covered = 0
        j = 0
        while j <= words - width:
            if seen(prefix[j + width] - prefix[j] * lead, mask, table, stamp) > 0:
                covered += ends[j + width] - ends[j]
                j += width
            else:
                j += 1
        duplicate[width - 5] = covered
        repeats = covered > 0
    return stamp + np.uint64(1)


@kernel
def repeated_runs(codes, count, mask, table, stamp):
    """Share of the 13-character runs of codes[:count] that occur more than once."""
    total = count - RUN + 1
    if total <= 0:
        return 0.0
    lead = np.uint64(1)
    for _ in range(RUN - 1):
        lead *= ROLL
    rolling = np.uint64(0)
    singles = 0
    for k in range(count):
        if k >= RUN:
            rolling -= np.uint64(codes[k - RUN] + 1) * lead
        rolling = rolling * ROLL + np.uint64(codes[k] + 1)
        if k >= RUN - 1:
            before = seen(rolling, mask, table, stamp)
            if before == 0:
                singles += 1
            elif before == 1:
                singles -= 1
    return (total - singles) / total
