"""docs/speed.md and docs/speed.png from measured lines."""

import math
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = dict[str, Any]

TITLES = {
    "chain": "Whole chain, every signal for every document",
    "chain_exits": "Whole chain, peers drop at the first filter that says no",
    "line": "The line, `curate run`, without the exact signals",
    "line_exact": "The line, `curate run`, all signals",
    "twins": "Near-duplicates of a file, JSONL in, who stays out",
    "twins_small": "The same on 20 MB as a command, start-up counted in",
    "minhash": "MinHash signature, 128 permutations of 5-grams",
    "quality": "Quality signals: Gopher, repetition, C4, FineWeb, all for every document",
    "quality_exits": "The same where a filter stops at its first failure",
    "language": "Language, lid.176, full text",
}


@dataclass(frozen=True)
class Target:
    """How many times as fast we have to be, on one core, start-up out."""

    stage: str
    slice: str
    tool: str
    ratio: float
    stretch: float | None = None


NEAR = ("datatrove", "data-juicer", "text-dedup", "data-prep-toolkit")
TARGETS = (
    Target("chain", "whole", "datatrove", 40, 60),
    Target("chain", "whole", "data-juicer", 25),
    *(Target("twins", "whole", tool, 15) for tool in NEAR),
    *(Target("twins_small", "whole", tool, 2) for tool in NEAR),
    Target("minhash", "english", "daft", 2.5),
    Target("minhash", "english", "rensa", 10),
    Target("minhash", "whole", "daft", 2),
    Target("minhash", "whole", "rensa", 8),
    Target("minhash", "whole", "datasketch", 12),
    Target("quality", "english", "datatrove", 200),
    Target("quality", "whole", "datatrove", 200),
    Target("language", "whole", "fasttext", 4),
)
WORKERS = 1.6  # two workers against one

NOTES = """\
- *MB/s* is text in UTF-8 (10^6 bytes) per second; start-up (imports, models, compilation) is left out, and in "with
  start-up" counted in. It weighs more on a small input: see *MB of text*.
- One core is one core for every thread of a tool (CPU affinity). Peak memory is that of the largest process.
- Slow tools run on a sample that document ids decide; fast ones on the corpus repeated, each repetition with ids of its own
  and its tokens shuffled within lines, so that no repetition is a duplicate of another.
- *Ours is* compares with our figure for the same work; for `chain_exits` that is our `chain`, which never drops a document
  early: there the peers do less work than ours. Targets are on one core, start-up out, and for equal work (`chain`).
- Our chain: JSONL, `language`, every statistical signal of quality, `minhash` and `pii` for every document, twins at 0.7, scrub,
  Parquet; one process, no sidecars. The line: all steps from ingest to card with every sidecar, ledger and digest on disk. `line` writes
  zeros for the signals `tokens` and `mojibake`, which count exactly and which no peer's chain has; `line_exact` computes them.
- datatrove: spaCy's blank English for all texts (it has no Chinese setting without further packages), 14 x 8 MinHash. Its
  filters return at their first rule that fails, which is less than computing all. Chinese texts mostly fail early.
- data-juicer: eight statistics, fewer and cheaper than ours (no duplicate lines or n-grams); operators fused; MinHash over
  characters, its setting for Chinese.
- `twins` is the function behind `curate twins`, which compares exactly near its threshold; its peers run on 20 MB, and
  `twins_small` runs the command on as much. text-dedup hashes with xxh3, its fastest; data-prep-toolkit reads Parquet, checks candidates by signature and
  takes one process; both find words between spaces or marks, so they have far fewer shingles in Chinese.
- daft, datasketch and rensa take a run of Chinese between spaces or marks for one word, so they have far fewer shingles there.
- fasttext: `model.predict(list)`; only the call is timed. Our signal also gives the script and other languages.
"""


def write(measured: dict[str, Any], folder: Path) -> None:
    """Table and plot."""
    lines = measured["lines"]
    head = (
        "# Speed, side by side\n\n"
        f"{measured['machine']}. Corpus: {measured['corpus']}. {_dates(lines)} Last command: `{measured['command']}`.\n"
        "Written by `make bench`; do not edit.\n\n![MB/s on one core](speed.png)\n"
    )
    parts = [head, _targets(lines)]
    parts += [_stage(stage, title, lines) for stage, title in TITLES.items() if any(x["stage"] == stage for x in lines)]
    parts += [_signals(lines), "## How it is measured\n\n" + NOTES]
    (folder / "speed.md").write_text("\n".join(part for part in parts if part))
    plot(lines, folder / "speed.png")


def one_line(line: Line) -> str:
    """A measurement for the terminal."""
    return (
        f"{line['stage']:18} {line['input']:16} {line['tool']:12} {line['cores']} core(s) {rate(line):9.2f} MB/s"
        f"  start-up {line['startup_seconds']:5.1f} s  {line['seconds']:6.1f} s  peak {line['peak_mb']} MB"
    )


def rate(line: Line, startup: bool = False) -> float:
    """MB of text a second."""
    return float(line["bytes"]) / 1e6 / (line["seconds"] + (line["startup_seconds"] if startup else 0))


def machine() -> str:
    """What it ran on, in general words."""
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((row.split(":")[1].strip() for row in facts.splitlines() if row.startswith("model name")), platform.machine())
    wide = ", AVX-512" if "avx512f" in facts else ", AVX2" if "avx2" in facts else ""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{len(os.sched_getaffinity(0))} cores ({model}{wide}), {memory:.0f} GB, Python {platform.python_version()}"


def command(arguments: list[str]) -> str:
    """What was called, files by their names only."""
    return " ".join(["python -m benchmarks.compare", *(Path(one).name for one in arguments)])


def _dates(lines: list[Line]) -> str:
    days = sorted({line["measured"][:10] for line in lines})
    return f"Measured {days[0]}." if len(days) == 1 else f"Measured between {days[0]} and {days[-1]}, not all in one run."


def _find(lines: list[Line], stage: str, slice_name: str, tool: str, cores: int = 1) -> Line | None:
    asked = (stage, slice_name, tool, cores)
    return next((x for x in lines if (x["stage"], x["slice"], x["tool"], x["cores"]) == asked), None)


def ratio(lines: list[Line], stage: str, slice_name: str, tool: str) -> float | None:
    """Ours to theirs, one core, start-up out."""
    ours = _find(lines, "chain" if stage == "chain_exits" else stage, slice_name, "curation")
    theirs = _find(lines, stage, slice_name, tool)
    return rate(ours) / rate(theirs) if ours and theirs else None


def _targets(lines: list[Line]) -> str:
    rows = []
    for target in TARGETS:
        found = ratio(lines, target.stage, target.slice, target.tool)
        if found is not None:
            stretch = f" (stretch {target.stretch:g}x)" if target.stretch else ""
            reached = "yes" if found >= target.ratio else "**no**"
            if target.stretch and found >= target.ratio:
                reached += ", stretch " + ("too" if found >= target.stretch else "not")
            rows.append([target.stage, target.slice, target.tool, f"{target.ratio:g}x{stretch}", f"{found:.1f}x", reached])
    for stage in ("chain", "line", "line_exact"):
        one, two = (_find(lines, stage, "whole", "curation", cores) for cores in (1, 2))
        if one and two:
            found = rate(two) / rate(one)
            reached = "yes" if found >= WORKERS else "**no**"
            rows.append([stage, "whole", "ours, two workers to one", f"{WORKERS}x", f"{found:.2f}x", reached])
    return "## Targets\n\n" + _table(["stage", "input", "against", "target", "measured", "reached"], rows) if rows else ""


def _stage(stage: str, title: str, lines: list[Line]) -> str:
    head = ["tool", "version", "input", "MB of text", "MB/s, 1 core", "2 cores", "with start-up, 1 core", "2 cores"]
    head += ["start-up s", "peak MB", "ours is"]
    here = [line for line in lines if line["stage"] == stage]
    rows = []
    for slice_name, tool in sorted({(x["slice"], x["tool"]) for x in here}, key=lambda k: (k[0], k[1] != "curation", k[1])):
        one, two = (_find(here, stage, slice_name, tool, cores) for cores in (1, 2))
        any_one = one or two or {}
        times = ratio(lines, stage, slice_name, tool) if tool != "curation" else None
        rows.append(
            [
                tool,
                any_one["version"],
                slice_name,
                f"{any_one['bytes'] / 1e6:.0f}",
                *(f"{rate(x):.3g}" if x else "" for x in (one, two)),
                *(f"{rate(x, True):.3g}" if x else "" for x in (one, two)),
                f"{any_one['startup_seconds']:.1f}",
                " / ".join(str(x["peak_mb"]) for x in (one, two) if x),
                f"{times:.1f}x" if times else "",
            ]
        )
    return f"## {title}\n\n{_table(head, rows)}{_steps(here)}"


def _steps(lines: list[Line]) -> str:
    """Seconds of each step, where our tool told them."""
    told = [x for x in lines if x["tool"] == "curation" and "seconds" in x.get("detail", {})]
    rows = [
        f"Ours, {x['cores']} core(s), seconds: " + ", ".join(f"{k} {v:.1f}" for k, v in x["detail"]["seconds"].items()) + ".\n"
        for x in told
    ]
    return "\n" + "\n".join(rows) if rows else ""


def _signals(lines: list[Line]) -> str:
    own = [line for line in lines if line["stage"].startswith("signal ")]
    if not own:
        return ""
    rows = [[x["stage"].removeprefix("signal "), f"{rate(x):.3g}", f"{1000 * x['seconds'] / x['bytes'] * 1e5:.1f}"] for x in own]
    return "## Each signal of ours, one core\n\n" + _table(["signal", "MB/s", "seconds for 100 MB"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [head, ["---"] * len(head), *rows]) + "\n"


def plot(lines: list[Line], path: Path) -> None:
    """One bar for each tool, stage and input on one core; a log scale, since the stages lie far apart."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    bars: list[tuple[str, float, bool] | None] = []
    for stage in TITLES:
        here = [x for x in lines if x["stage"] == stage and x["cores"] == 1]
        for slice_name in sorted({x["slice"] for x in here}):
            group = sorted((x for x in here if x["slice"] == slice_name), key=rate, reverse=True)
            bars += [(f"{stage}, {slice_name}: {x['tool']}", rate(x), x["tool"] == "curation") for x in group]
            bars.append(None)
    bars = bars[:-1]
    if not bars:
        return
    figure, axes = pyplot.subplots(figsize=(9, 0.25 * len(bars) + 1))
    for place, bar in enumerate(bars):
        if bar:
            axes.barh(place, bar[1], color="#1b7f5c" if bar[2] else "#9aa5b1")
            axes.text(bar[1] * 1.08, place, f"{bar[1]:.3g}", va="center", fontsize=8)
    shown = [(place, bar[0]) for place, bar in enumerate(bars) if bar]
    axes.set_yticks([place for place, _ in shown], [label for _, label in shown], fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    highest = max(bar[1] for bar in bars if bar)
    axes.set_xlim(min(bar[1] for bar in bars if bar) / 2, 10 ** (math.log10(highest) + 0.5))
    axes.set_xlabel("MB of text per second, one core, start-up left out (log scale)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
