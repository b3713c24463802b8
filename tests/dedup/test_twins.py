"""`curate twins` and the search for pairs behind it: the same answer whatever the order, the blocks and the workers."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import pairing, twins
from curation.errors import DataError

WORDS = [f"word{n}" for n in range(400)]
HAN = "数据安全管理办法企业资源开发利用意见标准质量评价流通交易授权运营公共部门单位个人信息保护责任主体机制"


def text(seed: int, language: str = "en", length: int = 120) -> str:
    chance = random.Random(f"{language} {seed}")
    return "".join(chance.choices(HAN, k=length)) if language == "zh" else " ".join(chance.choices(WORDS, k=length))


def changed(original: str, share: float, seed: int) -> str:
    """Some words (or characters) replaced."""
    chance = random.Random(seed)
    parts = original.split(" ") if " " in original else list(original)
    for at in chance.sample(range(len(parts)), int(share * len(parts))):
        parts[at] = f"x{chance.randrange(10**6)}" if " " in original else chance.choice("甲乙丙丁戊己庚辛")
    return " ".join(parts) if " " in original else "".join(parts)


def corpus() -> list[dict[str, str]]:
    """Families of revisions in two languages, exact copies, a long chain, empty and one-token texts."""
    rows = []
    for language in ("en", "zh"):
        for family in range(30):
            original = text(family, language)
            rows.append((f"{language}-{family}", original))
            rows += [(f"{language}-{family}-{n}", changed(original, 0.01 * n, n)) for n in range(family % 5)]
        rows.append((f"{language}-copy", text(0, language).upper() + " "))
    link = text(99)
    for n in range(20):
        link = changed(link, 0.03, n)
        rows.append((f"chain-{n:02d}", link))
    rows += [("empty", ""), ("empty-2", ""), ("dots", "..."), ("one", "word"), ("one-2", "Word!"), ("other", "thing")]
    return [{"id": name, "text": words} for name, words in rows]


def found(rows: list[dict[str, str]], folder: Path, suffix: str = "jsonl", **options: Any) -> dict[str, tuple[str, bool]]:
    """id -> (cluster, keep) of `curate twins` over the rows."""
    source = folder / f"in.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), source, row_group_size=max(1, len(rows) // 3))
    else:
        source.write_bytes(b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows))
    twins.find(source, folder / "out.parquet", **options)
    out = pq.read_table(folder / "out.parquet").to_pylist()
    assert [row["id"] for row in out] == [str(row["id"]) for row in rows]
    for row in out:
        assert row["keep"] == (row["twin"] is None) == (row["jaccard"] is None) == (row["cluster"] == row["id"])
    return {row["id"]: (row["cluster"], row["keep"]) for row in out}


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, bool]]:
    return found(corpus(), tmp_path_factory.mktemp("twins"))


def test_families_copies_and_short_texts(answer: dict[str, tuple[str, bool]]) -> None:
    """Revisions go for one document, copies for their original, and a text without tokens resembles nothing."""
    for language in ("en", "zh"):
        for family in range(1, 30):
            members = {
                answer[name][0] for name in answer if name == f"{language}-{family}" or name.startswith(f"{language}-{family}-")
            }
            assert len(members) == 1
        assert answer[f"{language}-0"][0] == answer[f"{language}-copy"][0]
    assert answer["empty"][1] and answer["empty-2"][1] and answer["dots"][1]
    assert answer["one-2"] == ("one", False) and answer["other"] == ("other", True)


def test_a_chain_is_cut(answer: dict[str, tuple[str, bool]], tmp_path: Path) -> None:
    """The ends of a chain of small changes do not resemble each other: more than one of its documents stays."""
    assert sum(answer[f"chain-{n:02d}"][1] for n in range(20)) > 1


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@pytest.mark.parametrize("seed", [1, 2])
def test_order_does_not_matter(answer: dict[str, tuple[str, bool]], tmp_path: Path, suffix: str, seed: int) -> None:
    """The same documents in another order have the same twins; JSONL and Parquet say the same."""
    rows = corpus()
    random.Random(seed).shuffle(rows)
    assert found(rows, tmp_path, suffix) == answer


@pytest.mark.parametrize("workers", [1, 2])
def test_blocks_prefixes_and_workers_do_not_matter(
    answer: dict[str, tuple[str, bool]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Cut into many chunks and many prefixes, on one worker or two: the same bytes."""
    found(corpus(), tmp_path)
    whole = (tmp_path / "out.parquet").read_bytes()
    monkeypatch.setattr(twins, "CHUNK", 5000)
    monkeypatch.setattr(pairing, "PREFIX_ROWS", 300)
    assert found(corpus(), tmp_path, workers=workers) == answer
    assert (tmp_path / "out.parquet").read_bytes() == whole


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.booleans())
def test_duplicates_of_duplicates(kinds: list[int], estimate_only: bool) -> None:
    """Of every content exactly one document stays, however often and in whatever order it appears."""
    import tempfile

    rows = [{"id": f"{n:02d}", "text": text(kind)} for n, kind in enumerate(kinds)]
    with tempfile.TemporaryDirectory() as folder:
        out = found(rows, Path(folder), estimate_only=estimate_only)
    assert sorted(kinds[int(name)] for name, (_, keep) in out.items() if keep) == sorted(set(kinds))


def test_translations_are_no_duplicates(tmp_path: Path) -> None:
    """One page in two languages, with the same commands in it, is two documents."""
    commands = "tiup cluster deploy test v8.5.0 topology.yaml"
    rows = [{"id": "en", "text": f"{text(1)} {commands}"}, {"id": "zh", "text": f"{text(1, 'zh')} {commands}"}]
    assert all(keep for _, keep in found(rows, tmp_path).values())


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}\n', "ids are not unique"),
        (b'{"id": "a", "text": "x"}\n{"id": "b"}\n', "row 2: `id` and a text in `text` are needed"),
        (b'{"id": "a", "text": "x"}\n{"id": "b", "text": \n', "line 2"),
        (b'{"id": 1, "text": "x"}\n{"id": "b", "text": "y"}\n', "ids must all be strings, or all numbers"),
        (b"", "no rows"),
    ],
)
def test_faults_are_told_in_one_line(tmp_path: Path, content: bytes, fault: str) -> None:
    """A broken file is refused by row, and no output is left."""
    (tmp_path / "in.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=fault.replace("`", ".")) as caught:
        twins.find(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == [tmp_path / "in.jsonl"]


def test_numbers_are_ids_too(tmp_path: Path) -> None:
    """An id may be a number in the file; it is a string in the answer."""
    rows: list[Any] = [{"id": 7, "text": text(1)}, {"id": 8, "text": text(1)}]
    assert found(rows, tmp_path) == {"7": ("7", True), "8": ("7", False)}


def test_blank_lines_and_numbers_do_not_shift_rows(answer: dict[str, tuple[str, bool]], tmp_path: Path) -> None:
    """What is read again for an exact comparison is the text of the same row, in a file with gaps and without a last break."""
    gaps = b"\n\n".join(json.dumps(row, ensure_ascii=False).encode() for row in corpus())
    (tmp_path / "gaps.jsonl").write_bytes(b"\n" + gaps)
    twins.find(tmp_path / "gaps.jsonl", tmp_path / "gaps.parquet", 0.8)
    assert pq.read_table(tmp_path / "gaps.parquet").equals(whole_answer(tmp_path, gaps.replace(b"\n\n", b"\n")))
    numbered = [{**row, "id": n} for n, row in enumerate(corpus())]
    (tmp_path / "numbers.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in numbered), "utf-8")
    twins.find(tmp_path / "numbers.jsonl", tmp_path / "numbers.parquet", 0.8)
    assert pq.read_table(tmp_path / "numbers.parquet")["jaccard"].null_count < len(numbered)


def whole_answer(folder: Path, content: bytes) -> pa.Table:
    """The same rows without gaps, read as Parquet."""
    rows = [json.loads(line) for line in content.splitlines()]
    pq.write_table(pa.Table.from_pylist(rows), folder / "plain.parquet")
    twins.find(folder / "plain.parquet", folder / "plain.out.parquet", 0.8)
    return pq.read_table(folder / "plain.out.parquet")


def test_the_command_starts_without_pandas(tmp_path: Path) -> None:
    """pyarrow would import it to ask whether an array is one of its objects."""
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus()))
    command = f"cli.main(['twins', '{tmp_path}/in.jsonl', '{tmp_path}/out.parquet'])"
    code = f"import sys; from curation import cli; assert {command} == 0; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert "sign: signatures of in.jsonl" in done.stderr and "near-duplicates among" in done.stderr
