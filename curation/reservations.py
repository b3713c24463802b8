"""What a publisher reserves of text and data mining, and which text is labelled as generated: claims beside those of a license.

TDMRep (W3C Community Group final report, 2024-05-10): tdmrep.json of the site, then HTTP headers, then HTML meta; a later place
overrides an earlier one, absence never resets, and an invalid value is as if it were not there. robots.txt (RFC 9309) is read
for the agent that fetched. `noai` is the word of X-Robots-Tag and of the meta tag robots. GB 45438-2025 labels generated
content with a metadata key AIGC that holds JSON (Label, ContentProducer, ProduceID, ...).
"""

import html as entities
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from curation.license import Claim

TDM, ROBOTS, NOAI, AIGC = "tdm_reservation", "robots", "noai", "aigc"  # detectors
DETECTORS = (TDM, ROBOTS, NOAI, AIGC)
POLICY_FILES = ("/robots.txt", "/.well-known/tdmrep.json")
LARGEST = 512 << 10  # bytes of a robots.txt that RFC 9309 wants read
LABEL, VALUE = 1 << 20, 300  # characters of a label as it stands, and of a value of it
_KEYS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")
HEAD = 256 << 10  # characters of a page in which its head lies

_META = re.compile(r"<meta[\s/]", re.IGNORECASE)
_TAG = re.compile(r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
TAG, TAGS = 20_000, 300  # characters of a meta tag, and tags of a page, that are looked at
_ATTRIBUTE = re.compile(r"(?<![A-Za-z:-])([A-Za-z:-]{1,40})\s{0,20}=\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_FLAG = re.compile(r"(?<![a-z])noai(?![a-z])", re.IGNORECASE)


def from_headers(headers: Iterable[tuple[str, str]], where: str) -> list[Claim]:
    """Claims of an HTTP answer, from its headers as pairs: a name may come again."""
    said: dict[str, list[str]] = {}
    for name, value in headers:
        said.setdefault(name.lower(), []).append(_clean(value.strip()))
    return _said(said, "X-Robots-Tag", f"{where} (header)")


def from_html(page: str, where: str) -> list[Claim]:
    """Claims of a page's meta tags."""
    said: dict[str, list[str]] = {}
    head = _without_comments(page[:HEAD])
    for start in itertools.islice(_META.finditer(head), TAGS):
        tag = _TAG.match(head[start.end() : start.end() + TAG])
        attributes = {
            name.lower(): entities.unescape(next((v for v in values if v), ""))
            for name, *values in _ATTRIBUTE.findall(tag.group(0) if tag else "")
        }
        name = (attributes.get("name") or attributes.get("property") or "").lower()
        said.setdefault(name, []).append(_clean(attributes.get("content", "").strip()))
    labels = (from_label(one, f"{where} (meta)") for one in said.get("aigc", ()))
    return _said(said, "robots", f"{where} (meta)") + [label for label in labels if label][:1]


def _said(said: dict[str, list[str]], robots: str, where: str) -> list[Claim]:
    """Claims of headers or meta tags (name in small letters -> its values in order); `robots` is what noai stands in."""
    found = []
    if valid := [value for value in said.get("tdm-reservation", ()) if value in {"0", "1"}]:
        policies = said.get("tdm-policy")
        found.append(Claim(TDM, valid[-1], policies[-1] if policies else None, where))
    flags = ", ".join(said.get(robots.lower(), ()))
    if _FLAG.search(flags):
        found.append(Claim(NOAI, "1", f"{robots}: {flags}"[:VALUE], where))
    return found


def _without_comments(page: str) -> str:
    """An expression would look for each comment's end anew; what is not closed is no comment here, so that nothing is lost."""
    parts, at = [], 0
    while (start := page.find("<!--", at)) >= 0 and (end := page.find("-->", start + 4)) >= 0:
        parts.append(page[at:start])
        at = end + 3
    return "".join([*parts, page[at:]])


def _clean(text: str) -> str:
    """Without half characters, which JSON can spell and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def from_label(label: Any, where: str) -> Claim | None:
    """The claim of a metadata key AIGC: JSON, as text or read; null where it is none or has no Label."""
    if isinstance(label, str):
        try:
            label = json.loads(label[:LABEL])
        except (ValueError, RecursionError):
            return None
    kind = label.get("Label") if isinstance(label, dict) else None
    if not isinstance(kind, str | int) or isinstance(kind, bool):
        return None
    said = {key: _clean(str(label[key])[:VALUE]) for key in _KEYS if label.get(key) is not None}
    return Claim(AIGC, _clean(str(kind)[:VALUE]), json.dumps(said, ensure_ascii=False), where)


class Sites:
    """Policy files of the sites that an archive holds, and what they say of a page."""

    def __init__(self, agent: str = "*") -> None:
        self._agent = agent
        self._robots: dict[str, list[tuple[_Rule, bool]]] = {}  # rules for the agent, and whether each allows
        self._rules: dict[str, list[_Rule]] = {}

    def add(self, url: str, content: bytes) -> None:
        """A policy file as it was fetched; others are passed over, and so is what is not what its name says."""
        site, path = _site(url)
        text = content[:LARGEST].decode("utf-8-sig", "replace")
        if path == "/robots.txt":
            self._robots.setdefault(site, _robots(text, self._agent))
        elif path == "/.well-known/tdmrep.json":
            try:
                said = json.loads(text)
            except (ValueError, RecursionError):
                return
            self._rules.setdefault(site, list(_rules(said)))

    def claims(self, url: str | None) -> list[Claim]:
        """What the page's own site says of it; nothing where it has no policy file here."""
        if not url:
            return []
        site, path = _site(url)
        found = []
        path = _normal(path)
        if site in self._robots:
            allowed = max(((len(r.text), allows) for r, allows in self._robots[site] if r.holds(path)), default=(0, True))[1]
            found.append(Claim(ROBOTS, "allow" if allowed else "disallow", f"agent {self._agent}", f"{site}/robots.txt"))
        for rule in self._rules.get(site, ()):
            if rule.holds(path):
                found.append(Claim(TDM, rule.value, rule.policy, f"{site}/.well-known/tdmrep.json"))
                break
        return found


def _site(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}".lower(), (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    except ValueError:  # what is no address has no site
        return "", ""


def is_policy_file(url: str) -> bool:
    """Whether an address is that of a site's policy file."""
    return _site(url)[1] in POLICY_FILES


def _normal(path: str) -> str:
    """A path or pattern as RFC 9309 compares them: unreserved characters plain, all others but ASCII's marks percent-encoded."""

    def plain(found: re.Match[str]) -> str:
        character = chr(int(found.group(1), 16))
        return character if character.isascii() and (character.isalnum() or character in "-._~") else found.group(0).upper()

    return quote(_PERCENT.sub(plain, path), safe="".join(map(chr, range(33, 127))), errors="replace")


class _Rule(NamedTuple):
    """A path pattern: `*` stands for anything, `$` at its end for the path's end."""

    text: str
    value: str = ""
    policy: str | None = None

    def holds(self, path: str) -> bool:
        ends = self.text.endswith("$")
        first, *middle = self.text.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        at = len(first)
        if not middle:
            return not ends or at == len(path)
        *middle, last = middle
        for part in middle:  # leftmost, so that the rest has the most room
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return path.endswith(last) and len(path) - len(last) >= at if ends else path.find(last, at) >= 0


def _robots(text: str, agent: str) -> list[tuple[_Rule, bool]]:
    """Rules of every group for the agent (its product token, in any case), else of those for all (RFC 9309, section 2.2)."""
    token = agent.split("/")[0].strip().lower()
    groups: dict[str, list[tuple[_Rule, bool]]] = {}
    named: list[str] = []
    ruled = False
    for line in text.splitlines():
        key, colon, value = line.split("#", 1)[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            named, ruled = ([] if ruled else named) + [value.split("/")[0].strip().lower()], False
            groups.setdefault(named[-1], [])
        elif key in {"allow", "disallow"}:
            ruled = True
            for one in named if value else ():  # without a path, nothing is disallowed
                groups[one].append((_Rule(_normal(value)), key == "allow"))
    return groups.get(token, groups.get("*", []))


def _rules(said: Any) -> Iterator[_Rule]:
    for one in said if isinstance(said, list) else [said]:
        if not isinstance(one, dict) or not isinstance(one.get("location"), str):
            continue
        value, policy = one.get("tdm-reservation"), one.get("tdm-policy")
        if not isinstance(value, bool) and str(value) in {"0", "1"}:
            yield _Rule(_normal(one["location"]), str(value), _clean(policy) if isinstance(policy, str) else None)
