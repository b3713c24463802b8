"""A part of a dataset, chosen by the documents' ids: nested (1 % lies within 10 %) and the same documents in every version.

An id is a hash of where a document comes from. Its first half decides the shard, so a tenth of the documents is a tenth of the shards,
and the others are not fetched; within the last shard its second half decides.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation.blending import repeated
from curation.errors import DeclarationError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


@dataclass(frozen=True)
class Portion:
    """`fraction` of the documents, or documents of so many `tokens`; `by` columns: of each group its share."""

    fraction: float | None = None
    tokens: int | None = None
    by: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.fraction is None and self.tokens is None


def portion(fraction: float | None, tokens: int | str | None, by: list[str] | None) -> Portion:
    """What was asked for. Raises DeclarationError.

    >>> portion(None, "50M", ["language"])
    Portion(fraction=None, tokens=50000000, by=('language',))
    """
    if fraction is not None and tokens is not None:
        raise DeclarationError("fraction and tokens: give one of the two")
    if fraction is not None and not 0 < fraction <= 1:
        raise DeclarationError(f"fraction {fraction:g}: allowed is more than 0, at most 1")
    if by and fraction is None and tokens is None:
        raise DeclarationError("by: says how a part is chosen; give fraction or tokens with it")
    return Portion(None if fraction == 1 else fraction, None if tokens is None else _number(tokens), tuple(by or ()))


def _number(said: int | str) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([kmbt]?)", str(said).strip().lower())
    if not found or not float(found[1]):
        raise DeclarationError(f"tokens {said!r}: a number is expected, such as 50000000 or 50M")
    return round(float(found[1]) * _UNITS[found[2]])


def read(files: list[tuple[str, Any]], asked: Portion, columns: list[str] | None = None) -> pa.Table:
    """The rows of a portion, of (name, open Parquet file) of every shard; a shard that holds none of it is not read.

    `columns`, with id among them, are all that is read.
    """
    shards = [_Shard(name, pq.ParquetFile(file)) for name, file in files]
    if asked.is_whole:
        return pa.concat_tables([one.file.read(columns) for one in shards])
    if asked.tokens is None and not asked.by:
        assert asked.fraction is not None
        return pa.concat_tables([one.below(asked.fraction, columns) for one in shards])
    chosen = _chosen(shards, asked)
    if not chosen:
        return shards[0].nothing(columns)
    wanted = pa.array(sorted(chosen), pa.string())
    last = max(chosen.values())
    tables = [one.file.read(columns) for one in shards if one.number / one.count <= last]
    return pa.concat_tables([table.filter(pc.is_in(table["id"], value_set=wanted)) for table in tables])


def touches(name: str, fraction: float | None) -> bool:
    """Whether a shard, by its name, holds any row of a fraction."""
    found = re.search(r"-(\d+)-of-(\d+)\.parquet$", name)
    assert found, name
    return fraction is None or fraction > int(found[1]) / int(found[2])


def batches(
    name: str, file: Any, fraction: float | None, plan: tuple[pa.Array, NDArray[np.int64]] | None = None, rows: int = 1000
) -> Iterator[pa.RecordBatch]:
    """The rows of a fraction in one shard, a batch at a time; with a `plan` (ids, how often each) those and no others."""
    one = _Shard(name, pq.ParquetFile(file))
    for batch in one.file.iter_batches(rows):
        if plan is not None and len(plan[0]) == 0:
            return
        if plan is not None:
            found = pc.index_in(batch["id"], value_set=plan[0])
            taken = np.where(found.is_valid(), plan[1][pc.fill_null(found, 0)], 0)
            yield repeated(batch, taken)
        elif fraction is None:
            yield batch
        else:
            yield batch.filter(pa.array([place < fraction for place in one.places(batch["id"].to_pylist())]))


class _Shard:
    """A Parquet file of a dataset; its place among the shards is the first part of its documents' places in 0..1."""

    def __init__(self, name: str, file: pq.ParquetFile) -> None:
        found = re.search(r"-(\d+)-of-(\d+)\.parquet$", name)
        assert found, name
        self.number, self.count, self.file = int(found[1]), int(found[2]), file

    def places(self, ids: list[str]) -> list[float]:
        """Where documents stand in 0..1. The second half of an id: its first decides the shard, and who stays among twins."""
        return [(self.number + int(one[16:28], 16) / 16**12) / self.count for one in ids]

    def nothing(self, columns: list[str] | None) -> pa.Table:
        empty = self.file.schema_arrow.empty_table()
        return empty.select(columns) if columns else empty

    def below(self, fraction: float, columns: list[str] | None) -> pa.Table:
        if fraction <= self.number / self.count:
            return self.nothing(columns)
        table = self.file.read(columns)
        if fraction >= (self.number + 1) / self.count:
            return table
        return table.filter(pa.array([place < fraction for place in self.places(table["id"].to_pylist())]))


def _chosen(shards: list[_Shard], asked: Portion) -> dict[str, float]:
    """Id -> place of the portion's documents: of each group the first in the order of places."""
    names = shards[0].file.schema_arrow.names
    if unknown := [one for one in asked.by if one not in names]:
        raise DeclarationError(f"by: the dataset has no column {unknown[0]!r}; such as source, language, license, format")
    groups: dict[tuple[str, ...], list[tuple[float, str, int]]] = {}
    whole = 0
    for shard in shards:
        table = shard.file.read(columns=["id", "tokens", *asked.by])
        ids, counts = table["id"].to_pylist(), [tokens or 0 for tokens in table["tokens"].to_pylist()]
        kinds = zip(*(map(str, table[one].to_pylist()) for one in asked.by), strict=True) if asked.by else (() for _ in ids)
        whole += sum(counts)
        for place, doc, tokens, kind in zip(shard.places(ids), ids, counts, kinds, strict=True):
            groups.setdefault(kind, []).append((place, doc, tokens))
    share = min(1.0, (asked.tokens or 0) / whole) if whole else 1.0
    chosen: dict[str, float] = {}
    for rows in groups.values():
        rows.sort()
        if asked.fraction is not None:
            chosen |= {doc: place for place, doc, _ in rows[: math.ceil(round(asked.fraction * len(rows), 9))]}
            continue
        left = share * sum(tokens for *_, tokens in rows)
        for place, doc, tokens in rows:
            if tokens > left:
                break
            left -= tokens
            chosen[doc] = place
    return chosen
