"""Inputs of a size: a slice of the corpus, sampled for slow tools, repeated for fast ones.

A repetition has its own ids, and its tokens are shuffled within their lines: words, lines, scripts and sizes stay, but no
text resembles another one, so neither deduplication nor a cache of ours gets an easy life.
"""

import hashlib
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation import plainfile, signals
from tests import corpus

PARTS = 2  # files of an input: as many as cores at most, since some tools share work by file
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")


@dataclass(frozen=True)
class Input:
    """Files of one input: a folder of Parquet and one of JSONL with the same documents."""

    name: str
    parquet: Path
    jsonl: Path
    bytes: int
    documents: int


def read(path: Path | None) -> pa.Table:
    """`id`, `text`, `lang` of a JSONL or Parquet file; without one, 12,000 generated documents, half Chinese."""
    if path is None:
        rows = [(f"{lang}{n}", corpus.paragraph(lang, n), lang) for n in range(6000) for lang in ("zh", "en")]
        ids, texts, languages = zip(*rows, strict=True)
        return pa.table({"id": ids, "text": texts, "lang": languages})
    batches = list(plainfile.batches(path))
    table = pa.Table.from_batches([batch.select(["id", "text"]) for batch in batches])
    declared = _declared_languages(path, table.num_rows)
    if declared is None:
        find = signals.find("language").annotate
        declared = pa.chunked_array([find(batch)["label"] for batch in batches])
    return table.append_column("lang", declared)


def _declared_languages(path: Path, rows: int) -> pa.ChunkedArray | None:
    if path.suffix != ".parquet" or "lang" not in pq.read_schema(path).names:
        return None
    return pq.read_table(path, columns=["lang"])["lang"]


def lay(corpus_table: pa.Table, slice_name: str, megabytes: float, root: Path) -> Input:
    """The slice `whole` or `english` at about this size, written once."""
    name = f"{slice_name} {megabytes:g} MB"
    folder = root / name.replace(" ", "-")
    facts = folder / "facts.json"
    if not facts.exists():
        table = corpus_table
        if slice_name == "english":
            table = table.filter(pc.equal(table["lang"], "en"))
        if not table.num_rows:
            raise SystemExit(f"no documents in slice {slice_name!r}")
        table = resized(table.select(["id", "text"]), megabytes * 1e6)
        for kind in ("parquet", "jsonl"):
            (folder / kind).mkdir(parents=True)
        for part in range(PARTS):
            rows = table.take(pa.array(range(part, table.num_rows, PARTS)))
            pq.write_table(rows, folder / "parquet" / f"part-{part}.parquet")
            with (folder / "jsonl" / f"part-{part}.jsonl").open("w", encoding="utf-8") as out:
                out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.to_pylist())
        facts.write_text(json.dumps({"bytes": _size(table), "documents": table.num_rows}))
    return Input(name, folder / "parquet", folder / "jsonl", **json.loads(facts.read_text()))


def resized(table: pa.Table, size: float) -> pa.Table:
    """At least `size` bytes of text by repeating, or at most that by a sample that ids alone decide."""
    whole = _size(table)
    if whole > size:
        place = [int(hashlib.sha256(str(i).encode()).hexdigest()[:12], 16) / 16**12 for i in table["id"].to_pylist()]
        return table.filter(pa.array([p < size / whole for p in place]))
    ids, texts = table["id"].to_pylist(), table["text"].to_pylist()
    turns = -(-int(size) // whole)
    repeated = [table.cast(_SCHEMA)]
    for turn in range(1, turns):
        shuffled = [_shuffled(text, random.Random(f"{turn} {i}")) for i, text in zip(ids, texts, strict=True)]
        repeated.append(pa.table([pa.array([f"{i}#{turn}" for i in ids]), pa.array(shuffled, pa.large_string())], schema=_SCHEMA))
    return pa.concat_tables(repeated)


_SCHEMA = pa.schema([("id", pa.string()), ("text", pa.large_string())])


def _shuffled(text: str, chance: random.Random) -> str:
    return "\n".join(_shuffled_line(line, chance) for line in text.split("\n"))


def _shuffled_line(line: str, chance: random.Random) -> str:
    tokens = _TOKEN.findall(line)
    if len(tokens) < 2:
        return line
    chance.shuffle(tokens)
    after = iter(tokens)
    return _TOKEN.sub(lambda _: next(after), line)


def _size(table: pa.Table) -> int:
    return int(pc.sum(pc.binary_length(table["text"])).as_py())
