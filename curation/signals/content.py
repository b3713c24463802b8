"""A hash of the normalised content: equal for texts that differ in case, width or white space only."""

import hashlib
import unicodedata

import pyarrow as pa

COLUMNS = pa.schema([pa.field("hash", pa.string())])  # 32 hex digits of SHA-256; null for a text without characters


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """NFKC, lower case, white space collapsed; for the key only, never for the stored text."""
    return pa.record_batch([pa.array(map(_hash, documents["text"].to_pylist()), pa.string())], schema=COLUMNS)


def _hash(text: str) -> str | None:
    normal = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return hashlib.sha256(normal.encode()).hexdigest()[:32] if normal else None
