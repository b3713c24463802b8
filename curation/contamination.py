"""Benchmarks that training text must not hold: passages found, by n-grams of folded tokens.

Windows of 13 words (GPT-3, Brown et al. 2020, appendix C) or of CHARACTERS Han, kana or hangul characters; a shorter
question or answer is sought whole. Case, width, punctuation, line breaks and traditional or simplified writing make no
difference. What stands in many documents, or in many items of one benchmark, is boilerplate and does not count.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation import engines, plainfile
from curation.errors import DataError
from curation.kernels import passages
from curation.kernels.shingles import token_hashes, token_spans
from curation.ledger import EDITS, LEDGER, as_json, rows
from curation.pairing import Block
from curation.signals import pii

WORDS = 13
CHARACTERS = 20  # of 20 to 26 the one that finds most of a partly copied item, with no false hit: docs/decontamination.md
LEAST = 8.0  # a shorter piece, in words, is in too many texts by chance
WORD = 24 / 13  # characters that say as much as a word (20 to 25 stand beside the field's 13 words)
TEMPLATE = 0.02  # of a benchmark's items (at least 5): what more of them hold is its template
COMMON = 10  # documents of different content: what more of them hold is boilerplate (NeMo Curator's limit)
PASSAGE = 200  # characters of a passage that the ledger shows
PLAIN = (".txt", ".md")  # a blank line between items
QUESTION = (
    "question",
    "problem",
    "prompt",
    "query",
    "instruction",
    "input",
    "text",
    "context",
    "passage",
    "sentence",
    "goal",
    "ctx",
)
CHOICES = ("choices", "options", "endings", "A", "B", "C", "D", "E", "sol1", "sol2")
ANSWER = ("answer", "answers", "solution", "target", "output", "canonical_solution", "explanation", "analysis")


class Benchmarks(NamedTuple):
    """What is sought, and which benchmark each window and short piece is of."""

    sought: passages.Sought
    names: list[str]
    window_of: NDArray[np.int64]
    short_of: NDArray[np.int64]
    items: int
    too_short: int  # items of which nothing is long enough to be sought


class Hit(NamedTuple):
    """A document (its number) that holds a benchmark's text: byte spans, and the longest passage as it stands."""

    number: int
    benchmark: str
    spans: list[tuple[int, int]]
    tokens: int
    passage: str


def read(files: list[Path]) -> Benchmarks:
    """Read benchmark files: JSONL (.gz, .zst), Parquet, or text with a blank line between items. Raises DataError."""
    windows: dict[int, int] = {}
    held: dict[int, int] = {}
    shorts: dict[bytes, int] = {}
    names, items, too_short = [], 0, 0
    for number, file in enumerate(files):
        name = file.name.split(".")[0]
        names.append(name)
        of_file: Counter[int] = Counter()
        count = 0
        for pieces in _items(file):
            count += 1
            keys: set[int] = set()
            any_long = False
            for tokens in token_hashes(pa.array(pieces, pa.large_string())):
                if _words(tokens) < LEAST:
                    continue
                any_long = True
                own = _windows(tokens)
                keys |= own
                if not own and len(tokens) >= passages.SEED:
                    shorts.setdefault(tokens.tobytes(), number)
            too_short += not any_long
            of_file.update(keys)
        if not count:
            raise DataError(f"{file}: a benchmark without items")
        items += count
        limit = max(5, TEMPLATE * count)
        for key, often in of_file.items():
            if often <= limit:
                windows.setdefault(key, number)
                held[key] = often
    if len(set(names)) != len(names):
        raise DataError(f"benchmarks: two files are called {max(names, key=names.count)!r}")
    return Benchmarks(
        _sought(sorted(windows), sorted(shorts)),
        names,
        np.array([windows[key] for key in sorted(windows)], np.int64),
        np.array([shorts[piece] for piece in sorted(shorts)], np.int64),
        items,
        too_short,
    )


def _words(tokens: NDArray[np.uint64]) -> float:
    alone = int((tokens & np.uint64(1)).sum())
    return (len(tokens) - alone) + alone / WORD


def _windows(tokens: NDArray[np.uint64]) -> set[int]:
    out = np.empty(len(tokens) + 1, np.uint64)
    found: set[int] = set()
    for width, alone in ((WORDS, False), (CHARACTERS, True)):
        found |= set(out[: passages.windows(tokens, len(tokens), width, alone, out)].tolist())
    return found - {0}


def _sought(windows: list[int], shorts: list[bytes]) -> passages.Sought:
    keys, numbers = _table(np.array(windows, np.uint64))
    pieces = [np.frombuffer(piece, np.uint64) for piece in shorts]
    seeds = np.array([passages.seed_key(piece) for piece in pieces], np.uint64)
    distinct, first = np.unique(seeds, return_index=True)
    seed_keys, places = _table(distinct)
    after = np.full(len(pieces), -1, np.int64)
    last: dict[int, int] = {}
    for number, seed in enumerate(seeds.tolist()):
        if seed in last:
            after[last[seed]] = number
        last[seed] = number
    seed_first = np.where(places >= 0, first[np.maximum(places, 0)] if len(first) else -1, -1)
    tokens = np.concatenate([np.empty(0, np.uint64), *pieces])
    ends = np.cumsum([len(piece) for piece in pieces]).astype(np.int64)
    return passages.Sought(WORDS, CHARACTERS, keys, numbers, seed_keys, seed_first, after, tokens, ends)


def _table(wanted: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    size = 1 << max(4, (4 * len(wanted)).bit_length())
    keys, numbers = np.zeros(size, np.uint64), np.full(size, -1, np.int64)
    for number, key in enumerate(wanted):
        at = passages.slot(keys, numbers, key)
        keys[at], numbers[at] = key, number
    return keys, numbers


def _items(file: Path) -> Iterator[list[str]]:
    """The pieces of text of every item of a benchmark."""
    if not file.is_file():
        raise DataError(f"{file}: no such benchmark file")
    if file.suffix in PLAIN:
        text = file.read_text(encoding="utf-8")
        yield from ([part] for part in text.split("\n\n") if part.strip())
        return
    known = None
    for row in plainfile.rows(file, also=PLAIN):
        pieces = _pieces(row)
        known = bool(known or pieces)
        yield pieces
    if known is False:
        raise DataError(f"{file}: no column of a benchmark; allowed: {', '.join((*QUESTION, *CHOICES, *ANSWER))}")


def _pieces(row: dict[str, Any]) -> list[str]:
    """Question and answer each for themselves, a short question with its choices, and long choices too."""
    question, choices, answer = (
        [text for name in names if name in row for text in _texts(row[name])] for names in (QUESTION, CHOICES, ANSWER)
    )
    return [*question, *choices, *answer, *([" ".join([*question, *choices])] if choices else [])]


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)


def find(benchmarks: Benchmarks, blocks: list[Block], starts: list[int], contents: NDArray[np.int64], workers: int) -> list[Hit]:
    """Documents that hold a passage. `contents` numbers each document's content: copies count once for what is common."""
    tasks = list(zip(blocks, starts, strict=True))
    asked_of = [(block, start, contents[start : start + block.rows]) for block, start in tasks]
    scanned = list(engines.map_tasks(partial(_scan, benchmarks.sought), asked_of, workers))
    found = np.concatenate([np.empty((0, 4), np.int64), *(hits for hits, _ in scanned)])
    common = np.unique(np.concatenate([np.empty(0, np.int64), *(grams for _, grams in scanned)]))
    found = found[~np.isin(found[:, 3], np.union1d(common, _common(found, contents[found[:, 0]])))]
    hits: list[Hit] = []
    asked = []
    for block, start in tasks:
        own = found[(found[:, 0] >= start) & (found[:, 0] < start + block.rows)]
        if len(own):
            asked.append((block, start, own))
    for some in engines.map_tasks(partial(_passages, benchmarks._replace(sought=_sought([], []))), asked, workers):
        hits += some
    return hits


def _common(found: NDArray[np.int64], contents: NDArray[np.int64]) -> NDArray[np.int64]:
    """What more than COMMON different contents hold."""
    held = np.unique(np.column_stack([found[:, 3], contents]), axis=0)[:, 0]
    grams, often = np.unique(held, return_counts=True)
    return grams[often > COMMON]


def _scan(sought: passages.Sought, task: tuple[Block, int, NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of a block, and what is common within it already, whose places need not be kept."""
    block, start, contents = task
    out, common = np.empty((0, 4), np.int64), np.empty(0, np.int64)
    for some, texts in block.texts(np.arange(block.rows)):
        found = passages.scan(sought, texts)
        found[:, 0] = some[found[:, 0]] + start
        out = np.concatenate([out, found])
        common = np.union1d(common, _common(out, contents[out[:, 0] - start]))
        out = out[~np.isin(out[:, 3], common)]
    return out, common


def _passages(benchmarks: Benchmarks, task: tuple[Block, int, NDArray[np.int64]]) -> list[Hit]:
    block, start, found = task
    hits = []
    for some, texts in block.texts(np.unique(found[:, 0]) - start):
        for row, text in zip(some.tolist(), texts.to_pylist(), strict=True):
            own = found[found[:, 0] == row + start]
            spans = token_spans(text)
            runs = _runs(own)
            first, tokens = max(runs, key=lambda run: (run[1], -run[0]))
            named = Counter(
                benchmarks.names[benchmarks.window_of[n] if n >= 0 else benchmarks.short_of[-1 - n]] for n in own[:, 3].tolist()
            )
            cut = [(spans[at][0], spans[at + size - 1][1]) for at, size in runs]
            data = text.encode()
            passage = pii.scrubbed(data[spans[first][0] : spans[first + tokens - 1][1]].decode())[:PASSAGE]
            benchmark = min(named, key=lambda name: (-named[name], name))
            hits.append(Hit(row + start, benchmark, cut, sum(size for _, size in runs), passage))
    return hits


def _runs(found: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first token, tokens) of what the hits cover, joined where they touch."""
    runs: list[tuple[int, int]] = []
    for first, size in sorted(found[:, 1:3].tolist()):
        if runs and first <= runs[-1][0] + runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], first + size - runs[-1][0]))
        else:
            runs.append((first, size))
    return runs


BECAUSE = {
    "en": "It holds a passage of a benchmark that models are measured with.",
    "zh": "含有评测基准的内容，用于训练会使评测失真。",
}


def spans(hits: list[Hit], ids: dict[int, str]) -> pa.Table:
    """Every passage as a cut that assemble may apply."""
    found = [
        {"doc_id": ids[hit.number], "start": start, "end": end, "kind": f"benchmark:{hit.benchmark}", "replacement": ""}
        for hit in hits
        for start, end in hit.spans
    ]
    cuts = [{**row, "step": "dedup", "because": BECAUSE} for row in found]
    return pa.Table.from_pylist(cuts, schema=EDITS).sort_by([("doc_id", "ascending"), ("start", "ascending")])


def ledger(hits: list[Hit], numbers: NDArray[np.int64], table: pa.Table, refused: NDArray[np.bool_]) -> pa.Table:
    """Ledger rows of the documents (rows of `table`, by `numbers`) that go for what they hold."""
    gone = [(row, hit) for hit in hits if refused[row := int(np.searchsorted(numbers, hit.number))]]
    parts = [LEDGER.empty_table()]
    for name in sorted({hit.benchmark for _, hit in gone}):
        own = [(row, hit) for row, hit in gone if hit.benchmark == name]
        out = table.take(pa.array([row for row, _ in own], pa.int64()))
        parts.append(
            rows(
                "dedup",
                out["doc_id"],
                out["source"],
                filter=f"decontaminate.{name}",
                outcome="removed",
                column="document.text",
                value=pa.array([float(hit.tokens) for _, hit in own]),
                label=name,
                where=pa.array([as_json({"passage": hit.passage}) for _, hit in own]),
                because=BECAUSE,
            )
        )
    return pa.concat_tables(parts)
