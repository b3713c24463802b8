"""One provenance record for each release: by which run, DAG and code it was made, of which bytes, decided by whom, at what cost.

It differs between runs that make the same bytes, so it is no part of the dataset's digest: it stands beside RELEASE.json in git.
"""

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

import yaml

import curation
from curation import catalog, decisions, published, sampling, standing
from curation.manifest import Source
from curation.recipe import Plan
from curation.store import Workspace
from curation.versions import git


def record(workspace: Workspace, plan: Plan, sources: list[Source], manifest: dict[str, Any]) -> dict[str, Any]:
    """JSON-able. What is not known (no run, no DAG, code outside git) is null."""
    name = plan.recipe.name
    run, steps = workspace.newest_run(name)
    about = {"dataset": name, "digest": manifest["digest"]}
    decided = [one for one in standing.known(workspace) if one.subject == about]
    return {
        "dataset": name,
        "version": manifest["version"],
        "digest": manifest["digest"],
        "run": run and {key: run.get(key) for key in ("run", "workers", "note", "started")},
        "dag": _dag(),
        "code": {
            "curation": curation.__version__,
            "commit": _commit(),
            "steps": _program(workspace),
            "python": platform.python_version(),
        },
        "inputs": {
            "declarations": manifest["declarations"],
            "raw": {source.id: _raw(workspace, source.id) for source in sources},
            "policy": plan.policy.name,
        },
        "outputs": {path: entry["sha256"] for path, entry in sorted(manifest["files"].items()) if path.startswith("data/")},
        "decided": [{"decision": one.kind, "by": one.by.name, "known_by": one.by.kind, "at": one.at} for one in decided],
        "decisions_before": decisions.head(workspace),
        "sampling": _sampling(workspace, plan),
        "cost": {
            "cpu_seconds": round(sum(one.get("cpu_seconds") or 0.0 for one in steps), 1) if steps else None,
            "seconds": round(sum(one["seconds"] for one in steps), 1) if steps else None,
            "review_hours": round(sum(row.get("seconds") or 0 for row in sampling.all_verdicts(workspace, name)) / 3600, 2),
        },
    }


def _dag() -> dict[str, str] | None:
    """What Airflow tells its tasks of themselves."""
    said = {key: os.environ.get(f"AIRFLOW_CTX_{key.upper()}") for key in ("dag_id", "dag_run_id", "task_id", "try_number")}
    return {key: value for key, value in said.items() if value} if said["dag_id"] else None


def _commit() -> str | None:
    """The commit of the clone that this program runs from, `+` where files differ from it; null for an installed wheel."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    commit = git(root, "rev-parse", "HEAD", check=False)
    return (commit + ("+" if git(root, "status", "--porcelain", "--", "curation", check=False) else "")) if commit else None


def _program(workspace: Workspace) -> dict[str, str]:
    """Digest of the code behind each step, as the catalog that the run began with says."""
    path = workspace.catalog_file
    said = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
    return dict(said.get("program") or {})


def _raw(workspace: Workspace, source: str) -> dict[str, Any]:
    """How many raw objects of a source, and one digest over all of theirs."""
    objects = published.raw(workspace, source)["objects"]
    digest = hashlib.sha256("".join(sorted(one["sha256"] for one in objects)).encode()).hexdigest()
    upstream = catalog.source(workspace, source).upstream()
    return {"objects": len(objects), "sha256": digest, **({"reads": upstream} if upstream else {})}


def _sampling(workspace: Workspace, plan: Plan) -> dict[str, Any] | None:
    if plan.recipe.sampling != "tc260":
        return None
    manual, technical = sampling.manual(workspace, plan.recipe.name), sampling.technical(workspace, plan)
    return {"manual": manual, "technical": technical}
