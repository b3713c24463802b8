"""New data against what is published: removed from the new data only, with the document of which version it matched."""

import json
import shutil
from pathlib import Path

import pytest

from curation import catalog, line, published, signature_index
from curation.cli import main
from curation.document import doc_id
from curation.errors import DeclarationError
from curation.questions import overlap, verify, why
from curation.store import Workspace
from tests import corpus


@pytest.fixture(scope="module")
def following(released: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A released workspace with a second source, half of it in the release, and a recipe that is deduplicated against it."""
    root = tmp_path_factory.mktemp("following") / "workspace"
    shutil.copytree(released.root, root, symlinks=True)
    workspace = Workspace(root)
    (root / "later").mkdir()
    own = {row["id"]: row["text"] for row in corpus.documents()}
    rows = [
        {"id": "equal", "text": own["en-1"].upper(), "license": "CC-BY-4.0"},
        {"id": "near", "text": own["zh-7"] + "另见附录。", "license": "CC-BY-4.0"},
        {"id": "new-1", "text": corpus.paragraph("en", 901), "license": "CC-BY-4.0"},
        {"id": "new-2", "text": corpus.paragraph("zh", 902), "license": "CC-BY-4.0"},
    ]
    (root / "later" / "rows.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    source = corpus.SOURCE.replace("incoming/*.jsonl", "later/*.jsonl").replace("id: plant", "id: later")
    workspace.source_file("later").write_text(source.replace("published: year, keep: [status, year]", "keep: []"))
    recipe = corpus.RECIPE[: corpus.RECIPE.index("filters:")] + corpus.RECIPE[corpus.RECIPE.index("dedup:") :]
    recipe = recipe.replace("name: energy", "name: follow").replace("[plant]", "[later]")
    against = "dedup: {near: {threshold: 0.7}, against: [energy@v1.0.0]}"
    workspace.recipe_file("follow").write_text(recipe.replace("dedup: {near: {threshold: 0.7}}", against))
    line.run(workspace, "follow", until="card")
    return workspace


def test_only_what_is_new_stays(following: Workspace) -> None:
    """The ledger names the twin and the version it is in; the published dataset is as it was."""
    gone = following.read_table(following.ledger("follow", "dedup", "ledger.parquet")).to_pylist()
    assert {row["doc_id"]: (row["filter"], row["label"], row["twin"]) for row in gone} == {
        doc_id("later", "equal"): ("dedup.published", "energy@v1.0.0", doc_id("plant", "en-1")),
        doc_id("later", "near"): ("dedup.published", "energy@v1.0.0", doc_id("plant", "zh-7")),
    }
    similarity = {row["doc_id"]: row["similarity"] for row in gone}
    assert similarity[doc_id("later", "equal")] == 1.0 and 0.7 <= similarity[doc_id("later", "near")] < 1.0
    verify.demand(verify.ask(following, "follow"))
    assert verify.ask(following, "follow")["documents"] == 2


def test_why_tells_the_version(following: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A removed document's twin is shown with its source, license and release."""
    fate = why.ask(following, doc_id("later", "near"))["datasets"][0]
    assert fate["outcome"] == "removed" and fate["cluster"][0]["release"] == "energy@v1.0.0"
    assert fate["cluster"][0]["source"] == "plant" and fate["cluster"][0]["license"] == "CC-BY-4.0"
    assert main(["--workspace", str(following.root), "--lang", "en", "why", doc_id("later", "near")]) == 0
    assert "energy@v1.0.0" in capsys.readouterr().out


def test_overlap_tells_before_a_source_is_accepted(
    following: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much of it is where, from whom; a name above the reader's level is hidden."""
    answer = overlap.ask(following, "later", 0.7)
    assert (answer["documents"], answer["published_already"], answer["compared_with"]) == (4, 2, ["energy@v1.0.0"])
    found = answer["datasets"][0]["sources"]
    assert [(one["source"], one["documents"], one["equal"]) for one in found] == [("plant", 2, 1)]
    raised = catalog.source(following, "plant").model_copy(update={"data_level": "L2"})
    with monkeypatch.context() as patched:
        patched.setattr(overlap.catalog, "source", lambda *_: raised)
        assert overlap.ask(following, "later", 0.7)["datasets"][0]["sources"][0]["source"] is None
        assert overlap.ask(following, "later", 0.7, "L2")["datasets"][0]["sources"][0]["source"] == "plant"
    assert main(["--workspace", str(following.root), "--lang", "zh", "overlap", "later"]) == 0
    assert "energy@v1.0.0" in capsys.readouterr().out
    with pytest.raises(DeclarationError, match="--level L9: allowed: L1"):
        overlap.ask(following, "later", level="L9")


def test_the_index_is_of_the_release(following: Workspace) -> None:
    """One row for every published document; a version that is not there is told with those that are."""
    rows = sum(block.rows for block in signature_index.blocks(following, "energy@v1.0.0"))
    assert rows == published.manifest(following, "energy")["counts"]["documents"]
    with pytest.raises(DeclarationError, match=r"no version 'v7.0.0'.*v1.0.0"):
        signature_index.blocks(following, "energy@v7.0.0")
    with pytest.raises(DeclarationError, match=r"a version is needed.*v1.0.0"):
        signature_index.blocks(following, "energy")


def test_a_dataset_is_not_deduplicated_against_itself(following: Workspace, tmp_path: Path) -> None:
    """It would remove everything."""
    from curation import recipe

    text = following.recipe_file("follow").read_text().replace("energy@v1.0.0", "follow@v1.0.0")
    (tmp_path / "follow.yaml").write_text(text)
    with pytest.raises(DeclarationError, match="is a version of this dataset itself"):
        recipe.load(tmp_path / "follow.yaml")
