"""A release of a package index, read as a document source: nothing is built, installed or executed.

    where: {package_index: {package: Django, version: "5.2.7", kind: sdist, sha256: ...}}

The index is the one that pip or uv is configured for. Its simple API is read as JSON, else HTML (PEP 503, 691);
Requires-Python is ignored, since no code will run. Objects are named by purl, never by the index's address. Without a network
(PIP_NO_INDEX or UV_NO_INDEX) the file is taken from the folder that PIP_FIND_LINKS or UV_FIND_LINKS names; this fills such a folder:

    python -m curation.connectors.package_index FOLDER data/sources/*.yaml
"""

import configparser
import hashlib
import os
import re
import shutil
import sys
import tarfile
import tempfile
import tomllib
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field

from curation import manifest, web
from curation.connectors import Asked, Fetched
from curation.declaration import Declared, parse
from curation.errors import DataError
from curation.license import Claim, from_package_metadata

MAX_METADATA = 1 << 20


class Options(Declared):
    """`sha256` pins the file; without it the index's own hash is checked."""

    package: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$")
    kind: Literal["sdist", "wheel"] = "sdist"
    sha256: str | None = None


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield the one file of the release."""
    normal = _normal(options.package)
    name = f"pkg:pypi/{normal}@{options.version}"
    known = asked.known.get(name)
    if known and options.sha256 == known["sha256"]:
        yield Fetched(name, known["uri"], known["file_name"], None, facts=known["facts"])
        return
    if wheelhouse := None if asked.anonymous else find_links():
        yield from _from_folder(options, name, wheelhouse)
        return
    file_name, url, promised = _find(options, normal, asked.anonymous)
    if options.sha256 and promised and options.sha256 != promised:
        raise DataError(f"{name}: sha256 is pinned to {options.sha256}, the index offers {promised} ({file_name})")
    expected = options.sha256 or promised
    if known and expected == known["sha256"]:
        yield Fetched(name, known["uri"], known["file_name"], None, facts=known["facts"])
        return
    with _fetched(name, file_name, url, expected, asked.anonymous) as body:
        claims = _metadata_claims(body, file_name)
        body.seek(0)
        yield Fetched(name, f"{name}?file_name={file_name}", file_name, body, claims)


@contextmanager
def _fetched(name: str, file_name: str, url: str, expected: str | None, anonymous: bool = False) -> Iterator[BinaryIO]:
    """The file's bytes, checked. Raises DataError for others than the expected ones."""
    with tempfile.TemporaryFile() as body:
        digest = _download(url, body, anonymous)
        if expected and digest != expected:
            raise DataError(f"{name}: expected sha256 {expected}, got {digest} ({file_name})")
        body.seek(0)
        yield body  # type: ignore[misc]


def find_links() -> Path | None:
    """The folder of packages that stands for the index, where pip or uv is told to ask none. Raises DataError when it is no folder."""
    if not any(os.environ.get(one, "").lower() in {"1", "true", "yes"} for one in ("PIP_NO_INDEX", "UV_NO_INDEX")):
        return None
    said = os.environ.get("PIP_FIND_LINKS") or os.environ.get("UV_FIND_LINKS") or ""
    if not said or not Path(said).is_dir():
        raise DataError(f"package index: none may be asked (PIP_NO_INDEX), and PIP_FIND_LINKS names no folder: {said!r}")
    return Path(said)


def _from_folder(options: Options, name: str, folder: Path) -> Iterator[Fetched]:
    wanted = _normal(options.package)
    suffixes = (".whl",) if options.kind == "wheel" else (".tar.gz", ".zip")
    for path in sorted(folder.iterdir()):
        stem = next((path.name.removesuffix(suffix) for suffix in suffixes if path.name.endswith(suffix)), None)
        if stem is None:
            continue
        package, version = stem.split("-")[:2] if options.kind == "wheel" else stem.rpartition("-")[::2]
        if _normal(package) != wanted or version != options.version:
            continue
        with path.open("rb") as body:
            digest = hashlib.file_digest(body, "sha256").hexdigest()
            if options.sha256 and digest != options.sha256:
                raise DataError(f"{name}: sha256 is pinned to {options.sha256}, {path.name} has {digest}")
            body.seek(0)
            claims = _metadata_claims(body, path.name)
            body.seek(0)
            yield Fetched(name, f"{name}?file_name={path.name}", path.name, body, claims)
        return
    raise DataError(f"package index: the folder of packages has no {options.kind} of {options.package} {options.version}")


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def main(arguments: list[str]) -> None:
    """Put the packages that some sources name into a folder."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for file in map(Path, arguments[1:]):
        kind, given = manifest.load(file).connector()
        if kind != "package_index":
            continue
        options = parse(Options, given, f"{file}: where.package_index")
        file_name, url, promised = _find(options, _normal(options.package))
        with (
            _fetched(options.package, file_name, url, options.sha256 or promised) as body,
            (folder / file_name).open("wb") as out,
        ):
            shutil.copyfileobj(body, out)


def _find(options: Options, normal: str, anonymous: bool = False) -> tuple[str, str, str | None]:
    from pypi_simple import ProjectPage, UnsupportedContentTypeError

    index = _without_login(index_url()) if anonymous else index_url()
    page_url = f"{index.rstrip('/')}/{normal}/"
    accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.5, text/html;q=0.1"
    answer = web.get(page_url, _limits(index, anonymous), {"Accept": accept})
    body = answer.body.read()
    kind = (answer.headers.get("Content-Type") or "text/html").split(";")[0].strip()
    try:
        if kind.endswith("+json"):
            import orjson

            page = ProjectPage.from_json_data(orjson.loads(body), base_url=answer.url)
        else:
            page = ProjectPage.from_html(normal, body.decode("utf-8", "strict"), base_url=answer.url)
    except (UnsupportedContentTypeError, ValueError, KeyError) as error:
        raise DataError(f"package index: the page of {normal} cannot be read: {error}") from None
    suffixes = (".whl",) if options.kind == "wheel" else (".tar.gz", ".zip")
    offered = [p for p in page.packages if p.filename.endswith(suffixes) and p.version == options.version]
    if options.sha256 and len(offered) > 1:
        offered = [p for p in offered if p.digests.get("sha256") == options.sha256] or offered
    offered.sort(key=lambda p: ("none-any" not in p.filename, p.filename))
    if not offered:
        versions = sorted({p.version for p in page.packages if p.version and p.filename.endswith(suffixes)})
        raise DataError(
            f"package index: {normal} has no {options.kind} {options.version}; the newest there: {', '.join(versions[-5:])}"
        )
    return offered[0].filename, offered[0].url, offered[0].digests.get("sha256")


def _limits(index: str, anonymous: bool) -> web.Limits:
    # the index is the user's own configuration: a company mirror on plain http and a private address is theirs, and no stranger's
    return web.Limits() if anonymous else web.Limits(plain_http=index.startswith("http://"), private_addresses=True)


def _without_login(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _download(url: str, body: BinaryIO, anonymous: bool) -> str:
    digest = hashlib.sha256()
    answer = web.get(url, _limits(url, anonymous))
    with answer.body:
        while piece := answer.body.read(1 << 20):
            digest.update(piece)
            body.write(piece)
    return digest.hexdigest()


def _metadata_claims(body: BinaryIO, file_name: str) -> list[Claim]:
    if file_name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(body) as archive:
            for member in archive.infolist():
                if _is_metadata(member.filename):
                    with archive.open(member) as opened:
                        return _claims(opened.read(MAX_METADATA), member.filename)
        return []
    with tarfile.open(fileobj=body, mode="r:*") as archive:
        for entry in archive:
            if entry.isfile() and _is_metadata(entry.name):
                extracted = archive.extractfile(entry)
                return _claims(extracted.read(MAX_METADATA), entry.name) if extracted else []
    return []


def _is_metadata(member: str) -> bool:
    parts = member.split("/")
    return len(parts) == 2 and (parts[1] == "PKG-INFO" or (parts[1] == "METADATA" and parts[0].endswith(".dist-info")))


def _claims(content: bytes, where: str) -> list[Claim]:
    return from_package_metadata(content.decode("utf-8", "replace"), where)


def index_url() -> str:
    """The index of uv's or pip's environment variables, uv.toml, pip.conf; else the public default."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if url := os.environ.get(variable):
            return url
    return _uv_configured() or _pip_configured() or _public_default()


def _uv_configured() -> str | None:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for path in (Path(os.environ.get("UV_CONFIG_FILE", "")), config / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        if not path.is_file():
            continue
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
        for index in settings.get("index", []):
            if index.get("default"):
                return str(index["url"])
        if url := settings.get("index-url"):
            return str(url)
    return None


def _pip_configured() -> str | None:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    paths = [
        Path(os.environ.get("PIP_CONFIG_FILE", "")),
        Path(os.environ.get("VIRTUAL_ENV", "/nowhere")) / "pip.conf",
        config / "pip" / "pip.conf",
        Path.home() / ".pip" / "pip.conf",
        Path("/etc/pip.conf"),
        Path("/etc/xdg/pip/pip.conf"),
    ]
    for path in paths:
        if path.is_file():
            settings = configparser.RawConfigParser()
            settings.read(path, encoding="utf-8")
            if url := settings.get("global", "index-url", fallback=None):
                return url
    return None


def _public_default() -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return urllib.parse.urljoin(PYPI_SIMPLE_ENDPOINT, "")


if __name__ == "__main__":
    main(sys.argv[1:])
