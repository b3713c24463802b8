"""text-dedup: `python -m text_dedup.minhash` over JSONL, with its fastest hash; it keeps the first of what shares a band."""

import os
from typing import Any

from benchmarks.peers.measuring import Measurement


def main() -> None:
    """Near-duplicates, in as many processes as cores."""
    measurement = Measurement()
    os.environ["HF_HOME"] = str(measurement.scratch / "cache")
    load()
    measurement.ready()
    out = measurement.scratch / "out"
    asked = {
        "path": "json",
        "data_files": str(measurement.files[0].parent / "*.jsonl"),
        "split": "train",
        "cache_dir": str(measurement.scratch / "cache"),
        "output": str(out),
        "column": "text",
        "num_proc": str(measurement.cores),
        "num_perm": "128",
        "threshold": "0.7",
        "min_length": "1",
        "hash_func": "xxh3",
    }
    with measurement.timed():
        load()([part for name, value in asked.items() for part in (f"--{name}", value)], standalone_mode=False)
    from datasets import load_from_disk

    measurement.tell("text-dedup", kept=load_from_disk(str(out)).num_rows)


def load() -> Any:
    """Its command; the package of that name is the environment's, not this file."""
    import importlib

    return importlib.import_module("text_dedup.minhash").main


if __name__ == "__main__":
    main()
