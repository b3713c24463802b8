"""What did a run do? The table that ends a run and the README's sample."""

from typing import Any

import pyarrow.compute as pc

from curation import published, versions
from curation.store import Workspace


def ask(workspace: Workspace, name: str) -> dict[str, Any]:
    """Numbers of the dataset as it stands, and the seconds of its newest run."""
    manifest = published.manifest(workspace, name)
    ledgers = {step: workspace.read_json(workspace.ledger(name, step, "summary.json")) for step in ("filter", "dedup")}
    sources = ledgers["filter"]["by_source"]
    indexes = {source: workspace.read_json(workspace.signal_index(source)) for source in sources}
    ledger = workspace.read_table(workspace.dataset(name, "ledger/removed.parquet"), ["doc_id", "filter", "outcome"])
    reasons: dict[str, set[str]] = {}
    for doc, one, outcome in zip(*(ledger[c].to_pylist() for c in ("doc_id", "filter", "outcome")), strict=True):
        reasons.setdefault(f"{outcome} {one}", set()).add(doc)
    counts = manifest["counts"]
    removed = ledger.filter(pc.equal(ledger["filter"], "dedup.near")) if "removed dedup.near" in reasons else ledger
    steps: dict[str, float] = {}
    for entry in workspace.run_steps(name):
        steps[entry["step"]] = round(steps.get(entry["step"], 0.0) + entry["seconds"], 2)
    return {
        "dataset": name,
        "version": manifest["version"],
        "released": manifest["version"] in versions.released(workspace.root, name),
        "digest": manifest["digest"],
        "records": sum(i["records"] for i in indexes.values()),
        "unreadable": sum(i["quarantined"] for i in indexes.values()),
        "documents": ledgers["filter"]["documents"],
        "removed_or_quarantined_by": {k: len(v) for k, v in sorted(reasons.items())},
        "duplicates": {"exact": ledgers["dedup"]["exact"], "near": ledgers["dedup"]["near"]},
        "kept": counts["documents"],
        "tokens": counts["tokens"],
        "by_source": {s: {**sources[s], "kept_tokens": counts["tokens_by_source"].get(s, 0)} for s in sorted(sources)},
        "tokens_by_language": counts["tokens_by_language"],
        "tokens_by_license": counts["tokens_by_license"],
        "removed_example": min(removed["doc_id"].to_pylist(), default=None),
        "workspace": str(workspace.root),
        "seconds": steps,
        "path": f"{workspace.storage}/{workspace.dataset(name)}",
    }
