"""The license of each document, decided from the claims that ingest and readers collected."""

import pyarrow as pa

from curation.license import Claim, decide

COLUMNS = pa.schema(
    [
        pa.field("id", pa.string()),  # SPDX expression; null when unknown or in conflict
        pa.field("detector", pa.string()),
        pa.field("confidence", pa.float32()),
        pa.field("conflict", pa.bool_()),
        pa.field("tier", pa.string()),  # T0 public domain ... T5 no derivatives; X denied; null unknown
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """One verdict per document; documents of a source mostly share their claims, so verdicts are remembered."""
    remembered: dict[tuple[Claim, ...], tuple[object, ...]] = {}
    rows = []
    for stored in documents["license_claims"].to_pylist():
        claims = tuple(Claim(**claim) for claim in stored or ())
        if claims not in remembered:
            remembered[claims] = decide(list(claims))
        rows.append(remembered[claims])
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) if rows else [() for _ in COLUMNS]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, COLUMNS, strict=True)], schema=COLUMNS)
