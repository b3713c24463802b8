"""Mixing weights: shares of tokens as asked for, small groups repeated whole first, the same rows every time."""

import hashlib
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.blending import blend, repeats
from curation.errors import DeclarationError


def table(zh: int, en: int, tokens: int = 10) -> pa.Table:
    rows = [("zh", n) for n in range(zh)] + [("en", n) for n in range(en)]
    return pa.table(
        {
            "id": [hashlib.sha256(f"{kind}{n}".encode()).hexdigest()[:32] for kind, n in rows],
            "language": [kind for kind, _ in rows],
            "tokens": [tokens] * len(rows),
            "cluster_size_before_filters": pa.array([1 + n % 20 for _, n in rows], pa.int32()),
        }
    )


def tokens_of(made: pa.Table, language: str) -> int:
    return sum(t for t, one in zip(made["tokens"].to_pylist(), made["language"].to_pylist(), strict=True) if one == language)


@settings(deadline=None, max_examples=50)
@given(st.integers(20, 200), st.integers(20, 200), st.floats(0.1, 0.9), st.integers(100, 5000))
def test_shares_are_as_asked(zh: int, en: int, share: float, size: int) -> None:
    """Within one document of the wanted tokens, whatever there is of each; no document more than once oftener than another."""
    made = blend(table(zh, en), {"zh": share, "en": 1 - share}, "language", size)
    for language, wanted in (("zh", share * size), ("en", (1 - share) * size)):
        assert abs(tokens_of(made, language) - wanted) <= 10
        times = Counter(
            doc for doc, one in zip(made["id"].to_pylist(), made["language"].to_pylist(), strict=True) if one == language
        )
        fewest = min(times.values(), default=0) if len(times) == {"zh": zh, "en": en}[language] else 0
        assert max(times.values(), default=0) - fewest <= 1


def test_without_a_size_nothing_is_repeated() -> None:
    """The group that runs out first decides; what is not named is left out."""
    made = blend(table(100, 30), {"zh": 1, "en": 1}, "language")
    assert tokens_of(made, "zh") == tokens_of(made, "en") == 300
    assert set(blend(table(5, 5), {"zh": 1}, "language")["language"].to_pylist()) == {"zh"}
    assert blend(table(9, 9), {"zh": 2, "en": 1}, "language").equals(blend(table(9, 9), {"zh": 2, "en": 1}, "language"))


def test_what_many_sources_had_counts_more() -> None:
    """1 + log2 of the cluster's size, at most eight times."""
    one = pa.table({"id": ["a", "b", "c", "d"], "cluster_size_before_filters": pa.array([1, 2, 8, 4096], pa.int32())})
    assert repeats(one).tolist() == [1, 2, 4, 8]
    with pytest.raises(DeclarationError, match="has no column cluster_size_before_filters"):
        blend(one.select(["id"]), None, upweight=True)
    assert blend(one, None, upweight=True)["id"].to_pylist() == ["a"] + ["b"] * 2 + ["c"] * 4 + ["d"] * 8


@pytest.mark.parametrize(
    ("mix", "column", "said"),
    [
        ({"fr": 1.0}, "language", "there are: en, zh"),
        ({"zh": 0.0}, "language", "nothing"),
        ({"zh": 1.0}, "colour", "no such column"),
        ({"zh": 1.0, "en": -0.5}, "language", "'en': -0.5: allowed is a weight of 0 and more"),
        ({"zh": float("nan")}, "language", "allowed is a weight of 0 and more"),
        ({"zh": 1.0, "en": 0.001}, "language", "'en': 0 tokens are fewer than its first document has"),
    ],
)
def test_what_cannot_be_mixed_is_told(mix: dict[str, float], column: str, said: str) -> None:
    """One line that says what there is."""
    with pytest.raises(DeclarationError, match=said):
        blend(table(3, 3), mix, column)
