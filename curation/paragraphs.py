"""Paragraphs that come again: in many documents of one source (boilerplate), or again within one document.

A paragraph is a line; two are the same when their folded tokens are (case, width and punctuation make no difference, digits
do: a row of a table is not boilerplate because another one has as many digits). Documents count that would be kept, so
copies that went as duplicates make nothing boilerplate. CCNet (Wenzek et al. 2020, section 3.1) removes every second one over
a part of the web; here the number of documents is the recipe's, and every cut has a row.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation import engines, parcels
from curation.contamination import WORD
from curation.kernels.paragraphs import Lines, lines
from curation.ledger import EDITS
from curation.pairing import Block, prefix_of, prefixes_for
from curation.recipe import Paragraphs
from curation.store import Workspace

LINES = 16  # a document, about, to divide the work by
COUNTS = pa.schema([pa.field("key", pa.uint64()), pa.field("documents", pa.uint32())])
BOILERPLATE, REPEATED = "boilerplate", "repeated"
BECAUSE = {
    BOILERPLATE: {
        "en": "A paragraph that stands in many documents of its source.",
        "zh": "该来源的许多文档都有的段落。",
    },
    REPEATED: {
        "en": "A paragraph that stands in this document before.",
        "zh": "本文档前文已有的段落。",
    },
}
FOUND = pa.schema(
    [
        pa.field("doc_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("start", pa.int64()),  # byte offsets into the stored UTF-8, half open
        pa.field("end", pa.int64()),
        pa.field("kind", pa.string()),  # boilerplate or repeated
        pa.field("documents", pa.int64()),  # of its source that hold it; null for one that is only repeated
        pa.field("outcome", pa.string()),  # cut or flagged
    ]
)


class Part(NamedTuple):
    """A block, its first number, the rows that are looked at, and (source, rows) of its documents in their order."""

    block: Block
    start: int
    rows: NDArray[np.int64]
    sources: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class _Search:
    workspace: Workspace
    folder: str
    wanted: Paragraphs
    prefixes: int  # a power of two


class Places(NamedTuple):
    """Repeated paragraphs: number of the document, bytes, and how many documents hold it (0: it is only repeated inside)."""

    number: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    documents: NDArray[np.int64]


def find(workspace: Workspace, name: str, wanted: Paragraphs, parts: list[Part], workers: int) -> Places:
    """Every paragraph that comes again, in the order of documents and of their text."""
    total = sum(len(part.rows) for part in parts)
    prefixes = prefixes_for(total * LINES)
    search = _Search(workspace, workspace.exchange(name, "paragraphs"), wanted, prefixes)
    tasks = list(enumerate(parts))
    workspace.remove(search.folder)
    try:
        sent = list(engines.map_tasks(partial(_count, search), tasks, workers))
        often = list(engines.map_tasks(partial(_often, search, sent), range(prefixes), workers))
        keys, documents = (np.concatenate(column) for column in zip(*often, strict=True))
        found = list(engines.map_tasks(partial(_places, search, keys, documents), parts, workers))
    finally:
        workspace.remove(search.folder)
    return _joined(found)


def _read(search: _Search, part: Part) -> Iterator[tuple[NDArray[np.int64], Lines]]:
    """Rows of the block and their lines, where a line's key is of its source too."""
    ends = np.cumsum([rows for _, rows in part.sources])
    salts = np.array([int(hashlib.sha256(source.encode()).hexdigest()[:16], 16) for source, _ in part.sources], np.uint64)
    for rows, texts in part.block.texts(part.rows):
        found = lines(texts, search.wanted.words, WORD)
        own = salts[np.searchsorted(ends, rows, side="right")]
        yield rows, found._replace(key=found.key ^ own[found.text])


def _count(search: _Search, task: tuple[int, Part]) -> str:
    """Documents of the part that hold each paragraph, by prefix of its key."""
    number, part = task
    keys, documents = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for _, found in _read(search, part):
        one, often = np.unique(found.key[_first(found)], return_counts=True)
        keys.append(one)
        documents.append(often)
    key, often = _summed(np.concatenate(keys), np.concatenate(documents))
    name = f"{search.folder}/count-{number:05d}"
    parcels.write(
        search.workspace,
        name,
        pa.record_batch([key, often.astype(np.uint32)], schema=COUNTS),
        prefix_of(key, search.prefixes),
        search.prefixes,
    )
    return name


def _often(search: _Search, sent: list[str], prefix: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Keys of one prefix that more documents hold than a recipe allows, and how many do."""
    batches = list(parcels.read(search.workspace, sent, prefix))
    keys = np.concatenate([np.empty(0, np.uint64), *(batch["key"].to_numpy() for batch in batches)])
    counts = np.concatenate([np.empty(0, np.int64), *(batch["documents"].to_numpy() for batch in batches)])
    key, documents = _summed(keys, counts)
    more = documents > search.wanted.documents
    return key[more], documents[more]


def _places(search: _Search, keys: NDArray[np.uint64], documents: NDArray[np.int64], part: Part) -> Places:
    found = []
    for rows, read in _read(search, part):
        at = np.minimum(np.searchsorted(keys, read.key), max(len(keys) - 1, 0))
        often = keys[at] == read.key if len(keys) else np.zeros(len(read.key), bool)
        held = documents[at] * often if len(keys) else np.zeros(len(read.key), np.int64)
        again = np.ones(len(read.key), bool)
        again[_first(read)] = False
        which = often | again if search.wanted.inside != "keep" else often
        found.append(Places(rows[read.text[which]] + part.start, read.start[which], read.end[which], held[which]))
    return _joined(found)


def _joined(found: list[Places]) -> Places:
    none = np.empty(0, np.int64)
    return Places(*(np.concatenate(column) for column in zip(Places(none, none, none, none), *found, strict=True)))


def _first(found: Lines) -> NDArray[np.int64]:
    """Where each paragraph stands in its document for the first time."""
    order = np.lexsort((np.arange(len(found.key)), found.key, found.text))
    key, text = found.key[order], found.text[order]
    new = np.r_[True, (key[1:] != key[:-1]) | (text[1:] != text[:-1])][: len(order)]
    return order[new]


def _summed(keys: NDArray[np.uint64], counts: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    one, inverse = np.unique(keys, return_inverse=True)
    return one, np.bincount(inverse, weights=counts, minlength=len(one)).astype(np.int64)


def table(places: Places, wanted: Paragraphs, numbers: NDArray[np.int64], facts: pa.Table) -> pa.Table:
    """What was found by doc_id, from facts (doc_id, source) of the documents `numbers`, and what becomes of it."""
    at = pa.array(np.searchsorted(numbers, places.number))
    common = places.documents > 0
    outcome = np.where(common, _outcome(wanted.then), _outcome(wanted.inside))
    columns = [
        facts["doc_id"].take(at),
        facts["source"].take(at),
        places.start,
        places.end,
        np.where(common, BOILERPLATE, REPEATED).astype(object),
        pa.array(places.documents, mask=~common),
        outcome.astype(object),
    ]
    return pa.table(columns, schema=FOUND).sort_by([("doc_id", "ascending"), ("start", "ascending")])


def _outcome(then: str) -> str:
    return "cut" if then == "cut" else "flagged"


def cuts(found: pa.Table) -> pa.Table:
    """The edits that assemble makes of what is to be cut."""
    rows = [
        {
            **{k: row[k] for k in ("doc_id", "start", "end", "kind")},
            "replacement": "",
            "step": "dedup",
            "because": BECAUSE[row["kind"]],
        }
        for row in found.to_pylist()
        if row["outcome"] == "cut"
    ]
    return pa.Table.from_pylist(rows, schema=EDITS)
