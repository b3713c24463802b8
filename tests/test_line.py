"""The small corpus through the whole line: counts add up, reasons are told, bytes do not depend on how it was run."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation import line, published
from curation.document import doc_id
from curation.errors import DataError
from curation.questions import verify, why
from curation.store import Workspace
from tests import corpus
from tests.conftest import SHARED


def ledger(workspace: Workspace, name: str = "energy") -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {}
    for row in workspace.read_table(workspace.dataset(name, "ledger/removed.parquet")).to_pylist():
        rows.setdefault(row["doc_id"], []).append(row)
    return rows


def kept(workspace: Workspace, name: str = "energy") -> dict[str, dict]:
    keys = workspace.files(workspace.dataset(name, "data"))
    return {row["id"]: row for key in keys for row in workspace.read_table(key).to_pylist()}


def test_kept_removed_quarantined_is_what_was_read(done: Workspace) -> None:
    """No record is lost: every line of the files is a document or a quarantine row, every document kept or in the ledger."""
    index = published.signals(done, "plant")
    assert index["records"] == len(corpus.documents()) + len(corpus.WICKED)
    assert index["documents"] + index["quarantined"] == index["records"]
    assert len(kept(done)) + len(ledger(done)) == index["documents"]
    assert not set(kept(done)) & set(ledger(done))
    assert verify.ask(done, "energy")["faults"] == []


def test_each_bad_record_is_in_quarantine_with_reason_and_place(done: Workspace) -> None:
    """A broken line costs that line and nothing else."""
    rows = [row for key in done.files(done.quarantine("plant")) for row in done.read_table(key).to_pylist()]
    found = {row["where"].removeprefix("wicked.jsonl:"): row["reason"] for row in rows}
    assert found == {
        "1": "not_json", "2": "not_an_object", "3": "not_json", "4": "no_id", "5": "no_text", "6": "not_json", "7": "no_text",
        "8": "not_json", "9": "not_json", "doubled": "superseded",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("twin-near", "dedup.near"),
        ("short", "docs.characters"),
        ("no-license", "open_permissive.license_unknown"),
        ("non-commercial", "open_permissive.license_tier"),
        ("repealed", "in_force"),
        ("french", "no_profile"),
    ],
)
def test_every_reason_is_told(done: Workspace, native: str, reason: str) -> None:
    """The ledger names the filter, and `why` shows it."""
    doc = doc_id("plant", native)
    assert reason in {row["filter"] for row in ledger(done)[doc]}
    assert any(reason in text for text in why.shown(why.ask(done, native)))


def test_the_survivor_has_the_better_license(done: Workspace) -> None:
    """An exact twin in the public domain stays, and the attribution-only text names it."""
    gone = ledger(done)[doc_id("plant", "en-3")][0]
    assert (gone["filter"], gone["twin"], gone["similarity"]) == ("dedup.exact", doc_id("plant", "twin-exact"), 1.0)
    assert kept(done)[doc_id("plant", "twin-exact")]["cluster_size"] == 2


def test_edits_are_applied_once_and_written_down(done: Workspace) -> None:
    """Personal data is replaced at assemble; the stored document keeps its bytes, the ledger their places."""
    row = kept(done)[doc_id("plant", "private")]
    assert "请发邮件到<EMAIL>联系，主机<IP>。" in row["text"] and row["modified"]
    edits = done.read_table(done.dataset("energy", "ledger/edits.parquet")).to_pylist()
    source = corpus.paragraph("zh", 77) + "请发邮件到zhang.san@example.cn联系，主机8.8.8.8。"
    cut = {source.encode()[e["start"] : e["end"]].decode() for e in edits}
    assert cut == {"zhang.san@example.cn", "8.8.8.8"}
    assert "text" not in pq.read_schema(done.path(done.dataset("energy", "ledger/removed.parquet"))).names


def manifest_digest(workspace: Workspace) -> str:
    return published.manifest(workspace, "energy")["digest"]


@pytest.mark.parametrize(("workers", "shuffled"), [(2, False), (4, True)])
def test_bytes_do_not_depend_on_workers_or_order(tmp_path: Path, done: Workspace, workers: int, shuffled: bool) -> None:
    """Other workers, other order of files on disk: the same digest of every file of the dataset."""
    workspace = corpus.lay(tmp_path, shuffled=shuffled)
    line.run(workspace, "energy", workers=workers, until="card")
    assert published.manifest(workspace, "energy")["files"] == published.manifest(done, "energy")["files"]


def test_a_second_run_measures_nothing(tmp_path: Path) -> None:
    """Everything is reused; a moved threshold re-measures nothing either."""
    workspace = corpus.lay(tmp_path)
    line.run(workspace, "energy", until="card")
    before = published.signals(workspace, "plant")
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("threshold: 0.7", "threshold: 0.75"))
    run_id = line.run(workspace, "energy", until="card")
    reports = {p.name.split(".")[0]: json.loads(p.read_text())["report"] for p in workspace.run_folder(run_id).glob("*.*.json")}
    assert reports["ingest"]["objects"] and reports["extract"]["extracted"] == 0 and reports["annotate"]["annotated"] == 0
    assert published.signals(workspace, "plant") == before


def test_a_new_file_adds_shards_and_touches_no_old_one(tmp_path: Path) -> None:
    """Documents are sharded by raw object."""
    workspace = corpus.lay(tmp_path)
    line.run(workspace, "energy", until="annotate")
    before = {s["file"] for s in published.signals(workspace, "plant")["shards"]}
    (tmp_path / "incoming" / "late.jsonl").write_text(
        json.dumps({"id": "late", "text": corpus.paragraph("en", 900), "license": "MIT"}) + "\n"
    )
    line.run(workspace, "energy", until="annotate")
    after = {s["file"] for s in published.signals(workspace, "plant")["shards"]}
    assert before < after and len(after - before) == 1


def test_kill_nine_at_any_moment_then_run_again(tmp_path: Path, done: Workspace) -> None:
    """Whatever is interrupted, the next run ends with the digests of an uninterrupted one, and no orphan stays."""
    workspace = corpus.lay(tmp_path)
    chance = random.Random(20261124)
    command = [
        sys.executable,
        "-m",
        "curation",
        "--workspace",
        str(tmp_path),
        "run",
        "energy",
        "--workers",
        "2",
        "--until",
        "card",
    ]
    for _ in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(0.5, 3.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, capture_output=True)
    assert published.manifest(workspace, "energy")["files"] == published.manifest(done, "energy")["files"]
    assert not list((tmp_path / ".curation" / "staging").iterdir())


def test_a_step_refuses_a_ledger_of_other_rules(tmp_path: Path) -> None:
    """A tightened recipe is not assembled with the ledger of the loose one, nor a survivor's twins with an old dedup."""
    workspace = corpus.lay(tmp_path)
    line.run(workspace, "energy", until="card")
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("none_of: [repealed]", "none_of: [repealed, valid]"))
    with pytest.raises(DataError, match="run `curate run energy`"):
        line.step("assemble").run("energy", workspace)
    line.step("filter").run("energy", workspace)
    with pytest.raises(DataError, match="run `curate step dedup energy`"):
        line.step("assemble").run("energy", workspace)


def test_an_update_of_a_one_document_file_and_a_grouped_license(tmp_path: Path) -> None:
    """An emptied shard is no crash; every record of a group says its license."""
    workspace = corpus.lay(tmp_path)
    for name in ("a", "b"):
        (tmp_path / "incoming" / f"up-{name}.jsonl").write_text(
            json.dumps({"id": "z", "text": f"version {name}", "license": "MIT"}) + "\n"
        )
    line.step("ingest").run("plant", workspace)
    line.step("extract").run("plant", workspace)
    rows = [
        {"id": "1", "book": "b", "text": "one", "license": "CC-BY-4.0"},
        {"id": "2", "book": "b", "text": "two", "license": "CC-BY-NC-4.0"},
    ]
    (tmp_path / "books.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    declared = corpus.SOURCE.replace("plant", "books", 1).replace("incoming/*.jsonl", "books.jsonl")
    declared = declared[: declared.index("map:")] + 'map: {id: "{book}", group_by: [book], license: license}\n'
    workspace.source_file("books").write_text(declared)
    line.step("ingest").run("books", workspace)
    line.step("extract").run("books", workspace)
    shard = published.documents(workspace, "books")["groups"][0]["shards"][0]["file"]
    assert [c["value"] for c in workspace.read_table(shard)["license_claims"][0].as_py()] == ["CC-BY-4.0", "CC-BY-NC-4.0"]


def test_a_broken_file_is_found_by_verify(tmp_path: Path) -> None:
    """One flipped bit, one file too many, one too few: each is named."""
    workspace = corpus.lay(tmp_path)
    line.run(workspace, "energy", until="card")
    data = Path(workspace.path(workspace.files(workspace.dataset("energy", "data"))[0]))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    (data.parent / "train-99999-of-99999.parquet").write_bytes(b"x")
    Path(workspace.path(workspace.dataset("energy", "card.html"))).unlink()
    faults = verify.ask(workspace, "energy")["faults"]
    assert [f.split(": ")[1] for f in faults] == ["missing", "sha256 differs from the manifest", "not in the manifest"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpora are not beside the clone")
@pytest.mark.parametrize(
    ("name", "path", "reader", "least"),
    [
        ("docs-zh", "docs_zh.parquet", "parquet", 8000),
        ("pages", "html_debian_docs.parquet", "parquet", 3000),
        ("warc", "warc/*", "warc", 20),
    ],
)
def test_enterprise_files_go_through(tmp_path: Path, name: str, path: str, reader: str, least: int) -> None:
    """Real files, some broken on purpose: read, counted, and the run goes on."""
    workspace = corpus.lay(tmp_path)
    text = "html" if "html" in path else "text"
    mapped = "map: {}" if reader == "warc" else f"map: {{id: id, text: {text}, url: url, license: license}}"
    if name == "pages":
        mapped = "map: {text: html, url: url, license: license}"
    declared = f"id: {name}\ntitle: x\nwhere: {{local: {{path: '{SHARED}/{path}'}}}}\nformat: {reader}\nlicense: unknown\ncontact: x@example.org\n{mapped}\n"
    workspace.source_file(name).write_text(declared)
    report = line.step("ingest").run(name, workspace)
    report = line.step("extract").run(name, workspace, 2)
    assert report["documents"] + report["quarantined"] == report["records"] >= least
