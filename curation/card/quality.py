"""The quality report: the 17 metrics of TC609-5-2025-04 (质量评测规范), each evaluated or not evaluated with the reason.

Aligned with the document as third parties implement it; weights are the recipe's. A dimension's score is 100 x the weighted mean of its evaluated
metrics; its coverage is how many of its metrics that is, and with a coverage below 1 it cannot claim 90. A weight of 0 lowers it. Only
what does not apply (annotations, of records without any) is left out of it.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

from curation.card import Model
from curation.card.terms import chinese
from curation.recipe import METRICS, Quality

NAMES = {
    "0101": ("basic information", "基本信息完整性"),
    "0102": ("description of the content", "内容特征完整性"),
    "0103": ("description of the making", "建设过程完整性"),
    "0104": ("description of the use", "应用说明完整性"),
    "0201": ("well-formed records", "格式规范性"),
    "0202": ("safety", "安全规范性"),
    "0203": ("well-formed annotations", "标注规范性"),
    "0204": ("complete records", "结构完整性"),
    "0205": ("traceable records", "内容真实性"),
    "0206": ("consistency", "内容一致性"),
    "0207": ("agreement with the declared type", "类型一致性"),
    "0208": ("cleanliness", "内容干净性"),
    "0301": ("diversity", "内容多样性"),
    "0302": ("size", "规模完整性"),
    "0303": ("timeliness", "内容时效性"),
    "0304": ("accuracy of annotations", "标注准确性"),
    "0305": ("fitness for a model", "模型适配性"),
}
DIMENSIONS = {
    "01": ("Documentation", "说明文档"),
    "02": ("Data", "数据质量"),
    "03": ("Application", "应用质量"),
}
ANNOTATIONS = {"0203", "0304"}  # of records without annotations these do not apply
HIGH = 90.0  # points that each dimension of a high-quality dataset has
BASE = 50_000  # characters of base text: against less, any text makes a model better
ALARMS = {"personal_data": 0.02, "rejects": 0.1, "license_tiers": 0.1, "new_domains": 0.2}  # by how much a share may move

Found = tuple[float | None, str, str]  # value, and what it is of or why there is none, in two languages


def report(model: Model, facts: dict[str, Any], asked: Quality) -> dict[str, Any]:
    """Metrics, dimensions and grade. `facts` are those of curation.quality.measure; `model` has everything else."""
    found: dict[str, Found] = {**_documentation(model), **_data(model, facts), **_application(model, facts, asked)}
    metrics: list[dict[str, Any]] = []
    for code in METRICS:
        value, en, zh = found[code]
        metrics.append(
            {
                "code": code,
                "name": {"en": NAMES[code][0], "zh": NAMES[code][1]},
                "value": None if value is None else round(min(1.0, max(0.0, value)), 6),
                "weight": float(asked.weights.get(code, 1.0)),
                "evaluated": value is not None,
                "applies": code not in ANNOTATIONS,
                "said": {"en": en, "zh": zh},
            }
        )
    dimensions = [_dimension(key, [m for m in metrics if m["code"].startswith(key)]) for key in DIMENSIONS]
    high = all(one["score"] is not None and one["score"] >= HIGH and one["coverage"] == 1 for one in dimensions)
    return {"metrics": metrics, "dimensions": dimensions, "high_quality": high, "proxy": facts["proxy"]}


def _dimension(key: str, metrics: list[dict[str, Any]]) -> dict[str, Any]:
    asked = [m for m in metrics if m["applies"]]
    done = [m for m in asked if m["evaluated"] and m["weight"]]
    weight = sum(m["weight"] for m in done)
    score = 100 * sum(m["weight"] * m["value"] for m in done) / weight if weight else None
    return {
        "code": key,
        "name": {"en": DIMENSIONS[key][0], "zh": DIMENSIONS[key][1]},
        "score": None if score is None else round(score, 2),
        "coverage": round(len(done) / len(asked), 4) if asked else 0.0,
    }


def _documentation(model: Model) -> dict[str, Found]:
    """Of the five items of each part, how many the card covers."""
    found: dict[str, Found] = {}
    for code, items in model["documentation"].items():
        missing = [one for one in items if not one["covered"]]
        found[code] = (
            1 - len(missing) / len(items),
            "all items are there" if not missing else "missing: " + ", ".join(one["item"]["en"] for one in missing),
            "各项齐全" if not missing else "缺：" + "、".join(one["item"]["zh"] for one in missing),
        )
    return found


def _of(passed: float, of: float, en: str, zh: str, more: str = "") -> Found:
    return (
        (passed / of, f"{passed:,.0f} of {of:,.0f} {en}", f"{of:,.0f} {zh}中的 {passed:,.0f}{more}")
        if of
        else _none(f"no {en}", f"无{zh}")
    )


def _none(en: str, zh: str) -> Found:
    return None, f"not evaluated: {en}", f"未评测：{zh}"


def _data(model: Model, facts: dict[str, Any]) -> dict[str, Found]:
    sample = facts["sample"]
    sampled, zh = "records of the sample", "条抽样记录"
    cells = sample * 9
    typed = model["industries"]["agreement"]
    lacking, lacking_zh = _missing(facts["faults"])
    return {
        "0201": _of(facts["well_formed"], sample, f"{sampled}{lacking}", f"{zh}", lacking_zh),
        "0202": _of(
            facts["without_personal_data"],
            sample,
            f"{sampled} without residual personal data or keys",
            f"{zh}（无残留个人信息或密钥）",
        ),
        "0203": _none("no record carries annotations", "记录不含标注"),
        "0204": _of(facts["filled_cells"], cells, f"required fields of the sample{lacking}", "个抽样必填字段", lacking_zh),
        "0205": _of(facts["traceable"], sample, sampled, zh),
        "0206": _of(
            facts["consistent"],
            sample,
            f"{sampled} whose digest, tokens and language are as said",
            f"{zh}（摘要、词元数、语种一致）",
        ),
        "0207": _of(
            typed["agreed"],
            typed["of"],
            "documents whose source declares an industry and whose text proposes one",
            "份来源声明行业且文本可判断的文档",
        )
        if typed["of"]
        else _none("no source declares an industry that the texts could be compared with", "没有来源声明可与文本比较的行业"),
        "0208": _cleanliness(model, facts),
    }


def _cleanliness(model: Model, facts: dict[str, Any]) -> Found:
    """Mean of the text's sub-metrics; 02080101 (perplexity) only where the recipe's user has a model."""
    parts = {**model["clean"], "completeness": None, "purity": None}
    if facts["sample"]:
        parts |= {"completeness": facts["ended"] / facts["sample"], "purity": facts["pure"] / facts["sample"]}
    known = {name: value for name, value in parts.items() if value is not None}
    if not known:
        return _none("no documents", "无文档")
    return sum(known.values()) / len(known), *_parts(sorted(known.items()))


def _parts(known: Iterable[tuple[str, float]]) -> tuple[str, str]:
    """Parts of a metric with their values, in two languages."""
    known = list(known)
    return tuple(sep.join(f"{said(name)} {value:.3f}" for name, value in known) for sep, said in ((", ", str), ("、", chinese)))  # type: ignore[return-value]


def _missing(faults: dict[str, int]) -> tuple[str, str]:
    """Which fields most records lack, in two languages; nothing where none does."""
    most = sorted(faults.items(), key=lambda pair: (-pair[1], pair[0]))[:4]
    if not most:
        return "", ""
    en = ", ".join(f"{field} ({n:,})" for field, n in most)
    zh = "、".join(f"{chinese(field)}（{n:,}）" for field, n in most)
    return f"; missing or not in the form: {en}", f"；缺失或不合格式：{zh}"


def entropy(counts: Iterable[int]) -> float | None:
    """Normalised Shannon entropy; 0 of one kind, null of none.

    >>> entropy([5, 5]), entropy([7]), entropy([])
    (1.0, 0.0, None)
    """
    counts = [one for one in counts if one]
    if len(counts) < 2:
        return 0.0 if counts else None
    total = sum(counts)
    return -sum(one / total * math.log(one / total) for one in counts) / math.log(len(counts))


def _application(model: Model, facts: dict[str, Any], asked: Quality) -> dict[str, Found]:
    parts = {
        "sources": entropy(row["documents"] for row in model["sources_kept"]),
        "domains": entropy(model["documents_by_domain"]),
        "industries": entropy(row["documents"] for row in model["industries"]["proposed"] if row["value"]),
        "distinct 4-grams": facts["distinct_4"],
        "without near-duplicates": 1 - model["risk"]["near_duplicates"] if model["documents"] else None,
    }
    known = {name: value for name, value in parts.items() if value is not None}
    diverse = sum(known.values()) / len(known) if known else None
    if asked.target_tokens:
        size: Found = (
            model["tokens"] / asked.target_tokens,
            f"{model['tokens']:,} of {asked.target_tokens:,} tokens",
            f"{model['tokens']:,} / {asked.target_tokens:,} 词元",
        )
    else:
        size = _none("the recipe names no target (quality.target_tokens)", "配方未设目标（quality.target_tokens）")
    return {
        "0301": (diverse, *_parts(known.items())) if diverse is not None else _none("no documents", "无文档"),
        "0302": size,
        "0303": _timely(model, asked),
        "0304": _none("no record carries annotations", "记录不含标注"),
        "0305": _fitness(facts["proxy"], asked.proxy_gain),
    }


def _timely(model: Model, asked: Quality) -> Found:
    dated = model["published"]
    if not asked.window:
        return _none("the recipe names no window (quality.window)", "配方未设时间窗（quality.window）")
    return _of(dated["inside"], model["documents"], f"documents inside {asked.window[0]} to {asked.window[1]}", "份文档")


def compared(proxy: dict[str, Any] | None) -> bool:
    """Whether the proxy model had enough text without the dataset to be compared with."""
    return proxy is not None and proxy["base_characters"] >= BASE


def _fitness(proxy: dict[str, Any] | None, wanted: float) -> Found:
    if proxy is None:
        return _none("too few documents to hold some out", "文档过少，无法留出")
    if not compared(proxy):
        return _none(
            f"{proxy['base_characters']:,} characters to compare with, {BASE:,} are needed; name texts as quality.proxy.base",
            f"可比较文本仅 {proxy['base_characters']:,} 字符，至少需 {BASE:,}；请以 quality.proxy.base 指定",
        )
    words = (
        f"held-out loss {proxy['without']:.3f} without the dataset, {proxy['with']:.3f} with it (bits a character), "
        f"full mark at {wanted:.0%} less"
    )
    zh = f"留出文本损失：不含本数据集 {proxy['without']:.3f}，含本数据集 {proxy['with']:.3f}（比特/字符），降低 {wanted:.0%} 得满分"
    return proxy["gain"] / wanted, words, zh


def drift(now: dict[str, Any], before: dict[str, Any] | None, limits: dict[str, float]) -> dict[str, Any] | None:
    """What moved since the previous version, and which moves are alarms; null before the second version.

    >>> one = {"personal_data": 0.1, "rejects": 0.2, "license_tiers": {"T0": 1.0}, "domains": ["a.org"]}
    >>> two = {**one, "personal_data": 0.2, "license_tiers": {"T0": 0.5, "T4": 0.5}}
    >>> [row["what"] for row in drift(two, one, {})["moves"] if row["alarm"]]
    ['personal_data', 'license_tiers']
    """
    if not before:
        return None
    tiers = sorted({*now["license_tiers"], *before["license_tiers"]})
    old, new = before["license_tiers"], now["license_tiers"]
    known = set(before["domains"])
    fresh = [one for one in now["domains"] if one not in known]
    moved = {
        "personal_data": (before["personal_data"], now["personal_data"]),
        "rejects": (before["rejects"], now["rejects"]),
        "license_tiers": (0.0, sum(abs(new.get(t, 0.0) - old.get(t, 0.0)) for t in tiers) / 2),
        "new_domains": (0.0, len(fresh) / len(now["domains"]) if now["domains"] else 0.0),
    }
    allowed = {**ALARMS, **limits}
    moves = [
        {
            "what": what,
            "before": round(a, 6),
            "now": round(b, 6),
            "limit": allowed[what],
            # fewer personal data is no risk; everything else may not move either way
            "alarm": (b - a if what == "personal_data" else abs(b - a)) > allowed[what],
        }
        for what, (a, b) in moved.items()
    ]
    return {"moves": moves, "new_domains": fresh[:20]}


def render(model: Model) -> dict[str, bytes]:
    """reports/quality.json and reports/registration.json."""
    quality = {
        "dataset": model["name"],
        "version": model["version"],
        "aligned_with": "TC609-5-2025-04, by its third-party implementations",
        **model["quality"],
        "risk": model["risk"],
        "drift": model["drift"],
    }
    return {"reports/quality.json": _json(quality), "reports/registration.json": _json(_registration(model))}


def _registration(model: Model) -> dict[str, Any]:
    """What a registration of public data resources asks for (发改数据规〔2025〕26号); what nobody declared is null."""
    declared = model["registration"]
    dated = model["published"]
    return {
        "title": model["title"],
        "registrant": declared["registrant"],
        "uscc": declared["uscc"],
        "registration_type": "变更" if model["changes"] else "首次",
        "previous_code": declared["previous_code"],
        "resource_type": declared["resource_type"],
        "industry": model["industry"],
        "source_and_basis": [
            {"source": s["id"], "origin": s["origin"], "license": s["declared_license"], "type": s["source_type"]}
            for s in model["sources"]
        ],
        "time_coverage": [dated["first"], dated["last"]],
        "scale": {"documents": model["documents"], "tokens": model["tokens"], "bytes": sum(f["bytes"] for f in model["files"])},
        "format": "Parquet",
        "update_cycle": declared["update_cycle"],
        "level": model["level"],
        "contains_personal_information": {
            "found_before_edits": model["found"]["count"],
            "declared": sorted({s["contains_pi"] for s in model["sources"]}),
        },
        "use_conditions": declared["use_conditions"] or [r["value"] for r in model["licenses"] if r["value"]],
        "security_measures": declared["security_measures"],
        "quality_report_ref": "reports/quality.json",
        "sample_ref": "card.html",
        "contact": model["contact"],
        "version": model["version"],
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
