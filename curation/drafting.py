"""Drafts of declarations: an address becomes the source it most likely is, with what was found there; people answer, and files are written."""

import json
import os
import re
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from curation import credentials, readers, rooms
from curation.errors import CurationError, DataError, DeclarationError
from curation.license import DENIAL, Claim, decide, normalise
from curation.manifest import INDUSTRIES, SOURCE_ID, Source
from curation.questions import trial
from curation.readers import auto
from curation.recipe import unknown
from curation.steps import ingest
from curation.store import Workspace

HOSTS = ("github.com", "gitlab.com", "gitee.com", "codeberg.org", "gitcode.com", "bitbucket.org")
TABLES = {"csv", "jsonl", "parquet", "xlsx"}
KNOWN_INDUSTRIES: tuple[str, ...] = get_args(INDUSTRIES)
CHATS = ("messages", "conversations", "conversation", "dialog", "dialogue")


@dataclass
class Look:
    """What a trial found at an address."""

    where: dict[str, Any]
    format: str | None = None
    files: int = 0
    kinds: dict[str, int] = field(default_factory=dict)  # ending -> files, of the sample
    endings: set[str] = field(default_factory=set)
    license: str | None = None
    claims: list[Claim] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    fault: str | None = None


def where_of(address: str, root: Path) -> dict[str, Any]:
    """The connector and its options for what somebody types. Raises DeclarationError.

    >>> where_of("https://github.com/org/docs", Path("."))
    {'git': {'url': 'https://github.com/org/docs.git'}}
    >>> where_of("hf://datasets/org/name", Path(".")), where_of("s3://bucket/folder", Path("."))
    ({'hub': {'id': 'org/name'}}, {'s3': {'url': 's3://bucket/folder'}})
    """
    address = address.strip()
    try:
        credentials.without_password(address)
    except ValueError as error:
        raise DeclarationError(f"the address {error}") from None
    parts = urllib.parse.urlsplit(address)
    path = parts.path.strip("/")
    if address.startswith("pkg:pypi/"):
        name, _, version = address.removeprefix("pkg:pypi/").partition("@")
        if not version:
            raise DeclarationError(f"{address}: a version is needed: pkg:pypi/{name}@VERSION")
        return {"package_index": {"package": name, "version": version}}
    if address.startswith("hf://datasets/"):
        return {"hub": {"id": address.removeprefix("hf://datasets/").strip("/")}}
    if parts.scheme == "s3":
        return {"s3": {"url": address}}
    if parts.scheme.split("+")[0] in {"postgresql", "postgres", "mysql", "mariadb", "sqlite"}:
        return {"sql": {"url": address.replace("postgres://", "postgresql://", 1)}}
    if parts.scheme == "ssh" or re.match(r"[^/@\s]+@[^/:\s]+:", address) or address.startswith("git+"):
        return {"git": {"url": address.removeprefix("git+")}}
    if parts.scheme in {"https", "http"}:
        if parts.hostname and "huggingface" in parts.hostname and path.startswith("datasets/"):
            return {"hub": {"id": "/".join(path.split("/")[1:3])}}
        if path.endswith(".git") or (parts.hostname in HOSTS and len(path.split("/")) == 2):
            return {"git": {"url": address.rstrip("/").removesuffix(".git") + ".git"}}
        return {"http": {"url": address}}
    if parts.scheme:
        raise DeclarationError(
            f"{address}: allowed are a folder or file, https://, a git address, hf://datasets/ORG/NAME, s3://, pkg:pypi/NAME@VERSION, "
            "postgresql://, mysql:// and sqlite:///"
        )
    found = root / Path(address).expanduser()
    if not found.exists():
        raise DataError(f"{address}: no such file or folder")
    inside = found.resolve().is_relative_to(root.resolve())
    shown = found.resolve().relative_to(root.resolve()).as_posix() if inside else str(found.resolve())
    is_repository = (found / ".git").exists() or ((found / "HEAD").is_file() and (found / "objects").is_dir())
    return {"git": {"url": shown}} if is_repository else {"local": {"path": shown}}


def id_of(where: dict[str, Any]) -> str:
    """A name for the source, from its address."""
    kind, options = next(iter(where.items()))
    said = options.get("path") or options.get("id") or options.get("package") or options.get("url") or kind
    last = re.split(r"[/:@]", str(said).split("?")[0].rstrip("/"))[-1]
    last = re.sub(r"\.(git|zip|tar|gz|tgz|zst|jsonl|parquet|csv)(?=\.|$)", "", last.lower())
    name = re.sub(r"[^a-z0-9.-]+", "-", last).strip("-.")
    return name if len(name) > 1 else f"{kind.replace('_', '-')}-source"


def new_id(workspace: Workspace, said: str) -> str:
    """An id that a new source may have. Raises DeclarationError for one that is none, or taken."""
    if not re.fullmatch(SOURCE_ID, said):
        raise DeclarationError(f"id: {said!r}; allowed: a-z, 0-9, . and -, at least two; such as grid-manuals")
    if (file := workspace.source_file(said)).exists():
        raise DeclarationError(f"{workspace.shown(file)}: is there already; --id gives another name")
    return said


def license_of(said: str) -> str:
    """A license as a manifest may say it. Raises DeclarationError."""
    if normalise(said) is None and said != "unknown":
        raise DeclarationError(f"license: {said!r} is no SPDX expression; allowed: such as CC-BY-4.0, LicenseRef-<name>, unknown")
    return said


def industry_of(said: str) -> str:
    """One of the industries. Raises DeclarationError with all of them."""
    if said not in KNOWN_INDUSTRIES:
        raise DeclarationError(f"industry: {said!r}; allowed: {', '.join(KNOWN_INDUSTRIES)}")
    return said


def format_of(said: str) -> str:
    """A reader's name, or auto. Raises DeclarationError with all of them."""
    if said not in (known := rooms.names(readers)):
        raise unknown("reader", said, known)
    return said


def look(workspace: Workspace, where: dict[str, Any]) -> Look:
    """Fetch a little, and tell what it is. A place that cannot be reached is told in `fault`."""
    found = Look(where)
    declared = {"id": "look", "title": "look", "where": where, "format": "auto", "license": "unknown", "contact": "look"}
    if "sql" in where:
        if not where["sql"].get("query"):
            return found
        declared["format"] = "parquet"
    try:
        with trial.scratch(declared) as here:
            ingest.run("look", here, sample=trial.OBJECTS, beside=workspace)
            names, found.claims = trial.names(here, "look")
            _recognise(found, names, str(declared["format"]))
            if found.format in TABLES:
                found.columns = trial.columns(here, "look")
    except ingest.LargerThanTrial:
        name = str(next(iter(where.values())).get("url") or next(iter(where.values())).get("path") or "")
        found.format = auto.reader_of(name) or ("parquet" if "hub" in where else "auto")  # large files of a hub are Parquet
    except CurationError as error:
        found.fault = str(error).partition(": ")[2] or str(error)
    return found


def _recognise(found: Look, names: list[str], declared: str) -> None:
    kinds = Counter(auto.reader_of(name) for name in names)
    found.files = len(names)
    found.endings = {f".{name.lower().rpartition('.')[2]}" for name in names if "." in name}
    found.kinds = {str(kind or "no reader"): count for kind, count in kinds.most_common()}
    kinds.pop(None, None)
    if declared != "auto":
        found.format = declared
    elif kinds:
        # source code and pages beside documents are what a repository of documents has, too
        documents = Counter({kind: n for kind, n in kinds.items() if kind not in {"code", "text", "jsonl"}}) or kinds
        first = documents.most_common(1)[0][0]
        found.format = first if len(documents) == 1 or documents[first] >= 0.9 * documents.total() else "auto"
    verdict = decide(found.claims)
    found.license = verdict.id if not any(claim.detector == DENIAL for claim in found.claims) else None


def members_of(form: str, found: Look) -> list[str]:
    """Globs for the files of one format, where others lie beside them."""
    if form == "auto" or len(found.kinds) < 2:
        return []
    return [f"*{suffix}" for suffix, name in auto.by_suffix().items() if name == form and suffix in found.endings]


def text_columns(columns: dict[str, list[str]]) -> tuple[str | None, str | None]:
    """(column of the text, column of a chat) as the values suggest."""
    chat = next((name for name in CHATS if name in columns), None)
    lengths = {name: sum(map(len, values)) for name, values in columns.items() if not name.startswith("_")}
    named = next((name for name in ("text", "content", "body", "正文", "内容", "文本") if name in columns), None)
    return (named or max(lengths, key=lambda name: lengths[name], default=None)), chat


def quoted(words: str) -> str:
    """A text as YAML has it, on one line."""
    return json.dumps(words, ensure_ascii=False)


def _plain(word: str) -> str:
    return (
        word
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9._+-]*)*", word)
        else quoted(word)
    )


def source_yaml(answers: dict[str, Any], found: Look) -> str:
    """The manifest with comments."""
    kind, options = next(iter(found.where.items()))
    shown = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in options.items())
    said = "; ".join(dict.fromkeys(f"{c.detector} says {c.value} ({c.where})" for c in found.claims))
    claims = "".join(c if c.isprintable() else " " for c in said)  # what others wrote stays on its line
    lines = [
        f"id: {answers['id']}",
        f"title: {quoted(answers['title'])}",
        f"where: {{{kind}: {{{shown}}}}}  # unchanged files are not fetched again",
        f"format: {_plain(answers['format'])}",
    ]
    if answers.get("members"):
        lines.append(f"members: {json.dumps(answers['members'], ensure_ascii=False)}")
    if mapping := _mapping(answers):
        lines.append(f"map: {mapping}  # more columns can be kept and filtered on: keep: [column]")
    lines += [
        *([f"# found there: {claims[:400]}"] if claims else []),
        f"license: {_plain(answers['license'])}  # compared with what the files say of themselves; where they disagree, documents wait for `curate settle`",
        f"contact: {quoted(answers['contact'])}",
        f"industry: [{_plain(answers['industry'])}]",
        "# Enterprise, commercial and public data, and level L2 and up, need more: schemas/source.schema.json lists it.",
        "# Known personal data? Say contains_pi: yes and pi_legal_basis. Generated text? Say generated: partly or fully.",
    ]
    return "\n".join(lines) + "\n"


def _mapping(answers: dict[str, Any]) -> str:
    parts = [f"{key}: {value}" for key, value in (answers.get("map") or {}).items()]
    return f"{{{', '.join(parts)}}}" if parts else ""


# tokens of an ordinary industry corpus to aim at (metric 0302): ours, to be changed by whoever knows better
TARGETS = {"general": "1B", "research": "1B", "finance": "500M", "healthcare": "500M", "education": "500M"}


def recipe_yaml(name: str, title: str, sources: list[Source], industry: str, policy: str, review: str, contact: str) -> str:
    """A recipe that works as it stands, with comments on what is usually changed."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,62}", name):
        raise DeclarationError(f"{name}: a dataset's name is made of a-z, 0-9 and -; such as power-manuals")
    ids = ", ".join(one.id for one in sources)
    return f"""name: {name}
title: {quoted(title)}
summary: {quoted(f"{title}: from {ids}.")}  # a sentence for the card; {{en: ..., zh: ...}} says it in both
sources: [{ids}]
industry: [{industry}]
curator: {quoted(contact)}
contact: {quoted(contact)}
profiles: [docs]  # kinds of text: README lists them; `curate tune {name}` shows what each filter removes
policy: {policy}  # open_permissive, open_sharealike, research_nc, or internal (stays in the organisation)
dedup: {{near: {{threshold: 0.8}}, keep: [license_tier, quality, most_tokens, earliest]}}
edits:
  - {{name: redact, spans: pii.spans, replacement: "<{{type}}>", because: {{en: Personal data., zh: 个人信息。}}}}
# select: {{industry: [{industry}]}}  # only documents of this industry, as their source declares or their text proposes
# quality: {{target_tokens: {TARGETS.get(industry, "100M")}, window: [2015-01-01, 2026-12-31]}}  # targets of the quality report
# card: {{uses: {{en: "...", zh: "..."}}, cases: {{en: "...", zh: "..."}}}}  # your words on the card; the numbers are generated
# credit: first  # of a duplicate: first, equal or quality (contribution ledger)
review: {review}  # required: a person reads the card and decides (`curate approve`); auto: released at once
"""


def contact_of(workspace: Workspace) -> str:
    """Who writes: git's e-mail address, else the login."""
    from curation.versions import git

    said = git(workspace.root, "config", "user.email", check=False)
    return said if said and said != "curation@localhost" else f"{os.environ.get('USER', 'somebody')}@localhost"
