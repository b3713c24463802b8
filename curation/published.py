"""What steps have published, read back: each index by its name, or one line that says which step to run."""

from typing import Any

import pyarrow.compute as pc

from curation.errors import DataError
from curation.recipe import unknown
from curation.store import Workspace


def raw(workspace: Workspace, source: str) -> dict[str, Any]:
    """Objects of a source, as ingest published them."""
    return _read(
        workspace, workspace.raw(source, "INDEX.json"), f"source {source!r} has no raw bytes yet", f"step ingest {source}"
    )


def raw_object(workspace: Workspace, source: str, sha256: str) -> str:
    """Key of a raw object's bytes."""
    return workspace.raw(source, f"objects/{sha256}")


def receipts(workspace: Workspace, source: str) -> list[dict[str, Any]]:
    """Every receipt of a source: where from, when, by which connector."""
    return [workspace.read_json(key) for key in workspace.files(workspace.raw(source, "receipts"))]


def documents(workspace: Workspace, source: str) -> dict[str, Any]:
    """Document shards of a source, as extract published them."""
    key = workspace.documents(source, "INDEX.json")
    return _read(workspace, key, f"source {source!r} has no documents yet", f"step extract {source}")


def signals(workspace: Workspace, source: str) -> dict[str, Any]:
    """Document shards of a source with their sidecars, as annotate published them."""
    key = workspace.signal_index(source)
    return _read(workspace, key, f"source {source!r} is not measured yet", f"step annotate {source}")


def license_claims(workspace: Workspace, source: str, doc_id: str) -> list[dict[str, Any]]:
    """Every license claim about a document of a measured source (detector, value, passage, where); none of one that it has not."""
    for shard in signals(workspace, source)["shards"]:
        at = pc.index(workspace.read_table(shard["file"], ["doc_id"])["doc_id"], doc_id).as_py()
        if at >= 0:
            return workspace.read_table(shard["file"], ["license_claims"])["license_claims"][at].as_py()  # type: ignore[no-any-return]
    return []


def manifest(workspace: Workspace, dataset: str) -> dict[str, Any]:
    """Every file of a dataset by digest, as card published them. Raises UnknownError for one that no recipe makes."""
    found = workspace.read_json(workspace.dataset(dataset, "manifest.json"))
    if found is None and dataset not in (known := workspace.names("recipes")):
        raise unknown("recipe", dataset, known)
    return _there(found, f"dataset {dataset!r} has no card yet", f"run {dataset}")


def card(workspace: Workspace, dataset: str) -> dict[str, Any]:
    """What a dataset's card says, as its exports were made from."""
    return _read(
        workspace, workspace.dataset(dataset, "reports/card.json"), f"dataset {dataset!r} has no card yet", f"run {dataset}"
    )


def _read(workspace: Workspace, key: str, fault: str, command: str) -> dict[str, Any]:
    return _there(workspace.read_json(key), fault, command)


def _there(found: dict[str, Any] | None, fault: str, command: str) -> dict[str, Any]:
    if found is None:
        raise DataError(f"{fault}; run `curate {command}`")
    return found
