"""Addresses that lead inside: none is connected to, whatever their spelling. A listener on loopback is the canary."""

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from curation import web
from curation.errors import DataError

INSIDE = [  # every spelling of an address that is not of the public net
    *("127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.000.000.001"),
    *("0x7f.0x0.0x0.0x1", "127.255.255.254", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]"),
    *("10.0.0.1", "10.255.255.255", "0x0a000001", "167772161", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "3232235521"),
    *("169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[2002:a9fe:a9fe::]"),
    *("100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.0.9", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "[ff02::1]", "[2001:db8::1]", "[64:ff9b:1::1]"),
    *("user@127.0.0.1", "example.org@127.0.0.1", "127.0.0.1#@example.org", "127.0.0.1?@example.org", "[2001:0:7f00:1::]"),
]  # fmt: skip
NO_ADDRESS = [
    "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "dict://127.0.0.1:11211/", "jar:http://127.0.0.1!/", "data:text/plain,x",
    "//127.0.0.1/", "http:///x", "http://", "http:\\\\127.0.0.1\\", "http://127.0.0.1:port/", "http://127.0.0.1:99999/", "http://[::1/", "HTTP:127.0.0.1",
    "http://exa mple/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://\n127.0.0.1/", "http://127.0.0.1\r\nHost: x/", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def canary() -> Iterator[list[str]]:
    """Whatever reaches a listener on loopback."""
    reached: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(self.path)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reached.append(str(server.server_port))
    yield reached
    server.shutdown()
    server.server_close()


def test_there_are_enough_of_them() -> None:
    assert len(set(INSIDE)) + len(set(NO_ADDRESS)) >= 60


@pytest.mark.parametrize("host", INSIDE)
def test_no_way_inside(canary: list[str], host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before any connection, over both schemes."""

    def none(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", none)
    split = min((host.find(c) for c in "#?" if c in host), default=len(host))
    for scheme in ("http", "https"):
        with pytest.raises(DataError) as caught:
            web.get(f"{scheme}://{host[:split]}:{canary[0]}{host[split:]}/", web.Limits(plain_http=True, seconds=2))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_address(canary: list[str], url: str) -> None:
    """Other schemes, ports that are none, letters that look like digits: one line, no connection."""
    with pytest.raises(DataError):
        web.get(url, web.Limits(plain_http=True, seconds=2))
    assert len(canary) == 1


def test_a_name_cannot_point_elsewhere_in_between(canary: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that says a public address first and loopback after: the first answer is the one connected to."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, int(canary[0])))] for ip in ("93.184.215.14", "127.0.0.1")]
    asked: list[str] = []

    def resolver(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return list(answers[min(len(asked), 2) - 1])

    connected: list[tuple[str, int]] = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address)
        raise OSError("not here")

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(DataError):
        web.get("http://rebinding.example/", web.Limits(plain_http=True, seconds=2))
    assert connected == [("93.184.215.14", int(canary[0]))] and asked == ["rebinding.example"]


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:{canary}/",
        "file:///etc/passwd",
        "//127.1:{canary}/",
        "gopher://x/",
    ],
)
def test_no_way_inside_by_a_redirect(canary: list[str], target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hop is checked like the first."""

    class Redirecting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", target.format(canary=canary[0]))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    real = web.reachable

    def first_hop_is_public(url: str, limits: web.Limits) -> list[object]:
        if f":{server.server_port}/begin" in url:
            return list(socket.getaddrinfo("127.0.0.1", server.server_port, type=socket.SOCK_STREAM))
        return real(url, limits)

    monkeypatch.setattr(web, "reachable", first_hop_is_public)
    with pytest.raises(DataError, match=r"private address|only https"):
        web.get(f"http://public.example:{server.server_port}/begin", web.Limits(plain_http=True, seconds=2))
    assert len(canary) == 1
    with contextlib.suppress(OSError):
        server.shutdown()
    server.server_close()
