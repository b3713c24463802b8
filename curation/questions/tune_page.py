"""`curate tune` as one HTML page that needs nothing else: a slider for each threshold tells what it would keep."""

import html
import json
from typing import Any

from curation.conditions import selects
from curation.questions.tune import PERCENTILES

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2.5rem 0 .3rem;border-top:1px solid #ddd;padding-top:1rem}
table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.15rem .8rem .15rem 0;text-align:right;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}th{font-weight:600;color:#555}small,.quiet{color:#666}
.bar{fill:#5b8def}.line{stroke:#c0392b;stroke-width:2}input[type=range]{width:24rem;vertical-align:middle}
details{margin:.4rem 0}.sample{margin:.5rem 0;padding-left:.8rem;border-left:3px solid #ddd}.out{border-color:#c0392b}.in{border-color:#2e8b57}
.sample p{margin:0;overflow-wrap:anywhere}output{font-weight:600}.wide{overflow-x:auto}input[type=range]{max-width:100%}h2,p{overflow-wrap:anywhere}
"""
_SCRIPT = """
for (const one of document.querySelectorAll('input[type=range]')) {
  const curve = JSON.parse(one.dataset.curve), bound = one.dataset.bound;
  // documents below v, or up to v: exact at the points kept, in proportion between them
  const count = (v, upto) => { const {values, below, upto: to, documents} = curve;
    if (!values.length || v < values[0]) return 0;
    let lo = 0, hi = values.length;
    while (hi - lo > 1) { const m = (lo + hi) >> 1; if (values[m] <= v) lo = m; else hi = m; }
    if (values[lo] === v) return upto ? to[lo] : below[lo];
    if (lo + 1 === values.length) return documents;
    return Math.round(to[lo] + (below[lo + 1] - to[lo]) * (v - values[lo]) / (values[lo + 1] - values[lo])); };
  const show = () => { const v = Number(one.value);
    const kept = bound === 'low' ? curve.documents - count(v, false) : count(v, true);
    one.nextElementSibling.textContent = v.toPrecision(4) + ' → ' + kept.toLocaleString() + ' / ' + curve.documents.toLocaleString(); };
  one.addEventListener('input', show); show();
}
"""


def page(
    name: str, kept: int, documents: int, rows: list[dict[str, Any]], samples: dict[str, dict[str, list[dict[str, Any]]]]
) -> str:
    """The whole page."""
    body = "".join(_filter(row, samples.get(row["name"], {})) for row in rows)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{html.escape(name)}: thresholds</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n'
        f"<h1>{html.escape(name)}: thresholds / 阈值</h1>\n"
        f"<p>The filters keep <b>{kept:,}</b> of {documents:,} documents, before deduplication. 过滤后保留 {kept:,} / {documents:,} 篇（去重之前）。</p>\n"
        f"{_overview(rows)}\n{body}<script>{_SCRIPT}</script>\n"
    )


def _id(row: dict[str, Any]) -> str:
    return "f-" + html.escape(row["name"].replace(".", "-"))


def _overview(rows: list[dict[str, Any]]) -> str:
    lines = "".join(
        f'<tr><td><a href="#{_id(row)}">{html.escape(row["name"])}</a></td><td>{html.escape(bounds(row))}</td><td>{row["judged"]:,}</td>'
        f"<td>{row['alone']:,}</td><td>{row['on_top']:,}</td></tr>"
        for row in rows
    )
    heads = "<th>filter 规则</th><th>keeps 保留条件</th><th>judged 评判</th><th>fails alone 单独未过</th><th>on top of the others 仅此未过</th>"
    return f'<div class="wide"><table><tr>{heads}</tr>{lines}</table></div>\n'


def bounds(row: dict[str, Any], known: str = "known 已知") -> str:
    """A filter's condition in a few characters; `known` is what any value passes."""
    if row["any_of"] is not None or row["none_of"] is not None:
        parts = [" ".join(map(_word, row["any_of"] or [])), *(f"≠ {_word(one)}" for one in row["none_of"] or [])]
        return ", ".join(part for part in parts if part) or known
    low, high = row["low"], row["high"]
    if low is not None and high is not None:
        return f"{low:g} … {high:g}"
    return f"≥ {low:g}" if low is not None else f"≤ {high:g}"


def _word(one: Any) -> str:
    return str(one).lower() if isinstance(one, bool) else str(one)


def _filter(row: dict[str, Any], samples: dict[str, list[dict[str, Any]]]) -> str:
    because = f"{html.escape(row['because']['en'])} {html.escape(row['because']['zh'])}"
    where = html.escape(f"{selects(row['where'])} / {selects(row['where'], zh=True)}") if row["where"] else ""
    out = f'<section id="{_id(row)}"><h2>{html.escape(row["name"])} <small>{html.escape(row["column"])} {html.escape(bounds(row))}</small></h2>'
    out += f"<p>{because} <small>{where}</small></p>"
    for title, key in (("language 语言", "by_language"), ("source 来源", "by_source")):
        out += _table(title, row[key], row)
    for bound in ("low", "high"):
        if row.get("curves", {}).get(bound, {}).get("values"):
            out += _slider(row, bound)
    for side, title in (("outside", "just outside 刚好未过"), ("inside", "just inside 刚好通过")):
        if samples.get(side):
            shown = "".join(_sample(one, side) for one in samples[side])
            out += f"<details><summary>{title} ({len(samples[side])})</summary>{shown}</details>"
    return out + "</section>\n"


def _table(title: str, groups: list[dict[str, Any]], row: dict[str, Any]) -> str:
    lines = ""
    for group in groups:
        spread = group.get("percentiles")
        tail = (
            "".join(f"<td>{v:g}</td>" for v in spread)
            if spread
            else f'<td colspan="{len(PERCENTILES)}">{html.escape(_words(group))}</td>'
        )
        drawn = _histogram(group, row) if group.get("histogram") else ""
        lines += (
            f"<tr><td>{html.escape(str(group['name']))}</td><td>{group['documents']:,}</td><td>{group['fails']:,}</td>"
            f"{tail}<td>{drawn}</td></tr>"
        )
    heads = "".join(f"<th>{n} %</th>" for n in PERCENTILES) if "curves" in row else f'<th colspan="{len(PERCENTILES)}"></th>'
    return f'<div class="wide"><table><tr><th>{title}</th><th>documents 文档</th><th>fail 未过</th>{heads}<th></th></tr>{lines}</table></div>'


def _words(group: dict[str, Any]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in group.get("words", []))


def _histogram(group: dict[str, Any], row: dict[str, Any]) -> str:
    counts, (first, last) = group["histogram"], group["edges"]
    most, step = max(*counts, 1), 160 / len(counts)
    bars = "".join(
        f'<rect class="bar" x="{n * step:.1f}" y="{28 - 26 * count / most:.1f}" width="{step - 1:.1f}" height="{26 * count / most:.1f}"/>'
        for n, count in enumerate(counts)
    )
    lines = "".join(
        f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="28"/>'
        for bound in (row["low"], row["high"])
        if bound is not None and 0 <= (x := 160 * (bound - first) / ((last - first) or 1)) <= 160
    )
    return f'<svg width="160" height="28" role="img" aria-label="histogram from {first:g} to {last:g}">{bars}{lines}</svg>'


def _slider(row: dict[str, Any], bound: str) -> str:
    curve, now = row["curves"][bound], row[bound]
    low, high = min(curve["values"][0], now), max(curve["values"][-1], now)
    data = html.escape(json.dumps(curve, separators=(",", ":")))
    return (
        f'<p><label>{bound} <input type="range" min="{low!r}" max="{high!r}" step="any" value="{now!r}" data-bound="{bound}" '
        f'data-curve="{data}"><output></output></label> <small>of those that all others let through 其余条件均通过者</small></p>'
    )


def _sample(one: dict[str, Any], side: str) -> str:
    about = f"{one['value']} · {one['language']} · {one['source']} · {one['doc_id']}"
    title = f"<b>{html.escape(one['title'])}</b> " if one["title"] else ""
    return (
        f'<div class="sample {"out" if side == "outside" else "in"}"><small>{html.escape(about)}</small>'
        f"<p>{title}{html.escape(one['text'])}</p></div>"
    )
