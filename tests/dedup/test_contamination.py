"""Benchmarks in training text: found however they are written, and not where only boilerplate is shared."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from curation import contamination, line
from curation.document import doc_id
from curation.errors import DataError
from curation.kernels.shingles import token_hashes, token_spans
from curation.questions import verify
from tests import corpus
from tests.dedup.test_twins import HAN, text


@dataclass(frozen=True)
class Texts:
    """Documents in memory."""

    held: tuple[str, ...]
    has_texts: bool = True

    @property
    def rows(self) -> int:
        return len(self.held)

    def texts(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, pa.Array]]:
        yield rows, pa.array([self.held[row] for row in rows], pa.large_string())


def found(benchmark: Path, *held: str) -> dict[int, contamination.Hit]:
    block = Texts(held)
    hits = contamination.find(contamination.read([benchmark]), [block], [0], np.arange(len(held)), 1)  # type: ignore[list-item]
    return {hit.number: hit for hit in hits}


def lay(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


ROOT = Path(__file__).resolve().parents[2]
QUESTION = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many?"
FRAGE = "下列关于电力变压器油色谱分析的说法中，哪一项能够说明设备内部存在局部过热故障并应立即停运检修？"
TRADITIONAL = "下列關於電力變壓器油色譜分析的說法中，哪一項能夠說明設備內部存在局部過熱故障並應立即停運檢修？"


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    return lay(
        tmp_path / "exam.jsonl",
        {"question": QUESTION, "answer": "72"},
        {"question": FRAGE, "choices": ["甲", "乙"], "answer": "甲"},
    )


@pytest.mark.parametrize(
    "planted",
    [
        QUESTION, QUESTION.upper(), QUESTION.replace(",", "").replace(".", ";"), QUESTION.replace(" ", "\n"),
        "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in QUESTION),
        FRAGE, FRAGE.replace("，", "").replace("？", ""), "\n".join(FRAGE), TRADITIONAL,
    ],
)  # fmt: skip
def test_found_however_it_is_written(benchmark: Path, planted: str) -> None:
    """Case, punctuation, lines, width and traditional characters make no difference; the passage is told as it stands."""
    hit = found(benchmark, f"{text(1)} {planted} {text(2)}", text(3), text(4, "zh"))
    assert list(hit) == [0] and hit[0].benchmark == "exam"
    start, end = hit[0].spans[0]
    whole = f"{text(1)} {planted} {text(2)}".encode()
    assert (
        contamination.token_hashes(pa.array([whole[start:end].decode()]))[0].tolist()
        == token_hashes(pa.array([planted]))[0].tolist()
    )


def test_short_pieces_are_sought_whole_and_very_short_ones_not_at_all(tmp_path: Path) -> None:
    """Nine words stand for themselves; two words and ten characters are everywhere."""
    short = "which planet of our system has the most moons"
    path = lay(tmp_path / "short.jsonl", {"question": short}, {"question": "the grid"}, {"question": "电网运行安全管理规定"})
    assert set(found(path, f"Quiz: {short.title()}?", "the grid of the country", "电网运行安全管理规定", short[:-6])) == {0}
    assert contamination.read([path]).too_short == 2


def test_boilerplate_does_not_hit(tmp_path: Path) -> None:
    """What many documents share is no contamination, and neither is the template of a benchmark."""
    template = "Choose the one correct answer among the following four options and explain in detail why you chose it"
    rows = [{"question": f"{template} {text(n, length=20)}"} for n in range(40)]
    licence = "Permission is hereby granted free of charge to any person obtaining a copy of this software and associated files"
    path = lay(tmp_path / "mc.jsonl", *rows, {"question": licence})
    held = [f"{template} {text(1000)}", rows[3]["question"], *(f"{licence} {text(n)}" for n in range(2000, 2020))]
    assert set(found(path, *held)) == {1}


def test_spans_of_tokens_are_those_of_the_kernel() -> None:
    """As many spans as hashes, and each span hashes to its own token."""
    chance = random.Random(5)
    for _ in range(200):
        words = "".join(chance.choice([*"ab_ ,.", "é", "e\u0301", "𠮷", "ﬁ", "한", "カ", "ａ", *HAN[:3]]) for _ in range(40))
        hashes = token_hashes(pa.array([words]))[0].tolist()
        data = words.encode()
        assert [token_hashes(pa.array([data[s:e].decode()]))[0].tolist() for s, e in token_spans(words)] == [[h] for h in hashes]


def test_shapes_of_benchmarks(tmp_path: Path) -> None:
    """JSONL, Parquet with nested choices, and plain text; anything else is refused by name."""
    nested = {"question": "short", "choices": {"text": [text(50, length=20), "no"], "label": ["A", "B"]}}
    pq.write_table(pa.Table.from_pylist([nested]), tmp_path / "arc.parquet")
    assert set(found(tmp_path / "arc.parquet", text(50, length=20))) == {0}
    (tmp_path / "plain.txt").write_text(f"{text(51)}\n\n{text(52)}\n")
    assert set(found(tmp_path / "plain.txt", text(52), text(53))) == {0}
    for name, content, fault in (
        ("other.jsonl", '{"x": "y"}\n', "no column of a benchmark; allowed: question"),
        ("empty.jsonl", "", "a benchmark without items"),
        ("bad.csv", "a,b\n", "unknown format; allowed"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(DataError, match=fault):
            contamination.read([tmp_path / name])
    with pytest.raises(DataError, match="no such benchmark file"):
        contamination.read([tmp_path / "none.jsonl"])


@pytest.mark.parametrize("then", ["remove", "cut"])
def test_through_the_line(tmp_path: Path, benchmark: Path, then: str) -> None:
    """The document goes with passage and benchmark in the ledger, or loses the passage and says that it was modified."""
    workspace = corpus.lay(tmp_path)
    own, after = corpus.paragraph("en", 800), corpus.paragraph("en", 801)
    lay(tmp_path / "incoming" / "planted.jsonl", {"id": "planted", "text": f"{own} {QUESTION} {after}", "license": "CC-BY-4.0"})
    declared = f"dedup: {{decontaminate: {{benchmarks: [exam.jsonl], then: {then}}}, near: {{threshold: 0.7}}}}"
    recipe = workspace.recipe_file("energy").read_text().replace("dedup: {near: {threshold: 0.7}}", declared)
    workspace.recipe_file("energy").write_text(recipe)
    line.run(workspace, "energy", until="card")
    verify.demand(verify.ask(workspace, "energy"))
    name = doc_id("plant", "planted")
    ledger = workspace.read_table(workspace.dataset("energy", "ledger/removed.parquet")).to_pylist()
    gone = [row for row in ledger if row["doc_id"] == name]
    data = pq.read_table(workspace.path(workspace.dataset("energy", "data")), columns=["id", "text", "modified"]).to_pylist()
    kept = [row for row in data if row["id"] == name]
    if then == "remove":
        assert gone[0]["filter"] == "decontaminate.exam" and "Natalia sold clips" in gone[0]["where"] and not kept
    else:
        assert not gone and kept[0]["modified"] and "Natalia" not in kept[0]["text"] and own in kept[0]["text"]


def test_dvc_sees_a_changed_benchmark(tmp_path: Path, benchmark: Path) -> None:
    """Its digest is in the catalog, of which the stage `dedup` depends; a missing file is told by the step."""
    workspace = corpus.lay(tmp_path)
    recipe = workspace.recipe_file("energy").read_text()
    declared = recipe.replace("dedup: {", "dedup: {decontaminate: {benchmarks: [exam.jsonl]}, ")
    workspace.recipe_file("energy").write_text(declared)
    seen = []
    for content in (benchmark.read_text(), benchmark.read_text() * 2):
        (tmp_path / "exam.jsonl").write_text(content)
        line.refresh_catalog(workspace)
        seen.append(yaml.safe_load(workspace.catalog_file.read_text())["benchmarks"]["energy"])
    assert seen[0] and seen[1] and seen[0] != seen[1]
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert "benchmarks" in stages["dedup"]["do"]["params"][0]["data/catalog.yaml"]
    (tmp_path / "exam.jsonl").unlink()
    with pytest.raises(DataError, match=r"exam\.jsonl: no such benchmark file"):
        line.run(workspace, "energy", until="card")
