"""What would another policy do to a dataset? Asked on what is measured, before it is switched on."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation import catalog
from curation.declaration import load_yaml, parse
from curation.errors import CurationError
from curation.license import tier
from curation.policy.verdicts import columns_of, judge, outcomes
from curation.recipe import Plan, Policy
from curation.steps import filter as filter_step
from curation.store import Workspace
from curation.tongue import t

EXAMPLES = 5


def ask(workspace: Workspace, old: str, new: str, dataset: str) -> dict[str, Any]:
    """Documents that only one of two policies lets through, by source, license and the first reason. A policy is a name or a file."""
    plan = catalog.plan(workspace, dataset)
    before, after = (plan.model_copy(update={"policy": policy(workspace, name)}) for name in (old, new))
    counts: dict[str, Counter[str]] = {side: Counter() for side in ("removed", "admitted")}
    examples: dict[str, list[str]] = {"removed": [], "admitted": []}
    reasons: dict[str, Counter[str]] = {"removed": Counter(), "admitted": Counter()}
    documents = kept = 0
    for source, shard in filter_step.shards_of(workspace, plan):
        table = filter_step.columns(workspace, shard, columns_of(before) | columns_of(after) | {"license.id"})
        licenses = dict(zip(table["doc_id"].to_pylist(), table["license.id"].to_pylist(), strict=True))
        first, second = (_first(table, one) for one in (before, after))
        documents += table.num_rows
        kept += table.num_rows - len(second)
        for side, gone, other in (("removed", second, first), ("admitted", first, second)):
            for doc in sorted(set(gone) - set(other)):
                counts[side][f"{source}, {licenses[doc] or 'UNKNOWN'}"] += 1
                reasons[side][gone[doc]] += 1
                examples[side] = [*examples[side], doc][:EXAMPLES]
    return {
        "dataset": dataset,
        "old": before.policy.name,
        "new": after.policy.name,
        "documents": documents,
        "kept": kept,
        **{
            side: {
                "documents": counts[side].total(),
                "by": dict(sorted(counts[side].items())),
                "reasons": dict(sorted(reasons[side].items())),
                "examples": examples[side],
            }
            for side in counts
        },
    }


def refusing(workspace: Workspace, source: str, license: str) -> list[tuple[str, str]]:
    """(dataset, policy) of those that use a source and keep its texts out under this license, clear and without a conflict."""
    said = {"doc_id": "", "source": source, "license.id": license, "license.tier": tier(license)}
    row = pa.table({key: pa.array([value], pa.string()) for key, value in said.items()} | {"license.conflict": [False]})
    found = []
    for name in workspace.names("recipes"):
        try:
            plan = catalog.plan(workspace, name)
        except CurationError:  # a recipe that is not sound takes nothing, and says so when it is run
            continue
        asked = [one for one in plan.policy.filters if {one.column, *one.where} <= set(row.column_names)]
        own = plan.model_copy(update={"policy": plan.policy.model_copy(update={"filters": asked}), "profiles": []})
        own = own.model_copy(update={"recipe": own.recipe.model_copy(update={"filters": []})})
        if source in plan.recipe.sources and judge(row, own).num_rows:
            found.append((name, plan.policy.name))
    return found


def unclear(workspace: Workspace, source: str) -> list[tuple[str, int]]:
    """(what is claimed, documents) of a source's measured documents without a clear license: what settling the source decides at once."""
    counted: Counter[str] = Counter()
    index = workspace.read_json(workspace.signal_index(source)) or {"shards": []}
    for shard in index["shards"]:
        unknown = pc.is_null(workspace.read_table(shard["signals"]["license"]["file"], ["id"])["id"])
        for claims in workspace.read_table(shard["file"], ["license_claims"])["license_claims"].filter(unknown).to_pylist():
            counted[" / ".join(sorted({one["value"] for one in claims or []})) or "-"] += 1
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def policy(workspace: Workspace, name: str) -> Policy:
    """By its name, or from a file that is not switched on yet."""
    path = Path(name)
    return parse(Policy, load_yaml(path, name), name) if path.suffix in {".yaml", ".yml"} else catalog.policy(workspace, name)


def _first(table: Any, plan: Plan) -> dict[str, str]:
    """doc_id -> the first filter that keeps it out."""
    ledger = judge(table, plan)
    named: dict[str, str] = {}
    for doc, one in zip(ledger["doc_id"].to_pylist(), ledger["filter"].to_pylist(), strict=True):
        named.setdefault(doc, one)
    assert set(named) == set(outcomes(ledger))
    return named


def shown(answer: dict[str, Any]) -> list[str]:
    """The answer as lines."""
    dataset, old, new = answer["dataset"], answer["old"], answer["new"]
    lines = [
        t(
            f"{dataset}: {answer['documents']:,} documents; {new} keeps {answer['kept']:,} before duplicates",
            f"{dataset}：{answer['documents']:,} 份文档；{new} 在去重前保留 {answer['kept']:,}",
        )
    ]
    sides = (
        ("removed", f"only {old} lets through", f"仅 {old} 放行"),
        ("admitted", f"only {new} lets through", f"仅 {new} 放行"),
    )
    for side, en, zh in sides:
        found = answer[side]
        lines.append(t(f"{en}: {found['documents']:,}", f"{zh}：{found['documents']:,}"))
        lines += [t(f"  {by}: {count:,}", f"  {by}：{count:,}") for by, count in found["by"].items()]
        lines += [t(f"  by {reason}: {count:,}", f"  依 {reason}：{count:,}") for reason, count in found["reasons"].items()]
        if found["examples"]:
            lines.append(t(f"  such as {', '.join(found['examples'])}", f"  如 {'、'.join(found['examples'])}"))
    return lines
