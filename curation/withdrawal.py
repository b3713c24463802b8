"""Taking texts back: a tombstone that keeps their signatures and not their words, the versions concerned, and the receipt.

The next version is made without them and without what resembles them, from whatever source; versions that hold them are not
loaded without a reason. `purge` removes the words from where this workspace can reach, and says what it cannot recall.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation import catalog, decisions, signature_index, standing, takeback, versions
from curation import purge as purge_step
from curation.decisions import Decision, Evidence, Identity
from curation.document import doc_id
from curation.errors import DeclarationError
from curation.pairing import Pairing
from curation.steps import filter as filter_step
from curation.store import Workspace, dump_json
from curation.versions import git

COLUMNS = {*signature_index.COLUMNS, *standing.COLUMNS}


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
    if by == "domain":
        value = value.lower().rstrip(".")
    if begun := unfinished(workspace, by, value):
        return _finish(workspace, begun)
    if by == "source":
        catalog.source(workspace, value)
    found = _with_released(workspace, _named(workspace, by, value), by, value)
    if not found.num_rows and by != "source":
        raise DeclarationError(f"nothing here has the {by} {value!r}")
    with workspace.scratch() as folder:
        with signature_index.Writer(folder / signature_index.NAME) as writer:
            writer.add(signature_index.rows(found))
        affected = _affected(workspace, folder / signature_index.NAME)
        content = (folder / signature_index.NAME).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    path = workspace.root / "data" / "tombstones" / f"{len(decisions.read(workspace)) + 1:06d}.parquet"
    workspace.write_local(path, content)
    made = decisions.append(
        workspace,
        "withdraw",
        {by: value},
        because,
        by=who,
        proof=proof,
        documents=found.num_rows,
        sources=sorted(set(found["source"].to_pylist())),
        tombstone=str(path.relative_to(workspace.root)),
        sha256=digest,
        affected=affected,
        purged=purge,
    )
    return _finish(workspace, made)


def unfinished(workspace: Workspace, by: str, value: str) -> Decision | None:
    """The same withdrawal whose purge was killed, or met a remote that was shut; a document by either of its ids."""
    for one in standing.withdrawals(workspace):
        ids = {value, *(doc_id(source, value) for source in one.facts["sources"])} if by == "document" else {value}
        if one.subject.get(by) in ids and purge_step.begun(workspace, one):
            return one
    return None


def _finish(workspace: Workspace, made: Decision) -> dict[str, Any]:
    """Remove the words where that was asked for; write and commit the receipt."""
    cleared, closed = purge_step.run(workspace, made) if made.facts["purged"] else ([], [])
    receipt = {
        "decision": made.number,
        "withdrawn": made.subject,
        "because": made.because,
        "by": made.by.model_dump(),
        "at": made.at,
        "documents": made.facts["documents"],
        "affected_versions": made.facts["affected"],
        "cleared": cleared,
        "cannot_recall": [*closed, *_beyond(made)],
    }
    workspace.write_local(purge_step.receipt_file(workspace, made), dump_json(receipt))
    _commit(workspace, made)
    if not closed:  # else the same command goes on where a remote was shut
        purge_step.done(workspace, made)
        _commit(workspace, made)
    return receipt


def _named(workspace: Workspace, by: str, value: str) -> pa.Table:
    """doc_id, source and COLUMNS of every document that is meant, in all sources of the workspace."""
    parts: list[pa.Table] = []
    for source in workspace.names("sources"):
        derived = by == "source" and catalog.source(workspace, source).upstream() == value
        for shard in (workspace.read_json(workspace.signal_index(source)) or {"shards": []})["shards"]:
            table = filter_step.columns(workspace, shard, COLUMNS)
            hits = [True] * table.num_rows if derived else standing.matching(table, by, value)
            own = table.filter(pa.array(hits, pa.bool_()))
            if own.num_rows or not parts:
                parts.append(own)
    if parts:
        return pa.concat_tables(parts)
    empty = {"doc_id": pa.string(), "source": pa.string(), "license.id": pa.string(), "content.hash": pa.string()}
    signature = signature_index.SCHEMA.field("signature").type
    return pa.schema([*empty.items(), ("minhash.signature", signature), ("document.url", pa.string())]).empty_table()


def _with_released(workspace: Workspace, found: pa.Table, by: str, value: str) -> pa.Table:
    """The same with what only a released version still has; addresses stand in its table of attribution."""
    column = {"source": "source", "document": "id", "license": "license"}.get(by, "id")
    parts = [found]
    for release in _releases(workspace):
        wanted = pa.array([value], pa.string())
        if by in {"url", "domain"}:
            known = signature_index.addresses(workspace, release)
            hits = standing.matching(known.rename_columns(["id", "document.url"]), by, value)
            wanted = known["id"].filter(pa.array(hits, pa.bool_())).combine_chunks()
        for block in signature_index.blocks(workspace, release) if len(wanted) else ():
            table = pq.ParquetFile(block.path).read_row_group(block.group)
            own = table.filter(pc.is_in(table[column], value_set=wanted))
            if own.num_rows:
                renamed = own.rename_columns(["doc_id", "source", "license.id", "content.hash", "minhash.signature"])
                parts.append(renamed.append_column("document.url", pa.nulls(own.num_rows, pa.string())))
    whole = pa.concat_tables([part.select(found.column_names) for part in parts], promote_options="permissive")
    keys = zip(whole["doc_id"].to_pylist(), whole["content.hash"].to_pylist(), strict=True)
    first = {key: row for row, key in reversed(list(enumerate(keys)))}
    return whole.take(pa.array(sorted(first.values()), pa.int64()))


def _releases(workspace: Workspace) -> list[str]:
    """Every released version, as name@version."""
    return [f"{name}@{version}" for name in workspace.names("recipes") for version in versions.released(workspace.root, name)]


def _affected(workspace: Workspace, path: Path) -> list[str]:
    """Released versions that hold one of the documents, an equal or a near-duplicate of one."""
    own = signature_index.blocks_of(path, "withdrawn")
    ids = set(pq.read_table(path, columns=["id"])["id"].to_pylist())
    found = []
    for name in workspace.names("recipes"):
        for version in versions.released(workspace.root, name) if own else ():
            release = f"{name}@{version}"
            before = signature_index.blocks(workspace, release)
            held = {doc for block in before for doc in block.facts(np.arange(block.rows))["id"].to_pylist()}
            search = Pairing(workspace, "withdraw", [*own, *before], takeback.LEAST, estimate_only=True, old_blocks=len(before))
            if ids & held or _crosses(search, sum(block.rows for block in own)):
                found.append(release)
    return found


def _crosses(search: Pairing, own: int) -> bool:
    pairs = search.find()
    return any(len(some) and (some.max(axis=1) >= own).any() for some in (pairs.equal, pairs.near.pairs))


def _commit(workspace: Workspace, made: Decision) -> None:
    """Tombstone and receipt go into git beside the entry, and to the origin at once, so that whoever loads from it knows."""
    if not (workspace.root / ".git").exists():
        return
    git(workspace.root, "add", "-A", "--", "data/tombstones")
    if not git(workspace.root, "status", "--porcelain", "--", "data/tombstones").strip():
        return
    git(workspace.root, "commit", "-q", "-m", f"Withdraw (decision {made.number})", "--", "data/tombstones")
    if "origin" in git(workspace.root, "remote").split():
        git(workspace.root, "push", "-q", "origin", "HEAD")


def _beyond(made: Decision) -> list[str]:
    """What no program can take back."""
    told = [f"copies of {one} that somebody loaded or cloned" for one in made.facts["affected"]]
    told.append("models that were trained on it")
    if made.facts["purged"]:
        told.append("raw files that also hold other documents: withdraw their source to clear them")
    else:
        told.append("the words in raw files, documents and DVC's cache: they stay until it is done with --purge")
    return told
