"""Who goes for whom, on small pictures of clusters."""

from datetime import date

import numpy as np
import pyarrow as pa

from curation.dedup import crossing, decide


def decided(pairs, similarity, kept, equal=(), order=None):  # type: ignore[no-untyped-def]
    count = len(kept)
    rank = np.arange(count) if order is None else np.array(order)
    asked = []

    def compare(unknown):  # type: ignore[no-untyped-def]
        asked.extend(map(tuple, unknown.tolist()))
        return np.zeros(len(unknown))

    near = np.array(pairs, np.int64).reshape(-1, 2)
    same = np.array(equal, np.int64).reshape(-1, 2)
    found = decide.decide(rank, np.array(kept, bool), same, near, np.array(similarity, float), compare, 0.8)
    return found, asked


def test_a_chain_is_split_at_what_does_not_resemble_the_survivor() -> None:
    """0-1-2-3: 0 takes 1; 2 and 3 do not resemble 0 (both are compared), so 2 stays and takes 3."""
    found, asked = decided([(0, 1), (1, 2), (2, 3)], [0.9, 0.9, 0.85], [1, 1, 1, 1])
    assert found.twin.tolist() == [-1, 0, -1, 2] and asked == [(0, 2), (0, 3)]
    assert found.chained == 1
    assert found.similarity[3] == 0.85


def test_a_filtered_document_takes_nobody_and_joins_nobody() -> None:
    """0-1-2 where the filters removed 1: 0 and 2 both stay."""
    found, _ = decided([(0, 1), (1, 2)], [0.9, 0.9], [1, 0, 1])
    assert found.twin.tolist() == [-1, -1, -1]


def test_a_content_whose_first_copy_was_filtered_still_counts() -> None:
    """0 and 1 are one content and 0 is filtered: 1 stands for it, and goes for 2, which is better."""
    found, _ = decided([(0, 2)], [0.9], [0, 1, 1], equal=[(0, 1)], order=[0, 2, 1])
    assert found.twin.tolist() == [-1, 2, -1] and found.rule.tolist() == [0, decide.NEAR, 0]


def test_the_order_is_the_recipes() -> None:
    """Tier first, then quality in tenths, then length, then date; unknown last; ties by id."""
    table = pa.table(
        {
            "doc_id": ["d", "c", "b", "a", "e"],
            "license.tier": ["T1", "T0", "T1", "T1", None],
            "quality_model.score": [0.91, 0.1, 0.89, None, 1.0],
            "tokens.count": [10, 10, 20, 99, 99],
        }
    )
    assert decide.rank(table, ["license_tier", "quality", "most_tokens"], []).tolist() == [2, 0, 1, 3, 4]


def test_of_one_address_the_best_stays() -> None:
    """Rows 0, 1 and 2 are one page: 1 is best and stays; 0, a copy of 2's content, does not bring it back."""
    found = decide.decide(
        np.array([2, 0, 1]), np.ones(3, bool), np.array([[0, 2]]), np.empty((0, 2), np.int64), np.empty(0),
        lambda pairs: np.zeros(len(pairs)), 0.8, address=np.array([[0, 1], [0, 2]]),
    )  # fmt: skip
    assert found.twin.tolist() == [1, -1, 1] and found.rule.tolist() == [decide.ADDRESS, 0, decide.ADDRESS]


def test_what_is_published_takes_everything_that_resembles_it() -> None:
    """3 is published; 0 resembles it, 1 has its content, 2 resembles only 0 and stays."""
    found = decide.decide(
        np.arange(4), np.array([1, 1, 1, 0], bool), np.array([[1, 3]]), np.array([[0, 1], [0, 2]]), np.array([0.85, 0.9]),
        lambda pairs: np.zeros(len(pairs)), 0.8, old=np.array([0, 0, 0, 1], bool),
    )  # fmt: skip
    assert found.twin.tolist() == [3, 3, -1, -1] and found.similarity[:2].tolist() == [0.85, 1.0]


def crossings(tiers, published, equal=(), near=(), stays=None):  # type: ignore[no-untyped-def]
    table = pa.table(
        {
            "doc_id": [f"d{n}" for n in range(len(tiers))],
            "license.tier": pa.array(tiers, pa.string()),
            "document.published": pa.array(published, pa.date32()),
        }
    )
    kept = np.array(stays if stays is not None else [True] + [False] * (len(tiers) - 1))
    pairs = [np.array(one, np.int64).reshape(-1, 2) for one in (equal, near)]
    return crossing.find(table, kept, *pairs).tolist()


def test_a_restrictive_twin_is_told_unless_the_survivor_came_first() -> None:
    """TiDB's pages went from Apache-2.0 to CC-BY-SA-3.0: with dates the older one may stay, without it is flagged."""
    early, late = date(2019, 1, 1), date(2024, 1, 1)
    assert crossings(["T1", "T2"], [early, late], near=[(0, 1)]) == [-1, -1]
    assert crossings(["T1", "T2"], [late, early], near=[(0, 1)]) == [1, -1]
    assert crossings(["T1", "T2"], [None, late], equal=[(0, 1)]) == [1, -1]
    assert crossings(["T1", None], [None, None], equal=[(0, 1)]) == [1, -1]  # an unknown license permits least
    assert crossings(["T2", "T1"], [None, None], equal=[(0, 1)]) == [-1, -1]
    assert crossings(["T1", "T1", "T4"], [None] * 3, equal=[(1, 2)], near=[(0, 1)]) == [2, -1, -1]  # a copy of a neighbour
