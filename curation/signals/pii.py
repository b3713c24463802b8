"""E-mail addresses and public IPv4 addresses as spans. Names, postal addresses and numbers are not covered yet.

Boundaries are ASCII look-arounds, never word boundaries: Han characters are word characters to a regex, and glued
addresses would be missed (请发邮件到zhang.san@example.cn).
"""

import ipaddress
import re

import pyarrow as pa

from curation.document import SPAN
from curation.kernels.prefilter import AT_SIGN, DOTTED_QUAD, flags

COLUMNS = pa.schema(
    [
        pa.field("count", pa.int32()),
        pa.field("spans", pa.list_(SPAN)),
    ]
)

_EMAIL = re.compile(
    rb"(?<![0-9A-Za-z._%+\-])[0-9A-Za-z][0-9A-Za-z._%+\-]{0,63}@(?:[0-9A-Za-z\-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![0-9A-Za-z\-])(?!:)"
)
_IPV4 = re.compile(rb"(?<![0-9A-Za-z.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z]|\.\d)")


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Count and spans per document."""
    texts = documents["text"]
    spans: list[list[dict[str, object]]] = []
    for text, flag in zip(texts, flags(texts), strict=True):
        found: list[dict[str, object]] = []
        if flag:
            content = text.as_py().encode()
            if flag & AT_SIGN:
                found += [_span(m, "EMAIL") for m in _EMAIL.finditer(content) if b".." not in m.group(0)]
            if flag & DOTTED_QUAD:
                found += [_span(m, "IP") for m in _IPV4.finditer(content) if _is_public(m.group(0))]
            found.sort(key=lambda s: s["start"])  # type: ignore[arg-type, return-value]
        spans.append(found)
    return pa.record_batch([pa.array(map(len, spans), pa.int32()), pa.array(spans, COLUMNS.field("spans").type)], schema=COLUMNS)


def _span(match: re.Match[bytes], kind: str) -> dict[str, object]:
    return {"start": match.start(), "end": match.end(), "type": kind}


def _is_public(address: bytes) -> bool:
    try:
        return ipaddress.IPv4Address(address.decode()).is_global
    except ValueError:
        return False
