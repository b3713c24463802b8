"""Inference of supervised fastText models over UTF-8 buffers: the library's labels and scores, several times as fast.

Joulin et al. 2016 (fastText), Joulin et al. 2016b (quantised models, .ftz). The matrix is de-quantised once; each
worker remembers the sums of the words it met. A document's result does not depend on its neighbours: a remembered
sum is the sum of that word alone.
"""

import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import Bytes, Offsets, buffers, inlined, kernel, longest
from curation.kernels.fasttext_file import Model, read
from curation.kernels.vectors import add_row, add_rows, bits_set

_REMEMBERED = 1 << 15  # words whose sums a call keeps: 2 MB at dim 16, which stays in the cache
_WAITING = 4096  # rows found before they are added: finding and adding each run without waiting for the other
_SHORT = 40  # bytes; a longer word is summed anew each time
_TINY = 1e-5  # the library's guard in its logarithm, which its scores carry


@inlined
def _separates(byte):
    """fastText's own white space: six control characters and the space, never NBSP or the ideographic space."""
    return byte == 32 or (9 <= byte <= 13) or byte == 0


@inlined
def _fnv(h, byte):
    """fastText's FNV-1a, which takes each byte as a signed char."""
    return np.uint32((h ^ np.uint32(np.int32(np.int8(byte)))) * np.uint32(16777619))


@inlined
def _row_of(h, word_hash, word_row):
    mask = np.uint32(word_hash.shape[0] - 1)
    at = h & mask
    while word_row[at] >= 0:
        if word_hash[at] == h:
            return word_row[at]
        at = (at + np.uint32(1)) & mask
    return np.int32(-1)


@inlined
def _bucket(h, buckets):
    """The row of an n-gram's bucket, and 1 where the model has it (else 0, and the row is of another)."""
    packed = buckets[h >> np.uint32(5)]
    at = np.uint64(h & np.uint32(31))
    before = packed & ((np.uint64(1) << at) - np.uint64(1))
    return np.int64((packed >> np.uint64(32)) + bits_set(before)), np.int64((packed >> at) & np.uint64(1))


@inlined
def _add_subwords(word, size, settings, rows, buckets, wanted, total):
    """Add the vectors of the character n-grams of `<word>`; returns how many there were."""
    minn, maxn = settings[0], settings[1]
    count = settings[4]
    # h // count is int(h * share) exactly for every h of 32 bits: the excess is under 1 / count. A division costs three times that
    share = (1.0 + 2.0**-40) / count
    added, waiting = 0, 0
    for first in range(size):
        if (word[first] & 0xC0) == 0x80:
            continue
        if waiting + maxn > wanted.shape[0]:
            add_rows(rows, wanted, waiting, total)
            added += waiting
            waiting = 0
        h = np.uint32(2166136261)
        at = first
        for characters in range(1, maxn + 1):
            if at >= size:
                break
            h = _fnv(h, word[at])
            if word[at] & 0xF0 == 0xE0:  # three bytes, as all common CJK
                h = _fnv(_fnv(h, word[at + 1]), word[at + 2])
                at += 3
            else:
                at += 1
                while at < size and (word[at] & 0xC0) == 0x80:
                    h = _fnv(h, word[at])
                    at += 1
            if characters >= minn and not (characters == 1 and (first == 0 or at == size)):
                wanted[waiting], there = _bucket(np.uint32(np.int64(h) - np.int64(h * share) * count), buckets)
                waiting += there
    add_rows(rows, wanted, waiting, total)
    return added + waiting


@kernel
def _add_word_ngrams(hashes, words, settings, rows, buckets, total):
    """Add the vectors of the word n-grams; returns how many there were."""
    longest_gram = settings[2]
    count = np.uint64(settings[4])
    added = 0
    for first in range(words):
        h = np.uint64(np.int64(np.int32(hashes[first])))
        for at in range(first + 1, min(words, first + longest_gram)):
            h = h * np.uint64(116049371) + np.uint64(np.int64(np.int32(hashes[at])))
            row, there = _bucket(np.uint32(h % count), buckets)
            if there:
                add_row(rows, row, total)
                added += 1
    return added


@kernel
def _is(data, start, end, text):
    if end - start < text.shape[0]:
        return False
    for k in range(text.shape[0]):
        if data[start + k] != text[k]:
            return False
    return True


@kernel
def _add_words(data, start, end, model, eos, label, memory, word, hashes, words, one, wanted, total):
    """Add the input vectors of data[start:end] to `total`; returns their number, the words so far and whether </s> came."""
    rows, word_hash, word_row = model.rows, model.word_hash, model.word_row
    keys, sizes, sums = memory
    subwords = model.settings[1] > 0
    ngrams = model.settings[2] > 1
    count = 0
    at = start
    while True:
        while at < end and _separates(data[at]):
            at += 1
        first = at
        h = np.uint32(2166136261)
        key = np.uint64(0xCBF29CE484222325)
        while at < end and not _separates(data[at]):
            h = _fnv(h, data[at])
            key = (key ^ np.uint64(data[at])) * np.uint64(0x9E3779B97F4A7C15)
            at += 1
        if first == at:
            return count, words, False
        if data[first] == 60 and at - first == eos.shape[0] and _is(data, first, at, eos):
            return count, words, True
        if data[first] == 95 and _is(data, first, at, label):
            continue
        size = at - first
        slot = np.int64(key >> np.uint64(49))
        if ngrams:
            hashes[words] = h
            words += 1
        if not subwords:
            row = _row_of(h, word_hash, word_row)
            if row >= 0:
                add_row(rows, row, total)
                count += 1
            continue
        if size <= _SHORT and keys[slot] == key:
            add_row(sums, slot, total)
            count += sizes[slot]
            continue
        for k in range(one.shape[0]):
            one[k] = np.float32(0)
        added = 0
        row = _row_of(h, word_hash, word_row)
        if row >= 0:
            add_row(rows, row, one)
            added += 1
        word[0] = 60
        for k in range(size):
            word[k + 1] = data[first + k]
        word[size + 1] = 62
        added += _add_subwords(word, size + 2, model.settings, rows, model.buckets, wanted, one)
        for k in range(one.shape[0]):
            total[k] += one[k]
        count += added
        if size <= _SHORT:
            keys[slot], sizes[slot] = key, added
            for k in range(one.shape[0]):
                sums[slot, k] = one[k]


@kernel
def _finish(model, eos, count, words, hashes, total, hidden):
    """Add the end of the line and the word n-grams to `total`; their mean in `hidden`. Returns the number of vectors."""
    for k in range(total.shape[0]):
        hidden[k] = total[k]
    if model.settings[3] >= 0:
        add_row(model.rows, model.settings[3], hidden)
        count += 1
    if model.settings[2] > 1:
        h = np.uint32(2166136261)
        for byte in eos:
            h = _fnv(h, byte)
        hashes[words] = h
        count += _add_word_ngrams(hashes, words + 1, model.settings, model.rows, model.buckets, hidden)
    if count:
        for k in range(hidden.shape[0]):
            hidden[k] /= np.float32(count)
    return count


@kernel
def _dot(one, other):
    total = np.float32(0)
    for k in range(one.shape[0]):
        total += one[k] * other[k]
    return total


@kernel
def _probabilities(model, hidden, labels, out):
    """The probability of every label, by the Huffman tree or by softmax."""
    if model.left.shape[0]:
        root = 2 * labels - 2
        out[root] = np.float32(1)
        for node in range(root, labels - 1, -1):
            right = np.float32(1) / (np.float32(1) + np.exp(-_dot(model.output[node - labels], hidden)))
            out[model.left[node]] = out[node] * (np.float32(1) - right)
            out[model.right[node]] = out[node] * right
        return
    highest = np.float32(-np.inf)
    for k in range(labels):
        out[k] = _dot(model.output[k], hidden)
        highest = max(highest, out[k])
    whole = np.float32(0)
    for k in range(labels):
        out[k] = np.exp(out[k] - highest)
        whole += out[k]
    for k in range(labels):
        out[k] /= whole


@kernel
def _part(data, start, end, size):
    """Where a part of at least `size` bytes ends: at white space, so that no word is cut."""
    at = start + size
    if at >= end:
        return end
    while at < end and not _separates(data[at]):
        at += 1
    return at


@kernel
def _predict(data, offsets, model, eos, label, memory, word, hashes, work, part, votes, best, scores, parts, shares):
    """The best labels of every document and, where `part` is not 0, the labels of its parts by their share of bytes."""
    one, total, hidden, partial, probabilities, wanted = work
    labels = model.output.shape[0]
    for d in range(offsets.shape[0] - 1):
        for k in range(total.shape[0]):
            total[k] = np.float32(0)
        for k in range(labels):
            votes[k] = 0
        count, words = 0, 0
        start, end = offsets[d], offsets[d + 1]
        ended = False
        while start < end and not ended:
            stop = _part(data, start, end, part) if part else end
            if part and stop < end and end - stop < part:
                stop = end
            for k in range(partial.shape[0]):
                partial[k] = np.float32(0)
            added, words, ended = _add_words(
                data, start, stop, model, eos, label, memory, word, hashes, words, one, wanted, partial
            )
            for k in range(total.shape[0]):
                total[k] += partial[k]
            count += added
            if part and added and (start > offsets[d] or stop < end):
                for k in range(hidden.shape[0]):
                    hidden[k] = partial[k] / np.float32(added)
                _probabilities(model, hidden, labels, probabilities)
                found = _highest(probabilities, labels)
                if probabilities[found] >= np.float32(0.5):
                    votes[found] += stop - start
            start = stop
        if _finish(model, eos, count, words, hashes, total, hidden) == 0:
            continue
        _probabilities(model, hidden, labels, probabilities)
        for place in range(best.shape[1]):
            found = _highest(probabilities, labels)
            best[d, place] = found
            scores[d, place] = min(probabilities[found] + np.float32(_TINY), np.float32(1))
            probabilities[found] = np.float32(-1)
        for place in range(parts.shape[1]):
            found = _highest(votes, labels)
            if votes[found] <= 0:
                break
            parts[d, place], shares[d, place] = found, votes[found] / max(1, offsets[d + 1] - offsets[d])
            votes[found] = 0


@kernel
def _highest(values, count):
    found = 0
    for k in range(count):
        if values[k] > values[found]:
            found = k
    return found


class Prediction(NamedTuple):
    """Indices into a model's labels (-1: none) and their scores, best first."""

    best: NDArray[np.int32]  # n x k
    scores: NDArray[np.float32]
    parts: NDArray[np.int32]  # n x k: labels of the document's parts that score 0.5 or more
    shares: NDArray[np.float32]  # and their share of its bytes


def predict(model: Model, texts: pa.Array, k: int = 1) -> Prediction:
    """The k best labels of each text. A line end counts as white space: a whole document is one line, as the library needs it."""
    return predict_buffers(model, *buffers(texts), k)


def predict_buffers(model: Model, data: Bytes, offsets: Offsets, k: int = 1, part: int = 0) -> Prediction:
    """`predict` over bytes and their n + 1 offsets; with `part` (bytes), the labels of parts of about that size too."""
    n, labels, dim = len(offsets) - 1, len(model.labels), model.arrays.rows.shape[1]
    k = min(k, labels)
    out = Prediction(
        np.full((n, k), -1, np.int32), np.zeros((n, k), np.float32), np.full((n, k), -1, np.int32), np.zeros((n, k), np.float32)
    )
    if n == 0:
        return out
    memory = _memory(model, dim)
    eos, label = np.frombuffer(b"</s>", np.uint8), np.frombuffer(b"__label__", np.uint8)
    space = longest(offsets) + 8
    words = space if model.arrays.settings[2] > 1 else 1
    work = (*(np.empty(dim, np.float32) for _ in range(4)), np.empty(2 * labels, np.float32), np.empty(_WAITING, np.int32))
    _predict(
        data, offsets, model.arrays, eos, label, memory, np.empty(space, np.uint8), np.empty(words, np.uint32), work,
        part, np.zeros(labels, np.int64), *out,
    )  # fmt: skip
    return out


_mine = threading.local()  # a thread's sums of words, model by model: what is remembered changes no result


def _memory(model: Model, dim: int) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float32]]:
    known: dict[int, Any] = _mine.__dict__.setdefault("known", {})
    found = known.get(id(model.labels))
    if found is None or found[0] is not model.labels:
        kept = _REMEMBERED if model.arrays.settings[1] > 0 else 1
        sums = (np.zeros(kept, np.uint64), np.zeros(kept, np.int64), np.zeros((kept, dim), np.float32))
        found = known[id(model.labels)] = (model.labels, sums)
    return found[1]  # type: ignore[no-any-return]


@cache
def load(path: Path) -> Model:
    """Read a .bin or .ftz file of a supervised model. Raises DataError for another kind of file."""
    return read(path)
