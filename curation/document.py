"""The one shape a document has between extraction and release."""

import hashlib

import pyarrow as pa

from curation.errors import ContractError

CLAIM = pa.struct(
    [
        pa.field("detector", pa.string()),
        pa.field("value", pa.string()),
        pa.field("passage", pa.string()),
        pa.field("where", pa.string()),
    ]
)

# bytes of the stored UTF-8, half open; what signals find inside a text and edits replace
SPAN = pa.struct([pa.field("start", pa.int64()), pa.field("end", pa.int64()), pa.field("type", pa.string())])

DOCUMENT = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("native_id", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("record", pa.large_string()),  # its JSON, where it is not prose; `text` is the strings of it
        pa.field("title", pa.string()),
        pa.field("authors", pa.list_(pa.string())),
        pa.field("url", pa.string()),
        pa.field("format", pa.string(), nullable=False),
        pa.field("published", pa.date32()),
        pa.field("metadata", pa.map_(pa.string(), pa.string())),
        pa.field("raw_sha256", pa.string(), nullable=False),
        pa.field("text_sha256", pa.string(), nullable=False),
        pa.field("license_claims", pa.list_(CLAIM), nullable=False),
    ]
)

QUARANTINE = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("object", pa.string(), nullable=False),
        pa.field("raw_sha256", pa.string(), nullable=False),
        pa.field("where", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string()),
        pa.field("records", pa.int64(), nullable=False),
    ]
)


def doc_id(source: str, native_id: str) -> str:
    """Name a document by where it came from, so that its name survives a change of its text: 32 hex digits."""
    return hashlib.sha256(f"{source}\0{native_id}".encode()).hexdigest()[:32]


def conform(table: pa.Table | pa.RecordBatch, schema: pa.Schema, maker: str) -> None:
    """Raise ContractError unless `table` has exactly `schema` (names, types, order)."""
    if not table.schema.equals(schema):
        raise ContractError(f"{maker}: gave {table.schema.to_string()}; promised {schema.to_string()}")
