"""A dataset of a hub that speaks Hugging Face's API, streamed file by file at one commit.

    where: {hub: {id: org/name, revision: main, config: zh, splits: [train]}}     data files as the card's `configs` name them
    where: {hub: {id: org/name, files: ["data/*.parquet"]}}

HF_ENDPOINT names another hub or a mirror. The revision is resolved at each ingest and receipts name the commit; files whose digest
did not change are not fetched again, and each is checked against the digest that the hub promises. The license in the card's YAML is
a claim about all files. A gated dataset needs auth_ref, or HF_TOKEN or a stored login, as everywhere with this hub.
"""

import fnmatch
import hashlib
import posixpath
from collections.abc import Iterator
from typing import Any, BinaryIO, Self, cast

from pydantic import Field, model_validator

from curation import credentials, web
from curation.connectors import Asked, Fetched, some
from curation.declaration import Declared
from curation.errors import DataError, DeclarationError
from curation.license import Claim

DATA = tuple(
    f"{kind}{packed}"
    for kind in (".parquet", ".jsonl", ".json", ".csv", ".tsv", ".txt", ".arrow", ".md")
    for packed in ("", ".gz", ".zst")
)
CARD = "README.md"
MAX_CARD = 1 << 20


class Options(Declared):
    """`files`: globs over the repository; else those of `config` (and `splits`); else every data file."""

    id: str = Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*$")
    revision: str = "main"
    config: str | None = None
    splits: list[str] = []
    files: list[str] = []
    auth_ref: credentials.AuthRef | None = None
    max_bytes: int = 50 << 30
    seconds: float = Field(3600.0, gt=0)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.files and (self.config or self.splits):
            raise ValueError("give files, or config and splits")
        return self


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield every data file wanted, by path."""
    hub = _Hub(options, asked.anonymous)
    commit, offered = hub.listing()
    card = hub.card(commit) if CARD in offered else None
    claims = _claims(card, f"{CARD} of {options.id}@{commit[:12]}")
    wanted = sorted(_wanted(options, card, list(offered)))
    if not wanted:
        raise DataError(f"{options.id}: no file matches; there are: {', '.join(sorted(offered)[:8])}")
    for path in some(wanted, asked):
        facts = {"commit": commit, "digest": offered[path]}
        uri = f"hf://datasets/{options.id}@{commit}/{path}"
        unchanged = asked.known.get(path, {}).get("facts", {}).get("digest") == offered[path]
        stream = None if unchanged else hub.open(commit, path, offered[path])
        yield Fetched(path, uri, posixpath.basename(path), stream, claims, facts=facts)


class _Hub:
    """One dataset repository of the hub that HF_ENDPOINT names."""

    def __init__(self, options: Options, anonymous: bool) -> None:
        from huggingface_hub import HfApi, constants, get_token

        login = credentials.find(options.auth_ref, "where.hub")
        self._token = login.password if login else None if anonymous else get_token()
        self._options = options
        self._api = HfApi(endpoint=constants.ENDPOINT, token=self._token or False)
        # another endpoint is the user's own configuration: a company mirror on plain http and a private address is theirs
        own = constants.ENDPOINT != "https://huggingface.co" and not anonymous
        self._limits = web.Limits(options.max_bytes, options.seconds, own and constants.ENDPOINT.startswith("http:"), own)
        if anonymous:
            web.reachable(constants.ENDPOINT, self._limits)

    def listing(self) -> tuple[str, dict[str, str]]:
        """The commit, and path -> promised digest (`sha256:` of a large file, `git:` of another)."""
        import httpx
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
        from huggingface_hub.hf_api import RepoFile

        name = f"{self._api.endpoint}/datasets/{self._options.id}"
        try:
            commit = self._api.dataset_info(self._options.id, revision=self._options.revision).sha or ""
            tree = self._api.list_repo_tree(self._options.id, recursive=True, revision=commit, repo_type="dataset")
            files = [one for one in tree if isinstance(one, RepoFile)]
        except GatedRepoError:
            raise DataError(f"{name}: asks for an agreement on its page first; then a login: {credentials.ADVICE}") from None
        except RepositoryNotFoundError:
            raise DataError(
                f"{name}: there is no such dataset, or it is private (a login is needed: {credentials.ADVICE})"
            ) from None
        except RevisionNotFoundError:
            raise DeclarationError(f"where.hub.revision: {name} has no {self._options.revision!r}") from None
        except (HfHubHTTPError, HFValidationError, httpx.HTTPError, OSError) as error:
            raise DataError(
                f"{name}: {str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}"
            ) from None
        return commit, {one.path: f"sha256:{one.lfs.sha256}" if one.lfs else f"git:{one.blob_id}" for one in files}

    def _get(self, commit: str, path: str) -> web.Answer:
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(self._options.id, path, repo_type="dataset", revision=commit, endpoint=self._api.endpoint)
        return web.get(url, self._limits, web.authorization(credentials.Credential(self._token)) if self._token else {})

    def open(self, commit: str, path: str, digest: str) -> BinaryIO:
        """The bytes of a file, checked at their end."""
        answer = self._get(commit, path)
        said = answer.headers.get("Content-Length") or ""
        size = int(said) if said.isdecimal() else None
        return cast(BinaryIO, _Checked(answer.body, digest, size, f"{self._options.id}/{path}"))

    def card(self, commit: str) -> dict[str, Any]:
        """The YAML of the dataset's card."""
        import yaml
        from huggingface_hub import DatasetCard

        with self._get(commit, CARD).body as body:
            text = body.read(MAX_CARD).decode("utf-8", "replace")
        try:
            return DatasetCard(text, ignore_metadata_errors=True).data.to_dict()  # type: ignore[no-untyped-call]
        except (yaml.YAMLError, ValueError, TypeError):  # a card that cannot be read claims nothing
            return {}


def _claims(card: dict[str, Any] | None, where: str) -> list[Claim]:
    """What the card's YAML says of licenses; `other` stands for its license_name."""
    said = (card or {}).get("license")
    names = [said] if isinstance(said, str) else [one for one in said or [] if isinstance(one, str)]
    link = (card or {}).get("license_link")
    found = []
    for name in names:
        value = (card or {}).get("license_name") if name == "other" else name
        passage = f"license: {name}" + (f", {value}" if value != name else "") + (f" ({link})" if isinstance(link, str) else "")
        found.append(Claim("package_metadata", str(value or name), passage[:300], where))
    return found


def _wanted(options: Options, card: dict[str, Any] | None, offered: list[str]) -> list[str]:
    if options.files:
        return [path for path in offered if any(fnmatch.fnmatchcase(path, one.replace("**/", "*")) for one in options.files)]
    configs = {one.get("config_name", "default"): one for one in (card or {}).get("configs") or [] if isinstance(one, dict)}
    if options.config and options.config not in configs:
        known = ", ".join(map(str, configs)) or "none (its card has no configs; use files)"
        raise DeclarationError(f"where.hub.config: {options.id} has no {options.config!r}; known: {known}")
    chosen = [configs[options.config]] if options.config else list(configs.values())
    patterns = [pattern for one in chosen for pattern in _patterns(one, options.splits)]
    if patterns:
        return [path for path in offered if any(fnmatch.fnmatchcase(path, one) for one in patterns)]
    if options.splits:
        raise DeclarationError(
            f"where.hub.splits: the card of {options.id} has no data_files for {', '.join(options.splits)}; use files"
        )
    return [path for path in offered if path.lower().endswith(DATA) and path != CARD]


def _patterns(config: dict[str, Any], splits: list[str]) -> Iterator[str]:
    """Globs of a config's data_files: a text, a list of texts, or a list of {split, path}."""
    said = config.get("data_files")
    root = str(config.get("data_dir") or "").strip("/")
    if said is None and root:
        yield f"{root}/*"
    for one in said if isinstance(said, list) else [said]:
        if isinstance(one, dict):
            if splits and one.get("split") not in splits:
                continue
            paths = one.get("path")
        else:
            paths = one if not splits else None
        for path in paths if isinstance(paths, list) else [paths]:
            if isinstance(path, str):
                yield posixpath.join(root, path).replace("**/", "*").removeprefix("./")


class _Checked:
    """Bytes whose digest is compared with the promised one when they end."""

    def __init__(self, body: BinaryIO, promised: str, size: int | None, shown: str) -> None:
        self._body, self._shown = body, shown
        self._kind, _, self._promised = promised.partition(":")
        self._digest = hashlib.sha256() if self._kind == "sha256" else hashlib.sha1(usedforsecurity=False)
        if self._kind == "git" and size is not None:
            self._digest.update(b"blob %d\0" % size)
        self._can = self._kind == "sha256" or size is not None

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes. Raises DataError at the end of bytes that are not the promised ones."""
        piece = self._body.read(size)
        self._digest.update(piece)
        if (not piece or size < 0) and self._can and self._digest.hexdigest() != self._promised:
            raise DataError(f"{self._shown}: its {self._kind} digest is not the one that the hub promises")
        return piece
