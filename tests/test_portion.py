"""A part of a release: nested, the same documents in every version, of each group its share, and only what is needed is read."""

import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import curation
from curation import cli
from curation.errors import DeclarationError
from curation.portion import portion, read
from curation.store import Workspace

SHARDS = 20


def shards(without: int = 0) -> list[tuple[str, io.BytesIO]]:
    """20 shards of a dataset of 8,000 documents in two languages, a third of them Chinese."""
    chance = random.Random(7)
    rows: list[list[dict[str, object]]] = [[] for _ in range(SHARDS)]
    for number in range(8000):
        doc = f"{chance.getrandbits(128):032x}"
        row = {
            "id": doc,
            "tokens": chance.randrange(1, 200),
            "text": f"{chance.getrandbits(4000):x}",
            "language": "zh" if chance.random() < 1 / 3 else "en",
        }
        if number >= without:
            rows[int(doc[:16], 16) % SHARDS].append(row)
    files = []
    for number, part in enumerate(rows):
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(sorted(part, key=lambda row: str(row["id"]))), out)
        files.append((f"train-{number:05d}-of-{SHARDS:05d}.parquet", out))
    return files


def ids(table: pa.Table) -> set[str]:
    return set(table["id"].to_pylist())


def test_parts_are_nested_and_stay_the_same_in_another_version() -> None:
    """1 % lies in 10 % lies in the whole; a version with other documents gives those that are still there."""
    whole, small, large = (read(shards(), portion(f, None, None)) for f in (None, 0.01, 0.1))
    assert ids(small) < ids(large) < ids(whole)
    assert abs(large.num_rows / whole.num_rows - 0.1) < 0.015
    later = read(shards(without=1000), portion(0.1, None, None))
    assert ids(later) == ids(large) & ids(read(shards(without=1000), portion(None, None, None)))


@pytest.mark.parametrize("by", [[], ["language"]])
def test_of_each_group_its_share(by: list[str]) -> None:
    """By documents and by tokens; what is more lies around what is less."""
    whole = read(shards(), portion(None, None, None)).to_pandas()
    for small, large in ((portion(0.05, None, by), portion(0.2, None, by)), (portion(None, "20k", by), portion(None, "80k", by))):
        parts = [read(shards(), one).to_pandas() for one in (small, large)]
        assert set(parts[0]["id"]) < set(parts[1]["id"])
        if by:
            shares = [(part["language"] == "zh").mean() for part in (whole, *parts)]
            assert max(shares) - min(shares) < 0.02
    assert 75_000 < parts[1]["tokens"].sum() <= 80_000


def test_a_share_is_exact() -> None:
    """0.07 * 100 is 7 documents, though it is a little more than 7 in binary."""
    rows = [{"id": f"{number:032x}", "tokens": 1, "text": "x", "language": "en"} for number in range(100)]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    assert read([("data/train-00000-of-00001.parquet", file)], portion(0.07, None, ["language"])).num_rows == 7


def test_a_tenth_of_the_shards_is_opened_for_a_tenth() -> None:
    """The rest of the files is not read beyond their footers."""
    read_bytes = {"all": 0, "part": 0}

    class Counting(io.BytesIO):
        key = "all"

        def read(self, size: int | None = -1) -> bytes:
            got = super().read(size)
            read_bytes[self.key] += len(got)
            return got

    for key, asked in (("all", portion(None, None, None)), ("part", portion(0.1, None, None))):
        Counting.key = key
        read([(name, Counting(file.getvalue())) for name, file in shards()], asked)
    assert read_bytes["part"] < 0.25 * read_bytes["all"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, None, None), "fraction 0"),
        ((0.5, 7, None), "one of the two"),
        ((None, "7x", None), "50M"),
        ((None, None, ["a"]), "by: says how"),
        ((0.1, None, ["none"]), "no column 'none'"),
    ],
)
def test_faults(arguments: tuple[float | None, int | str | None, list[str] | None], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        read(shards(), portion(*arguments))


def test_rows_are_streamed(released: Workspace) -> None:
    """The same rows with the same types, whole or a fraction; what needs to see every row first is refused."""
    where = str(released.root)
    for fraction in (None, 0.3):
        whole = curation.load("energy", workspace=where, fraction=fraction)
        streamed = curation.load("energy", workspace=where, fraction=fraction, streaming=True)
        assert streamed.features == whole.features
        assert list(streamed) == list(whole)
    everything = curation.load("energy", workspace=where)
    for asked in (
        {"tokens": 900}, {"fraction": 0.4, "by": ["language"]}, {"tokens": 1500, "by": ["language", "license"]}, {"upweight": True},
        {"mix": {"zh": 0.8, "en": 0.2}, "by": ["language"], "tokens": 20_000}, {"mix": {"plant": 1.0}, "fraction": 0.5, "upweight": True},
    ):  # fmt: skip
        whole = curation.load("energy", workspace=where, **asked)
        assert list(curation.load("energy", workspace=where, streaming=True, **asked)) == list(whole)
        assert 0 < len(whole) != len(everything), asked
    for streaming in (True, False):  # fewer than the first document has is nothing
        assert not list(curation.load("energy", workspace=where, tokens=1, streaming=streaming))
    for wrong, said in (({"tokens": 0}, "50M"), ({"mix": {}}, "add up to nothing"), ({"mix": {"x": 1}}, "no document has it")):
        for streaming in (True, False):
            with pytest.raises(DeclarationError, match=said):
                curation.load("energy", workspace=where, streaming=streaming, **wrong)


def test_load_and_pull_give_the_same_part(released: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In Python and in the terminal, as Parquet and as JSON Lines."""
    where = str(released.root)
    part = curation.load("energy", workspace=where, fraction=0.3)
    whole = curation.load("energy", workspace=where)
    assert 0 < part.num_rows < whole.num_rows and set(part["id"]) < set(whole["id"])
    for more, read_back in (
        ([], lambda p: pq.read_table(p)["id"].to_pylist()),
        (["--jsonl"], lambda p: [json.loads(line)["id"] for line in p.open()]),
    ):
        assert (
            cli.main(
                ["--workspace", where, "--json", "pull", "energy@v1.0.0", "--fraction", "0.3", "--out", str(tmp_path), *more]
            )
            == 0
        )
        assert sorted(read_back(Path(json.loads(capsys.readouterr().out)["file"]))) == sorted(part["id"])
    mixed = ["--workspace", where, "pull", "energy", "--mix", "zh=1", "en=1", "--by", "language", "--out", str(tmp_path)]
    assert cli.main([*mixed, "--tokens", "1M"]) == 0
    assert "different ones: what was asked for repeats documents" in capsys.readouterr().out
    assert cli.main(["--workspace", where, "pull", "energy", "--config", "nothing", "--out", str(tmp_path)]) == 2
    assert "no config 'nothing'; known: default" in capsys.readouterr().err
