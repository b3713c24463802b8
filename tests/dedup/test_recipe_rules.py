"""Addresses and licenses of twins through the line: rows that a recipe's `dedup` brings into the ledger."""

import json
from pathlib import Path
from typing import Any

import pytest

from curation import line
from curation.document import doc_id
from curation.questions import verify
from curation.signals import url
from curation.store import Workspace
from tests import corpus


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    def one(name: str, text: str, license_id: str, address: str | None = None) -> dict[str, Any]:
        return {"id": name, "text": text, "license": license_id, "url": address}

    page, other = corpus.paragraph("en", 700), corpus.paragraph("zh", 701)
    return [
        one("page-short", corpus.paragraph("en", 703), "CC-BY-4.0", "http://www.example.org/grid/?utm_source=x"),
        one("page-long", f"{corpus.paragraph('en', 704)} {page}", "CC-BY-4.0", "https://example.org/grid"),
        one("open", other, "CC-BY-4.0"),
        one("closed", other + "。", "CC-BY-NC-ND-4.0"),
        one("plain", corpus.paragraph("en", 705), "CC-BY-4.0", "https://example.org/other"),
    ]


def run(
    root: Path, rows: list[dict[str, Any]], dedup: str, mapped: str = "url: url, keep: []"
) -> tuple[Workspace, dict[str, tuple[str, str, str]]]:
    workspace = corpus.lay(root)
    for file in (root / "incoming").iterdir():
        file.unlink()
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (root / "incoming" / "rows.jsonl").write_text(text, encoding="utf-8")
    source = corpus.SOURCE.replace("published: year, keep: [status, year]", mapped)
    workspace.source_file("plant").write_text(source, encoding="utf-8")
    recipe = corpus.RECIPE[: corpus.RECIPE.index("filters:")] + corpus.RECIPE[corpus.RECIPE.index("dedup:") :]
    workspace.recipe_file("energy").write_text(recipe.replace("dedup: {near: {threshold: 0.7}}", f"dedup: {dedup}"))
    line.run(workspace, "energy", until="card")
    verify.demand(verify.ask(workspace, "energy"))
    ledger = workspace.read_table(workspace.ledger("energy", "dedup", "ledger.parquet")).to_pylist()
    return workspace, {row["doc_id"]: (row["filter"], row["outcome"], row["twin"]) for row in ledger}


def test_of_one_address_one_document_stays(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Tracking parameters, `www.`, http and a trailing slash make no other page; the longer text stays."""
    _, gone = run(tmp_path, rows, "{url: true, keep: [most_tokens]}")
    assert gone[doc_id("plant", "page-short")] == ("dedup.url", "removed", doc_id("plant", "page-long"))
    assert doc_id("plant", "plain") not in gone


def test_a_refused_text_in_an_open_source_is_flagged_or_held_back(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Without dates nothing shows that the open copy came first: flagged by default, quarantined where the recipe says so."""
    flagged, gone = run(tmp_path / "flag", rows, "{near: {threshold: 0.7}}")
    assert doc_id("plant", "open") not in gone
    clusters = flagged.read_table(flagged.ledger("energy", "dedup", "clusters.parquet")).to_pylist()
    told = {row["doc_id"]: (row["outcome"], row["restrictive_twin"]) for row in clusters}
    assert told[doc_id("plant", "open")] == ("kept", doc_id("plant", "closed"))
    assert told[doc_id("plant", "closed")] == ("filtered", None)
    _, gone = run(tmp_path / "hold", rows, "{near: {threshold: 0.7}, license_crossing: quarantine}")
    assert gone[doc_id("plant", "open")] == ("dedup.license_crossing", "quarantined", doc_id("plant", "closed"))
    _, gone = run(tmp_path / "allow", rows, "{near: {threshold: 0.7}, license_crossing: allow}")
    assert doc_id("plant", "open") not in gone


def test_a_copy_with_evidence_of_its_own_stays(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Held back is the copy without a date; the one that was published before the restrictive text stays, and is no duplicate."""
    dated = [
        {**rows[2], "id": "dated", "year": "2001-01-01"},
        {**rows[3], "year": "2010-01-01"},
        {**rows[2], "license": "CC0-1.0"},
    ]
    workspace, gone = run(tmp_path, dated, "{near: {threshold: 0.7}, license_crossing: quarantine}", "published: year, keep: []")
    assert gone == {doc_id("plant", "open"): ("dedup.license_crossing", "quarantined", doc_id("plant", "closed"))}
    clusters = workspace.read_table(workspace.ledger("energy", "dedup", "clusters.parquet")).to_pylist()
    assert {row["doc_id"]: row["outcome"] for row in clusters} == {
        doc_id("plant", "open"): "quarantined", doc_id("plant", "closed"): "filtered", doc_id("plant", "dated"): "kept",
    }  # fmt: skip


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_one_content_with_two_signatures(tmp_path: Path, order: list[int]) -> None:
    """A ligature is other letters to the signature and the same to the content: its neighbours are found all the same."""
    plain = " ".join(f"official office {n} staff efficiently offers coffee {n * 7}" for n in range(30))
    ligature = plain.replace("ffi", "ﬃ").replace("ff", "ﬀ")
    texts = [
        ("plain", plain, "CC-BY-4.0"),
        ("ligature", ligature, "CC0-1.0"),
        ("near", ligature + " One more line.", "CC-BY-4.0"),
    ]
    held = [{"id": name, "text": text, "license": license_id} for name, text, license_id in texts]
    _, gone = run(tmp_path, [held[n] for n in order], "{near: {threshold: 0.7}, keep: [license_tier, most_tokens]}")
    kept = {doc_id("plant", name) for name, *_ in texts} - gone.keys()
    assert len(kept) == 1


@pytest.mark.parametrize("threshold", [0.5, 0.99, 1.0])
def test_every_threshold_that_is_allowed_works(tmp_path: Path, rows: list[dict[str, Any]], threshold: float) -> None:
    """At 1.0 only what has the same shingles goes."""
    held = [*rows, {**rows[4], "id": "same", "text": rows[4]["text"].replace(" ", "  ").upper() + "!"}]
    _, gone = run(tmp_path, held, f"{{near: {{threshold: {threshold}}}}}")
    assert len({doc_id("plant", "same"), doc_id("plant", "plain")} & gone.keys()) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://Example.com:80/a/b/?utm_source=x&id=3", "https://www.example.com/a/b?id=3", True),
        ("https://e.com/页", "https://e.com/%E9%A1%B5", True),
        ("https://e.com/a#one", "https://e.com/a#two", False),
        ("https://e.com/a?page=1", "https://e.com/a?page=2", False),
        ("http://e.com/a", "http://e.org/a", False),
        ("https://e.com/view?uid=0", "https://e.com/view?uid=1", False),
        ("https://e.com/list?cid=1&ref=main", "https://e.com/list?cid=1&ref=dev", False),
        ("https://e.com/show.asp?123", "https://e.com/show.asp?124", False),
        ("https://e.com/?b=1&a=2&utm_medium=mail&gclid=x", "https://e.com?a=2&b=1", True),
        ("https://例子.中国/页面", "https://xn--fsqu00a.xn--fiqs8s/%e9%a1%b5%E9%9D%A2", True),
        ("https://e.com:8443/a", "https://e.com/a", False),
    ],
)
def test_the_key_of_an_address(one: str, other: str, same: bool) -> None:
    """What names one page has one key."""
    assert (url._key(one) == url._key(other)) is same


@pytest.mark.parametrize("address", [None, "", "pkg:pypi/x@1", "http://[bad", "file:///etc/passwd"])
def test_what_is_no_web_address_has_no_key(address: str | None) -> None:
    """Unknown is null."""
    assert url._key(address) is None
