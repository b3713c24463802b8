"""Personal data: speed, and what is found in ordinary documents. Recall on planted values is a test (tests/signals/test_pii.py).

    python -m benchmarks.personal_data FOLDER       Parquet files with `text` (or `html`), into docs/personal-data.md

E-mail and IP addresses in documentation are mostly real; a hit of any other type in such text is looked at one by one.
"""

import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import machine
from curation.signals import pii

DOCS = Path(__file__).resolve().parent.parent / "docs"
ROWS = 1024


def measure(file: Path) -> dict[str, object]:
    """Documents with a hit, by type; megabytes a second on one core."""
    texts = _texts(file)
    pii.annotate(pa.record_batch({"text": texts.slice(0, 8)}))
    batches = [pa.record_batch({"text": texts.slice(start, ROWS)}) for start in range(0, len(texts), ROWS)]
    begun = time.perf_counter()
    spans = [row for batch in batches for row in pii.annotate(batch)["spans"].to_pylist()]
    seconds = time.perf_counter() - begun
    counts = Counter(kind for row in spans for kind in {span["type"] for span in row})
    return {"file": file.stem, "documents": len(texts), "speed": texts.nbytes / 1e6 / seconds, "counts": counts}


def _texts(file: Path) -> pa.Array:
    names = pq.read_schema(file).names
    column = pq.read_table(file, columns=["text" if "text" in names else "html"]).column(0).combine_chunks()
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return pa.array([one.decode("utf-8", "replace") for one in column.to_pylist()], pa.large_string())
    return column.cast(pa.large_string())


def main() -> int:
    """Every file of the folder that has texts."""
    rows = []
    for file in sorted(Path(sys.argv[1]).glob("*.parquet")):
        if {"text", "html"} & set(pq.read_schema(file).names):
            rows.append(measure(file))
    types = [kind for kind in pii.TYPES if any(row["counts"][kind] for row in rows)]  # type: ignore[index]
    head = ["corpus", "documents", "MB/s, 1 core", *types]
    lines = [
        [row["file"], f"{row['documents']:,}", f"{row['speed']:.0f}"]
        + [f"{1000 * row['counts'][kind] / row['documents']:.2f}" for kind in types]  # type: ignore[index, operator]
        for row in rows
    ]
    table = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [head, ["---"] * len(head), *lines])
    text = (
        "# Personal data in ordinary documents\n\n"
        f"Documents with a hit, of 1,000, by type. {machine()}. Written by `python -m benchmarks.personal_data FOLDER`; do not edit.\n\n"
        f"{table}\n\nTypes without a hit anywhere: {', '.join(kind for kind in pii.TYPES if kind not in types) or 'none'}.\n"
    )
    (DOCS / "personal-data.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
