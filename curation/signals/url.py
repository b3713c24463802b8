"""One key for the addresses of one page: for URL deduplication only; the stored address is not touched.

RFC 3986, 6.2.2 (case, percent-encoding) and 6.2.3 (default ports); besides, http is https, `www.` and a trailing slash make
no other page, parameters are sorted and those of TRACKING left out. The fragment counts, since documents may be sections of
a page. Lists of "trackers" as in courlan are not used: they hold `uid`, `cid`, `keyword`, `ref`, which often name the page.
"""

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa

TRACKING = re.compile(r"(utm_\w+|gclid|fbclid|msclkid|yclid|dclid|mc_cid|mc_eid|spm)=", re.ASCII)
COLUMNS = pa.schema([pa.field("key", pa.string())])  # 32 hex digits; null without a web address


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """From the document's own url."""
    if "url" not in documents.schema.names:
        return pa.record_batch([pa.nulls(documents.num_rows, pa.string())], schema=COLUMNS)
    return pa.record_batch([pa.array(map(_key, documents["url"].to_pylist()), pa.string())], schema=COLUMNS)


def _key(url: str | None) -> str | None:
    if not url or not url.lower().startswith(("http://", "https://")):
        return None
    address, _, fragment = url.partition("#")
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:  # such as a bracket without its fellow: an address nobody can follow
        return None
    query = sorted(one for one in parts.query.split("&") if one and not TRACKING.match(one))
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~").rstrip("/")
    page = f"{host.removeprefix('www.')}{port}{path}?{'&'.join(query)}#{fragment}"
    return hashlib.sha256(page.encode()).hexdigest()[:32]
