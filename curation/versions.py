"""Releases of a dataset are annotated git tags `name@vX.Y.Z`; what each one held stands in its RELEASE.json."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from curation.errors import DataError, DeclarationError, UnknownError

_TAG = re.compile(r"(?P<name>[a-z0-9][a-z0-9_.-]*)@v(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)")


def git(root: Path, *arguments: str, check: bool = True) -> str:
    """Output of a git command in `root`. Raises DeclarationError with git's last line when it fails."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        lines = done.stderr.strip().splitlines() or ["git failed"]
        raise DeclarationError(f"{root}: git {arguments[0]}: {lines[-1]}")
    return done.stdout.strip()


def dvc(root: Path, *arguments: str) -> str:
    """Output of a DVC command in `root`, in a process of its own. Raises DataError with DVC's own error line."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, env={**os.environ, "DVC_NO_ANALYTICS": "1"}, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.strip().splitlines()
        verb = next(one for one in arguments if not one.startswith("-"))
        raise DataError(f"{root}: dvc {verb}: {lines[-1] if lines else 'failed'}")
    return done.stdout.strip()


def released(root: Path, dataset: str) -> list[str]:
    """Versions of a dataset, oldest first."""
    found = []
    for tag in git(root, "tag", "--list", f"{dataset}@v*", check=False).splitlines():
        if (match := _TAG.fullmatch(tag)) and match["name"] == dataset:
            found.append(tuple(int(match[part]) for part in ("major", "minor", "patch")))
    return ["v{}.{}.{}".format(*version) for version in sorted(found)]


def record(root: Path, dataset: str, version: str) -> dict[str, Any]:
    """RELEASE.json of a version. Raises UnknownError naming the versions there are."""
    named = f"{dataset}@{version}"
    text = git(root, "show", f"{named}:data/datasets/{dataset}/RELEASE.json", check=False) if _TAG.fullmatch(named) else ""
    if not text:
        known = ", ".join(released(root, dataset)) or "none"
        raise UnknownError(f"no version {version!r} of dataset {dataset!r}; there are: {known}")
    return json.loads(text)  # type: ignore[no-any-return]


def latest(root: Path, dataset: str) -> dict[str, Any] | None:
    """RELEASE.json of the newest version, or null before the first."""
    versions = released(root, dataset)
    return record(root, dataset, versions[-1]) if versions else None


def following(before: dict[str, Any] | None, digests: dict[str, str]) -> tuple[str, str]:
    """The version for content with these digests, and the reason in one word.

    major: schema or a recipe's rule changed; minor: documents in or out; patch: metadata or card only;
    the same version when nothing changed.

    >>> following({"version": "v1.2.3", "digests": {"schema": "a", "rules": "b", "documents": "c", "data": "d", "card": "e"}},
    ...           {"schema": "a", "rules": "b", "documents": "X", "data": "Y", "card": "Z"})
    ('v1.3.0', 'documents')
    """
    if before is None:
        return "v1.0.0", "first"
    major, minor, patch = (int(n) for n in before["version"].removeprefix("v").split("."))
    changed = [part for part in ("schema", "rules", "documents", "data", "card") if before["digests"][part] != digests[part]]
    if not changed:
        return before["version"], "unchanged"
    if changed[0] in {"schema", "rules"}:
        return f"v{major + 1}.0.0", changed[0]
    if changed[0] == "documents":
        return f"v{major}.{minor + 1}.0", "documents"
    return f"v{major}.{minor}.{patch + 1}", "metadata" if changed[0] == "data" else "card"


def split_name(named: str) -> tuple[str, str | None]:
    """`name@v1.0.0` -> (name, version); without a version the version is null."""
    name, _, version = named.partition("@")
    return name, version or None
