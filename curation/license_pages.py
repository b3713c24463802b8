"""What a web page says of its license, read on the raw HTML: what extraction keeps of a page is not where licenses stand.

JSON-LD, `rel=license` and itemprop, Dublin Core and other meta tags, sentences that name a Creative Commons license in
Chinese or English, links to one, and prohibitions in the footer or metadata. A copyright line is no prohibition.
"""

import html as entities
import itertools
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from curation.license import DENIAL, Claim, from_license_text, normalise

NOTICE = 4_000  # characters of a LICENSE file that only names its license
TAIL = 3000  # characters of a page's visible text that are its footer, where no element says so

_CC = re.compile(
    r"creativecommons\.org/(?:licen[sc]es/((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa)){0,3})/(\d\.\d)|publicdomain/(zero|mark)/(\d\.\d))",
    re.IGNORECASE,
)
_ATTRIBUTE = r"\b{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))"
_HREF, _REL, _ITEMPROP, _CONTENT, _NAME, _PROPERTY, _TYPE = (
    re.compile(_ATTRIBUTE.format(name=name), re.IGNORECASE)
    for name in ("href", "rel", "itemprop", "content", "name", "property", "type")
)
_TAG = re.compile(r"<(a|link|meta|script)\b([^<>]{0,2000})>", re.IGNORECASE)
_META = {"dc.rights", "dc.rights.license", "dc.license", "dcterms.license", "dcterms.rights", "license", "rights", "copyright"}
_FOOTER = re.compile(
    r"<(footer)\b[^>]{0,500}>|<(div|p|section|td|span)\b[^>]{0,300}\b(?:class|id)\s*=\s*[\"'][^\"'>]{0,200}(?:footer|copyright|bottom|版权)[^>]{0,300}>",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"<(script|style|noscript|template)\b|<!--", re.IGNORECASE)
LONGEST = 4 << 20  # characters of a page that are read for its license
ELEMENT = 20_000  # characters of one footer
FOOTERS = 50
_PROHIBITION = re.compile(
    r"未经[^。；\n]{0,40}(?:许可|授权|同意)[^。；\n]{0,20}(?:不得|禁止|严禁|谢绝)|(?:禁止|谢绝|严禁|不得)(?:任何[^。\n]{0,8})?(?:转载|复制|摘编|用于商业)"
    r"|(?:侵权|翻印|违者)必究|may\s+not\s+be\s+(?:copied|reproduced|republished|redistributed)|no\s+part\s+of\s+this\s+(?:site|page|publication|work)"
    r"|reproduction\s+(?:in\s+whole\s+or\s+in\s+part\s+)?(?:without\s+permission\s+)?is\s+(?:strictly\s+)?prohibited|not\s+be\s+used\s+(?:to\s+train|for\s+(?:training|text\s+and\s+data\s+mining))",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?:知识共享|創用\s?CC|创用\s?CC|创作共用|共享创意|Creative\s+Commons|CC)[^。；\n]{0,12}?[“「《]?\s*署名(?P<parts>[^。；\n\d]{0,60}?)[\s（(]*(?P<version>[1-4]\.[05])"
)
# what may stand between 署名 and the version and says nothing of what is allowed
_PLAIN = re.compile(
    r"国际|國際|中国大陆|中國大陸|许可协议|許可協議|许可证|许可|許可|协议|協議|公共|版本?|使用|International|Unported|License|CC|BY|NC|SA|ND|[\s\-—–、，,·•・+＋/／－()（）“”「」《》]",
    re.IGNORECASE,
)
_LIMITS_ZH = (
    ("NC", r"非商业性?(?:使用)?|非商業性?(?:使用)?"),
    ("SA", r"(?:以?相同|同样|同樣)方式(?:共享|分享)"),
    ("ND", r"(?:禁止|不得)(?:演绎|演繹|衍生|改作|改编|修改)"),
)
_ENGLISH = re.compile(
    r"Creative\s+Commons\s+Attribution(?P<parts>(?:[\s\-–]*(?:Non-?Commercial|Share-?Alike|No-?Deriv(?:ative)?s?))*)"
    r"(?:\s+(?:Works\s+)?(?P<version>[1-4]\.[05]))?",
    re.IGNORECASE,
)
_LETTERS = re.compile(
    r"\bCC[\s\-]BY(?P<parts>(?:-(?:NC|SA|ND))*)[\s\-](?P<version>[1-4]\.[05])(?![\s\-]*(?:NC|SA|ND)\b)", re.IGNORECASE
)


def creative_commons(url: str) -> str | None:
    """SPDX id of a Creative Commons address, ported versions and the old order of parts included.

    >>> creative_commons("https://creativecommons.org/licenses/by-sa/3.0/cn/"), creative_commons("//creativecommons.org/licenses/by-nd-nc/1.0")
    ('CC-BY-SA-3.0', 'CC-BY-NC-ND-1.0')
    """
    found = _CC.search(url)
    if not found:
        return None
    if found.group(3):
        return "CC0-1.0" if found.group(3).lower() == "zero" else "CC-PDM-1.0"
    parts = set(found.group(1).lower().split("-"))
    return normalise(f"CC-{'-'.join(p.upper() for p in ('by', 'nc', 'nd', 'sa') if p in parts)}-{found.group(2)}")


def from_html(page: str, where: str) -> list[Claim]:
    """Every claim of a page, each once, in the order of how far they are believed."""
    page = page[:LONGEST]
    found = [*_structured(page, where), *_sentences(page, where), *_prohibitions(page, where)]
    return list({(claim.detector, claim.value): claim for claim in reversed(found)}.values())[::-1]


def _structured(page: str, where: str) -> Iterator[Claim]:
    links: list[Claim] = []
    for tag in _TAG.finditer(page):
        kind, inside = tag.group(1).lower(), tag.group(2)
        if kind == "script":
            if "ld+json" in _value(_TYPE, inside):
                end = page.find("</script", tag.end(), tag.end() + (1 << 20))
                yield from _json_ld(page[tag.end() : end if end >= 0 else None], where)
        elif kind == "meta":
            if (_value(_NAME, inside) or _value(_PROPERTY, inside)).lower() in _META:
                said = entities.unescape(_value(_CONTENT, inside))
                if spdx := _named(said):
                    yield Claim("meta", spdx, tag.group(0)[:300], where)
                elif prohibition := _PROHIBITION.search(said):
                    yield Claim(DENIAL, prohibition.group(0), said[:300], where)
        else:
            url = entities.unescape(_value(_HREF, inside))
            found = _named(url)
            if found and ("license" in _value(_REL, inside).lower().split() or _value(_ITEMPROP, inside).lower() == "license"):
                yield Claim("rel_license", found, tag.group(0)[:300], where)
            elif found and kind == "a" and creative_commons(url):
                links.append(Claim("license_link", found, tag.group(0)[:300], where))
    yield from links


def _value(attribute: re.Pattern[str], inside: str) -> str:
    found = attribute.search(inside)
    return next((part for part in found.groups() if part is not None), "") if found else ""


def _named(said: str) -> str | None:
    """A license by address or by SPDX id; free words are none."""
    said = said.strip()
    if spdx := creative_commons(said):
        return spdx
    if known := re.search(r"spdx\.org/licenses/([A-Za-z0-9.+\-]+?)(?:\.html|\.json|/|$)", said):
        return normalise(known.group(1))
    if re.search(r"apache\.org/licenses/LICENSE-2\.0", said):
        return "Apache-2.0"
    if known := re.search(r"opensource\.org/licenses?/([A-Za-z0-9.\-]+)", said):
        return normalise(known.group(1))
    return normalise(said) if re.fullmatch(r"[A-Za-z0-9.+\-]{3,40}", said) else None


def _json_ld(content: str, where: str) -> Iterator[Claim]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return
    waiting: list[Any] = [data]
    for _ in range(200):  # a page's own graph is small
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            kinds = node.get("@type")
            if "ImageObject" in (kinds if isinstance(kinds, list) else [kinds]):
                continue  # an image has its own license
            said = node.get("license")
            for one in said if isinstance(said, list) else [said]:
                named = one.get("@id") or one.get("url") if isinstance(one, dict) else one
                if isinstance(named, str) and (spdx := _named(named)):
                    yield Claim("json_ld", spdx, f"license: {named}"[:300], where)
            waiting += [value for key, value in node.items() if key != "license" and isinstance(value, dict | list)]


def visible(page: str) -> str:
    """The words of a page without its markup, a line for each block."""
    text = re.sub(r"</?(?:p|div|li|td|tr|h\d|br|footer|section|article|table|ul)\b[^>]{0,2000}>", "\n", _shown(page))
    text = entities.unescape(re.sub(r"<[^<>]{1,2000}>", "", text))
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


def _shown(page: str) -> str:
    """Without scripts, styles and comments; one that does not end hides the rest, as in a browser."""
    parts, at = [], 0
    while found := _HIDDEN.search(page, at):
        parts.append(page[at : found.start()])
        end = f"</{found.group(1)}" if found.group(1) else "-->"
        close = _lowered(page).find(end.lower(), found.end())
        if close < 0:
            return " ".join(parts)
        at = page.find(">", close) + 1 or len(page)
    return " ".join([*parts, page[at:]])


@lru_cache(maxsize=2)
def _lowered(page: str) -> str:
    return page.lower()


def from_notice(text: str, where: str) -> list[Claim]:
    """What a LICENSE file says that names a Creative Commons license in a sentence or by its address, and has no text of it.

    Two licenses, as in a choice, are none. A limit that the license's own name says (非商业性使用) is no denial, one beside it is.

    >>> from_notice("CC BY-SA 4.0\\nhttps://creativecommons.org/licenses/by-sa/4.0/", "LICENSE")[0].value
    'CC-BY-SA-4.0'
    >>> from_notice("CC BY 4.0 or CC BY-NC 4.0", "LICENSE")
    []
    """
    if len(text) > NOTICE:
        return []
    found = [claim.value for claim in _sentences(text, where)]
    found += [spdx for address in _CC.finditer(text) if (spdx := creative_commons(address.group(0)))]
    if len(set(found)) != 1:
        return []
    beside = text
    for form in (_CHINESE, _ENGLISH, _LETTERS, _CC):
        beside = form.sub(" ", beside)
    denied = [claim for claim in from_license_text(beside, where) if claim.detector == DENIAL]
    return [Claim("license_text", found[0], " ".join(text.split())[:200], where), *denied]


def _sentences(page: str, where: str) -> Iterator[Claim]:
    if not re.search(r"署名|Creative\s+Commons|\bCC[\s\-]BY", page, re.IGNORECASE):
        return
    text = visible(page)
    for detector, form in (("sentence_zh", _CHINESE), ("sentence_en", _ENGLISH), ("sentence_en", _LETTERS)):
        for found in form.finditer(text):
            read = _parts_zh if form is _CHINESE else _parts
            if spdx := read(found.group("parts"), found.group("version")):
                yield Claim(detector, spdx, text[max(0, found.start() - 40) : found.end() + 40].replace("\n", " "), where)


def _parts(said: str, version: str | None) -> str | None:
    """SPDX id of the parts that are named; without a version none is told."""
    low = said.lower()
    has = {
        "NC": "非商" in low or "commercial" in low or "nc" in low.split("-"),
        "ND": "禁止" in low or "deriv" in low or "nd" in low.split("-"),
        "SA": "相同" in low or "alike" in low or "sa" in low.split("-"),
    }
    return normalise("-".join(["CC-BY", *(part for part in ("NC", "ND", "SA") if has[part]), version])) if version else None


def _parts_zh(said: str, version: str) -> str | None:
    """The same of Chinese words; a word that is not known may be a limit, so then none is told."""
    parts = []
    for part, words in _LIMITS_ZH:
        said, hits = re.subn(words, "", said)
        parts += [part] if hits else []
    if _PLAIN.sub("", said):
        return None
    order = [part for part in ("NC", "ND", "SA") if part in parts]
    return normalise("-".join(["CC-BY", *order, version]))


def _prohibitions(page: str, where: str) -> Iterator[Claim]:
    if not _PROHIBITION.search(page):
        return
    opened = list(itertools.islice(_FOOTER.finditer(page), FOOTERS))
    footers = [visible(_element(page, found)) for found in opened] or [visible(page)[-TAIL:]]
    for text in footers:
        if found := _PROHIBITION.search(text):
            yield Claim(DENIAL, found.group(0), text[max(0, found.start() - 80) : found.end() + 80].replace("\n", " "), where)
            return


def _element(page: str, opening: re.Match[str]) -> str:
    """An element from its opening tag to the first closing one of its name."""
    limit = opening.end() + ELEMENT
    close = page.find(f"</{(opening.group(1) or opening.group(2)).lower()}", opening.end(), limit)
    return page[opening.start() : close if close >= 0 else limit]
