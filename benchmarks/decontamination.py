"""Decontamination: what is found of planted benchmark items, and what is hit that should not be, by window.

    python -m benchmarks.decontamination FOLDER      FOLDER holds docs_zh.parquet and docs_en.parquet (id, text, source)

Items are sentences of some sources; they are planted, written in other ways, into documents of other sources. A hit in
a document without a planted item is false, although some are quotations. Written: docs/decontamination.md.
"""

import json
import random
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation import contamination

DOCS = Path(__file__).resolve().parent.parent / "docs"
ITEMS = 400
FROM = {"zh": ("LawRefBook/Laws", "debian:libreoffice-help-zh-cn"), "en": ("sourcegraph/handbook", "18F/handbook")}
INTO = {"zh": ("pingcap/docs-cn", "apache/dolphinscheduler", "debian:linux-doc"), "en": ("debian:linux-doc", "debian:nova-doc")}
WINDOWS = {"zh": (16, 18, 20, 22, 24, 26), "en": (8, 10, 13, 15)}


@dataclass(frozen=True)
class Texts:
    """Documents in memory."""

    held: list[str]

    @property
    def rows(self) -> int:
        return len(self.held)

    def texts(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, pa.Array]]:
        """In pieces, as the line reads them."""
        for start in range(0, len(rows), 2048):
            some = rows[start : start + 2048]
            yield some, pa.array([self.held[row] for row in some.tolist()], pa.large_string())


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _unpunctuated(text: str) -> str:
    return "".join(" " if unicodedata.category(c).startswith("P") else c for c in text)


def _traditional(text: str) -> str:
    from opencc import OpenCC  # in benchmarks only: the kernels fold by a table of their own

    return str(OpenCC("s2t").convert(text))


WAYS: dict[str, Callable[[str], str]] = {
    "verbatim": lambda text: text,
    "punctuation changed": _unpunctuated,
    "upper case": str.upper,
    "full width": _wide,
    "split over lines": lambda text: re.sub(r"(.{15}\S*)", r"\1\n", text),
    "traditional": _traditional,
    "two thirds of it": lambda text: text[: len(text) * 2 // 3],
}


def sentences(texts: list[str], language: str) -> list[str]:
    """Sentences long enough to be sought: questions of an examination have about this length."""
    found = []
    for text in texts:
        for one in re.split(r"(?<=[。！？!?])|(?<=\.)\s|\n", text):
            words = len(one.split()) if language == "en" else len(re.findall(r"[\u4e00-\u9fff]", one)) * 13 / 24
            if 9 <= words <= 40 and len(one) < 400:
                found.append(one.strip())
    return found


def measure(language: str, table: pa.Table, window: int) -> dict[str, object]:
    """Recall by way of writing, and false hits, for one window."""
    chance = random.Random(7)
    by_source: dict[str, list[str]] = {}
    for source, text in zip(table["source"].to_pylist(), table["text"].to_pylist(), strict=True):
        by_source.setdefault(source, []).append(text)
    items = sorted(set(sentences([t for s in FROM[language] for t in by_source[s]], language)))
    items = chance.sample(items, ITEMS)
    clean = [t for s in INTO[language] for t in by_source[s]]
    line_uses = contamination.WORDS, contamination.CHARACTERS
    if language == "zh":
        contamination.CHARACTERS = window
    else:
        contamination.WORDS = window
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "exam.jsonl"
        file.write_text("".join(json.dumps({"question": item}, ensure_ascii=False) + "\n" for item in items))
        benchmarks = contamination.read([file])
    false = len(_hit(benchmarks, clean))
    recall = {}
    ways = WAYS if language == "zh" else {name: way for name, way in WAYS.items() if name != "traditional"}
    for name, way in ways.items():
        hosts = chance.sample(clean, len(items))
        planted = [
            f"{host[: len(host) // 2]}\n{way(item)}\n{host[len(host) // 2 :]}" for host, item in zip(hosts, items, strict=True)
        ]
        recall[name] = len(_hit(benchmarks, planted)) / len(planted)
    contamination.WORDS, contamination.CHARACTERS = line_uses
    return {"language": language, "window": window, "false": false, "clean": len(clean), "recall": recall}


def _hit(benchmarks: contamination.Benchmarks, texts: list[str]) -> set[int]:
    hits = contamination.find(benchmarks, [Texts(texts)], [0], np.arange(len(texts)), 1)  # type: ignore[list-item]
    return {hit.number for hit in hits}


def main() -> int:
    """Measure every window and write the page."""
    folder = Path(sys.argv[1])
    lines = []
    for language, windows in WINDOWS.items():
        table = pq.read_table(folder / f"docs_{language}.parquet", columns=["text", "source"])
        for window in windows:
            lines.append(measure(language, table, window))
            print(lines[-1], flush=True)
    head = ["language", "window", *WAYS, "false hits", "of clean documents"]
    rows = [
        [str(one["language"]), str(one["window"]), *(f"{one['recall'][way]:.1%}" if way in one["recall"] else "" for way in WAYS),  # type: ignore[operator,index]
         f"{one['false']} ({one['false'] / one['clean']:.2%})", str(one["clean"])]  # type: ignore[operator]
        for one in lines
    ]  # fmt: skip
    table = "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
    (DOCS / "decontamination.md").write_text(
        "# Decontamination, measured\n\n"
        f"Written by `python -m benchmarks.decontamination`. {ITEMS} sentences of some sources of a language (zh: laws and help pages; "
        "en: two handbooks) are planted into documents of others (manuals), one each. A false hit is a document without a planted item "
        f"that was hit. An item shorter than the window is sought whole, so a part of it is not found. The line uses {contamination.WORDS} words and {contamination.CHARACTERS} characters.\n\n"
        + table
        + "\n",
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
