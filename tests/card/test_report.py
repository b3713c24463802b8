"""The quality report, contributions, and the other records of a card: each number counted again from the data."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation import catalog, line, proxy_model, tc609
from curation.card import composition, contributions, quality
from curation.card.terms import chinese
from curation.identifiers import PERSONAL
from curation.recipe import METRICS, Quality
from curation.store import Workspace
from tests import corpus

SECOND = """\
id: {name}
title: {{en: Offered by {name}, zh: 由{name}提供}}
where: {{local: {{path: {name}/*.jsonl}}}}
format: jsonl
license: CC-BY-4.0
contact: {name}@example.org
map: {{id: id, text: text}}
submitted_at: {day}
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three sources: `plant`, and two that gave the same documents, one of them before."""
    workspace = corpus.lay(tmp_path_factory.mktemp("shared"))
    for name, day, own in (("late", "2026-02-01", range(300, 306)), ("early", "2025-02-01", range(310, 313))):
        (workspace.root / name).mkdir()
        rows = [{"id": f"both-{n}", "text": corpus.paragraph("en", 320 + n)} for n in range(5)]
        rows += [{"id": str(n), "text": corpus.paragraph("zh", n)} for n in own]
        (workspace.root / name / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        workspace.source_file(name).write_text(SECOND.format(name=name, day=day))
    recipe = yaml.safe_load(workspace.recipe_file("energy").read_text())
    recipe |= {
        "sources": ["plant", "late", "early"],
        "credit": "equal",
        "quality": {"target_tokens": "20K", "window": ["2001-01-01", "2010-12-31"], "weights": {"0301": 2, "0203": 0, "0304": 0}},
        "card": {
            "uses": {"en": "For tests of the card.", "zh": "用于卡片测试。"},
            "cases": {"en": "This one."},
            "citation": "Tests 2026",
        },
    }
    recipe["dedup"] = {"near": {"threshold": 0.7}, "keep": ["source_order"]}
    workspace.recipe_file("energy").write_text(yaml.safe_dump(recipe, allow_unicode=True))
    line.run(workspace, "energy", until="card")
    return workspace


def read(workspace: Workspace, part: str) -> Any:
    return json.loads(workspace.open(workspace.dataset("energy", f"reports/{part}")).read())


def data(workspace: Workspace) -> list[dict[str, Any]]:
    return pq.read_table(workspace.path(workspace.dataset("energy", "data"))).to_pylist()


def test_every_count_of_the_model_is_that_of_the_data(shared: Workspace) -> None:
    """Languages, licenses, industries, classes, sources, years, edits, duplicates, lengths: from the Parquet files and the ledger again."""
    model, rows = read(shared, "card.json"), data(shared)
    assert model["documents"] == len(rows) and model["tokens"] == sum(row["tokens"] for row in rows)
    for key, column in (("languages", "language"), ("licenses", "license")):
        want = Counter(row[column] for row in rows)
        assert {one["value"]: one["documents"] for one in model[key]} == want
    assert {one["value"]: one["documents"] for one in model["industries"]["proposed"]} == Counter(
        r["industry_label"] for r in rows
    )
    assert {one["value"]: one["documents"] for one in model["industries"]["classes"]} == Counter(
        r["industry_class"] for r in rows
    )
    for source in model["sources"]:
        own = [row for row in rows if row["source"] == source["id"]]
        assert (source["kept"], source["tokens"]) == (len(own), sum(row["tokens"] for row in own))
    assert {one["value"]: one["documents"] for one in model["published"]["years"]} == Counter(
        str(row["published"].year) for row in rows if row["published"]
    )
    edits = shared.read_table(shared.dataset("energy", "ledger/edits.parquet")).to_pylist()
    assert {one["kind"]: one["edits"] for one in model["edits"]} == Counter(row["kind"] for row in edits)
    ledger = shared.read_table(shared.dataset("energy", "ledger/removed.parquet")).to_pylist()
    assert sum(one["documents"] for one in model["dedup"]["shared"]) == sum(r["step"] == "dedup" for r in ledger)
    assert sum(one["documents"] for one in model["lengths"]) == len(rows)
    gone = {row["doc_id"] for row in ledger}
    assert sum(sum(row[k] for k in ("filters", "duplicates", "quarantined")) for row in model["funnel_by_source"]) == len(gone)


def test_the_readme_and_the_page_show_the_models_numbers(shared: Workspace) -> None:
    """Each language, industry and contributor with its number, in both forms of the card."""
    model = read(shared, "card.json")
    readme, page = (shared.open(shared.dataset("energy", part)).read().decode() for part in ("README.md", "card.html"))
    for one in (*model["languages"], *model["industries"]["proposed"]):
        assert f"| {one['value']} | {one['documents']:,} | {one['tokens']:,} |" in readme
        both = {value: chinese(value) for value in (one["value"] or "unknown",)}
        name = next(
            en if en == zh else f'<span class="en">{en}</span><span class="zh" lang="zh">{zh}</span>' for en, zh in both.items()
        )
        assert f"<td>{name}</td><td class=n>{one['documents']:,}</td><td class=n>{one['tokens']:,}</td>" in page
    for one in model["contributions"]["contributors"]:
        assert f"{one['share']:.6f}" in readme and f"{one['share']:.6f}" in page
    for metric in model["quality"]["metrics"]:
        assert f"| {metric['code']} | {metric['name']['en']} |" in readme


def test_what_people_wrote_survives(shared: Workspace) -> None:
    """Their words stand in every form, and a card made again is the same bytes."""
    before = {part: shared.sha256(shared.dataset("energy", part)) for part in ("README.md", "card.html", "croissant.json")}
    page = shared.open(shared.dataset("energy", "card.html")).read().decode()
    assert "For tests of the card." in page and "用于卡片测试。" in page and "Tests 2026" in page
    assert json.loads(shared.open(shared.dataset("energy", "croissant.json")).read())["rai:dataUseCases"] == [
        "For tests of the card."
    ]
    line.step("card").run("energy", shared)
    assert before == {part: shared.sha256(shared.dataset("energy", part)) for part in before}


def test_no_word_of_what_was_removed(shared: Workspace) -> None:
    """A card quotes kept documents whose license lets them be passed on, and nothing else."""
    kept = {row["id"]: row for row in data(shared)}
    model = read(shared, "card.json")
    assert model["samples"] and all(kept[one["id"]]["license"] in {"CC-BY-4.0", "CC0-1.0"} for one in model["samples"])
    assert {one["source"] for one in composition.samples(list(kept.values()), {"early"}, 400)} == {"early"}  # the others: not L1
    forms = [
        shared.open(shared.dataset("energy", part)).read().decode() for part in ("README.md", "card.html", "reports/card.json")
    ]
    for source in ("plant", "late", "early"):
        for key in shared.files(shared.documents(source)):
            if key.endswith(".parquet"):
                for row in shared.read_table(key, ["doc_id", "text"]).to_pylist():
                    words = " ".join(row["text"].split())[:60]
                    alike = any(words in " ".join(one["text"].split()) for one in kept.values())
                    assert row["doc_id"] in kept or alike or not any(words in form for form in forms)


@pytest.mark.parametrize("policy", ["first", "equal", "quality"])
def test_shares_of_what_several_gave(shared: Workspace, policy: str) -> None:
    """First: all to whom was first; equal: halves; quality: by the mean score. They add up to exactly 1, by source and contributor."""
    rows = data(shared)
    sources = [catalog.source(shared, name) for name in ("plant", "late", "early")]
    table = pa.Table.from_pylist([{k: r[k] for k in ("id", "source", "tokens", "quality_model_score")} for r in rows])
    clusters = shared.read_table(shared.dataset("energy", "ledger/clusters.parquet"))
    facts = {name: {"records": 9, "documents": 9} for name in ("plant", "late", "early")}
    found = contributions.build(policy, sources, facts, table, clusters, {"plant": 1})
    share = {row["source"]: row["share"] for row in found["rows"]}
    assert round(sum(share.values()) * 10**9) == 10**9 == round(sum(c["share"] for c in found["contributors"]) * 10**9)
    scores = [row["quality_model_score"] for row in rows if row["quality_model_score"] is not None]
    usual = sum(scores) / len(scores)
    weight = {
        row["id"]: row["tokens"] * (usual if row["quality_model_score"] is None else row["quality_model_score"]) for row in rows
    }
    both = sum(weight[row["id"]] for row in rows if row["native_id"].startswith("both-"))
    own = {
        name: sum(weight[r["id"]] for r in rows if r["source"] == name and not r["native_id"].startswith("both-"))
        for name in facts
    }
    mean = {name: [r["quality_model_score"] or usual for r in rows if r["source"] == name] for name in facts}
    parts = {
        "first": {"early": 1.0, "late": 0.0},
        "equal": {"early": 0.5, "late": 0.5},
        "quality": {n: (sum(mean[n]) / len(mean[n])) for n in ("early", "late")},
    }[policy]
    whole, total = sum(parts.values()), sum(weight.values())
    for name in ("early", "late"):
        assert share[name] == pytest.approx((own[name] + both * parts[name] / whole) / total, abs=1e-6)
    unique = {row["source"]: row["unique"] for row in found["rows"]}
    assert unique["late"] == 6 and unique["early"] == 3


def test_the_ledger_as_a_table_and_as_statements(shared: Workspace) -> None:
    """CSV that a spreadsheet opens, the numbers of the data, and a statement for each contributor."""
    text = shared.open(shared.dataset("energy", "reports/contributions.csv")).read().decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    rows = data(shared)
    for one in table:
        own = [row for row in rows if row["source"] == one["source"]]
        assert int(one["kept"]) == len(own) and int(one["tokens"]) == sum(row["tokens"] for row in own)
        assert int(one["bytes"]) == sum(len(row["text"].encode()) for row in own)
    statements = [key for key in shared.files(shared.dataset("energy", "reports")) if "statement-" in key]
    assert len(statements) == 3
    share = next(one["share"] for one in table if one["source"] == "late")
    assert f"**{share}**" in shared.open(next(key for key in statements if "late" in key)).read().decode()
    for formula in ("=cmd|' /C calc'!A0", "＝1+1", " =1", "\n=1", "＠SUM(1)", "-1"):
        assert contributions._cell(formula) == f"'{formula}"


def test_statements_of_names_alike(shared: Workspace) -> None:
    """Each contributor has a file of their own, whatever they are called and however long."""
    model = read(shared, "card.json")
    row = model["contributions"]["contributors"][0]
    names = ["A B", "a-b", "A.B/", "国" * 120, "国" * 121, "...", "???"]
    model["contributions"]["contributors"] = [{**row, "contributor": name} for name in names]
    files = [path for path in contributions.render(model) if "statement-" in path]
    assert len(files) == len(names) and all(len(path.rpartition("/")[2].encode()) <= 255 for path in files)


def model_of(workspace: Workspace) -> dict[str, Any]:
    return read(workspace, "card.json")


def test_seventeen_metrics_each_with_a_value_or_a_reason(shared: Workspace) -> None:
    """Codes of TC609-5-2025-04; what is not evaluated says why; dimensions are weighted means, and claim nothing while one is missing."""
    report = read(shared, "quality.json")
    by_code = {one["code"]: one for one in report["metrics"]}
    assert tuple(by_code) == METRICS
    for one in by_code.values():
        assert one["evaluated"] == (one["value"] is not None) and one["said"]["en"] and one["said"]["zh"]
        assert one["evaluated"] or one["said"]["en"].startswith("not evaluated: ")
    rows = data(shared)
    assert by_code["0104"]["value"] == 0.6  # license, uses and cases; the proxy model has too little to be compared with
    full = composition.documentation(
        {**model_of(shared), "quality_facts": {"proxy": {"base_characters": quality.BASE}}}, model_of(shared)["card"]
    )
    assert all(one["covered"] for one in full["0104"])
    inside = sum(row["published"] is not None and 2001 <= row["published"].year <= 2010 for row in rows)
    assert by_code["0303"]["value"] == pytest.approx(inside / len(rows), abs=1e-6)
    assert by_code["0302"]["value"] == pytest.approx(sum(row["tokens"] for row in rows) / 20_000, abs=1e-6)
    dated = sum(row["published"] is not None for row in rows)
    assert by_code["0204"]["value"] == pytest.approx((9 * len(rows) - 2 * (len(rows) - dated)) / (9 * len(rows)), abs=1e-6)
    third = next(one for one in report["dimensions"] if one["code"] == "03")
    used = [one for code, one in by_code.items() if code.startswith("03") and one["evaluated"] and one["weight"]]
    wanted = 100 * sum(one["weight"] * one["value"] for one in used) / sum(one["weight"] for one in used)
    assert third["score"] == pytest.approx(wanted, abs=0.01) and not report["high_quality"]
    assert not by_code["0305"]["evaluated"] and "to compare with" in by_code["0305"]["said"]["en"]  # too little was removed
    assert third["coverage"] == 0.75  # annotations do not apply: 3 of 4


def test_high_quality_is_not_bought(shared: Workspace) -> None:
    """A weight of 0 takes a metric out of the score and out of what was covered; nothing is diverse or fit of nothing."""
    model = read(shared, "card.json")
    facts = model["quality_facts"]

    def third(weights: dict[str, float], proxy: dict[str, object]) -> tuple[float, float]:
        asked = Quality.model_validate({"target_tokens": 1, "window": ["1900-01-01", "2100-01-01"], "weights": weights})
        found = quality.report(model, {**facts, "proxy": {**facts["proxy"], **proxy}}, asked)
        one = next(one for one in found["dimensions"] if one["code"] == "03")
        return one["score"], one["coverage"]

    fit = {"base_characters": quality.BASE, "gain": 1.0}
    assert third({}, fit)[1] == 1.0 and third({}, {**fit, "base_characters": 10})[1] == 0.75
    score, coverage = third({"0301": 0, "0303": 0}, fit)
    assert score == 100 and coverage == 0.5
    empty = {
        **model,
        "documents": 0,
        "sources_kept": [],
        "documents_by_domain": [],
        "risk": {**model["risk"], "near_duplicates": 0.0},
    }
    empty["industries"] = {**model["industries"], "proposed": []}
    assert quality._application(empty, {**facts, "distinct_4": None}, Quality())["0301"][0] is None
    one_source = {**model, "sources_kept": [{"documents": 9}]}
    assert (
        quality._application(one_source, facts, Quality())["0301"][0] < quality._application(model, facts, Quality())["0301"][0]
    )


def test_the_proxy_model_learns_from_what_is_like_the_target() -> None:
    """On Chinese of the plant: loss falls more with other Chinese of the plant than with English; nothing to hold out is no number."""
    target = [corpus.paragraph("zh", n) for n in range(900, 904)]
    zh, en = ([corpus.paragraph(one, n) for n in range(40)] for one in ("zh", "en"))
    with_zh, with_en = proxy_model.fitness(target, zh, []), proxy_model.fitness(target, en, [])
    assert with_zh and with_en and with_zh["with"] < 0.5 * with_en["with"]
    assert proxy_model.fitness(target, zh, zh) == proxy_model.fitness(target, list(zh), list(zh))
    assert proxy_model.fitness([], zh, en) is None


def test_declared_targets_of_the_proxy(shared: Workspace, tmp_path: Path) -> None:
    """Held-out and base texts of the workspace are used where the recipe names them; a file without `text` is one line."""
    from curation import quality as measured
    from curation.errors import DataError

    plan = catalog.plan(shared, "energy")
    (shared.root / "target.jsonl").write_text(json.dumps({"text": corpus.paragraph("zh", 950)}) + "\n")
    asked = Quality.model_validate({"proxy": {"heldout": ["target.jsonl"], "base": ["target.jsonl"]}})
    named = plan.model_copy(update={"recipe": plan.recipe.model_copy(update={"quality": asked})})
    found = measured._proxy(shared, named, [corpus.paragraph("zh", n) for n in range(5)])
    assert found and found["heldout"] == found["base"] == "declared"
    (shared.root / "target.jsonl").write_text('{"words": 1}\n')
    with pytest.raises(DataError, match=r"target.jsonl: line 1: a JSON object with `text` is needed"):
        measured._proxy(shared, named, ["x"])


def test_moves_that_are_alarms() -> None:
    """More personal data, more or fewer rejects, other tiers, new domains: each against its limit, which a recipe may set."""
    one = {"personal_data": 0.1, "rejects": 0.2, "license_tiers": {"T0": 1.0}, "domains": ["a.org", "b.org"]}
    two = {"personal_data": 0.11, "rejects": 0.35, "license_tiers": {"T0": 0.95, "T1": 0.05}, "domains": ["a.org", "c.org"]}

    def alarms(limits: dict[str, float]) -> list[str]:
        found = quality.drift(two, one, limits)
        assert found and found["new_domains"] == ["c.org"]
        return [row["what"] for row in found["moves"] if row["alarm"]]

    assert alarms({}) == ["rejects", "new_domains"]
    assert alarms({"personal_data": 0.0, "rejects": 0.2, "license_tiers": 0.01, "new_domains": 0.5}) == [
        "personal_data",
        "license_tiers",
    ]
    assert quality.drift(two, None, {}) is None


def test_records_for_other_programs(shared: Workspace) -> None:
    """SPDX, the EU's summary and the registration say the data's numbers; records of TC609 say what is missing."""
    rows, model = data(shared), read(shared, "card.json")
    graph = read(shared, "spdx.json")["@graph"]
    package = next(one for one in graph if one["type"] == "dataset_DatasetPackage")
    assert package["dataset_datasetAvailability"] == "directDownload"
    assert [one["rootElement"] for one in graph if one["type"] == "SpdxDocument"] == [[package["spdxId"]]]
    methods = package.get("dataset_anonymizationMethodUsed", [])
    assert all(one.split(":")[0] in PERSONAL for one in methods)
    assert package["dataset_datasetType"] == ["text"] and package["dataset_intendedUse"] == "For tests of the card."
    said = {one["simplelicensing_licenseExpression"] for one in graph if one["type"] == "simplelicensing_LicenseExpression"}
    assert said == {row["license"] for row in rows}
    summary = read(shared, "eu_summary.json")
    assert sum(one["tokens"] for part in summary["2"].values() for one in part) == model["tokens"] == summary["1.3"]["tokens"]
    assert summary["2.3 domains of crawled sources, top tenth by tokens"] == []  # no source here says that it was crawled
    registration = read(shared, "registration.json")
    assert registration["registration_type"] == "首次" and registration["scale"]["documents"] == len(rows)
    origin = tc609.origin("open_dataset", "open", "CC-BY-4.0", None)
    faults = Counter(f for row in rows for f in tc609.faults(tc609.record(row, origin, "v1.0.0")))
    undated = sum(row["published"] is None for row in rows)
    assert faults == {"original_time": undated, "last_modified_time": undated}


def test_an_industry_is_selected(tmp_path: Path) -> None:
    """`select: {industry: [energy]}`: a source that declares it passes whole, of others what the text proposes; the ledger says why."""
    workspace = corpus.lay(tmp_path)
    (tmp_path / "other").mkdir()
    finance = "商业银行发放贷款时，应当核定利率与存款准备金，证券公司与基金管理人须披露净利润，保险人与投保人约定保险责任。" * 8
    grid = "变电站的变压器停电检修前，值班员应当核对继电保护装置，电力调度机构确认输电线路负荷，发电厂报送停电检修计划。" * 8
    for name, text in (("finance", finance), ("grid", grid)):
        (tmp_path / "other" / f"{name}.md").write_text(text)
    workspace.source_file("other").write_text(
        "id: other\ntitle: Other\nwhere: {local: {path: other}}\nformat: markdown\nlicense: CC0-1.0\ncontact: a@b.org\n"
    )
    plant = workspace.source_file("plant")
    plant.write_text(plant.read_text() + "industry: [energy]\n")
    recipe = yaml.safe_load(workspace.recipe_file("energy").read_text())
    recipe |= {"sources": ["plant", "other"], "industry": "energy", "select": {"industry": ["energy"]}, "profiles": []}
    workspace.recipe_file("energy").write_text(yaml.safe_dump(recipe, allow_unicode=True))
    line.run(workspace, "energy", until="card")
    rows = data(workspace)
    assert [row["native_id"] for row in rows if row["source"] == "other"] == ["grid.md"]
    assert sum(row["source"] == "plant" for row in rows) > 50
    ledger = workspace.read_table(workspace.dataset("energy", "ledger/removed.parquet")).to_pylist()
    reasons = {row["filter"]: row for row in ledger if row["source"] == "other"}
    assert reasons["select.label"]["label"] == "finance" and "energy" in reasons["select.label"]["because"]["en"]
    model = read(workspace, "card.json")
    assert model["industry"] == ["energy"] and model["industries"]["agreement"]["of"] > 0
