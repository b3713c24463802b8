"""The command line as people and machines use it."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation import plainfile, twins
from curation.cli import main
from curation.document import doc_id
from curation.errors import DataError
from curation.store import Workspace
from tests import corpus
from tests.conftest import SHARED


def test_every_question_answers_in_words_and_in_json(done: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """status, why, verify, summary."""
    for command in (["status"], ["why", "repealed"], ["verify", "energy"], ["summary", "energy"], ["check"], ["check", "plant"]):
        assert main(["--workspace", str(done.root), *command]) == 0
        assert capsys.readouterr().out.strip()
        assert main(["--workspace", str(done.root), "--json", *command]) == 0
        assert json.loads(capsys.readouterr().out)


def test_why_tells_origin_measures_and_reasons(done: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The five questions, in English and in Chinese."""
    assert main(["--workspace", str(done.root), "--lang", "zh_CN.UTF-8", "why", doc_id("plant", "twin-near")[:10]]) == 0
    shown = capsys.readouterr().out
    assert "来源：plant, twin-near" in shown and "删除" in shown and doc_id("plant", "zh-5") in shown and "近似重复" in shown
    assert main(["--workspace", str(done.root), "--json", "why", "zh-5"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["origin"]["retrieved_at"] and answer["license_claims"][0]["value"] == "CC-BY-4.0"
    assert answer["measured"]["language.label"] == "zh" and answer["datasets"][0]["cluster"][0]["similarity"] >= 0.7


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["run", "nothing"], "unknown recipe 'nothing'; known: energy"),
        (["why", "nothing"], "no document 'nothing'"),
        (["diff", "energy@v9.0.0"], "no version 'v9.0.0' of dataset 'energy'; there are: none"),
        (["diff", "energy@v1.0.0", "energy@v2.0.0"], "no version 'v1.0.0'"),
        (["signal", "nothing", "a", "b"], "unknown signal 'nothing'; known: aigc, c4, characters"),
        (["twins", "absent.jsonl", "b.parquet"], "absent.jsonl: no such file"),
        (["check", "x.txt"], "not a declaration; allowed"),
        (["summary", "nothing"], "unknown recipe 'nothing'; known: energy"),
        (["approve", "energy", "--because", " "], "needs a reason"),
    ],
)
def test_errors_are_one_line_and_exit_two(
    done: Workspace, capsys: pytest.CaptureFixture[str], command: list[str], message: str
) -> None:
    """Who made the mistake can mend it."""
    assert main(["--workspace", str(done.root), *command]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1


def test_no_workspace_says_how_to_get_one(tmp_path: Path) -> None:
    """Outside of any workspace."""
    done = subprocess.run([sys.executable, "-m", "curation", "status"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "curate init" in done.stderr


def jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


ROWS = [{"id": str(r["id"]), "text": r["text"], "license": r.get("license")} for r in corpus.documents()[:52]]


def test_signal_writes_published_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """language, language_score, language_script; license, license_confidence, license_detector; a row a row."""
    source = jsonl(tmp_path / "in.jsonl", ROWS)
    for name, columns in {
        "language": ["id", "language", "language_score", "language_script", "language_others", "language_code"],
        "license": ["id", "license", "license_detector", "license_confidence", "license_conflict", "license_tier"],
        "tokens": ["id", "tokens"],
    }.items():
        assert main(["signal", name, str(source), str(tmp_path / "out.parquet")]) == 0
        out = pq.read_table(tmp_path / "out.parquet")
        assert out.column_names == columns and out["id"].to_pylist() == [r["id"] for r in ROWS]
    assert set(plainfile_column(tmp_path, source, "language")) == {"zh", "en"}


def plainfile_column(folder: Path, source: Path, signal: str) -> list[str]:
    plainfile.annotate(signal, source, folder / "column.parquet")
    return pq.read_table(folder / "column.parquet")[signal].to_pylist()


def test_twins_of_a_plain_file(tmp_path: Path) -> None:
    """One row a row; every twin names one that is kept; Parquet and JSONL, any order, give the same clusters."""
    source = jsonl(tmp_path / "in.jsonl", ROWS)
    assert main(["twins", str(source), str(tmp_path / "a.parquet"), "--threshold", "0.7"]) == 0
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    kept = {r["id"] for r in rows if r["keep"]}
    assert len(rows) == len(ROWS) and all(r["twin"] in kept and r["jaccard"] >= 0.7 for r in rows if not r["keep"])
    assert {(r["id"], r["twin"]) for r in rows if not r["keep"]} == {("en-3", "twin-exact"), ("zh-5", "twin-near")} or len(
        kept
    ) == 50
    twins.find(jsonl(tmp_path / "back.jsonl", ROWS[::-1]), tmp_path / "b.parquet", 0.7)
    assert {(r["id"], r["twin"]) for r in pq.read_table(tmp_path / "b.parquet").to_pylist()} == {
        (r["id"], r["twin"]) for r in rows
    }


@pytest.mark.parametrize(("row", "message"), [({"id": "x"}, "row 53"), ({"id": "en-1", "text": "a"}, "not unique")])
def test_twins_refuses_a_bad_file_and_leaves_nothing(tmp_path: Path, row: dict, message: str) -> None:
    """Half an answer is no answer."""
    with pytest.raises(DataError, match=message):
        twins.find(jsonl(tmp_path / "in.jsonl", [*ROWS, row]), tmp_path / "out.parquet", 0.7)
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpora are not beside the clone")
def test_twins_finds_the_pairs_of_exact_jaccard(tmp_path: Path) -> None:
    """On 11,195 sections with all pairs known: pairs above 0.85 end in one cluster, documents below 0.5 of all stay."""
    twins.find(SHARED / "bench_small.parquet", tmp_path / "out.parquet", 0.7)
    cluster = {r["id"]: r["cluster"] for r in pq.read_table(tmp_path / "out.parquet").to_pylist()}
    pairs = pq.read_table(SHARED / "bench_small_exact_pairs.parquet").to_pylist()
    near = [p for p in pairs if p["jaccard"] >= 0.85]
    together = sum(cluster[p["a"]] == cluster[p["b"]] for p in near) / len(near)
    linked = {x for p in pairs for x in (p["a"], p["b"])}
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    wrong = [r for r in rows if not r["keep"] and r["id"] not in linked]
    assert together >= 0.97 and len(wrong) <= 0.01 * len(rows)
