"""E-mail addresses and public IPv4 addresses as spans. Names, postal addresses and numbers are not covered yet.

Boundaries are ASCII look-arounds, never word boundaries: Han characters are word characters to a regex, and glued
addresses would be missed (请发邮件到zhang.san@example.cn).
"""

import ipaddress
import re

import numpy as np
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
    rb"(?<![0-9A-Za-z._%+\-])[0-9A-Za-z][0-9A-Za-z._%+\-]{0,63}@(?:[0-9A-Za-z\-]{1,63}\.){1,4}[A-Za-z]{2,24}(?!\.?[0-9A-Za-z\-])(?!:[^\s])"
)
_IPV4 = re.compile(rb"(?<![0-9A-Za-z.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z]|\.\d)")


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Count and spans per document."""
    texts = documents["text"]
    found: list[list[dict[str, object]]] = [[] for _ in range(len(texts))]
    marks = flags(texts)
    for row in np.flatnonzero(marks):
        content = texts[int(row)].as_py().encode()
        if marks[row] & AT_SIGN:
            found[row] += [_span(m, "EMAIL") for m in _EMAIL.finditer(content) if b".." not in m.group(0)]
        if marks[row] & DOTTED_QUAD:
            found[row] += [_span(m, "IP") for m in _IPV4.finditer(content) if _is_public(m.group(0))]
        found[row].sort(key=lambda s: s["start"])  # type: ignore[arg-type, return-value]
    return pa.record_batch([pa.array(map(len, found), pa.int32()), pa.array(found, COLUMNS.field("spans").type)], schema=COLUMNS)


def _span(match: re.Match[bytes], kind: str) -> dict[str, object]:
    return {"start": match.start(), "end": match.end(), "type": kind}


def _is_public(address: bytes) -> bool:
    try:
        return ipaddress.IPv4Address(address.decode()).is_global
    except ValueError:
        return False
