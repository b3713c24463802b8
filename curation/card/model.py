"""What a card says, computed from the assembled data, its ledger and the declarations. JSON-able, sorted, no dates."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.card import Model, composition, contributions, quality
from curation.license import table as license_table
from curation.manifest import Source
from curation.mixing import collection
from curation.recipe import Plan

HISTOGRAM = (0, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
ALWAYS_LIMITS = (
    {
        "en": "Personal data: e-mail and public IP addresses, Chinese, Hong Kong and Taiwan identity numbers, passports, telephone numbers, number plates and bank cards are sought by form and checksum; names of persons, postal addresses and other countries' numbers are not covered.",
        "zh": "个人信息：按格式与校验位识别电子邮箱、公网 IP 地址、居民身份证号、港台证件号、护照号、电话号码、车牌号与银行卡号；姓名、住址及其他国家的号码未覆盖。",
    },
    {"en": "License tiers are an engineering reading, not legal advice.", "zh": "许可分级是工程性解读，不构成法律意见。"},
    {"en": "Text only: images, audio and sensor data are out of scope.", "zh": "仅含文本：图像、音频与传感数据不在范围内。"},
)


def build(
    plan: Plan,
    sources: list[Source],
    indexes: dict[str, dict[str, Any]],
    unreadable: dict[str, Counter[str]],
    data: pa.Table,
    ledger: pa.Table,
    edits: pa.Table,
    tokenizer: str,
    claims: dict[str, dict[str, Any]],
    files: list[dict[str, Any]],
) -> Model:
    """The model without its version. `data` is the assembled dataset without text, `claims` those of sources in conflict."""
    recipe = plan.recipe
    decided = _deciding(ledger)
    kept = Counter(data["source"].to_pylist())
    tokens = data["tokens"].to_pylist()
    return {
        "name": recipe.name,
        "title": recipe.title.model_dump(),
        "summary": recipe.summary.model_dump(),
        "curator": recipe.curator,
        "contact": recipe.contact,
        "homepage": recipe.homepage,
        "industry": sorted(recipe.industry),
        "policy": {"name": plan.policy.name, "title": plan.policy.title.model_dump()},
        "documents": data.num_rows,
        "tokens": sum(tokens),
        "characters": pc.sum(data["characters_count"]).as_py() or 0,
        "modified": pc.sum(pc.cast(data["modified"], pa.int64())).as_py() or 0,
        "edits": _edits(edits),
        "found": {what: pc.sum(data[f"pii_{what}"]).as_py() or 0 for what in ("count", "organisations", "secrets")},
        "tokenizer": tokenizer,
        "languages": composition.shares(data, "language"),
        "licenses": [
            {**share, "tier": _tier(share["value"]), "attribution": _terms(share["value"], "attribution")}
            for share in composition.shares(data, "license")
        ],
        "permits": collection(data["license"].unique().to_pylist())._asdict(),
        "formats": composition.shares(data, "format"),
        "sources": [_source(s, indexes[s.id], unreadable[s.id], decided, kept, data) for s in sources],
        "conflicts": _conflicts(sources, ledger, decided, claims),
        "funnel": _funnel(indexes, unreadable, ledger, decided, data.num_rows),
        "filters": [one.facts(where) for where, one in plan.filters()],
        "profiles": [{"name": p.name, "title": p.title.model_dump(), "source": p.source} for p in plan.profiles],
        "dedup": {
            "exact": recipe.dedup.exact,
            "threshold": recipe.dedup.near.threshold if recipe.dedup.near else None,
            "keep": list(recipe.dedup.keep),
            "shared": _twins_between(ledger, data),
        },
        "lengths": _histogram(tokens),
        "splits": _splits(files),
        "kinds": _kinds(files),
        "files": files,
        "columns": [{"name": f.name, "type": str(f.type)} for f in data.schema],
        "limits": [*(limit.model_dump() for limit in recipe.known_limits), *ALWAYS_LIMITS],
    }


class Measured(NamedTuple):
    """What the step measured beside the columns of the data."""

    facts: dict[str, Any]  # curation.quality.measure
    rows: list[dict[str, Any]]  # a few published rows with text
    domains: Counter[str]  # documents
    domain_tokens: Counter[str]  # of crawled sources alone
    most_domains: int
    text_bytes: dict[str, int]
    clusters: pa.Table
    published_name: Callable[[str], str]  # of a column path


def complete(
    model: Model,
    plan: Plan,
    sources: list[Source],
    indexes: dict[str, dict[str, Any]],
    data: pa.Table,
    ledger: pa.Table,
    found: Measured,
) -> None:
    """Add what needs more than counting: composition, samples, risk, contributions, and the quality report over all of it."""
    recipe = plan.recipe
    public = {one["id"] for one in model["sources"] if one["data_level"] == "L1"}
    near = sum(n for name, n in model["funnel"]["removed"] if name.startswith("dedup."))
    model |= {
        "card": recipe.card.model_dump(),
        "sampling": recipe.sampling,
        "registration": recipe.registration.model_dump(),
        "quality_facts": found.facts,
        "industries": composition.industries(data, sources),
        "published": composition.published(data, recipe.quality),
        "clean": composition.clean(data),
        "sources_kept": composition.shares(data, "source"),
        "samples": composition.samples(found.rows, public),
        "risk": composition.risk(data, model["funnel"]["documents"], near, found.domains, found.most_domains),
        "documents_by_domain": sorted(found.domains.values(), reverse=True),
        "domain_tokens": composition.top_tenth(found.domain_tokens),
        "funnel_by_source": _by_source(sources, ledger, model["sources"]),
        "distributions": distributions(plan, data, ledger, found.published_name),
        "contributions": contributions.build(recipe.credit, sources, indexes, data, found.clusters, found.text_bytes),
    }
    model["documentation"] = composition.documentation(model, model["card"])
    model["quality"] = quality.report(model, found.facts, recipe.quality)


def _by_source(sources: list[Source], ledger: pa.Table, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each source: kept, and by what the others went first."""
    gone: dict[str, Counter[str]] = {s.id: Counter() for s in sources}
    for source, name, outcome, _ in _deciding(ledger).values():
        part = "quarantined" if outcome == "quarantined" else "duplicates" if name.startswith("dedup.") else "filters"
        gone[source][part] += 1
    return [
        {
            "source": row["id"],
            "kept": row["kept"],
            "unreadable": row["unreadable"],
            **{part: gone[row["id"]][part] for part in ("filters", "duplicates", "quarantined")},
        }
        for row in shown
    ]


def distributions(
    plan: Plan, data: pa.Table, ledger: pa.Table, published_name: Callable[[str], str], most: int = 6, bins: int = 24
) -> list[dict[str, Any]]:
    """Histograms of what the filters with most removals judge: kept documents, and those that each of them removed."""
    taken = Counter(ledger["filter"].to_pylist())
    found: list[dict[str, Any]] = []
    judged = [(where, one) for where, one in plan.filters() if one.low is not None or one.high is not None]
    for where, one in sorted(judged, key=lambda pair: (-taken[pair[1].name], pair[1].name)):
        column = published_name(one.column)
        if len(found) == most or not taken[one.name] or column not in data.schema.names:
            continue
        kept = (
            pc.cast(data.filter(_selected(data, {**where, **one.where}, published_name))[column], pa.float64())
            .drop_null()
            .to_numpy()
        )
        own = ledger.filter(pc.equal(ledger["filter"], one.name))
        removed = pc.cast(own["value"], pa.float64()).drop_null().to_numpy()
        if not len(kept) + len(removed):
            continue
        edges, bars = histograms(kept, removed, one.low, one.high, bins)
        found.append(
            {
                "name": one.name,
                "column": one.column,
                "low": one.low,
                "high": one.high,
                "edges": edges,
                **bars,
            }
        )
    return found


def histograms(
    kept: Any, removed: Any, low: float | None, high: float | None, bins: int
) -> tuple[list[float], dict[str, list[int]]]:
    """Edges of bars, and how many kept and removed documents each has. A kept value is never drawn beyond a threshold."""
    edges = _edges(np.concatenate([kept, removed]), low, high, bins)
    # a value at the upper threshold was kept: it belongs to the bar before it
    inside = np.clip(kept, -np.inf if low is None else low, np.inf if high is None else np.nextafter(high, -np.inf))
    bars = {
        part: np.histogram(np.clip(v, *edges[[0, -1]]), edges)[0].tolist() for part, v in (("kept", inside), ("removed", removed))
    }
    return [float(f"{x:.6g}") for x in edges], bars


def _edges(values: Any, low: float | None, high: float | None, bins: int) -> Any:
    """Edges of about `bins` bars over nearly all values; a threshold is an edge, and what lies beyond it has a bar of its own.

    >>> _edges(np.array([0.5, 0.9]), 0.2, None, 7).round(6).tolist(), _edges(np.array([1.0, 9.0]), 2.0, 4.0, 4).tolist()
    ([0.2, 0.299714, 0.399429, 0.499143, 0.598857, 0.698571, 0.798286, 0.898], [1.0, 2.0, 4.0, 6.0, 8.0, 10.0])
    """
    limits = [limit for limit in (low, high) if limit is not None]
    start, end = limits[0], limits[-1]
    first, last = (float(np.quantile(values, q)) for q in (0.005, 0.995))
    first, last = min(first, start), max(last, end)
    width = (last - first) / bins or 1.0
    if end - start >= width:
        width = (end - start) / round((end - start) / width)
    below, above = (int(np.ceil(apart / width - 1e-9)) for apart in (start - first, last - start))
    below = below or int((values < start if low is not None else values <= start).any())
    if (values > end if high is not None else values >= end).any():
        above = max(above, round((end - start) / width) + 1)
    edges = start + width * np.arange(-below, max(above, 1 - below) + 1)
    if edges[0] < values.min() < edges[1]:  # a ratio begins at 0
        edges[0] = values.min()
    near = np.isclose(edges, end, rtol=0, atol=width / 1e6)
    edges[near] = end
    return edges if near.any() else np.sort(np.append(edges, end))  # thresholds closer than a bar is wide part one


def _selected(data: pa.Table, where: dict[str, Any], published_name: Callable[[str], str]) -> Any:
    """Rows that a `where` selects, as far as published columns tell."""
    mask = pa.array(np.ones(data.num_rows, bool))
    for path, wanted in where.items():
        column = "source" if path == "document.source" else published_name(path)
        if column in data.schema.names:
            values = wanted if isinstance(wanted, list) else [wanted]
            mask = pc.and_(mask, pc.fill_null(pc.is_in(data[column], value_set=pa.array(values)), False))
    return mask


def _edits(edits: pa.Table) -> list[dict[str, Any]]:
    """Edits and the documents they touched, by kind. `edits` has doc_id and kind."""
    kinds = edits.group_by("kind").aggregate([("doc_id", "count"), ("doc_id", "count_distinct")])
    rows = [{"kind": r["kind"], "edits": r["doc_id_count"], "documents": r["doc_id_count_distinct"]} for r in kinds.to_pylist()]
    return sorted(rows, key=lambda r: r["kind"])


def _tier(license_id: str | None) -> str | None:
    row = license_table().get(license_id or "")
    return row.tier if row else None


def _terms(license_id: str | None, flag: str) -> bool | None:
    row = license_table().get(license_id or "")
    return getattr(row, flag) if row else None


class _Row(NamedTuple):
    """Of a ledger row what counting asks for."""

    source: str
    filter: str
    outcome: str
    column: str | None


def _deciding(ledger: pa.Table) -> dict[str, _Row]:
    """doc_id -> the row that it is counted under: its first, and a removal before a quarantine."""
    found: dict[str, _Row] = {}
    columns = (ledger[name].to_pylist() for name in ("doc_id", *_Row._fields))
    for doc, *rest in zip(*columns, strict=True):
        row = _Row(*rest)
        if doc not in found or (found[doc].outcome != "removed" and row.outcome == "removed"):
            found[doc] = row
    return found


def _source(
    source: Source,
    index: dict[str, Any],
    unreadable: Counter[str],
    decided: dict[str, _Row],
    kept: Counter[str],
    data: pa.Table,
) -> dict[str, Any]:
    by_outcome = Counter(row.outcome for row in decided.values() if row.source == source.id)
    connector, options = source.connector()
    own = data.filter(pc.equal(data["source"], source.id))
    derived = source.derived()
    return {
        "id": source.id,
        "title": source.title.model_dump(),
        "declared_license": source.license,
        "connector": connector,
        "origin": _origin(connector, options),
        "format": source.reader()[0],
        "contact": source.contact,
        "homepage": source.homepage,
        "source_type": source.source_type or derived["source_type"][0],
        "contains_pi": source.contains_pi or derived["contains_pi"][0],
        "contains_spi": source.contains_spi or derived["contains_spi"][0],
        "collection_window": source.collection_window,
        "collection_method": source.collection_method,
        "generated": source.generated or derived["generated"][0],
        "data_level": source.data_level or derived["data_level"][0],
        "evidence": [e.note or e.uri or e.kind for e in source.license_evidence],
        "attribution": source.attribution_text,
        "copyright_holders": source.copyright_holders,
        "records": index["records"],
        "documents": index["documents"],
        "unreadable": unreadable.total(),
        "removed": by_outcome["removed"],
        "quarantined": by_outcome["quarantined"],
        "kept": kept[source.id],
        "tokens": pc.sum(own["tokens"]).as_py() or 0,
        "personal_data": pc.sum(own["pii_count"]).as_py() or 0,
        "licenses": sorted({v for v in own["license"].to_pylist() if v}),
    }


def _origin(connector: str, options: dict[str, Any]) -> str:
    if connector == "package_index":
        return f"pkg:pypi/{str(options.get('package', '')).lower()}@{options.get('version', '')}"
    if connector == "sql":
        origin = options.get("from") or {}
        return f"sql:{origin['source']}#{origin.get('member', '')}" if origin else "sql"
    return _published(str(options.get("url") or options.get("path") or connector))


def _published(place: str) -> str:
    """An address as a card may tell it: of a path of the machine, its last folder and what lies in it.

    >>> _published("/home/zhang/secret/manuals/**/*.md"), _published("manuals/*.md"), _published("file:///srv/a/handbook")
    ('manuals/**/*.md', 'manuals/*.md', 'handbook')
    """
    path = place.removeprefix("file://")
    if not path.startswith(("/", "~")):
        return place
    parts = [part for part in path.split("/") if part]
    first = next((at for at, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts))
    return "/".join(parts[max(0, first - 1) :])


def _conflicts(
    sources: list[Source], ledger: pa.Table, decided: dict[str, _Row], claims: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Documents in conflict by source, and how many of them the funnel counts elsewhere."""
    in_conflict = ledger.filter(pc.equal(ledger["column"], "license.conflict"))
    counted = Counter(in_conflict["source"].to_pylist())
    in_doubt = zip(in_conflict["doc_id"].to_pylist(), in_conflict["source"].to_pylist(), strict=True)
    elsewhere = Counter(source for doc, source in in_doubt if decided[doc].column != "license.conflict")
    return [
        {"source": s.id, "documents": counted[s.id], "elsewhere": elsewhere[s.id], **claims[s.id]}
        for s in sources
        if counted[s.id]
    ]


def _funnel(
    indexes: dict[str, dict[str, Any]],
    unreadable: dict[str, Counter[str]],
    ledger: pa.Table,
    decided: dict[str, _Row],
    kept: int,
) -> dict[str, Any]:
    reasons: dict[str, Counter[str]] = {"removed": Counter(), "quarantined": Counter()}
    because: dict[str, dict[str, str]] = {}
    for name, words in zip(ledger["filter"].to_pylist(), ledger["because"].to_pylist(), strict=True):
        because.setdefault(name, words)
    for row in decided.values():
        reasons[row.outcome][row.filter] += 1
    broken: Counter[str] = sum(unreadable.values(), Counter())
    return {
        "records": sum(i["records"] for i in indexes.values()),
        "unreadable": sorted(([r, n] for r, n in broken.items()), key=lambda p: (-p[1], p[0])),  # type: ignore[operator]
        "documents": sum(i["documents"] for i in indexes.values()),
        "removed": sorted(([r, n] for r, n in reasons["removed"].items()), key=lambda p: (-p[1], p[0])),  # type: ignore[operator]
        "quarantined": sorted(([r, n] for r, n in reasons["quarantined"].items()), key=lambda p: (-p[1], p[0])),  # type: ignore[operator]
        "because": {name: because[name] for name in sorted(because)},
        "kept": kept,
    }


def _twins_between(ledger: pa.Table, data: pa.Table) -> list[dict[str, Any]]:
    """How many documents of which source went for a twin of which source."""
    twins = ledger.filter(pc.and_(pc.equal(ledger["step"], "dedup"), pc.equal(ledger["outcome"], "removed")))
    home = dict(zip(data["id"].to_pylist(), data["source"].to_pylist(), strict=True))
    counted = Counter(
        (source, home.get(twin) or release or "?")
        for source, twin, release in zip(*(twins[c].to_pylist() for c in ("source", "twin", "label")), strict=True)
    )
    return [{"removed_from": a, "kept_in": b, "documents": n} for (a, b), n in sorted(counted.items())]


def _histogram(tokens: list[int]) -> list[dict[str, int]]:
    edges = [*HISTOGRAM, np.inf]
    counts, _ = np.histogram(tokens, bins=edges)
    return [{"from": HISTOGRAM[i], "documents": int(n)} for i, n in enumerate(counts)]


def _kinds(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kinds of license that have files of their own (data/<split>-<kind>-...), with their splits; none where there is one kind."""
    found: dict[str, set[str]] = {}
    for file in files:
        parts = file["path"].split("/")[1].split("-")
        if len(parts) == 5:  # split, kind, number, of, count
            found.setdefault(parts[1], set()).add(parts[0])
    return [{"name": kind, "splits": sorted(splits, key=lambda n: (n != "train", n))} for kind, splits in sorted(found.items())]


def _splits(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = sorted({f["path"].split("/")[1].split("-")[0] for f in files}, key=lambda n: (n != "train", n))
    out = []
    for name in names:
        own = [f for f in files if f["path"].startswith(f"data/{name}-")]
        out.append({"name": name, "documents": sum(f["rows"] for f in own), "bytes": sum(f["bytes"] for f in own)})
    return out
