"""WARC, plain or compressed: HTML responses become pages, WET conversions text; damage is told, never passed over.

fastwarc returns fewer bytes than a clipped record declares without a word (measured 2026-11), so lengths are compared.
"""

import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.readers import Record, Unreadable
from curation.readers.html import MAX_BYTES, page
from curation.reservations import LARGEST, Sites, from_headers, is_policy_file

SUFFIXES = (".warc",)

COMPRESSED = True  # a .warc.gz is many small gzip members; the library reads them itself


class Options(Declared):
    """`agent`: the name under which the pages were fetched, for which robots.txt is read."""

    agent: str = "*"


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a page, keyed by its WARC-Record-ID, with `url` and `published` (the day it was fetched)."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    wanted = WarcRecordType.response | WarcRecordType.conversion | WarcRecordType.resource
    seen = 0
    with tempfile.TemporaryFile() as spool:
        # a file of its own: fastwarc seeks, and a Python stream that refuses makes it panic
        shutil.copyfileobj(stream, spool)
        sites = _sites(spool, options.agent)
        spool.seek(0)
        try:
            for record in ArchiveIterator(spool, record_types=wanted, parse_http=True, auto_decode="all"):
                seen += 1
                yield from _record(record, seen, sites)
        except (OSError, ValueError, RuntimeError, EOFError) as error:
            yield Unreadable("broken_warc", str(error) or type(error).__name__, f"after record {seen}")


def _sites(spool: BinaryIO, agent: str) -> Sites:
    """The policy files of every site in the archive: they may stand behind the pages."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    sites = Sites(agent)
    spool.seek(0)
    try:
        for record in ArchiveIterator(spool, record_types=WarcRecordType.response, parse_http=False):
            url = record.headers.get("WARC-Target-URI") or ""
            if is_policy_file(url):
                record.parse_http(auto_decode="all")
                if record.http_headers is not None and record.http_headers.status_code == 200:
                    sites.add(url, record.reader.read(LARGEST))
    except (OSError, ValueError, RuntimeError, EOFError):
        return sites  # damage is told by the pass that reads the pages
    return sites


def _record(record, seen: int, sites: Sites) -> Iterator[Record | Unreadable]:  # type: ignore[no-untyped-def]
    headers = record.headers
    key = headers.get("WARC-Record-ID") or f"record {seen}"
    declared_length = record.content_length
    http = record.http_headers
    kind = (record.http_content_type or headers.get("Content-Type") or "").split(";")[0].strip().lower()
    content = record.reader.read(MAX_BYTES + 1)
    encoded = http is not None and (http.get("Content-Encoding") or http.get("Transfer-Encoding"))
    if not encoded and len(content) <= MAX_BYTES and len(content) < (declared_length or 0):
        yield Unreadable("truncated", f"{declared_length} bytes declared, {len(content)} there", key)
        return
    if http is not None and http.status_code not in {None, 200}:
        return
    url = headers.get("WARC-Target-URI")
    if url and is_policy_file(url):  # read before; a rule for robots is no document
        return
    said = [*sites.claims(url), *(from_headers(http.astuples(), url or key) if http is not None else [])]
    day = (headers.get("WARC-Date") or "")[:10] or None
    if kind in {"text/html", "application/xhtml+xml"}:
        read_page = page(content, record.http_charset, url or key)
        read_page.key = key
        if isinstance(read_page, Record):
            read_page.claims = [*said, *read_page.claims]
            read_page.fields |= {"url": url, "published": read_page.fields.get("published") or day}
        yield read_page
    elif kind == "text/plain":
        try:
            text = decode(content, record.http_charset)
            yield Record({"text": text, "url": url, "published": day}, key, claims=said)
        except NotText as error:
            yield Unreadable("not_text", str(error), key)
