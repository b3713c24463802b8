"""The false-positive budget: what share of clean text each profile keeps, and what share of planted junk it drops.

    python -m benchmarks.gate FOLDER [--markdown FILE] [--pin tests/policy/gate.parquet]

FOLDER holds clean texts: docs_*.parquet with text, lang and set. Junk is made by `training.negatives` from held-out words and
templates, and from the clean texts where it is damage; 200 of a kind and language, seeded. `--pin` keeps what was measured of
each text, without the text: tests hold the profiles to it.
"""

import argparse
import hashlib
import random
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation import catalog, signals
from curation.document import CLAIM
from curation.policy import verdicts
from curation.recipe import Plan, Policy, Profile, Recipe
from training.negatives import Making, make

KINDS = {
    "boilerplate": "navigation",
    "logs": "logs",
    "OCR garbage": "ocr",
    "mojibake": "mojibake",
    "word salad": "salad",
    "gambling spam": "spam",
    "keyword lists": "keywords",
    "machine tables": "tables",
}
OF_EACH = 200
PER_SET = 500
PROFILES = {"zh": ("zh-technical", "zh-web"), "en": ("en-technical", "en-web")}
STATUTES = "cn-national-laws"


def main() -> None:
    """Two tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--pin", type=Path)
    parser.add_argument("--show", help="print texts of this set or kind that went the wrong way")
    asked = parser.parse_args()
    clean = clean_sets(asked.folder)
    pinned: list[pa.Table] = []
    whole: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    lines = ["| clean text | documents | profile | kept | removed by |", "|---|---|---|---|---|"]
    for (language, name), texts in clean.items():
        pinned.append(_pinned(texts, name, language, "clean"))
        for profile in profiles_of(name, language):
            share, top = _row(texts, pinned[-1], profile, True, asked.show == name)
            lines.append(f"| {name} | {len(texts)} | `{profile}` | {share:.1%} | {top} |")
            whole[profile][0] += len(texts)
            whole[profile][1] += round(share * len(texts))
    lines += [f"| **all** | {n} | `{profile}` | **{kept / n:.1%}** | |" for profile, (n, kept) in whole.items()]
    lines += ["", "| junk | language | profile | dropped | by |", "|---|---|---|---|---|"]
    donors = {language: [t for (lang, _), texts in clean.items() if lang == language for t in texts] for language in PROFILES}
    for label, kind in KINDS.items():
        for language, profiles in PROFILES.items():
            texts = junk(kind, language, donors[language])
            pinned.append(_pinned(texts, label, language, "junk"))
            for profile in profiles:
                share, top = _row(texts, pinned[-1], profile, False, asked.show == label)
                lines.append(f"| {label} | {language} | `{profile}` | {share:.1%} | {top} |")
    text = "\n".join(lines)
    print(text)
    if asked.markdown:
        asked.markdown.write_text(text + "\n", encoding="utf-8")
    if asked.pin:
        pq.write_table(pa.concat_tables(pinned).drop_columns(["source"]), asked.pin, compression="zstd", compression_level=19)


def profiles_of(name: str, language: str) -> tuple[str, ...]:
    """The profiles that a set of clean texts is held to."""
    return ("zh-legal",) if name == STATUTES else PROFILES[language][:1]


def clean_sets(folder: Path) -> dict[tuple[str, str], list[str]]:
    """At most PER_SET texts of each set, chosen by a hash of the text."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file in sorted(folder.glob("docs_*.parquet")):
        table = pq.read_table(file, columns=["text", "lang", "set"])
        labels = signals.find("language").annotate(pa.record_batch({"text": table["text"].combine_chunks()}))["label"]
        for row, label in zip(table.to_pylist(), labels.to_pylist(), strict=True):
            if row["lang"] in PROFILES and row["lang"] == label:  # much of the translated handbooks is not translated
                found[row["lang"], row["set"]].append(row["text"])
    return {
        key: sorted(texts, key=lambda t: hashlib.sha256(t.encode()).digest())[:PER_SET] for key, texts in sorted(found.items())
    }


def junk(kind: str, language: str, donors: list[str], count: int = OF_EACH) -> list[str]:
    """Seeded junk of 400 to 4,000 characters."""
    made = []
    for number in range(count):
        rng = random.Random(f"{kind} {language} {number}")

        def donor(rng: random.Random = rng) -> str:
            text = rng.choice(donors)
            start = rng.randrange(max(1, len(text) - 4000))
            return text[start : start + 4000]

        made.append(make(kind, Making(rng, language, "heldout", rng.randrange(400, 4000), donor)))
    return made


def judge(texts: list[str], profile: Profile) -> dict[str, list[str]]:
    """The filters that each removed or quarantined text failed."""
    return judged(measured(texts, verdicts.columns_of(plan_of(profile))), profile)


def measured(texts: list[str], paths: set[str]) -> pa.Table:
    """These columns of every text, beside doc_id (its number) and source."""
    ids = [str(number) for number in range(len(texts))]
    documents = pa.record_batch(
        {"text": pa.array(texts, pa.large_string()), "license_claims": pa.array([[]] * len(texts), pa.list_(CLAIM))}
    )
    columns = {"doc_id": pa.array(ids), "source": pa.array(["gate"] * len(texts))}
    for name in sorted({path.split(".")[0] for path in paths}):
        out = signals.find(name).annotate(documents)
        columns |= {path: out[path.split(".")[1]] for path in sorted(paths) if path.startswith(f"{name}.")}
    return pa.table(columns)


def judged(columns: pa.Table, profile: Profile) -> dict[str, list[str]]:
    """The filters that each document which does not stay failed."""
    ledger = verdicts.judge(columns, plan_of(profile))
    found: dict[str, list[str]] = defaultdict(list)
    for doc, one in zip(ledger["doc_id"].to_pylist(), ledger["filter"].to_pylist(), strict=True):
        found[doc].append(one.removeprefix(f"{profile.name}."))
    return found


def plan_of(profile: Profile) -> Plan:
    words = {"en": "gate", "zh": "门"}
    recipe = Recipe(name="gate", title=words, summary=words, sources=["gate"], curator="gate", contact="gate@example.org")
    return Plan(recipe=recipe, profiles=[profile], policy=Policy(name="none", title=words, filters=[]))


def _pinned(texts: list[str], name: str, language: str, kind: str) -> pa.Table:
    """What all profiles ask of these texts, once."""
    used = {"zh-legal", *(profile for profiles in PROFILES.values() for profile in profiles)}
    paths = {path for p in used for path in verdicts.columns_of(plan_of(catalog.built_in("profiles", p, Profile)))}
    table = measured(texts, paths)
    for column, value in (("language", language), ("set", name), ("kind", kind)):
        table = table.add_column(0, column, pa.repeat(value, len(texts)).dictionary_encode())
    return table


def _row(texts: list[str], columns: pa.Table, name: str, clean: bool, show: bool) -> tuple[float, str]:
    gone = judged(columns, catalog.built_in("profiles", name, Profile))
    count: dict[str, int] = defaultdict(int)
    for reasons in gone.values():
        for reason in reasons:
            count[reason] += 1
    top = ", ".join(f"{reason} {n}" for reason, n in sorted(count.items(), key=lambda item: -item[1])[:5])
    if show:
        for number, text in enumerate(texts):
            if (str(number) in gone) == clean:
                print("-----", gone.get(str(number)), repr(text[:300]))
    share = len(gone) / len(texts)
    return (1 - share if clean else share), top


if __name__ == "__main__":
    main()
