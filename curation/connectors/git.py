"""Files of a git repository at one commit, read without a checkout; nothing of it is executed.

    where: {git: {url: "https://example.org/handbook.git", commit: 4f0c..., paths: [docs]}}
    where: {git: {url: ../mirrors/handbook.git, ref: main}}        a repository of this machine, relative to the workspace

`ref` (default: the remote's HEAD) is resolved at each ingest, and receipts name the commit; `commit` pins one. Only commits, folders
and the files wanted are asked for (partial clone, where the server can), and files that did not change are not fetched again.
From the history come `authors` (names by number of commits, through .mailmap; no address) and `published` (the day a path first
appeared): of a document that does not say these itself. Links and submodules are no files and are left out, as are names that begin with a
dot unless `paths` names them. Needs git 2.37.
"""

import fnmatch
import hashlib
import os
import posixpath
import re
import resource
import secrets
import subprocess
import tempfile
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, BinaryIO, Self, cast

from pydantic import AfterValidator, Field, model_validator

from curation import credentials, web
from curation.connectors import Asked, Fetched, some
from curation.declaration import Declared
from curation.errors import DataError, DeclarationError
from curation.license_files import LicenseFiles

SCHEMES = ("https", "http", "ssh", "file")
MAX_FILE = 1 << 30
MOST_TRIAL = 2 << 30  # bytes of one file that git writes for a trial
_FILE_MODES = {"100644", "100755"}


class Options(Declared):
    """`paths`: folders or globs (all when empty); `plain_http` and `private_addresses` open what is closed by default."""

    url: Annotated[str, AfterValidator(credentials.without_password)]
    ref: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]*$")
    commit: str | None = Field(None, pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")
    paths: list[str] = []
    history: bool = True
    auth_ref: credentials.AuthRef | None = None
    seconds: float = Field(3600.0, gt=0)
    plain_http: bool = False
    private_addresses: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.ref and self.commit:
            raise ValueError("give ref or commit, not both")
        if (
            self.url.startswith("-")
            or re.match(r"(?!https?:|ssh:|file:)[A-Za-z0-9+.-]*::?//", self.url)
            or "::" in self.url.split("/")[0]
        ):
            raise ValueError(f"url: allowed are {', '.join(f'{one}://' for one in SCHEMES)}, user@host:path, or a folder")
        return self


@dataclass(frozen=True)
class _File:
    path: str
    blob: str


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield every wanted file of the commit, by path; license files are always wanted."""
    remote, shown = _remote(options, asked.root)
    with tempfile.TemporaryDirectory() as folder:
        git = _Git(Path(folder), options, remote, shown, asked)
        commit = options.commit or git.resolve(options.ref or "HEAD")
        how = hashlib.sha256(repr((sorted(options.paths), options.history)).encode()).hexdigest()[:16]
        # receipts of files that went with an earlier commit stay, and name that commit
        same = {
            name: known
            for name, known in asked.known.items()
            if (known["facts"].get("commit"), known["facts"].get("asked")) == (commit, how)
        }
        if same and all(known["facts"].get("files") == len(same) for known in same.values()):
            for name, known in same.items():
                yield Fetched(name, known["uri"], known["file_name"], None, fields=known.get("fields", {}), facts=known["facts"])
            return
        git.fetch(commit)
        files = [one for one in git.files(commit) if _wanted(one.path, options.paths)]
        if not any(not LicenseFiles.wants(one.path) for one in files):
            raise DataError(f"{shown}: no file at {commit[:12]} matches paths: {', '.join(options.paths) or 'any'}")
        files = some(files, asked, lambda one: one.path)
        history = git.history(commit) if options.history else {}
        unchanged = {one.path for one in files if asked.known.get(one.path, {}).get("facts", {}).get("blob") == one.blob}
        git.fetch_blobs([one.blob for one in files if one.path not in unchanged])
        with git.reader() as read:
            for one in files:
                yield Fetched(
                    name=one.path,
                    uri=f"git+{shown}@{commit}#{urllib.parse.quote(one.path)}",
                    file_name=posixpath.basename(one.path),
                    stream=None if one.path in unchanged else read(one),
                    fields=history.get(one.path, {}),
                    facts={"commit": commit, "blob": one.blob, "asked": how, "files": len(files)},
                )


def _wanted(path: str, wanted: list[str]) -> bool:
    if LicenseFiles.wants(path):
        return True
    for one in wanted or [""]:
        folder = posixpath.normpath(one).strip("/") if one else ""
        inside = path if folder in {"", "."} else path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None
        if inside is not None and not any(part.startswith(".") for part in inside.split("/")):
            return True
        if one and fnmatch.fnmatchcase(path, one.removeprefix("./").replace("**/", "*")):
            return True
    return False


def _remote(options: Options, root: Path) -> tuple[str, str]:
    """What git is told, and what people and receipts are shown: no login, and no path of this machine."""
    url = options.url
    scheme = urllib.parse.urlsplit(url).scheme
    if scheme in {"https", "http"}:
        return url, web.public(url)
    if scheme == "ssh":
        parts = urllib.parse.urlsplit(url)
        return url, f"ssh://{parts.hostname}{parts.path}"
    if scheme == "" and (match := re.fullmatch(r"(?:[^@/:]+@)?([^@/:]+):(?!//)(.+)", url)):
        return url, f"ssh://{match.group(1)}/{match.group(2).lstrip('/')}"
    path = Path(urllib.parse.unquote(urllib.parse.urlsplit(url).path)) if scheme == "file" else root / url
    if not path.exists():
        raise DataError(f"where.git.url: no repository at {options.url}")
    return path.absolute().as_uri(), f"file:{path.name}"


class _Git:
    """A bare repository in a scratch folder, for as long as one ingest lasts."""

    def __init__(self, folder: Path, options: Options, remote: str, shown: str, asked: Asked) -> None:
        self._folder, self._options, self._remote, self._shown, self._asked = folder, options, remote, shown, asked
        scheme = urllib.parse.urlsplit(remote).scheme or "ssh"
        self._configured = [
            ("core.hooksPath", os.devnull),
            ("protocol.allow", "never"),
            (f"protocol.{scheme}.allow", "always"),
            ("http.followRedirects", "false"),
            ("fetch.fsckObjects", "true"),
            ("fetch.fsck.missingSpaceBeforeDate", "ignore"),
            ("fetch.fsck.zeroPaddedFilemode", "ignore"),
            ("fetch.fsck.missingEmail", "ignore"),
            ("fetch.fsck.badTimezone", "ignore"),
            ("gc.auto", "0"),
            ("core.quotePath", "false"),
        ]
        self._limits: web.Limits | None = None
        if scheme in {"https", "http"}:
            limits = self._limits = web.Limits(1 << 30, options.seconds, options.plain_http, options.private_addresses)
            parts = urllib.parse.urlsplit(remote)
            port = parts.port or (443 if scheme == "https" else 80)
            if found := web.reachable(remote, limits):  # connected to as checked: the name cannot point elsewhere in between
                addresses = ",".join(f"[{a[4][0]}]" if ":" in a[4][0] else a[4][0] for a in found)
                self._configured.append(("http.curloptResolve", f"{parts.hostname}:{port}:{addresses}"))
        self._headers: dict[str, str] = {}
        if login := credentials.find(options.auth_ref, "where.git"):
            # hosts take a token as the password of any user; through the environment, which other users cannot list
            self._headers = web.authorization(credentials.Credential(login.password, login.user or "x-access-token"))
            self._configured += [(f"http.{remote}.extraHeader", f"{key}: {value}") for key, value in self._headers.items()]
        self._trusting: Path | None = None
        if scheme == "file":
            # a mirror on a share belongs to somebody else, and nothing in it is run; the other side reads no other configuration of ours
            self._trusting = folder / "trusting"
            self._trusting.write_text("[safe]\n\tdirectory = *\n")
        self._run("init", "--quiet", "--bare", str(folder))

    def _environment(self) -> dict[str, str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("GIT_") or key in {"GIT_SSL_CAINFO", "GIT_SSH_COMMAND"}
        }
        numbered: dict[str, str] = {}
        for number, (key, value) in enumerate(self._configured):
            numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        ssh = {"GIT_SSH_COMMAND": kept.get("GIT_SSH_COMMAND", "ssh") + " -o BatchMode=yes"}
        if self._trusting:
            kept["GIT_CONFIG_GLOBAL"] = str(self._trusting)
        if self._asked.anonymous:  # .netrc, credential helpers, cookies and addresses rewritten are this machine's
            nobody = {"HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder), "GIT_CONFIG_GLOBAL": os.devnull}
            kept |= {**nobody, "GIT_CONFIG_SYSTEM": os.devnull}
        asked = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C", "GIT_CONFIG_COUNT": str(len(self._configured))}
        return {**kept, **ssh, **asked, **numbered}

    def _run(self, *arguments: str, given: str = "") -> str:
        command = ["git", "-C", str(self._folder), *arguments]
        try:
            done = subprocess.run(
                command,
                input=given.encode(),
                capture_output=True,
                env=self._environment(),
                timeout=self._options.seconds,
                restore_signals=not self._asked.sample,  # git is to say that a file is too large, and not to be killed for it
                preexec_fn=_small_files if self._asked.sample else None,
            )
        except FileNotFoundError:
            raise DataError("git is not installed; the connector git needs it") from None
        except subprocess.TimeoutExpired:
            raise DataError(f"{self._shown}: git took longer than allowed (seconds)") from None
        if done.returncode:
            lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            said = next(
                (line for line in reversed(lines) if line.startswith(("fatal:", "error:", "remote:"))), (lines or ["no word"])[-1]
            )
            said = said.replace(self._remote, self._shown).replace(str(self._folder), "")
            raise DataError(f"{self._shown}: {said.removeprefix('fatal: ')}{_advice(said)}")
        return done.stdout.decode("utf-8", "surrogateescape")

    def resolve(self, ref: str) -> str:
        """The commit that a branch or tag of the remote names."""
        names = ["HEAD"] if ref == "HEAD" else [f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"]
        said = self._run("ls-remote", self._remote, *names)
        found = {name: commit for commit, name in (line.split("\t") for line in said.splitlines())}
        for name in names:
            if name in found:
                return found[name]
        raise DeclarationError(f"where.git.ref: {self._shown} has no branch and no tag {ref!r}")

    def fetch(self, commit: str) -> None:
        """Commits and folders up to `commit`; files too, where the server cannot leave them out."""
        self._run("remote", "add", "origin", self._remote)
        named = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        ask = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]
        if self._is_dumb():
            self._run(*ask, "origin", *named)
        else:
            depth = [] if self._options.history else ["--depth=1"]
            try:
                self._run(*ask, "--filter=blob:none", *depth, "origin", commit)
            except DataError:  # a server may refuse to be asked for a commit that no name points to
                self._run(*ask, "--filter=blob:none", "origin", *named)
        kind = self._run("cat-file", "--batch-check=%(objecttype)", given=commit).strip()
        if kind != "commit":
            raise DeclarationError(f"where.git.commit: {self._shown} has no commit {commit}")

    def _is_dumb(self) -> bool:
        """Whether files on a plain web server stand for git's own: told to leave files out, git waits for ever there."""
        if self._limits is None:
            return False
        url = f"{self._remote.rstrip('/')}/info/refs?service=git-upload-pack"
        try:
            answer = web.get(url, self._limits, self._headers)
        except DataError:
            return False  # git says it better
        answer.body.close()
        return "x-git-upload-pack-advertisement" not in answer.headers.get("Content-Type", "")

    def files(self, commit: str) -> list[_File]:
        """Every regular file of the commit, by path."""
        found = []
        for line in self._run("ls-tree", "-r", "-z", commit).split("\0"):
            if not line:
                continue
            described, path = line.split("\t", 1)
            mode, _, blob = described.split(" ")
            if mode in _FILE_MODES:
                found.append(_File(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), blob))
        return sorted(found, key=lambda one: one.path)

    def history(self, commit: str) -> dict[str, dict[str, Any]]:
        """Path -> authors by number of commits, and the day it first appeared (committer's date)."""
        mailmap = (
            ["-c", "mailmap.blob=" + commit + ":.mailmap"]
            if ".mailmap" in self._run("ls-tree", "--name-only", commit).split("\n")
            else []
        )
        mark = secrets.token_hex(8)  # what no name of an author and of a file holds
        said = self._run(*mailmap, "log", "--no-renames", "--name-only", "-z", f"--format={mark}%cs{mark}%aN{mark}", commit)
        authors: dict[str, Counter[str]] = {}
        first: dict[str, str] = {}
        parts = said.split(mark)[1:]
        for day, name, paths in zip(parts[0::3], parts[1::3], parts[2::3], strict=True):
            for path in filter(None, paths.replace("\n", "", 1).split("\0")):
                authors.setdefault(path, Counter())[name] += 1
                first[path] = min(day, first.get(path, day))
        return {
            path: {
                "authors": [name for name, _ in sorted(by.items(), key=lambda one: (-one[1], one[0]))],
                "published": first[path],
            }
            for path, by in authors.items()
        }

    def fetch_blobs(self, blobs: list[str]) -> None:
        """Files that are not here yet, in one request."""
        listed = "\n".join(sorted(set(blobs)))
        if not listed:
            return
        promised = ["-c", "remote.origin.promisor=false", "-c", "extensions.partialClone="]
        known = self._run(*promised, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=listed)
        missing = "\n".join(line.split(" ")[0] for line in known.splitlines() if line.endswith(" missing"))
        if missing:
            ask = [
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-write-fetch-head",
                "--recurse-submodules=no",
                "--filter=blob:none",
                "--stdin",
                "origin",
            ]
            self._run("-c", "fetch.negotiationAlgorithm=noop", *ask, given=missing)

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """A function from a file to its bytes, read from one process in the order they are asked for."""
        command = ["git", "-C", str(self._folder), "cat-file", "--batch"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment()
        ) as process:
            assert process.stdin and process.stdout
            output = process.stdout
            last: list[_Blob] = []

            def read(one: _File) -> BinaryIO:
                for before in last:
                    before.finish()
                assert process.stdin
                process.stdin.write(f"{one.blob}\n".encode())
                process.stdin.flush()
                header = output.readline().decode().split()
                if len(header) != 3 or int(header[2]) > MAX_FILE:
                    raise DataError(
                        f"{self._shown}: {one.path}: {'more than 1 GiB' if len(header) == 3 else 'the server does not give it'}"
                    )
                last[:] = [_Blob(output, int(header[2]))]
                return cast(BinaryIO, last[0])

            yield read
            process.stdin.close()
            process.kill()


def _small_files() -> None:
    """A trial's pack may be no larger than this; git says so and ends."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_TRIAL, MOST_TRIAL))


class _Blob:
    """The next bytes of the process's output, and the line end after them."""

    def __init__(self, output: IO[bytes], size: int) -> None:
        self._output, self._left, self._ended = output, size, False

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        content = self._output.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        return content

    def finish(self) -> None:
        """Leave the output where the next file begins."""
        while self._left and self.read(1 << 20):
            pass
        self._output.read(1)


def _advice(said: str) -> str:
    if "could not read Username" in said or "Authentication failed" in said or "terminal prompts disabled" in said:
        return f" (a login is needed: {credentials.ADVICE})"
    if "redirect" in said:
        return " (the repository moved: write its new address)"
    return ""
