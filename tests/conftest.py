"""Shared fixtures: the small corpus once through the line, for tests that only look at the result."""

import os
from collections.abc import Iterator
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
    workspace = corpus.lay(tmp_path_factory.mktemp("done"))
    line.run(workspace, "energy", until="card")
    return workspace


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The small corpus in a workspace with git and DVC, released once. Tests must not change it."""
    from curation import workspaces

    root = tmp_path_factory.mktemp("released") / "workspace"
    workspaces.create(root, str(root.parent / "store"))
    workspace = corpus.lay(root)
    line.run(workspace, "energy")
    yield workspace
