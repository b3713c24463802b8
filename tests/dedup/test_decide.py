"""Who goes for whom, on small pictures of clusters."""

import numpy as np
import pyarrow as pa

from curation.dedup import decide


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
