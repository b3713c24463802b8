"""What the data are made of beyond languages and licenses: industries and classes, dates, cleanliness, risk; all from columns."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.card.quality import compared
from curation.license import table as license_table
from curation.manifest import Source
from curation.recipe import Quality

ANSWERS = {  # the seven elements that TC609-5-2025-03 compares
    "knowledge": "知识内容",
    "source_type": "来源类型",
    "timeliness": "时效性",
    "annotators": "标注人员类型",
    "sensitivity": "敏感程度",
    "model_type": "模型类型",
    "scope": "主题范围",
}


def proposed_class(source: Source) -> str | None:
    """行业专识 by rule: from inside an organisation, an expert's annotation, a named scenario; else null, and the text proposes.

    Aligned with TC609-5-2025-03, by its third-party implementations; a person confirms it.
    """
    inside = source.source_type == "enterprise_internal"
    expert = (
        "专家" in source.class_answers.get("annotators", "") or "expert" in source.class_answers.get("annotators", "").lower()
    )
    return "industry_expert" if inside and expert and source.scenario else None


def industries(data: pa.Table, sources: list[Source]) -> dict[str, Any]:
    """Documents and tokens by proposed industry and by class, and how far proposals agree with what sources declare."""
    declared = {s.id: set(s.industry) for s in sources}
    classes = {s.id: s.dataset_class or proposed_class(s) for s in sources}
    by_class: Counter[str] = Counter()
    of = agreed = 0
    columns = (data[name].to_pylist() for name in ("source", "industry_label", "industry_class"))
    for source, label, kind in zip(*columns, strict=True):
        by_class[classes[source] or kind] += 1
        if label != "general" and declared[source] - {"general"}:
            of += 1
            agreed += label in declared[source]
    return {
        "method": "terms",
        "proposed": shares(data, "industry_label"),
        "classes": [{"value": k, "documents": n} for k, n in sorted(by_class.items(), key=lambda p: (-p[1], p[0]))],
        "agreement": {"agreed": agreed, "of": of},
        "declared": [
            {
                "source": s.id,
                "industry": sorted(s.industry),
                "class": s.dataset_class,
                "rule": proposed_class(s),
                "answers": {key: s.class_answers.get(key) for key in ANSWERS},
                "scenario": list(s.scenario),
            }
            for s in sources
        ],
    }


def shares(data: pa.Table, column: str) -> list[dict[str, Any]]:
    """Documents and tokens by the values of a column, most documents first."""
    grouped = data.group_by(column).aggregate([("tokens", "sum"), (column, "count")])
    rows = [
        {
            "value": row[column],
            "documents": row[f"{column}_count"] if row[column] is not None else data[column].null_count,
            "tokens": row["tokens_sum"] or 0,
        }
        for row in grouped.to_pylist()
    ]
    return sorted(rows, key=lambda r: (-r["documents"], r["value"] or ""))


def published(data: pa.Table, asked: Quality) -> dict[str, Any]:
    """First, middle and last day of the documents that have one, by year, and how many lie in the declared window."""
    days = sorted(one for one in data["published"].to_pylist() if one is not None)
    inside = sum(asked.window[0] <= day <= asked.window[1] for day in days) if asked.window else 0
    return {
        "dated": len(days),
        "first": days[0].isoformat() if days else None,
        "middle": days[len(days) // 2].isoformat() if days else None,
        "last": days[-1].isoformat() if days else None,
        "years": [{"value": str(year), "documents": n} for year, n in sorted(Counter(day.year for day in days).items())],
        "inside": inside,
    }


def clean(data: pa.Table) -> dict[str, float | None]:
    """Sub-metrics of 0208 that columns tell: 02 density, 03 repetition, 05 missing information, 07 coherence."""
    rows = data.num_rows
    if not rows:
        return dict.fromkeys(("density", "without_repetition", "nothing_missing", "coherence"))
    letters = pc.sum(pc.greater_equal(data["characters_letter_ratio"], 0.5)).as_py() or 0
    repeated = pc.mean(data["gopher_duplicate_line_characters"]).as_py()
    whole = pc.and_(pc.equal(data["characters_replacement_ratio"], 0), pc.equal(data["c4_lorem_ipsum"], 0))
    return {
        "density": letters / rows,
        "without_repetition": None if repeated is None else 1 - repeated,
        "nothing_missing": (pc.sum(whole).as_py() or 0) / rows,
        "coherence": pc.mean(data["quality_model_score"]).as_py(),
    }


def risk(data: pa.Table, documents: int, near: int, domains: Counter[str], most: int) -> dict[str, Any]:
    """What the next version is compared with: shares of personal data, rejects and license tiers, and the domains."""
    rows = data.num_rows
    tiers: Counter[str] = Counter()
    for one in shares(data, "license"):
        row = license_table().get(one["value"] or "")
        tiers[row.tier if row else "?"] += one["tokens"]
    total = tiers.total()
    ranked = sorted(domains.items(), key=lambda p: (-p[1], p[0]))[:most]
    return {
        "personal_data": (pc.sum(pc.greater(data["pii_count"], 0)).as_py() or 0) / rows if rows else 0.0,
        "rejects": 1 - rows / documents if documents else 0.0,
        "near_duplicates": near / (rows + near) if rows + near else 0.0,
        "license_tiers": {tier: n / total for tier, n in sorted(tiers.items())} if total else {},
        "domains": sorted(name for name, _ in ranked),
        "top_domains": [{"value": name, "documents": n} for name, n in ranked[:20]],
    }


def top_tenth(domains: Counter[str], most: int = 10_000) -> list[dict[str, Any]]:
    """The tenth of the domains that has most tokens, most first (C(2025) 5235, footnote 16)."""
    ranked = sorted(domains.items(), key=lambda p: (-p[1], p[0]))
    return [{"domain": name, "tokens": n} for name, n in ranked[: min(most, -(-len(ranked) // 10))]]


def samples(rows: list[dict[str, Any]], public: set[str], most: int = 4) -> list[dict[str, Any]]:
    """Beginnings of a few kept documents, of each language at most half of them.

    Of `public` sources alone (level L1), because a card is read by people who are cleared for nothing; and only where the license
    lets a text be passed on.
    """
    shown: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    for row in sorted(rows, key=lambda r: r["id"]):
        terms = license_table().get(row["license"] or "")
        if row["source"] not in public or terms is None or not terms.redistribute or seen[row["language"] or ""] >= most // 2:
            continue
        seen[row["language"] or ""] += 1
        words = " ".join(row["text"].split())
        kept = {key: row[key] for key in ("id", "title", "source", "license", "language")}
        shown.append({**kept, "url": row["url"], "text": words[:240] + ("…" if len(words) > 240 else "")})
        if len(shown) == most:
            break
    return shown


def documentation(model: dict[str, Any], card: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The four groups of five items that TC609 asks of a dataset's description, and whether the card has each."""
    proxied = compared(model["quality_facts"]["proxy"])
    items = {
        "0101": [
            ("scale", "数据集规模", True), ("format", "格式规范", True), ("layout", "文件结构", True),
            ("access", "访问渠道", True), ("support", "技术支持", bool(card["support"] or model["contact"])),
        ],
        "0102": [
            ("modality", "模态类型", True), ("distribution", "数据分布", True), ("label statistics", "标签统计", True),
            ("samples", "样本示例", bool(model["samples"])), ("limits", "局限性", bool(model["limits"])),
        ],
        "0103": [
            ("sources", "数据来源", True), ("collection", "采集方法", True), ("processing", "加工处理流程", True),
            ("annotation guideline", "标注规范", True), ("versions", "版本控制", True),
        ],
        "0104": [
            ("license", "使用许可", bool(model["licenses"])), ("uses", "应用场景", bool(card["uses"])),
            ("evaluation", "评估方法", bool(card["evaluation"]) or proxied),
            ("baseline", "基准结果", bool(card["baseline"]) or proxied), ("cases", "典型案例", bool(card["cases"])),
        ],
    }  # fmt: skip
    return {
        code: [{"item": {"en": en, "zh": zh}, "covered": covered} for en, zh, covered in rows] for code, rows in items.items()
    }
