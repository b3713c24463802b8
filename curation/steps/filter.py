"""Decide from measured columns which documents stay; every reason of every other one goes to the ledger."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from curation import catalog, gate, published, signals, standing
from curation.errors import ContractError, DataError
from curation.ledger import LEDGER, as_json, rows
from curation.manifest import Source
from curation.mixing import refusal
from curation.policy.verdicts import columns_of, judge, outcomes
from curation.recipe import Plan
from curation.steps import Tell, silent
from curation.store import Workspace, dump_json

REFUSED = {
    "en": "Its license does not permit what this dataset is for.",
    "zh": "其许可不允许本数据集的用途。",
}

# what was found beside a document: reason code, outcome, and what to do about it
MARKS: dict[str, tuple[str, str, dict[str, str]]] = {
    "tdm.reserved": (
        "TDM_RESERVED",
        "removed",
        {
            "en": "Its publisher reserves text and data mining (TDMRep, robots.txt or noai).",
            "zh": "其发布者保留文本与数据挖掘权利（TDMRep、robots.txt 或 noai）。",
        },
    ),
    "aigc.generated": (
        "AIGC_LABELLED",
        "quarantined",
        {
            "en": "It is labelled as generated (GB 45438) and its source does not declare `generated: partly` or `fully`.",
            "zh": "其带有生成合成标识（GB 45438），而来源未声明 `generated: partly` 或 `fully`。",
        },
    ),
}


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Judge every document of the recipe's sources, shard by shard."""
    plan = catalog.plan(workspace, name)
    gate.demand(workspace, plan)
    shards = list(shards_of(workspace, plan))
    needed = columns_of(plan) | {"license.id", *MARKS} | standing.needed(workspace)
    counts: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    with workspace.table_writer(workspace.ledger(name, "filter", "ledger.parquet"), LEDGER) as writer:
        for done, (source, shard) in enumerate(shards, 1):
            measured = columns(workspace, shard, needed)
            upstream = catalog.source(workspace, source).upstream()
            ledger = pa.concat_tables([_withdrawn(workspace, measured, upstream), judge(measured, plan)])
            ledger = pa.concat_tables([ledger, _refused(measured, plan, set(ledger["doc_id"].to_pylist()))])
            marked = _marked(measured, plan, catalog.source(workspace, source), set(ledger["doc_id"].to_pylist()))
            ledger = pa.concat_tables([ledger, marked])
            if ledger.num_rows:
                writer.write_table(ledger)
            verdict = Counter(outcomes(ledger).values())
            verdict["kept"] = measured.num_rows - verdict.total()
            if min(verdict.values()) < 0 or measured.num_rows != shard["rows"]:
                raise ContractError(f"filter {name}: {shard['file']}: kept + removed + quarantined is not what was read")
            counts += verdict
            by_source.setdefault(source, Counter()).update(verdict)
            tell(done, len(shards))
    report = {
        "documents": counts.total(),
        **{k: counts[k] for k in ("kept", "removed", "quarantined")},
        "by_source": {s: {k: c[k] for k in ("kept", "removed", "quarantined")} for s, c in sorted(by_source.items())},
        "inputs": inputs_digest(workspace, plan),
    }
    workspace.write_json(workspace.ledger(name, "filter", "summary.json"), report)
    return report


def shards_of(workspace: Workspace, plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every document shard of the recipe's sources with its sidecars, in the recipe's order of sources."""
    for source in plan.recipe.sources:
        for shard in published.signals(workspace, source)["shards"]:
            yield source, shard


def inputs_digest(workspace: Workspace, plan: Plan) -> str:
    """Digest of the rules and of everything measured: later steps refuse a ledger made from others."""
    digest = hashlib.sha256()
    rules: list[Any] = [[where, one.model_dump(mode="json", exclude={"because"})] for where, one in plan.filters()]
    rules += [profile.where for profile in plan.profiles]
    rules += [edit.model_dump(mode="json", exclude={"because"}) for edit in plan.edits()]
    use = plan.recipe.used().model_dump(mode="json")
    generated = [catalog.source(workspace, source).generated for source in plan.recipe.sources]
    digest.update(dump_json([rules, plan.recipe.dedup.model_dump(mode="json"), use, standing.digest(workspace), generated]))
    for source in plan.recipe.sources:
        digest.update(dump_json(published.signals(workspace, source)))
    return digest.hexdigest()[:32]


def is_current(workspace: Workspace, plan: Plan) -> bool:
    """Whether the filters' ledger stems from what is measured, declared and decided now. Raises DataError where something is not measured."""
    summary = workspace.read_json(workspace.ledger(plan.recipe.name, "filter", "summary.json"))
    return summary is not None and bool(summary["inputs"] == inputs_digest(workspace, plan))


def demand_current(workspace: Workspace, plan: Plan) -> None:
    """Raise DataError for a ledger of the filters that is out of date."""
    if not is_current(workspace, plan):
        name = plan.recipe.name
        raise DataError(
            f"recipe {name!r}: its sources, rules or decisions changed since the filters ran; run `curate run {name}`"
        )


def columns(workspace: Workspace, shard: dict[str, Any], wanted: set[str]) -> pa.Table:
    """doc_id, source and the wanted column paths of a shard, one row a document."""
    given, wanted = wanted, standing.with_license(workspace, wanted)
    own = {path.split(".", 1)[1] for path in wanted if path.startswith("document.")}
    metadata = {path.split(".", 1)[1] for path in wanted if path.startswith("metadata.")}
    read = ["doc_id", "source", *sorted(own - {"source"}), *(["metadata"] if metadata else [])]
    documents = workspace.read_table(shard["file"], read)
    table = documents.select(["doc_id", "source"])
    for column in sorted(own):
        table = table.append_column(f"document.{column}", documents[column])
    for key in sorted(metadata):
        values = [dict(row or ()).get(key) for row in documents["metadata"].to_pylist()]
        table = table.append_column(f"metadata.{key}", pa.array(values, pa.string()))
    by_signal: dict[str, list[str]] = {}
    for path in sorted(wanted):
        signal, column = path.split(".", 1)
        if signal not in {"document", "metadata"}:
            by_signal.setdefault(signal, []).append(column)
    for signal, names in by_signal.items():
        if signal not in shard["signals"]:
            source = documents["source"][0].as_py()
            raise DataError(f"source {source!r}: the signal {signal} is not measured; run `curate step annotate {source}`")
        sidecar = workspace.read_table(shard["signals"][signal]["file"], names)
        if sidecar.num_rows != table.num_rows:
            raise ContractError(f"{shard['signals'][signal]['file']}: {sidecar.num_rows} rows beside {table.num_rows}")
        for column in names:
            table = table.append_column(f"{signal}.{column}", sidecar[column])
    table = standing.settled(workspace, table)
    return table.drop_columns(sorted(wanted - given)) if wanted - given else table


def _refused(measured: pa.Table, plan: Plan, judged: set[str]) -> pa.Table:
    """Ledger rows of documents that nothing else took and whose license does not permit the recipe's use."""
    use = plan.recipe.used()
    codes = [refusal(one, use.purpose, use.commercial) for one in measured["license.id"].to_pylist()]
    where = {"purpose": use.purpose, "commercial": use.commercial}
    found = [LEDGER.empty_table()]
    for code in sorted({one for one in codes if one}):
        outcome = "quarantined" if code == "LIC_UNKNOWN" else "removed"
        found.append(_taken(measured, [c == code for c in codes], judged, code, outcome, "license.id", where, REFUSED))
    return pa.concat_tables(found)


def _marked(measured: pa.Table, plan: Plan, source: Source, judged: set[str]) -> pa.Table:
    """Ledger rows of documents whose publisher reserves mining, and of generated ones that their source does not declare."""
    use = plan.recipe.used()
    asked = {
        "tdm.reserved": use.purpose != "train_internal" and not use.accept_reservation,
        "aigc.generated": source.generated not in {"partly", "fully"},
    }
    found = [LEDGER.empty_table()]
    for column in (one for one, is_asked in asked.items() if is_asked):
        code, outcome, because = MARKS[column]
        hit = [bool(value) for value in measured[column].to_pylist()]
        found.append(_taken(measured, hit, judged, code, outcome, column, {"purpose": use.purpose}, because))
        judged = judged | set(found[-1]["doc_id"].to_pylist())
    return pa.concat_tables(found)


def _taken(
    measured: pa.Table,
    hit: list[bool],
    judged: set[str],
    code: str,
    outcome: str,
    column: str,
    where: dict[str, Any],
    because: dict[str, str],
) -> pa.Table:
    """Ledger rows, under a reason code of the recipe's use, of the documents that are hit and that nothing else took."""
    own = measured.filter(pa.array([h and doc not in judged for h, doc in zip(hit, measured["doc_id"].to_pylist(), strict=True)]))
    return rows(
        "filter",
        own["doc_id"],
        own["source"],
        filter=f"use.{code}",
        outcome=outcome,
        column=column,
        label=own[column].cast(pa.string()),
        where=as_json(where),
        because=because,
    )


def _withdrawn(workspace: Workspace, measured: pa.Table, upstream: str | None) -> pa.Table:
    """Ledger rows of documents that somebody withdrew, themselves or the source whose bytes theirs are read from."""
    by = standing.withdrawn(workspace, measured)
    if above := [one for one in standing.withdrawals(workspace) if upstream and one.subject.get("source") == upstream]:
        by = [one or above[0] for one in by]
    found = [LEDGER.empty_table()]
    for one in {one.number: one for one in by if one}.values():
        own = measured.filter(pa.array([hit is not None and hit.number == one.number for hit in by]))
        because = {"en": f"Withdrawn (decision {one.number}).", "zh": f"已撤回（决定 {one.number}）。"}
        found.append(rows("filter", own["doc_id"], own["source"], filter="withdrawn", outcome="removed", because=because))
    return pa.concat_tables(found)


def known_columns() -> dict[str, pa.DataType]:
    """Column paths a filter may name, apart from metadata.<kept column>."""
    own = {"document.source": pa.string(), "document.format": pa.string(), "document.published": pa.date32()}
    return {**signals.column_types(), **own}
