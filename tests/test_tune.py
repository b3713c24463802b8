"""`curate tune`: what filters do and would do, from what was measured."""

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation import cli, line, workspaces
from curation.errors import DeclarationError
from curation.policy.verdicts import judge, outcomes
from curation.questions import tune, tune_page
from curation.recipe import Filter, Plan, Policy, Recipe
from curation.store import Workspace
from tests import corpus

WORDS = {"en": "because", "zh": "因为"}


def small(filters: list[Filter], table: pa.Table) -> tune.Measured:
    recipe = Recipe(
        name="r", title=WORDS, summary=WORDS, sources=["s-one"], curator="c", contact="c@example.org", filters=filters
    )
    return tune.judge(table, [], Plan(recipe=recipe, profiles=[], policy=Policy(name="none", title=WORDS, filters=[])))


def table(rows: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    values = rng.random(rows).astype(np.float32)
    return pa.table(
        {
            "doc_id": pa.array(map(str, range(rows))),
            "source": pa.array(["s-one", "s-two"] * (rows // 2)),
            "language.code": pa.array(["zh", "en", None, "und"] * (rows // 4)),
            "a.x": pa.array(values, mask=values > 0.99),
            "a.y": pa.array(rng.integers(0, 1000, rows)),
        }
    )


FILTERS = [
    Filter(name="x", column="a.x", low=0.2, high=0.9, because=WORDS),
    Filter(name="y", column="a.y", low=100, because=WORDS, then="quarantine"),
]


def test_kept_is_what_the_step_keeps(done: Workspace) -> None:
    """Over the small corpus: kept, and who fails what, as in the ledger."""
    found = tune.measured(done, "energy")
    ledger = done.read_table(done.ledger("energy", "filter", "ledger.parquet"))
    assert int(found.kept.sum()) == found.table.num_rows - len(outcomes(ledger))
    failed = ledger["filter"].to_pylist()
    for row in tune.filters(found):
        assert row["alone"] == failed.count(row["name"]), row["name"]


@pytest.mark.parametrize("setting", ["x.low=0.5", "x.high=0.3", "y.low=900", "y=off"])
def test_a_changed_value_does_what_a_changed_recipe_does(setting: str) -> None:
    """The answer is that of judging again with the other value."""
    measured = table(2000)
    change = tune.changed(small(FILTERS, measured), [setting])
    key, value = setting.split("=")
    name = key.split(".")[0]
    other = [f for f in FILTERS if f.name != name] if value == "off" else [
        f.model_copy(update={key.split(".")[1]: float(value)}) if f.name == name else f for f in FILTERS
    ]  # fmt: skip
    plan = Plan(
        recipe=Recipe(
            name="r", title=WORDS, summary=WORDS, sources=["s-one"], curator="c", contact="c@example.org", filters=other
        ),
        profiles=[],
        policy=Policy(name="none", title=WORDS, filters=[]),
    )
    assert change["kept"] == measured.num_rows - len(outcomes(judge(measured, plan)))
    assert change["kept"] == change["kept_before"] + change["returned"] - change["lost"]
    assert (
        sum(row["after"] for row in change["by_language"]) == sum(row["after"] for row in change["by_source"]) == change["kept"]
    )


def test_alone_and_on_top() -> None:
    """On top counts those that only this filter stops; the curve tells what any threshold would keep of them."""
    found = small(FILTERS, table(4000))
    row = tune.filters(found, "x")[0]
    both = int((found.judged[0].fails & found.judged[1].fails).sum())
    assert row["alone"] == row["on_top"] + both
    values = np.array(found.table["a.x"].to_pylist(), float)[~found.judged[1].fails]
    inside = {"low": values[values <= np.float32(0.9)], "high": values[values >= np.float32(0.2)]}
    for bound, curve in row["curves"].items():
        assert curve["documents"] == len(inside[bound])
        for value, below, upto in list(zip(curve["values"], curve["below"], curve["upto"], strict=True))[::40]:
            assert int((inside[bound] < value).sum()) == below and int((inside[bound] <= value).sum()) == upto


def test_one_hundred_thousand_documents_are_judged_anew_in_under_a_second() -> None:
    """A changed value re-measures nothing: the time is told, and it is a small part of what a run takes."""
    found = small(FILTERS * 1, table(100_000))
    begun = time.perf_counter()
    change = tune.changed(found, ["x.low=0.1", "y.low=50"])
    assert change["seconds"] <= round(time.perf_counter() - begun + 0.0001, 4)  # it is told in rounded form
    assert change["seconds"] < 10.0  # it is about 0.02 s; benchmarks tell speeds, this one that nothing is measured again


@pytest.mark.parametrize("setting", ["z.low=1", "x=1", "x.low=much", "x.low=nan", "x.low=inf", "x.low", "x"])
def test_a_wrong_setting_names_what_is_allowed(setting: str) -> None:
    """One line."""
    with pytest.raises(DeclarationError, match=r"allowed|number"):
        tune.changed(small(FILTERS, table(40)), [setting])


def test_a_filter_on_what_is_not_measured_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for a column that there is not, and for a signal that nobody measured yet."""
    workspaces.create(tmp_path / "ws", None)
    workspace = corpus.lay(tmp_path / "ws")
    line.run(workspace, "energy", until="annotate")
    recipe, index = workspace.recipe_file("energy"), workspace.root / "data" / "signals" / "INDEX" / "plant.json"
    sound = recipe.read_text()
    recipe.write_text(sound.replace("column: metadata.status", "column: tokens.cuont"))
    arguments = ["--workspace", str(workspace.root), "tune", "energy"]
    assert cli.main(arguments) == 2 and "unknown column 'tokens.cuont'; known: tokens.count" in capsys.readouterr().err
    recipe.write_text(sound)
    measured = json.loads(index.read_text())
    for shard in measured["shards"]:
        del shard["signals"]["license"]
    index.write_text(json.dumps(measured))
    assert cli.main(arguments) == 2
    assert "source 'plant': the signal license is not measured; run `curate step annotate plant`" in capsys.readouterr().err


def test_in_the_terminal_and_as_a_page(done: Workspace, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    """Both show every filter; a sample is a real document of the right side."""
    target = tmp_path / "page.html"
    arguments = ["--workspace", str(done.root), "tune", "energy"]
    assert cli.main([*arguments, "--html", str(target)]) == 0
    out = capsys.readouterr().out
    names = [one.one.name for one in tune.measured(done, "energy").judged]
    page = target.read_text(encoding="utf-8")
    assert all(name in out and name in page for name in names)
    assert "http" not in page.replace("http://example", "").split("<section", 1)[0]
    HTMLParser().feed(page)
    assert cli.main(["--json", *arguments, "--filter", names[-1], "--set", f"{names[-1]}=off"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in answer["filters"]] == [names[-1]] and answer["changed"]["lost"] == 0
    for side, documents in answer["samples"][names[-1]].items():
        assert side in {"inside", "outside"} and all(len(one["doc_id"]) == 32 and one["text"] for one in documents)


def test_what_documents_say_is_no_markup_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A word like [/b] is shown as it is."""
    from curation import shown

    measured = table(40).append_column("a.word", pa.array(["[/b]", "[12]"] * 20))
    found = small([Filter(name="word", column="a.word", none_of=["x"], because=WORDS)], measured)
    row = tune.filters(found)[0]
    shown.tuning({"recipe": "r", "kept": 1, "documents": 40, "filters": [row], "samples": {}, "changed": None})
    out = capsys.readouterr().out
    assert "[/b] 10" in out and "[12] 10" in out and "≠ x" in out


def test_the_page_escapes_what_documents_say() -> None:
    """A text is text, never markup."""
    row = tune.filters(small(FILTERS, table(40)), "x")[0]
    sample = {
        "doc_id": "0" * 32,
        "source": "s",
        "language": "en",
        "value": 1.0,
        "title": "<b>",
        "text": "<script>alert(1)</script>",
    }
    page = tune_page.page("r", 1, 2, [row], {"x": {"inside": [sample], "outside": []}})
    assert "<script>alert" not in page and "&lt;script&gt;" in page
