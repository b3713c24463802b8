"""S3 and web archives far away: only what changed, by the ranges asked for, and faults in one line."""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.errors import DataError, DeclarationError
from curation.questions import check
from curation.steps import extract, ingest
from curation.store import Workspace
from tests import servers
from tests.connectors.test_connectors import declare, texts


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """moto's server with some objects in a bucket of its own."""
    import boto3

    with servers.s3() as url:
        s3 = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="k", aws_secret_access_key="geheimes", region_name="us-east-1"
        )
        s3.create_bucket(Bucket="manuals")
        for name, text in {"a/一.txt": "第一篇", "a/b/two.txt": "two", "other.md": "no"}.items():
            s3.put_object(Bucket="manuals", Key=name, Body=text.encode())
        yield url


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/a", {"一.txt", "b/two.txt"}),
        ("/a/**/*.txt", {"一.txt", "b/two.txt"}),
        ("/other.md", {"other.md"}),
        ("", {"a/一.txt", "a/b/two.txt", "other.md"}),
    ],
)
def test_objects_of_a_bucket(
    endpoint: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, path: str, names: set[str]
) -> None:
    """A folder, a glob, an object, a bucket; what did not change is not fetched twice; the login is nowhere on disk."""
    monkeypatch.setenv("STORE_KEY", "k:geheimes")
    declare(
        workspace,
        "manuals",
        f'{{s3: {{url: "s3://manuals{path}", endpoint: "{endpoint}", region: us-east-1, auth_ref: STORE_KEY}}}}',
    )
    assert ingest.run("manuals", workspace)["fetched"] == len(names) and ingest.run("manuals", workspace)["fetched"] == 0
    extract.run("manuals", workspace)
    assert set(texts(workspace, "manuals")) == names
    assert "geheimes" not in "".join(p.read_text("utf-8", "replace") for p in workspace.root.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ('url: "s3://manuals/nothing"', "there is no such object"),
        ('url: "s3://absent-bucket/x"', "s3://absent-bucket/x: "),
        ('url: "https://manuals/x"', "url: String should match"),
        ('url: "s3://manuals/a", endpoint: "http://me:hunter2@x"', "endpoint: String should match"),
        ('url: "s3://manuals/a", auth_ref: ONE_WORD', "is not ACCESS_KEY:SECRET_KEY"),
        ('url: "s3://manuals/a", auth_ref: ONE_WORD, anonymous: true', "not both"),
    ],
)
def test_faults_of_a_bucket(
    endpoint: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, where: str, message: str
) -> None:
    monkeypatch.setenv("ONE_WORD", "oneword")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    where = where if "endpoint" in where else f'{where}, endpoint: "{endpoint}"'
    declare(workspace, "manuals", f"{{s3: {{{where}}}}}")
    with pytest.raises((DataError, DeclarationError), match=message) as caught:
        check.source(workspace, "manuals")
        ingest.run("manuals", workspace)
    assert "\n" not in str(caught.value) and "hunter2" not in str(caught.value)


# --- ranges of web archives ---------------------------------------------------------------------------------


def response(number: int) -> bytes:
    page = f"<html><body><article><h1>页 {number}</h1><p>{'电网运行规程的正文。' * 40}</p></article></body></html>".encode()
    http_part = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.org/{number}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{number:032d}>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(http_part)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http_part + b"\r\n\r\n", mtime=0)


@pytest.fixture
def archive() -> Iterator[tuple[str, list[tuple[int, int]], list[str]]]:
    """A server that answers ranges of one archive of five pages: its address, the place of each page, ranges asked for."""
    parts = [response(n) for n in range(5)]
    whole, places, asked = b"".join(parts), [], []
    for part in parts:
        places.append((places[-1][0] + places[-1][1] if places else 0, len(part)))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = self.headers.get("Range", "")
            asked.append(said)
            if self.path.startswith("/norange"):
                self.send_response(200)
                body = whole
            else:
                begin, end = (int(x) for x in said.removeprefix("bytes=").split("-"))
                body = whole[begin : end + 1]
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{begin + len(body) - 1}/{len(whole)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", places, asked
    server.shutdown()
    server.server_close()


def write(path: Path, rows: list[tuple[int, int]], kind: str, name: str = "crawl/a.warc.gz") -> str:
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        keys = ("warc_filename", "warc_record_offset", "warc_record_length")
        pq.write_table(pa.Table.from_pylist([dict(zip(keys, (name, *row))) for row in rows]), path / "c.parquet")
        return "c.parquet"
    found = [json.dumps({"filename": name, "offset": str(o), "length": str(n)}) for o, n in rows]
    (path / "c.cdxj").write_text("".join(f"org,example)/ 2026 {line}\n" for line in found))
    return "c.cdxj"


@pytest.mark.parametrize("kind", ["parquet", "cdxj"])
def test_pages_by_ranges(
    workspace: Workspace, archive: tuple[str, list[tuple[int, int]], list[str]], tmp_path: Path, kind: str
) -> None:
    """Three of five pages by two requests (two of them touch), read as any archive; the same captures are not asked again."""
    url, places, asked = archive
    captures = write(tmp_path, [places[4], places[1], places[2]], kind)
    declare(
        workspace,
        "pages",
        f'{{web_archive: {{base: "{url}", captures: {captures}, plain_http: true, private_addresses: true}}}}',
        "warc",
    )
    assert ingest.run("pages", workspace)["fetched"] == 1 and len(asked) == 2
    assert extract.run("pages", workspace)["documents"] == 3
    assert ingest.run("pages", workspace)["fetched"] == 0 and len(asked) == 2
    assert all("电网运行规程" in text for text in texts(workspace, "pages").values())


def test_faults_of_ranges(workspace: Workspace, archive: tuple[str, list[tuple[int, int]], list[str]], tmp_path: Path) -> None:
    """A server without ranges, an end beyond the file, an index that is none."""
    url, places, _ = archive
    for rows, name, message in (
        (places[:1], "norange.warc.gz", "does not give bytes 0-"),
        ([(places[4][0], places[4][1] + 10)], "a.warc.gz", "does not give bytes"),
        ([(-1, 5)], "a.warc.gz", "row 1: filename, offset >= 0"),
        ([(0, 5)], "../a.warc.gz", "row 1: filename"),
        ([], "a.warc.gz", "names no capture"),
    ):
        captures = write(tmp_path, rows, "cdxj", name)
        declare(
            workspace,
            "pages",
            f'{{web_archive: {{base: "{url}", captures: {captures}, plain_http: true, private_addresses: true}}}}',
            "warc",
        )
        with pytest.raises(DataError, match=message):
            ingest.run("pages", workspace)
    (tmp_path / "c.cdxj").write_text("org,example)/ {broken\n")
    with pytest.raises(DataError, match=r"c.cdxj: line 1: "):
        ingest.run("pages", workspace)
