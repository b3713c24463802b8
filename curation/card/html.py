"""card.html: the whole card in one file, English and Chinese with a switch, printable, no script, no outside asset."""

from html import escape
from typing import Any

from curation.card import Model, count, plots
from curation.card.readme import condition, where

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
:root{--ink:#1f2937;--quiet:#6b7280;--line:#e5e7eb;--accent:#2563eb;--paper:#fff}
body{margin:0 auto;max-width:62rem;padding:1.5rem;color:var(--ink);background:var(--paper);font:16px/1.6 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{margin:.2em 0}h2{margin-top:2em;border-bottom:1px solid var(--line);padding-bottom:.2em}
table{border-collapse:collapse;width:100%;font-size:.92em;display:block;overflow-x:auto}
th,td{text-align:left;padding:.3em .7em;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{background:#f3f4f6;padding:.1em .3em;border-radius:3px;overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap;gap:1rem;padding:0;list-style:none}.facts li{border:1px solid var(--line);border-radius:8px;padding:.5em 1em}
.facts b{display:block;font-size:1.4em}.quiet{color:var(--quiet)}blockquote{margin:.3em 0;padding:.2em 1em;border-left:3px solid var(--accent)}
svg{max-width:100%;height:auto}
.switch{float:right}input[name=language]{margin:0 .2em 0 .8em}
#zh:checked~main .en,#en:checked~main .zh{display:none}
@media print{.switch,input[name=language],label{display:none}}
"""


def render(model: Model) -> dict[str, bytes]:
    """The page."""
    drawn = {path: _inline(svg) for path, svg in plots.render(model).items()}
    title = model["title"]["en"] or model["title"]["zh"]
    sections = [
        _head(model),
        _section(
            "Composition",
            "构成",
            drawn["plots/languages.svg"] + _shares(model["languages"], "Language", "语言") + drawn["plots/lengths.svg"],
        ),
        _section("Sources", "来源", _sources(model)),
        _section("Licenses", "许可", drawn["plots/licenses.svg"] + _licenses(model)),
        _section("How it was made", "加工过程", drawn["plots/funnel.svg"] + _funnel(model)),
        _section("Filters", "过滤规则", _filters(model)),
        _section("Duplicates", "去重", _dedup(model)),
        _section(
            "Files",
            "文件",
            _table(
                [("File", "文件"), ("Rows", "行数"), ("Bytes", "字节"), ("SHA-256", "SHA-256")],
                [[_code(f["path"]), f["rows"], f["bytes"], _code(f["sha256"])] for f in model["files"]],
            ),
        ),
        _section(
            "Known limits", "已知局限", "<ul>" + "".join(f"<li>{_both(x['en'], x['zh'])}</li>" for x in model["limits"]) + "</ul>"
        ),
        _section("Contact", "联系方式", f"<p>{escape(model['curator'])}, {escape(model['contact'])}</p>"),
    ]
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{CSP}">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{escape(title)} {model["version"]}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n'
        '<input type="radio" name="language" id="en" checked><label for="en">English</label>'
        '<input type="radio" name="language" id="zh"><label for="zh" lang="zh">中文</label>\n'
        f"<main>\n{chr(10).join(sections)}\n</main>\n</body>\n</html>\n"
    )
    return {"card.html": page.encode()}


def _both(en: str | None, zh: str | None) -> str:
    en, zh = en or zh or "", zh or en or ""
    return f'<span class="en">{escape(en)}</span><span class="zh" lang="zh">{escape(zh)}</span>'


def _section(en: str, zh: str, inside: str) -> str:
    return f"<section><h2>{_both(en, zh)}</h2>{inside}</section>"


def _inline(svg: bytes) -> str:
    text = svg.decode()
    return text[text.index("<svg") :].replace("<svg ", '<svg role="img" ', 1)


def _code(words: str) -> str:
    return f"<code>{escape(words)}</code>"


def _table(head: list[tuple[str, str]], rows: list[list[Any]]) -> str:
    """Cells that are text are HTML already; cells that are numbers are shown as such."""
    numeric = [bool(rows) and all(isinstance(row[i], int) for row in rows) for i in range(len(head))]
    top = "".join(f"<th{' class=n' if n else ''}>{_both(*h)}</th>" for h, n in zip(head, numeric, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td class=n>{count(c)}</td>" if isinstance(c, int) else f"<td>{c}</td>" for c in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _head(model: Model) -> str:
    facts = [
        (count(model["documents"]), "documents", "文档"),
        (count(model["tokens"]), "tokens", "词元"),
        (str(len(model["sources"])), "sources", "来源"),
        (str(len(model["licenses"])), "licenses", "许可"),
    ]
    shown = "".join(f"<li><b>{value}</b>{_both(en, zh)}</li>" for value, en, zh in facts)
    change = model.get("changes")
    since = ""
    if change:
        words = f"{change['from']} → {model['version']}: {count(change['documents_before'])} → {count(model['documents'])}"
        since = f"<p>{_both(f'Documents {words}', f'文档数 {words}')}</p>"
    since += _made_for(model)
    return (
        f"<h1>{_both(model['title']['en'], model['title']['zh'])}</h1><p class=quiet>{_code(model['name'])} {model['version']} · "
        f"{escape(model['tokenizer'])}</p><p>{_both(model['summary']['en'], model['summary']['zh'])}</p>{since}<ul class=facts>{shown}</ul>"
    )


_PURPOSES = {
    "train_internal": "内部训练",
    "redistribute_verbatim": "原样再分发",
    "redistribute_modified": "修改后再分发",
    "adapt": "演绎",
}
_AUDIENCES = {"open": "公开", "licensed": "获授权者", "internal": "本组织内部"}


def _made_for(model: Model) -> str:
    use, level = model["use"], model["level"]
    en = f"Made for: {use['purpose'].replace('_', ' ')}{'' if use['commercial'] else ', not for commerce'}; audience: {use['audience']}; level: {level}"
    zh = f"用途：{_PURPOSES[use['purpose']]}{'' if use['commercial'] else '（非商业）'}；受众：{_AUDIENCES[use['audience']]}；数据级别：{level}"
    if use["export_reference"]:
        en, zh = f"{en}; export: {use['export_reference']}", f"{zh}；出境：{use['export_reference']}"
    return f"<p>{_both(en, zh)}</p>"


def _shares(rows: list[dict[str, Any]], en: str, zh: str) -> str:
    return _table(
        [(en, zh), ("Documents", "文档"), ("Tokens", "词元")],
        [[escape(r["value"] or "?"), r["documents"], r["tokens"]] for r in rows],
    )


def _sources(model: Model) -> str:
    head = [
        ("Source", "来源"),
        ("Origin", "出处"),
        ("License", "许可"),
        ("Level", "级别"),
        ("Documents", "文档"),
        ("Kept", "保留"),
        ("Tokens", "词元"),
    ]
    rows = [
        [
            _both(s["title"]["en"], s["title"]["zh"]) + f"<br>{_code(s['id'])}",
            _code(s["origin"]),
            escape(s["declared_license"]) + "".join(f"<blockquote class=quiet>{escape(e)}</blockquote>" for e in s["evidence"]),
            escape(s["data_level"]),
            s["documents"],
            s["kept"],
            s["tokens"],
        ]
        for s in model["sources"]
    ]
    return _table(head, rows)


def _licenses(model: Model) -> str:
    head = [("License", "许可"), ("Tier", "级"), ("Documents", "文档"), ("Tokens", "词元")]
    shown = _table(
        head, [[_code(r["value"] or "?"), escape(r["tier"] or "?"), r["documents"], r["tokens"]] for r in model["licenses"]]
    )
    if model["conflicts"]:
        shown += f"<h3>{_both('Kept out: license conflicts', '因许可冲突未纳入')}</h3>"
        for one in model["conflicts"]:
            shown += f"<p>{_code(one['source'])}: {count(one['documents'])}</p>" + "".join(
                f"<blockquote>{escape(c['detector'])} → {escape(c['value'])}{_quoted(c['passage'])} <span class=quiet>{escape(c['where'] or '')}</span></blockquote>"
                for c in one["claims"]
            )
    return shown


def _quoted(passage: str | None) -> str:
    return f": “{escape(passage[:200])}”" if passage else ""


def _funnel(model: Model) -> str:
    funnel = model["funnel"]
    rows: list[list[Any]] = [[_both("records read", "读入记录"), funnel["records"], ""]]
    rows += [[_both(f"unreadable: {r}", f"无法读取：{r}"), n, ""] for r, n in funnel["unreadable"]]
    rows += [[_both("documents", "文档"), funnel["documents"], ""]]
    for outcome, en, zh in (("removed", "removed", "删除"), ("quarantined", "quarantined", "隔离")):
        rows += [
            [_both(f"{en}: {r}", f"{zh}：{r}"), n, _both(*(funnel["because"][r] or {}).values())] for r, n in funnel[outcome]
        ]
    rows += [[_both("kept", "保留"), funnel["kept"], ""]]
    return _table([("", ""), ("Count", "数量"), ("Why", "原因")], rows)


def _filters(model: Model) -> str:
    rows = [
        [_code(f["name"]), _code(condition(f)), _code(where(f)), _both(f["because"]["en"], f["because"]["zh"])]
        for f in model["filters"]
    ]
    return _table([("Filter", "规则"), ("Keeps while", "保留条件"), ("Applies to", "适用"), ("Why", "原因")], rows)


def _dedup(model: Model) -> str:
    dedup = model["dedup"]
    limit = f"Jaccard ≥ {dedup['threshold']}" if dedup["threshold"] else "exact"
    rows = [[_code(d["removed_from"]), _code(d["kept_in"]), d["documents"]] for d in dedup["shared"]]
    return f"<p>MinHash 128 × 5, {limit}</p>" + _table(
        [("Removed from", "删除自"), ("Kept in", "保留于"), ("Documents", "文档")], rows
    )
