"""data-prep-toolkit: its `fdedup` in pure Python, signatures to cleaned files, over Parquet with whole numbers as ids.

It checks candidates by their signatures; its threshold is 0.75 by default and 0.7 here. It takes one process for all steps.
"""

import logging
from typing import Any

from benchmarks.peers.measuring import Measurement

COLUMNS = {"contents_column": "text", "document_id_column": "int_id_column"}


def main() -> None:
    """All four services, one after another."""
    measurement = Measurement()
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder, start = measurement.scratch / "in", 0
    folder.mkdir()
    for file in measurement.files:
        table = pq.read_table(file)
        numbers = pa.array(range(start, start + table.num_rows))
        pq.write_table(table.append_column("int_id_column", numbers), folder / file.name)
        start += table.num_rows
    measurement.begin()
    load()
    measurement.ready()
    options: dict[str, Any] = {"input_folder": str(folder), "output_folder": str(measurement.scratch / "out"), **COLUMNS}
    options |= {"num_permutations": 128, "jaccard_similarity_threshold": 0.7, "operation_mode": "filter_duplicates"}
    with measurement.timed():
        status = load()(**options).transform()
    if status:
        raise SystemExit(f"fdedup: status {status}")
    kept = sum(pq.read_metadata(file).num_rows for file in (measurement.scratch / "out" / "cleaned").glob("*.parquet"))
    measurement.tell("data-prep-toolkit", "data-prep-toolkit-transforms", kept=kept)


def load() -> Any:
    """What its notebooks call."""
    from dpk_fdedup.transform_python import Fdedup

    logging.disable(logging.INFO)
    return Fdedup


if __name__ == "__main__":
    main()
