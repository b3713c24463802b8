"""What did a run do? The table that ends a run and the README's sample."""

from typing import Any

import pyarrow.compute as pc

from curation import published, versions
from curation.store import Workspace


def ask(workspace: Workspace, name: str) -> dict[str, Any]:
    """Numbers of the dataset's card as it stands, and the seconds of its newest run. A document is counted once, by what it failed first."""
    manifest = published.manifest(workspace, name)
    card = published.card(workspace, name)
    funnel = card["funnel"]
    ledger = workspace.read_table(workspace.dataset(name, "ledger/removed.parquet"), ["doc_id", "filter"])
    counts = manifest["counts"]
    near = ledger.filter(pc.equal(ledger["filter"], "dedup.near"))
    removed = near if near.num_rows else ledger
    steps: dict[str, float] = {}
    for entry in workspace.run_steps(name):
        steps[entry["step"]] = round(steps.get(entry["step"], 0.0) + entry["seconds"], 2)
    return {
        "dataset": name,
        "version": manifest["version"],
        "released": manifest["version"] in versions.released(workspace.root, name),
        "digest": manifest["digest"],
        "records": funnel["records"],
        "unreadable": sum(count for _, count in funnel["unreadable"]),
        "documents": funnel["documents"],
        "removed_or_quarantined_by": {
            f"{outcome} {reason}": count for outcome in ("removed", "quarantined") for reason, count in funnel[outcome]
        },
        "kept": counts["documents"],
        "tokens": counts["tokens"],
        "by_source": {
            row["source"]: {**row, "kept_tokens": counts["tokens_by_source"].get(row["source"], 0)}
            for row in sorted(card["funnel_by_source"], key=lambda row: row["source"])
        },
        "tokens_by_language": counts["tokens_by_language"],
        "tokens_by_license": counts["tokens_by_license"],
        "removed_example": min(removed["doc_id"].to_pylist(), default=None),
        "workspace": str(workspace.root),
        "seconds": steps,
        "path": f"{workspace.storage}/{workspace.dataset(name)}",
    }
