"""Claims and verdicts: what is believed, what is a conflict, what is no denial."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation import license_texts
from curation.license import (
    Claim,
    decide,
    from_license_text,
    from_package_metadata,
    from_spdx_header,
    normalise,
    table,
    tier,
)

RQALPHA = """版权所有 2019 深圳某科技有限公司
除非遵守当前许可，否则不得使用本软件。
* 非商业用途：遵守 Apache License 2.0，您可以在 http://www.apache.org/licenses/LICENSE-2.0 获得副本。
* 商业用途：未经某科技授权，任何个人不得出于任何商业目的使用本软件。"""


def bundled(spdx: str) -> str:
    return license_texts.texts()[spdx]


@pytest.mark.parametrize(
    "spdx", ["MIT", "BSD-3-Clause", "BSD-2-Clause", "Apache-2.0", "ISC", "CC-BY-4.0", "CC-BY-SA-4.0", "MulanPSL-2.0"]
)
def test_a_text_with_a_holder_and_rewrapped_is_recognised(spdx: str) -> None:
    """Copyright lines and line breaks make no difference."""
    text = "Copyright (c) 2026 Someone Ltd. and contributors\nAll rights reserved.\n\n" + " ".join(bundled(spdx).split())
    claims = from_license_text(text, "LICENSE")
    assert [c.value for c in claims] == [spdx] and claims[0].detector == "license_text"


def test_an_nc_text_is_not_taken_for_its_free_sister() -> None:
    """Creative Commons variants differ by a few clauses."""
    assert license_texts.match(bundled("CC-BY-NC-4.0")) == "CC-BY-NC-4.0"
    assert license_texts.match(bundled("CC-BY-ND-4.0")) == "CC-BY-ND-4.0"


def test_a_limit_beats_the_permissive_name_in_the_same_text() -> None:
    """The demo's true conflict: metadata says Apache-2.0, the text allows non-commercial use only."""
    claims = from_license_text(RQALPHA, "LICENSE")
    assert claims[0].detector == "denial"
    verdict = decide([Claim("manifest", "Apache-2.0", None, None), *claims])
    assert verdict.conflict and verdict.id is None and verdict.tier is None


@pytest.mark.parametrize(
    "text",
    [
        "All rights reserved.",
        "版权所有，翻印必究",
        "For academic use only.",
        "Not for commercial use",
        "未经作者书面许可，不得转载",
    ],
)
def test_denials(text: str) -> None:
    """A text that only reserves rights is a denial."""
    assert from_license_text(text, "x")[0].detector == "denial"
    assert decide(from_license_text(text, "x")).tier == "X"


def test_metadata_in_the_order_of_pep_639() -> None:
    """License-Expression, then License, then classifiers; an ambiguous one says nothing."""
    assert from_package_metadata("License-Expression: BSD-3-Clause\nLicense: MIT\n\n", "m")[0].value == "BSD-3-Clause"
    assert from_package_metadata("License: Apache License 2.0\n\n", "m")[0].value == "Apache License 2.0"
    assert from_package_metadata("Classifier: License :: OSI Approved :: MIT License\n\n", "m")[0].value == "MIT License"
    assert from_package_metadata("Classifier: License :: OSI Approved :: BSD License\n\n", "m") == []


def test_spdx_header_counts_at_the_head_only() -> None:
    """A tag in the middle of a long text is text."""
    assert from_spdx_header("# SPDX-License-Identifier: MIT OR Apache-2.0\n", "f")[0].value == "MIT OR Apache-2.0"
    assert from_spdx_header("x" * 5000 + "SPDX-License-Identifier: MIT", "f") == []


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (["MIT", "MIT"], ("MIT", False)),
        (["MIT", "Apache-2.0"], (None, True)),
        (["MIT OR Apache-2.0", "Apache-2.0"], ("MIT OR Apache-2.0", False)),
        (["unheard of"], (None, False)),
        ([], (None, False)),
    ],
)
def test_verdicts(values: list[str], verdict: tuple[str | None, bool]) -> None:
    """Agreement gives an id, disagreement a conflict, silence null."""
    detectors = ["manifest", "package_metadata"]
    found = decide([Claim(d, v, None, None) for d, v in zip(detectors, values, strict=False)])
    assert (found.id, found.conflict) == verdict


@given(
    st.lists(
        st.sampled_from(
            [
                Claim("manifest", "MIT", None, None),
                Claim("record", "Apache-2.0", None, None),
                Claim("denial", "x", None, None),
                Claim("spdx_header", "MIT", None, None),
            ]
        ),
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_more_claims_never_free(claims: list[Claim], chance) -> None:  # type: ignore[no-untyped-def]
    """The verdict of a set of claims is one; a denial is never outvoted."""
    shuffled = chance.sample(claims, len(claims))
    assert decide(claims)[:1] == decide(shuffled)[:1] and decide(claims).conflict == decide(shuffled).conflict
    assert decide([*claims, Claim("denial", "x", None, None)]).id is None


def test_every_row_of_the_table_is_an_spdx_id_or_a_licenseref() -> None:
    """A typing error in the table would open a door."""
    assert all(normalise(spdx) == spdx and tier(spdx) == row.tier for spdx, row in table().items())


@pytest.mark.parametrize("said", ["Proprietary", "All rights reserved", "Creative Commons Attribution-NonCommercial 4.0"])
def test_a_statement_nobody_can_read_is_no_yes(said: str) -> None:
    """A declared license does not hide what a record says in words of its own."""
    found = decide([Claim("manifest", "CC-BY-4.0", None, None), Claim("record", said, None, None)])
    assert found.conflict and found.id is None and found.tier is None


@pytest.mark.parametrize(
    "added", ["This software is for non-commercial use only.", "Commons Clause: the License does not include the right to Sell."]
)
def test_a_sentence_added_to_a_known_text_is_seen(added: str) -> None:
    """Nearly Apache-2.0 is not Apache-2.0."""
    claims = from_license_text(bundled("Apache-2.0") + "\n" + added, "LICENSE")
    assert [c.detector for c in claims] == ["license_text", "denial"] and decide(claims).conflict


def test_one_branch_of_a_choice_said_alone_is_the_whole_permission() -> None:
    """MIT OR NC, and a record that says NC: NC."""
    found = decide([Claim("manifest", "MIT OR CC-BY-NC-4.0", None, None), Claim("record", "CC-BY-NC-4.0", None, None)])
    assert (found.id, found.tier) == ("CC-BY-NC-4.0", "T4")
