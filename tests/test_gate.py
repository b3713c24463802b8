"""The gate through the line: rights, levels, disputes, settled licenses, withdrawals; nothing slips through by any path."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import curation
from curation import (
    approval,
    cli,
    decisions,
    gate,
    levels,
    line,
    published,
    purge,
    reviewers,
    rights,
    signing,
    standing,
    versions,
)
from curation.decisions import Identity
from curation.document import doc_id
from curation.errors import CurationError, DataError, DeclarationError, ReviewError, RightsError
from curation.manifest import Source
from curation.questions import verify, why
from curation.recipe import Use
from curation.store import Workspace
from tests import corpus

LONG: dict[str, Any] = {
    "id": "plant", "title": "Plant", "where": {"local": {"path": "incoming"}}, "format": "jsonl", "license": "CC-BY-4.0", "contact": "a@b.example",
    "version": "1", "description": "Manuals.", "submitted_by": {"name": "Submitter"}, "submitted_at": "2026-01-01",
    "issuer": [{"name": "Owner"}], "industry": ["energy"], "dataset_class": "industry_expert", "languages": ["zh"],
    "source_type": "enterprise_internal", "collection_method": "export", "collection_window": "2025", "origin_geography": ["CN"],
    "generated": "none", "license_evidence": [{"kind": "contract"}], "processing_mandate": {"kind": "own"}, "data_level": "L1",
    "level_basis": {"object": "organisation", "degree": "none"}, "contains_pi": "none", "contains_spi": "none",
    "rights": {
        "holding": {"granted": True}, "use": {"granted": True, "valid_until": "2030-01-01", "purposes": ["ai_training"]},
        "operation": {"granted": True, "redistribution": "derived", "territory": ["CN", "SG"]},
    },
}  # fmt: skip
DAY = date(2026, 11, 25)


def source(**changes: Any) -> Source:
    """The long form with some values changed; a dotted name reaches inside."""
    value = json.loads(json.dumps(LONG))
    for name, new in changes.items():
        place = value
        *above, last = name.split("__")
        for part in above:
            place = place[part]
        place[last] = new
    return Source.model_validate(value)


def told(
    one: Source, use: Use | None = None, known: list[decisions.Decision] | None = None, organisation: str | None = None
) -> str | None:
    return rights.fault(one, use or Use(), DAY, known or [], organisation)


INTERNAL = Use(purpose="train_internal", audience="internal")


@pytest.mark.parametrize(
    ("changes", "use", "fault"),
    [
        ({}, Use(), None),
        ({"rights__use__valid_until": "2026-11-24"}, Use(), "rights.use expired on 2026-11-24; renew"),
        ({"rights__use__valid_until": "2026-11-25"}, Use(), None),
        ({"rights__use__valid_from": "2027-01-01"}, INTERNAL, "begins on 2027-01-01"),
        ({"rights__use__granted": False}, INTERNAL, "rights.use is not granted"),
        ({"rights__use__ai_training_allowed": False}, INTERNAL, "forbids training"),
        ({"rights__use__purposes": ["statistics"]}, INTERNAL, "granted for statistics and not for train_internal"),
        ({"rights__operation__granted": False}, INTERNAL, None),
        ({"rights__operation__granted": False}, Use(), "rights.operation is not granted"),
        ({"rights__operation__redistribution": "none"}, Use(), "allows redistribution: none"),
        ({"rights__operation__redistribution": "verbatim"}, Use(), "verbatim redistribution only"),
        ({"rights__operation__redistribution": "verbatim"}, Use(purpose="redistribute_verbatim"), None),
        ({}, Use(territory=["DE"]), "holds in CN, SG and not in DE"),
        ({"processing_mandate": {"kind": "entrusted"}}, INTERNAL, "must name who entrusted it"),
        ({"processing_mandate": {"kind": "entrusted", "by": "X"}}, INTERNAL, None),
        ({"processing_mandate": {"kind": "entrusted", "by": "X"}}, Use(), "entrusted by X"),
        ({"source_type": "public_data"}, INTERNAL, "needs its authorisation agreement"),
        (
            {"source_type": "public_data", "rights__use__basis": "administrative_agreement", "rights__use__evidence": [{"kind": "contract"}]},
            INTERNAL,
            None,
        ),
        ({"tdm_reservation": {"value": 1}}, Use(), "reserves text and data mining"),
        ({"tdm_reservation": {"value": 1}}, Use(accept_reservation="permission of 2026-10-01"), None),
        ({"tdm_reservation": {"value": 1}}, INTERNAL, None),
    ],
)  # fmt: skip
def test_rights_are_judged_by_date_and_purpose(changes: dict[str, Any], use: Use, fault: str | None) -> None:
    """Holding, use and operation apart; what is missing is said."""
    found = told(source(**changes), use)
    assert (fault is None and found is None) or (fault is not None and found is not None and fault in found)


@pytest.mark.parametrize(
    ("persons", "sensitive", "important", "ciio", "verdict"),
    [
        (99_999, 0, False, False, "exempt"),
        (100_000, 0, False, False, "contract"),
        (999_999, 0, False, False, "contract"),
        (1_000_000, 0, False, False, "assessment"),
        (0, 1, False, False, "contract"),
        (0, 9_999, False, False, "contract"),
        (0, 10_000, False, False, "assessment"),
        (1, 0, False, True, "assessment"),
        (0, 0, False, True, "exempt"),
        (0, 0, True, False, "assessment"),
    ],
)
def test_export_gate(persons: int, sensitive: int, important: bool, ciio: bool, verdict: str) -> None:
    """The ten vectors of the rules of 2024-03-22."""
    assert levels.export_gate(persons, sensitive, important, ciio) == verdict


def test_an_open_dataset_is_provided_abroad() -> None:
    """Wherever it lies; an internal one is not, and an unknown number of persons is refused."""
    many = source(contains_pi="yes", pi_legal_basis="consent", pi_persons_estimate=200_000)
    assert "a standard contract" in (levels.export_fault([many], Use(), []) or "")
    assert levels.export_fault([many], Use(export_reference="2026-17"), []) is None
    assert levels.export_fault([many], INTERNAL, []) is None
    assert levels.export_fault([many], Use(audience="licensed", destination=["CN"]), []) is None
    assert "standard contract" in (levels.export_fault([many], Use(audience="licensed", destination=["SG"]), []) or "")
    uncounted = source(contains_pi="yes", pi_legal_basis="consent")
    assert "pi_persons_estimate is needed" in (levels.export_fault([uncounted], Use(), []) or "")


@pytest.mark.parametrize(
    ("level", "use", "declared", "redacted", "fault"),
    [
        ("L1", Use(), [], set(), None),
        ("L2", Use(), [], set(), "needs an edit over pii.spans"),
        ("L2", Use(), [], set(levels.PERSONAL), None),
        ("L2", Use(audience="licensed"), [], set(), None),
        ("L3", Use(), ["access_controlled", "encrypted"], set(), "may be for licensed, internal and not open"),
        ("L3", Use(audience="licensed"), ["encrypted"], set(), "must declare controls: [access_controlled]"),
        ("L3", Use(audience="licensed"), ["access_controlled", "encrypted"], set(), None),
        (
            "L4",
            Use(audience="licensed"),
            ["isolated", "encrypted", "reads_logged"],
            set(),
            "may be for internal and not licensed",
        ),
        ("L4", INTERNAL, ["isolated", "encrypted", "reads_logged"], set(), None),
        ("IMPORTANT", INTERNAL, ["isolated", "encrypted", "reads_logged"], set(), "refused without `curate override"),
        ("CORE", INTERNAL, ["isolated", "encrypted", "reads_logged"], set(), "never processed"),
    ],
)
def test_levels_ask_for_controls(level: str, use: Use, declared: list[str], redacted: set[str], fault: str | None) -> None:
    """The control table, row by row."""
    found = levels.fault(source(data_level=level), use, [], declared, redacted)
    assert (fault is None and found is None) or (fault is not None and found is not None and fault in found)


@given(st.lists(st.sampled_from(levels.LEVELS), min_size=1, max_size=6), st.sampled_from(levels.LEVELS))
def test_the_highest_input_wins(some: list[str], more: str) -> None:
    """Adding an input never lowers the level."""
    assert levels.LEVELS.index(levels.highest([*some, more])) >= levels.LEVELS.index(levels.highest(some))
    assert levels.highest(some) == levels.highest(sorted(some))


# --- the log ---


def test_the_log_shows_every_change(tmp_path: Path) -> None:
    """A changed word, a removed entry and a cut end are named; what follows from the head is whole."""
    workspace = corpus.lay(tmp_path)
    for number in range(4):
        decisions.append(workspace, "dispute", {"source": "plant"}, f"reason {number}")
    whole = (tmp_path / decisions.FILE).read_text()
    lines = whole.splitlines(keepends=True)
    assert [one.number for one in decisions.read(workspace)] == [1, 2, 3, 4]
    for broken, fault in (
        (whole.replace("reason 1", "reason x"), "entry 2"),
        ("".join([lines[0], *lines[2:]]), "entry 2"),
        (whole[:-40], "entry 4"),
    ):
        (tmp_path / decisions.FILE).write_text(broken)
        with pytest.raises(DataError, match=fault):
            decisions.read(workspace)


def test_a_shortened_log_is_known_from_the_release(own: Workspace) -> None:
    """Cutting whole entries off the end leaves a sound chain, but not the one that the release is anchored to."""
    assert verify.ask(own, "energy")["faults"] == []
    (own.root / decisions.FILE).write_text("")
    assert "it is shorter than, or differs from, what git has of it" in verify.ask(own, "energy")["faults"][0]
    versions.git(own.root, "commit", "-q", "-m", "cut", "--", decisions.FILE)
    assert "is not the one that the newest version of energy was released with" in verify.ask(own, "energy")["faults"][0]


def test_a_withdrawal_cannot_be_cut_off_the_log(own: Workspace) -> None:
    """Neither from the file alone, nor from git too while its tombstone lies there."""
    assert run(own, "withdraw", "--document", "zh-7", "--because", "asked to") == 0
    path = own.root / decisions.FILE
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataError, match="shorter than"):
        line.run(own, "energy", until="filter")
    versions.git(own.root, "commit", "-q", "-m", "cut", "--", decisions.FILE)
    with pytest.raises(DataError, match="no decision in the log stands for it"):
        line.run(own, "energy", until="filter")


def test_words_of_the_log_may_hold_any_character(tmp_path: Path) -> None:
    """A line separator of Unicode does not part entries."""
    workspace = corpus.lay(tmp_path)
    decisions.append(workspace, "dispute", {"source": "pl\u2028ant\x85"}, "reason")
    assert len(decisions.read(workspace)) == 1


def test_a_revoked_approval_releases_nothing(own: Workspace) -> None:
    """The log decides, and the approval's file is a view of it."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("review: auto", "review: required").replace("A test.", "Other."))
    line.run(own, "energy", until="card")
    assert run(own, "approve", "energy", "--because", "read") == 0
    number = decisions.read(own)[-1].number
    assert run(own, "revoke", str(number), "--because", "read again") == 0
    with pytest.raises(ReviewError, match="waits for a reviewer"):
        line.step("release").run("energy", own)
    assert run(own, "approve", "energy", "--because", "read a third time") == 0
    assert line.step("release").run("energy", own)["released"]


def test_another_policy_is_a_decision_of_the_log(own: Workspace) -> None:
    """From which to which, before the version that it made."""
    recipe = own.recipe_file("energy")
    recipe.write_text(recipe.read_text() + "policy: open_sharealike\n")
    line.run(own, "energy")
    assert [one.kind for one in decisions.read(own)] == ["release", "policy", "release"]
    assert "from open_permissive" in decisions.read(own)[1].because


def test_internal_training_is_for_the_inside() -> None:
    """It asks for no operation right, so it may not be given to anybody."""
    with pytest.raises(ValueError, match="is for the audience internal and not open"):
        Use(purpose="train_internal")


def test_what_reads_a_source_shares_its_gate(tmp_path: Path) -> None:
    """A source derived from a disputed one is disputed too."""
    workspace = corpus.lay(tmp_path)
    workspace.source_file("derived").write_text(
        "id: derived\ntitle: {en: Derived}\nwhere: {sql: {from: {source: plant}, query: select 1}}\nformat: parquet\n"
        "license: MIT\ncontact: a@b.example\n"
    )
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("[plant]", "[derived]"))
    plan = line.catalog.plan(workspace, "energy")
    gate.demand(workspace, plan)
    decisions.append(workspace, "dispute", {"source": "plant"}, "objection")
    with pytest.raises(RightsError, match="source 'plant' is under dispute"):
        gate.demand(workspace, plan)


def test_a_decision_is_revoked_once_and_some_never(tmp_path: Path) -> None:
    """What is revoked stays in the log and no longer stands."""
    workspace = corpus.lay(tmp_path)
    decisions.append(workspace, "dispute", {"source": "plant"}, "objection")
    decisions.revoke(workspace, 1, "settled in court")
    assert standing.known(workspace) == [] and len(decisions.read(workspace)) == 2
    for number, fault in ((1, "revoked already"), (2, "not taken back"), (9, "no decision 9")):
        with pytest.raises(DeclarationError, match=fault):
            decisions.revoke(workspace, number, "again")
    with pytest.raises(DeclarationError, match="needs a reason"):
        decisions.append(workspace, "dispute", {"source": "plant"}, "  ")


# --- through the line ---


def run(workspace: Workspace, *command: str) -> int:
    return cli.main(["--workspace", str(workspace.root), *command])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The test corpus, released once."""
    root = tmp_path_factory.mktemp("base") / "w"
    assert cli.main(["init", str(root)]) == 0
    workspace = corpus.lay(root)
    line.run(workspace, "energy")
    return workspace


@pytest.fixture
def own(base: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it that a test may change."""
    shutil.copytree(base.root, tmp_path / "w", symlinks=True)
    return Workspace(tmp_path / "w")


def texts(workspace: Workspace) -> dict[str, str]:
    rows = pq.read_table(workspace.path(workspace.dataset("energy", "data")), columns=["native_id", "text"]).to_pylist()
    return {row["native_id"]: row["text"] for row in rows}


def removed(workspace: Workspace) -> dict[str, list[str]]:
    rows = workspace.read_table(workspace.dataset("energy", "ledger/removed.parquet"), ["doc_id", "filter"]).to_pylist()
    out: dict[str, list[str]] = {}
    for row in rows:
        out.setdefault(row["doc_id"], []).append(row["filter"])
    return out


def test_a_settled_license_lets_a_document_in_until_it_is_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By evidence, dated, for a document or a source; what is clear stays as it is."""
    workspace = corpus.lay(tmp_path)
    proof = tmp_path / "letter.pdf"
    proof.write_bytes(b"signed")
    line.run(workspace, "energy", until="card")
    assert "no-license" not in texts(workspace) and "non-commercial" not in texts(workspace)
    assert (
        run(workspace, "settle", "no-license", "--license", "CC-BY-4.0", "--because", "a letter", "--evidence", str(proof)) == 0
    )
    line.run(workspace, "energy", until="card")
    assert "no-license" in texts(workspace) and "non-commercial" not in texts(workspace)
    data = pq.read_table(workspace.path(workspace.dataset("energy", "data"))).to_pylist()
    own = next(row for row in data if row["native_id"] == "no-license")
    assert own["license"] == "CC-BY-4.0" and own["license_detector"] == "settled"
    verify.demand(verify.ask(workspace, "energy"))
    capsys.readouterr()
    assert run(workspace, "why", "no-license") == 0
    assert "license settled: CC-BY-4.0  (decision 1, " in (said := capsys.readouterr().out) and ": a letter)" in said
    assert why.ask(workspace, "non-commercial")["settled"] is None
    assert decisions.read(workspace)[0].evidence[0].name == "letter.pdf"
    assert run(workspace, "revoke", "1", "--because", "the letter was forged") == 0
    line.run(workspace, "energy", until="card")
    assert "no-license" not in texts(workspace)
    assert run(workspace, "settle", "plant", "--license", "CC0-1.0", "--because", "whole source", "--evidence", str(proof)) == 0
    line.run(workspace, "energy", until="card")
    assert "no-license" in texts(workspace) and "non-commercial" not in texts(workspace)
    settled = {name: why.ask(workspace, name)["settled"] for name in ("no-license", "zh-7")}
    assert settled["no-license"]["license"] == "CC0-1.0" and settled["zh-7"] is None  # what is clear stays as it is
    assert run(workspace, "settle", "plant", "--license", "free as in beer", "--because", "x", "--evidence", str(proof)) == 2
    assert "is no SPDX expression" in capsys.readouterr().err


def test_a_contract_opens_an_internal_dataset_only(tmp_path: Path) -> None:
    """A LicenseRef says nothing of what may be given on."""
    workspace = corpus.lay(tmp_path)
    decisions.append(
        workspace, "settle", {"document": doc_id("plant", "no-license")}, "contract", license="LicenseRef-contract-7"
    )
    line.run(workspace, "energy", until="card")
    assert "no-license" not in texts(workspace)
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text() + "policy: internal\n")
    line.run(workspace, "energy", until="card")
    assert "no-license" in texts(workspace)


def test_an_edited_document_that_forbids_derivatives_goes(tmp_path: Path) -> None:
    """Redacting is an adaptation: byte for byte it may stay, redacted it may not."""
    workspace = corpus.lay(tmp_path)
    rows = [
        {"id": "nd-clean", "text": corpus.paragraph("zh", 901), "license": "CC-BY-ND-4.0"},
        {"id": "nd-private", "text": corpus.paragraph("zh", 902) + "电话13800138000。", "license": "CC-BY-ND-4.0"},
    ]
    (tmp_path / "incoming" / "nd.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    own = workspace.policy_file("everything")
    own.write_text("name: everything\ntitle: {en: All known}\nfilters: []\n")
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text() + "policy: everything\n")
    line.run(workspace, "energy", until="card")
    kept, gone = texts(workspace), removed(workspace)
    assert "nd-clean" in kept and "nd-private" not in kept
    names = {key.rsplit("/", 1)[1] for key in workspace.files(workspace.dataset("energy", "data"))}
    assert names == {"train-permissive-00000-of-00001.parquet", "train-restricted-00000-of-00001.parquet"}
    folder = workspace.path(workspace.dataset("energy"))
    config = datasets.load_dataset(folder, "restricted", cache_dir=str(tmp_path / "hf"))["train"]
    assert config["native_id"] == ["nd-clean"]
    assert len(datasets.load_dataset(folder, cache_dir=str(tmp_path / "hf"))["train"]) == len(kept)
    assert gone[doc_id("plant", "nd-private")] == ["use.LIC_ND_MODIFIED"]
    assert gone[doc_id("plant", "non-commercial")] == ["use.LIC_NC"] and gone[doc_id("plant", "no-license")] == [
        "use.LIC_UNKNOWN"
    ]
    verify.demand(verify.ask(workspace, "energy"))


FAULTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "disputed": ({}, ("dispute", "plant", "--because", "the holder objects")),
    "expired": ({"rights__use__valid_until": "2020-01-01"}, ()),
    "over level": ({"data_level": "L3"}, ()),
    "core": ({"data_level": "CORE"}, ()),
    "transferred": (
        {},
        ("transfer", "plant", "--to", "New Co", "--event", "merger", "--date", "2026-01-01", "--because", "merged"),
    ),
    "reserved": ({"tdm_reservation": {"value": 1, "policy": "https://a.example/tdm"}}, ()),
    "not operable": ({"rights__operation__granted": False}, ()),
}


MAPPED = {
    "map": {"id": "id", "text": "text", "license": "license", "published": "year", "keep": ["status", "year"]},
    "where": {"local": {"path": "incoming/*.jsonl"}},
    "license": "unknown",
}


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Released once from a source in the long form."""
    root = tmp_path_factory.mktemp("declared") / "w"
    assert cli.main(["init", str(root)]) == 0
    workspace = corpus.lay(root)
    workspace.source_file("plant").write_text(yaml.safe_dump({**LONG, **MAPPED}))
    line.run(workspace, "energy")
    return workspace


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_made_of_a_source_that_may_not_be_used(
    declared: Workspace, tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole run, single steps from what was made before, `dvc repro`, and the release of an old assembly: each stops with one line."""
    root = tmp_path / "w"
    shutil.copytree(declared.root, root, symlinks=True)
    workspace = Workspace(root)
    changes, command = FAULTS[fault]
    value = json.loads(source(**changes).model_dump_json(exclude_unset=True)) | MAPPED
    workspace.source_file("plant").write_text(yaml.safe_dump(value))
    if command:
        assert run(workspace, *command) == 0
    before = versions.released(root, "energy")
    capsys.readouterr()
    for path in (("run", "energy"), ("step", "filter", "energy"), ("step", "assemble", "energy"), ("step", "release", "energy")):
        assert run(workspace, *path) == 2
        said = [one for one in capsys.readouterr().err.splitlines() if one.startswith("curate:")]
        assert len(said) == 1 and ("source 'plant'" in said[0] or "changed since" in said[0]), (path, said)
    assert versions.released(root, "energy") == before == ["v1.0.0"]
    if fault == "disputed":
        done = subprocess.run(
            [sys.executable, "-m", "dvc", "repro", "-f", "-s", "filter@energy"], cwd=root, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        )  # fmt: skip
        assert done.returncode and "is under dispute" in done.stdout + done.stderr


def test_a_transfer_to_this_organisation_keeps_the_source(tmp_path: Path) -> None:
    """Rights that came to the workspace's own organisation are its own."""
    workspace = corpus.lay(tmp_path)
    one = decisions.append(
        workspace, "transfer", {"source": "plant"}, "bought", to="We", rights=["use"], event="sale", date="2026-01-01"
    )
    assert "went to We" in (told(source(), known=[one]) or "") and told(source(), known=[one], organisation="We") is None
    later = one.model_copy(update={"facts": {**one.facts, "date": "2027-01-01", "to": "They"}})
    assert told(source(), known=[later]) is None


def test_two_persons_by_signature_where_the_level_asks(tmp_path: Path) -> None:
    """An operating system user, the submitter and a signature by a stranger's key do not count; four eyes do, for one digest."""
    workspace = corpus.lay(tmp_path / "w")
    keys = {}
    signers = []
    for name in ("ann", "bob", "Submitter", "stranger"):
        keys[name] = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys[name])], check=True)
        if name != "stranger":
            signers.append(f"{name} {(tmp_path / f'{name}.pub').read_text()}")
    (workspace.root / signing.SIGNERS).write_text("".join(signers))
    workspace.source_file("plant").write_text(yaml.safe_dump({**LONG, "data_level": "L3", **MAPPED}))
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text() + "use: {audience: licensed}\n")
    with pytest.raises(RightsError, match=r"must declare controls: \[access_controlled, encrypted\]"):
        line.run(workspace, "energy", until="card")
    (workspace.root / "curation.yaml").write_text("controls: [access_controlled, encrypted]\n")
    line.run(workspace, "energy", until="card")
    digest = published.manifest(workspace, "energy")["digest"]
    plan = line.catalog.plan(workspace, "energy")
    known = workspace.root / reviewers.FILE
    known.write_text("ann: []\nbob: [bob@corp.example]\nzoe:\nThe Submitter: [submitter]\nroot:\n")
    assert run(workspace, "approve", "energy", "--because", "read") == 0
    assert run(workspace, "approve", "energy", "--because", "read", "--sign", str(keys["Submitter"]), "--as", "Submitter") == 0
    assert run(workspace, "approve", "energy", "--because", "read", "--sign", str(keys["stranger"]), "--as", "ann") == 2
    assert run(workspace, "approve", "energy", "--because", "read", "--sign", str(keys["ann"]), "--as", "ann") == 0
    with pytest.raises(ReviewError, match="so far: ann"):
        gate.demand_release(workspace, plan, digest)
    assert run(workspace, "approve", "energy", "--because", "read", "--sign", str(keys["bob"]), "--as", "bob") == 0
    gate.demand_release(workspace, plan, digest)
    with pytest.raises(ReviewError, match="so far: nobody"):
        gate.demand_release(workspace, plan, "0" * 64)
    manifest = published.manifest(workspace, "energy")
    approval.record(workspace, manifest, "approve", "read", by=Identity(name="eve", kind="git-signed"), signature="forged")
    assert gate.eyes(workspace, "energy", digest, [source()]) == {"ann", "bob"}
    with (workspace.root / signing.SIGNERS).open("a") as file:  # one key under two names is one person, and a pattern is nobody
        file.write(f"zoe {(tmp_path / 'ann.pub').read_text()}*@example.org {(tmp_path / 'bob.pub').read_text()}")
    assert run(workspace, "approve", "energy", "--because", "read", "--sign", str(keys["ann"]), "--as", "zoe") == 0
    assert run(workspace, "approve", "energy", "--because", "read", "--sign", str(keys["bob"]), "--as", "x@example.org") == 2
    assert len(gate.eyes(workspace, "energy", digest, [source()])) == 2
    assert run(workspace, "approve", "energy", "--because", "no", "--reject", "--sign", str(keys["bob"]), "--as", "bob") == 0
    assert len(gate.eyes(workspace, "energy", digest, [source()])) == 1


def test_names_are_no_persons(tmp_path: Path) -> None:
    """Who counts stands in data/reviewers.yaml; one person by login and by key is one, and a submitter under another name is none."""
    workspace = corpus.lay(tmp_path)
    line.run(workspace, "energy", until="card")
    manifest = published.manifest(workspace, "energy")
    known = workspace.root / reviewers.FILE

    def approved(*names: str) -> None:
        for name in names:
            approval.record(workspace, manifest, "approve", "read", reviewer=name, by=Identity(name=name, kind="airflow-login"))

    def eyes(by: str = "Somebody", contact: str | None = None) -> set[str]:
        one = source().model_copy(
            update={"submitted_by": source().submitted_by.model_copy(update={"name": by, "contact": contact})}
        )
        return gate.eyes(workspace, "energy", manifest["digest"], [one])

    approved("zhangwei", "wei.zhang@corp.example", "lisi")
    assert eyes() == set()  # nobody is named
    known.write_text("Zhang Wei: [zhangwei, wei.zhang@corp.example]\n李四: [lisi]\n王五: [wangwu]\n", "utf-8")
    assert eyes() == {"Zhang Wei", "李四"}
    assert (
        eyes("Zhang Wei") == eyes("wei zhang") == eyes("W. Zhang", "zhangwei@home.example") == eyes("x", "ZhangWei") == {"李四"}
    )
    assert eyes("李四") == {"Zhang Wei"}
    tryout_by = Identity(name="lisi", kind="airflow-login")
    decisions.append(workspace, "submit", {"source": "plant", "manifest": "0" * 64}, "filled in the form", by=tryout_by)
    assert eyes() == {"Zhang Wei"}
    for wrong in ("A: [x]\nB: [X]\n", "A: x\n", "A: [1]\n"):
        known.write_text(wrong)
        with pytest.raises(DeclarationError, match=r"data/reviewers.yaml: .*(name of two persons|list of the names)"):
            eyes()


# --- withdrawal ---


def test_a_withdrawn_text_is_out_marked_and_does_not_come_back(own: Workspace) -> None:
    """Out of the next version with its near-duplicates; the old version is loaded with a reason only; a new source cannot bring it back."""
    workspace, root = own, own.root
    assert "zh-7" in texts(workspace)
    assert run(workspace, "withdraw", "--document", "zh-7", "--because", "the author asks") == 0
    with pytest.raises(RightsError, match=r"energy@v1.0.0: 1 documents were withdrawn .*the author asks"):
        curation.load("energy", "v1.0.0", workspace=str(root))
    with pytest.raises(RightsError, match="withdrawn"):
        curation.load("energy", "v1.0.0", workspace=f"file://{root}")
    assert len(curation.load("energy", "v1.0.0", workspace=str(root), accept_withdrawn="an audit")) > 0
    pull = ["--workspace", str(root), "pull", "energy@v1.0.0", "--out", str(root.parent / "part")]
    assert cli.main(pull) == 2 and cli.main([*pull, "--accept-withdrawn", "an audit"]) == 0
    (root / "incoming2").mkdir()
    copy = {"id": "copy", "text": corpus.paragraph("zh", 7) + "转载。", "license": "CC-BY-4.0", "status": "valid", "year": 2001}
    paged = {**copy, "id": "paged", "text": corpus.paragraph("zh", 960), "url": "https://news.gone.example/p/1"}
    lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in (copy, paged)]
    (root / "incoming2" / "a.jsonl").write_text("".join(lines), "utf-8")
    other = corpus.SOURCE.replace("id: plant", "id: mirror").replace("incoming/", "incoming2/")
    workspace.source_file("mirror").write_text(other)
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("[plant]", "[plant, mirror]"))
    line.run(workspace, "energy")
    gone = removed(workspace)
    assert gone[doc_id("plant", "zh-7")] == ["withdrawn"]
    assert gone[doc_id("mirror", "copy")] == ["dedup.withdrawn"]
    recipe.write_text(recipe.read_text().replace("near: {threshold: 0.7}", "near: null"))
    line.run(workspace, "energy", until="card")
    assert removed(workspace)[doc_id("mirror", "copy")] == ["dedup.withdrawn"]
    recipe.write_text(recipe.read_text().replace("near: null", "near: {threshold: 0.7}"))
    line.run(workspace, "energy")
    assert versions.released(root, "energy")[-1] != "v1.0.0"
    assert len(curation.load("energy", workspace=str(root))) == len(texts(workspace))
    verify.demand(verify.ask(workspace, "energy"))
    latest = versions.released(root, "energy")[-1]  # what only a release still has is found by its address too
    (root / "incoming2" / "a.jsonl").write_text(lines[0], "utf-8")
    line.run(workspace, "energy", until="annotate")
    assert run(workspace, "withdraw", "--domain", "gone.example", "--because", "the site asks") == 0
    made = decisions.read(workspace)[-1]
    assert made.facts["documents"] == 1 and f"energy@{latest}" in made.facts["affected"]


@pytest.mark.parametrize(("by", "value"), [("source", "plant"), ("license", "CC0-1.0")])
def test_withdrawn_by_other_names(tmp_path: Path, by: str, value: str) -> None:
    """A source with all that it has; a license with what is under it; a name that nothing has is refused."""
    workspace = corpus.lay(tmp_path)
    line.run(workspace, "energy", until="card")
    assert run(workspace, "withdraw", f"--{by}", value, "--because", "asked to") == 0
    assert run(workspace, "withdraw", "--domain", "nowhere.example", "--because", "asked to") == 2
    if by == "source":
        line.run(workspace, "energy", until="dedup")
        rows = workspace.read_table(workspace.ledger("energy", "filter", "ledger.parquet")).to_pylist()
        documents = workspace.read_json(workspace.ledger("energy", "filter", "summary.json"))["documents"]
        assert len({row["doc_id"] for row in rows if row["filter"] == "withdrawn"}) == documents > 50
    else:
        line.run(workspace, "energy", until="card")
        assert "twin-exact" not in texts(workspace)


def test_purged_words_are_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw, documents, sidecars, quarantine, datasets, DVC's cache and remote: the sentence is in none; other documents stay."""
    root = tmp_path / "w"
    assert cli.main(["init", str(root), "--remote", str(tmp_path / "store")]) == 0
    workspace = corpus.lay(root)
    secret = "只有这一份文档才有的一句话：蓝色的变压器在第七号井旁边。"
    row = {
        "id": "private-one",
        "text": corpus.paragraph("zh", 950) + secret,
        "license": "CC-BY-4.0",
        "status": "valid",
        "year": 2001,
    }
    (root / "incoming" / "alone.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("review: required", "review: auto"))
    line.run(workspace, "energy")
    other = workspace.recipe_file("other")  # a second dataset of the same source, which keeps the document out
    other.write_text(recipe.read_text().replace("name: energy", "name: other") + "known_limits: [second]\n")
    line.run(workspace, "other")
    assert holders(root, secret) and holders(tmp_path / "store", secret)
    command = ("withdraw", "--document", "private-one", "--because", "court order", "--purge")
    remove, left = Workspace.remove, iter(range(3))

    def killed(self: Workspace, key: str) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        remove(self, key)

    monkeypatch.setattr(Workspace, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, *command)
    monkeypatch.undo()
    assert [path.suffixes for path in (root / "data" / "tombstones").glob("*.json")] == [[".purge", ".json"]]
    assert run(workspace, *command) == 0  # goes on where the first was killed, and is the same decision
    assert [one.kind for one in decisions.read(workspace)].count("withdraw") == 1
    assert not list((root / "data" / "tombstones").glob("*.purge.json"))
    (root / "incoming" / "alone.jsonl").unlink()
    assert holders(root, secret) == [] and holders(tmp_path / "store", secret) == []
    line.run(workspace, "energy")
    assert "private-one" not in texts(workspace) and "zh-7" in texts(workspace)
    assert holders(root, secret) == [] and holders(tmp_path / "store", secret) == []
    verify.demand(verify.ask(workspace, "energy"))


def holders(folder: Path, sentence: str) -> list[str]:
    """Files that hold a sentence: plain, or in a column of a Parquet file."""
    found = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = file.read_bytes()
        hit = sentence.encode() in content
        if not hit and content[:4] == b"PAR1":
            hit = any(sentence in str(row) for row in pq.read_table(file).to_pylist())
        found += [str(file)] if hit else []
    return found


def test_release_refuses_what_was_approved_before_a_withdrawal(own: Workspace) -> None:
    """An approved assembly is out of date the moment a document of it is withdrawn."""
    workspace = own
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("A test.", "Another summary."))
    line.run(workspace, "energy", until="card")
    assert run(workspace, "withdraw", "--document", "zh-3", "--because", "asked to") == 0
    with pytest.raises(CurationError):
        line.step("release").run("energy", workspace)


def test_what_another_policy_would_do(base: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named or from a file; both directions, with reasons, and nothing is changed by asking."""
    assert run(base, "policy", "diff", "open_permissive", "research_nc", "--on", "energy") == 0
    told_ = capsys.readouterr().out
    assert "only research_nc lets through: 1\n  plant, CC-BY-NC-4.0: 1" in told_ and "by open_permissive.license_tier: 1" in told_
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        "name: strict\ntitle: {en: Public domain}\nfilters:\n"
        "  - {name: tier, column: license.tier, any_of: [T0], because: {en: Only public domain.}}\n"
    )
    assert run(base, "--json", "policy", "diff", "open_permissive", str(strict), "--on", "energy") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["removed"]["documents"] > 40 and answer["admitted"]["documents"] == 0
    assert answer["removed"]["reasons"] == {"strict.tier": answer["removed"]["documents"]}


def test_a_deleted_log_is_a_shortened_one(own: Workspace) -> None:
    """The whole file gone, a dispute in it: git knows that there was one; and the lock of the log lies where git does not look."""
    decisions.append(own, "dispute", {"source": "plant"}, "objection")
    assert ".lock" not in versions.git(own.root, "status", "--porcelain")
    (own.root / decisions.FILE).unlink()
    with pytest.raises(DataError, match="shorter than"):
        line.run(own, "energy", until="filter")


def test_merging_many_persons_asks_for_a_look_at_the_level(tmp_path: Path) -> None:
    """Two sources of L2 with 100,000 persons together: refused until an assessment of each is recorded."""
    workspace = corpus.lay(tmp_path)
    facts = {"data_level": "L2", "contains_pi": "yes", "pi_legal_basis": "consent", "pi_persons_estimate": 60_000}
    merged = [source(id="plant", **facts), source(id="grid", **facts)]
    assert levels.merged_fault([merged[0], source(id="grid", **facts | {"pi_persons_estimate": 39_999})], []) is None
    assert levels.merged_fault(merged[:1], []) is None and levels.merged_fault([source(), source()], []) is None
    told = levels.merged_fault(merged, []) or ""
    assert "120,000 persons" in told and told.endswith("open: plant, grid")
    first = decisions.append(workspace, "override", {"source": "plant"}, "seen", rule="merged_persons", assessment="A-1")
    assert (levels.merged_fault(merged, [first]) or "").endswith("open: grid")
    second = first.model_copy(update={"subject": {"source": "grid"}})
    assert levels.merged_fault(merged, [first, second]) is None


def test_a_raw_table_is_known_by_its_digest(tmp_path: Path) -> None:
    """What begins like a table and is none does not stop a purge; a raw table without ids is told by its digest."""
    broken, raw = tmp_path / "broken", tmp_path / "raw"
    broken.write_bytes(b"PAR1 cut")
    pq.write_table(pa.table({"text": ["words"], "key": [1]}), raw)
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (broken, raw)}
    assert [purge._holds(file, {"x"}, set()) for file in (broken, raw)] == [False, False]
    assert [purge._holds(file, {"x"}, digests) for file in (broken, raw)] == [True, True]
