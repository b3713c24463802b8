"""Verified pairs of near-duplicates among any number of documents, in rounds of tasks that exchange files.

    keys       a task a block: band keys of its signatures, by prefix of the key
    meet       a task a prefix: documents that share a key are candidates, by block of the smaller number
    send       a task a block: its signatures (or shingle sets) to the blocks of the candidates' other halves
    receive    a task a block: both halves compared

A document's number is its place among all blocks. No round holds more than a block or a prefix in memory; what one
process holds of all documents are the verified pairs. Rounds run through one primitive, map(function, tasks), and hand
each other parcels, so they run on any engine that reaches the workspace's data.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation import engines, parcels
from curation.dedup import edges
from curation.dedup.edges import Pairs, Similarities
from curation.engines import Result, Task
from curation.kernels import bands as kernel
from curation.kernels.shingles import PERMUTATIONS, shingle_sets
from curation.store import Workspace

BLOCK_ROWS = 1 << 16  # 32 MB of signatures a task
PREFIX_ROWS = 1 << 22  # keys a prefix: 64 MB a task
KEYS = pa.schema([pa.field("key", pa.uint64()), pa.field("content", pa.uint32()), pa.field("row", pa.uint32())])
PAIRS = pa.schema([pa.field("a", pa.int64()), pa.field("b", pa.int64())])


def block_size(documents: int) -> int:
    """Rows of a block among so many documents: above ten million blocks grow with the root, for parcels grow with their square."""
    return int(BLOCK_ROWS * max(1.0, (documents / 10**7) ** 0.5))


def prefixes_for(keys: int) -> int:
    """How many prefixes so many keys are parted by: a power of two."""
    return 1 << max(0, (keys - 1) // PREFIX_ROWS).bit_length()


def prefix_of(keys: NDArray[np.uint64], prefixes: int) -> NDArray[np.int64]:
    """The prefix of each key: its highest bits."""
    bits = np.uint64(prefixes.bit_length() - 1)
    # numpy shifts a 64-bit number by 64 bits not at all
    return (keys >> (np.uint64(64) - bits)).astype(np.int64) if bits else np.zeros(len(keys), np.int64)


class Signed(NamedTuple):
    """What a block's documents are compared by; rows of a null signature or a null content resemble nothing."""

    signatures: NDArray[np.uint32]  # n x PERMUTATIONS
    signed: NDArray[np.bool_]
    contents: NDArray[np.uint64]  # n x 2: a hash of the normalised content
    filled: NDArray[np.bool_]
    addresses: NDArray[np.uint64] | None = None  # n x 2: a hash of the page's address; zeros where there is none


def signed(signatures: pa.ChunkedArray, digests: pa.ChunkedArray, addresses: pa.ChunkedArray | None = None) -> Signed:
    """From columns as they are stored: minhash.signature, content.hash and, where addresses count, url.key."""
    values = signatures.combine_chunks()
    valid = values.is_valid().to_numpy(zero_copy_only=False)
    flat = np.full((len(values), PERMUTATIONS), 0xFFFFFFFF, np.uint32)
    flat[valid] = values.drop_null().flatten().to_numpy().reshape(-1, PERMUTATIONS)
    contents, filled = _numbers(digests.combine_chunks())
    return Signed(flat, valid, contents, filled, None if addresses is None else _numbers(addresses.combine_chunks())[0])


def _numbers(digests: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Hashes of 32 hex digits as two 64-bit numbers each (n x 2; zeros for a null), and which are not null."""
    valid = digests.is_valid().to_numpy(zero_copy_only=False)
    text = np.frombuffer("".join(digests.drop_null().to_pylist()).encode(), np.uint8).reshape(-1, 32)
    half = np.where(text >= ord("a"), text - ord("a") + 10, text - ord("0")).astype(np.uint8)
    out = np.zeros((len(digests), 2), np.uint64)
    out[valid] = np.ascontiguousarray(half[:, ::2] << 4 | half[:, 1::2]).view(">u8")
    return out, valid


class Block(Protocol):
    """Documents that one task holds: a small picklable value that knows where they lie."""

    @property
    def rows(self) -> int: ...

    @property
    def has_texts(self) -> bool: ...

    def signed(self) -> Signed: ...

    def texts(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], pa.Array]]:
        """The texts of some rows (sorted), in pieces of bounded size."""
        ...


@dataclass(frozen=True)
class Search:
    """One search, as each of its tasks knows it."""

    workspace: Workspace
    folder: str  # where its parcels lie
    starts: tuple[int, ...]  # the first number of each block, and the number after the last
    prefixes: int  # a power of two
    threshold: float
    near: bool
    old: int | None = None  # documents from this number on are known before: pairs among them are not looked for

    def block_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(np.array(self.starts), numbers, side="right") - 1


class Searched(NamedTuple):
    """Pairs of numbers: of one content and of one address, each with the first of its kind; and verified near-duplicates."""

    equal: Pairs
    near: "Found"
    address: Pairs


class Found(NamedTuple):
    """Pairs of numbers (smaller first, sorted, each once) and their similarities."""

    pairs: Pairs
    similarity: Similarities


@dataclass(frozen=True)
class Pairing:
    """Blocks of documents to be compared, known before or not."""

    workspace: Workspace
    name: str
    blocks: Sequence[Block]
    threshold: float
    workers: int = 1
    near: bool = True
    estimate_only: bool = False
    old_blocks: int = 0  # the last so many blocks are known before

    def search(self) -> Search:
        starts = tuple(itertools.accumulate((block.rows for block in self.blocks), initial=0))
        keys = (edges.bands(self.threshold)[0] if self.near else 0) + 1
        prefixes = prefixes_for(starts[-1] * keys)
        old = starts[len(self.blocks) - self.old_blocks] if self.old_blocks else None
        folder = self.workspace.exchange(self.name)
        return Search(self.workspace, folder, starts, prefixes, self.threshold, self.near, old)

    def find(self) -> Searched:
        """Every pair of equal content, of one address, and of near-duplicates."""
        search = self.search()
        self.workspace.remove(search.folder)
        try:
            numbers = range(len(self.blocks))
            keyed = list(self._map(partial(_keys, search), [(n, self.blocks[n]) for n in numbers]))
            equal, address = zip(*self._map(partial(_meet, search, keyed), range(search.prefixes)), strict=True)
            met = [_candidates_file(search, prefix) for prefix in range(search.prefixes)]
            near = self._measured(search, met) if self.near else Found(*edges.NONE)
            return Searched(kernel.distinct(np.concatenate(equal)), near, kernel.distinct(np.concatenate(address)))
        finally:
            self.workspace.remove(search.folder)

    def compare(self, pairs: Pairs) -> Similarities:
        """Similarities of given pairs (smaller number first), in their order; NaN below the threshold's margin."""
        search = self.search()
        self.workspace.remove(search.folder)
        try:
            found = self._measured(search, [self._routed(search, kernel.distinct(pairs), "asked")])
        finally:
            self.workspace.remove(search.folder)
        out = np.full(len(pairs), np.nan)
        if len(found.pairs):
            codes, wanted = (p[:, 0] * search.starts[-1] + p[:, 1] for p in (found.pairs, pairs))
            at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
            hit = codes[at] == wanted
            out[hit] = found.similarity[at[hit]]
        return out

    def _map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        return engines.map_tasks(function, list(tasks), self.workers)

    def _measured(self, search: Search, met: list[str]) -> Found:
        """Candidates that reach the threshold: by signature, and by shingle sets where that is not clear."""
        margin = 0.0 if self.estimate_only else edges.margin(self.threshold)
        found = self._round(search, "signature", met, self.threshold - margin)
        unclear = np.abs(found.similarity - self.threshold) <= margin
        if self.estimate_only or not unclear.any():
            return found
        texts = np.array([block.has_texts for block in self.blocks])
        unclear &= texts[search.block_of(found.pairs)].all(axis=1)
        asked = [self._routed(search, found.pairs[unclear], "unclear")]
        exact = self._round(search, "shingles", asked, self.threshold)
        clear = ~unclear & (found.similarity >= self.threshold)
        return _joined([Found(found.pairs[clear], found.similarity[clear]), exact])

    def _round(self, search: Search, what: str, asked: list[str], least: float) -> Found:
        tasks = [(n, block) for n, block in enumerate(self.blocks)]
        sent = list(self._map(partial(_send, search, what, asked, least), tasks))
        mail: dict[int, list[str]] = {}
        for one in sent:
            for receiver, key in one.mail:
                mail.setdefault(receiver, []).append(key)
        waiting = [(n, block, mail[n]) for n, block in tasks if n in mail]
        received = list(self._map(partial(_receive, search, what, least), waiting))
        return _joined([*(one.found for one in sent), *received])

    def _routed(self, search: Search, pairs: Pairs, name: str) -> str:
        key = f"{search.folder}/{name}"
        rows = pa.record_batch([pairs[:, 0], pairs[:, 1]], schema=PAIRS)
        parcels.write(self.workspace, key, rows, search.block_of(pairs[:, 0]), len(self.blocks))
        return key


def _joined(parts: list[Found]) -> Found:
    pairs, similarity = np.concatenate([p.pairs for p in parts]), np.concatenate([p.similarity for p in parts])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Found(pairs[order], similarity[order])


def _candidates_file(search: Search, prefix: int) -> str:
    return f"{search.folder}/met-{prefix:05d}"


def _keys(search: Search, task: tuple[int, Block]) -> str:
    """Every band key of a block, its content keys and its addresses: for receivers 0 to prefixes - 1, as many again, and again."""
    number, block = task
    signed = block.signed()
    short = (signed.contents[:, 1] >> np.uint64(32)).astype(np.uint32)
    short = np.where(signed.filled, short, edges.whole(signed.signatures))
    groups = []  # key, content, row, first receiver
    if search.near:
        own = np.flatnonzero(signed.signed).astype(np.uint32)
        count, width = edges.bands(search.threshold)
        keys = edges.keys(signed.signatures[own], count, width)
        groups.append((keys.reshape(-1), np.tile(short[own], count), np.tile(own, count), 0))
    own = np.flatnonzero(signed.filled).astype(np.uint32)
    groups.append((signed.contents[own, 0], short[own], own, search.prefixes))
    if signed.addresses is not None:
        own = np.flatnonzero(signed.addresses.any(axis=1)).astype(np.uint32)
        lower = (signed.addresses[own, 1] >> np.uint64(32)).astype(np.uint32)
        groups.append((signed.addresses[own, 0], lower, own, 2 * search.prefixes))
    columns, receivers = [], []
    for key, content, row, first in groups:
        to = prefix_of(key, search.prefixes).astype(np.uint16)
        order = np.argsort(to, kind="stable")
        columns.append((key[order], content[order], row[order]))
        receivers.append(to[order].astype(np.int64) + first)
    batch = pa.record_batch([np.concatenate(column) for column in zip(*columns, strict=True)], schema=KEYS)
    name = f"{search.folder}/keys-{number:05d}"
    parcels.write(search.workspace, name, batch, np.concatenate(receivers), 3 * search.prefixes)
    return name


def _meet(search: Search, keyed: list[str], prefix: int) -> tuple[Pairs, Pairs]:
    """Candidates of one prefix, by block of the smaller number; returns the pairs of equal content and of one address."""
    near = kernel.alike(*_gathered(search, keyed, prefix), old=search.old)
    rows = pa.record_batch([near[:, 0], near[:, 1]], schema=PAIRS)
    parcels.write(search.workspace, _candidates_file(search, prefix), rows, search.block_of(near[:, 0]), len(search.starts) - 1)
    equal, address = (kernel.equal(*_gathered(search, keyed, kind * search.prefixes + prefix), old=search.old) for kind in (1, 2))
    return equal, address


def _gathered(
    search: Search, keyed: list[str], receiver: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.int64]]:
    keys, contents, numbers = [np.empty(0, np.uint64)], [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
    for start, name in zip(search.starts, keyed, strict=False):
        for batch in parcels.read(search.workspace, [name], receiver):
            keys.append(batch["key"].to_numpy())
            contents.append(batch["content"].to_numpy())
            numbers.append(batch["row"].to_numpy().astype(np.int64) + start)
    return np.concatenate(keys), np.concatenate(contents), np.concatenate(numbers)


class _Sent(NamedTuple):
    """Pairs inside the block, compared; and (receiver, parcel) of all others."""

    found: Found
    mail: list[tuple[int, str]]


class _Sets(NamedTuple):
    """What rows are compared by: signatures (n x PERMUTATIONS), or shingle sets between ends."""

    values: NDArray[np.generic]
    ends: NDArray[np.int64] | None = None


def _pieces(what: str, block: Block, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], _Sets]]:
    """Rows of a block (sorted) with what they are compared by, in pieces of bounded size."""
    if what == "signature":
        yield rows, _Sets(block.signed().signatures[rows])
        return
    for some, texts in block.texts(rows):
        yield some, _Sets(*shingle_sets(texts))


def _compared(these: _Sets, those: _Sets, at: NDArray[np.int64], to: NDArray[np.int64]) -> Similarities:
    out = np.empty(len(at))
    if these.ends is None:
        kernel.estimates(these.values, those.values, at, to, out)
    else:
        kernel.jaccards(these.values, these.ends, those.values, those.ends, at, to, out)
    return out


def _send(search: Search, what: str, asked: list[str], least: float, task: tuple[int, Block]) -> _Sent:
    """Compare the pairs inside a block; send its half of every other pair to the block of the other half."""
    number, block = task
    start, end = search.starts[number], search.starts[number + 1]
    batches = [np.column_stack([b["a"].to_numpy(), b["b"].to_numpy()]) for b in parcels.read(search.workspace, asked, number)]
    if not batches:
        return _Sent(Found(*edges.NONE), [])
    pairs = kernel.distinct(np.concatenate(batches))
    here = pairs[:, 1] < end
    inside, outside = pairs[here] - start, pairs[~here]
    found, mail = [Found(*edges.NONE)], []
    to = search.block_of(outside[:, 1])
    wanted = np.unique(np.concatenate([inside.reshape(-1), outside[:, 0] - start]))
    own = []
    for rows, sets in _pieces(what, block, wanted):
        own += [sets] if len(inside) else []
        mine = np.flatnonzero(np.isin(outside[:, 0] - start, rows))
        if len(mine):
            order = mine[np.lexsort((outside[mine, 1], outside[mine, 0], to[mine]))]
            name = f"{search.folder}/{what}-{number:05d}-{rows[0]}"
            at = np.searchsorted(rows, outside[order, 0] - start)
            parcels.write(search.workspace, name, _mail(sets, at, outside[order], to[order]), to[order], len(search.starts) - 1)
            mail += [(int(receiver), name) for receiver in np.unique(to[mine])]
    if own:
        sets = _stacked(own)
        similarity = _compared(sets, sets, np.searchsorted(wanted, inside[:, 0]), np.searchsorted(wanted, inside[:, 1]))
        reached = similarity >= least
        found.append(Found(inside[reached] + start, similarity[reached]))
    return _Sent(_joined(found), mail)


def _stacked(parts: list[_Sets]) -> _Sets:
    values = np.concatenate([part.values for part in parts])
    if parts[0].ends is None:
        return _Sets(values)
    sizes = [np.diff(part.ends) for part in parts if part.ends is not None]
    return _Sets(values, np.r_[0, np.cumsum(np.concatenate(sizes))].astype(np.int64))


def _mail(sets: _Sets, at: NDArray[np.int64], pairs: Pairs, to: NDArray[np.int64]) -> pa.RecordBatch:
    """Pairs with the first half's set; null where it is that of the pair before, to the same receiver."""
    again = np.r_[False, (at[1:] == at[:-1]) & (to[1:] == to[:-1])]
    if sets.ends is None:
        flat = pa.array(np.ascontiguousarray(sets.values[at]).reshape(-1), pa.uint32())
        half = pa.FixedSizeListArray.from_arrays(flat, PERMUTATIONS)
    else:
        lists = pa.LargeListArray.from_arrays(sets.ends, pa.array(sets.values, pa.uint64()))
        half = lists.take(pa.array(at, mask=again))
    return pa.record_batch([pairs[:, 0], pairs[:, 1], half], schema=PAIRS.append(pa.field("half", half.type)))


def _receive(search: Search, what: str, least: float, task: tuple[int, Block, list[str]]) -> Found:
    """Compare the halves that came with this block's own."""
    number, block, mail = task
    start = search.starts[number]
    found = [Found(*edges.NONE)]
    batches = list(parcels.read(search.workspace, mail, number))
    wanted = np.unique(np.concatenate([b["b"].to_numpy() for b in batches])) - start
    for rows, own in _pieces(what, block, wanted):
        for batch in batches:
            pairs = np.column_stack([batch["a"].to_numpy(), batch["b"].to_numpy()])
            mine = np.isin(pairs[:, 1] - start, rows)
            sent, at = _opened(batch)
            similarity = _compared(sent, own, at[mine], np.searchsorted(rows, pairs[mine, 1] - start))
            reached = similarity >= least
            found.append(Found(pairs[mine][reached], similarity[reached]))
    return _joined(found)


def _opened(batch: pa.RecordBatch) -> tuple[_Sets, NDArray[np.int64]]:
    """The sets of a parcel, and which of them belongs to each pair."""
    half = batch["half"]
    if pa.types.is_fixed_size_list(half.type):
        return _Sets(half.flatten().to_numpy().reshape(-1, PERMUTATIONS)), np.arange(batch.num_rows)
    given = half.is_valid().to_numpy(zero_copy_only=False)
    sets = half.drop_null()
    return _Sets(sets.flatten().to_numpy(), np.r_[0, np.cumsum(sets.value_lengths().to_numpy())].astype(np.int64)), np.cumsum(
        given
    ) - 1
