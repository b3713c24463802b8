"""A wiki's dump (MediaWiki XML, as of Wikipedia): each page's newest text there, without templates, tables, references and file links.

The dump names its own namespaces, so that 文件: and Kategorie: are known for what they are. Chinese variants (-{zh-hans:..; zh-hant:..}-)
are read in the variant asked for. Pages of other namespaces and redirects are not records.
"""

import re
import urllib.parse
from collections.abc import Iterator
from typing import Any, BinaryIO

from curation import markup
from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES: tuple[str, ...] = ()  # a dump ends in .xml like many others: it is declared
MAX_PAGE = 4 << 20
MOST_OPEN = 1000  # marks that open and do not close: the parser looks for each end through the whole page
_KEPT_TEMPLATES = {"lang": -1, "lang-zh": -1, "nowrap": 0, "transl": -1, "zh": 0, "le": 0, "link-en": 0, "internallink": 0}
_VARIANTS = re.compile(r"-\{(?:[A-Z]+\|)?([^{}]{0,2000})\}-")
_MAGIC = re.compile(r"__[A-Z]{3,}__")


class Options(Declared):
    """`namespaces`: numbers (0 is articles); `variant`: of Chinese text, such as zh-hans or zh-hant; `redirects`: whether they are records."""

    namespaces: list[int] = [0]
    variant: str = "zh-hans"
    redirects: bool = False


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a page, keyed by its id: `text`, `title`, `url`, `published` (the day of that text), `revision`, `namespace`."""
    from lxml import etree

    site = _Site()
    found = False
    try:
        for node in markup.nodes(stream, "{*}siteinfo", "{*}page"):
            found = True
            if node.tag.endswith("siteinfo"):
                site = _Site(node)
            elif (record := _page(node, site, options)) is not None:
                yield record
    except etree.LxmlError as error:
        yield Unreadable("broken_xml", f"{error}"[:300])
        return
    if not found:
        yield Unreadable("not_mediawiki", "has no <page>")


class _Site:
    """The dump's header: where pages lie, and which link prefixes are no text."""

    def __init__(self, node: Any = None) -> None:
        self.base = ""
        self.no_text = {"file", "image", "category", "media"}
        if node is None:
            return
        base = next((one.text for one in node.iter("{*}base")), None) or ""
        self.base = base.rpartition("/")[0] + "/" if "/" in base else ""
        for one in node.iter("{*}namespace"):
            if one.get("key") in {"-2", "6", "14"} and one.text:
                self.no_text.add(one.text.lower())


def _page(node: Any, site: _Site, options: Options) -> Record | Unreadable | None:
    def said(tag: str, of: Any = node) -> str:
        return next((one.text or "" for one in of.iterchildren(f"{{*}}{tag}")), "")

    key, title, number = said("id") or None, said("title"), said("ns")
    if number.lstrip("-").isdecimal() and int(number) not in options.namespaces:
        return None
    if not options.redirects and next(node.iterchildren("{*}redirect"), None) is not None:
        return None
    revisions = list(node.iterchildren("{*}revision"))
    if not revisions:
        return Unreadable("no_text", f"page {title!r} has no revision", key)
    last = max(revisions, key=lambda one: said("timestamp", one))
    model = said("model", last)
    if model not in {"", "wikitext"}:
        return Unreadable("not_wikitext", f"page {title!r} is {model}", key)
    source = said("text", last)
    if len(source) > MAX_PAGE:
        return Unreadable("too_large", f"more than {MAX_PAGE} characters", key)
    text = plain(source, site.no_text, options.variant)
    if not text.strip():
        return Unreadable("no_text", f"page {title!r} has no text of its own", key)
    fields = {
        "text": text,
        "title": title or None,
        "url": site.base + urllib.parse.quote(title.replace(" ", "_")) if site.base and title else None,
        "published": said("timestamp", last)[:10] or None,
        "revision": said("id", last) or None,
        "namespace": number or None,
    }
    return Record(fields, key)


def plain(source: str, no_text: set[str], variant: str = "zh-hans") -> str:
    """Wikitext as text: headings as Markdown's, list marks, link labels; nothing of templates, tables, references and files."""
    import mwparserfromhell
    from mwparserfromhell.nodes import Comment, ExternalLink, Heading, HTMLEntity, Tag, Template, Text, Wikilink

    def words(code: Any) -> str:
        out = []
        for node in code.nodes:
            if isinstance(node, Text):
                out.append(str(node.value))
            elif isinstance(node, Heading):
                out.append(f"\n\n{'#' * min(node.level, 6)} {words(node.title).strip()}\n\n")
            elif isinstance(node, Wikilink):
                target = str(node.title)
                if target.partition(":")[0].strip().lower() in no_text:
                    continue
                out.append(words(node.text) if node.text is not None else target.lstrip(":"))
            elif isinstance(node, ExternalLink):
                out.append(words(node.title) if node.title is not None else "" if node.brackets else str(node.url))
            elif isinstance(node, HTMLEntity):
                out.append(_entity(node))
            elif isinstance(node, Tag):
                out.append(_tag(node, words))
            elif isinstance(node, Template):
                out.append(_template(node, words))
            elif not isinstance(node, Comment):
                continue
        return "".join(out)

    source = _VARIANTS.sub(lambda match: _variant(match.group(1), variant), source)
    open_marks = max(
        source.count(begin) - source.count(end) for begin, end in (("[http", "]"), ("{|", "|}"), ("[[", "]]"), ("{{", "}}"))
    )
    try:
        if open_marks > MOST_OPEN:
            raise RecursionError
        text = words(mwparserfromhell.parse(source, skip_style_tags=True))
    except (RecursionError, mwparserfromhell.parser.ParserError):
        text = mwparserfromhell.parse(re.sub(r"[{}\[\]<>|]", " ", source), skip_style_tags=True).strip_code()
    text = _MAGIC.sub("", re.sub(r"\'{2,5}", "", text))
    lines, code = [], False
    for line in text.split("\n"):
        code ^= line.startswith("```")
        marked = re.sub(r"^(?:[*:;]+|#+(?=[^# ]))\s*", "- ", line.strip())
        lines.append(line.rstrip() if code else marked)
    text = re.sub(r"[(（]\s{0,9}[,;，；、]?\s{0,9}[)）]", "", "\n".join(lines))  # what held only templates
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _variant(said: str, wanted: str) -> str:
    parts = {}
    for part in said.split(";"):
        code, colon, words = part.partition(":")
        if not colon:
            return said  # -{text}-: as it stands
        parts[code.strip().lower()] = words.strip()
    near = {"zh-hans": ("zh-cn", "zh-sg", "zh-my"), "zh-hant": ("zh-tw", "zh-hk", "zh-mo")}
    for code in (wanted, *near.get(wanted, ()), "zh-hans" if wanted in near["zh-hans"] else "zh-hant", "zh"):
        if code in parts:
            return parts[code]
    return next(iter(parts.values()), "")


def _entity(node: Any) -> str:
    try:
        return str(node.normalize())
    except (ValueError, KeyError, OverflowError):
        return ""


def _tag(node: Any, words: Any) -> str:
    name = str(node.tag).strip().lower()
    if name in {
        "ref",
        "references",
        "gallery",
        "table",
        "math",
        "timeline",
        "score",
        "imagemap",
        "style",
        "templatestyles",
        "graph",
        "mapframe",
    }:
        return ""
    if name in {"br", "hr"}:
        return "\n"
    if name in {"li", "dd", "dt"} and node.wiki_markup:
        return str(node.wiki_markup)
    if node.contents is None:
        return ""
    if name in {"syntaxhighlight", "source", "pre"}:
        return f"\n```\n{str(node.contents).strip(chr(10))}\n```\n"
    return words(node.contents)  # type: ignore[no-any-return]


def _template(node: Any, words: Any) -> str:
    """Nearly all templates are a frame or a box; a few hold a word of the sentence they stand in."""
    place = _KEPT_TEMPLATES.get(str(node.name).strip().lower())
    given = [one for one in node.params if not one.showkey]
    if place is None or not given:
        return ""
    return words(given[place].value)  # type: ignore[no-any-return]
