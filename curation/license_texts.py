"""Which license a text is: 809 SPDX licenses and exceptions, by Dice over word bigrams (Dice 1945; Sørensen 1948).

Where several are near, what tells two apart decides: the bigrams that one has and the other has not. What cannot be told
apart so, and what is no license known here, is null. -only and -or-later share their text; which is meant stands elsewhere.
"""

import itertools
import json
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

DICE_AT_LEAST = 0.90
SLACK = 3  # bigrams of a short text that may be missing besides: one changed word takes two
RIVAL = 0.08  # a text whose Dice is this much lower is no rival
PASSAGE, ABSENT = 8, 0.3  # a rival's own passage of so many bigrams, of which so few stand in the text: it is not the rival
APART = 0.25  # of the bigrams that tell two texts apart: by so much more the winner's must stand in the text
LONGEST = 200_000  # characters; the longest license has 50,000

_COPYRIGHT_LINE = re.compile(
    r"^\W*(?:copyright\s*(?:\(c\)|©|<|\[|\d|year|yyyy|by )|©|\(c\)\s*\d|all rights reserved\W*$)", re.IGNORECASE
)


class _Index(NamedTuple):
    """Postings of bigrams: sorted keys, and the text and the count of each."""

    ids: list[str]
    sizes: NDArray[np.int64]
    vocabulary: dict[str, int]
    keys: NDArray[np.int64]
    texts: NDArray[np.int64]
    counts: NDArray[np.int64]
    own: list[dict[int, int]]


@cache
def texts() -> dict[str, str]:
    """SPDX id -> text of a license or exception."""
    packed = resources.files("curation.resources").joinpath("license_texts.json.zst").read_bytes()
    return json.loads(zstandard.ZstdDecompressor().decompress(packed))  # type: ignore[no-any-return]


def match(text: str) -> str | None:
    """SPDX id of the text that `text` equals or nearly equals, else null. 2 ms a text, 0.3 s for the first."""
    if len(text) > LONGEST:
        return None
    index = _index()
    keys, counts = _bigrams(_words(text), index.vocabulary)
    size = int(counts.sum())
    shared = _shared(index, keys[keys >= 0], counts[keys >= 0])
    dice = 2 * shared / np.maximum(size + index.sizes, 1)
    near = np.flatnonzero((2 * shared + SLACK) / np.maximum(size + index.sizes, 1) >= DICE_AT_LEAST)
    near = near[2 * shared[near] >= np.minimum(size, index.sizes[near])]
    near = near[np.argsort(-dice[near], kind="stable")]
    if not size or not len(near):
        return None
    best = int(near[0])
    held = dict(zip(keys.tolist(), counts.tolist(), strict=True))
    for rival in near[1:].tolist():
        if dice[best] - dice[rival] > RIVAL:
            break
        if same_text(index.ids[best], index.ids[rival]):
            continue
        if not _told_apart(held, index.own[best], index.own[rival]):
            return None
    return _plain(index.ids[best])


def added(text: str, spdx: str) -> list[list[str]]:
    """Runs of three words and more that stand in a text and, as neighbours, nowhere in the license: what somebody added."""
    index = _index()
    words = _words(text)
    own = index.own[index.ids.index(spdx)]
    numbers = [index.vocabulary.get(word, -1) for word in words]
    known = [a >= 0 and b >= 0 and ((a << 32) | b) in own for a, b in itertools.pairwise(numbers)]
    runs: list[list[str]] = []
    run: list[str] = []
    for place, word in enumerate(words):
        if (place == 0 or not known[place - 1]) and (place == len(known) or not known[place]):
            run.append(word)
        else:
            runs += [run] if len(run) >= 3 else []
            run = []
    return [*runs, run] if len(run) >= 3 else runs


def same_text(one: str, other: str) -> bool:
    """Whether two ids name one text."""
    return _stem(one) == _stem(other)


def _stem(spdx: str) -> str:
    return re.sub(r"(-only|-or-later|\+)$", "", spdx)


def _plain(spdx: str) -> str:
    """The id that is not deprecated: GPL-2.0 and GPL-2.0+ are GPL-2.0-only, which says least."""
    known = texts()
    return f"{_stem(spdx)}-only" if f"{_stem(spdx)}-only" in known else spdx


def _told_apart(held: dict[int, int], one: dict[int, int], other: dict[int, int]) -> bool:
    """Whether the text is `one` and not `other`: it has more of what only `one` has, or lacks a passage that `other` has."""
    (mine, of_mine), (theirs, of_theirs) = _share(held, one, other), _share(held, other, one)
    if not of_mine and not of_theirs:
        return True  # the same words
    if not of_mine:
        return theirs < 0.5
    if not of_theirs:
        return mine >= 0.5
    return mine - theirs >= APART or (of_theirs >= PASSAGE and theirs <= ABSENT)


def _share(held: dict[int, int], one: dict[int, int], other: dict[int, int]) -> tuple[float, int]:
    """Of the bigrams that `one` has more of than `other`: the share that the text has too, and how many there are."""
    wanted = found = 0
    for key, count in one.items():
        base = other.get(key, 0)
        if count > base:
            wanted += count - base
            found += min(max(held.get(key, 0) - base, 0), count - base)
    return (found / wanted if wanted else 0.0), wanted


@cache
def _index() -> _Index:
    vocabulary: dict[str, int] = {}
    ids = sorted(texts())
    found = []
    for spdx in ids:
        words = _words(texts()[spdx])
        for word in words:
            vocabulary.setdefault(word, len(vocabulary))
        found.append(_bigrams(words, vocabulary))
    keys = np.concatenate([one for one, _ in found])
    order = np.argsort(keys, kind="stable")
    numbers = np.repeat(np.arange(len(ids)), [len(one) for one, _ in found])
    counts = np.concatenate([count for _, count in found])
    sizes = np.array([int(count.sum()) for _, count in found])
    own = [dict(zip(one.tolist(), count.tolist(), strict=True)) for one, count in found]
    return _Index(ids, sizes, vocabulary, keys[order], numbers[order], counts[order], own)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # a notice names its holder; a text that stands on one long line is no notice
    lines = [line for line in folded.splitlines() if len(line) > 200 or not _COPYRIGHT_LINE.match(line)]
    return re.findall(r"[^\W_]+", "\n".join(lines))


def _bigrams(words: list[str], vocabulary: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct pairs of neighbours and how often each stands there; -1 for those with a word no license has."""
    numbers = np.array([vocabulary.get(word, -1) for word in words], np.int64)
    if len(numbers) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first, second = numbers[:-1], numbers[1:]
    keys, counts = np.unique(np.where((first < 0) | (second < 0), -1, (first << 32) | second), return_counts=True)
    return keys, counts.astype(np.int64)


def _shared(index: _Index, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bigrams in common with each text."""
    first, last = (np.searchsorted(index.keys, keys, side=side) for side in ("left", "right"))
    many = last - first
    at = np.repeat(first - np.r_[0, np.cumsum(many)[:-1]][: len(many)], many) + np.arange(int(many.sum()))
    common = np.minimum(index.counts[at], np.repeat(counts, many))
    return np.bincount(index.texts[at], weights=common, minlength=len(index.ids)).astype(np.float64)
