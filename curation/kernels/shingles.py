"""Tokens, 5-token shingles and MinHash signatures in one pass over UTF-8.

Signatures follow datasketch's affine32 scheme (its permutations, its fmix32), so datasketch can read them; a test
compares them on the same shingle hashes.
"""

import itertools
import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import Bytes, Offsets, allocating, buffers, inlined, longest
from curation.kernels.unicode import ALONE, LIMIT, SEPARATOR, decode, tables

SHINGLE = 5  # tokens; the field's usual size (datatrove, text-dedup, bigcode)
PERMUTATIONS = 128
SEED = 1  # datasketch's default

_FNV = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x9E3779B100000001 | 0x1B3)
_ROLL = np.uint64(0x9FB21C651E98DF25)
_WORD = np.uint64(0xFFFFFFFFFFFFFFFE)


@inlined
def _mix64(h):
    """MurmurHash3's 64-bit finaliser."""
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@inlined
def _mix32(h):
    """MurmurHash3's 32-bit finaliser: datasketch's premix."""
    h ^= h >> np.uint32(16)
    h = np.uint32(h * np.uint32(0x85EBCA6B))
    h ^= h >> np.uint32(13)
    h = np.uint32(h * np.uint32(0xC2B2AE35))
    return h ^ (h >> np.uint32(16))


@allocating
def tokenise(data, start, end, kind, fold, out):
    """Write the hash of every token of data[start:end] to `out`; returns how many.

    The lowest bit of a hash tells whether its token is a character that stands alone (Han, kana, hangul).
    """
    n = 0
    h = _FNV
    inside = False
    at = start
    while at < end:
        byte = data[at]
        if byte < 0x80:
            if kind[byte] != SEPARATOR:
                h = (h ^ np.uint64(fold[byte])) * _PRIME
                inside = True
            elif inside:
                out[n] = h & _WORD
                n += 1
                h = _FNV
                inside = False
            at += 1
            continue
        code, size = decode(data, at, end)
        at += size
        what = kind[code] if code < LIMIT else SEPARATOR
        if what != SEPARATOR and what != ALONE:
            h = (h ^ np.uint64(fold[code])) * _PRIME
            inside = True
            continue
        if inside:
            out[n] = h & _WORD
            n += 1
            h = _FNV
            inside = False
        if what == ALONE:
            out[n] = ((_FNV ^ np.uint64(fold[code])) * _PRIME) | np.uint64(1)
            n += 1
    if inside:
        out[n] = h & _WORD
        n += 1
    return n


@allocating
def shingle(tokens, n, width, out):
    """Write the 64-bit hash of every run of `width` tokens; a shorter document is one shingle."""
    if n == 0:
        return 0
    width = min(width, n)
    lead = np.uint64(1)
    for _ in range(width - 1):
        lead *= _ROLL
    rolling = np.uint64(0)
    for j in range(width):
        rolling = rolling * _ROLL + tokens[j]
    out[0] = _mix64(rolling)
    for j in range(width, n):
        rolling = (rolling - tokens[j - width] * lead) * _ROLL + tokens[j]
        out[j - width + 1] = _mix64(rolling)
    return n - width + 1


@allocating
def sign(shingles, n, a, b, signature):
    """affine32: minimum over shingles of a * fmix32(x) + b modulo 2^32, four shingles a step for SIMD."""
    count = a.shape[0]
    for p in range(count):
        signature[p] = np.uint32(0xFFFFFFFF)
    j = 0
    while j + 4 <= n:
        w = _mix32(np.uint32(shingles[j] >> np.uint64(32)))
        x = _mix32(np.uint32(shingles[j + 1] >> np.uint64(32)))
        y = _mix32(np.uint32(shingles[j + 2] >> np.uint64(32)))
        z = _mix32(np.uint32(shingles[j + 3] >> np.uint64(32)))
        for p in range(count):
            low = min(np.uint32(a[p] * w + b[p]), np.uint32(a[p] * x + b[p]))
            high = min(np.uint32(a[p] * y + b[p]), np.uint32(a[p] * z + b[p]))
            signature[p] = min(signature[p], min(low, high))
        j += 4
    while j < n:
        x = _mix32(np.uint32(shingles[j] >> np.uint64(32)))
        for p in range(count):
            signature[p] = min(signature[p], np.uint32(a[p] * x + b[p]))
        j += 1


@allocating
def _digest(tokens, n, out):
    one, other = _FNV, _ROLL
    for j in range(n):
        one = (one ^ tokens[j]) * _PRIME
        one ^= one >> np.uint64(29)
        other = (other + tokens[j]) * _ROLL
        other ^= other >> np.uint64(32)
    out[0], out[1] = _mix64(one), _mix64(other)


@allocating
def _signatures(data, offsets, kind, fold, width, a, b, tokens, hashes, out, counts, digests):
    for d in range(offsets.shape[0] - 1):
        n = tokenise(data, offsets[d], offsets[d + 1], kind, fold, tokens)
        counts[d] = n
        if digests.shape[0]:
            _digest(tokens, n, digests[d])
        sign(hashes, shingle(tokens, n, width, hashes), a, b, out[d])


@cache
def datasketch_values() -> dict[str, Any]:
    """datasketch's permutations and bands as resources/minhash.json holds them (a test asks datasketch, which takes 1.5 s)."""
    text = resources.files("curation.resources").joinpath("minhash.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@cache
def permutations() -> NDArray[np.uint32]:
    """datasketch's own affine32 permutations (2 x PERMUTATIONS) for its default seed."""
    return np.array(datasketch_values()["permutations"], np.uint32)


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each character is to a shingle: an underscore parts, so that identifiers resemble each other by their words."""
    kind = tables().kind.copy()
    kind[ord("_")] = kind[ord("＿")] = SEPARATOR
    return kind


def signatures(texts: pa.Array) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Signatures (n x PERMUTATIONS) and token counts (n) of documents."""
    values, counts, _ = _signed(texts, 0)
    return values, counts


def signatures_and_digests(texts: pa.Array) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint64]]:
    """Signatures (n x PERMUTATIONS), token counts (n) and 128-bit hashes of the token sequences (n x 2), tokens found once."""
    return _signed(texts, len(texts))


def _signed(texts: pa.Array, digested: int) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint64]]:
    data, offsets = buffers(texts)
    n = len(texts)
    space = longest(offsets) + 8
    out, counts = np.empty((n, PERMUTATIONS), np.uint32), np.zeros(n, np.int32)
    digests = np.zeros((digested, 2), np.uint64)
    a, b = permutations()
    tokens, hashes = np.empty(space, np.uint64), np.empty(space, np.uint64)
    _signatures(data, offsets, _kinds(), tables().fold, SHINGLE, a, b, tokens, hashes, out, counts, digests)
    return out, counts, digests


def shingle_hashes(data: Bytes, offsets: Offsets, index: int) -> NDArray[np.uint64]:
    """All shingle hashes of one document, in order: for exact Jaccard and for tests."""
    unicode = tables()
    space = int(offsets[index + 1] - offsets[index]) + 8
    tokens, hashes = np.empty(space, np.uint64), np.empty(space, np.uint64)
    n = tokenise(data, offsets[index], offsets[index + 1], _kinds(), unicode.fold, tokens)
    return hashes[: shingle(tokens, n, SHINGLE, hashes)].copy()


@allocating
def _sets(data, offsets, kind, fold, width, tokens, hashes, out, ends):
    at = 0
    for d in range(offsets.shape[0] - 1):
        n = shingle(tokens, tokenise(data, offsets[d], offsets[d + 1], kind, fold, tokens), width, hashes)
        ordered = np.sort(hashes[:n])
        for j in range(n):
            if j == 0 or ordered[j] != ordered[j - 1]:
                out[at] = ordered[j]
                at += 1
        ends[d + 1] = at


def shingle_sets(texts: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Sorted distinct shingle hashes of every document, one after another, and the n + 1 ends between them."""
    data, offsets = buffers(texts)
    space = longest(offsets) + 8
    unicode = tables()
    tokens, hashes = np.empty(space, np.uint64), np.empty(space, np.uint64)
    out, ends = np.empty(int(offsets[-1] - offsets[0]) + len(texts) + 8, np.uint64), np.zeros(len(texts) + 1, np.int64)
    _sets(data, offsets, _kinds(), unicode.fold, SHINGLE, tokens, hashes, out, ends)
    return out[: ends[-1]].copy(), ends


def token_hashes(texts: pa.Array) -> list[NDArray[np.uint64]]:
    """The hashes of the tokens of each document, in order."""
    data, offsets = buffers(texts)
    out, fold, kind = np.empty(longest(offsets) + 8, np.uint64), tables().fold, _kinds()
    return [out[: tokenise(data, one, other, kind, fold, out)].copy() for one, other in itertools.pairwise(offsets)]


def token_spans(text: str) -> list[tuple[int, int]]:
    """Byte offsets (start, end) of every token of a text: for the few documents whose passages are shown or cut."""
    kind = _kinds()
    spans: list[tuple[int, int]] = []
    at, start = 0, -1
    for character in text:
        code = ord(character)
        what = kind[code] if code < LIMIT else SEPARATOR
        if what in (SEPARATOR, ALONE) and start >= 0:
            spans.append((start, at))
            start = -1
        size = len(character.encode())
        if what == ALONE:
            spans.append((at, at + size))
        elif what != SEPARATOR and start < 0:
            start = at
        at += size
    if start >= 0:
        spans.append((start, at))
    return spans
