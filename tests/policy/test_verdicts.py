"""Filter semantics: inclusive, in the column's type, null fails, every reason told."""

import numpy as np
import pyarrow as pa
import pytest

from curation.policy.verdicts import judge, outcomes, select
from curation.recipe import Filter, Plan, Policy, Profile, Recipe

BECAUSE = {"en": "why"}


def plan(*filters: dict, profiles: tuple[dict, ...] = ()) -> Plan:
    recipe = Recipe(
        name="r", title="t", summary="s", sources=["a-b"], curator="c", contact="c",
        filters=[Filter(**{"because": BECAUSE, **f}) for f in filters],
    )  # fmt: skip
    return Plan(
        recipe=recipe, profiles=[Profile(title="t", **p) for p in profiles], policy=Policy(name="none", title="t", filters=[])
    )


def table(**columns: pa.Array) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table(
        {"doc_id": [f"d{i}" for i in range(n)], "source": ["s"] * n, **{k.replace("__", "."): v for k, v in columns.items()}}
    )


def test_thresholds_are_inclusive_and_of_the_columns_type() -> None:
    """float32(3/10) passes `low: 0.3`, float32(9/10) passes `high: 0.9`."""
    ratios = pa.array(np.array([0.3, 0.2999, 0.9, 0.9001], np.float32))
    found = judge(table(x__r=ratios), plan({"name": "f", "column": "x.r", "low": 0.3, "high": 0.9}))
    assert found["doc_id"].to_pylist() == ["d1", "d3"]
    assert found["low"].to_pylist() == [float(np.float32(0.3))] * 2


def test_a_null_fails_with_value_null() -> None:
    """Unknown is not zero, and not good enough."""
    found = judge(table(x__r=pa.array([1.0, None])), plan({"name": "f", "column": "x.r", "low": 0})).to_pylist()
    assert [(r["doc_id"], r["value"]) for r in found] == [("d1", None)]


def test_every_reason_of_every_document() -> None:
    """The first failure hides no other; values and words are kept."""
    measured = table(x__n=pa.array([5, 50]), x__w=pa.array(["a", "b"]))
    found = judge(
        measured,
        plan({"name": "n", "column": "x.n", "low": 10}, {"name": "w", "column": "x.w", "none_of": ["a"], "then": "quarantine"}),
    ).to_pylist()
    assert [(r["doc_id"], r["filter"], r["value"], r["label"], r["outcome"]) for r in found] == [
        ("d0", "n", 5.0, None, "removed"),
        ("d0", "w", None, "a", "quarantined"),
    ]
    assert outcomes(judge(measured, plan({"name": "w", "column": "x.w", "none_of": ["a"], "then": "quarantine"}))) == {
        "d0": "quarantined"
    }


def test_where_selects_and_null_does_not() -> None:
    """A list means any of; a null selects nothing."""
    measured = table(x__w=pa.array(["zh", "en", None]), x__b=pa.array([True, False, None]))
    assert select(measured, {"x.w": ["zh", "ja"]}).to_pylist() == [True, False, False]
    assert select(measured, {"x.b": False}).to_pylist() == [False, True, False]
    assert select(measured, {}).to_pylist() == [True, True, True]


def test_a_document_that_no_profile_selects_is_removed_not_passed() -> None:
    """Nothing slips through unjudged."""
    profile = {"name": "p", "where": {"x.w": "zh"}, "filters": [{"name": "f", "column": "x.n", "low": 3, "because": BECAUSE}]}
    found = judge(table(x__w=pa.array(["zh", "fr", "zh"]), x__n=pa.array([9, 9, 1])), plan(profiles=(profile,))).to_pylist()
    assert [(r["doc_id"], r["filter"]) for r in found] == [("d2", "p.f"), ("d1", "no_profile")]


@pytest.mark.parametrize(("low", "kept"), [(2.5, ["d1"]), (2, ["d0", "d1"])])
def test_a_broken_threshold_on_whole_numbers(low: float, kept: list[str]) -> None:
    """2.5 is not rounded to 2."""
    measured = table(x__n=pa.array([2, 3]))
    gone = judge(measured, plan({"name": "f", "column": "x.n", "low": low}))["doc_id"].to_pylist()
    assert [d for d in ["d0", "d1"] if d not in gone] == kept


def test_words_read_as_numbers() -> None:
    """A kept column is text: what is no number is null, and fails."""
    measured = table(x__y=pa.array(["2019", "about 2019", "", "1999"]))
    assert judge(measured, plan({"name": "f", "column": "x.y", "low": 2000}))["doc_id"].to_pylist() == ["d1", "d2", "d3"]
