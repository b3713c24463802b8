"""One careful HTTP client for connectors: https by default, capped, no private addresses, no surprises.

The address is resolved once, checked, and connected to as checked, so a name cannot point elsewhere in between.
"""

import base64
import contextlib
import http.client
import io
import ipaddress
import os
import socket
import ssl
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, BinaryIO

from curation.credentials import Credential
from curation.errors import DataError

MAX_REDIRECTS = 5
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
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
    """GET `url`, following at most five redirects. Raises DataError; the URL shown is without credentials.

    A login (in the URL, or an Authorization header) goes to the host it was given for, and to no other that it redirects to.
    """
    deadline = time.monotonic() + limits.seconds
    sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **(headers or {})}
    for _ in range(MAX_REDIRECTS + 1):
        answer = _once(url, limits, sent, deadline)
        if answer.status in {301, 302, 303, 307, 308} and (target := answer.headers.get("Location")):
            answer.body.close()
            before = url
            try:
                url = urllib.parse.urljoin(url, _latin_as_utf8(target))
                elsewhere = _origin(before) != _origin(url)
            except ValueError as error:
                raise DataError(f"{public(before)}: leads to what is no address: {error}") from None
            if elsewhere:
                sent = {key: value for key, value in sent.items() if key not in {"Authorization", "Cookie"}}
            continue
        if answer.status not in {200, 206, 304}:
            raise DataError(f"{public(url)}: the server answered {answer.status}")
        return answer
    raise DataError(f"{public(url)}: more than {MAX_REDIRECTS} redirects")


def authorization(login: Credential | None) -> dict[str, str]:
    """The header for a login: Basic with a user's name, else a bearer token; none without a login."""
    if login is None:
        return {}
    if login.user is None:
        return {"Authorization": f"Bearer {login.password}"}
    return {"Authorization": "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()}


def public(url: str) -> str:
    """The URL without user, password, query and fragment."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "(an address that cannot be read)"
    return urllib.parse.urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path, "", ""))


def _latin_as_utf8(header: str) -> str:
    """A header's bytes as the text they are; http.client reads them as Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def reachable(url: str, limits: Limits) -> list[Any]:
    """What `url`'s host resolves to (as socket.getaddrinfo says it), none of it private. Raises DataError."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        host.encode("ascii" if host.isascii() else "idna")
    except ValueError as error:  # UnicodeError is one
        raise DataError(f"not an address: {error}") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise DataError(f"{public(url)}: only https addresses are allowed")
    if parts.scheme == "http" and not limits.plain_http:
        raise DataError(f"{public(url)}: plain http is not allowed; use https, or say plain_http: true")
    if _proxy(parts.scheme, host):
        return []  # behind a proxy the proxy resolves and decides what may be reached
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DataError(f"{public(url)}: cannot resolve {host} ({getattr(error, 'strerror', None) or error})") from None
    for *_, address in found:
        ip = ipaddress.ip_address(str(address[0]).split("%")[0])
        if not limits.private_addresses and not all(map(_is_public, _meant(ip))):
            raise DataError(f"{public(url)}: {host} is a private address ({ip}); say private_addresses: true to allow it")
    return found


_PROTOCOL = ipaddress.ip_network("192.0.0.0/24")  # IETF protocol assignments, of which Python calls some global (RFC 6890)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052; the next also carries an IPv4 address in its last bits
_COMPATIBLE = ipaddress.ip_network("::/96")


def _meant(ip: Address) -> list[Address]:
    """An address, and the IPv4 address that travels inside it (mapped, compatible, 6to4, Teredo, NAT64)."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    inner = [ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [ip, *(one for one in inner if one is not None)]


def _is_public(ip: Address) -> bool:
    if ip in _PROTOCOL:
        return False
    return (
        ip.is_global and not getattr(ip, "is_site_local", False) and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
    ) or ip in _NAT64


def _proxy(scheme: str, host: str) -> str | None:
    proxy = urllib.request.getproxies().get(scheme)
    return proxy if proxy and not urllib.request.proxy_bypass(host) else None


def _once(url: str, limits: Limits, headers: dict[str, str], deadline: float) -> Answer:
    found = reachable(url, limits)
    parts = urllib.parse.urlsplit(url)
    connection = _connect(parts, found, deadline, url)
    auth = {}
    if parts.username:
        login = Credential(urllib.parse.unquote(parts.password or ""), urllib.parse.unquote(parts.username))
        auth = authorization(login)
    # Han in an address is everyday here; what is encoded already stays
    target = urllib.parse.urlunsplit(
        ("", "", *(urllib.parse.quote(one, safe=_AS_IT_IS) for one in (parts.path or "/", parts.query)), "")
    )
    named = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "").encode("idna").decode()
    host = f"{named}:{parts.port}" if parts.port else named
    watch = threading.Timer(max(0.1, deadline - time.monotonic()), _hang_up, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request("GET", target, headers={"Host": host, **headers, **auth})
        response = connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() > deadline
        raise DataError(
            f"{public(url)}: {'took longer than allowed (seconds)' if late else error or type(error).__name__}"
        ) from None
    finally:
        watch.cancel()
    body = io.BufferedReader(_Capped(response, limits.max_bytes, deadline, public(url)), 1 << 16)
    return Answer(response.status, url, response.headers, body)


_AS_IT_IS = "/%:@!$&'()*+,;=~-._?[]"


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End a conversation that drips: each byte would put off a timeout of the socket."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _connect(parts: urllib.parse.SplitResult, found: list[Any], deadline: float, url: str) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    timeout = max(1.0, min(60.0, deadline - time.monotonic()))
    if proxy := _proxy(parts.scheme, host):
        via = urllib.parse.urlsplit(proxy)
        tunnel = http.client.HTTPSConnection(via.hostname or "", via.port or 8080, timeout=timeout, context=_context())
        tunnel.set_tunnel(host, port)
        return tunnel
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
            piece = self._response.read1(len(buffer))  # what has come, and not as much as is asked for
            count = len(piece)
            buffer[:count] = piece
        except (OSError, http.client.HTTPException) as error:
            raise DataError(f"{self._shown}: {error or 'the connection broke'}") from None
        if count == 0 and self._response.length:
            raise DataError(f"{self._shown}: the connection ended {self._response.length} bytes early")
        self._left -= count
        if self._left < 0:
            raise DataError(f"{self._shown}: larger than allowed (max_bytes)")
        return count
