"""What the forms do: each writes one entry of the log, in the name of the person who is logged in, and says where to go next."""

import hashlib
from typing import Any

from curation import approval, catalog, decisions, gate, published
from curation.decisions import Evidence
from curation.errors import DataError, DeclarationError
from curation.license import normalise
from curation.questions import status
from curation.review import pages, people, reading
from curation.review.people import Person
from curation.store import Workspace

Form = dict[str, Any]


def decide(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """Approve or reject exactly what the page showed. Raises DataError when it changed meanwhile."""
    manifest = demand_shown(workspace, person, name, form)
    approval.record(
        workspace,
        manifest,
        "approve" if approves(form) else "reject",
        because(form),
        reviewer=person.name,
        identity=person.kind,
        by=person.identity(),
    )
    return f"dataset/{name}"


def judge(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """A verdict on a text of the sample."""
    seconds = str(form.get("seconds", ""))
    row: dict[str, Any] = {key: form.get(key) for key in ("id", "text_sha256", "verdict", "risk")}
    if seconds.isdecimal():
        row["seconds"] = min(int(seconds), 600)  # who went to lunch did not read
    reading.judge(workspace, name, person, row, pages.cleared(workspace, person))
    return f"sample/{name}" + ("?second=1" if form.get("second") else "")


def undo(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """The last verdict that is not handed in, back."""
    reading.undo(workspace, name, person)
    return f"sample/{name}" + ("?second=1" if form.get("second") else "")


def hand_in(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """The verdicts so far, as one entry."""
    reading.hand_in(workspace, name, person)
    return f"sample/{name}"


def settle(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """A conflict's exit: the license that holds, the file that proves it (kept by digest), and why; of what the page showed."""
    row = next((one for one in pages.conflicts(workspace, person)["rows"] if one["source"] == name), None)
    if row is None or row["digest"] != form.get("digest"):
        raise DataError(f"the license conflict of {name!r} changed since the page was shown, or is settled; read it again")
    if not row["readable"]:
        raise DeclarationError(f"{name} is above your clearance ({people.FILE})")
    spdx = normalise(str(form.get("license") or ""))
    if spdx is None:
        raise DeclarationError(
            f"license {form.get('license')!r} is no SPDX expression; allowed: such as CC-BY-4.0, LicenseRef-<name>"
        )
    content = form.get("evidence")
    if not isinstance(content, tuple) or not content[1]:
        raise DeclarationError("a file that proves it is needed; its digest is kept, not the file")
    proof = [Evidence(name=content[0], sha256=hashlib.sha256(content[1]).hexdigest())]
    decisions.append(workspace, "settle", {"source": name}, because(form), by=person.identity(), proof=proof, license=spdx)
    return f"conflicts?settled={name}"


def accept(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """Accept or refuse a submitted source, as its manifest stands."""
    kind = form.get("decision")
    if kind not in {"accept", "refuse"}:
        raise DeclarationError("allowed: accept, refuse")
    digest = pages.manifest_digest(workspace, name)
    if kind == "accept" and (tried := pages.report(workspace, name)) is None:
        raise DeclarationError(f"{name} was not tried as it stands: curate try data/sources/{name}.yaml --keep")
    if kind == "accept" and tried and tried.get("failed"):
        raise DeclarationError(f"the trial of {name} failed: {tried['failed']}")
    if form.get("digest") != digest:
        raise DataError(f"data/sources/{name}.yaml changed since the page was shown; read it again")
    decisions.append(workspace, kind, {"source": name, "manifest": digest}, because(form), by=person.identity())
    return f"source/{name}"


def withdraw(workspace: Workspace, person: Person, name: str, form: Form) -> str:
    """Take one document back; it is gone from the next version."""
    from curation import withdrawal

    pages.readable(workspace, person, name)
    with workspace.lock(f"withdraw {name}"):
        withdrawal.withdraw(workspace, "document", name, because(form), [], False, who=person.identity())
    return f"why?doc={name}"


def approves(form: Form) -> bool:
    """What a form decides. Raises DeclarationError for one that decides nothing."""
    if form.get("decision") not in {"approve", "reject"}:
        raise DeclarationError("allowed: approve, reject")
    return bool(form["decision"] == "approve")


def because(form: Form) -> str:
    """The reason that a form gives. Raises DeclarationError without one."""
    said = str(form.get("because") or "").strip()
    if not said:
        raise DeclarationError("a decision needs a reason")
    return said


def demand_shown(workspace: Workspace, person: Person, name: str, form: Form) -> dict[str, Any]:
    """The manifest, if it is the one that the page showed, of texts that the person may read. Raises DataError when it changed meanwhile."""
    manifest = published.manifest(workspace, name)
    may = pages.cleared(workspace, person)
    if closed := [one.id for one in gate.sources_of(workspace, catalog.plan(workspace, name)) if not may(one.id)]:
        raise DeclarationError(f"{name} has sources above your clearance ({people.FILE}): {', '.join(closed)}")
    if form.get("digest") != manifest["digest"]:
        raise DataError(f"{name} changed since the page was shown; read it again")
    if approves(form):
        status.demand_current(workspace, name)
    return manifest
