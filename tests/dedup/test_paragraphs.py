"""Paragraphs that come again: which ones are found, that nothing else goes, and that the ledger says so."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import line, pairing, paragraphs
from curation.document import doc_id
from curation.kernels.paragraphs import lines
from curation.paragraphs import Part
from curation.questions import verify, why
from curation.recipe import Paragraphs
from curation.store import Workspace
from tests import corpus
from tests.dedup.test_recipe_rules import run

NOTICE = "Subscribe to our newsletter for the latest grid news"
FOOTER = "本网站内容未经授权不得转载或建立镜像，违者依法追究责任。"


class Texts:
    """A block of texts in memory."""

    has_texts = True

    def __init__(self, texts: list[str]) -> None:
        self.held = pa.array(texts, pa.large_string())
        self.rows = len(texts)

    def texts(self, rows):  # type: ignore[no-untyped-def]
        for some in np.array_split(rows, 3):
            yield some, self.held.take(pa.array(some))


def found(workspace: Workspace, blocks: list[list[str]], sources: list[str], **declared: object) -> set[tuple[int, str, int]]:
    """(document, the words found, documents that hold them), where block i is of source i."""
    wanted = Paragraphs.model_validate(declared)
    parts, start, texts = [], 0, []
    for block, source in zip(blocks, sources, strict=True):
        parts.append(Part(Texts(block), start, np.arange(len(block)), [(source, len(block))]))
        start += len(block)
        texts += block
    places = paragraphs.find(workspace, "one", wanted, parts, 1)
    spans = zip(*(column.tolist() for column in places), strict=True)
    return {(number, texts[number].encode()[s:e].decode().strip(), held) for number, s, e, held in spans}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return corpus.lay(tmp_path)


def test_boilerplate_is_of_one_source_and_over_the_limit(workspace: Workspace) -> None:
    """Case, width and punctuation make no difference; another source has its own count; one at the limit stays."""
    written = [NOTICE, NOTICE.upper() + "!", NOTICE.replace(" ", "  "), NOTICE]
    many = [f"{corpus.paragraph('en', n)}\n{written[n]}\n{FOOTER}" for n in range(4)]
    few = [f"{corpus.paragraph('zh', n)}\n{NOTICE}" for n in range(3)]
    assert found(workspace, [many, few], ["web", "mail"], documents=3) == {
        (n, words, 4) for n in range(4) for words in (written[n], FOOTER)
    }
    assert found(workspace, [many[:2], many[2:]], ["web", "web"], documents=3) == {
        (n, words, 4) for n in range(4) for words in (written[n], FOOTER)
    }
    assert found(workspace, [many, few], ["web", "mail"], documents=4) == set()


def test_short_lines_numbers_and_rules_are_no_boilerplate(workspace: Workspace) -> None:
    """A bracket, a table's rule, a heading of two words, and rows whose numbers differ stay where they are."""
    texts = [
        f"## See also\n}}\n| --- | --- | --- | --- | --- |\nTotal revenue in million yuan {n}\n第一章 总则" for n in range(30)
    ]
    assert found(workspace, [texts], ["web"], documents=3) == set()


def test_the_second_time_within_a_document(workspace: Workspace) -> None:
    """The first one stays; `keep` looks for none."""
    text = f"{FOOTER}\nOne other line that is here to part the two.\n{FOOTER}\n{FOOTER.replace('。', '！')}"
    again = {(0, FOOTER, 0), (0, FOOTER.replace("。", "！"), 0)}
    assert found(workspace, [[text]], ["web"]) == again
    assert found(workspace, [[text]], ["web"], inside="keep") == set()


def test_against_a_plain_reading(workspace: Workspace) -> None:
    """Random documents, several prefixes and blocks: the same as counting in Python."""
    chance = random.Random(3)
    pool = [" ".join(f"w{chance.randrange(400)}" for _ in range(chance.choice([2, 4, 5, 9]))) for _ in range(60)]
    blocks = [["\n".join(chance.choices(pool, k=chance.randrange(12))) for _ in range(40)] for _ in range(3)]
    sources = ["a", "b", "a"]
    for prefix_rows in (pairing.PREFIX_ROWS, 64):
        pairing.PREFIX_ROWS, before = prefix_rows, pairing.PREFIX_ROWS
        try:
            got = found(workspace, blocks, sources, documents=9)
        finally:
            pairing.PREFIX_ROWS = before
        held: dict[tuple[str, str], int] = {}
        for block, source in zip(blocks, sources, strict=True):
            for text in block:
                for one in {x for x in text.split("\n") if len(x.split()) >= 5}:
                    held[source, one] = held.get((source, one), 0) + 1
        expected = set()
        for number, (source, text) in enumerate((s, t) for block, s in zip(blocks, sources, strict=True) for t in block):
            seen: set[str] = set()
            for one in text.split("\n"):
                if len(one.split()) >= 5:
                    count = held[source, one]
                    if count > 9:
                        expected.add((number, one, count))
                    elif one in seen:
                        expected.add((number, one, 0))
                    seen.add(one)
        assert got == expected and {0} < {h for _, _, h in got}


def test_a_line_goes_with_its_break() -> None:
    """Of the two blank lines around a paragraph one goes with it."""
    text = f"前言\n\n{FOOTER}\n\n{NOTICE}\n后记"
    got = lines(pa.array([text, NOTICE, "", "\n\n"]), 5, 24 / 13)
    data = text.encode()
    left = data[: got.start[0]] + data[got.end[0] :]
    assert left.decode() == f"前言\n\n{NOTICE}\n后记"
    assert data[got.start[1] : got.end[1]].decode() == f"{NOTICE}\n"
    assert got.text.tolist() == [0, 0, 1] and got.key[1] == got.key[2] and (got.start[2], got.end[2]) == (0, len(NOTICE))


def rows() -> list[dict[str, object]]:
    made: list[dict[str, object]] = [
        {"id": f"page-{n}", "text": f"{NOTICE}\n\n{corpus.paragraph('en', n)}\n\n{FOOTER}", "license": "CC-BY-4.0", "url": None}
        for n in range(6)
    ]
    # copies of one page make nothing boilerplate: only one of them stays
    made += [{**made[0], "id": f"copy-{n}"} for n in range(6)]
    alone = f"{corpus.paragraph('en', 70)}\n\nA paragraph of this page only, in all of its copies."
    made += [{"id": f"alone-{n}", "text": alone, "license": "CC-BY-4.0", "url": None} for n in range(8)]
    return made


@pytest.mark.parametrize("then", ["cut", "flag"])
def test_through_the_line(tmp_path: Path, then: str) -> None:
    """Cut by an edit that the ledger holds, or flagged; the text of the page stays byte for byte."""
    declared = f"{{near: {{threshold: 0.9}}, paragraphs: {{documents: 5, then: {then}}}}}"
    workspace, _ = run(tmp_path, rows(), declared)
    data = pq.read_table(workspace.path(workspace.dataset("energy", "data"))).to_pylist()
    texts = {row["id"]: row["text"] for row in data}
    name = doc_id("plant", "page-3")
    ledger = workspace.read_table(workspace.dataset("energy", "ledger/paragraphs.parquet")).to_pylist()
    own = [(row["kind"], row["documents"], row["outcome"]) for row in ledger if row["doc_id"] == name]
    assert own == [("boilerplate", 6, "cut" if then == "cut" else "flagged")] * 2
    assert sum("in all of its copies" in text for text in texts.values()) == 1
    assert {row["doc_id"] for row in ledger} <= set(texts)
    answer = "\n".join(why.shown(why.ask(workspace, name)))
    if then == "flag":
        assert texts[name] == next(row["text"] for row in rows() if row["id"] == "page-3")
        assert "boilerplate 2 (flagged)" in answer
        return
    assert texts[name].strip() == corpus.paragraph("en", 3)
    edits = workspace.read_table(workspace.dataset("energy", "ledger/edits.parquet")).to_pylist()
    assert sum(row["doc_id"] == name and row["kind"] == "boilerplate" for row in edits) == 2
    assert "boilerplate 2 (cut)" in answer
    readme = Path(workspace.path(workspace.dataset("energy", "README.md"))).read_text(encoding="utf-8")
    assert "| boilerplate | 12 | 6 |" in readme
    before = workspace.read_json(workspace.dataset("energy", "manifest.json"))
    line.run(workspace, "energy", until="card", workers=2)
    verify.demand(verify.ask(workspace, "energy"))
    assert workspace.read_json(workspace.dataset("energy", "manifest.json")) == before


def test_where_selects(tmp_path: Path) -> None:
    """Documents that `where` does not select are neither counted nor cut."""
    declared = "{near: {threshold: 0.9}, paragraphs: {documents: 1, where: {document.format: html}}}"
    workspace, _ = run(tmp_path, rows(), declared)
    assert workspace.read_table(workspace.dataset("energy", "ledger/paragraphs.parquet")).num_rows == 0
