"""Finished rows on the way to their shards: spilled by the tasks that make them, gathered by the tasks that write the shards.

Rows lie in files of this machine by (split, kind of license, shard), so that memory holds one shard and not the dataset.
"""

import hashlib
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc

from curation.store import ROW_GROUP_BYTES, parquet_writer

# tier -> the configuration of a dataset of several kinds; what has no tier is under a contract of its own
KINDS = {"T0": "permissive", "T1": "permissive", "T2": "sharealike", "T3": "sharealike", "T4": "restricted", "T5": "restricted"}


class Part(NamedTuple):
    """A file of rows of one split, one kind of license and one shard."""

    split: str
    kind: str
    place: int
    path: Path


class Spill:
    """The rows of one task, in files whose names begin with the task's."""

    def __init__(self, folder: Path, task: str, schema: pa.Schema) -> None:
        self._folder, self._task, self._schema = folder, task, schema
        self.parts: list[Part] = []

    def add(self, table: pa.Table, count: int, splits: dict[str, float]) -> None:
        """Rows of a published table; `splits` gives the upper bound of each split's places in 0..1."""
        digests = [int(doc[:16], 16) for doc in table["id"].to_pylist()]
        places = np.array([d % count for d in digests], np.int64)
        # an independent hash decides the split: the id's own low bits already decide the shard
        draws = np.array([int(hashlib.sha256(f"split {d}".encode()).hexdigest()[:12], 16) / 16**12 for d in digests])
        kinds = np.array([KINDS.get(tier, "contract") for tier in table["license_tier"].to_pylist()], object)
        lower = 0.0
        for split, upper in splits.items():
            inside = (draws >= lower) & (draws < upper)
            for place in np.unique(places[inside]):
                for kind in dict.fromkeys(kinds[inside & (places == place)].tolist()):
                    self._append(split, kind, int(place), table.filter(pa.array(inside & (places == place) & (kinds == kind))))
            lower = upper

    def _append(self, split: str, kind: str, place: int, table: pa.Table) -> None:
        part = Part(split, kind, place, self._folder / f"{self._task}-{len(self.parts)}")
        with ipc.new_file(part.path, self._schema) as writer:
            writer.write_table(table)
        self.parts.append(part)


class Wanted(NamedTuple):
    """A shard to write, and the spilled rows that are its own."""

    path: Path
    parts: list[Path]


def wanted(folder: Path, parts: list[Part], splits: list[str], count: int) -> list[Wanted]:
    """The shards to write: by split, and by kind of license where there are several, so that a reader takes one kind only."""
    kinds = sorted({part.kind for part in parts})
    own: dict[tuple[str, str, int], list[Path]] = {}
    for part in parts:
        own.setdefault((part.split, part.kind, part.place), []).append(part.path)
    if len(kinds) < 2:
        return [
            Wanted(
                folder / f"{split}-{number:05d}-of-{count:05d}.parquet",
                [path for kind in kinds for path in own.get((split, kind, number), [])],
            )
            for split in splits
            for number in range(count)
        ]
    return [
        Wanted(folder / f"{split}-{kind}-{number:05d}-of-{count:05d}.parquet", own[split, kind, number])
        for split in splits
        for kind in kinds
        for number in range(count)
        if (split, kind, number) in own
    ]


class Shard(NamedTuple):
    """A task: a shard and the columns it has."""

    wanted: Wanted
    schema: pa.Schema


def write_shard(shard: Shard) -> None:
    """The rows of a shard, sorted by id, whoever spilled them."""
    parts = (ipc.open_file(part).read_all() for part in shard.wanted.parts)
    table = pa.concat_tables([shard.schema.empty_table(), *parts])
    table = table.take(pc.sort_indices(table, sort_keys=[("id", "ascending")])).combine_chunks()
    group = np.cumsum(pc.binary_length(table["text"]).to_numpy()) // (4 * ROW_GROUP_BYTES)
    bounds = [0, *(np.flatnonzero(group[1:] != group[:-1]) + 1).tolist(), table.num_rows]
    with parquet_writer(shard.wanted.path, shard.schema, level=3) as writer:
        for start, end in itertools.pairwise(bounds):
            writer.write_table(table.slice(start, end - start))
