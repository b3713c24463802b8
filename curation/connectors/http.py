"""One address on the web. A changed object is fetched anew, an unchanged one (ETag, Last-Modified) is not.

where: https://example.org/handbook.zip
where: {http: {url: "https://example.org/handbook.zip", max_bytes: 100000000}}
"""

import posixpath
import urllib.parse
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from curation import credentials, reservations, web
from curation.connectors import Asked, Fetched
from curation.declaration import Declared


class Options(Declared):
    """`plain_http` and `private_addresses` open what is closed by default; `auth_ref` names a token, or a login."""

    url: Annotated[str, AfterValidator(credentials.without_password)]
    auth_ref: credentials.AuthRef | None = None
    max_bytes: int = 2 << 30
    seconds: float = 600.0
    plain_http: bool = False
    private_addresses: bool = False


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield the one object behind the address."""
    limits = web.Limits(options.max_bytes, options.seconds, options.plain_http, options.private_addresses)
    name = web.public(options.url)
    known = asked.known.get(name, {}).get("facts", {})
    conditions = web.authorization(credentials.find(options.auth_ref, "where.http"))
    if known.get("etag"):
        conditions["If-None-Match"] = known["etag"]
    if known.get("last_modified"):
        conditions["If-Modified-Since"] = known["last_modified"]
    answer = web.get(options.url, limits, conditions)
    file_name = posixpath.basename(urllib.parse.urlsplit(answer.url).path) or "index.html"
    facts = {
        "etag": answer.headers.get("ETag"),
        "last_modified": answer.headers.get("Last-Modified"),
        "content_type": answer.headers.get("Content-Type"),
        "final_url": web.public(answer.url),
    }
    unchanged = answer.status == 304
    with answer.body:
        yield Fetched(
            name=name,
            uri=name,
            file_name=file_name,
            stream=None if unchanged else answer.body,
            claims=reservations.from_headers(answer.headers.items(), name),
            facts=known if unchanged else facts,
        )
