"""License detection measured: 819 SPDX texts with words changed, heads of source files, per-file truth of packages, speed.

    python -m benchmarks.licenses FOLDER       labelled_license_spdx.parquet, code.parquet and debsrc_*.debian-copyright.txt there

Written: docs/licenses.md. Right is the same text (-only and -or-later share one); unknown is null, which keeps a document out.
"""

import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.report import machine
from curation import license_texts
from curation.license import from_header, normalise
from curation.license_files import dep5

DOCS = Path(__file__).resolve().parent.parent / "docs"
Row = dict[str, Any]


def changed(text: str, share: float, seed: str) -> str:
    """Some words replaced by others."""
    chance = random.Random(seed)
    parts = re.split(r"(\s+)", text)
    words = [at for at, part in enumerate(parts) if part.strip()]
    for at in chance.sample(words, round(share * len(words))):
        parts[at] = chance.choice(["lorem", "ipsum", "dolor", "amet", "thing", "其他"])
    return "".join(parts)


def judged(rows: list[Row], find: Callable[[Row], str | None], truth: Callable[[Row], str]) -> tuple[int, int, int, list[str]]:
    """How many are right, wrong and unknown, and the wrong ones."""
    right = unknown = 0
    wrong = []
    for row in rows:
        found, wanted = find(row), truth(row)
        if found is None:
            unknown += 1
        elif _same(found, wanted):
            right += 1
        else:
            wrong.append(f"{wanted}: {found}")
    return right, len(wrong), unknown, wrong


def _same(one: str, other: str) -> bool:
    if one == other or license_texts.same_text(one, other):
        return True
    texts = license_texts.texts()
    words = [license_texts._words(texts[name]) if name in texts else [] for name in (one, other)]
    return bool(words[0]) and words[0] == words[1]


def texts_with_changes(folder: Path) -> list[list[str]]:
    """The 819 texts with 0, 1 and 3 % of their words replaced."""
    rows = pq.read_table(folder / "labelled_license_spdx.parquet").to_pylist()
    out = []
    for share in (0.0, 0.01, 0.03):
        for seed in ("a", "b") if share else ("a",):
            counts = judged(
                rows,
                lambda row, s=share, x=seed: license_texts.match(changed(row["text"], s, x + row["id"])),
                lambda row: row["label_spdx"].removeprefix("depreciate_"),
            )
            out.append(_line(f"SPDX texts, {share:.0%} of words changed ({seed})", len(rows), counts))
    return out


def heads(folder: Path) -> list[list[str]]:
    """Heads of source files: those with a tag against the tag, and the tag cut out against it; then DEP-5's truth."""
    rows = pq.read_table(folder / "code.parquet").to_pylist()
    tagged = [row for row in rows if row["spdx_header"] and normalise(row["license"] or "")]
    out = [
        _line("source files with an SPDX tag", len(tagged), judged(tagged, lambda r: _head(r["text"]), lambda r: r["license"]))
    ]
    for file in sorted(folder.glob("debsrc_*.debian-copyright.txt")):
        package = file.name.removeprefix("debsrc_").split(".")[0]
        entries = list(dep5(file.read_text("utf-8"), file.name))
        own = []
        for row in rows:
            if row["source"] != f"debsrc:{package}":
                continue
            name = row["path"].removeprefix(f"{package}/")
            said = [claim.value for pattern, claim in entries if pattern.fullmatch(name)]
            if said and normalise(said[-1]):
                own.append({**row, "truth": said[-1]})
        if own:
            out.append(
                _line(f"{package}: head of the file against DEP-5", len(own), judged(own, lambda r: _head(r["text"]), _truth))
            )
    return out


def _truth(row: Row) -> str:
    return str(row["truth"])


def _head(text: str) -> str | None:
    claims = from_header(text, None)
    return normalise(claims[0].value) if claims else None


def speed(folder: Path) -> list[str]:
    """Prose without a license through the detector of heads, MB/s on one core."""
    texts = pq.read_table(folder / "docs_zh.parquet", columns=["text"])["text"].to_pylist()
    begun = time.perf_counter()
    for text in texts:
        from_header(text, None)
    return [f"{sum(len(text.encode()) for text in texts) / 1e6 / (time.perf_counter() - begun):,.0f} MB/s of documents (docs_zh)"]


def _line(name: str, count: int, counts: tuple[int, int, int, list[str]]) -> list[str]:
    right, wrong, unknown, which = counts
    return [
        name,
        str(count),
        f"{right / count:.2%}",
        f"{wrong / count:.2%}",
        f"{unknown / count:.2%}",
        "; ".join(sorted(set(which))[:6]),
    ]


def main() -> int:
    """Measure and write."""
    folder = Path(sys.argv[1])
    head = ["what", "texts", "right", "wrong", "unknown", "wrong ones"]
    table = [head, ["---"] * len(head), *texts_with_changes(folder), *heads(folder)]
    text = (
        f"# License detection\n\n{machine()}. Written by `python -m benchmarks.licenses FOLDER`; do not edit.\n\n"
        + "\n".join("| " + " | ".join(row) + " |" for row in table)
        + f"\n\nSpeed: {speed(folder)[0]}, one core.\n"
    )
    (DOCS / "licenses.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
