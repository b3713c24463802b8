"""Do `gopher-en`, `c4-en` and `fineweb-en` keep and drop what datatrove keeps and drops?

    python -m benchmarks.agreement FILE [--documents 2000] [--markdown docs/agreement.md]

FILE is Parquet with text (and lang: English ones are taken). datatrove runs in its own environment (.peers/, or $PEERS).
The language filter of `fineweb-en` is left out: both see the same texts.
"""

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.compare import ROOT, make
from benchmarks.gate import judge
from curation import catalog, signals
from curation.editing import Edit, apply
from curation.recipe import Profile

PROFILES = {"gopher": "gopher-en", "c4": "c4-en", "fineweb": "fineweb-en"}
LONGEST = 200_000  # characters: its tokenizer takes minutes over a longer text


def main() -> None:
    """A table of agreement, and every difference."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args()
    texts = chosen(asked.file, asked.documents)
    theirs = verdicts(texts)
    lines = [
        f"{len(texts):,} English documents of {asked.file.name}, {sum(map(len, texts)) / 1e6:.1f} million characters, against datatrove 0.10.1.",
        "",
        "| profile | kept by datatrove | same keep or drop | same first reason |",
        "|---|---|---|---|",
    ]
    differences = []
    for key, name in PROFILES.items():
        mine = ours(texts, name)
        same = sum((one is True) == (other[key] is True) for one, other in zip(mine, theirs, strict=True))
        reasons = sum(NAMES.get(str(other[key]), other[key]) == one for one, other in zip(mine, theirs, strict=True))
        kept = sum(other[key] is True for other in theirs)
        lines.append(f"| `{name}` | {kept:,} | {same / len(texts):.2%} | {reasons / len(texts):.2%} |")
        for number, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            if NAMES.get(str(other[key]), other[key]) != one:
                differences.append(f"| `{name}` | {number} | {one} | {other[key]} | {_han(texts[number]):,} |")
    edited = [(t, o["c4_text"]) for t, o in zip(texts, theirs, strict=True) if o["c4_text"] is not None]
    same = sum(
        _lines(remains) == _lines(expected) for remains, (_, expected) in zip(c4([t for t, _ in edited]), edited, strict=True)
    )
    lines += ["", f"Text that C4's edits leave: the same lines in {same:,} of {len(edited):,} documents that it keeps.", ""]
    lines += ["Documents judged otherwise, or for another first reason:", ""]
    lines += [
        "| profile | document | ours | datatrove | Han, kana and Hangul characters |",
        "|---|---|---|---|---|",
        *differences,
    ]
    lines += [
        "",
        "The one cause seen: a Han, kana or hangul character is a word of its own here, and a part of a long word there.",
    ]
    text = "\n".join(lines) if differences else "\n".join([*lines[:-4], "None differ."])
    print(text)
    if asked.markdown:
        asked.markdown.write_text(text + "\n", encoding="utf-8")


def chosen(file: Path, count: int) -> list[str]:
    """English texts, by a hash of the text."""
    table = pq.read_table(file)
    rows = table.select([name for name in ("text", "lang") if name in table.column_names]).to_pylist()
    texts = [row["text"] for row in rows if row.get("lang", "en") == "en" and len(row["text"]) <= LONGEST]
    return sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:count]


def verdicts(texts: list[str]) -> list[dict[str, Any]]:
    """datatrove's, from its own environment."""
    peers = Path(os.environ.get("PEERS") or ROOT / ".peers").absolute()
    make("datatrove", peers)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "texts.json", Path(folder) / "verdicts.json"
        source.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
        command = [peers / "datatrove" / "bin" / "python", "-m", "benchmarks.peers.datatrove_verdicts", source, target]
        subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
        return json.loads(target.read_text(encoding="utf-8"))


def ours(texts: list[str], name: str) -> list[Any]:
    """True, or the first filter that a text fails, whatever language it is taken for."""
    profile = catalog.built_in("profiles", name, Profile)
    filters = [one.model_copy(update={"where": {}}) for one in profile.filters if one.name != "language_score"]
    found = judge(texts, profile.model_copy(update={"where": {}, "filters": filters}))
    return [found[str(number)][0].removeprefix("c4_") if str(number) in found else True for number in range(len(texts))]


def c4(texts: list[str]) -> list[str]:
    """What C4's edits leave."""
    import pyarrow as pa

    spans = signals.find("c4").annotate(pa.record_batch({"text": pa.array(texts, pa.large_string())}))["spans"].to_pylist()
    return [apply(text, [Edit(s["start"], s["end"], "") for s in one]) for text, one in zip(texts, spans, strict=True)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _han(text: str) -> int:
    return sum(count for c, count in Counter(text).items() if 0x3040 <= ord(c) <= 0xD7A3)


NAMES = {
    **{"dup_para_frac": "duplicate_paragraphs", "dup_para_char_frac": "duplicate_paragraph_characters"},
    **{"dup_line_frac": "duplicate_lines", "dup_line_char_frac": "duplicate_line_characters"},
    **{f"duplicated_{n}_n_grams": f"duplicate_{n}_gram" for n in range(5, 11)},
    **{"gopher_short_doc": "words", "gopher_long_doc": "words", "gopher_enough_stop_words": "stop_words"},
    **{"gopher_below_avg_threshold": "mean_word", "gopher_above_avg_threshold": "mean_word"},
    **{"gopher_too_many_hashes": "hashes", "gopher_too_many_ellipsis": "ellipses", "gopher_too_many_bullets": "bullets"},
    **{"gopher_too_many_end_ellipsis": "ellipsis_lines", "gopher_below_alpha_threshold": "alphabetic"},
    **{"too_few_sentences": "sentences", "line_punct_ratio": "terminal_lines", "short_line_ratio": "short_lines"},
    **{"char_dup_ratio": "repeated_line_characters", "list_ratio": "newlines"},
}


if __name__ == "__main__":
    main()
