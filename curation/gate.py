"""The gate: no dataset is made of a source whose rights, level or disputes forbid its use, and none leaves that may not.

Asked when filters run, when files are assembled and when a version is released, so that no way around one of them is a way out.
"""

from datetime import UTC, date, datetime

from curation import approval, catalog, levels, rights, settings, signing, standing
from curation.decisions import PROVED, Decision
from curation.errors import DataError, ReviewError, RightsError
from curation.identifiers import PERSONAL
from curation.manifest import Source
from curation.recipe import Plan
from curation.reviewers import FILE as REVIEWERS
from curation.reviewers import Reviewers
from curation.store import Workspace


def today() -> date:
    """The day in UTC: grants begin and end by the day."""
    return datetime.now(UTC).date()


def demand(workspace: Workspace, plan: Plan) -> None:
    """Raise RightsError naming the source, what is wrong, and what to do; nothing may be made of it today."""
    use, known = plan.recipe.used(), standing.known(workspace)
    declared = settings.read(workspace.root)
    redacted = _redacted(plan)
    demand_tombstones(workspace)
    for source in sources_of(workspace, plan):
        name = source.id
        why = rights.fault(source, use, today(), known, declared.organisation)
        why = why or levels.fault(source, use, known, list(declared.controls), redacted)
        if why:
            raise RightsError(f"source {name!r} {why}")
    if why := levels.merged_fault(sources_of(workspace, plan), known):
        raise RightsError(f"recipe {plan.recipe.name!r} {why}")


def demand_release(workspace: Workspace, plan: Plan, digest: str) -> None:
    """Before a version: everything above, the export gate, and as many reviewers as the highest level asks for."""
    demand(workspace, plan)
    known = standing.known(workspace)
    sources = sources_of(workspace, plan)
    if why := levels.export_fault(sources, plan.recipe.used(), known):
        raise RightsError(f"recipe {plan.recipe.name!r}: {why}")
    level = levels.highest(levels.of_source(source, known) for source in sources)
    control = levels.CONTROLS[level]
    if control.reviewers < 2 and not control.owner:
        decided = approval.find(workspace, plan.recipe.name, digest)
        if control.reviewers and (decided is None or decided.decision != "approve"):
            raise ReviewError(f"{plan.recipe.name} is {level}: a reviewer must approve it, whatever the recipe says of `review`")
        return
    approved = eyes(workspace, plan.recipe.name, digest, sources)
    if len(approved) < control.reviewers:
        raise ReviewError(
            f"{plan.recipe.name} is {level}: {control.reviewers} persons of {REVIEWERS} must approve it, each by an Airflow login or a "
            f"signature and none of them its submitter; so far: {', '.join(sorted(approved)) or 'nobody'}"
        )
    owners = {party.name for source in sources for party in source.issuer}
    if control.owner and not {Reviewers(workspace).person(one) for one in owners} & approved:
        raise ReviewError(
            f"{plan.recipe.name} is {level}: one who approves must be an owner of the data: {', '.join(sorted(owners))}"
        )


def eyes(workspace: Workspace, dataset: str, digest: str, sources: list[Source]) -> set[str]:
    """Persons of data/reviewers.yaml who approved exactly this digest and count: identity proved, and none submitted one of its sources."""
    reviewers, about = Reviewers(workspace), {"dataset": dataset, "digest": digest}
    last: dict[str, Decision] = {}  # what a person said last counts
    for one in standing.known(workspace):
        if one.kind in {"approve", "reject"} and one.subject == about and (person := reviewers.person(one.by.name)):
            last[person] = one
    submitters = _submitters(workspace, sources)
    by_proof: dict[str, str] = {}  # one key is one person, whatever names it signs with
    for person, one in last.items():
        proof = _proof(workspace, one) if one.kind == "approve" and not reviewers.among(person, submitters) else None
        if proof:
            by_proof.setdefault(proof, person)
    return set(by_proof.values())


def _submitters(workspace: Workspace, sources: list[Source]) -> set[str]:
    """Names and addresses of those who brought the sources: as declared, and as the log knows who filled in a form."""
    parties = [source.submitted_by for source in sources if source.submitted_by]
    names = {said for party in parties for said in (party.name, party.contact) if said}
    names |= {source.contact for source in sources if not source.submitted_by}
    own = {source.id for source in sources}
    return names | {one.by.name for one in standing.known(workspace) if one.kind == "submit" and one.subject["source"] in own}


def _proof(workspace: Workspace, one: Decision) -> str | None:
    """What proves who decided, or null: an Airflow login is proved by Airflow, a signature is checked again by its key."""
    if one.by.kind != "git-signed":
        return f"{one.by.kind} {one.by.name.casefold()}" if one.by.kind in PROVED else None
    said = signing.message(one.kind, one.subject["dataset"], one.subject["digest"])
    return signing.key_of(workspace, one.by.name, said, one.facts.get("signature", ""))


def sources_of(workspace: Workspace, plan: Plan) -> list[Source]:
    """The recipe's sources, and those whose raw bytes they read: what forbids the one forbids the other."""
    found: dict[str, Source] = {}
    waiting = list(plan.recipe.sources)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = catalog.source(workspace, name)
            if upstream := found[name].upstream():
                waiting.append(upstream)
    return list(found.values())


def demand_tombstones(workspace: Workspace) -> None:
    """Raise DataError for a tombstone that no entry of the log stands for: the log lost a withdrawal."""
    known = {one.facts["tombstone"] for one in standing.withdrawals(workspace)}
    for file in sorted((workspace.root / "data" / "tombstones").glob("*.parquet")):
        if (name := str(file.relative_to(workspace.root))) not in known:
            raise DataError(
                f"{name}: no decision in the log stands for it: a withdrawal was interrupted (run it again), or the log was cut"
            )


def _redacted(plan: Plan) -> set[str]:
    """Types of personal data that every document of the recipe loses."""
    found: set[str] = set()
    for edit in plan.edits():
        if edit.spans == "pii.spans" and not edit.where:
            found |= set(edit.types or PERSONAL)
    return found
