"""A git repository and a dataset hub as sources: real git over files and http, the hub's API on a server of its own."""

import hashlib
import http.server
import json
import os
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation import published
from curation.errors import DataError, DeclarationError
from curation.questions import check
from curation.steps import extract, ingest
from curation.store import Workspace
from tests.connectors.conftest import Site
from tests.connectors.test_connectors import declare, texts

DAYS = {"first": "2024-03-01T10:00:00+0800", "second": "2025-05-05T10:00:00+0800", "third": "2026-01-02T10:00:00+0800"}


def git(repository: Path, *arguments: str, name: str = "Zhang San", day: str = "first") -> str:
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", "a@b.cn"), ("DATE", DAYS[day]))
    }
    config = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **who, **config},
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two authors, two days, a license below the root, a link; bare, as a server holds it."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    for name, text in {
        "docs/入门.md": "# 入门\n\n电网巡检。\n", "docs/b.md": "# B\n\nText.\n", "LICENSE": "MIT License\n\nCopyright (c) 2024\n",
        "third/LICENSE": "All rights reserved.", "third/c.md": "# C\n\nOther.\n", "code/a.py": "x = 1\n",
        "big.md": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
    }.items():  # fmt: skip
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    (work / "docs/link.md").symlink_to("b.md")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "one")
    (work / "docs/b.md").write_text("# B\n\nText, changed.\n")
    (work / ".mailmap").write_text("Li Si <a@b.cn> lisi <a@b.cn>\n")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "two", name="lisi", day="second")
    git(tmp_path, "clone", "-q", "--bare", "work", "up.git")
    git(tmp_path / "up.git", "config", "uploadpack.allowFilter", "true")
    git(tmp_path / "up.git", "update-server-info")
    return tmp_path / "up.git"


def rows(workspace: Workspace, source: str) -> dict[str, dict[str, Any]]:
    found = {}
    for group in published.documents(workspace, source)["groups"]:
        for shard in group["shards"]:
            found |= {row["native_id"]: row for row in workspace.read_table(shard["file"]).to_pylist()}
    return found


def test_files_of_a_commit(repository: Path, workspace: Workspace) -> None:
    """Documents by path with authors, first day and nearest license; links are left out; the commit is in every address."""
    declare(workspace, "handbook", "{git: {url: up.git, paths: [docs, 'third/*.md', big.md]}}", "markdown")
    assert ingest.run("handbook", workspace) | {"bytes": 0} == {"objects": 6, "fetched": 6, "bytes": 0}
    extract.run("handbook", workspace)
    found = rows(workspace, "handbook")
    assert set(found) == {"docs/入门.md", "docs/b.md", "third/c.md"}
    assert found["docs/b.md"]["text"].endswith("Text, changed.\n") or "Text, changed." in found["docs/b.md"]["text"]
    assert found["docs/b.md"]["authors"] == ["Li Si", "Zhang San"] and str(found["docs/b.md"]["published"]) == "2024-03-01"
    assert found["docs/入门.md"]["authors"] == ["Zhang San"]
    claims = {name: [claim["detector"] for claim in row["license_claims"]] for name, row in found.items()}
    assert claims["third/c.md"] == ["manifest", "denial"] and "denial" not in claims["docs/b.md"]
    commit = git(repository, "rev-parse", "main")
    (uri,) = [o["uri"] for o in published.raw(workspace, "handbook")["objects"] if o["name"] == "docs/b.md"]
    assert uri == f"git+file:up.git@{commit}#docs/b.md"
    (refused,) = [r for key in workspace.files("quarantine/handbook") for r in workspace.read_table(key).to_pylist()]
    assert (refused["object"], refused["reason"]) == ("big.md", "lfs_pointer")
    assert "a@b.cn" not in json.dumps(published.raw(workspace, "handbook"))


def test_only_what_changed_is_fetched(repository: Path, workspace: Workspace, tmp_path: Path) -> None:
    """Nothing when the commit is the same; one file when one changed; a pinned commit stays where it is."""
    declare(workspace, "handbook", "{git: {url: up.git, ref: main, paths: [docs]}}", "markdown")
    ingest.run("handbook", workspace)
    first = git(repository, "rev-parse", "main")
    assert ingest.run("handbook", workspace)["fetched"] == 0
    (tmp_path / "work/docs/b.md").write_text("# B\n\nAgain.\n")
    git(tmp_path / "work", "commit", "-qam", "three", day="third")
    git(tmp_path / "work", "push", "-q", str(repository), "main")
    assert ingest.run("handbook", workspace)["fetched"] == 1
    objects = {o["name"]: o for o in published.raw(workspace, "handbook")["objects"]}
    assert {o["uri"].split("@")[1].split("#")[0] for o in objects.values()} == {git(repository, "rev-parse", "main")}
    assert objects["docs/b.md"]["fields"]["authors"] == ["Zhang San", "Li Si"]
    assert ingest.run("handbook", workspace)["fetched"] == 0
    declare(workspace, "handbook", f"{{git: {{url: up.git, commit: {first}, paths: [docs]}}}}", "markdown")
    ingest.run("handbook", workspace)
    extract.run("handbook", workspace)
    assert "Text, changed." in texts(workspace, "handbook")["docs/b.md"]


def test_a_mirror_of_somebody_else_and_a_name_that_is_no_text(repository: Path, workspace: Workspace, tmp_path: Path) -> None:
    """A share belongs to another user; an author's name may hold what no name does; a lost raw object is fetched again; dots are hidden."""
    (tmp_path / "work/docs/.hid").mkdir()
    (tmp_path / "work/docs/.hid/x.md").write_text("# hidden\n")
    (tmp_path / "work/docs/c.md").write_text("# C\n\nmore\n")
    git(tmp_path / "work", "add", "-A")
    git(tmp_path / "work", "commit", "-qm", "x", name="Li\x01\x02Si", day="third")
    git(tmp_path / "work", "push", "-q", str(repository), "main")
    if os.geteuid() == 0:
        for path in (repository, *repository.rglob("*")):
            os.chown(path, 65534, 65534)
    declare(workspace, "handbook", "{git: {url: up.git, paths: [./docs]}}", "markdown")
    assert ingest.run("handbook", workspace)["fetched"] == 5
    objects = {one["name"]: one for one in published.raw(workspace, "handbook")["objects"]}
    assert set(objects) == {"LICENSE", "third/LICENSE", "docs/入门.md", "docs/b.md", "docs/c.md"}
    assert objects["docs/c.md"]["fields"]["published"] == "2026-01-02" and "Li" in objects["docs/c.md"]["fields"]["authors"][0]
    (workspace.root / "data/raw/handbook/objects" / objects["docs/b.md"]["sha256"]).unlink()
    assert ingest.run("handbook", workspace) | {"bytes": 0} == {"objects": 5, "fetched": 1, "bytes": 0}


def test_a_file_that_went_does_not_make_everything_be_listed_again(
    repository: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipt stays and names another commit; the same commit is not fetched a second time."""
    from curation.connectors import git as connector

    declare(workspace, "handbook", "{git: {url: up.git, paths: [docs]}}", "markdown")
    ingest.run("handbook", workspace)
    git(tmp_path / "work", "rm", "-q", "docs/b.md")
    git(tmp_path / "work", "commit", "-qm", "gone", day="third")
    git(tmp_path / "work", "push", "-q", str(repository), "main")
    assert ingest.run("handbook", workspace) | {"bytes": 0} == {"objects": 3, "fetched": 0, "bytes": 0}

    def none(*_: object) -> None:
        raise AssertionError("fetched again")

    monkeypatch.setattr(connector._Git, "fetch", none)
    assert ingest.run("handbook", workspace)["objects"] == 3


class _Backend(http.server.BaseHTTPRequestHandler):
    """git's own http server (git-http-backend), behind a login where `token` is set."""

    root = ""
    token = ""

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        import base64

        wanted = "Basic " + base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        if self.token and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        parts = urllib.parse.urlsplit(self.path)
        body = self._body()
        environment = {
            **os.environ, "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": parts.path, "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value.split()[0]) for key, value in lines if key == "Status"), 200)
        self.send_response(status)
        for key, value in lines:
            if key != "Status":
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = b""
        while size := int(self.rfile.readline(), 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return out

    do_GET = do_POST = _serve


@pytest.fixture
def served(repository: Path) -> Iterator[tuple[str, type[_Backend]]]:
    handler = type("Handler", (_Backend,), {"root": str(repository.parent)})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/up.git", handler
    server.shutdown()
    server.server_close()


OPEN = "plain_http: true, private_addresses: true"


def test_over_http_with_a_token(
    served: tuple[str, type[_Backend]], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same files as from disk; a token goes by header and is nowhere on disk; a missing one is advice, not a prompt."""
    url, handler = served
    handler.token = "tok-3n-geheim"
    declare(workspace, "handbook", f"{{git: {{url: '{url}', paths: [docs], {OPEN}}}}}", "markdown")
    with pytest.raises(DataError, match="a login is needed: name the environment variable") as caught:
        ingest.run("handbook", workspace)
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("GIT_TOKEN_OF_DOCS", "tok-3n-geheim")
    declare(workspace, "handbook", f"{{git: {{url: '{url}', paths: [docs], auth_ref: GIT_TOKEN_OF_DOCS, {OPEN}}}}}", "markdown")
    assert ingest.run("handbook", workspace)["fetched"] == 4 and ingest.run("handbook", workspace)["fetched"] == 0
    extract.run("handbook", workspace)
    assert set(texts(workspace, "handbook")) == {"docs/入门.md", "docs/b.md"}
    assert not any(b"geheim" in path.read_bytes() for path in (workspace.root / "data").rglob("*") if path.is_file())


@pytest.mark.parametrize("history", ["true", "false"])
def test_a_plain_web_server_is_enough(repository: Path, workspace: Workspace, site: Site, history: str) -> None:
    """Git's dumb http: no partial clone and no depth there, so everything with a name is fetched."""
    for path in repository.rglob("*"):
        if path.is_file():
            site.pages[f"/up.git/{path.relative_to(repository).as_posix()}"] = (200, {}, path.read_bytes())
    site.pages["/up.git/info/refs?service=git-upload-pack"] = site.pages["/up.git/info/refs"]
    declare(
        workspace, "handbook", f"{{git: {{url: '{site.url}/up.git', paths: [docs], history: {history}, {OPEN}}}}}", "markdown"
    )
    assert ingest.run("handbook", workspace)["fetched"] == 4
    assert ("fields" in published.raw(workspace, "handbook")["objects"][-1]) == (history == "true")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("url: absent.git", "no repository at absent.git"),
        ("url: up.git, ref: nothing", "has no branch and no tag 'nothing'"),
        (f"url: up.git, commit: '{'0' * 40}'", "not our ref|has no commit|remote did not send"),
        ("url: up.git, paths: [nowhere]", "no file at .* matches paths: nowhere"),
        ("url: 'ext::sh -c touch% /tmp/pwned'", "allowed are https"),
        ("url: '--upload-pack=touch /tmp/pwned'", "allowed are https"),
        ("url: 'gopher://example.org/x'", "allowed are https"),
        ("url: 'https://me:hunter2@example.org/x.git'", "contains a password"),
        ("url: up.git, ref: '--output=/tmp/pwned'", "ref: String should match"),
        ("url: 'http://127.0.0.1:1/x.git'", "plain http is not allowed"),
        ("url: 'https://127.0.0.1:1/x.git'", "is a private address"),
        ("url: 'https://localhost:1/x.git', private_addresses: true", "onnect"),
    ],
)
def test_faults_of_a_repository(repository: Path, workspace: Workspace, where: str, message: str) -> None:
    """One line each, and git is never told an address that it would run."""
    declare(workspace, "handbook", f"{{git: {{{where}}}}}", "markdown")
    with pytest.raises((DataError, DeclarationError), match=message) as caught:
        check.source(workspace, "handbook")
        ingest.run("handbook", workspace)
    assert "\n" not in str(caught.value) and "hunter2" not in str(caught.value)
    assert not Path("/tmp/pwned").exists()


# --- the hub ----------------------------------------------------------------------------------------------


class Hub:
    """A hub with one dataset, org/grid: the two calls of its API and its files, the large one as LFS elsewhere."""

    def __init__(self, site: Site, elsewhere: Site) -> None:
        self.site, self.elsewhere, self.commit = site, elsewhere, "c" * 40
        self.files: dict[str, bytes] = {}

    def put(self, files: dict[str, bytes], commit: str) -> None:
        self.files, self.commit = files, commit
        api = "/api/datasets/org/grid"
        info = {
            "id": "org/grid",
            "sha": commit,
            "siblings": [{"rfilename": name} for name in files],
            "private": False,
            "tags": [],
            "downloads": 0,
        }
        tree = []
        for name, content in files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            entry: dict[str, Any] = {"type": "file", "path": name, "size": len(content), "oid": blob}
            place = f"/datasets/org/grid/resolve/{commit}/{name}"
            if name.endswith(".parquet"):
                entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
                self.site.pages[place] = (302, {"Location": f"{self.elsewhere.url}/{name}?X-Signature=s"}, b"")
                self.elsewhere.pages[f"/{name}?X-Signature=s"] = (200, {}, content)
            else:
                self.site.pages[place] = (200, {}, content)
            tree.append(entry)
        for revision in ("main", commit):
            self.site.pages[f"{api}/revision/{revision}"] = (200, {"Content-Type": "application/json"}, json.dumps(info).encode())
            for query in ("?recursive=true&expand=false", "?recursive=True&expand=False"):
                self.site.pages[f"{api}/tree/{revision}{query}"] = (
                    200,
                    {"Content-Type": "application/json"},
                    json.dumps(tree).encode(),
                )


CARD = b"""---
license: cc-by-4.0
configs:
- config_name: zh
  data_files: [{split: train, path: zh/*.jsonl}, {split: test, path: zh_test.jsonl}]
- config_name: en
  data_files: en/*.parquet
---
# Grid
"""


@pytest.fixture
def hub(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    import huggingface_hub
    from huggingface_hub import constants

    elsewhere = Site()
    monkeypatch.setattr(constants, "ENDPOINT", site.url)  # what HF_ENDPOINT sets when a process begins
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", site.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    one = Hub(site, elsewhere)
    yield one
    elsewhere.server.shutdown()
    elsewhere.server.server_close()


def lines(*found: str) -> bytes:
    return b"".join(json.dumps({"text": text}).encode() + b"\n" for text in found)


def parquet(*found: str) -> bytes:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"text": list(found)}), out)
    return out.getvalue()


def test_a_dataset_of_a_hub(hub: Hub, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a config, the card's license as a claim, the token for the hub alone, and only what changed the next time."""
    files = {
        "README.md": CARD,
        "zh/a.jsonl": lines("甲", "乙"),
        "zh_test.jsonl": lines("丙"),
        "en/x.parquet": parquet("one", "two"),
    }
    hub.put(files, "c" * 40)
    monkeypatch.setenv("HUB_TOKEN", "hf_geheim")
    declare(workspace, "grid", "{hub: {id: org/grid, config: zh, splits: [train], auth_ref: HUB_TOKEN}}", "jsonl")
    assert ingest.run("grid", workspace)["objects"] == 1
    extract.run("grid", workspace)
    assert list(texts(workspace, "grid").values()) == ["甲", "乙"]
    (one,) = published.raw(workspace, "grid")["objects"]
    assert one["uri"] == f"hf://datasets/org/grid@{'c' * 40}/zh/a.jsonl"
    assert one["claims"] == [["package_metadata", "cc-by-4.0", "license: cc-by-4.0", f"README.md of org/grid@{'c' * 12}"]]
    declare(workspace, "grid-en", "{hub: {id: org/grid, config: en, auth_ref: HUB_TOKEN}}", "parquet")
    ingest.run("grid-en", workspace)
    assert any("Authorization" in headers for _, headers in hub.site.asked)
    assert hub.elsewhere.asked and not any("Authorization" in headers for _, headers in hub.elsewhere.asked)
    hub.put({**files, "zh/b.jsonl": lines("丁")}, "d" * 40)
    assert ingest.run("grid", workspace) | {"bytes": 0} == {"objects": 2, "fetched": 1, "bytes": 0}
    assert b"hf_geheim" not in b"".join(p.read_bytes() for p in (workspace.root / "data").rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("id: org/grid, config: fr", "has no 'fr'; known: zh, en"),
        ("id: org/grid, splits: [dev]", "no data_files for dev"),
        ("id: org/grid, files: ['*.csv']", "no file matches; there are: README.md, en/x.parquet"),
        ("id: org/other", "there is no such dataset, or it is private"),
        ("id: org/grid, revision: v9", "where.hub.revision: .* has no 'v9'"),
        ("id: ../../etc", "id: String should match"),
        ("id: org/grid, config: en", "digest is not the one that the hub promises"),
    ],
)
def test_faults_of_a_hub(hub: Hub, workspace: Workspace, where: str, message: str) -> None:
    hub.put({"README.md": CARD, "zh/a.jsonl": lines("甲"), "en/x.parquet": parquet("one")}, "c" * 40)
    hub.elsewhere.pages["/en/x.parquet?X-Signature=s"] = (200, {}, b"something else")
    hub.site.pages["/api/datasets/org/other/revision/main"] = (404, {"X-Error-Code": "RepoNotFound"}, b"{}")
    hub.site.pages["/api/datasets/org/grid/revision/v9"] = (404, {"X-Error-Code": "RevisionNotFound"}, b"{}")
    declare(workspace, "grid", f"{{hub: {{{where}}}}}", "jsonl")
    with pytest.raises((DataError, DeclarationError), match=message) as caught:
        check.source(workspace, "grid")
        ingest.run("grid", workspace)
    assert "\n" not in str(caught.value)
