"""What the pages show: each a function of the workspace and the person who asks; nothing here decides or writes."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from curation import approval, catalog, gate, levels, published, sampling, standing, versions
from curation.errors import DataError, UnknownError
from curation.loading import read_part
from curation.questions import diff, policy, status, tryout, tune, why
from curation.review import people, reading
from curation.review.people import Person
from curation.store import Workspace

SOON = timedelta(days=90)  # rights that end within it are shown
MAIN = re.compile(r"<main>\n(.*)\n</main>", re.DOTALL)


def catalogue(workspace: Workspace, person: Person) -> dict[str, Any]:
    """Datasets with their versions and what they wait for, sources, and what asks for somebody."""
    found = status.ask(workspace)
    for row in found["datasets"]:
        row["title"] = catalog.dataset(workspace, row["dataset"]).title.model_dump()
        manifest = workspace.read_json(workspace.dataset(row["dataset"], "manifest.json")) or {}
        moves = ((manifest.get("changes") or {}).get("drift") or {}).get("moves", [])
        row["alarms"] = [one["what"] for one in moves if one["alarm"]]
    return {
        **found,
        "conflicts": len(unsettled(workspace)),
        "ending": len(rights(workspace, person)["rows"]),
        "submissions": sum(row["decision"] is None for row in submissions(workspace, person)["rows"]),
    }


@lru_cache(64)
def _main(content: bytes) -> str:
    """The inside of a generated card."""
    found = MAIN.search(content.decode())
    if found is None:
        raise DataError("card.html is none that this program wrote")
    return found[1]


@lru_cache(32)
def _released_card(root: str, name: str, version: str) -> bytes:
    return read_part(root, name, version, "card.html")


def dataset(workspace: Workspace, person: Person, name: str) -> dict[str, Any]:
    """A dataset as it stands: its card, the decision about it, what holds its release back."""
    recipe = catalog.dataset(workspace, name)
    manifest = published.manifest(workspace, name)
    content = workspace.open(workspace.dataset(name, "card.html")).read()
    if hashlib.sha256(content).hexdigest() != manifest["files"]["card.html"]["sha256"]:
        raise DataError(f"{name}: card.html is not what its manifest names; run `curate step card {name}`")
    decided = approval.find(workspace, name, manifest["digest"])
    about = {"dataset": name, "digest": manifest["digest"]}
    known, outdated = versions.released(workspace.root, name), status.outdated_by(workspace, name)
    return {
        "name": name,
        "title": recipe.title.model_dump(),
        "manifest": manifest,
        "versions": known,
        "is_released": manifest["version"] in known,
        "review": recipe.review,
        "decided": decided,
        "said": [one for one in standing.known(workspace) if one.subject == about],
        "held": status.held(workspace, name, manifest["digest"], outdated),
        "outdated": outdated is not None,
        "sampling": recipe.sampling,
        "card": _main(content),
    }


def place_of_run(workspace: Workspace, run_id: str) -> str:
    """Where the card of a run's dataset is; the catalogue while the run has none. Raises UnknownError for an unknown run."""
    path = workspace.run_folder(run_id) / "run.json"
    if not path.is_file():
        raise UnknownError(f"no run {run_id!r} in {workspace.root}: it was of another workspace, or has not begun")
    name = json.loads(path.read_text("utf-8"))["recipe"]
    return f"dataset/{name}" if workspace.exists(workspace.dataset(name, "manifest.json")) else ""


def version(workspace: Workspace, person: Person, name: str, wanted: str) -> dict[str, Any]:
    """A released version: its card and its record. Raises UnknownError naming the versions there are."""
    record = versions.record(workspace.root, name, wanted)
    card = _main(_released_card(str(workspace.root), name, wanted))
    known = versions.released(workspace.root, name)
    at = known.index(wanted)
    concerned = standing.concerns(standing.known(workspace), f"{name}@{wanted}")
    return {
        "name": name,
        "version": wanted,
        "record": record,
        "provenance": _provenance(workspace, name, wanted),
        "card": card,
        "versions": known,
        "before": known[at - 1] if at else None,
        "withdrawn": concerned,
    }


def _provenance(workspace: Workspace, name: str, wanted: str) -> Any:
    text = versions.git(workspace.root, "show", f"{name}@{wanted}:data/datasets/{name}/PROVENANCE.json", check=False)
    return json.loads(text) if text else None


@lru_cache(32)
def _diff(root: str, storage: str, before: str, after: str, digest: str) -> dict[str, Any]:
    """Kept while neither version nor, of what is not released, its `digest` changes."""
    return diff.ask(Workspace(root, storage), before, after)


def compare(workspace: Workspace, person: Person, name: str, before: str, after: str) -> dict[str, Any]:
    """What changed between two versions, or since one: what waits for a release is compared under its version to be."""
    known = versions.released(workspace.root, name)
    manifest = workspace.read_json(workspace.dataset(name, "manifest.json"))
    waiting = manifest["version"] if manifest and manifest["version"] not in known else None
    choices = [*known, *([waiting] if waiting else [])]
    for one in (before, after):
        if one not in choices or (one == waiting and one == before):
            raise UnknownError(f"no version {one!r} of dataset {name!r}; there are: {', '.join(choices) or 'none'}")
    digest = manifest["digest"] if manifest and after == waiting else ""
    shown = name if after == waiting else f"{name}@{after}"
    found = dict(_diff(str(workspace.root), workspace.storage, f"{name}@{before}", shown, digest))
    may = cleared(workspace, person)
    found["samples"] = {
        kind: [row if may(row["source"]) else {**row, "title": None, "native_id": "–"} for row in rows]
        for kind, rows in found["samples"].items()
    }
    return {"name": name, "versions": known, "waiting": waiting, "before": before, "after": after, "diff": found}


def judging(workspace: Workspace, person: Person, name: str, second: bool) -> dict[str, Any]:
    """The sample to judge, with the next text of a source that the person may read."""
    found = reading.state(workspace, name, person, cleared(workspace, person), second)
    return {"name": name, "state": found, "second": second, "risks": sampling.RISKS}


def cleared(workspace: Workspace, person: Person) -> Callable[[str], bool]:
    """Whether the person may read texts of a source; of one that is not registered here, never."""
    level, known = people.clearance(workspace, person), standing.known(workspace)
    levels_of = {name: levels.of_source(catalog.source(workspace, name), known) for name in workspace.names("sources")}
    return lambda source: source in levels_of and people.may_read(levels_of[source], level)


def borderline(workspace: Workspace, person: Person, name: str, only: str | None) -> dict[str, Any]:
    """Documents on both sides of each filter's threshold: what was kept narrowly, what was removed narrowly."""
    found = tune.measured(workspace, name)
    rows = [row for row in tune.filters(found, only, spread=False) if row["alone"] or only]
    rows = sorted(rows, key=lambda row: -row["alone"])
    picked = only or (rows[0]["name"] if rows else None)
    shown = tune.samples(workspace, found, [picked], 6)[picked] if picked else {}
    may = cleared(workspace, person)
    for documents in shown.values():  # from the threshold away
        documents.sort(key=lambda row: (row["distance"], row["doc_id"]))
    sides = {
        side: [row if may(row["source"]) else {**row, "text": None, "title": None} for row in documents]
        for side, documents in shown.items()
    }
    filter_ = next((row for row in rows if row["name"] == picked), None)
    return {"name": name, "filters": rows, "picked": picked, "sides": sides, "filter": filter_}


def asked_why(workspace: Workspace, person: Person, named: str | None, zh: bool) -> dict[str, Any]:
    """The answer of `curate why`, the same lines and all."""
    if not named:
        return {"named": "", "answer": None, "lines": []}
    answer = readable(workspace, person, named.strip())
    return {"named": named, "answer": answer, "lines": why.shown(answer, "zh" if zh else "en")}


def readable(workspace: Workspace, person: Person, named: str) -> dict[str, Any]:
    """The answer of `curate why` about a document that the person may read. Raises UnknownError, alike for one that is not there."""
    try:
        answer = why.ask(workspace, named)
    except UnknownError:
        answer = None
    if answer is None or not cleared(workspace, person)(answer["source"]):
        raise UnknownError(
            f"no document {named!r} here that you may read ({people.FILE}); a name is a doc_id (or its first 6 digits) or a native_id"
        )
    return answer


def unsettled(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Source -> what the newest cards say of its license conflict, with the datasets it is kept out of; settled ones are left out."""
    settled = {one.subject.get("source") for one in standing.known(workspace) if one.kind == "settle"}
    registered = set(workspace.names("sources")) - settled
    rows: dict[str, dict[str, Any]] = {}
    for name in workspace.names("recipes"):
        model = workspace.read_json(workspace.dataset(name, "reports/card.json")) or {"conflicts": []}
        for one in model["conflicts"]:
            if one["source"] in registered:
                rows.setdefault(one["source"], {**one, "datasets": []})["datasets"].append(name)
    return {key: rows[key] for key in sorted(rows)}


def conflicts(workspace: Workspace, person: Person, settled: str | None = None) -> dict[str, Any]:
    """Sources whose license claims disagree and that nobody has settled, with the words, the evidence and its validity.

    Of one that was `settled` just now: its license, and the datasets whose policy does not take it.
    """
    may = cleared(workspace, person)
    rows = []
    for name, one in unsettled(workspace).items():
        readable = may(name)
        claims = one["claims"]
        document = one.get("document")  # null in a card of an older program
        if readable and document and not any(claim["passage"] for claim in claims):  # a card quotes L1 alone
            claims = published.license_claims(workspace, name, document)
        if not readable:
            claims = [{**claim, "passage": None, "where": None} for claim in claims]
        digest = hashlib.sha256(json.dumps([document, claims], sort_keys=True).encode()).hexdigest()
        kinds = policy.unclear(workspace, name) if readable else []
        own = {"claims": claims, "digest": digest, "readable": readable, "kinds": kinds}
        rows.append({**one, **own, "evidence": _evidence(workspace, catalog.source(workspace, name))})
    done = [one for one in standing.known(workspace) if one.kind == "settle" and one.subject.get("source") == settled]
    said = done[-1].facts["license"] if done else None
    refusing = policy.refusing(workspace, settled, said) if settled and said else []
    return {"rows": rows, "settled": settled if done else None, "license": said, "refusing": refusing}


def _evidence(workspace: Workspace, source: Any) -> list[dict[str, Any]]:
    """Each declared proof: where it lies, whether a file of the workspace has the digest that was declared."""
    grants = []
    if source.rights:
        for right in ("holding", "use", "operation"):
            grant = getattr(source.rights, right)
            grants += [(right, one, grant.valid_until) for one in grant.evidence]
    found = []
    for what, one, until in [*(("license", e, None) for e in source.license_evidence), *grants]:
        path = workspace.root / one.uri if one.uri and "://" not in one.uri else None
        inside = path is not None and path.resolve().is_relative_to(workspace.root.resolve())
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path and inside and path.is_file() else None
        found.append(
            {
                "what": what,
                "kind": one.kind,
                "uri": one.uri,
                "note": one.note,
                "declared": one.sha256,
                "found": digest,
                "matches": digest == one.sha256 if digest and one.sha256 else None,
                "until": until,
            }
        )
    return found


def rights(workspace: Workspace, person: Person, today: date | None = None) -> dict[str, Any]:
    """Grants that ended or end soon, and disputes that stand."""
    today = today or gate.today()
    rows = []
    for name in workspace.names("sources"):
        source = catalog.source(workspace, name)
        for right in ("holding", "use", "operation") if source.rights else ():
            until = getattr(source.rights, right).valid_until
            if until and until <= today + SOON:
                rows.append({"source": name, "right": right, "until": until, "ended": until < today, "contact": source.contact})
    disputes = [one for one in standing.known(workspace) if one.kind == "dispute"]
    return {"rows": sorted(rows, key=lambda row: (row["until"], row["source"])), "disputes": disputes}


def submissions(workspace: Workspace, person: Person) -> dict[str, Any]:
    """Sources that no dataset uses yet, with the report of `curate try` where there is one, and the decision about each."""
    used = {source for name in workspace.names("recipes") for source in catalog.dataset(workspace, name).sources}
    used |= {up for one in used if one in workspace.names("sources") and (up := catalog.source(workspace, one).upstream())}
    rows = []
    for name in workspace.names("sources"):
        if name in used:
            continue
        source = catalog.source(workspace, name)
        tried = report(workspace, name)
        rows.append(
            {
                "source": name,
                "title": source.title.model_dump(),
                "license": source.license,
                "contact": source.contact,
                "tried": tried is not None,
                "decision": decision_about(workspace, name),
            }
        )
    return {"rows": rows}


def manifest_digest(workspace: Workspace, name: str) -> str:
    """Of a source's declaration as it stands: a decision about another one is void."""
    return hashlib.sha256(workspace.source_file(name).read_bytes()).hexdigest()


def decision_about(workspace: Workspace, name: str) -> Any:
    """The last decision about a submitted source as it stands, or null."""
    last = standing.about_source(workspace, name)
    return last if last and last.kind != "submit" else None


def report(workspace: Workspace, name: str) -> dict[str, Any] | None:
    """What `curate try` said of a submitted source, or null; of another manifest than the one that stands it is void."""
    path = workspace.root / "data" / "submissions" / f"{name}.json"
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found if found.get("manifest") == manifest_digest(workspace, name) else None


def submission(workspace: Workspace, person: Person, name: str) -> dict[str, Any]:
    """One submitted source: its manifest and its trial."""
    catalog.source(workspace, name)
    tried = report(workspace, name) if cleared(workspace, person)(name) else None
    failed, tried = (tried["failed"], None) if tried and tried.get("failed") else (None, tried)
    if tried and not people.may_read(tried["level"]["proposed"], people.clearance(workspace, person)):
        tried = tryout.quotable(tried)
    return {
        "name": name,
        "manifest": workspace.source_file(name).read_text("utf-8"),
        "report": tried,
        "failed": failed,
        "decision": decision_about(workspace, name),
        "submitted": [one for one in standing.known(workspace) if one.kind == "submit" and one.subject["source"] == name],
    }


def decisions(workspace: Workspace, person: Person) -> dict[str, Any]:
    """The log, newest first."""
    from curation import decisions as log

    known = log.read(workspace)
    stands = {one.number for one in log.standing(known)}
    return {"rows": [(one, one.number in stands or one.kind == "revoke") for one in reversed(known)]}


def contributions(workspace: Workspace, person: Person, name: str) -> dict[str, Any]:
    """The contribution ledger of a dataset as it stands."""
    from curation.questions import contributions as question

    return {"name": name, "ledger": question.ask(workspace, name)}
