"""The worked verdicts on mixtures of licenses, and what holds for every mixture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.license import table
from curation.mixing import adapted, collection, flags, refusal

IDS = sorted(table())
SETS = st.lists(st.sampled_from([*IDS, None, "LicenseRef-enterprise-1"]), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("ids", "publishable", "tier", "commercial", "derivatives"),
    [
        (["CC0-1.0", "MIT", "Apache-2.0"], True, "T1", True, True),
        (["CC-BY-4.0", "CC-BY-SA-4.0"], True, "T2", True, True),
        (["CC-BY-4.0", "CC-BY-NC-4.0"], True, "T4", False, True),
        (["CC-BY-4.0", "CC-BY-ND-4.0"], True, "T5", True, False),
        (["MIT", None], False, None, False, False),
        (["MIT", "NOASSERTION"], False, None, False, False),
        (["CC-BY-SA-4.0", "ODbL-1.0", "GPL-3.0-only"], True, "T3", True, True),
    ],
)
def test_collections(ids: list[str | None], publishable: bool, tier: str | None, commercial: bool, derivatives: bool) -> None:
    """Rows that stay apart may have share-alike licenses of different families; one unknown stops the whole."""
    found = collection(ids)
    assert (found.publishable, found.tier, found.commercial, found.derivatives) == (publishable, tier, commercial, derivatives)


@pytest.mark.parametrize(
    ("ids", "verdict"),
    [
        (["CC-BY-4.0", "CC-BY-SA-4.0"], ("CC-BY-SA-4.0", "ok")),
        (["CC-BY-SA-3.0", "CC-BY-SA-4.0"], ("CC-BY-SA-4.0", "ok")),
        (["CC-BY-SA-4.0", "GPL-3.0-only"], ("GPL-3.0-only", "ok")),
        (["CC-BY-SA-4.0", "GPL-2.0-only"], (None, "conflict")),
        (["CC-BY-SA-4.0", "CC-BY-NC-4.0"], (None, "conflict")),
        (["CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"], ("CC-BY-NC-SA-4.0", "ok")),
        (["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"], (None, "conflict")),
        (["CC-BY-SA-4.0", "ODbL-1.0"], (None, "conflict")),
        (["CC-BY-4.0", "CC-BY-ND-4.0"], (None, "denied")),
        (["GPL-2.0-or-later", "GPL-3.0-only"], ("GPL-3.0-only", "ok")),
        (["GPL-2.0-only", "GPL-3.0-only"], (None, "conflict")),
        (["GFDL-1.3-or-later", "CC-BY-SA-4.0"], (None, "conflict")),
        (["MIT", "Apache-2.0"], ("Apache-2.0 AND MIT", "ok")),
        (["CC0-1.0"], ("CC0-1.0", "ok")),
        (["MIT", None], (None, "unknown")),
    ],
)
def test_adaptations(ids: list[str | None], verdict: tuple[str | None, str]) -> None:
    """One record made of several needs one license that all share-alike inputs allow."""
    assert adapted(ids) == verdict and adapted(reversed(ids)) == verdict


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ("MIT OR GPL-3.0-only", "MIT"),
        ("LicenseRef-ent OR CC-BY-4.0", "CC-BY-4.0"),
        ("LicenseRef-ent AND CC-BY-4.0", None),
        ("MIT AND GPL-3.0-only", "GPL-3.0-only AND MIT"),
        ("(MIT OR Apache-2.0) AND CC0-1.0", "Apache-2.0 AND CC0-1.0"),
        (None, None),
    ],
)
def test_choices(expression: str | None, taken: str | None) -> None:
    """OR is a choice, AND is not; the branch that is taken is always the same one."""
    found = flags(expression)
    assert (found.expression if found else None) == taken


@pytest.mark.parametrize(
    ("license_id", "purpose", "commercial", "modified", "code"),
    [
        ("CC-BY-4.0", "redistribute_modified", True, True, None),
        ("CC-BY-NC-4.0", "redistribute_verbatim", True, False, "LIC_NC"),
        ("CC-BY-NC-4.0", "redistribute_verbatim", False, False, None),
        ("CC-BY-ND-4.0", "redistribute_modified", True, False, None),
        ("CC-BY-ND-4.0", "redistribute_modified", True, True, "LIC_ND_MODIFIED"),
        ("CC-BY-ND-4.0", "adapt", True, False, "LIC_ND_MODIFIED"),
        ("LicenseRef-contract-7", "redistribute_verbatim", True, False, "LIC_UNKNOWN"),
        ("LicenseRef-contract-7", "train_internal", True, True, None),
        (None, "train_internal", False, False, "LIC_UNKNOWN"),
    ],
)
def test_refusals(license_id: str | None, purpose: str, commercial: bool, modified: bool, code: str | None) -> None:
    """A document serves a purpose or is refused with one of the codes."""
    assert refusal(license_id, purpose, commercial, modified) == code  # type: ignore[arg-type]


@given(SETS, st.randoms(use_true_random=False), st.sampled_from([*IDS, None]))
def test_no_set_becomes_freer(ids: list[str | None], chance, more: str | None) -> None:  # type: ignore[no-untyped-def]
    """Order and repetition make no difference, and one document more never permits more."""
    shuffled = chance.sample([*ids, ids[0]], len(ids) + 1)
    assert collection(ids) == collection(shuffled) and adapted(ids) == adapted(shuffled)
    before, after = collection(ids), collection([*ids, more])
    for flag in ("publishable", "commercial", "derivatives"):
        assert getattr(before, flag) or not getattr(after, flag)
    assert before.tier is None or after.tier is None or after.tier >= before.tier
    assert adapted(ids)[1] == "ok" or adapted([*ids, more])[1] != "ok"
