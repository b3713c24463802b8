"""Sampling gates: what is drawn stays drawn, verdicts count while the text stays the same, and nothing leaves unread."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from curation import catalog, cli, decisions, line, sampling
from curation.errors import DataError, DeclarationError, ReviewError
from curation.store import Workspace
from tests import corpus


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The test corpus, assembled, with a keyword library that one document hits."""
    monkeypatch.setenv(sampling.KEY, "a secret of the sampling tests")
    workspace = corpus.lay(tmp_path)
    lay_library(tmp_path, "绝不存在的词", "不会出现的话")
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text() + "sampling: tc260\nsafety: {keywords: [words.csv], complete: false}\n")
    line.run(workspace, "energy", until="card")
    return workspace


def lay_library(root: Path, *words: str, updated: date | None = None) -> None:
    rows = "".join(f"{word},A.1.a\n" for word in words)
    (root / "words.csv").write_text(f"# updated: {updated or date.today()}\nkeyword,risk\n{rows}", encoding="utf-8")


def test_the_thirty_one_risks_and_the_interval() -> None:
    """8 + 9 + 5 + 7 + 2; the interval of 3,840 of 4,000."""
    assert len(sampling.RISKS) == 31
    assert [round(one, 4) for one in sampling.wilson(3840, 4000)[2:]] == [0.9535, 0.9656]
    assert sampling.wilson(3840, 4000).rate >= sampling.MANUAL_RATE > sampling.wilson(3839, 4000).rate
    assert sampling.wilson(0, 0)[2:] == (0.0, 1.0) and round(sampling.wilson(288, 300).low, 4) == 0.9314


def test_a_release_waits_until_everything_drawn_is_judged(workspace: Workspace, tmp_path: Path) -> None:
    """Drawn, read, taken in; a failed verdict needs its risk; 96 in 100 must pass."""
    plan = catalog.plan(workspace, "energy")
    with pytest.raises(ReviewError, match="sampled documents are not judged"):
        sampling.demand(workspace, plan)
    out = tmp_path / "read.jsonl"
    command = ["--workspace", str(workspace.root), "sample", "energy"]
    assert cli.main([*command, "--out", str(out)]) == 0
    rows = [json.loads(one) for one in out.read_text().splitlines()]
    assert len(rows) == sampling.drawn(workspace, "energy", "manual").num_rows > 40 and all(row["text"] for row in rows)
    judged = [{**row, "verdict": "pass", "reviewer": "ann"} for row in rows]
    out.write_text("".join(json.dumps(row) + "\n" for row in judged[:-1]))
    assert cli.main([*command, "--verdicts", str(out)]) == 0
    assert sampling.manual(workspace, "energy")["new"] == 1
    out.write_text(json.dumps({**judged[-1], "verdict": "fail"}) + "\n")
    with pytest.raises(DataError, match=r"row 1: verdict pass, or fail with a risk of A\.1\.a"):
        sampling.record(workspace, "energy", out)
    out.write_text(json.dumps({**judged[-1], "verdict": "fail", "risk": "A.4.f"}) + "\n")
    sampling.record(workspace, "energy", out)
    sampling.demand(workspace, plan)
    assert sampling.manual(workspace, "energy")["risks"] == {"A.4.f": 1}
    assert [one.kind for one in decisions.read(workspace)] == ["sample", "sample"]
    worse = [{**row, "verdict": "fail", "risk": "A.5.b"} for row in judged[:5]]
    out.write_text("".join(json.dumps(row) + "\n" for row in worse))
    sampling.record(workspace, "energy", out)
    with pytest.raises(ReviewError, match=r"manual sample: .* passed; 96% are needed"):
        sampling.demand(workspace, plan)


def test_verdicts_count_while_the_text_stays_the_same(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New documents are drawn by their own numbers: of the old sample only what changed is read again."""
    monkeypatch.setattr(sampling, "MANUAL", 30)
    before = sampling.drawn(workspace, "energy", "manual")
    out = tmp_path / "v.jsonl"
    out.write_text(
        "".join(json.dumps({**row, "verdict": "pass"}) + "\n" for row in before.select(["id", "text_sha256"]).to_pylist())
    )
    sampling.record(workspace, "energy", out)
    new = [{"id": f"new-{n}", "text": corpus.paragraph("zh", 700 + n), "license": "CC-BY-4.0"} for n in range(6)]
    (tmp_path / "incoming" / "new.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in new), "utf-8")
    line.run(workspace, "energy", until="card")
    after = sampling.drawn(workspace, "energy", "manual")
    assert len(set(before["id"].to_pylist()) & set(after["id"].to_pylist())) >= 24
    assert sampling.manual(workspace, "energy")["new"] == len(set(after["id"].to_pylist()) - set(before["id"].to_pylist())) <= 6
    assert sampling.drawn(workspace, "energy", "technical")["id"].to_pylist() != after["id"].to_pylist()
    monkeypatch.setenv(sampling.KEY, "short")
    with pytest.raises(DeclarationError, match="CURATION_SAMPLING_KEY must hold a secret"):
        sampling.manual(workspace, "energy")
    monkeypatch.delenv(sampling.KEY)  # nobody told one: the workspace makes its own, keeps it, and git does not
    drawn = [sampling.drawn(workspace, "energy", "manual")["id"].to_pylist() for _ in range(2)]
    made = workspace.root / ".curation" / "sampling.key"
    assert drawn[0] == drawn[1] != after["id"].to_pylist() and made.stat().st_mode & 0o077 == 0 and len(made.read_text()) > 32


def test_one_readers_fail_is_not_undone_by_another(workspace: Workspace, tmp_path: Path) -> None:
    """Who failed a text may change their mind; nobody else can do it for them."""
    (one,) = sampling.drawn(workspace, "energy", "manual").select(["id", "text_sha256"]).slice(0, 1).to_pylist()

    def verdict(reviewer: str, risk: str | None) -> str:
        out = tmp_path / "v.jsonl"
        said = {"verdict": "fail" if risk else "pass", "risk": risk, "reviewer": reviewer}
        out.write_text(json.dumps({**one, **said}) + "\n")
        sampling.record(workspace, "energy", out)
        return str(sampling.verdicts(workspace, "energy")[one["text_sha256"]]["verdict"])

    said = [verdict(who, risk) for who, risk in (("a", None), ("b", "A.4.f"), ("a", None), ("c", None), ("b", None))]
    assert said == ["pass", "fail", "fail", "fail", "pass"]


def test_keywords_stop_a_release(workspace: Workspace, tmp_path: Path) -> None:
    """A word of the library in more than 2 % of a tenth of the documents; an old, small or unknown library is refused."""
    plan = catalog.plan(workspace, "energy")
    assert sampling.technical(workspace, plan)["passed"]
    lay_library(tmp_path, "the", "。")
    with pytest.raises(ReviewError, match=r"technical sample: 0 of .* passed; 98% are needed"):
        sampling.demand(workspace, plan)
    lay_library(tmp_path, "词", updated=date.today() - timedelta(days=8))
    with pytest.raises(DataError, match="updated 8 days ago; allowed: 7"):
        sampling.demand(workspace, plan)
    (tmp_path / "words.csv").write_text(f"# updated: {date.today()}\nkeyword,risk\n词,A.9.z\n")
    with pytest.raises(DataError, match=r"row 3: columns keyword and risk"):
        sampling.demand(workspace, plan)
    (tmp_path / "words.csv").write_bytes("keyword,risk\n词,A.1.a\n".encode("gb18030"))
    with pytest.raises(DataError, match=r"words.csv: byte 13 is no UTF-8"):
        sampling.demand(workspace, plan)
    lay_library(tmp_path, "词")
    assert plan.recipe.safety is not None
    whole = plan.recipe.safety.model_copy(update={"complete": True})
    with pytest.raises(DataError, match="asks for 10,000"):
        sampling.library(workspace, whole)
