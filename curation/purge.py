"""Removing the words of withdrawn documents from every place this workspace reaches.

What goes is decided first and written down (digests, no words), then removed: a purge that was killed is taken up by the same
command, and removes the rest. Raw objects, documents, sidecars, quarantine, datasets, ledgers, and the objects of DVC here and
in every remote that it can open.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation import catalog, published
from curation.decisions import Decision
from curation.errors import CurationError
from curation.store import Workspace, dump_json
from curation.versions import dvc


def begun(workspace: Workspace, made: Decision) -> bool:
    """Whether a withdrawal with purge has no receipt yet, or one that names a remote which could not be opened."""
    unfinished = _plan_file(workspace, made).exists() or not receipt_file(workspace, made).exists()
    return bool(made.facts["purged"]) and unfinished


def receipt_file(workspace: Workspace, made: Decision) -> Path:
    """Beside the tombstone."""
    return workspace.root / str(made.facts["tombstone"]).replace(".parquet", ".json")


def _plan_file(workspace: Workspace, made: Decision) -> Path:
    return receipt_file(workspace, made).with_suffix(".purge.json")


def done(workspace: Workspace, made: Decision) -> None:
    """Its receipt is written, and no remote is left."""
    _plan_file(workspace, made).unlink(missing_ok=True)


def run(workspace: Workspace, made: Decision) -> tuple[list[str], list[str]]:
    """Remove the words; returns each place that was cleared, and remotes that could not be opened (with the reason)."""
    ids = set(pq.read_table(workspace.root / made.facts["tombstone"], columns=["id"])["id"].to_pylist())
    plan_file = _plan_file(workspace, made)
    if not plan_file.exists():
        workspace.write_local(plan_file, dump_json(_plan(workspace, made, ids)))
    plan = json.loads(plan_file.read_bytes())
    while plan["keys"]:
        key = plan["keys"][0]
        if workspace.exists(key):
            plan["cleared"] = list(dict.fromkeys([*plan["cleared"], f"data/{key}"]))
            workspace.write_local(plan_file, dump_json(plan))
            workspace.remove(key)
        plan["keys"] = plan["keys"][1:]  # what is made anew under the same key later is without the words
        workspace.write_local(plan_file, dump_json(plan))
    found, closed = _objects(workspace, ids, set(plan["raws"]))
    plan["cleared"] = list(dict.fromkeys([*plan["cleared"], *found]))
    workspace.write_local(plan_file, dump_json(plan))
    return plan["cleared"], closed


def _plan(workspace: Workspace, made: Decision, ids: set[str]) -> dict[str, list[str]]:
    """Keys of the workspace's data that go, and the digests of raw objects that do."""
    keys: list[str] = []
    raws: set[str] = set()
    for source in made.facts["sources"]:
        if source not in workspace.names("sources"):
            continue
        places, gone = _raw(workspace, source, ids, whole=made.subject.get("source") == source)
        keys += places
        raws |= gone
        keys += [
            workspace.documents(source),
            workspace.quarantine(source),
            workspace.signals(source),
            workspace.signal_index(source),
        ]
    for recipe in workspace.names("recipes"):
        if set(catalog.dataset(workspace, recipe).sources) & set(made.facts["sources"]):
            keys += [workspace.dataset(recipe, "data"), workspace.ledger(recipe, "dedup"), workspace.ledger(recipe, "filter")]
    return {"keys": keys, "raws": sorted(raws), "cleared": []}


def _raw(workspace: Workspace, source: str, ids: set[str], whole: bool) -> tuple[list[str], set[str]]:
    """Raw objects of which every document is withdrawn; others stay, since their bytes hold what was not."""
    if whole:
        key = workspace.raw(source)
        return [key], {file.rsplit("/", 1)[1] for file in workspace.files(key)}
    held: dict[str, set[str]] = {}
    index = workspace.read_json(workspace.signal_index(source)) or {"shards": []}
    for shard in index["shards"]:
        table = workspace.read_table(shard["file"], ["doc_id", "raw_sha256"])
        for doc, raw in zip(table["doc_id"].to_pylist(), table["raw_sha256"].to_pylist(), strict=True):
            held.setdefault(raw, set()).add(doc)
    gone = {raw for raw, documents in held.items() if documents <= ids}
    return [published.raw_object(workspace, source, raw) for raw in sorted(gone)], gone


# --- objects of DVC -----------------------------------------------------------------------------------------


def _objects(workspace: Workspace, ids: set[str], raws: set[str]) -> tuple[list[str], list[str]]:
    """DVC's objects, here and in its remotes, that hold one of the documents, whatever version uses them."""
    if not (workspace.root / ".dvc").is_dir():
        return [], []
    cleared, closed = [], []
    for file in sorted((workspace.root / ".dvc" / "cache" / "files" / "md5").glob("*/*")):
        if file.suffix != ".dir" and _holds(file, ids, raws):
            file.unlink()
            cleared.append(str(file.relative_to(workspace.root)))
    for name, url in remotes(workspace):
        faults: tuple[type[Exception], ...] = (OSError, CurationError, *_faults(url))
        try:
            for path, filesystem in _remote_files(workspace, name):
                with filesystem.open(path, "rb") as opened:
                    held = _holds(opened, ids, raws)
                if held:
                    filesystem.remove(path)
                    cleared.append(f"remote {name}: {''.join(path.rsplit('/', 2)[1:])}")
        except faults as error:
            closed.append(f"objects in the remote {name} ({url}): {error}; run `curate withdraw` again when it can be opened")
    return cleared, closed


def remotes(workspace: Workspace) -> list[tuple[str, str]]:
    """Name and address of each DVC remote."""
    found: list[tuple[str, str]] = re.findall(
        r"^remote\.([^=]+)\.url=(.+)$", dvc(workspace.root, "config", "--list"), re.MULTILINE
    )
    return found


def _faults(url: str) -> tuple[type[Exception], ...]:
    """What S3's client raises beside OSError when a server cannot be reached."""
    if not url.startswith("s3:"):
        return ()
    from botocore.exceptions import BotoCoreError

    return (BotoCoreError,)


def _remote_files(workspace: Workspace, name: str) -> Iterator[tuple[str, Any]]:
    """Path and filesystem of every object that is no list of others."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc_objects.errors import ObjectDBError  # type: ignore[import-untyped]

    try:
        store = Repo(str(workspace.root)).cloud.get_remote_odb(name)
    except (DvcException, ObjectDBError) as error:
        raise CurationError(str(error)) from error
    if store.fs.exists(store.path):
        for path in sorted(store.fs.find(store.path)):
            if not path.endswith(".dir"):
                yield path, store.fs


def _holds(file: Any, ids: set[str], raws: set[str]) -> bool:
    """Whether an object (a path or an open file) is a table with one of the documents, or one of the raw objects."""
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return _holds(opened, ids, raws)
    if file.read(4) == b"PAR1":
        try:
            table = pq.ParquetFile(file)
            names = table.schema_arrow.names
            column = next((one for one in ("id", "doc_id") if one in names), None)
            words = "text" in names or "passage" in names
            if words and column and ids & set(table.read([column])[column].to_pylist()):
                return True
        except pa.ArrowException:  # a raw object may be a broken table: its digest tells
            pass
    file.seek(0)
    return bool(raws) and hashlib.file_digest(file, "sha256").hexdigest() in raws
