"""Taking texts back: a tombstone that keeps their signatures and not their words, the versions concerned, and the receipt.

The next version is made without them and without what resembles them, from whatever source; versions that hold them are not
loaded without a reason. `purge` removes the words from where this workspace can reach, and says what it cannot recall.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from curation import catalog, decisions, published, signature_index, standing, versions
from curation.decisions import Decision, Evidence, Identity
from curation.errors import DeclarationError
from curation.pairing import Pairing
from curation.steps import filter as filter_step
from curation.store import Workspace
from curation.versions import dvc, git

THRESHOLD = 0.8
COLUMNS = {*signature_index.COLUMNS, *standing.NEEDED}


def withdraw(
    workspace: Workspace,
    by: str,
    value: str,
    because: str,
    proof: list[Evidence],
    purge: bool = False,
    who: Identity | None = None,
) -> dict[str, Any]:
    """Withdraw what `by` (source, document, url, license or domain) and `value` name; returns the receipt."""
    if by == "source":
        catalog.source(workspace, value)
    found = _named(workspace, by, value)
    if not found.num_rows and by != "source":
        raise DeclarationError(f"nothing here has the {by} {value!r}")
    number = len(decisions.read(workspace)) + 1
    path = workspace.root / "data" / "tombstones" / f"{number:06d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with signature_index.Writer(path) as writer:
        writer.add(found)
    affected = _affected(workspace, path, number)
    tombstone = str(path.relative_to(workspace.root))
    made = decisions.append(
        workspace,
        "withdraw",
        {by: value},
        because,
        by=who,
        proof=proof,
        documents=found.num_rows,
        sources=sorted(set(found["source"].to_pylist())),
        tombstone=tombstone,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        affected=affected,
        purged=purge,
    )
    cleared = _purge(workspace, made, set(found["doc_id"].to_pylist())) if purge else []
    receipt = {
        "decision": number,
        "withdrawn": {by: value},
        "because": made.because,
        "by": made.by.model_dump(),
        "at": made.at,
        "documents": found.num_rows,
        "affected_versions": affected,
        "cleared": cleared,
        "cannot_recall": _beyond(workspace, affected, purge),
    }
    written = workspace.root / "data" / "tombstones" / f"{number:06d}.json"
    workspace.write_local(written, (json.dumps(receipt, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())
    _commit(workspace, made)
    return receipt


def _named(workspace: Workspace, by: str, value: str) -> pa.Table:
    """doc_id, source and COLUMNS of every document that is meant, in all sources of the workspace."""
    parts: list[pa.Table] = []
    for source in workspace.names("sources"):
        for shard in (workspace.read_json(workspace.signal_index(source)) or {"shards": []})["shards"]:
            table = filter_step.columns(workspace, shard, COLUMNS)
            own = table.filter(pa.array(standing.matching(table, by, value), pa.bool_()))
            if own.num_rows or not parts:
                parts.append(own)
    if parts:
        return pa.concat_tables(parts)
    empty = {"doc_id": pa.string(), "source": pa.string(), "license.id": pa.string(), "content.hash": pa.string()}
    signature = signature_index.SCHEMA.field("signature").type
    return pa.schema([*empty.items(), ("minhash.signature", signature), ("document.url", pa.string())]).empty_table()


def _affected(workspace: Workspace, path: Path, number: int) -> list[str]:
    """Released versions that hold one of the documents, an equal or a near-duplicate of one."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    groups = [(g, file.metadata.row_group(g).num_rows) for g in range(file.num_row_groups)]
    own = [signature_index.Published(path, "withdrawn", g, rows) for g, rows in groups if rows]
    ids = set(file.read(columns=["id"])["id"].to_pylist())
    found = []
    for name in workspace.names("recipes"):
        for version in versions.released(workspace.root, name) if own else ():
            release = f"{name}@{version}"
            before = signature_index.blocks(workspace, release)
            held = {doc for block in before for doc in block.facts(np.arange(block.rows))["id"].to_pylist()}
            search = Pairing(
                workspace, f"withdraw-{number}", [*own, *before], THRESHOLD, estimate_only=True, old_blocks=len(before)
            )
            if ids & held or _crosses(search, sum(block.rows for block in own)):
                found.append(release)
    return found


def _crosses(search: Pairing, own: int) -> bool:
    pairs = search.find()
    return any(len(some) and (some.max(axis=1) >= own).any() for some in (pairs.equal, pairs.near.pairs))


def _commit(workspace: Workspace, made: Decision) -> None:
    """The log goes into git at once, so that whoever loads from it knows."""
    if not (workspace.root / ".git").exists():
        return
    paths = [decisions.FILE, "data/tombstones"]
    git(workspace.root, "add", "--", *paths)
    git(workspace.root, "commit", "-q", "-m", f"Withdraw (decision {made.number})", "--", *paths)
    if "origin" in git(workspace.root, "remote").split():
        git(workspace.root, "push", "-q", "origin", "HEAD")


# --- purge ------------------------------------------------------------------------------------------------


def _purge(workspace: Workspace, made: Decision, ids: set[str]) -> list[str]:
    """Remove the words from raw objects, documents, sidecars, quarantine, datasets and DVC's objects; returns each place."""
    cleared: list[str] = []
    for source in made.facts["sources"]:
        cleared += _raw(workspace, source, ids, whole=made.subject.get("source") == source)
        for key in (
            workspace.documents(source),
            workspace.quarantine(source),
            workspace.signals(source),
            workspace.signal_index(source),
        ):
            if workspace.exists(key):
                workspace.remove(key)
                cleared.append(f"data/{key}")
    for recipe in workspace.names("recipes"):
        if set(catalog.dataset(workspace, recipe).sources) & set(made.facts["sources"]):
            for key in (workspace.dataset(recipe, "data"), workspace.ledger(recipe, "dedup"), workspace.ledger(recipe, "filter")):
                if workspace.exists(key):
                    workspace.remove(key)
                    cleared.append(f"data/{key}")
    return cleared + _objects(workspace, set(made.facts["affected"]), set(made.facts["sources"]))


def _raw(workspace: Workspace, source: str, ids: set[str], whole: bool) -> list[str]:
    """Raw objects of which every document is withdrawn; others stay, since their bytes hold what was not."""
    if whole:
        key = workspace.raw(source)
        if not workspace.exists(key):
            return []
        workspace.remove(key)
        return [f"data/{key}"]
    held: dict[str, set[str]] = {}
    index = workspace.read_json(workspace.signal_index(source)) or {"shards": []}
    for shard in index["shards"]:
        table = workspace.read_table(shard["file"], ["doc_id", "raw_sha256"])
        for doc, raw in zip(table["doc_id"].to_pylist(), table["raw_sha256"].to_pylist(), strict=True):
            held.setdefault(raw, set()).add(doc)
    cleared = []
    for raw, documents in sorted(held.items()):
        key = published.raw_object(workspace, source, raw)
        if documents <= ids and workspace.exists(key):
            workspace.remove(key)
            cleared.append(f"data/{key}")
    return cleared


def _objects(workspace: Workspace, affected: set[str], sources: set[str]) -> list[str]:
    """DVC's objects, here and in remotes that are folders, that only affected versions use and that may hold the words."""
    if not (workspace.root / ".dvc").is_dir():
        return []
    unwanted: set[str] = set()
    wanted: set[str] = set()
    for name in workspace.names("recipes"):
        for version in versions.released(workspace.root, name):
            release = f"{name}@{version}"
            for place, hashes in _of_version(workspace, release):
                words = place.startswith(f"data/datasets/{name}/data") or any(
                    place == f"data/{part}/{source}" for part in ("raw", "documents", "quarantine") for source in sources
                )
                (unwanted if release in affected and words else wanted).update(hashes)
    cleared = []
    folders = [workspace.root / ".dvc" / "cache", *_remote_folders(workspace)]
    for digest in sorted(unwanted - wanted):
        for folder in folders:
            for file in (folder / "files" / "md5" / digest[:2] / digest[2:],):
                if file.exists():
                    file.unlink()
                    cleared.append(
                        str(file.relative_to(workspace.root)) if file.is_relative_to(workspace.root) else f"remote:{digest}"
                    )
    return cleared


def _of_version(workspace: Workspace, release: str) -> list[tuple[str, set[str]]]:
    """(path, digests of its files) of every output in a version's dvc.lock."""
    lock = yaml.safe_load(git(workspace.root, "show", f"{release}:dvc.lock")) or {}
    found = []
    for stage in lock.get("stages", {}).values():
        for out in stage.get("outs", []):
            digest = str(out.get("md5", ""))
            hashes = {digest}
            if digest.endswith(".dir"):
                listing = workspace.root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
                if listing.exists():
                    hashes |= {entry["md5"] for entry in json.loads(listing.read_text(encoding="utf-8"))}
            found.append((out["path"], hashes))
    return found


def _remote_folders(workspace: Workspace) -> list[Path]:
    """DVC remotes that are folders of this machine."""
    urls = re.findall(r"^remote\.[^=]+\.url=(.+)$", dvc(workspace.root, "config", "--list"), re.MULTILINE)
    return [folder for url in urls if "://" not in url and (folder := (workspace.root / ".dvc" / url).resolve()).is_dir()]


def _beyond(workspace: Workspace, affected: list[str], purge: bool) -> list[str]:
    """What no program can take back."""
    told = [f"copies of {one} that somebody loaded or cloned" for one in affected]
    told.append("models that were trained on it")
    if not purge:
        told.append("the words in raw files, documents and DVC's cache: they stay until it is done with --purge")
    elif (workspace.root / ".dvc").is_dir():
        urls = re.findall(r"^remote\.[^=]+\.url=(.+)$", dvc(workspace.root, "config", "--list"), re.MULTILINE)
        told += [f"objects in the remote {url}: run `dvc gc --cloud` there" for url in urls if "://" in url]
        told.append("raw files that also hold other documents: withdraw their source to clear them")
    return told
