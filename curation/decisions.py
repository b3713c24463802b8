"""The log of decisions: data/decisions.jsonl, append-only, each entry sealed by the digest of the one before.

Approvals, settled licenses, disputes, transfers of rights, withdrawals, overrides, lowered levels, samples judged, releases and
policy changes. An entry says who decided, and how that was proved. A cut or changed line shows in `curate verify`; the log's head
stands in every release.
"""

import fcntl
import getpass
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from curation.errors import DataError, DeclarationError
from curation.store import Workspace
from curation.versions import git

FILE = "data/decisions.jsonl"
START = "0" * 64
KINDS = (
    "approve", "reject", "settle", "dispute", "transfer", "withdraw", "override", "lower", "sample", "release", "policy", "revoke",
    "accept", "refuse", "submit",
)  # fmt: skip
PROVED = ("airflow-login", "git-signed")  # four eyes count these; anybody can be an operating system user


_CHINESE = {
    "approve": "批准", "reject": "拒绝", "settle": "确定许可", "dispute": "争议", "transfer": "权利转移", "withdraw": "撤回", "override": "例外许可",
    "lower": "降级", "sample": "抽样评判", "release": "发布", "policy": "政策变更", "revoke": "撤销", "accept": "接受", "refuse": "不接受", "submit": "提交",
    "dataset": "数据集", "digest": "摘要", "version": "版本", "source": "来源", "manifest": "清单", "document": "文档", "url": "网址", "license": "许可",
    "domain": "域名", "decision": "决定", "airflow-login": "Airflow 登录", "git-signed": "签名", "os-user": "系统用户",
}  # fmt: skip


def in_chinese(word: str) -> str:
    """A kind of decision, of subject or of proof as Chinese readers see it; the log itself keeps the English names."""
    return _CHINESE.get(word, word)


class Identity(BaseModel):
    """Who decided, and how that is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["airflow-login", "git-signed", "os-user"]
    detail: str = ""


class Evidence(BaseModel):
    """A file that was looked at, by its digest; the file itself stays where its owner keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: str


class Decision(BaseModel):
    """One entry. `subject` and `facts` depend on the kind; see the functions that make them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    previous: str
    at: str
    by: Identity
    kind: str
    subject: dict[str, str]
    because: str
    evidence: list[Evidence] = []
    facts: dict[str, Any] = {}
    digest: str = ""

    @property
    def day(self) -> date:
        return datetime.fromisoformat(self.at).date()

    def sealed(self) -> str:
        """SHA-256 of the entry without its own digest, keys sorted."""
        content = self.model_dump(exclude={"digest"})
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def os_user() -> Identity:
    """The user that runs this process: enough for what needs no four eyes."""
    return Identity(name=getpass.getuser(), kind="os-user", detail=f"uid {os.getuid()}")


def evidence(files: list[Path]) -> list[Evidence]:
    """Files by name and digest. Raises DeclarationError for one that is not there."""
    found = []
    for file in files:
        if not file.is_file():
            raise DeclarationError(f"--evidence {file}: no such file")
        with file.open("rb") as opened:
            found.append(Evidence(name=file.name, sha256=hashlib.file_digest(opened, "sha256").hexdigest()))
    return found


def append(
    workspace: Workspace,
    kind: str,
    subject: dict[str, str],
    because: str,
    *,
    by: Identity | None = None,
    proof: list[Evidence] | None = None,
    at: str | None = None,
    **facts: Any,
) -> Decision:
    """Write one decision. Raises DeclarationError without a reason, DataError when the log is broken."""
    assert kind in KINDS, kind
    if not because.strip():
        raise DeclarationError("a decision needs a reason: --because TEXT")
    path = workspace.root / FILE
    with locked(workspace, "decisions"):
        before = read(workspace)
        made = Decision(
            number=len(before) + 1,
            previous=before[-1].digest if before else START,
            at=at or datetime.now(UTC).isoformat(timespec="seconds"),
            by=by or os_user(),
            kind=kind,
            subject=subject,
            because=" ".join(because.split()),
            evidence=proof or [],
            facts=facts,
        )
        made = made.model_copy(update={"digest": made.sealed()})
        line = json.dumps(made.model_dump(), ensure_ascii=False, sort_keys=True) + "\n"
        workspace.write_local(path, (path.read_bytes() if path.exists() else b"") + line.encode())
        _commit(workspace, made)
    return made


def _commit(workspace: Workspace, made: Decision) -> None:
    """Each decision is a commit, so that none can be cut off unnoticed."""
    if (workspace.root / ".git").exists() and git(workspace.root, "rev-parse", "-q", "--verify", "HEAD", check=False):
        git(workspace.root, "add", "--", FILE)
        git(workspace.root, "commit", "-q", "-m", f"Decision {made.number}: {made.kind}", "--", FILE)


def read(workspace: Workspace) -> list[Decision]:
    """Every decision in order. Raises DataError naming the first bad entry."""
    path = workspace.root / FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    committed = git(workspace.root, "show", f"HEAD:{FILE}", check=False) if (workspace.root / ".git").exists() else ""
    if not text.startswith(committed):
        raise DataError(f"{FILE}: it is shorter than, or differs from, what git has of it (`git diff HEAD -- {FILE}`)")
    return parse(text, FILE)


def parse(text: str, shown: str) -> list[Decision]:
    """Entries of a log, each checked against its own digest and the one before. Raises DataError."""
    found: list[Decision] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else [], 1):  # U+2028 is a letter here
        try:
            one = Decision.model_validate_json(line)
        except ValueError:
            raise DataError(f"{shown}: entry {number} is no decision; the log was edited or cut") from None
        previous = found[-1].digest if found else START
        if one.number != number or one.previous != previous or one.digest != one.sealed():
            raise DataError(
                f"{shown}: entry {number} ({one.kind} by {one.by.name}) does not follow from the one before: it was changed"
            )
        found.append(one)
    return found


def head(workspace: Workspace) -> dict[str, Any]:
    """Number and digest of the newest entry: what a release is anchored to."""
    known = read(workspace)
    return {"number": len(known), "digest": known[-1].digest if known else START}


def standing(known: list[Decision]) -> list[Decision]:
    """Decisions that are not revoked, in order."""
    revoked = {one.subject["decision"] for one in known if one.kind == "revoke"}
    return [one for one in known if one.kind != "revoke" and str(one.number) not in revoked]


def revoke(workspace: Workspace, number: int, because: str, by: Identity | None = None) -> Decision:
    """Take back a decision; it stays in the log. A withdrawal and a release are not taken back."""
    known = read(workspace)
    if not 1 <= number <= len(known):
        raise DeclarationError(f"no decision {number}; the log has {len(known)}")
    if known[number - 1].kind in {"withdraw", "release", "revoke"}:
        raise DeclarationError(f"decision {number} is a {known[number - 1].kind} and is not taken back")
    if known[number - 1] not in standing(known):
        raise DeclarationError(f"decision {number} is revoked already")
    return append(workspace, "revoke", {"decision": str(number)}, because, by=by)


@contextmanager
def locked(workspace: Workspace, what: str) -> Iterator[None]:
    """Alone with a file that people write at the same time (decisions, verdicts, drafts): the next one waits a moment."""
    path = workspace.root / ".curation" / f"{what}.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
