"""Where does a document come from, what was measured, why was it kept or removed in each dataset, and which versions hold it?"""

import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation import catalog, members, published, standing, versions
from curation.card.terms import chinese
from curation.conditions import keeps, selects
from curation.errors import CurationError, UnknownError
from curation.loading import read_columns
from curation.steps import filter as filter_step
from curation.store import Workspace

MEMBERS = 10  # of a cluster that a terminal shows
SHOWN = 6  # versions named one by one


def ask(workspace: Workspace, doc_id: str) -> dict[str, Any]:
    """Everything the workspace knows of a document, named by its id, the id's first 6 or more digits, or native_id."""
    found = _document(workspace, doc_id)
    if found is None:
        return _released(workspace, doc_id)
    source, shard, row = found
    document = workspace.read_table(shard["file"]).slice(row, 1).to_pylist()[0]
    receipt = next((r for r in published.receipts(workspace, source) if r["sha256"] == document["raw_sha256"]), None)
    measured: dict[str, Any] = {}
    for signal, file in shard["signals"].items():
        values = workspace.read_table(file["file"]).slice(row, 1).to_pylist()[0]
        measured |= {f"{signal}.{k}": v for k, v in values.items() if k != "signature"}
    settled = _settled(workspace, document["doc_id"], source, measured.get("license.id"))
    return {
        "doc_id": document["doc_id"],
        "source": source,
        "native_id": document["native_id"],
        "title": document["title"],
        "url": document["url"],
        "metadata": dict(document["metadata"] or ()),
        "raw_sha256": document["raw_sha256"],
        "text_sha256": document["text_sha256"],
        "origin": {k: receipt[k] for k in ("uri", "connector", "retrieved_at")} if receipt else None,
        "license_claims": document["license_claims"],
        "settled": settled,
        "withdrawn": _withdrawn(workspace, document, settled["license"] if settled else measured.get("license.id")),
        "measured": measured,
        "datasets": [
            _fate(workspace, recipe, document["doc_id"], source)
            for recipe in workspace.names("recipes")
            if source in catalog.dataset(workspace, recipe).sources
        ],
    }


def _released(workspace: Workspace, named: str) -> dict[str, Any]:
    """Of a document that its source no longer has: what the versions that hold it say of it, the newest first."""
    for name in workspace.names("recipes"):
        for version in reversed(versions.released(workspace.root, name)):
            known = members.ids(workspace, name, version)
            doc_id = members.matching(known, named) if known is not None and len(named) >= 6 else None
            if doc_id is None:
                continue
            columns = ["id", "source", "native_id", "title", "url", "raw_sha256", "text_sha256", "license"]
            table = read_columns(str(workspace.root), name, version, {"data/*.parquet": columns})[0]
            row = table.filter(pc.equal(table["id"], doc_id)).to_pylist()[0]
            receipt = next((r for r in published.receipts(workspace, row["source"]) if r["sha256"] == row["raw_sha256"]), None)
            withdrawn = _withdrawn(workspace, {**row, "doc_id": row["id"]}, row["license"])
            return {
                "doc_id": row.pop("id"),
                **row,
                "metadata": {},
                "origin": {k: receipt[k] for k in ("uri", "connector", "retrieved_at")} if receipt else None,
                "license_claims": [],
                "settled": None,
                "withdrawn": withdrawn,
                "measured": {"license.id": row.pop("license")},
                "datasets": [
                    _fate(workspace, recipe, doc_id, None)
                    for recipe in workspace.names("recipes")
                    if members.held(workspace, recipe, doc_id).by
                ],
            }
    raise UnknownError(f"no document {named!r} in this workspace; a name is a doc_id (or its first 6 digits) or a native_id")


def _settled(workspace: Workspace, doc_id: str, source: str, clear: str | None) -> dict[str, Any] | None:
    one = standing.settlement(workspace, doc_id, source, clear)
    if one is None:
        return None
    return {"license": one.facts["license"], "decision": one.number, "by": one.by.name, "because": one.because}


def _withdrawn(workspace: Workspace, document: dict[str, Any], license: str | None) -> dict[str, Any] | None:
    """The withdrawal that names a document, whether a run has followed it yet or not."""
    row = {"doc_id": document["doc_id"], "source": document["source"], "document.url": document["url"], "license.id": license}
    table = pa.table({key: pa.array([value], pa.string()) for key, value in row.items()})
    one = standing.withdrawn(workspace, table)[0]
    return {"decision": one.number, "by": one.by.name, "because": one.because} if one else None


def _document(workspace: Workspace, named: str) -> tuple[str, dict[str, Any], int] | None:
    for source in workspace.names("sources"):
        index = workspace.read_json(workspace.signal_index(source)) or {"shards": []}
        for shard in index["shards"]:
            table = workspace.read_table(shard["file"], ["doc_id", "native_id"])
            prefix = pc.starts_with(table["doc_id"], named) if len(named) >= 6 else pc.equal(table["doc_id"], named)
            rows = pc.indices_nonzero(pc.or_(prefix, pc.equal(table["native_id"], named)))
            if len(rows):
                return source, shard, rows[0].as_py()
    return None


def _fate(workspace: Workspace, recipe: str, doc_id: str, source: str | None) -> dict[str, Any]:
    """What the ledgers say as they stand, and which released versions hold it."""
    fate: dict[str, Any] = {
        "dataset": recipe,
        "outcome": "not decided yet" if source else "gone",
        "current": True,
        "reasons": [],
        "cluster": [],
        "edits": [],
        "versions": members.held(workspace, recipe, doc_id)._asdict(),
    }
    if source is None:
        return fate
    rows = []
    for step in ("filter", "dedup"):
        key = workspace.ledger(recipe, step, "ledger.parquet")
        if not workspace.exists(key):
            return fate
        table = workspace.read_table(key)
        rows += table.filter(pc.equal(table["doc_id"], doc_id)).to_pylist()
    published = workspace.dataset(recipe, "ledger/removed.parquet")
    if workspace.exists(published):
        table = workspace.read_table(published)
        own = pc.and_(pc.equal(table["doc_id"], doc_id), pc.equal(table["step"], "assemble"))
        rows += table.filter(own).to_pylist()
    fate["current"] = _is_current(workspace, recipe)
    fate["reasons"] = rows
    fate["outcome"] = "removed" if any(r["outcome"] == "removed" for r in rows) else "quarantined" if rows else "kept"
    fate["cluster"] = _cluster(workspace, recipe, doc_id)
    fate["edits"] = _edits(workspace, recipe, doc_id)
    return fate


def _is_current(workspace: Workspace, recipe: str) -> bool:
    try:
        return filter_step.is_current(workspace, catalog.plan(workspace, recipe))
    except CurationError:  # a source that is not measured, a rule that is not there: what the ledgers say is of before
        return False


def _edits(workspace: Workspace, recipe: str, doc_id: str) -> list[tuple[str, int, str]]:
    """(kind, times, cut, replaced or flagged) of what was done to its text, and of what was only found there."""
    counts: Counter[tuple[str, str]] = Counter()
    edits, found = (workspace.dataset(recipe, f"ledger/{file}.parquet") for file in ("edits", "paragraphs"))
    if workspace.exists(edits):
        table = workspace.read_table(edits, ["doc_id", "kind", "replacement"])
        own = table.filter(pc.equal(table["doc_id"], doc_id)).to_pylist()
        counts.update((row["kind"], "replaced" if row["replacement"] else "cut") for row in own)
    if workspace.exists(found):
        table = workspace.read_table(found, ["doc_id", "kind", "outcome"])
        own = table.filter(pc.equal(table["doc_id"], doc_id)).to_pylist()
        counts.update((row["kind"], "flagged") for row in own if row["outcome"] == "flagged")
    return [(kind, times, outcome) for (kind, outcome), times in sorted(counts.items())]


def _cluster(workspace: Workspace, recipe: str, doc_id: str) -> list[dict[str, Any]]:
    """The other documents of its cluster and every other one it resembles: the survivor first, then by similarity."""
    clusters = workspace.read_table(workspace.ledger(recipe, "dedup", "clusters.parquet"))
    itself = pc.and_(pc.equal(clusters["doc_id"], doc_id), pc.is_null(clusters["release"]))
    own = clusters.filter(itself).to_pylist()
    if not own:
        return []
    edges = workspace.read_table(workspace.ledger(recipe, "dedup", "edges.parquet"), ["a", "b", "similarity"])
    touching = edges.filter(pc.or_(pc.equal(edges["a"], doc_id), pc.equal(edges["b"], doc_id))).to_pylist()
    alike: dict[str, float | None] = {}
    for row in sorted(touching, key=lambda r: r["similarity"] or 0.0):  # by address alone: null, and the highest wins
        alike[row["b"] if row["a"] == doc_id else row["a"]] = row["similarity"]
    alike |= {own[0]["twin"]: own[0]["similarity"]} if own[0]["twin"] else {}
    same = pc.fill_null(pc.equal(clusters["cluster"], own[0]["cluster"]), False)
    wanted = pc.or_(same, pc.is_in(clusters["doc_id"], value_set=pa.array(sorted(alike), pa.string())))
    members = clusters.filter(pc.and_(wanted, pc.invert(itself))).to_pylist()
    for row in members:  # a twin of its own tells how much it resembles this document
        if row["twin"] == doc_id:
            alike.setdefault(row["doc_id"], row["similarity"])
    found = [
        {k: row[k] for k in ("doc_id", "source", "license", "release", "outcome")} | {"similarity": alike.get(row["doc_id"])}
        for row in members
    ]
    return sorted(found, key=lambda r: (r["outcome"] != "kept", -(r["similarity"] or 0), r["doc_id"]))


def shown(answer: dict[str, Any], language: str = "en") -> list[str]:
    """The answer as lines."""
    zh = language.startswith("zh")
    sep = "：" if zh else ": "
    origin = answer["origin"] or {}
    lines = [
        f"{answer['doc_id']}  {answer['title'] or ''}".rstrip(),
        f"{'来源' if zh else 'source'}{sep}{answer['source']}, {answer['native_id']}",
        f"{'取得' if zh else 'fetched'}{sep}{origin.get('uri', '?')} ({origin.get('connector', '?')}), {origin.get('retrieved_at', '?')}, raw sha256 {answer['raw_sha256'][:16]}",
    ]
    measured = answer["measured"]
    for claim in answer["license_claims"]:
        who = chinese(claim["detector"]) if zh else claim["detector"]
        lines.append(f"{'许可声明' if zh else 'license claim'}{sep}{who} → {claim['value']}  ({claim['where']})")
    picked = ["license.id", "license.conflict", "language.code", "language.score", "tokens.count", "characters.count"]
    lines.append(
        ("测得" if zh else "measured")
        + sep
        + ("，" if zh else ", ").join(f"{p} {_number(measured[p])}" for p in picked if p in measured)
    )
    if one := answer["settled"]:
        told = f"{one['license']}  ({'决定' if zh else 'decision'} {one['decision']}, {one['by']}: {one['because']})"
        lines.append(f"{'已确定许可' if zh else 'license settled'}{sep}{told}")
    if one := answer["withdrawn"]:
        told = f"{one['decision']}, {one['by']}: {one['because']}"
        lines.append(
            f"已撤回（决定 {told}）；此后的运行均不再收录" if zh else f"withdrawn (decision {told}); no run since then keeps it"
        )
    for fate in answer["datasets"]:
        old = (
            ""
            if fate["current"]
            else "，为上次运行的结果，此后来源、规则或决定有变化"
            if zh
            else " by the last run; sources, rules or decisions changed since"
        )
        lines.append(f"{fate['dataset']}{sep}{outcome(fate['outcome'], zh)}{old}{_versions(fate['versions'], zh)}")
        for row in fate["reasons"]:
            lines.append(sep.join(part for part in (f"  - {row['filter']}", _reason(row, zh)) if part))
            words = row["because"] or {}
            lines.append(f"    {(words.get('zh') if zh else words.get('en')) or words.get('en') or words.get('zh') or ''}")
        if fate["edits"]:
            done = {"cut": "删去", "replaced": "替换", "flagged": "标记"}
            said = [f"{kind} {times} ({done[how] if zh else how})" for kind, times, how in fate["edits"]]
            lines.append(f"  * {'编辑' if zh else 'edits'}{sep}{', '.join(said)}")
        for other in fate["cluster"][:MEMBERS]:
            lines.append(f"  ~ {_member(other, zh)}")
        if (more := len(fate["cluster"]) - MEMBERS) > 0:
            lines.append(f"  … 另有 {more} 份（--json 全部列出）" if zh else f"  … and {more} more (--json lists all)")
    return lines


def _member(other: dict[str, Any], zh: bool) -> str:
    similarity = "" if other["similarity"] is None else f"{'相似度' if zh else 'similarity'} {other['similarity']:.3f}, "
    words = {"kept": "保留", "duplicate": "重复", "filtered": "已被规则剔除", "quarantined": "隔离", "published": "已发布"}
    outcome = words[other["outcome"]] if zh else other["outcome"]
    release = f" ({other['release']})" if other["release"] else ""
    return f"{other['doc_id']}  {similarity}{other['source']}, {other['license'] or 'UNKNOWN'}, {outcome}{release}"


def outcome(code: str, zh: bool) -> str:
    """What became of a document, in the language asked for."""
    words = {"kept": "保留", "removed": "删除", "quarantined": "隔离", "not decided yet": "尚未评判", "gone": "来源中已不存在"}
    return words[code] if zh else code.replace("gone", "no longer at its source")


def _versions(found: dict[str, list[str]], zh: bool) -> str:
    sides = (("by", "in", "见于"), ("not_by", "not in", "未见于"), ("gone", "files are gone of", "文件已清除"))
    said = [f"{chinese if zh else english} {_span(found[side])}" for side, english, chinese in sides if found[side]]
    return (f"（{'；'.join(said)}）" if zh else f" ({'; '.join(said)})") if said else ""


def _span(some: list[str]) -> str:
    return ", ".join(some if len(some) <= SHOWN else [*some[:2], "…", *some[-2:]])


def _reason(row: dict[str, Any], zh: bool) -> str:
    if row["twin"]:
        release = f" ({row['label']})" if row["label"] else ""
        alike = "" if row["similarity"] is None else f"{', 相似度' if zh else ', similarity'} {row['similarity']:.3f}"
        return f"{'与其重复：' if zh else 'twin '}{row['twin']}{release}{alike}"
    if not row["column"]:
        return ""
    condition = {**row, **json.loads(row["where"] or "{}")}  # its allowed words stand beside its selection
    value = row["value"] if row["value"] is not None else row["label"]
    where = condition["where"] if isinstance(condition["where"], dict) else {}
    if zh:
        judged = f"（适用：{selects(where, zh)}）" if where else ""
        return f"{row['column']} 为 {_number(value)}，保留条件：{keeps(condition, zh)}{judged}"
    judged = f" (asked where {selects(where)})" if where else ""
    return f"{row['column']} is {_number(value)}, kept while {keeps(condition)}{judged}"


def _number(value: Any) -> str:
    return "null" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
