"""A reviewer's decision about one digest of a dataset. It is void when what was approved changes."""

import getpass
import json
import os
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from curation import decisions
from curation.decisions import Identity
from curation.errors import DeclarationError
from curation.store import Workspace, dump_json


def question(workspace: Workspace, dataset: str, digest: str) -> str:
    """First line of what Airflow asks a reviewer: which digest of which dataset, and where. The page's button looks for exactly it."""
    return f"{dataset}, digest {digest}, in {workspace.root.resolve()}"


class Approval(BaseModel):
    """Who decided what, when, how they were known, and the digests of what they saw."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    digest: str
    decision: Literal["approve", "reject"]
    reviewer: str
    identity: str
    decided_at: str
    reason: str
    card_sha256: str
    declarations: dict[str, str]


def record(
    workspace: Workspace,
    manifest: dict[str, Any],
    decision: Literal["approve", "reject"],
    reason: str,
    *,
    reviewer: str | None = None,
    identity: str | None = None,
    decided_at: str | None = None,
    by: Identity | None = None,
    signature: str | None = None,
) -> Approval:
    """Write the decision about the dataset that `manifest` (datasets/<name>/manifest.json) describes."""
    if not reason.strip():
        raise DeclarationError("a decision needs a reason: --because TEXT")
    approval = Approval(
        dataset=manifest["dataset"],
        digest=manifest["digest"],
        decision=decision,
        reviewer=reviewer or getpass.getuser(),
        identity=identity or f"operating system user, uid {os.getuid()}",
        decided_at=decided_at or datetime.now(UTC).isoformat(timespec="seconds"),
        reason=reason,
        card_sha256=manifest["files"]["README.md"]["sha256"],
        declarations=manifest["declarations"],
    )
    path = workspace.approval_file(approval.dataset, approval.digest)
    workspace.write_local(path, dump_json(approval.model_dump()))
    decisions.append(
        workspace,
        decision,
        {"dataset": approval.dataset, "digest": approval.digest},
        reason,
        signature=signature or "",
        by=by or Identity(name=approval.reviewer, kind="os-user", detail=approval.identity),
        at=decided_at,
    )
    return approval


def find(workspace: Workspace, dataset: str, digest: str) -> Approval | None:
    """The decision about exactly this digest, if there is one."""
    path = workspace.approval_file(dataset, digest)
    if not path.exists():
        return None
    written = Approval.model_validate(json.loads(path.read_text(encoding="utf-8")))
    about = {"dataset": dataset, "digest": digest}
    known = decisions.read(workspace)
    every = [one for one in known if one.kind in {"approve", "reject"} and one.subject == about]
    stands = [one for one in decisions.standing(known) if one in every]
    if not every:
        return written  # from before there was a log
    if not stands:
        return None
    last = stands[-1]
    decided: dict[str, Any] = {"decision": last.kind, "reviewer": last.by.name, "reason": last.because, "decided_at": last.at}
    return written.model_copy(update=decided)
