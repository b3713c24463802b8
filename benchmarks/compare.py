"""Our stages and the peers', side by side in one run: what `make bench` does.

    python -m benchmarks.compare                          a generated corpus of 20 MB, half Chinese
    python -m benchmarks.compare corpus.parquet           your own file with id, text and, in Parquet, lang
    python -m benchmarks.compare FILE --only minhash      one stage again; the lines of the others stay
    python -m benchmarks.compare FILE --without daft      leave a tool out

Each peer has an environment of its own under .peers/, made from its pinned and hashed requirements; $PEERS names another
folder with such environments. Everything runs one after another, each measurement in a process of its own.
Written: docs/speed.md, docs/speed.png and docs/speed.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import inputs, pairs, report
from curation import warm
from curation.fasttext_model import language_model

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".uv" / "bin" / "uv"
LINES = ROOT / "docs" / "speed.json"
FAST = 200.0  # MB of text where a stage is fast
SMALL = 19.0
HOUR = 3600


@dataclass(frozen=True)
class Run:
    """One measurement: a tool's stage over a slice of this many MB on so many cores."""

    tool: str
    environment: str  # of requirements in benchmarks/peers; empty for our own
    stage: str
    slice: str
    megabytes: float
    cores: int = 1


OURS, DATATROVE, DATA_JUICER = ("curation", ""), ("datatrove", "datatrove"), ("data-juicer", "data-juicer")
DAFT, RENSA, DATASKETCH, FASTTEXT = ("daft", "daft"), ("rensa", "sketches"), ("datasketch", "sketches"), ("fasttext", "fasttext")
TEXT_DEDUP, PREP_TOOLKIT = ("text-dedup", "text-dedup"), ("data-prep-toolkit", "prep-toolkit")
RUNS = (
    # samples of slow tools are sized for 20 to 60 s each
    *(Run(*OURS, "chain", "whole", FAST, cores) for cores in (1, 2)),
    *(Run(*DATATROVE, "chain", "whole", 8, cores) for cores in (1, 2)),
    *(Run(*DATA_JUICER, "chain", "whole", 15, cores) for cores in (1, 2)),
    *(Run(*DATATROVE, "chain_exits", "whole", 15, cores) for cores in (1, 2)),
    *(Run(*DATA_JUICER, "chain_exits", "whole", 15, cores) for cores in (1, 2)),
    *(Run(*OURS, stage, "whole", FAST, cores) for stage in ("line", "line_exact") for cores in (1, 2)),
    *(Run(*OURS, "twins", "whole", FAST, cores) for cores in (1, 2)),
    *(Run(*OURS, "twins_small", "whole", SMALL, cores) for cores in (1, 2)),
    *(
        Run(*tool, stage, "whole", SMALL, cores)
        for stage in ("twins", "twins_small")
        for tool in (DATATROVE, DATA_JUICER, TEXT_DEDUP, PREP_TOOLKIT)
        for cores in (1, 2)
    ),
    *(Run(*OURS, "minhash", slice_name, FAST, cores) for slice_name in ("english", "whole") for cores in (1, 2)),
    *(Run(*DAFT, "minhash", slice_name, FAST, cores) for slice_name in ("english", "whole") for cores in (1, 2)),
    *(Run(*tool, "minhash", slice_name, FAST) for slice_name in ("english", "whole") for tool in (RENSA, DATASKETCH)),
    *(Run(*OURS, "quality", slice_name, FAST, cores) for slice_name in ("english", "whole") for cores in (1, 2)),
    *(Run(*DATATROVE, "quality", slice_name, 6) for slice_name in ("english", "whole")),
    Run(*DATATROVE, "quality_exits", "whole", 6),
    *(Run(*OURS, "language", "whole", FAST, cores) for cores in (1, 2)),
    Run(*FASTTEXT, "language", "whole", FAST),
    Run(*OURS, "signals", "whole", 15),
)
STAGES = tuple(dict.fromkeys(run.stage for run in RUNS))
TOOLS = tuple(dict.fromkeys(run.tool for run in RUNS))


def main() -> int:
    """Measure, merge with what was measured before, write the report; 1 if a measurement failed."""
    asked = _arguments()
    runs = [run for run in RUNS if run.stage in (asked.only or STAGES) and run.tool not in asked.without]
    peers = Path(os.environ.get("PEERS") or ROOT / ".peers").absolute()
    for environment in dict.fromkeys(run.environment for run in runs if run.environment):
        make(environment, peers)
    warm.compile_kernels()  # once a machine: what a start-up costs is told without it
    failed = 0
    measured: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        table = inputs.read(asked.file)
        for run in runs:
            laid = inputs.lay(table, run.slice, run.megabytes, Path(folder))
            lines = best(run, laid, peers, asked.times)
            failed += not lines
            measured += lines
            for line in lines:
                print(report.one_line(line), flush=True)
    write(measured, asked.file)
    return 1 if failed else 0


def make(environment: str, peers: Path) -> None:
    """A peer's environment, where it is not there yet."""
    ready = peers / environment / ".installed"
    if ready.exists() or ((peers / environment / "bin" / "python").exists() and "PEERS" in os.environ):
        return
    print(f"Setting up {environment} under {peers.name}/", flush=True)
    subprocess.run([UV, "venv", "-q", "--clear", "--python", "3.11", peers / environment], check=True)
    requirements = ROOT / "benchmarks" / "peers" / f"{environment}.txt"
    install = [UV, "pip", "install", "-q", "--python", peers / environment, "--require-hashes", "-r", requirements]
    subprocess.run(install, check=True)
    ready.touch()


def best(run: Run, laid: inputs.Input, peers: Path, times: int) -> list[dict[str, Any]]:
    """The lines of a run, each the fastest of its repetitions; none if it failed."""
    fastest: dict[str, dict[str, Any]] = {}
    for _ in range(times):
        for line in measure(run, laid, peers):
            known = fastest.setdefault(line["stage"], line)
            if line["seconds"] < known["seconds"]:
                fastest[line["stage"]] = line
    return list(fastest.values())


def measure(run: Run, laid: inputs.Input, peers: Path) -> Iterator[dict[str, Any]]:
    """Run one driver and read its JSON lines."""
    python = peers / run.environment / "bin" / "python" if run.environment else Path(sys.executable)
    module = f"benchmarks.peers.{run.environment.replace('-', '_')}" if run.environment else "benchmarks.ours"
    stage = f"{run.stage}:{run.tool}" if run.environment == "sketches" else run.stage
    jsonl = run.stage.startswith(("chain", "line", "twins")) and run.environment != "prep-toolkit"
    with tempfile.TemporaryDirectory(dir=laid.parquet.parent) as scratch:
        options = {
            "stage": stage,
            "input": laid.name,
            "folder": laid.jsonl if jsonl else laid.parquet,
            "bytes": laid.bytes,
            "documents": laid.documents,
            "cores": run.cores,
            "model": language_model(),
            "scratch": scratch,
        }
        command = [str(python), "-m", module, *(str(part) for k, v in options.items() for part in (f"--{k}", v))]
        quiet = {**os.environ, "PYTHONWARNINGS": "ignore", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
        done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, timeout=HOUR)
    told = [line for line in done.stdout.splitlines() if line.startswith('{"tool"')]
    if done.returncode or not told:
        print(f"{run.tool} {run.stage} failed ({done.returncode}):\n{done.stderr[-2000:]}", file=sys.stderr, flush=True)
        return
    for line in told:
        yield {**json.loads(line), "slice": run.slice, "measured": time.strftime("%Y-%m-%dT%H:%M:%S")}


def write(measured: list[dict[str, Any]], file: Path | None) -> None:
    """New lines replace old ones of the same tool, stage, slice and cores; then table and plot from all of them."""
    LINES.parent.mkdir(exist_ok=True)
    about = {"machine": report.machine(), "corpus": file.name if file else "generated, half Chinese"}
    before = json.loads(LINES.read_text()) if LINES.exists() else {}
    comparable = all(before.get(fact) == value for fact, value in about.items())
    merged = {_key(line): line for line in [*(before["lines"] if comparable else []), *measured]}
    lines = sorted(merged.values(), key=_key)
    kept = {**about, "command": report.command(sys.argv[1:]), "lines": lines}
    LINES.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    report.write(kept, LINES.parent)
    (LINES.parent / "at-scale.md").write_text(pairs.plan(LINES.parent), encoding="utf-8")
    print(f"written: {LINES.parent.name}/speed.md, speed.png, speed.json")


def _key(line: dict[str, Any]) -> tuple[str, str, str, int]:
    return line["stage"], line["slice"], line["tool"], line["cores"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.compare")
    parser.add_argument("file", nargs="?", type=Path, help="Parquet or JSONL with id and text")
    parser.add_argument("--only", action="append", choices=STAGES, help="a stage; may be given again")
    parser.add_argument("--without", action="append", default=[], choices=TOOLS, help="a tool; may be given again")
    parser.add_argument("--times", type=int, default=1, help="repetitions, of which the fastest counts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
