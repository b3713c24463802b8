"""The signature index of a release: what later data is compared with, without its text.

`ledger/index.parquet` of a dataset, versioned with it: one row for every published document, of its text before edits.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curation import loading, pairing, standing, versions
from curation.errors import DataError, DeclarationError
from curation.kernels.shingles import PERMUTATIONS
from curation.pairing import BLOCK_ROWS, Signed
from curation.store import Workspace, parquet_writer

NAME = "index.parquet"
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("license", pa.string()),
        pa.field("content", pa.string()),  # content.hash
        pa.field("signature", pa.list_(pa.uint32(), PERMUTATIONS)),  # minhash.signature
    ]
)
COLUMNS = ("minhash.signature", "content.hash")  # what a writer needs beside the published columns


def rows(documents: pa.Table) -> pa.Table:
    """Rows of the index, of documents with doc_id, source, license.id and COLUMNS."""
    named = ["doc_id", "source", "license.id", "content.hash", "minhash.signature"]
    return pa.table([documents[name] for name in named], schema=SCHEMA)


class Writer:
    """Rows in the order in which they come, in row groups that a task can hold."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> "Writer":
        self._opened = parquet_writer(self._path, SCHEMA)
        self._writer = self._opened.__enter__()
        self._waiting: list[pa.Table] = []
        return self

    def add(self, table: pa.Table) -> None:
        """Rows of the index."""
        self._waiting.append(table)
        if sum(one.num_rows for one in self._waiting) >= BLOCK_ROWS:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.concat_tables([SCHEMA.empty_table(), *self._waiting]).combine_chunks())
        self._waiting = []

    def __exit__(self, *how: Any) -> None:
        if how[0] is None:
            self._flush()
        self._opened.__exit__(*how)


@dataclass(frozen=True)
class Published:
    """A row group of a release's index: a block of documents that are known before."""

    path: Path
    release: str  # name@version
    group: int
    rows: int
    has_texts: bool = False

    def signed(self) -> Signed:
        """Signatures and content hashes as released."""
        table = pq.ParquetFile(self.path).read_row_group(self.group, columns=["content", "signature"])
        return pairing.signed(table["signature"], table["content"])

    def texts(self, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], pa.Array]]:
        """An index has none."""
        raise NotImplementedError

    def facts(self, rows: NDArray[np.int64]) -> pa.Table:
        """id, source and license of some rows."""
        return pq.ParquetFile(self.path).read_row_group(self.group, columns=["id", "source", "license"]).take(pa.array(rows))


def blocks(workspace: Workspace, release: str) -> list[Published]:
    """The index of `name@version` as blocks; fetched through DVC once and kept, for a version never changes."""
    name, version = versions.split_name(release)
    if version is None:
        known = ", ".join(versions.released(workspace.root, name)) or "none"
        raise DeclarationError(f"{release}: a version is needed, such as {name}@v1.0.0; there are: {known}")
    try:
        return blocks_of(_kept(workspace, name, version, NAME), release)
    except FileNotFoundError:
        raise DataError(f"{release} was released without a signature index; release it again") from None


def addresses(workspace: Workspace, release: str) -> pa.Table:
    """id and url of every document of `name@version`. Raises DataError for one that was released without attribution."""
    name, version = versions.split_name(release)
    try:
        path = _kept(workspace, name, str(version), "attribution.parquet")
    except FileNotFoundError:
        raise DataError(f"{release} was released without a table of attribution; release it again") from None
    return pq.read_table(path, columns=["id", "url"])


def _kept(workspace: Workspace, name: str, version: str, file: str) -> Path:
    """A file of a released ledger, fetched through DVC once. Raises FileNotFoundError where the version has none."""
    suffix = "" if file == NAME else f".{file.removesuffix('.parquet')}"
    kept = workspace.root / ".curation" / "indexes" / f"{name}@{version}{suffix}.parquet"
    if not kept.exists():
        versions.record(workspace.root, name, version)
        with workspace.scratch() as folder:
            loading.fetch_folder(workspace, name, version, f"ledger/{file}", folder / file)
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / file, kept)
    return kept


def blocks_of(path: Path, release: str) -> list[Published]:
    """The row groups of an index file that hold documents."""
    metadata = pq.ParquetFile(path).metadata
    groups = range(metadata.num_row_groups)
    return [Published(path, release, g, rows) for g in groups if (rows := metadata.row_group(g).num_rows)]


def tombstones(workspace: Workspace) -> list[Published]:
    """What was withdrawn, as blocks: signatures without texts, so that a withdrawn text does not come back another way."""
    found = []
    for one in standing.withdrawals(workspace):
        path = workspace.root / one.facts["tombstone"]
        if not path.exists():
            raise DataError(f"{one.facts['tombstone']}: missing; it keeps out what decision {one.number} withdrew")
        found += blocks_of(path, f"withdrawn:{one.number}")
    return found
