"""Is a dataset what its manifest says? Digests, counts, and conservation of documents from raw to release."""

from collections import Counter
from typing import Any

from curation import catalog, decisions, gate, published, versions
from curation.errors import DataError
from curation.store import Workspace


def ask(workspace: Workspace, name: str) -> dict[str, Any]:
    """Check everything; `faults` lists what is wrong, one line each."""
    manifest = published.manifest(workspace, name)
    faults: list[str] = []
    rows = 0
    for path, file in sorted(manifest["files"].items()):
        key = workspace.dataset(name, path)
        if not workspace.exists(key):
            faults.append(f"data/{key}: missing")
        elif workspace.sha256(key) != file["sha256"]:
            faults.append(f"data/{key}: sha256 differs from the manifest")
        elif path.startswith("data/"):
            rows += workspace.parquet(key).metadata.num_rows
    listed = {workspace.dataset(name, path) for path in manifest["files"]}
    for folder in ("data", "ledger", "plots", "LICENSES", "reports"):
        faults += [
            f"data/{key}: not in the manifest" for key in workspace.files(workspace.dataset(name, folder)) if key not in listed
        ]
    if faults:
        return {"dataset": name, "version": manifest["version"], "documents": rows, "faults": faults}
    faults += _conservation(workspace, name, rows)
    faults += _decided(workspace, name)
    return {"dataset": name, "version": manifest["version"], "documents": rows, "faults": faults}


def _decided(workspace: Workspace, name: str) -> list[str]:
    """Faults of the log of decisions: broken, or shorter than when the newest version was released."""
    try:
        known = decisions.read(workspace)
        gate.demand_tombstones(workspace)
    except DataError as error:
        return [str(error)]
    anchor = (versions.latest(workspace.root, name) or {}).get("decisions") or {"number": 0}
    if anchor["number"] and (len(known) < anchor["number"] or known[anchor["number"] - 1].digest != anchor["digest"]):
        return [f"{decisions.FILE}: entry {anchor['number']} is not the one that the newest version of {name} was released with"]
    return []


def _conservation(workspace: Workspace, name: str, rows: int) -> list[str]:
    faults = []
    read = documents = 0
    for source in catalog.plan(workspace, name).recipe.sources:
        index = published.signals(workspace, source)
        read += index["records"]
        documents += sum(shard["rows"] for shard in index["shards"])
        for shard in index["shards"]:
            faults += [
                f"data/{one['file']}: sha256 differs from its index"
                for one in [shard, *shard["signals"].values()]
                if not workspace.exists(one["file"]) or workspace.sha256(one["file"]) != one["sha256"]
            ]
    ledger = workspace.read_table(workspace.dataset(name, "ledger/removed.parquet"), ["doc_id", "step"])
    gone = Counter(dict(zip(ledger["doc_id"].to_pylist(), ledger["step"].to_pylist(), strict=True)).values())
    if rows + gone.total() != documents:
        faults.append(f"{name}: kept {rows} + in the ledger {gone.total()} is not the {documents} documents of its sources")
    return faults


def demand(answer: dict[str, Any]) -> None:
    """Raise DataError with the first fault."""
    if answer["faults"]:
        more = f" (and {len(answer['faults']) - 1} more)" if len(answer["faults"]) > 1 else ""
        raise DataError(f"{answer['dataset']}: {answer['faults'][0]}{more}")
