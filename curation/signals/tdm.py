"""Whether the publisher reserves text and data mining, as far as the source said so when it was fetched.

TDMRep's last valid word, robots.txt for the agent that fetched, and `noai`: the strictest holds. What a manifest declares of
the whole source is judged apart (rights.py).
"""

import pyarrow as pa

from curation.reservations import NOAI, ROBOTS, TDM

COLUMNS = pa.schema(
    [
        pa.field("reserved", pa.bool_()),  # null where nothing was said
        pa.field("by", pa.string()),  # tdm_reservation, robots or noai: who reserves it
        pa.field("policy", pa.string()),  # address of the terms, as TDMRep gives it
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """From the claims that were collected with each document."""
    collected = documents["license_claims"].to_pylist()
    rows = [_said([c for c in claims or () if c["detector"] in {TDM, ROBOTS, NOAI}]) for claims in collected]
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) if rows else [() for _ in COLUMNS]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, COLUMNS, strict=True)], schema=COLUMNS)


def _said(claims: list[dict[str, str]]) -> tuple[bool | None, str | None, str | None]:
    if not claims:
        return None, None, None
    tdm = next((c for c in reversed(claims) if c["detector"] == TDM), None)
    policy = tdm["passage"] if tdm else None
    if tdm and tdm["value"] == "1":
        return True, TDM, policy
    for claim in claims:
        if claim["detector"] == NOAI or (claim["detector"] == ROBOTS and claim["value"] == "disallow"):
            return True, claim["detector"], policy
    return False, None, policy
