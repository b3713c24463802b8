"""What would a source bring? A sample of it through the line in a scratch workspace, told on one page for a contributor and a reviewer."""

import hashlib
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from curation import catalog, decisions, manifest, published, standing
from curation.card import html, readme
from curation.card.blocks import Cell, Code, Section, Words, in_one_language, percent, table, text
from curation.card.terms import term
from curation.decisions import Identity
from curation.declaration import load_yaml
from curation.errors import CurationError, DataError, DeclarationError
from curation.levels import LEVELS
from curation.questions import check, overlap, trial
from curation.steps import annotate, extract, filter, ingest
from curation.store import Workspace, dump_json
from curation.tongue import told

SENSITIVE = {"CN_ID", "BANK_CARD", "CN_PASSPORT", "HK_ID", "TW_ID"}  # L3: four eyes, never open
PERSONAL = "L2"
RECIPE = "tryout"
ANYBODY = {"git", "http", "hub", "package_index"}  # connectors whose places can be public


def ask(
    workspace: Workspace,
    file: Path,
    dataset: str | None = None,
    objects: int = 200,
    workers: int = 1,
    anonymous: bool = False,
) -> dict[str, Any]:
    """Everything about a sample of the source declared in `file`. Raises the one-line error of what is wrong with it.

    `dataset` names a recipe whose filters are applied; default: the profile `docs` and the strictest policy that
    lets the declared license in. An `anonymous` trial, of what somebody wrote into a form, has no login and no private address of
    this machine.
    """
    shown = workspace.shown(file.absolute())
    if not file.is_file():
        raise DeclarationError(f"{shown}: no such file; `curate new-source` writes a manifest")
    source = manifest.load(file, shown)
    with trial.scratch(load_yaml(file, shown)) as here:
        policy = catalog.policy_for([source.license])
        _lay(workspace, here, source.id, dataset, policy)
        derived = check.source(here, source.id)["derived"]
        report = ingest.run(source.id, here, sample=objects, beside=workspace, anonymous=anonymous)
        extract.run(source.id, here, workers)
        documents = published.documents(here, source.id)
        answer: dict[str, Any] = {
            "source": source.id,
            "title": source.title.model_dump(),
            "contact": source.contact,
            "manifest": hashlib.sha256(file.read_bytes()).hexdigest(),
            "file": shown,
            "derived": derived,
            "objects": report["objects"],
            "bytes": report["bytes"],
            "sampled": report["objects"] >= objects or report["bytes"] >= ingest.TRIAL_BYTES,
            "from": [one["uri"] for one in published.raw(here, source.id)["objects"]][:3],
            "records": documents["documents"] + documents["quarantined"],
            "documents": documents["documents"],
            "unreadable": _unreadable(here, source.id),
            "declared": {
                key: getattr(source, key) for key in ("license", "industry", "dataset_class", "data_level", "generated")
            },
        }
        if not documents["documents"]:
            raise DataError(f"{shown}: no document came out of {report['objects']} objects: {_first_fault(here, source.id)}")
        annotate.run(source.id, here, workers)
        answer |= _measured(here, source.id)
        answer["license"] = _license(here, source.id)
        answer["overlap"] = overlap.ask(workspace, source.id, workers=workers, own=here)
        answer["projected"] = _projected(here, dataset or f"profile docs, policy {policy}")
        answer["level"] = _level(source, answer["personal_data"])
        answer["derived"] |= _looked(derived, answer)
    return answer


def submit(workspace: Workspace, text: str, by: str | None = None) -> Path:
    """Write a manifest that somebody submits as data/sources/<id>.yaml, and into the log who it was: a login of Airflow, else this user.

    Whoever submits is no pair of eyes for its release (curation.gate). Raises DeclarationError for a manifest that is not sound or
    there.
    """
    with tempfile.TemporaryDirectory() as folder:
        pasted = Path(folder) / "pasted.yaml"
        pasted.write_text(text, encoding="utf-8")
        said = load_yaml(pasted, "manifest")
        name = str(said.get("id", "")) if isinstance(said, dict) else ""
        if not re.fullmatch(manifest.SOURCE_ID, name):
            raise DeclarationError("manifest: an id is needed: a-z, 0-9, . and -, such as grid-manuals")
        draft = Path(folder) / f"{name}.yaml"
        draft.write_text(text, encoding="utf-8")
        _demand_reachable_by_anybody(manifest.load(draft, "manifest"))
    file = workspace.source_file(name)
    if file.exists() and file.read_text("utf-8") != text:
        raise DeclarationError(f"{workspace.shown(file)}: is there already and differs; choose another id, or change that file")
    workspace.write_local(file, text.encode())
    who = Identity(name=by, kind="airflow-login") if by else decisions.os_user()
    about = {"source": name, "manifest": hashlib.sha256(text.encode()).hexdigest()}
    if ("submit", who, about) not in [(one.kind, one.by, one.subject) for one in standing.known(workspace)]:
        decisions.append(workspace, "submit", about, "filled in the form", by=who)
    return file


def _demand_reachable_by_anybody(source: manifest.Source) -> None:
    """Raise DeclarationError for a place that only this machine or its logins reach: whoever fills in a form must not borrow them."""
    connector, options = source.connector()
    addresses = [str(options[key]) for key in ("url", "base", "captures") if key in options]
    if connector not in ANYBODY or not all(one.startswith("https://") for one in addresses):
        raise DeclarationError(
            f"manifest: where: {connector}: a form takes what anybody can reach; allowed: https://, git over https, hub, package_index"
        )
    for one in addresses:
        if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", urlsplit(one).hostname or ""):
            raise DeclarationError(f"manifest: where: {one}: no address of a server; such as https://example.org/handbook")
    if borrowed := _named(options, {"auth_ref", "private_addresses", "plain_http"}):
        raise DeclarationError(
            f"manifest: where: {borrowed}: not in a form; a curator of this workspace declares it in data/sources"
        )


def _named(options: Any, wanted: set[str]) -> str | None:
    if isinstance(options, list):
        return next((found for one in options if (found := _named(one, wanted))), None)
    if not isinstance(options, dict):
        return None
    return next((key for key in options if key in wanted), None) or _named(list(options.values()), wanted)


def keep(workspace: Workspace, answer: dict[str, Any]) -> Path:
    """Write the answer where the review page finds it; of another manifest it is void there."""
    path = workspace.root / "data" / "submissions" / f"{answer['source']}.json"
    workspace.write_local(path, dump_json(answer))
    return path


def keep_failure(workspace: Workspace, file: Path, why: str) -> Path:
    """Write down that a trial failed, and why, for the reviewer."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    path = workspace.root / "data" / "submissions" / f"{file.stem}.json"
    workspace.write_local(path, dump_json({"source": file.stem, "manifest": digest, "failed": why}))
    return path


def _lay(workspace: Workspace, here: Workspace, name: str, dataset: str | None, policy: str) -> None:
    """A recipe over this one source, with the rules of the dataset it is meant for."""
    if dataset is None:
        said: dict[str, Any] = {"profiles": ["docs"], "policy": policy}
    else:
        catalog.dataset(workspace, dataset)
        said = load_yaml(workspace.recipe_file(dataset), workspace.shown(workspace.recipe_file(dataset)))
        said = {key: said[key] for key in ("profiles", "policy", "filters", "use", "select") if key in said}
        for kind in ("profiles", "policies"):
            (here.root / "data" / kind).mkdir(parents=True, exist_ok=True)
            for one in (workspace.root / "data" / kind).glob("*.yaml"):
                (here.root / "data" / kind / one.name).write_bytes(one.read_bytes())
    words = {"title": RECIPE, "summary": RECIPE, "curator": RECIPE, "contact": RECIPE}
    recipe = {"name": RECIPE, "sources": [name], **words, **said}
    here.recipe_file(RECIPE).write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")


def _quarantine(here: Workspace, name: str) -> list[dict[str, Any]]:
    return [row for key in here.files(here.quarantine(name)) for row in here.read_table(key).to_pylist()]


def _unreadable(here: Workspace, name: str) -> list[list[Any]]:
    counted: Counter[str] = Counter()
    for row in _quarantine(here, name):
        counted[row["reason"]] += row["records"]
    return [[reason, n] for reason, n in sorted(counted.items(), key=lambda p: (-p[1], p[0]))]


def _first_fault(here: Workspace, name: str) -> str:
    rows = _quarantine(here, name)
    return f"{rows[0]['where']}: {rows[0]['reason']} ({rows[0]['detail']})" if rows else "no file has a reader; see `members`"


def _columns(here: Workspace, name: str, signal: str, columns: list[str] | None = None) -> pa.Table:
    return pa.concat_tables(
        here.read_table(shard["signals"][signal]["file"], columns) for shard in published.signals(here, name)["shards"]
    )


def _shares(column: pa.ChunkedArray) -> list[list[Any]]:
    return [[value, n] for value, n in sorted(Counter(column.to_pylist()).items(), key=lambda p: (-p[1], str(p[0])))]


def _measured(here: Workspace, name: str) -> dict[str, Any]:
    found: Counter[str] = Counter()
    with_any = 0
    for spans in _columns(here, name, "pii", ["spans"])["spans"].to_pylist():
        kinds = Counter(span["type"] for span in spans or [])
        found.update(kinds)
        with_any += bool(kinds)
    score = _columns(here, name, "quality_model", ["score"])["score"].drop_null()
    industry = _columns(here, name, "industry", ["label", "class"])
    return {
        "tokens": pc.sum(_columns(here, name, "tokens", ["count"])["count"]).as_py() or 0,
        "languages": _shares(_columns(here, name, "language", ["label"])["label"]),
        "industries": _shares(industry["label"]),
        "classes": _shares(industry["class"]),
        "personal_data": {"documents": with_any, "by_type": sorted(([k, n] for k, n in found.items()), key=lambda p: -p[1])},  # type: ignore[operator]
        "quality": {
            "scored": len(score),
            "quantiles": [round(x, 3) for x in pc.quantile(score, [0.1, 0.5, 0.9]).to_pylist()] if len(score) else [],
        },
    }


def _license(here: Workspace, name: str) -> dict[str, Any]:
    """Verdicts, and what each detector says, with one passage of each."""
    verdicts = _columns(here, name, "license", ["id", "conflict"])
    claims: dict[tuple[str, str], dict[str, Any]] = {}
    for shard in published.signals(here, name)["shards"]:
        for row in here.read_table(shard["file"], ["license_claims"])["license_claims"].to_pylist():
            for one in row:
                key = (one["detector"], one["value"])
                found = claims.setdefault(key, {**one, "documents": 0})
                found["documents"] += 1
    return {
        "verdicts": _shares(verdicts["id"]),
        "conflicts": pc.sum(pc.cast(verdicts["conflict"], pa.int64())).as_py() or 0,
        "claims": sorted(claims.values(), key=lambda c: (-c["documents"], c["detector"], c["value"])),
    }


def _projected(here: Workspace, rules: str) -> dict[str, Any]:
    """How much of the sample the rules would keep, and what goes for which reason first."""
    said = {"rules": rules}
    try:
        report = filter.run(RECIPE, here)
    except CurationError as error:
        return {**said, "refused": str(error), "kept": 0, "documents": 0, "reasons": []}
    ledger = here.read_table(here.ledger(RECIPE, "filter", "ledger.parquet"), ["doc_id", "filter"])
    first: dict[str, str] = {}
    for doc, name in zip(ledger["doc_id"].to_pylist(), ledger["filter"].to_pylist(), strict=True):
        first.setdefault(doc, name)
    reasons = sorted(([name, n] for name, n in Counter(first.values()).items()), key=lambda p: (-p[1], p[0]))  # type: ignore[operator]
    return {**said, "refused": None, "kept": report["kept"], "documents": report["documents"], "reasons": reasons}


def _level(source: manifest.Source, found: dict[str, Any]) -> dict[str, Any]:
    """The level that the sample suggests (aligned with GB/T 43697-2024); a person confirms it, and the higher one counts."""
    kinds = {kind for kind, _ in found["by_type"]}
    proposed, why = "L1", Words("no personal data in the sample", "样本未见个人信息")
    if kinds:
        proposed, why = PERSONAL, Words("personal data in the sample", "样本含个人信息")
    if kinds & SENSITIVE:
        proposed, why = "L3", Words("identity or account numbers in the sample", "样本含证件或账户号码")
    declared = source.data_level or "L1"
    return {"proposed": max(proposed, declared, key=LEVELS.index), "declared": source.data_level, "because": why._asdict()}


def _looked(derived: dict[str, tuple[str, str]], answer: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What nobody declared and the sample tells: personal data, and the level that they ask for."""
    found, documents = answer["personal_data"]["documents"], answer["documents"]
    said = f"personal data in {found:,} of {documents:,} documents of the sample"
    seen = {
        "contains_pi": ("yes" if found else "possible", said),
        "data_level": (answer["level"]["proposed"], answer["level"]["because"]["en"]),
    }
    return {key: value for key, value in seen.items() if key in derived}


def sections(answer: dict[str, Any]) -> list[Section]:
    """The page in parts, in both languages."""
    projected, license_, level = answer["projected"], answer["license"], answer["level"]
    share = projected["kept"] / projected["documents"] if projected["documents"] else 0.0

    def counted(en: str, zh: str, rows: list[list[Any]]) -> Any:
        return table([(en, zh), ("Documents", "文档")], [[term(row[0]), row[1]] for row in rows[:12]])

    verdict: list[list[Cell]] = [
        [Words("Objects looked at", "查看对象"), answer["objects"]],
        [Words("Records", "记录"), answer["records"]],
        [Words("Documents", "文档"), answer["documents"]],
        [Words("Tokens", "词元"), answer["tokens"]],
        [
            Words("Would be kept", "预计保留"),
            Words("refused", "被拒绝") if projected["refused"] else f"{projected['kept']:,} ({percent(share)})",
        ],
        [Words("By the rules of", "所依规则"), projected["rules"]],
        [Words("Level, proposed", "建议级别"), level["proposed"]],
        [Words("License, declared", "声明许可"), answer["declared"]["license"]],
        [Words("Published already", "已发布"), answer["overlap"]["published_already"]],
        [Words("Repeated inside", "内部重复"), answer["overlap"]["repeated_inside"]],
    ]
    if projected["reasons"]:
        first = ", ".join(f"{name} {count:,}" for name, count in projected["reasons"][:3])
        verdict.insert(6, [Words("What goes, mostly for", "主要剔除原因"), first])
    summary: list[Any] = [table([("", ""), ("", "")], verdict)]
    if answer["sampled"]:
        summary.append(text("Only a sample was looked at; shares are of the sample.", "仅查看样本，占比均按样本计算。"))
    if projected["refused"]:
        summary.append(("quote", Words(projected["refused"], told(projected["refused"], zh=True)), projected["rules"]))
    made = [Section("verdict", Words("In short", "概况"), summary)]
    reading: list[Any] = [text(f"From: {', '.join(answer['from'])}", f"取自：{'、'.join(answer['from'])}")]
    if answer["unreadable"]:
        reading.append(table([("Unreadable", "无法读取"), ("Records", "记录")], answer["unreadable"]))
    reading.append(counted("Language", "语言", answer["languages"]))
    made.append(Section("reading", Words("What was read", "读取情况"), reading))
    evidence: list[Any] = [counted("License found", "判定许可", license_["verdicts"])]
    if license_["conflicts"]:
        evidence.append(
            text(
                f"In {_documents(license_['conflicts'])} the claims disagree: they wait for “curate settle”.",
                f"{license_['conflicts']:,} 份文档的许可声明相互矛盾：须以“curate settle”处理。",
            )
        )
    rows: list[list[Cell]] = [
        [term(c["detector"]), c["value"], c["documents"], (c["passage"] or "")[:120], c["where"] or ""]
        for c in license_["claims"][:12]
    ]
    head = [("Who says it", "声明者"), ("License", "许可"), ("Documents", "文档"), ("Passage", "原文"), ("Where", "位置")]
    made.append(Section("license", Words("Evidence of the license", "许可依据"), [*evidence, table(head, rows)]))
    personal = answer["personal_data"]
    found: list[Any] = [
        text(
            f"Found in {_documents(personal['documents'])}. {level['because']['en'].capitalize()}: {level['proposed']}.",
            f"{personal['documents']:,} 份文档中发现。{level['because']['zh']}：{level['proposed']}。",
        )
    ]
    if personal["by_type"]:
        found.append(table([("Type", "类型"), ("Times", "次数")], [[Code(k), n] for k, n in personal["by_type"]]))
    made.append(Section("personal", Words("Personal data and level", "个人信息与级别"), found))
    quality: list[Any] = []
    if answer["quality"]["quantiles"]:
        low, middle, high = answer["quality"]["quantiles"]
        quality.append(
            text(
                f"Quality model: 10 % of the texts are below {low}, half below {middle}, 90 % below {high}.",
                f"质量模型：10 % 低于 {low}，半数低于 {middle}，90 % 低于 {high}。",
            )
        )
    quality += [counted("Industry, as the text proposes", "行业（由文本判断）", answer["industries"])]
    if projected["reasons"]:
        quality.append(
            table(
                [(f"Would go, by {projected['rules']}", f"预计剔除（{projected['rules']}）"), ("Documents", "文档")],
                projected["reasons"][:12],
            )
        )
    made.append(Section("quality", Words("Quality", "质量"), quality))
    made.append(Section("overlap", Words("Overlap with what is published", "与已发布内容的重合"), _overlap(answer["overlap"])))
    seen = Words(
        f"personal data in {personal['documents']:,} of {answer['documents']:,} documents of the sample",
        f"样本 {answer['documents']:,} 份文档中 {personal['documents']:,} 份含个人信息",
    )
    looked = {"contains_pi": seen, "data_level": Words(**level["because"])}
    holds = f"{answer['declared']['license']} 所授予的持有权、使用权、经营权"
    derived: list[list[Cell]] = [
        [Code(key), Words(value, holds) if key == "rights" else term(value), looked.get(key) or term(why)]
        for key, (value, why) in answer["derived"].items()
    ]
    if derived:
        head = [("Not declared", "未声明"), ("Proposed", "建议"), ("Because", "原因")]
        until = text(
            "Until the manifest declares them, a run takes the level as L1 and personal data as possible.",
            "清单声明之前，运行按级别 L1、可能含个人信息处理。",
        )
        made.append(Section("derived", Words("What a reviewer confirms", "待审核确认"), [table(head, derived), until]))
    return made


def _documents(count: int) -> str:
    return f"{count:,} document{'s' * (count != 1)}"


def _overlap(answer: dict[str, Any]) -> list[Any]:
    hidden = Words("a source above your level", "密级高于读者的来源")
    rows: list[list[Cell]] = [
        [Code(entry["release"]), one["source"] or hidden, one["documents"], one["equal"]]
        for entry in answer["datasets"]
        for one in entry["sources"]
    ]
    if not rows:
        said = ", ".join(answer["compared_with"])
        return [
            text(
                f"None with {said}." if said else "Nothing is published yet.",
                f"与 {said} 无重合。" if said else "尚无已发布数据集。",
            )
        ]
    return [table([("Release", "版本"), ("From", "来源"), ("Documents", "文档"), ("Of equal content", "内容相同")], rows)]


def quotable(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without words of the texts where the sample suggests another level than L1: for places that ask for no clearance."""
    if answer["level"]["proposed"] == "L1":
        return answer
    claims = [{**claim, "passage": None, "where": None} for claim in answer["license"]["claims"]]
    return {**answer, "license": {**answer["license"], "claims": claims}}


def markdown(answer: dict[str, Any], short: bool = False, zh: bool | None = None) -> str:
    """The page as Markdown, for a pull request in both languages or (`zh`) in one; `short` is its first table alone."""
    title = answer["title"]
    head = f"# `{answer['source']}`\n\n{readme.text((title['zh'] if zh else title['en']) or title['zh'] or title['en'])}\n\n"
    made = sections(answer)[: 1 if short else None]
    return head + readme.of_sections(made if zh is None else in_one_language(made, zh)) + "\n"


def page(answer: dict[str, Any]) -> str:
    """The page as HTML that stands alone."""
    title = f"{answer['source']}: {answer['title']['en'] or answer['title']['zh']}"
    return html.page(title, html.of_sections(title, sections(answer)))
