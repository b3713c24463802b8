"""Places bytes come from: local files, the web, a package index, databases. Servers are real and on loopback."""

import contextlib
import hashlib
import io
import json
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest

from curation import published, web
from curation.errors import DataError
from curation.steps import extract, ingest
from curation.store import Workspace
from tests.connectors.conftest import Site


def declare(workspace: Workspace, name: str, where: str, form: str = "text", more: str = "") -> None:
    text = f"id: {name}\ntitle: {name}\nwhere: {where}\nformat: {form}\nlicense: MIT\ncontact: x@example.org\n{more}"
    workspace.source_file(name).write_text(text, encoding="utf-8")


def texts(workspace: Workspace, source: str) -> dict[str, str]:
    rows: dict[str, str] = {}
    for group in published.documents(workspace, source)["groups"]:
        for shard in group["shards"]:
            rows |= {r["native_id"]: r["text"] for r in workspace.read_table(shard["file"]).to_pylist()}
    return rows


def test_local_folder_and_nearest_license(workspace: Workspace, tmp_path: Path) -> None:
    """All files, named relative to the folder; a LICENSE is a claim about its folder, not a document."""
    for name, text in {
        "a/one.md": "# One",
        "a/LICENSE": "All rights reserved.",
        "b/two.md": "# Two",
        ".git/x.md": "hidden",
    }.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    declare(workspace, "notes", "./in", "markdown", 'members: ["*.md"]\n')
    ingest.run("notes", workspace)
    assert extract.run("notes", workspace)["documents"] == 2
    assert set(texts(workspace, "notes")) == {"a/one.md", "b/two.md"}
    claims = {}
    for group in published.documents(workspace, "notes")["groups"]:
        for shard in group["shards"]:
            claims |= {
                r["native_id"]: [c["detector"] for c in r["license_claims"]]
                for r in workspace.read_table(shard["file"]).to_pylist()
            }
    assert claims == {"a/one.md": ["manifest", "denial"], "b/two.md": ["manifest"]}


def test_broken_archives_cost_themselves_only(workspace: Workspace, tmp_path: Path) -> None:
    """Cut short, wrong sums, encrypted by name only, nothing that matches: each is told, the sound one is read."""
    good = sdist()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.tar.gz").write_bytes(good)
    (folder / "cut.tar.gz").write_bytes(good[: len(good) // 2])
    (folder / "no.zip").write_bytes(b"PK nothing")
    with zipfile.ZipFile(folder / "sum.zip", "w", zipfile.ZIP_STORED) as pack:
        pack.writestr("docs/a.rst", "sound text " * 50)
    broken = (folder / "sum.zip").read_bytes().replace(b"sound text", b"spoilt txt", 3)
    (folder / "sum.zip").write_bytes(broken)
    with zipfile.ZipFile(folder / "empty.zip", "w") as pack:
        pack.writestr("other/a.md", "x")
    declare(workspace, "packs", "./in", "rst", 'members: ["docs/*.rst"]\n')
    ingest.run("packs", workspace)
    report = extract.run("packs", workspace)
    assert report["documents"] == 1 and report["documents"] + report["quarantined"] == report["records"]
    rows = [r for key in workspace.files("quarantine/packs") for r in workspace.read_table(key).to_pylist()]
    assert {r["object"]: r["reason"] for r in rows} == {
        "cut.tar.gz": "broken_archive", "no.zip": "broken_archive", "sum.zip": "broken_stream", "empty.zip": "no_member",
    }  # fmt: skip


def test_many_small_files_are_few_shards(workspace: Workspace, tmp_path: Path) -> None:
    """300 files are at most 64 shards, and one more file touches one of them."""
    (tmp_path / "in").mkdir()
    for n in range(300):
        (tmp_path / "in" / f"{n}.txt").write_text(f"document {n}")
    declare(workspace, "many", "./in")
    ingest.run("many", workspace)
    extract.run("many", workspace)
    before = {s["file"] for g in published.documents(workspace, "many")["groups"] for s in g["shards"]}
    (tmp_path / "in" / "new.txt").write_text("new")
    ingest.run("many", workspace)
    extract.run("many", workspace)
    after = {s["file"] for g in published.documents(workspace, "many")["groups"] for s in g["shards"]}
    assert len(before) <= 64 and len(after - before) <= 1 and len(texts(workspace, "many")) == 301


def test_http_is_fetched_once_and_keeps_a_receipt(workspace: Workspace, site: Site) -> None:
    """ETag asks whether it changed; the receipt says where from and when."""
    site.pages["/page.txt"] = (200, {"ETag": '"1"'}, b"hello")
    declare(workspace, "page", f'{{http: {{url: "{site.url}/page.txt", plain_http: true, private_addresses: true}}}}')
    assert ingest.run("page", workspace)["fetched"] == 1
    assert ingest.run("page", workspace)["fetched"] == 0
    (receipt,) = published.receipts(workspace, "page")
    assert (
        receipt["sha256"] == hashlib.sha256(b"hello").hexdigest()
        and receipt["retrieved_at"]
        and receipt["facts"]["etag"] == '"1"'
    )
    site.pages["/page.txt"] = (200, {"ETag": '"2"'}, b"changed")
    assert ingest.run("page", workspace)["fetched"] == 1
    extract.run("page", workspace)
    assert list(texts(workspace, "page").values()) == ["changed"]


@pytest.mark.parametrize(
    ("url", "limits", "message"),
    [
        ("{site}/x", {}, "plain http is not allowed"),
        ("{site}/x", {"plain_http": True}, "private address"),
        ("http://2130706433/", {"plain_http": True}, "private address"),
        ("http://[::ffff:127.0.0.1]/", {"plain_http": True}, "private address"),
        ("http://0x7f.1/", {"plain_http": True}, "private address"),
        ("http://169.254.169.254/latest", {"plain_http": True}, "private address"),
        ("file:///etc/passwd", {"plain_http": True}, "only https"),
        ("gopher://example.org/", {"plain_http": True}, "only https"),
        ("{site}/loop", {"plain_http": True, "private_addresses": True}, "more than 5 redirects"),
        ("{site}/big", {"plain_http": True, "private_addresses": True, "max_bytes": 100}, "larger than allowed"),
        ("{site}/gone", {"plain_http": True, "private_addresses": True}, "answered 404"),
        ("{site}/to-file", {"plain_http": True, "private_addresses": True}, "only https"),
        ("{site}/short", {"plain_http": True, "private_addresses": True}, "early"),
    ],
)
def test_the_web_is_entered_carefully(site: Site, url: str, limits: dict[str, object], message: str) -> None:
    """No private address unless allowed, no other scheme, capped redirects and sizes, no short body taken for whole."""
    site.pages["/loop"] = (302, {"Location": "/loop"}, b"")
    site.pages["/big"] = (200, {}, b"x" * 5000)
    site.pages["/to-file"] = (302, {"Location": "file:///etc/passwd"}, b"")
    site.pages["/short"] = (200, {"Content-Length": "100", "Connection": "close"}, b"x" * 10)
    with pytest.raises(DataError, match=message):
        answer = web.get(url.format(site=site.url), web.Limits(**{"seconds": 5, **limits}))  # type: ignore[arg-type]
        while answer.body.read(1000):
            pass
    if message in {"plain http is not allowed", "private address"}:
        assert site.asked == []


def test_a_slow_server_and_an_address_in_han(site: Site) -> None:
    """Bytes that drip end at the time allowed; Han in a path and in a redirect is encoded; a redirect to no address is one line."""
    import socket
    import threading
    import time

    site.pages["/%E6%89%8B%E5%86%8C.txt"] = (200, {}, b"found")
    site.pages["/to-han"] = (302, {"Location": "/手册.txt".encode().decode("latin-1")}, b"")
    site.pages["/bad"] = (302, {"Location": "http://[bad"}, b"")
    limits = web.Limits(seconds=5, plain_http=True, private_addresses=True)
    for path in ("/手册.txt", "/to-han"):
        assert web.get(site.url + path, limits).body.read() == b"found"
    with pytest.raises(DataError, match="leads to what is no address"):
        web.get(f"{site.url}/bad", limits)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(DataError, match="took longer than allowed"):
            web.get(
                f"http://127.0.0.1:{server.getsockname()[1]}/", web.Limits(seconds=1, plain_http=True, private_addresses=True)
            )


def test_credentials_never_reach_a_message(site: Site) -> None:
    """A user's password in an address is not repeated."""
    with pytest.raises(DataError) as caught:
        web.get("http://me:hunter2@127.0.0.1:9/x?token=hunter2", web.Limits(plain_http=True, private_addresses=True))
    assert "hunter2" not in str(caught.value)


def sdist() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in {
            "demo-1.0/PKG-INFO": b"Name: demo\nLicense: Apache-2.0\n\n",
            "demo-1.0/LICENSE": "非商业用途遵守 Apache License 2.0；商业用途须经授权。".encode(),
            "demo-1.0/docs/intro.rst": "说明\n====\n\n正文。\n".encode(),
            "demo-1.0/setup.py": b"raise SystemExit('executed')\n",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("form", ["json", "html"])
def test_package_index(workspace: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """The simple API as JSON and as HTML; purl names; metadata and LICENSE as claims; Requires-Python ignored."""
    content = sdist()
    digest = hashlib.sha256(content).hexdigest()
    if form == "json":
        files = [
            {
                "filename": "demo-1.0.tar.gz",
                "url": "../../files/demo-1.0.tar.gz",
                "hashes": {"sha256": digest},
                "requires-python": ">=99",
            }
        ]
        body = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": files}).encode()
        kind = "application/vnd.pypi.simple.v1+json"
    else:
        body = f'<!doctype html><a data-requires-python="&gt;=99" href="../../files/demo-1.0.tar.gz#sha256={digest}">demo-1.0.tar.gz</a>'.encode()
        kind = "text/html"
    site.pages["/simple/demo/"] = (200, {"Content-Type": kind}, body)
    site.pages["/files/demo-1.0.tar.gz"] = (200, {}, content)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{site.url}/simple")
    declare(workspace, "demo", '{package_index: {package: Demo, version: "1.0"}}', "rst", 'members: ["docs/*.rst"]\n')
    assert ingest.run("demo", workspace)["fetched"] == 1 and ingest.run("demo", workspace)["fetched"] == 0
    extract.run("demo", workspace)
    assert list(texts(workspace, "demo")) == ["pkg:pypi/demo@1.0#docs/intro.rst"]
    shard = published.documents(workspace, "demo")["groups"][0]["shards"][0]
    claims = workspace.read_table(shard["file"])["license_claims"][0].as_py()
    assert [c["detector"] for c in claims] == ["manifest", "package_metadata", "denial"]
    assert site.url not in json.dumps(published.raw(workspace, "demo")) + json.dumps(published.receipts(workspace, "demo"))


def test_a_pin_that_differs_stops(workspace: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not the pinned one is never stored; a version that is not there names those that are."""
    body = b'<a href="/files/demo-1.0.tar.gz">demo-1.0.tar.gz</a>'
    site.pages["/simple/demo/"] = (200, {"Content-Type": "text/html"}, body)
    site.pages["/files/demo-1.0.tar.gz"] = (200, {}, sdist())
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{site.url}/simple")
    declare(workspace, "demo", f'{{package_index: {{package: demo, version: "1.0", sha256: "{"0" * 64}"}}}}')
    with pytest.raises(DataError, match=r"expected sha256 000.*got"):
        ingest.run("demo", workspace)
    assert not workspace.files("raw/demo")
    declare(workspace, "demo", '{package_index: {package: demo, version: "2.0"}}')
    with pytest.raises(DataError, match=r"has no sdist 2.0; the newest there: 1.0"):
        ingest.run("demo", workspace)


def database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table articles (law text, chapter text, number integer, body text, status text)")
        rows = [
            ("甲法", "总则", 1, "第一条内容", "有效"),
            ("甲法", "总则", 2, "第二条内容", "有效"),
            ("甲法", None, 3, "附则", "有效"),
            ("乙法", "一", 1, "条文", "废止"),
        ]
        connection.executemany("insert into articles values (?, ?, ?, ?, ?)", rows)
    connection.close()


SQL_MAP = (
    'map: {id: "{law}/{chapter}", group_by: [law, chapter], title: "{law} {chapter}", text: body, join: "\\n", keep: [status]}\n'
)
QUERY = "SELECT law, chapter, number, body, status FROM articles ORDER BY law, chapter, number"


def test_sql_from_a_file_and_from_another_sources_raw(workspace: Workspace, tmp_path: Path) -> None:
    """Rows become one document per group; the same rows give the same raw bytes; the database is only read."""
    database(tmp_path / "laws.db")
    declare(workspace, "laws", f'{{sql: {{url: "sqlite:///laws.db", query: "{QUERY}"}}}}', "parquet", SQL_MAP)
    ingest.run("laws", workspace)
    assert ingest.run("laws", workspace)["objects"] == 1 and len(published.receipts(workspace, "laws")) == 1
    assert extract.run("laws", workspace) == {"records": 4, "documents": 3, "quarantined": 0, "extracted": 1, "reused": 0}
    assert texts(workspace, "laws") == {"甲法/总则": "第一条内容\n第二条内容", "甲法/": "附则", "乙法/一": "条文"}

    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "pack.whl", "w") as wheel:
        wheel.write(tmp_path / "laws.db", "pack/data/laws.db")
    declare(workspace, "pack", "./in", "code")
    origin = f'{{sql: {{from: {{source: pack, member: "*/laws.db"}}, query: "{QUERY}"}}}}'
    declare(workspace, "inner", origin, "parquet", SQL_MAP)
    with pytest.raises(DataError, match="source 'pack' has no raw bytes yet"):
        ingest.run("inner", workspace)
    ingest.run("pack", workspace)
    ingest.run("inner", workspace)
    assert published.raw(workspace, "inner")["objects"][0]["sha256"] == published.raw(workspace, "laws")["objects"][0]["sha256"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT absent FROM articles ORDER BY 1", "no such column"),
        ("WITH x AS (SELECT 1 AS a ORDER BY 1) DELETE FROM articles", "readonly"),
    ],
)
def test_sql_faults_are_one_line(workspace: Workspace, tmp_path: Path, query: str, message: str) -> None:
    """The database's own words, and no write."""
    database(tmp_path / "laws.db")
    declare(workspace, "laws", f'{{sql: {{url: "sqlite:///laws.db", query: "{query}"}}}}', "parquet")
    with pytest.raises(DataError, match=message) as caught:
        ingest.run("laws", workspace)
    assert "\n" not in str(caught.value)
    with sqlite3.connect(tmp_path / "laws.db") as connection:
        assert connection.execute("select count(*) from articles").fetchone() == (4,)
    connection.close()
