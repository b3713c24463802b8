"""The contribution ledger of a version: what each source and contributor gave, what was kept of it, and their shares.

A share is a part of the dataset's quality-weighted tokens (tokens x score of the quality model; where a text has no score, the mean
of those that have one). A kept document that several sources gave is credited by the recipe's policy `credit`: `first` to the source that
was submitted first (`submitted_at`, then the recipe's order), `equal` in equal parts, `quality` in proportion to the mean score of what
is kept of each source. Weights are whole millionths, so that shares add up to 1 and come out the same everywhere.
"""

import csv
import hashlib
import io
import re
from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.card import Model, count
from curation.manifest import Source

COLUMNS = (
    "source", "contributor", "submitted", "documents", "accepted", "unique", "kept", "tokens", "bytes", "weighted_tokens",
    "credited_tokens", "share",
)  # fmt: skip
UNIT = 1_000_000
MOST_SLUG = 40  # letters of a file's name: Han are 3 bytes each, and a name may have 255
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # what spreadsheets begin a formula with, full-width too


def contributor(source: Source) -> str:
    """Who gave a source: its submitter's organisation or name, else its contact."""
    by = source.submitted_by
    return (by.org or by.name) if by else source.contact


def build(
    policy: str,
    sources: list[Source],
    facts: dict[str, dict[str, int]],
    data: pa.Table,
    clusters: pa.Table,
    text_bytes: dict[str, int],
) -> dict[str, Any]:
    """The ledger. `facts` has records and documents of each source; `data` id, source, tokens, quality_model_score; `clusters` is
    ledger/clusters.parquet.
    """
    weights, mean = _weights(data)
    home = dict(zip(data["id"].to_pylist(), data["source"].to_pylist(), strict=True))
    tokens = dict(zip(data["id"].to_pylist(), data["tokens"].to_pylist(), strict=True))
    order = sorted(sources, key=lambda s: (s.submitted_at or date.max, [one.id for one in sources].index(s.id)))
    rank = {source.id: place for place, source in enumerate(order)}
    givers, duplicates = _givers(clusters, home)
    row: dict[str, dict[str, Any]] = {
        source.id: {
            "source": source.id,
            "contributor": contributor(source),
            "submitted": facts[source.id]["records"],
            "documents": facts[source.id]["documents"],
            "accepted": duplicates[source.id],
            **dict.fromkeys(("unique", "kept", "tokens", "weighted", "credit"), 0),
            "bytes": text_bytes.get(source.id, 0),
        }
        for source in sources
    }
    for doc, own in home.items():
        mine = row[own]
        mine["accepted"] += 1
        mine["kept"] += 1
        mine["tokens"] += tokens[doc]
        mine["weighted"] += weights[doc]
        sharing = sorted((givers.get(doc, set()) | {own}) & row.keys(), key=lambda one: rank[one])
        mine["unique"] += len(sharing) == 1
        for one, part in zip(sharing, _parts(policy, weights[doc], sharing, mean), strict=True):
            row[one]["credit"] += part
    total = sum(one["credit"] for one in row.values())
    rows = [
        {
            **{k: one[k] for k in COLUMNS if k in one},
            "weighted_tokens": one["weighted"] / UNIT,
            "credited_tokens": one["credit"] / UNIT,
        }
        for one in row.values()
    ]
    for one, share in zip(rows, shares([r["credit"] for r in row.values()], total), strict=True):
        one["share"] = share
    return {"policy": policy, "rows": rows, "contributors": _by_contributor(rows)}


def shares(parts: list[int], total: int) -> list[float]:
    """Each part of the total with nine decimals, which add up to exactly 1 (largest remainder); all 0 of nothing.

    >>> shares([1, 1, 1], 3), sum(int(x * 10**9 + 0.5) for x in shares([1, 1, 1], 3))
    ([0.333333334, 0.333333333, 0.333333333], 1000000000)
    """
    if not total:
        return [0.0] * len(parts)
    whole = [part * 10**9 // total for part in parts]
    behind = sorted(range(len(parts)), key=lambda i: (-(parts[i] * 10**9 % total), i))
    for i in behind[: 10**9 - sum(whole)]:
        whole[i] += 1
    return [one / 10**9 for one in whole]


def _weights(data: pa.Table) -> tuple[dict[str, int], dict[str, float]]:
    """Weighted tokens of each document in millionths, and the mean score of each source's kept documents."""
    scores = data["quality_model_score"]
    usual = pc.mean(scores).as_py() or 1.0
    filled = pc.fill_null(pc.cast(scores, pa.float64()), usual)
    product = pc.round(pc.multiply(pc.multiply(filled, pc.cast(data["tokens"], pa.float64())), float(UNIT)))
    grouped = (
        pa.table({"source": data["source"], "score": filled}).group_by("source", use_threads=False).aggregate([("score", "mean")])
    )
    mean = dict(zip(grouped["source"].to_pylist(), grouped["score_mean"].to_pylist(), strict=True))
    return dict(zip(data["id"].to_pylist(), (int(x) for x in product.to_pylist()), strict=True)), mean


def _givers(clusters: pa.Table, home: dict[str, str]) -> tuple[dict[str, set[str]], dict[str, int]]:
    """Kept document -> sources that gave it too (only what passed the filters counts), and duplicates of each source."""
    givers: dict[str, set[str]] = defaultdict(set)
    duplicates: dict[str, int] = defaultdict(int)
    columns = (clusters[name].to_pylist() for name in ("cluster", "source", "release", "outcome"))
    for cluster, source, release, outcome in zip(*columns, strict=True):
        if release is None and outcome == "duplicate":
            duplicates[source] += 1
            if cluster in home:
                givers[cluster].add(source)
    return givers, duplicates


def _parts(policy: str, weight: int, sharing: list[str], mean: dict[str, float]) -> list[int]:
    """A document's weight for each source that gave it, first submitted first; the rest of a division goes to the first."""
    if policy == "first" or len(sharing) == 1:
        return [weight, *[0] * (len(sharing) - 1)]
    asked = [round(mean.get(one, 0.0) * UNIT) for one in sharing] if policy == "quality" else [1] * len(sharing)
    whole = sum(asked) or 1
    parts = [weight * one // whole for one in asked]
    return [parts[0] + weight - sum(parts), *parts[1:]]


def _by_contributor(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["contributor"], {"contributor": row["contributor"], "sources": [], "share": 0})
        one["sources"].append(row["source"])
        one["share"] += round(row["share"] * 10**9)
        for key in COLUMNS[2:-1]:
            one[key] = one.get(key, 0) + row[key]
    return [
        {**one, "share": one["share"] / 10**9} for one in sorted(found.values(), key=lambda o: (-o["share"], o["contributor"]))
    ]


def render(model: Model) -> dict[str, bytes]:
    """reports/contributions.csv and a statement for each contributor."""
    ledger = model["contributions"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in ledger["rows"]:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    written = {"reports/contributions.csv": ("\ufeff" + out.getvalue()).encode()}  # spreadsheets take it for UTF-8 by its mark
    slugs = Counter(_slug(one["contributor"]) for one in ledger["contributors"])
    for one in ledger["contributors"]:
        name = slug = _slug(one["contributor"])
        if slugs[slug] > 1 or len(slug) > MOST_SLUG:
            name = f"{slug[:MOST_SLUG]}-{hashlib.sha256(one['contributor'].encode()).hexdigest()[:12]}"
        written[f"reports/statement-{name}.md"] = statement(model, one).encode()
    return written


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.").lower() or "contributor"


def statement(model: Model, one: dict[str, Any]) -> str:
    """What one contributor gave to this version, in two languages."""
    from curation.card.readme import text

    rows = [row for row in model["contributions"]["rows"] if row["source"] in one["sources"]]
    lines = [
        f"# {text(one['contributor'])}",
        "",
        f"Contribution to / 贡献于 `{model['name']}` {model['version']}: share / 份额 **{one['share']:.9f}**",
        "",
        "| Source 来源 | Submitted 提交 | Accepted 合格 | Unique 独有 | Kept 保留 | Tokens 词元 | Bytes 字节 | Credited 计入 | Share 份额 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        numbers = [count(row[key]) for key in ("submitted", "accepted", "unique", "kept", "tokens", "bytes")]
        lines.append(f"| {text(row['source'])} | {' | '.join(numbers)} | {row['credited_tokens']:,.2f} | {row['share']:.9f} |")
    policy = model["contributions"]["policy"]
    lines += [
        "",
        f"A duplicate is credited by the policy `{policy}`; credited are tokens weighted by the quality model. "
        f"重复内容按 `{policy}` 规则计入；计入量为按质量模型加权的词元数。",
        "",
    ]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    """A value of the table; a text that a spreadsheet would take for a formula is quoted."""
    if isinstance(value, float):
        return f"{value:.9f}"
    words = str(value)
    return f"'{words}" if words.startswith(FORMULA) or words.lstrip().startswith(FORMULA) else words
