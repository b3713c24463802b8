"""Hostile and broken files among good ones: each is told by name, every good document comes out, nothing lies outside."""

import resource
from pathlib import Path

import pytest

from curation import published
from curation.steps import extract, ingest
from curation.store import Workspace
from tests import hostile

MEMORY = 4 << 30  # address space of this process while a file is read: numba and Arrow map two of them before


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("hostile") / "ws"
    for part in ("sources", "recipes"):
        (root / "data" / part).mkdir(parents=True)
    (root / "dvc.yaml").touch()
    return Workspace(root)


@pytest.mark.parametrize("one", hostile.FILES, ids=lambda one: one.name)
def test_a_hostile_file_costs_itself_only(workspace: Workspace, one: hostile.Hostile) -> None:
    """Beside two good files of its format's folder; the run goes on, counts add up, and the reason is one of those foreseen."""
    folder = workspace.root / one.name
    folder.mkdir()
    (folder / one.name).write_bytes(one.make())
    (folder / "a-good.txt").write_text(hostile.GOOD * 3, encoding="utf-8")
    (folder / "z-good.txt").write_text(hostile.GOOD * 3, encoding="utf-8")
    name = "h-" + one.name.replace("_", "-")
    form = f"{{auto: {{others: {one.format}}}}}" if one.name.endswith((".xml", ".zip", ".tar", ".tar.gz")) else "auto"
    workspace.source_file(name).write_text(
        f"id: {name}\ntitle: x\nwhere: {{local: {{path: {one.name}/}}}}\nformat: {form}\nlicense: MIT\ncontact: x@example.org\n"
    )
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    try:
        ingest.run(name, workspace)
        report = extract.run(name, workspace)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert report["documents"] + report["quarantined"] == report["records"]
    rows: list[str] = []
    texts: dict[str, str] = {}
    for group in published.documents(workspace, name)["groups"]:
        rows += workspace.read_table(group["quarantine"])["reason"].to_pylist()
        for shard in group["shards"]:
            texts |= {
                row["native_id"]: row["text"] for row in workspace.read_table(shard["file"], ["native_id", "text"]).to_pylist()
            }
    assert {"a-good.txt", "z-good.txt"} <= set(texts)
    assert set(rows) <= one.reasons, rows
    assert rows or len(texts) > 2 or not one.reasons, "nothing was read and nothing was told"
    assert not any("root:x:0:0" in text for text in texts.values())
    assert not Path("/tmp/hostile").exists() and not Path("/tmp/blns.fail").exists()
    assert {path.name for path in workspace.root.parent.iterdir()} == {"ws"}


def test_naughty_strings_come_out_as_they_came(workspace: Workspace) -> None:
    """What is text stays the same text."""
    shards = [s["file"] for g in published.documents(workspace, "h-naughty.jsonl")["groups"] for s in g["shards"]]
    texts = {text for file in shards for text in workspace.read_table(file, ["text"])["text"].to_pylist()}
    assert {f"{one} ." for one in hostile.NAUGHTY} <= texts
