"""A version: data into DVC, declarations and digests into git, an annotated tag, last of all.

It works in a disposable clone, so a killed release is thrown away and the workspace's files are never in between.
Order: data into the cache (and the remote), then the commit, then the tag: no tag ever points to missing data.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from curation import approval, catalog, decisions, provenance, published, sampling, versions
from curation import gate as rules
from curation.errors import BusyError, DataError, DeclarationError, ReviewError
from curation.recipe import Plan
from curation.steps import Tell, silent
from curation.steps import assemble as assemble_step
from curation.store import Workspace, dump_json
from curation.versions import dvc, git

DECLARED = (
    "data/sources",
    "data/recipes",
    "data/profiles",
    "data/policies",
    "data/approvals",
    "data/reviewers.yaml",
    "data/clearances.yaml",
    "data/catalog.yaml",
    "dvc.yaml",
    ".gitignore",
    "curation.yaml",
    "data/decisions.jsonl",
    "data/tombstones",
    "data/verdicts",
    "data/allowed_signers",
    "data/reviewers.yaml",
)
PER_SOURCE = (
    ("ingest", "data/raw/{}"),
    ("extract", "data/documents/{}"),
    ("extract", "data/quarantine/{}"),
    ("annotate", "data/signals/{}"),
    ("annotate", "data/signals/INDEX/{}.json"),
)
PER_RECIPE = (
    ("filter", "data/ledgers/{}/filter"),
    ("dedup", "data/ledgers/{}/dedup"),
    ("assemble", "data/ledgers/{}/assemble"),
    ("assemble", "data/datasets/{}/data"),
    ("assemble", "data/datasets/{}/ledger"),
    ("card", "data/datasets/{}/README.md"),
    ("card", "data/datasets/{}/card.html"),
    ("card", "data/datasets/{}/croissant.json"),
    ("card", "data/datasets/{}/plots"),
    ("card", "data/datasets/{}/reports"),
    ("card", "data/datasets/{}/NOTICE"),
    ("card", "data/datasets/{}/LICENSES"),
    ("card", "data/datasets/{}/license_report.json"),
    ("card", "data/datasets/{}/manifest.json"),
)


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent, note: str = "") -> dict[str, Any]:
    """Release what card described, if a reviewer allows it; an unchanged dataset is no new version."""
    plan = catalog.plan(workspace, name)
    manifest = published.manifest(workspace, name)
    verify_files(workspace, manifest)
    version = manifest["version"]
    if version in versions.released(
        workspace.root, name
    ):  # nothing leaves, so nobody is asked; what forbids the sources is still told
        rules.demand(workspace, plan)
        assemble_step.demand_current(workspace, plan)
        return {"version": version, "released": False, "reason": "nothing changed since"}
    gate(workspace, plan, manifest)
    if not (workspace.root / ".git").exists() or not (workspace.root / ".dvc").is_dir():
        raise DeclarationError(f"{workspace.root}: a release needs git and DVC here; `curate init {workspace.root}` sets both up")
    tag = f"{name}@{version}"
    with _clone(workspace) as clone:
        tell(1, 5)
        _lay(workspace, clone, plan)
        gate(workspace, plan, manifest)  # again: what was decided since is in the log that the clone took along
        stages = sorted(
            {f"{stage}@{s}" for stage, _ in PER_SOURCE for s in _with_upstream(workspace, plan)} - _derived(workspace, plan)
        )
        stages += sorted(_renamed_derived(workspace, plan))
        stages += sorted({f"{stage}@{name}" for stage, _ in PER_RECIPE})
        dvc(clone, "--wait-for-lock", "commit", "-f", "-q", *stages)
        tell(2, 5)
        if "core.remote=" in dvc(clone, "config", "--list"):
            dvc(clone, "--wait-for-lock", "push", "-q", *[s for s in stages if s.endswith(f"@{name}")])
        tell(3, 5)
        release = {
            key: manifest[key]
            for key in ("dataset", "version", "reason", "digest", "digests", "counts", "shards", "changes", "risk")
        }
        log, base = _log(clone), git(clone, "rev-parse", "-q", "--verify", "HEAD", check=False)
        policy = hashlib.sha256(dump_json(plan.policy.model_dump(mode="json"))).hexdigest()[:16]
        before = (versions.latest(workspace.root, name) or {}).get("policy")
        release["policy"] = {"name": plan.policy.name, "sha256": policy}
        if before and before != release["policy"]:
            said = f"from {before['name']} ({before['sha256']}) to {plan.policy.name} ({policy})"
            decisions.append(
                Workspace(clone), "policy", {"dataset": name, "policy": plan.policy.name}, said, old=before, new=release["policy"]
            )
        subject = {"dataset": name, "version": version, "digest": manifest["digest"]}
        decisions.append(Workspace(clone), "release", subject, manifest["reason"])
        release["decisions"] = decisions.head(Workspace(clone))
        record = clone / "data" / "datasets" / name / "RELEASE.json"
        record.write_bytes(dump_json(release))
        made = record.with_name("PROVENANCE.json")
        made.write_bytes(dump_json(provenance.record(workspace, plan, rules.sources_of(workspace, plan), manifest)))
        records = [str(one.relative_to(clone)) for one in (record, made)]
        git(clone, "add", "-f", "--", "dvc.lock", *records, *[p for p in DECLARED if (clone / p).exists()])
        if git(clone, "status", "--porcelain", "--untracked-files=no"):
            message = f"Release {tag} ({manifest['reason']})"
            git(clone, "commit", "-q", "-m", message + (f"\n\n{note.strip()}" if note.strip() else ""))
        tell(4, 5)
        with decisions.locked(workspace, "decisions"):
            _take_over(workspace, clone, name, log, base)
    git(
        workspace.root, "tag", "-a", tag, "-m", f"{tag}: {manifest['counts']['documents']} documents, digest {manifest['digest']}"
    )
    if "origin" in git(workspace.root, "remote").split():
        git(workspace.root, "push", "-q", "origin", "HEAD")
        git(workspace.root, "push", "-q", "origin", tag)
    tell(5, 5)
    return {"version": version, "released": True, "reason": manifest["reason"], "tag": tag}


def gate(workspace: Workspace, plan: Plan, manifest: dict[str, Any]) -> None:
    """Raise ReviewError unless the recipe needs no review, or this very digest is approved."""
    rules.demand_release(workspace, plan, manifest["digest"])
    assemble_step.demand_current(workspace, plan)  # a decision since then may have settled, disputed or withdrawn something
    sampling.demand(workspace, plan)
    decision = approval.find(workspace, plan.recipe.name, manifest["digest"])
    if decision and decision.decision == "reject":
        raise ReviewError(f"{plan.recipe.name} {manifest['version']} was rejected by {decision.reviewer}: {decision.reason}")
    if plan.recipe.review == "required" and decision is None:
        raise ReviewError(
            f"{plan.recipe.name} {manifest['version']} waits for a reviewer: read data/datasets/{plan.recipe.name}/card.html, "
            f"then `curate approve {plan.recipe.name} --because TEXT`"
        )


def verify_files(workspace: Workspace, manifest: dict[str, Any]) -> None:
    """Raise DataError unless every file of the dataset is there with its digest, and the declarations are the same."""
    for path, file in manifest["files"].items():
        key = workspace.dataset(manifest["dataset"], path)
        if not workspace.exists(key) or workspace.sha256(key) != file["sha256"]:
            raise DataError(f"data/{key}: missing or changed since the card was made; run `curate run {manifest['dataset']}`")
    for path, digest in manifest["declarations"].items():
        file = workspace.root / path
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise DataError(f"{path}: changed since the card was made; run `curate run {manifest['dataset']}`")


def _with_upstream(workspace: Workspace, plan: Plan) -> list[str]:
    """The recipe's sources and those whose raw bytes they read."""
    found = list(plan.recipe.sources)
    for name in plan.recipe.sources:
        upstream = catalog.source(workspace, name).upstream()
        if upstream and upstream not in found:
            found.append(upstream)
    return found


def _derived(workspace: Workspace, plan: Plan) -> set[str]:
    upstream_only = set(_with_upstream(workspace, plan)) - set(plan.recipe.sources)
    hidden = {f"{stage}@{s}" for s in upstream_only for stage in ("extract", "annotate")}
    return hidden | {f"ingest@{s}" for s in plan.recipe.sources if catalog.source(workspace, s).upstream()}


def _renamed_derived(workspace: Workspace, plan: Plan) -> set[str]:
    return {f"ingest_derived@{s}" for s in plan.recipe.sources if catalog.source(workspace, s).upstream()}


@contextmanager
def _clone(workspace: Workspace) -> Iterator[Path]:
    with workspace.scratch() as scratch:
        clone = scratch / "clone"
        git(workspace.root, "clone", "-q", "--no-checkout", str(workspace.root), str(clone))
        branch = git(workspace.root, "symbolic-ref", "--short", "HEAD")
        git(clone, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        if git(workspace.root, "rev-parse", "-q", "--verify", "HEAD", check=False):
            git(clone, "reset", "-q", "--hard", "HEAD")
        for key in ("user.name", "user.email"):
            if value := git(workspace.root, "config", key, check=False):
                git(clone, "config", key, value)
        yield clone


def _lay(workspace: Workspace, clone: Path, plan: Plan) -> None:
    """Declarations as they are now, and the outputs of this recipe's stages: as hard links, or fetched from elsewhere."""

    def lay(out: str) -> None:
        if workspace.is_local:
            _link(workspace.root / out, clone / out)
        else:
            workspace.fetch(out.removeprefix("data/"), clone / out)

    for path in DECLARED:
        source, target = workspace.root / path, clone / path
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        elif source.exists():
            shutil.copy2(source, target)
    (clone / ".dvc").mkdir(exist_ok=True)
    shutil.copy2(workspace.root / ".dvc" / "config", clone / ".dvc" / "config")
    local = workspace.root / ".dvc" / "config.local"
    if local.exists():
        shutil.copy2(local, clone / ".dvc" / "config.local")
    dvc(clone, "cache", "dir", "--local", str(workspace.root / ".dvc" / "cache"))
    for one in _with_upstream(workspace, plan):
        for _, out in PER_SOURCE:
            lay(out.format(one))
    # filters depend on the folder of all signal indexes: lay it whole, or `dvc status` would differ from the workspace's
    lay("data/signals/INDEX")
    for _, out in PER_RECIPE:
        lay(out.format(plan.recipe.name))


def _link(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_file, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_file(str(source), str(target))


def _link_file(source: str, target: str) -> None:
    if os.path.exists(target):
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _log(root: Path) -> bytes:
    path = root / decisions.FILE
    return path.read_bytes() if path.exists() else b""


def _take_over(workspace: Workspace, clone: Path, name: str, log: bytes, base: str) -> None:
    """Bring the clone's commit into the workspace: branch, index, dvc.lock, log; other working files stay as they are."""
    root = workspace.root
    branch = git(root, "symbolic-ref", "HEAD")
    old = git(root, "rev-parse", "-q", "--verify", "HEAD", check=False)
    new = git(clone, "rev-parse", "HEAD")
    if old != base or _log(root) != log:
        raise BusyError(f"{root}: somebody decided or committed something while {name} was being released; run the release again")
    git(root, "fetch", "-q", "--no-tags", str(clone), "HEAD")
    workspace.write_local(root / "dvc.lock", (clone / "dvc.lock").read_bytes())
    workspace.write_local(root / decisions.FILE, _log(clone))
    for record in ("RELEASE.json", "PROVENANCE.json"):
        content = (clone / "data" / "datasets" / name / record).read_bytes()
        workspace.write_local(workspace.release_file(name).with_name(record), content)
    git(root, "update-ref", branch, new, old or "0" * 40)
    git(root, "reset", "-q")
