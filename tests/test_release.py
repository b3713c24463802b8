"""Versions: what a release holds, when there is a new one, who may make it, and that DVC and the CLI agree."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import curation
from curation import approval, cli, decisions, line, published, versions, workspaces
from curation.errors import BusyError, DataError, DeclarationError, ReviewError, RightsError
from curation.questions import diff, status, why
from curation.steps import release
from curation.store import Workspace
from tests import corpus

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def dvc(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments], cwd=root, capture_output=True, text=True, env={**os.environ, "PATH": PATH}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def own(released: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the released workspace that a test may change."""
    shutil.copytree(released.root, tmp_path / "workspace", symlinks=True)
    dvc(tmp_path / "workspace", "remote", "modify", "store", "url", str(tmp_path / "store"))
    return Workspace(tmp_path / "workspace")


def test_a_release_is_a_commit_a_tag_and_data_in_dvc(released: Workspace) -> None:
    """git holds declarations and digests, DVC the data, the remote what is published, and nothing is left over."""
    assert versions.released(released.root, "energy") == ["v1.0.0"]
    assert versions.git(released.root, "status", "--porcelain", "--untracked-files=no") == ""
    tracked = versions.git(released.root, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert not [name for name in tracked if name.endswith(".parquet")]
    assert "up to date" in dvc(released.root, "status")
    stored = [p for p in (released.root.parent / "store").rglob("*") if p.is_file()]
    assert len(stored) >= len(published.manifest(released, "energy")["files"])
    assert versions.record(released.root, "energy", "v1.0.0")["digest"] == published.manifest(released, "energy")["digest"]


def test_it_loads_with_datasets_from_the_tag_and_from_the_folder(released: Workspace) -> None:
    """`curation.load`, a git URL, and plain `datasets.load_dataset` give the same rows."""
    import datasets

    loaded = curation.load("energy", "v1.0.0", workspace=str(released.root))
    assert loaded.num_rows == published.manifest(released, "energy")["counts"]["documents"]
    by_url = curation.load("energy", workspace=f"file://{released.root}")
    assert by_url["id"] == loaded["id"]
    folder = datasets.load_dataset(released.path(released.dataset("energy")), cache_dir=str(released.root.parent / "hf"))
    assert folder["train"]["id"] == loaded["id"]
    with pytest.raises(DeclarationError, match=r"no version 'v9.9.9'.*v1.0.0"):
        curation.load("energy", "v9.9.9", workspace=str(released.root))


def test_dvc_repro_does_nothing_after_a_run_and_gives_the_same_bytes_when_forced(own: Workspace) -> None:
    """DAG, CLI and DVC call the same steps: `dvc repro -f` of the recipe wing ends with the same digests."""
    before = published.manifest(own, "energy")
    assert "up to date" in dvc(own.root, "repro")
    dvc(own.root, "repro", "-f", "-s", "filter@energy", "dedup@energy", "assemble@energy", "card@energy")
    assert published.manifest(own, "energy") == before


def test_dvc_repro_alone_makes_the_same_dataset(tmp_path: Path, released: Workspace) -> None:
    """From declarations to the card by `dvc repro` only, an empty source included: the digest that `curate run` gives."""
    workspaces.create(tmp_path / "workspace", None)
    workspace = corpus.lay(tmp_path / "workspace")
    (tmp_path / "workspace" / "void").mkdir()
    (tmp_path / "workspace" / "void" / "x.jsonl").write_text("\n")
    workspace.source_file("void").write_text(corpus.SOURCE.replace("plant", "void", 1).replace("incoming", "void"))
    line.refresh_catalog(workspace)
    dvc(workspace.root, "repro")
    assert published.manifest(workspace, "energy")["digest"] == published.manifest(released, "energy")["digest"]
    assert published.signals(workspace, "void")["documents"] == 0


def test_kill_nine_while_releasing_then_run_again(own: Workspace) -> None:
    """Whenever it dies, the tag is there with its data or not there at all, and the next run finishes."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("A test.", "Killed while releasing."))
    line.run(own, "energy", until="card")
    chance = random.Random(7)
    command = [sys.executable, "-m", "curation", "--workspace", str(own.root), "step", "release", "energy"]
    for _ in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(0.3, 5.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for version in versions.released(own.root, "energy"):
            assert len(curation.load("energy", version, workspace=str(own.root)))
    line.run(own, "energy")
    assert versions.released(own.root, "energy") == ["v1.0.0", "v1.0.1"]
    assert versions.git(own.root, "status", "--porcelain", "--untracked-files=no") == "M .dvc/config"  # this fixture's own
    assert "up to date" in dvc(own.root, "status")


def test_what_is_decided_while_a_release_is_made(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispute before the commit stops it; any decision after that is kept, and the release is asked for again: no entry is lost."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("A test.", "Decided meanwhile."))
    line.run(own, "energy", until="card")
    lay, commit = release._lay, release.dvc

    def disputed(*arguments: object) -> None:
        decisions.append(own, "dispute", {"source": "plant"}, "a holder objects")
        lay(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(release, "_lay", disputed)
        with pytest.raises(RightsError, match="is under dispute"):
            release.run("energy", own)
    decisions.revoke(own, len(decisions.read(own)), "settled among them")
    before = len(decisions.read(own))

    def rejected(root: Path, *arguments: str) -> str:
        if "commit" in arguments:
            decisions.append(own, "accept", {"source": "other", "manifest": "0" * 64}, "while it was made")
        return commit(root, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(release, "dvc", rejected)
        with pytest.raises(BusyError, match="somebody decided or committed something"):
            release.run("energy", own)
    assert [one.kind for one in decisions.read(own)[before:]] == ["accept"]
    assert versions.released(own.root, "energy") == ["v1.0.0"]
    assert release.run("energy", own)["version"] == "v1.0.1"
    assert [one.kind for one in decisions.read(own)[before:]] == ["accept", "release"]


def test_a_version_is_no_revision_of_git(own: Workspace) -> None:
    """What git would understand and nobody released is no version."""
    for wanted in ("v1.0.0~0", "v1.0.0^{}", "v1.0.0:x", "main", ""):
        with pytest.raises(DeclarationError, match=r"there are: v1.0.0"):
            versions.record(own.root, "energy", wanted)


def test_dvc_repro_after_a_changed_threshold_measures_nothing(own: Workspace) -> None:
    """A moved filter runs the recipe wing only."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("threshold: 0.7", "threshold: 0.75"))
    ran = dvc(own.root, "repro")
    assert "Running stage 'filter@energy'" in ran and "annotate" not in ran.replace("'annotate@plant' didn't change", "")


def test_versions_say_what_changed(own: Workspace, tmp_path: Path) -> None:
    """The same again: no version. A card's word: patch. A document more: minor. A rule: major. And diff tells."""
    line.run(own, "energy")
    assert versions.released(own.root, "energy") == ["v1.0.0"]
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("review: auto", "review: required"))
    line.run(own, "energy")  # nothing leaves, so nobody is asked
    recipe.write_text(recipe.read_text().replace("review: required", "review: auto").replace("A test.", "A better test."))
    line.run(own, "energy")
    row = {"id": "late", "text": corpus.paragraph("en", 500), "license": "MIT", "status": "valid"}
    (own.root / "incoming" / "late.jsonl").write_text(json.dumps(row) + "\n")
    line.run(own, "energy")
    recipe.write_text(
        recipe.read_text()
        .replace("none_of: [repealed]", "any_of: [valid]")
        .replace("where: {metadata.status: [valid, repealed]}\n", "\n")
    )
    line.run(own, "energy")
    assert versions.released(own.root, "energy") == ["v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0"]
    answer = diff.ask(own, "energy@v1.0.1", "energy@v1.1.0")
    assert (answer["added"], answer["removed"], answer["changed"]) == (1, 0, 0)
    assert answer["samples"]["added"][0]["native_id"] == "late"
    answer = diff.ask(own, "energy@v1.1.0", "energy@v2.0.0")
    assert set(answer["removed_because"]) == {"in_force"}
    assert len(curation.load("energy", "v1.1.0", workspace=str(own.root))) == answer["documents"][0]
    went = answer["samples"]["removed"][0]["id"]
    lines = why.shown(curation.why(went, workspace=str(own.root)))
    assert "energy: removed (in v1.0.0, v1.0.1, v1.1.0; not in v2.0.0)" in lines
    (own.root / "incoming" / "late.jsonl").unlink()  # its source has it no longer; the versions that hold it still answer
    line.run(own, "energy", until="card")
    waits = diff.ask(own, "energy")  # what a reviewer decides about: since the newest version, as it stands
    assert (waits["before"], waits["after"], waits["released"]) == ("energy@v2.0.0", "energy@v2.1.0", False)
    assert waits["removed"] == 1 and waits["samples"]["removed"][0]["native_id"] == "late" and waits["added"] == 0
    assert waits["documents"] == [n := waits["documents"][0], n - 1] and "(not released)" in diff.shown(waits)[0]
    many = diff.ask(own, "energy@v2.0.0", "energy@v1.0.0")
    assert many["added"] <= diff.SAMPLES or f"… and {many['added'] - diff.SAMPLES:,} more" in "\n".join(diff.shown(many))
    late = diff.ask(own, "energy@v1.0.1", "energy@v1.1.0")["samples"]["added"][0]["id"]
    answer = curation.why(late[:12], workspace=str(own.root))
    assert answer["native_id"] == "late" and answer["measured"] == {"license.id": "MIT"}
    assert "energy: no longer at its source (in v1.1.0, v2.0.0; not in v1.0.0, v1.0.1)" in why.shown(answer)
    with pytest.raises(DeclarationError, match="no document 'ffffffffffff' in this workspace"):
        curation.why("ffffffffffff", workspace=str(own.root))


def test_new_filters_alone_make_no_candidate_current(own: Workspace) -> None:
    """A text is withdrawn, the filters run again and nothing else: what was assembled before still has it, and is not approved or released."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("A test.", "Filtered again."))
    line.run(own, "energy", until="card")
    command = ["--workspace", str(own.root)]
    assert cli.main([*command, "withdraw", "--document", "en-7", "--because", "asked"]) == 0
    assert cli.main([*command, "step", "filter", "energy"]) == 0
    assert cli.main([*command, "approve", "energy", "--because", "x"]) == 2
    with pytest.raises(DataError, match="its files are of before the last filters; run `curate run energy`"):
        line.step("release").run("energy", own)
    assert {row["waits_for"] for row in status.ask(own)["datasets"]} == {"run"}
    line.run(own, "energy")
    newest = versions.released(own.root, "energy")[-1]
    assert "en-7" not in curation.load("energy", newest, workspace=str(own.root))["native_id"]


def test_a_review_keeps_the_release_back_until_this_very_digest_is_approved(own: Workspace) -> None:
    """Exit 2 with one line; an approval is void when what was approved changes; a rejection stops."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("review: auto", "review: required").replace("A test.", "Reviewed."))
    with pytest.raises(ReviewError, match="waits for a reviewer"):
        line.run(own, "energy")
    assert status.ask(own)["datasets"][0]["waits_for"] == "review"
    command = [sys.executable, "-m", "curation", "--workspace", str(own.root)]
    done = subprocess.run([*command, "step", "release", "energy"], capture_output=True, text=True)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    approval.record(own, published.manifest(own, "energy"), "approve", "read it")
    recipe.write_text(recipe.read_text().replace("Reviewed.", "Changed after review."))
    with pytest.raises(ReviewError):
        line.run(own, "energy")
    approval.record(own, published.manifest(own, "energy"), "reject", "no")
    with pytest.raises(ReviewError, match="rejected"):
        line.step("release").run("energy", own)
    subprocess.run([*command, "approve", "energy", "--because", "now it is right"], check=True, capture_output=True)
    assert line.step("release").run("energy", own)["version"] == "v1.0.1"


def test_a_run_that_waits_for_a_reviewer_shows_what_it_made(own: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The table of the candidate, then the one line that says what is to be done; no way to load what is not released."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("review: auto", "review: required").replace("A test.", "A candidate."))
    assert cli.main(["--workspace", str(own.root), "run", "energy"]) == 2
    said = capsys.readouterr()
    assert "energy v1.0.1" in said.out and "tokens kept" in said.out and "curation.load" not in said.out
    assert "waits for a reviewer" in said.err


def test_a_tampered_file_is_not_released(own: Workspace) -> None:
    """The release step checks every digest itself."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("A test.", "Another."))
    line.run(own, "energy", until="card")
    Path(own.path(own.dataset("energy", "README.md"))).write_text("tampered")
    with pytest.raises(DataError, match="changed since the card was made"):
        line.step("release").run("energy", own)
    assert versions.released(own.root, "energy") == ["v1.0.0"]


def test_a_second_run_is_kept_out_and_told_who_holds_the_workspace(tmp_path: Path) -> None:
    """One line names the holder; the lock of a dead process holds nobody."""
    workspace = corpus.lay(tmp_path)
    code = (
        "import sys, time\nfrom curation.store import Workspace\nwith Workspace(sys.argv[1]).lock('first'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout and holder.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match=r"held by .* \(run first, process"), workspace.lock("second"):
        pass
    with workspace.lock("first"):
        pass
    holder.kill()
    holder.wait()
    with workspace.lock("second"):
        pass


def test_a_workspace_without_git_says_how_to_get_it(tmp_path: Path) -> None:
    """The error names the command."""
    workspace = corpus.lay(tmp_path)
    with pytest.raises(DeclarationError, match="curate init"):
        line.run(workspace, "energy")


def test_init_keeps_what_is_there(tmp_path: Path) -> None:
    """Twice is once."""
    workspaces.create(tmp_path, None)
    (tmp_path / "data" / "recipes" / "mine.yaml").write_text("name: mine\n")
    head = versions.git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "data" / "recipes" / "mine.yaml").unlink()
    workspaces.create(tmp_path, None)
    assert versions.git(tmp_path, "rev-parse", "HEAD") == head
