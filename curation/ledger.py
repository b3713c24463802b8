"""The ledgers: a row for every removal and quarantine with its reason, and a row for every edit."""

import json
from typing import Any

import pyarrow as pa

WORDS = pa.struct([pa.field("en", pa.string()), pa.field("zh", pa.string())])

LEDGER = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("step", pa.string(), nullable=False),
        pa.field("filter", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),  # removed | quarantined
        pa.field("column", pa.string()),
        pa.field("value", pa.float64()),  # what was measured, when it is a number
        pa.field("label", pa.string()),  # what was measured, when it is a word
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("where", pa.string()),  # the filter's selection and allowed words, as JSON
        pa.field("twin", pa.string()),  # the document kept in its place
        pa.field("similarity", pa.float64()),
        pa.field("because", WORDS),
    ]
)

EDITS = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),  # byte offsets into the stored UTF-8, half open
        pa.field("end", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("replacement", pa.string(), nullable=False),
        pa.field("step", pa.string(), nullable=False),
        pa.field("because", WORDS),
    ]
)


def rows(step: str, doc_ids: pa.Array, sources: pa.Array, **columns: Any) -> pa.Table:
    """Ledger rows for `doc_ids`; a column given as one value is repeated, a missing one is null."""
    n = len(doc_ids)
    given = {"doc_id": doc_ids, "source": sources, "step": step, **columns}
    arrays = []
    for field in LEDGER:
        value = given.pop(field.name, None)
        if value is None:
            arrays.append(pa.nulls(n, field.type))
        elif isinstance(value, pa.Array | pa.ChunkedArray):
            arrays.append(value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value)
        else:
            arrays.append(pa.array([value] * n, field.type))
    assert not given, f"not in a ledger: {sorted(given)}"
    return pa.Table.from_arrays([a.cast(f.type) for a, f in zip(arrays, LEDGER, strict=True)], schema=LEDGER)


def as_json(value: Any) -> str:
    """JSON with sorted keys, so that equal conditions are equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
