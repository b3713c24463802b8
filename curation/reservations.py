"""What a publisher reserves of text and data mining, and which text is labelled as generated: claims beside those of a license.

TDMRep (W3C Community Group final report, 2024-05-10): tdmrep.json of the site, then HTTP headers, then HTML meta; a later place
overrides an earlier one, absence never resets, and an invalid value is as if it were not there. robots.txt (RFC 9309) is read
for the agent that fetched. `noai` is the word of X-Robots-Tag and of the meta tag robots. GB 45438-2025 labels generated
content with a metadata key AIGC that holds JSON (Label, ContentProducer, ProduceID, ...).
"""

import html as entities
import json
import re
import urllib.robotparser
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from curation.license import Claim

TDM, ROBOTS, NOAI, AIGC = "tdm_reservation", "robots", "noai", "aigc"  # detectors
DETECTORS = (TDM, ROBOTS, NOAI, AIGC)
POLICY_FILES = ("/robots.txt", "/.well-known/tdmrep.json")
LARGEST = 512 << 10  # bytes of a robots.txt that RFC 9309 wants read
LABEL, VALUE = 8192, 300  # characters of a label as it stands, and of a value of it
_KEYS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")
HEAD = 256 << 10  # characters of a page in which its head lies

_META = re.compile(r"<meta[\s/][^>]{0,6000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([A-Za-z:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_FLAG = re.compile(r"(?<![a-z])noai(?![a-z])", re.IGNORECASE)


def from_headers(headers: Mapping[str, str], where: str) -> list[Claim]:
    """Claims of an HTTP answer; names of headers in any case."""
    said = {name.lower(): value for name, value in headers.items()}
    found = []
    if (value := said.get("tdm-reservation", "").strip()) in {"0", "1"}:
        found.append(Claim(TDM, value, said.get("tdm-policy"), f"{where} (header)"))
    if _FLAG.search(said.get("x-robots-tag", "")):
        found.append(Claim(NOAI, "1", f"X-Robots-Tag: {said['x-robots-tag']}"[:300], f"{where} (header)"))
    return found


def from_html(page: str, where: str) -> list[Claim]:
    """Claims of a page's meta tags."""
    said: dict[str, str] = {}
    for tag in _META.finditer(page[:HEAD]):
        attributes = {
            name.lower(): entities.unescape(next((v for v in values if v), ""))
            for name, *values in _ATTRIBUTE.findall(tag.group(0))
        }
        name = (attributes.get("name") or attributes.get("property") or "").lower()
        if name in {"tdm-reservation", "tdm-policy", "robots", "aigc"}:
            said.setdefault(name, attributes.get("content", "").strip())
    found = []
    if said.get("tdm-reservation") in {"0", "1"}:
        found.append(Claim(TDM, said["tdm-reservation"], said.get("tdm-policy"), f"{where} (meta)"))
    if _FLAG.search(said.get("robots", "")):
        found.append(Claim(NOAI, "1", f"robots: {said['robots']}"[:300], f"{where} (meta)"))
    if "aigc" in said and (label := from_label(said["aigc"], f"{where} (meta)")):
        found.append(label)
    return found


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
    said = {key: str(label[key])[:VALUE] for key in _KEYS if label.get(key) is not None}
    return Claim(AIGC, str(kind)[:VALUE], json.dumps(said, ensure_ascii=False), where)


class Sites:
    """Policy files of the sites that an archive holds, and what they say of a page."""

    def __init__(self, agent: str = "*") -> None:
        self._agent = agent
        self._robots: dict[str, urllib.robotparser.RobotFileParser] = {}
        self._rules: dict[str, list[_Rule]] = {}

    def add(self, url: str, content: bytes) -> None:
        """A policy file as it was fetched; others are passed over, and so is what is not what its name says."""
        site, path = _site(url)
        text = content[:LARGEST].decode("utf-8", "replace")
        if path == "/robots.txt":
            parser = urllib.robotparser.RobotFileParser()
            parser.parse(text.splitlines())
            self._robots.setdefault(site, parser)
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
        if site in self._robots:
            try:
                allowed = self._robots[site].can_fetch(self._agent, url)
                found.append(Claim(ROBOTS, "allow" if allowed else "disallow", f"agent {self._agent}", f"{site}/robots.txt"))
            except ValueError:  # unquoted, the address is none
                pass
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


class _Rule(NamedTuple):
    """A rule of tdmrep.json: the parts of its location between its stars, and whether it reaches the path's end."""

    parts: list[str]
    ends: bool
    value: str
    policy: str | None

    def holds(self, path: str) -> bool:
        first, *middle = self.parts
        if not path.startswith(first):
            return False
        at = len(first)
        if not middle:
            return not self.ends or at == len(path)
        *middle, last = middle
        for part in middle:  # leftmost, so that the rest has the most room
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return path.endswith(last) and len(path) - len(last) >= at if self.ends else path.find(last, at) >= 0


def _rules(said: Any) -> Iterator[_Rule]:
    for one in said if isinstance(said, list) else [said]:
        if not isinstance(one, dict) or not isinstance(one.get("location"), str):
            continue
        value = one.get("tdm-reservation")
        if isinstance(value, bool) or str(value) not in {"0", "1"}:
            continue
        location, policy = one["location"], one.get("tdm-policy")
        parts = location.removesuffix("$").split("*")
        yield _Rule(parts, location.endswith("$"), str(value), policy if isinstance(policy, str) else None)
