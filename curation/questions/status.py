"""Where does the workspace stand: what is fetched, measured, assembled, released, and what waits for whom?"""

from typing import Any

from curation import approval, catalog, gate, sampling, versions
from curation.errors import CurationError, DataError
from curation.steps import assemble
from curation.store import Workspace


def ask(workspace: Workspace) -> dict[str, Any]:
    """One row per source and per dataset."""
    sources = []
    for name in workspace.names("sources"):
        raw = workspace.read_json(workspace.raw(name, "INDEX.json"))
        documents = workspace.read_json(workspace.documents(name, "INDEX.json"))
        measured = workspace.read_json(workspace.signal_index(name))
        sources.append(
            {
                "source": name,
                "objects": len(raw["objects"]) if raw else None,
                "documents": documents["documents"] if documents else None,
                "quarantined": documents["quarantined"] if documents else None,
                "measured": measured is not None,
            }
        )
    datasets = [_dataset(workspace, name) for name in workspace.names("recipes")]
    return {"workspace": str(workspace.root), "sources": sources, "datasets": datasets}


def _dataset(workspace: Workspace, name: str) -> dict[str, Any]:
    recipe = catalog.dataset(workspace, name)
    manifest = workspace.read_json(workspace.dataset(name, "manifest.json"))
    known = versions.released(workspace.root, name)
    waits, fault = None, None
    if manifest:
        outdated = outdated_by(workspace, name)
        fault = held(workspace, name, manifest["digest"], outdated)
        if outdated or manifest["version"] not in known:
            decision = approval.find(workspace, name, manifest["digest"])
            said = decision.decision if decision else None
            waits = "changes" if said == "reject" else "release" if said or recipe.review == "auto" else "review"
            waits = "run" if outdated else waits
    return {
        "dataset": name,
        "documents": manifest["counts"]["documents"] if manifest else None,
        "candidate": manifest["version"] if manifest else None,
        "released": known,
        "waits_for": waits,
        "held": fault if waits else None,
    }


def outdated_by(workspace: Workspace, name: str) -> str | None:
    """The line that says what makes a dataset's files out of date (sources, rules, decisions since), or null."""
    try:
        assemble.demand_current(workspace, catalog.plan(workspace, name))
    except CurationError as error:
        return str(error)
    return None


def held(workspace: Workspace, name: str, digest: str, outdated: str | None) -> str | None:
    """The line that a release would be refused with today, or null; `outdated` is what `outdated_by` says."""
    try:
        plan = catalog.plan(workspace, name)
        gate.demand_release(workspace, plan, digest)
        if outdated is None:
            sampling.demand(workspace, plan)
    except CurationError as error:
        return str(error)
    return outdated


def demand_current(workspace: Workspace, name: str) -> None:
    """Raise DataError where approving would approve what the next run makes anew."""
    if fault := outdated_by(workspace, name):
        raise DataError(f"{name} is out of date and cannot be approved: {fault}")
