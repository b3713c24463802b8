"""Which released versions hold a document. A version never changes, so its ids are read once and kept beside the workspace."""

from bisect import bisect_left
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from curation import versions
from curation.loading import read_columns
from curation.store import Workspace


class Held(NamedTuple):
    """Versions of a dataset with a document, without it, and those whose files are gone (after a purge)."""

    by: list[str]
    not_by: list[str]
    gone: list[str]


def held(workspace: Workspace, name: str, doc_id: str) -> Held:
    """Of every released version of a dataset, whether it holds the document."""
    found = Held([], [], [])
    for version in versions.released(workspace.root, name):
        known = ids(workspace, name, version)
        side = found.gone if known is None else found.by if matching(known, doc_id) else found.not_by
        side.append(version)
    return found


def matching(known: pa.StringArray, beginning: str) -> str | None:
    """The first id that begins so; null without one. `known` is sorted."""
    at = bisect_left(known, beginning, key=lambda one: one.as_py())
    hit = known[at].as_py() if at < len(known) else ""
    return hit if hit.startswith(beginning) else None


def ids(workspace: Workspace, name: str, version: str) -> pa.StringArray | None:
    """Ids of a released version, sorted; null when its files are gone."""
    file = workspace.root / ".curation" / "members" / f"{name}@{version}.parquet"
    if not file.is_file():
        try:
            table = read_columns(str(workspace.root), name, version, {"data/*.parquet": ["id"]})[0].sort_by("id")
        except FileNotFoundError:
            return None
        made = pa.BufferOutputStream()
        pq.write_table(table, made)
        file.parent.mkdir(parents=True, exist_ok=True)
        workspace.write_local(file, made.getvalue().to_pybytes())
    return pq.read_table(file)["id"].combine_chunks()
