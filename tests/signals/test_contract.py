"""Every signal keeps the promise in curation/signals/__init__.py. A new file is covered on arrival."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import signals
from curation.document import CLAIM

NASTY = [
    "", " ", "\n\n", "\x00", "。。。", "a" * 100_000, "数据" * 5000, "🈚️e\u0301", "<html>", "١٢٣", "\u202eabc", "한국어 문장입니다", "เดินเล่น",
    "e" + "\u0301" * 50, "ＡＢＣ１２３", "𠮷野家", "a\r\nb", "#" * 50, "...…", "- a\n- b\n• c", "12:34 5.6.7.8", "\ufffd" * 10,
]  # fmt: skip


def batch(texts: list[str]) -> pa.RecordBatch:
    claims = pa.array([[]] * len(texts), pa.list_(CLAIM))
    return pa.record_batch({"text": pa.array(texts, pa.large_string()), "license_claims": claims})


@pytest.mark.parametrize("name", signals.names())
@pytest.mark.parametrize("texts", [[], NASTY, ["one"]], ids=["empty", "nasty", "one"])
def test_one_row_out_per_row_in(name: str, texts: list[str]) -> None:
    """The schema promised, a row a document, valid Arrow."""
    module = signals.find(name)
    out = module.annotate(batch(texts))
    out.validate(full=True)
    assert out.schema.equals(module.COLUMNS) and out.num_rows == len(texts)


@pytest.mark.parametrize("name", signals.names())
@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(max_size=200), max_size=5))
def test_same_text_same_numbers_whatever_its_neighbours(name: str, texts: list[str]) -> None:
    """A document's numbers do not depend on its batch."""
    module = signals.find(name)
    together = module.annotate(batch(texts)).to_pylist()
    alone = [module.annotate(batch([text])).to_pylist()[0] for text in texts]
    assert together == alone


@pytest.mark.parametrize("name", signals.names())
def test_a_slice_is_read_where_it_lies(name: str) -> None:
    """Arrow slices share a buffer: offsets count."""
    module = signals.find(name)
    whole = batch(["first 第一", "second text 第二段文字", "third"])
    assert module.annotate(whole.slice(1, 1)).to_pylist() == module.annotate(batch(["second text 第二段文字"])).to_pylist()


@pytest.mark.parametrize("name", signals.names())
def test_says_what_it_measures(name: str) -> None:
    """A docstring, for the card and for people."""
    assert (signals.find(name).__doc__ or "").strip()


def test_published_names_are_unique() -> None:
    """Two signals never publish one column."""
    names = [signals.published_name(path) for path in signals.column_types()]
    assert len(names) == len(set(names))


def test_language_columns_of_one_language_are_null_for_others() -> None:
    """mean_word means nothing where a character is a word."""
    out = signals.find("quality").annotate(batch(["这是一个中文句子，用来测试。", "This is an English sentence."])).to_pylist()
    assert out[0]["mean_word"] is None and 3 < out[1]["mean_word"] < 8
