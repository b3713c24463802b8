"""One careful HTTP client for connectors: https by default, capped, no private addresses, no surprises.

The address is resolved once, checked, and connected to as checked, so a name cannot point elsewhere in between.
"""

import http.client
import io
import ipaddress
import os
import socket
import ssl
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import BinaryIO

from curation.errors import DataError

MAX_REDIRECTS = 5
AGENT = "curation/0.1 (+dataset curation; see the source's manifest for a contact)"


@dataclass(frozen=True)
class Limits:
    """What a request may cost and reach."""

    max_bytes: int = 2 << 30
    seconds: float = 600.0
    plain_http: bool = False
    private_addresses: bool = False


@dataclass
class Answer:
    """A response whose body is read through its limits."""

    status: int
    url: str
    headers: http.client.HTTPMessage
    body: BinaryIO


def get(url: str, limits: Limits, headers: dict[str, str] | None = None) -> Answer:
    """GET `url`, following at most five redirects. Raises DataError; the URL shown is without credentials."""
    deadline = time.monotonic() + limits.seconds
    sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **(headers or {})}
    for _ in range(MAX_REDIRECTS + 1):
        answer = _once(url, limits, sent, deadline)
        if answer.status in {301, 302, 303, 307, 308} and (target := answer.headers.get("Location")):
            answer.body.close()
            url = urllib.parse.urljoin(url, target)
            continue
        if answer.status not in {200, 304}:
            raise DataError(f"{public(url)}: the server answered {answer.status}")
        return answer
    raise DataError(f"{public(url)}: more than {MAX_REDIRECTS} redirects")


def public(url: str) -> str:
    """The URL without user, password, query and fragment."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    return urllib.parse.urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))


def _once(url: str, limits: Limits, headers: dict[str, str], deadline: float) -> Answer:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise DataError(f"{public(url)}: only https addresses are allowed")
    if parts.scheme == "http" and not limits.plain_http:
        raise DataError(f"{public(url)}: plain http is not allowed; use https, or say plain_http: true")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connect(parts, port, limits, deadline, url)
    auth = {}
    if parts.username:
        auth["Authorization"] = "Basic " + _basic(parts)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    try:
        connection.request("GET", target, headers={"Host": parts.netloc.rsplit("@")[-1], **headers, **auth})
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{public(url)}: {error or type(error).__name__}") from None
    body = io.BufferedReader(_Capped(response, limits.max_bytes, deadline, public(url)), 1 << 16)
    return Answer(response.status, url, response.headers, body)


def _basic(parts: urllib.parse.SplitResult) -> str:
    import base64

    pair = f"{urllib.parse.unquote(parts.username or '')}:{urllib.parse.unquote(parts.password or '')}"
    return base64.b64encode(pair.encode()).decode()


def _connect(parts: urllib.parse.SplitResult, port: int, limits: Limits, deadline: float, url: str) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    timeout = max(1.0, min(60.0, deadline - time.monotonic()))
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(host):
        # behind a proxy the proxy resolves and decides what may be reached
        via = urllib.parse.urlsplit(proxy)
        tunnel = http.client.HTTPSConnection(via.hostname or "", via.port or 8080, timeout=timeout, context=_context())
        tunnel.set_tunnel(host, port)
        return tunnel
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DataError(f"{public(url)}: cannot resolve {host} ({error.strerror or error})") from None
    for _, _, _, _, address in found:
        ip = ipaddress.ip_address(str(address[0]).split("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not ip.is_global and not limits.private_addresses:
            raise DataError(f"{public(url)}: {host} is a private address ({ip}); say private_addresses: true to allow it")
    last: OSError | None = None
    for family, kind, protocol, _, address in found:
        plain = socket.socket(family, kind, protocol)
        plain.settimeout(timeout)
        try:
            plain.connect(address)
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
            secure = parts.scheme == "https"
            connection.sock = _context().wrap_socket(plain, server_hostname=host) if secure else plain
            return connection
        except OSError as error:
            plain.close()
            last = error
    raise DataError(f"{public(url)}: {last}")


def _context() -> ssl.SSLContext:
    bundle = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle)


class _Capped(io.RawIOBase):
    def __init__(self, response: http.client.HTTPResponse, max_bytes: int, deadline: float, shown: str) -> None:
        self._response, self._left, self._deadline, self._shown = response, max_bytes, deadline, shown

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        if time.monotonic() > self._deadline:
            raise DataError(f"{self._shown}: took longer than allowed (seconds)")
        try:
            count = self._response.readinto(buffer)
        except (OSError, http.client.HTTPException) as error:
            raise DataError(f"{self._shown}: {error or 'the connection broke'}") from None
        if count == 0 and self._response.length:
            raise DataError(f"{self._shown}: the connection ended {self._response.length} bytes early")
        self._left -= count
        if self._left < 0:
            raise DataError(f"{self._shown}: larger than allowed (max_bytes)")
        return count
