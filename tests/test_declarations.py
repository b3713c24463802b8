"""Strict YAML, one-line errors, the short and the long form."""

from pathlib import Path

import pytest

from curation import manifest, recipe
from curation.declaration import load_yaml, parse
from curation.errors import DeclarationError
from curation.questions import check
from curation.store import Workspace
from tests import corpus

ROOT = Path(__file__).resolve().parents[1]
SHORT = "id: short\ntitle: 标题\nwhere: ./x/*.md\nformat: markdown\nlicense: CC-BY-4.0\ncontact: a@example.org\n"


def write(tmp_path: Path, text: str, name: str = "short.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: !!python/object:os.system x\n", "tags are not allowed"),
        ("a: 1\na: 2\n", "appears twice"),
        ("- 1\n", "a mapping is expected"),
        ("a: [", "not strict YAML"),
        ("a: " + "x" * 300_000, "at most 262144"),
        ("a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "anchors"),
    ],
)
def test_strict_yaml(tmp_path: Path, text: str, message: str) -> None:
    """No aliases, no tags, no duplicates, no floods; the error is one line with the file."""
    with pytest.raises(DeclarationError, match=message) as caught:
        load_yaml(write(tmp_path, text))
    assert "short.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_the_short_form_derives_visibly(tmp_path: Path) -> None:
    """What is left out has a value that `curate check` prints."""
    source = manifest.load(write(tmp_path, SHORT))
    assert source.title.zh == "标题" and source.connector() == ("local", {"path": "./x/*.md"})
    derived = source.derived()
    assert derived["data_level"][0] == "L1" and derived["contains_pi"][0] == "possible" and "CC-BY-4.0" in derived["rights"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("extra: 1\n", r"unknown key 'extra'; known: attribution_text, .*where"),
        ("source_type: enterprise_internal\n", "the long form is required; missing: version, description, submitted_by"),
        ("data_level: L3\n", "data_level L3: the long form is required"),
        ("contains_pi: yes\n", "contains_pi"),
        ("map: {group_by: [a]}\n", "group_by needs id"),
        ("license_scope: field\n", "map.license must name the field"),
    ],
)
def test_faults_name_file_place_and_what_is_allowed(tmp_path: Path, change: str, message: str) -> None:
    """One line that its author can act on."""
    with pytest.raises(DeclarationError, match=message) as caught:
        manifest.load(write(tmp_path, SHORT + change))
    assert str(caught.value).startswith(str(tmp_path / "short.yaml")) and "\n" not in str(caught.value)


def test_a_license_must_be_spdx(tmp_path: Path) -> None:
    """Free text is refused with what is allowed."""
    with pytest.raises(DeclarationError, match="allowed: an SPDX expression"):
        manifest.load(write(tmp_path, SHORT.replace("CC-BY-4.0", "Apache 2 or so")))


def test_the_long_form_is_accepted(tmp_path: Path) -> None:
    """An enterprise source with everything that is required."""
    grant = "{granted: true, basis: contract, grantor: Grid Co., valid_until: 2030-01-01, purposes: [train_internal]}"
    text = (
        SHORT
        + f"""source_type: enterprise_internal
version: "1"
description: Operation manuals
submitted_by: {{name: Li, org: Grid Co., role: enterprise}}
submitted_at: 2026-11-24
issuer: [{{name: Grid Co., country: CN}}]
industry: [energy]
dataset_class: industry_expert
languages: [zh]
collection_method: own records
collection_window: 2020/2026
origin_geography: [CN]
generated: none
license_evidence: [{{kind: contract, uri: contracts/7.pdf, sha256: {"a" * 64}}}]
rights: {{holding: {grant}, use: {grant}, operation: {{granted: false}}}}
processing_mandate: {{kind: own}}
data_level: L2
level_basis: {{object: organisation, degree: general}}
contains_pi: none
contains_spi: none
"""
    )
    source = manifest.load(write(tmp_path, text))
    assert source.rights and source.rights.use.granted and not source.rights.operation.granted and source.derived() == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("column: metadata.status", "column: characters.nothing", "unknown column 'characters.nothing'; known: characters.count"),
        ("column: metadata.status", "column: metadata.color", "unknown column 'metadata.color'"),
        (
            "none_of: [repealed]",
            "min: 3",
            "unknown key 'min'; known: any_of, because, column, high, low, name, none_of, then, where",
        ),
        ("none_of: [repealed]", "low: 1\n    any_of: [x]", "give low and/or high for a number, or any_of"),
        (
            "column: metadata.status\n    none_of: [repealed]",
            "column: quality.mean_word\n    low: 3",
            r"defined for en only; add where",
        ),
        ("column: metadata.status\n    none_of: [repealed]", "column: language.label\n    low: 3", "low and high need a number"),
        ("spans: pii.spans", "spans: pii.count", "holds no spans; allowed: c4.spans, fineweb.spans, lines.spans, pii.spans"),
        ("profiles: [docs]", "profiles: [nothing]", "unknown profile 'nothing'; known: .*zh-web"),
        ("sources: [plant]", "sources: [plante]", "unknown source 'plante'; known: plant"),
        ("review: auto", "review: auto\nsplits: {train: 0.5}", "shares must add up to 1"),
    ],
)
def test_check_refuses_a_wrong_recipe(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Every mistake is told before a run, in one line."""
    workspace = corpus.lay(tmp_path)
    path = workspace.recipe_file("energy")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DeclarationError, match=message) as caught:
        check.recipe(workspace, "energy")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{local: {path: incoming/*.jsonl}}",
            "{lokal: {path: x}}",
            "unknown connector 'lokal'; known: git, http, hub, local",
        ),
        ("{local: {path: incoming/*.jsonl}}", "{local: {pfad: x}}", "where.local: unknown key 'pfad'; known: path"),
        ("{local: {path: incoming/*.jsonl}}", "{sql: {url: 'postgresql://u:secret@h/d', query: select 1}}", "auth_ref"),
        ("{local: {path: incoming/*.jsonl}}", "{sql: {url: 'sqlite:///x.db', query: select 1}}", "ORDER BY is required"),
        ("{local: {path: incoming/*.jsonl}}", "{sql: {url: 'sqlite:///x.db', query: delete from x}}", "only SELECT"),
        ("format: jsonl", "format: jsonlines", "unknown reader 'jsonlines'; known: auto, code"),
        ("text: text", "text: '{text.__class__}'", "only {column} is allowed"),
    ],
)
def test_check_refuses_a_wrong_source(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Connector, reader and map are held to their options; secrets are refused and not repeated."""
    workspace = corpus.lay(tmp_path)
    path = workspace.source_file("plant")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DeclarationError, match=message) as caught:
        check.source(workspace, "plant")
    assert "secret" not in str(caught.value)


def test_a_workspaces_own_policy_is_checked_and_thresholds_are_finite(tmp_path: Path) -> None:
    """A typing error in a policy, or an endless bound, is told before a run."""
    workspace = corpus.lay(tmp_path)
    path = workspace.recipe_file("energy")
    sound = path.read_text()
    path.write_text(sound.replace("review: auto", "review: auto\npolicy: mine"))
    rule = "{name: t, column: license.tire, any_of: [T0], because: x}"
    workspace.policy_file("mine").write_text(f"name: mine\ntitle: x\nfilters: [{rule}]\n")
    with pytest.raises(DeclarationError, match=r"policy mine: filters\[0\].column: unknown column 'license.tire'"):
        check.recipe(workspace, "energy")
    path.write_text(sound.replace("column: metadata.status\n    none_of: [repealed]", "column: tokens.count\n    high: .inf"))
    with pytest.raises(DeclarationError, match="finite number"):
        check.recipe(workspace, "energy")


def test_the_clones_declarations_are_sound() -> None:
    """The demo's sources and recipes, and every built-in profile and policy."""
    workspace = Workspace(ROOT)
    assert len(check.everything(workspace, [])) >= 10
    for folder, model in (("profiles", recipe.Profile), ("policies", recipe.Policy)):
        for path in sorted((ROOT / "curation" / "resources" / folder).glob("*.yaml")):
            found = parse(model, load_yaml(path), path.name)
            assert found.name == path.stem
            assert all(one.because.en and one.because.zh for one in found.filters), path
