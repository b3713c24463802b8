"""Whether a text is labelled as generated: GB 45438-2025's metadata, and its visible label in a line of its own.

The metadata decides what recipes refuse (`AIGC_LABELLED`, unless the source declares generated text); the visible label is a
weaker sign and only recorded. Label: 1 generated, 2 possibly, 3 suspected.
"""

import json
import re

import pyarrow as pa

from curation.reservations import AIGC

COLUMNS = pa.schema(
    [
        pa.field("generated", pa.bool_()),  # by metadata; null where there is none
        pa.field("label", pa.string()),
        pa.field("producer", pa.string()),  # ContentProducer
        pa.field("produce_id", pa.string()),
        pa.field("visible", pa.bool_()),  # a line of the text's begin or end says so
    ]
)
EDGE = 300  # characters of a text's begin and end where GB 45438 wants the visible label
_SPACE = r"[^\S\n]{0,4}"
_VISIBLE = re.compile(
    rf"[>*_#\[【（(「]{{0,8}}{_SPACE}(?:(?:本|该|此|以上|上述)?(?:文章?|内容|回答|文本|图文|作品)?{_SPACE}[,，]?{_SPACE}(?:由|使用|采用)?{_SPACE}(?:AI|人工智能|大模型)[^\n]{{0,8}}?(?:生成|合成|创作)"
    rf"|(?:this\s(?:text|article|content|answer)\s(?:was|is)\s)?(?:AI[- ]generated|generated\s(?:by|with)\s(?:an?\s)?AI)(?![a-z])).{{0,24}}",
    re.IGNORECASE,
)


_HINT = re.compile(r"ai|人工智能|大模型", re.IGNORECASE)


def _is_label(edge: str) -> bool:
    """Whether a line, and nothing else on it, says that the text was generated."""
    return any(_VISIBLE.fullmatch(line.strip()) for line in edge.split("\n") if len(line) < 100)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """From the claims that were collected with each document, and from the edges of its text."""
    rows = []
    for claims, text in zip(documents["license_claims"].to_pylist(), documents["text"].to_pylist(), strict=True):
        label = next((c for c in claims or () if c["detector"] == AIGC), None)
        said = json.loads(label["passage"]) if label else {}
        edges = text if len(text) < 2 * EDGE else f"{text[:EDGE]}\n{text[-EDGE:]}"
        visible = bool(_HINT.search(edges)) and _is_label(edges)
        rows.append(
            (
                label["value"] in {"1", "2", "3"} if label else None,
                label["value"] if label else None,
                _text(said.get("ContentProducer")),
                _text(said.get("ProduceID")),
                visible,
            )
        )
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) if rows else [() for _ in COLUMNS]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, COLUMNS, strict=True)], schema=COLUMNS)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
