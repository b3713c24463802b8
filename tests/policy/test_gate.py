"""The false-positive budget, on what `python -m benchmarks.gate --pin` measured of 6,658 clean texts and 3,200 of junk."""

from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks import gate
from curation import catalog
from curation.recipe import Profile

PINNED = Path(__file__).parent / "gate.parquet"
TABLE = Path(gate.__file__).parents[1] / "docs" / "gate.md"


@cache
def pinned() -> pa.Table:
    table = pq.read_table(PINNED)
    return table.append_column("source", pa.repeat("gate", len(table)))


def share_gone(table: pa.Table, name: str) -> float:
    """The share of documents that a profile does not keep."""
    numbered = table.set_column(table.schema.get_field_index("doc_id"), "doc_id", pa.array(map(str, range(len(table)))))
    return len(gate.judged(numbered, catalog.built_in("profiles", name, Profile))) / len(table)


def sets(kind: str) -> list[tuple[str, str]]:
    rows = pq.read_table(PINNED, columns=["set", "language", "kind"]).to_pylist()
    return sorted({(row["set"], row["language"]) for row in rows if row["kind"] == kind})


def of(name: str, language: str, kind: str) -> pa.Table:
    table = pinned()
    mask = pc.and_(pc.equal(table["set"].cast("string"), name), pc.equal(table["language"].cast("string"), language))
    return table.filter(pc.and_(mask, pc.equal(table["kind"].cast("string"), kind)))


@pytest.mark.parametrize("profile", ["zh-legal", "zh-technical", "en-technical"])
def test_clean_text_is_kept(profile: str) -> None:
    """At least 98 % of statutes, manuals and handbooks stay in their profile."""
    chosen = [of(*one, "clean") for one in sets("clean") if profile in gate.profiles_of(*one)]
    whole = pa.concat_tables(chosen)
    assert len(whole) >= 500 and share_gone(whole, profile) <= 0.02


@pytest.mark.parametrize(("label", "language"), sets("junk"))
def test_junk_is_dropped(label: str, language: str) -> None:
    """At least 90 % of each kind in each language go."""
    junk = of(label, language, "junk")
    assert len(junk) == gate.OF_EACH and share_gone(junk, f"{language}-web") >= 0.9


def test_every_kind_is_there() -> None:
    """Eight kinds of junk, in both languages."""
    assert sets("junk") == sorted((label, language) for label in gate.KINDS for language in gate.PROFILES)


@pytest.mark.parametrize(("name", "language"), sets("clean"))
def test_the_table_says_what_the_profiles_do(name: str, language: str) -> None:
    """A changed threshold makes docs/gate.md wrong until it is measured again."""
    chosen = of(name, language, "clean")
    for profile in gate.profiles_of(name, language):
        row = f"| {name} | {len(chosen)} | `{profile}` | {1 - share_gone(chosen, profile):.1%} |"
        assert row in TABLE.read_text(encoding="utf-8")
