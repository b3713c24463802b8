"""What every driver does alike: read what is asked, read the input, stop the time, print one JSON line.

Only the standard library, and pyarrow where an input is read into memory: it runs in the environment of every tool.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

WARM = "Warm words, 预热文本。 One two three four five six seven. a@b.cn 8.8.8.8\n" * 3


class Measurement:
    """One stage of one tool over one input: start-up until `ready`, then what runs inside `timed`."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        asked = _parser().parse_args()
        self.stage: str = asked.stage
        self.input: str = asked.input
        self.cores: int = asked.cores
        self.model: Path = asked.model
        self.scratch: Path = asked.scratch
        self.files: list[Path] = sorted(asked.folder.iterdir())
        self._size = {"bytes": asked.bytes, "documents": asked.documents}
        self.startup = self.seconds = 0.0
        # the one measure that holds for every thread pool of every tool
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.cores])

    def begin(self) -> None:
        """What went before only laid the input."""
        self._begun = time.perf_counter()

    def ready(self) -> None:
        """Imports, models and compilation are behind us."""
        self.startup = time.perf_counter() - self._begun

    @contextmanager
    def timed(self) -> Iterator[None]:
        """What is measured; several blocks add up. In a stage `..._small` it begins with the process, start-up counted in."""
        begun = time.perf_counter()
        yield
        if self.stage.endswith("_small"):
            begun, self.seconds, self.startup = self._begun, 0.0, 0.0
        self.seconds += time.perf_counter() - begun

    def table(self) -> Any:
        """The input's `id` and `text` as one Arrow table, read outside the time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pa.concat_tables([pq.read_table(file, columns=["id", "text"]) for file in self.files])

    def texts(self) -> list[str]:
        """The input's texts as Python strings."""
        return self.table()["text"].to_pylist()  # type: ignore[no-any-return]

    def tell(self, tool: str, package: str | None = None, **detail: Any) -> None:
        """Print the measurement. `package` is the distribution that has the version, where it is named otherwise."""
        line = {
            "tool": tool,
            "version": version(package or tool),
            "stage": self.stage,
            "input": self.input,
            "seconds": round(self.seconds, 3),
            "startup_seconds": round(self.startup, 3),
            **self._size,
            "cores": self.cores,
            "peak_mb": round(max(_own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024),
        }
        # some tools put their logger in the place of sys.stdout
        print(json.dumps(line | ({"detail": detail} if detail else {})), file=sys.__stdout__, flush=True)


def _own_peak() -> int:
    """Kilobytes. Not ru_maxrss: that starts from the memory of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(next(row for row in status.splitlines() if row.startswith("VmHWM")).split()[1])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", required=True)
    parser.add_argument("--input", required=True, help="what the input is called in the table")
    parser.add_argument("--folder", required=True, type=Path, help="its files: JSONL for a chain, else Parquet")
    parser.add_argument("--bytes", required=True, type=int, help="of text")
    parser.add_argument("--documents", required=True, type=int)
    parser.add_argument("--cores", required=True, type=int)
    parser.add_argument("--model", required=True, type=Path, help="lid.176.ftz")
    parser.add_argument("--scratch", required=True, type=Path, help="an empty folder to write into")
    return parser
