"""Tokens by Unicode, signatures as datasketch makes them."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.dedup import edges, keep
from curation.kernels import buffers
from curation.kernels.bands import alike, components
from curation.kernels.shingles import PERMUTATIONS, SEED, datasketch_values, permutations, shingle_hashes, signatures

CJK = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3041-\u3096\u30a1-\u30fa\uac00-\ud7a3]"


def array(*texts: str) -> pa.Array:
    return pa.array(texts, pa.large_string())


def counts(*texts: str) -> list[int]:
    return signatures(array(*texts))[1].tolist()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0), ("...", 0), ("one", 1), ("one two_three 4", 4), ("数据安全法", 5), ("使用GPT-4模型", 6), ("한국어", 3), ("カタカナ", 4),
        ("naïve café", 2), ("हिन्दी भाषा", 2), ("𠮷野家", 3), ("a\u0301b", 1), ("١٢٣ ٤", 2), ("don't", 2), ("a。b", 2),
    ],
)  # fmt: skip
def test_tokens(text: str, tokens: int) -> None:
    """Words are runs of letters, digits and marks; Han, kana and hangul characters stand alone."""
    assert counts(text) == [tokens]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd", "Po", "Zs"], max_codepoint=0x52F), max_size=300))
def test_tokens_are_runs_of_word_characters(text: str) -> None:
    r"""For scripts without combining marks, the tokens are those of Python's \w+."""
    assert counts(text) == [len(re.findall(r"\w+", text))]


def test_traditional_and_simplified_have_one_key() -> None:
    """A text and its conversion are twins; the stored text is not touched."""
    values, _ = signatures(array("数据安全法规定国家机关应当严格执行", "數據安全法規定國家機關應當嚴格執行"))
    assert (values[0] == values[1]).all()


def test_case_and_width_are_folded_in_the_key() -> None:
    """Full width and case make no difference to a signature."""
    values, _ = signatures(array("The Data Security Law of 2021", "ＴＨＥ ｄａｔａ security LAW of ２０２１"))
    assert (values[0] == values[1]).all()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=500))
def test_signatures_are_datasketchs(text: str) -> None:
    """The same shingle hashes through datasketch's affine32 give the same 128 values."""
    column = array(text)
    values, _ = signatures(column)
    hashes = shingle_hashes(*buffers(column), 0)
    reference = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme="affine32", hashfunc=int)
    reference.update_batch([int(h >> np.uint64(32)) for h in hashes])
    assert (values[0] == reference.hashvalues).all()


@given(st.text(min_size=1, max_size=80))
@settings(max_examples=100, deadline=None)
def test_long_and_short_documents_do_not_disturb_each_other(text: str) -> None:
    """Buffers are shared between documents of a batch; values are not."""
    long = "word " * 5000
    alone, _ = signatures(array(text))
    among, _ = signatures(array(long, text, long))
    assert (alone[0] == among[1]).all()


def test_estimates_are_near_exact_jaccard() -> None:
    """Mean error of 128 permutations is about 0.03."""
    words = [f"w{n}" for n in range(400)]
    texts = [" ".join(words[start : start + 300]) for start in range(0, 100, 5)]
    column = array(*texts)
    values, _ = signatures(column)
    exact = [set(shingle_hashes(*buffers(column), i).tolist()) for i in range(len(texts))]
    errors = [
        abs((values[0] == values[i]).mean() - len(exact[0] & exact[i]) / len(exact[0] | exact[i])) for i in range(1, len(texts))
    ]
    assert np.mean(errors) < 0.05


def test_bands_come_from_datasketchs_optimiser() -> None:
    """Weighted towards recall, since every candidate is verified; stored values are those of the library."""
    for threshold in (0.5, 0.7, 0.71, 0.8, 0.8125, 0.9, 0.99):
        index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, weights=edges.WEIGHTS)
        assert edges.bands(threshold) == (index.b, index.r)
    assert sorted(datasketch_values()["bands"]) == [f"{n / 100:.2f}" for n in range(50, 100)]


def test_permutations_are_datasketchs() -> None:
    """All of them, in its order."""
    assert (permutations() == MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme="affine32").permutations).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_nobody_goes_for_a_document_it_does_not_resemble(kinds: list[int], chance) -> None:  # type: ignore[no-untyped-def]
    """Every removed row names a kept survivor above the threshold, whatever the order of the pairs."""
    rng = np.random.default_rng(len(kinds))
    base = rng.integers(0, 2**32, (6, PERMUTATIONS), dtype=np.uint32)
    values = base[kinds].copy()
    noise = rng.random(values.shape) < 0.12
    values[noise] = rng.integers(0, 2**32, int(noise.sum()), dtype=np.uint32)
    pairs, similarity = edges.near(values, 0.7)
    rank = np.array(chance.sample(range(len(kinds)), len(kinds)))
    twins = keep.survivors(rank, pairs, similarity, lambda asked: edges.estimate(values, asked), 0.7)
    measured = edges.estimate(values, np.column_stack([twins.removed, twins.survivor]))
    assert not set(twins.removed.tolist()) & set(twins.survivor.tolist())
    assert (measured == twins.similarity).all() and (measured >= 0.7).all()
    assert (rank[twins.survivor] < rank[twins.removed]).all()
    order = np.array(chance.sample(range(len(kinds)), len(kinds)))  # the same rows in another order
    shuffled = values[order]
    again = keep.survivors(rank[order], *edges.near(shuffled, 0.7), lambda asked: edges.estimate(shuffled, asked), 0.7)
    pairs_of = lambda found, names: sorted(zip(names[found.removed], names[found.survivor], strict=True))  # noqa: E731
    assert pairs_of(again, order) == pairs_of(twins, np.arange(len(kinds)))


def test_components_are_connected() -> None:
    """Union-find over pairs names the smallest row."""
    assert components(6, np.array([[4, 5], [1, 4], [0, 2]])).tolist() == [0, 1, 0, 3, 1, 1]


def test_a_huge_bucket_stays_linear() -> None:
    """10,000 equal signatures give a star and a chain, not fifty million pairs."""
    values = np.tile(np.arange(PERMUTATIONS, dtype=np.uint32), (10_000, 1))
    keys, numbers = edges.keys(values, 1, 8)[0], np.arange(len(values))
    assert len(alike(keys, numbers.astype(np.uint32), numbers)) < 20_000
    assert len(alike(keys, np.zeros(len(values), np.uint32), numbers)) == 0


def test_folding_is_nfkc_and_lower_where_that_is_one_character() -> None:
    """The table agrees with Python's own."""
    from curation.kernels.unicode import ALONE, tables

    built = tables()
    for code in [*range(0x80, 0x500), *range(0xFF10, 0xFF5B), 0x212B, 0x1D400]:
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) == 1 and built.kind[code] == 1:
            assert built.fold[code] == ord(folded)
    assert all(built.kind[ord(c)] == ALONE for c in "中あア한㐀") and re.match(CJK, "中")
