"""The files of fastText: .bin and .ftz models of supervised training, read into arrays.

Formats of fastText 0.9.3 (fasttext.cc, dictionary.cc, quantmatrix.cc, loss.cc); Joulin et al. 2016b for quantised ones.
"""

import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.errors import DataError

_MAGIC, _VERSION = 793712314, 12
_HIERARCHICAL, _SOFTMAX = 1, 3  # loss_name in args.h; these two are read


class Arrays(NamedTuple):
    """What the kernel reads of a model."""

    rows: NDArray[np.float32]  # input vectors: words, then the n-gram buckets that were not pruned, in their order
    output: NDArray[np.float32]  # one vector a label, or an inner node of the Huffman tree
    left: NDArray[np.int32]  # the tree (2 * labels - 1), empty for softmax
    right: NDArray[np.int32]
    buckets: NDArray[np.uint64]  # of 32 buckets: the row of the first that is there, and a bit for each that is
    word_hash: NDArray[np.uint32]  # open-addressing table of the vocabulary
    word_row: NDArray[np.int32]
    settings: NDArray[np.int64]  # minn, maxn, word n-grams, row of </s> (-1: none), buckets


class Model(NamedTuple):
    """A parsed model."""

    labels: list[str]
    arrays: Arrays


def read(path: Path) -> Model:
    """Read a .bin or .ftz file of a supervised model. Raises DataError for another kind of file."""
    return _Reader(path).model()


class _Reader:
    """The file format, part by part (fasttext.cc, dictionary.cc, quantmatrix.cc of fastText 0.9.3)."""

    def __init__(self, path: Path) -> None:
        self._path, self._bytes, self._at = path, path.read_bytes(), 0

    def _take(self, form: str) -> Any:
        values = struct.unpack_from("<" + form, self._bytes, self._at)
        self._at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    def _array(self, kind: Any, count: int) -> NDArray[Any]:
        found = np.frombuffer(self._bytes, kind, count, self._at)
        self._at += found.nbytes
        return found

    def model(self) -> Model:
        if len(self._bytes) < 8 or self._take("ii") != (_MAGIC, _VERSION):
            raise DataError(f"{self._path}: not a fastText model of version {_VERSION}")
        _dim, _ws, _epoch, _min_count, _neg, word_ngrams, loss, _kind, buckets, minn, maxn, _rate = self._take("12i")
        self._take("d")
        if loss not in (_HIERARCHICAL, _SOFTMAX):
            raise DataError(f"{self._path}: loss {loss} is not read; allowed: softmax ({_SOFTMAX}), hs ({_HIERARCHICAL})")
        words, labels, counts, pruned = self._dictionary()
        rows = self._input()
        self._take("?")
        output = self._dense()
        there = np.zeros(-(-max(buckets, 1) // 32) * 32, np.uint8)
        if pruned is not None:
            order = np.argsort(pruned[:, 0])
            there[pruned[:, 0]] = 1
            rows = np.concatenate([rows[: len(words)], rows[len(words) + pruned[order, 1]]])
        elif len(rows) > len(words):
            there[:buckets] = 1
        left, right = _tree(counts) if loss == _HIERARCHICAL else (np.zeros(0, np.int32), np.zeros(0, np.int32))
        word_hash, word_row = _table(words)
        eos = words.index(b"</s>") if b"</s>" in words else -1
        settings = np.array([minn, maxn, word_ngrams, eos, max(buckets, 1)], np.int64)
        return Model(labels, Arrays(rows, output, left, right, _packed(there, len(words)), word_hash, word_row, settings))

    def _dictionary(self) -> tuple[list[bytes], list[str], list[int], NDArray[np.int32] | None]:
        size, _, _ = self._take("iii")
        _, pruned = self._take("qq")
        words, labels, counts = [], [], []
        for _ in range(size):
            end = self._bytes.index(b"\0", self._at)
            entry, self._at = self._bytes[self._at : end], end + 1
            count, kind = self._take("qb")
            if kind == 0:
                words.append(entry)
            else:
                labels.append(entry.decode().removeprefix("__label__"))
                counts.append(count)
        if pruned < 0:
            return words, labels, counts, None
        return words, labels, counts, self._array(np.int32, 2 * pruned).reshape(-1, 2)

    def _input(self) -> NDArray[np.float32]:
        if not self._take("?"):
            return self._dense()
        has_norm = self._take("?")
        rows, columns = self._take("qq")
        codes = self._array(np.uint8, self._take("i")).reshape(rows, -1)
        part, centroids = self._quantizer()
        out = np.zeros((rows, columns), np.float32)
        for k in range(codes.shape[1]):
            width = min(part, columns - k * part)
            out[:, k * part : k * part + width] = centroids[k * 256 * part :][: 256 * width].reshape(256, width)[codes[:, k]]
        if has_norm:
            norms = self._array(np.uint8, rows)
            out *= self._quantizer()[1][:256][norms][:, None]
        return out

    def _quantizer(self) -> tuple[int, NDArray[np.float32]]:
        columns, _, part, _ = self._take("4i")
        return part, self._array(np.float32, columns * 256)

    def _dense(self) -> NDArray[np.float32]:
        rows, columns = self._take("qq")
        return self._array(np.float32, rows * columns).reshape(rows, columns).copy()


def _tree(counts: list[int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The Huffman tree over label counts, as loss.cc builds it (labels are sorted by count)."""
    n = len(counts)
    weight = [*counts, *[10**15] * (n - 1)]
    left, right = np.full(2 * n - 1, -1, np.int32), np.full(2 * n - 1, -1, np.int32)
    leaf, node = n - 1, n
    for parent in range(n, 2 * n - 1):
        children = []
        for _ in range(2):
            if leaf >= 0 and weight[leaf] < weight[node]:
                children.append(leaf)
                leaf -= 1
            else:
                children.append(node)
                node += 1
        left[parent], right[parent] = children
        weight[parent] = weight[children[0]] + weight[children[1]]
    return left, right


def _packed(there: NDArray[np.uint8], first_row: int) -> NDArray[np.uint64]:
    """Row and bits of each 32 buckets: half a megabyte for two million, where a row for each would be eight."""
    bits = np.packbits(there, bitorder="little").view(np.uint32)
    counts = there.reshape(-1, 32).sum(axis=1, dtype=np.uint64)
    return ((np.cumsum(counts) - counts + np.uint64(first_row)) << np.uint64(32)) | bits


def _table(words: list[bytes]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    capacity = 4
    while capacity < 4 * len(words) + 4:
        capacity *= 2
    hashes, rows = np.zeros(capacity, np.uint32), np.full(capacity, -1, np.int32)
    for row, word in enumerate(words):
        h = 2166136261
        for byte in word:
            h = ((h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
        at = h & (capacity - 1)
        while rows[at] >= 0:
            if hashes[at] == h:  # two words of one 32-bit hash: the first wins here; the library compares the words
                break
            at = (at + 1) & (capacity - 1)
        if rows[at] < 0:
            hashes[at], rows[at] = h, row
    return hashes, rows
