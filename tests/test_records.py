"""Chats and instructions: JSON beside text, redacted in both, and otherwise as it came."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curation import line, records
from curation.editing import Edit, apply
from curation.errors import DeclarationError
from curation.questions import check
from curation.readers import Record, Unreadable, jsonl
from tests import corpus

WORDS = st.text(st.characters(exclude_categories=["Zs", "Zl", "Zp", "Cc", "Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@given(
    record=st.dictionaries(WORDS, JSON, max_size=4),
    cuts=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=3),
)
def test_an_edit_of_the_text_is_one_of_the_record(record: dict[str, object], cuts: list[tuple[int, int]]) -> None:
    """Whatever the record: without edits it stays as it is; what an edit takes from the text is in no string of the record."""
    kept = records.kept(record, list(record))
    try:
        text = records.text_of(kept)
    except records.KeyIsData:
        assume(False)
    assert json.loads(records.edited(kept, text, [])) == json.loads(kept)
    boundaries = [len(text[:n].encode()) for n in range(len(text) + 1)]
    edits = [
        Edit(boundaries[a % len(boundaries)], boundaries[min(len(boundaries) - 1, a % len(boundaries) + n)], "") for a, n in cuts
    ]
    after = records.edited(kept, text, edits)
    assert "".join(records.text_of(after).split()) == "".join(apply(text, edits).split())


CHAT = [
    {"id": "c1", "license": "CC-BY-4.0", "messages": [
        {"role": "system", "content": "你是电网客服。"}, {"role": "user", "content": corpus.paragraph("zh", 201) + "我的电话是13812345678，"},
        {"role": "assistant", "content": corpus.paragraph("zh", 202) + "请写信到 li.si@example.cn 。", "weight": 0.5}], "phone": 13912345678},
    {"id": "c2", "license": "CC-BY-4.0", "messages": [{"role": "user", "content": corpus.paragraph("zh", 203)}, {"role": "assistant", "content": corpus.paragraph("zh", 204)}], "phone": None},
]  # fmt: skip


def test_chats_through_the_line(tmp_path: Path) -> None:
    """Text of all turns without roles; addresses and numbers go from both, other values stay as they came."""
    import pyarrow.parquet as pq

    workspace = corpus.lay(tmp_path)
    (tmp_path / "incoming" / "chat.json").write_text(json.dumps(CHAT, ensure_ascii=False), encoding="utf-8")
    source = corpus.SOURCE.replace("id: plant", "id: chats").replace("incoming/*.jsonl", "incoming/chat.json")
    source = source.replace(
        "text: text, license: license, published: year, keep: [status, year]", "record: [messages, phone], license: license"
    )
    workspace.source_file("chats").write_text(source, encoding="utf-8")
    recipe = corpus.RECIPE.replace("sources: [plant]", "sources: [chats]").replace("profiles: [docs]", "profiles: []")
    recipe = recipe[: recipe.index("filters:")] + recipe[recipe.index("dedup:") :]
    workspace.recipe_file("energy").write_text(recipe, encoding="utf-8")
    check.recipe(workspace, "energy")
    line.run(workspace, "energy", until="card")
    rows = {
        row["native_id"]: row
        for file in (tmp_path / "data/datasets/energy/data").glob("*.parquet")
        for row in pq.read_table(file).to_pylist()
    }
    assert set(rows) == {"c1", "c2"}
    assert json.loads(rows["c2"]["record"]) == {key: CHAT[1][key] for key in ("messages", "phone")}
    first = json.loads(rows["c1"]["record"])
    assert (
        "13812345678" not in rows["c1"]["record"] + rows["c1"]["text"]
        and "li.si@example.cn" not in rows["c1"]["record"] + rows["c1"]["text"]
    )
    assert first["messages"][2]["weight"] == 0.5 and first["messages"][1]["role"] == "user"
    assert "<EMAIL>" in first["messages"][2]["content"] and first["phone"] == "<CN_MOBILE>"
    assert "system" not in rows["c1"]["text"] and rows["c1"]["text"].startswith("你是电网客服。\n\n")


def test_numbers_and_keys_that_are_data() -> None:
    """A telephone number that became a float is text; a key that is an address makes the record wait."""
    kept = records.kept({"phone": 13800138000.0, "share": 0.25}, ["phone", "share"])
    text = records.text_of(kept)
    assert text == "13800138000" and json.loads(records.edited(kept, text, [Edit(0, 11, "<X>")])) == {
        "phone": "<X>",
        "share": 0.25,
    }
    with pytest.raises(records.KeyIsData):
        records.text_of('{"a": {"li.si@example.cn": 1}}')


@pytest.mark.parametrize("more", ["text: text", "group_by: [id], id: '{id}'"])
def test_text_is_made_of_the_record(tmp_path: Path, more: str) -> None:
    workspace = corpus.lay(tmp_path)
    source = corpus.SOURCE[: corpus.SOURCE.index("map:")] + f"map: {{record: [messages], {more}}}\n"
    workspace.source_file("plant").write_text(source, encoding="utf-8")
    with pytest.raises(DeclarationError, match="give neither text nor group_by"):
        check.source(workspace, "plant")


def test_an_array_and_lines_that_begin_with_a_bracket() -> None:
    """An array of objects is read as one; where it is none, good lines still come out."""

    def read(content: str) -> list[str]:
        found = jsonl.read(io.BytesIO(content.encode()), "x.json", jsonl.Options())
        return [
            f"{one.key}" if isinstance(one, Record) else f"{one.key} {one.reason}"
            for one in found
            if isinstance(one, Record | Unreadable)
        ]

    assert read('[\n {"a": 1},\n 2,\n {"b": 2}]\n') == ["1", "2 not_an_object", "3"]
    assert read('[1, 2]\n{"a": 1}\n') == ["1 not_an_object", "2"]
    assert read('[{"a": 1},\n{"a": 1}\n') == ["1 not_json", "2"]
    assert read("[]") == []
