"""data-juicer: its whole chain by DefaultExecutor: language, eight statistics, MinHash, e-mail and IP, Parquet.

It has no duplicate-line and no duplicate n-gram statistic, so its work is less. `chain` opens every threshold, so that
each document is measured by each operator; `chain_exits` has its own thresholds, and drops as it goes. `twins` is MinHash alone;
`twins_small` the same from the first import on.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.measuring import WARM, Measurement

ALL = 1e9
STATISTICS: dict[str, dict[str, Any]] = {
    "alphanumeric_filter": {"min_ratio": -ALL, "max_ratio": ALL},
    "average_line_length_filter": {"min_len": 0, "max_len": int(ALL)},
    "character_repetition_filter": {"min_ratio": 0.0, "max_ratio": 1.0},
    "maximum_line_length_filter": {"min_len": 0, "max_len": int(ALL)},
    "special_characters_filter": {"min_ratio": 0.0, "max_ratio": 1.0},
    "text_length_filter": {"min_len": 0, "max_len": int(ALL)},
    "word_repetition_filter": {"min_ratio": 0.0, "max_ratio": 1.0},
    "words_num_filter": {"min_num": 0, "max_num": int(ALL)},
}


def main() -> None:
    """The chain, in this process and as many workers as cores."""
    measurement = Measurement()
    os.chdir(measurement.scratch)
    # it looks for the .bin by name; fastText tells the kinds apart by their content
    (measurement.scratch / "lid.176.bin").symlink_to(measurement.model)
    os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HOME"] = os.environ["DATA_JUICER_CACHE_HOME"] = str(measurement.scratch / "cache")
    from data_juicer.config import init_configs
    from data_juicer.core import DefaultExecutor

    def executor(folder: Path, out: Path) -> DefaultExecutor:
        config = out.with_suffix(".yaml")
        config.write_text(recipe(measurement, folder, out))
        return DefaultExecutor(init_configs(["--config", str(config)]))

    # its first run in a process imports and hashes for four seconds: that is start-up
    if measurement.stage != "twins_small":
        warm = measurement.scratch / "warm"
        warm.mkdir()
        (warm / "warm.jsonl").write_text("".join(json.dumps({"id": str(n), "text": WARM + str(n)}) + "\n" for n in range(4)))
        executor(warm, measurement.scratch / "warmed.parquet").run()
    out = measurement.scratch / "out.parquet"
    executed = executor(measurement.files[0].parent, out)
    measurement.ready()
    with measurement.timed():
        executed.run()
    measurement.tell("data-juicer", "py-data-juicer", kept=kept(out))


def recipe(measurement: Measurement, folder: Path, out: Path) -> str:
    """Its configuration file. What traces, watches or caches is off, and operators that share words are fused."""
    import yaml

    opened = measurement.stage == "chain"
    language = {"lang": "", "min_score": 0.0} if opened else {"lang": ["en", "zh"], "min_score": 0.65}
    alone = measurement.stage.startswith("twins")
    operators: list[dict[str, Any]] = [] if alone else [{"language_id_score_filter": language}]
    operators += [] if alone else [{name: wide if opened else {}} for name, wide in STATISTICS.items()]
    # characters, since half of a corpus like ours has no spaces; its own advice for Chinese
    operators += [{"document_minhash_deduplicator": {"tokenization": "character", "num_permutations": 128}}]
    operators += [] if alone else [{"clean_email_mapper": {}}, {"clean_ip_mapper": {}}]
    return yaml.safe_dump(  # type: ignore[no-any-return]
        {
            "dataset_path": str(folder),
            "export_path": str(out),
            "work_dir": str(out.with_suffix(".work")),
            "np": measurement.cores,
            "use_cache": False,
            "op_fusion": True,
            "fusion_strategy": "greedy",  # the other one runs all operators on a sample first
            "auto_op_parallelism": False,  # it would take all cores of the machine
            "turbo": True,
            "open_monitor": False,
            "keep_stats_in_res_ds": True,
            "process": operators,
        }
    )


def kept(out: Path) -> int:
    """Rows written."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(out).num_rows)


if __name__ == "__main__":
    sys.argv[0] = "data-juicer"
    main()
