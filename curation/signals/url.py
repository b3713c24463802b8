"""One key for the addresses of one page: for URL deduplication only; the stored address is not touched.

courlan's normalisation (Barbaresi 2021): host in lower case, default port and tracking parameters left out, parameters
sorted. Ours besides: http is https, `www.` and a trailing slash make no other page. The fragment counts, since documents
may be sections of a page.
"""

import hashlib
from urllib.parse import urlsplit

import pyarrow as pa
from courlan import normalize_url

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
        parts = urlsplit(normalize_url(address))
    except ValueError:  # such as a bracket without its fellow: an address nobody can follow
        return None
    page = f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}#{fragment}"
    return hashlib.sha256(page.encode()).hexdigest()[:32]
