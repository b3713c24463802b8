"""The gate: no dataset is made of a source whose rights, level or disputes forbid its use, and none leaves that may not.

Asked when filters run, when files are assembled and when a version is released, so that no way around one of them is a way out.
"""

from datetime import UTC, date, datetime

from curation import catalog, levels, rights, settings, signing, standing
from curation.decisions import PROVED, Decision
from curation.errors import ReviewError, RightsError
from curation.identifiers import PERSONAL
from curation.manifest import Source
from curation.recipe import Plan
from curation.store import Workspace


def today() -> date:
    """The day in UTC: grants begin and end by the day."""
    return datetime.now(UTC).date()


def demand(workspace: Workspace, plan: Plan) -> None:
    """Raise RightsError naming the source, what is wrong, and what to do; nothing may be made of it today."""
    use, known = plan.recipe.used(), standing.known(workspace)
    declared = settings.read(workspace.root)
    redacted = _redacted(plan)
    for name in plan.recipe.sources:
        source = catalog.source(workspace, name)
        why = rights.fault(source, use, today(), known, declared.organisation)
        why = why or levels.fault(source, use, known, list(declared.controls), redacted)
        if why:
            raise RightsError(f"source {name!r} {why}")


def demand_release(workspace: Workspace, plan: Plan, digest: str) -> None:
    """Before a version: everything above, the export gate, and as many reviewers as the highest level asks for."""
    demand(workspace, plan)
    known = standing.known(workspace)
    sources = [catalog.source(workspace, name) for name in plan.recipe.sources]
    if why := levels.export_fault(sources, plan.recipe.used(), known):
        raise RightsError(f"recipe {plan.recipe.name!r}: {why}")
    level = levels.highest(levels.of_source(source, known) for source in sources)
    control = levels.CONTROLS[level]
    if control.reviewers < 2 and not control.owner:
        return  # one approval, or none, is the recipe's own rule
    approved = eyes(workspace, plan.recipe.name, digest, sources)
    if len(approved) < control.reviewers:
        raise ReviewError(
            f"{plan.recipe.name} is {level}: {control.reviewers} persons must approve it, each by an Airflow login or a signature "
            f"and none of them its submitter; so far: {', '.join(sorted(approved)) or 'nobody'}"
        )
    owners = {party.name for source in sources for party in source.issuer}
    if control.owner and not owners & approved:
        raise ReviewError(
            f"{plan.recipe.name} is {level}: one who approves must be an owner of the data: {', '.join(sorted(owners))}"
        )


def eyes(workspace: Workspace, dataset: str, digest: str, sources: list[Source]) -> set[str]:
    """Persons who approved exactly this digest and count: identity proved, and none submitted one of its sources."""
    submitters = {source.submitted_by.name for source in sources if source.submitted_by}
    about = {"dataset": dataset, "digest": digest}
    return {
        one.by.name
        for one in standing.known(workspace)
        if one.kind == "approve" and one.subject == about and one.by.name not in submitters and _proved(workspace, one)
    }


def _proved(workspace: Workspace, one: Decision) -> bool:
    """An Airflow login is proved by Airflow; a signature is checked again."""
    if one.by.kind != "git-signed":
        return one.by.kind in PROVED
    said = signing.message(one.kind, one.subject["dataset"], one.subject["digest"])
    return signing.holds(workspace, one.by.name, said, one.facts.get("signature", ""))


def _redacted(plan: Plan) -> set[str]:
    """Types of personal data that every document of the recipe loses."""
    found: set[str] = set()
    for edit in plan.edits():
        if edit.spans == "pii.spans" and not edit.where:
            found |= set(edit.types or PERSONAL)
    return found
