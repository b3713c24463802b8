"""Shared fixtures: the small corpus once through the line, for tests that only look at the result."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from curation import line
from curation.store import Workspace
from tests import corpus

os.environ.setdefault("DVC_NO_ANALYTICS", "1")
# The same examples in every run; HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"


LONG = (
    "test_airflow.py",
    "test_clusters.py",
    "test_release.py",
    "test_storage.py",
    "test_gate.py",
    "test_line.py",
    "test_wheel.py",
    "test_review.py",
)  # by how long they take: most wait for other programs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: two processes share files, and the last one would be waited for alone."""
    items.sort(key=lambda one: LONG.index(one.path.name) if one.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small corpus, through the line up to its card."""

    def make(folder: Path) -> None:
        line.run(corpus.lay(folder / "workspace"), "energy", until="card")

    return Workspace(_made_once(tmp_path_factory, "done", make) / "workspace")


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small corpus in a workspace with git and DVC, released once. Tests must not change it."""
    from curation import workspaces

    def make(folder: Path) -> None:
        workspaces.create(folder / "workspace", str(folder / "store"))
        line.run(corpus.lay(folder / "workspace"), "energy")

    return Workspace(_made_once(tmp_path_factory, "released", make) / "workspace")


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one process makes and each has a copy of; DVC's configured store stays the first one's."""
    base = factory.getbasetemp()
    first = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"first-{name}"
    first.mkdir(exist_ok=True)
    with (first / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (first / "ready").exists():
            make(first / "made")
            (first / "ready").touch()
    own = factory.mktemp(name) / "made"
    shutil.copytree(first / "made", own, symlinks=True)
    return own
