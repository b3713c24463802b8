"""card.html: the whole card in one file, English and Chinese with a switch, printable, no script, no outside asset.

Every word of the model goes through `escape`; the page's own policy forbids scripts, frames and anything from elsewhere.
"""

import re
from html import escape
from typing import Any

from curation.card import Model, count, plots
from curation.card.blocks import Cell, Code, Section, Words, words
from curation.card.sections import sections
from curation.card.terms import chinese

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# tables are scrolled, never broken letter by letter; a shadow at an edge says that there is more
WIDE = """.wide{overflow-x:auto;margin:1em 0;background:linear-gradient(90deg,#fff 30%,#fff0),linear-gradient(270deg,#fff 30%,#fff0) 100% 0,linear-gradient(90deg,#0003,#0000),linear-gradient(270deg,#0003,#0000) 100% 0;background-repeat:no-repeat;background-size:2rem 100%,2rem 100%,.6rem 100%,.6rem 100%;background-attachment:local,local,scroll,scroll}
.wide td,.wide th{min-width:4.2em}.wide table:has(tr>:nth-child(4)){min-width:34rem}.wide table:has(tr>:nth-child(7)){min-width:58rem}.wide thead th{white-space:nowrap}.wide code{overflow-wrap:break-word}#changes .wide{background:none}"""
STYLE = """
:root{--ink:#1f2937;--quiet:#5b6472;--line:#d9dee5;--accent:#1d4ed8;--paper:#fff;--soft:#f3f5f8}
body{overflow-wrap:break-word;margin:0 auto;max-width:66rem;padding:1.5rem;color:var(--ink);background:var(--paper);font:16px/1.6 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{margin:.2em 0;line-height:1.25}h2{margin-top:2em;border-bottom:1px solid var(--line);padding-bottom:.2em}
table{border-collapse:collapse;font-size:.9em}
WIDE
th,td{text-align:left;padding:.3em .7em;border-bottom:1px solid var(--line);vertical-align:top}th{background:var(--soft)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{background:var(--soft);padding:.1em .3em;border-radius:3px;overflow-wrap:anywhere;font-size:.92em}
pre{background:var(--soft);padding:.8em 1em;border-radius:8px;overflow-x:auto}pre code{padding:0;background:none}
.facts{display:flex;flex-wrap:wrap;gap:1rem;padding:0;list-style:none}.facts li{border:1px solid var(--line);border-radius:8px;padding:.5em 1em;min-width:6rem}
.facts b{display:block;font-size:1.5em;line-height:1.2}.quiet{color:var(--quiet)}
blockquote{margin:.6em 0;padding:.2em 1em;border-left:3px solid var(--accent)}blockquote footer{color:var(--quiet);font-size:.85em}
figure{margin:1em 0}figcaption{color:var(--quiet);font-size:.9em}svg{max-width:100%;height:auto}
nav ol{columns:2;padding-left:1.2em;list-style:none}nav a{color:var(--accent)}
#changes{background:var(--soft);border-radius:8px;padding:.1em 1.2em .6em;margin:1.5em 0}#changes h2{margin-top:.6em;border:0}
input[name=language]{margin:0 .2em 0 .8em}
#zh:checked~main .en,#en:checked~main .zh{display:none}
@media print{input[name=language],label,nav{display:none}body{max-width:none;padding:0}h2{break-after:avoid}table,figure{break-inside:avoid}}
@media(max-width:40rem){nav ol{columns:1}figure{overflow-x:auto}figure svg{max-width:none;min-width:34rem}}
""".replace("WIDE", WIDE)


def render(model: Model) -> dict[str, bytes]:
    """The page."""
    title = f"{model['title']['en'] or model['title']['zh']} {model['version']}"
    return {"card.html": page(title, body(model)).encode()}


def page(title: str, inside: str) -> str:
    """A page that stands alone around HTML that is there."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{CSP}">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        '<input type="radio" name="language" id="en" checked><label for="en">English</label>'
        '<input type="radio" name="language" id="zh"><label for="zh" lang="zh">中文</label>\n'
        f"<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def of_sections(title: str, made: list[Section]) -> str:
    """Sections without plots under a title."""
    return "\n".join([f"<h1>{escape(title)}</h1>", *(_section(one, {}) for one in made)])


def body(model: Model) -> str:
    """The card without its page: what the review page shows, too."""
    drawn = {path: _inline(svg, path) for path, svg in plots.render(model).items()}
    shown = sections(model)
    first = [section for section in shown if section.id == "changes"]
    rest = [section for section in shown if section.id != "changes"]
    contents = "".join(f'<li><a href="#{s.id}">{_both(s.title)}</a></li>' for s in rest)
    names = '<nav aria-label="sections / 章节"><ol>' + contents + "</ol></nav>"
    return "\n".join([_head(model), *(_section(s, drawn) for s in first), names, *(_section(s, drawn) for s in rest)])


def _both(said: Words) -> str:
    if said.en == said.zh:
        return escape(said.en)
    return f'<span class="en">{escape(said.en)}</span><span class="zh" lang="zh">{escape(said.zh)}</span>'


def _section(section: Section, drawn: dict[str, str]) -> str:
    inside = "\n".join(_block(drawn, *block) for block in section.blocks)
    return f'<section id="{section.id}"><h2>{_both(section.title)}</h2>\n{inside}</section>'


def _block(drawn: dict[str, str], kind: str, *of: Any) -> str:
    if kind == "text":
        return f"<p>{_both(of[0])}</p>"
    if kind == "list":
        return "<ul>" + "".join(f"<li>{_cell(one)}</li>" for one in of[0]) + "</ul>"
    if kind == "table":
        return _table(*of)
    if kind == "plot":
        return f"<figure>{drawn[of[0]]}<figcaption>{_both(of[1])}</figcaption></figure>" if of[0] in drawn else ""
    if kind == "quote":
        return f"<blockquote>{_both(of[0])}<footer>{escape(of[1])}</footer></blockquote>"
    if kind == "more":
        inside = "".join(_block(drawn, *block) for block in of[1])
        return f"<details><summary>{_both(of[0])}</summary>{inside}</details>"
    return f"<pre><code>{escape(of[0])}</code></pre>"


def _inline(svg: bytes, path: str) -> str:
    """A plot inside the page, with ids of its own and a name for those who do not see it."""
    text, mark = svg.decode(), re.sub(r"\W", "-", path)
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{mark}-\2"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", text)
    text = re.sub(r"<text( [^>]*)>([^<>]+)</text>", _in_both, text)
    name = path.removeprefix("plots/").removesuffix(".svg")
    return text.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)


def _in_both(found: re.Match[str]) -> str:
    """A word of a plot that has Chinese ones, twice: the page shows one of them. Names and numbers stay."""
    style, said = found[1], found[2].strip()
    kept = re.fullmatch(r"(\S+) of (\S+) kept", said)
    zh = f" 保留 {kept[1]}／{kept[2]}" if kept else chinese(said)
    if zh == said:
        return found[0]
    return f'<text class="en"{style}>{found[2]}</text><text class="zh" lang="zh"{style}>{zh}</text>'


def _table(head: list[Words], rows: list[list[Cell]]) -> str:
    numeric = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    top = "".join(f"<th scope=col{' class=n' if n else ''}>{_both(h)}</th>" for h, n in zip(head, numeric, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{' class=n' if isinstance(c, int | float) else ''}>{_cell(c)}</td>" for c in row) + "</tr>"
        for row in rows
    )
    shown = f"<thead><tr>{top}</tr></thead>" if any(h.en for h in head) else ""
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="table / 表格"><table>{shown}<tbody>{body}</tbody></table></div>'
    )


def _cell(one: Cell) -> str:
    if isinstance(one, Words):
        return _both(one)
    if isinstance(one, Code):
        return f"<code>{escape(one.text)}</code>"
    return count(one) if isinstance(one, int) else escape(str(one))


def _head(model: Model) -> str:
    facts = [
        (count(model["documents"]), Words("documents", "文档")),
        (count(model["tokens"]), Words("tokens", "词元")),
        (str(len(model["sources"])), Words("sources", "来源")),
        (str(len(model["licenses"])), Words("licenses", "许可")),
    ]
    shown = "".join(f"<li><b>{value}</b>{_both(said)}</li>" for value, said in facts)
    return (
        f"<h1>{_both(words(model['title']))}</h1><p class=quiet><code>{escape(model['name'])}</code> {escape(model['version'])} · "
        f"{escape(model['tokenizer'])}</p><ul class=facts>{shown}</ul>"
    )
