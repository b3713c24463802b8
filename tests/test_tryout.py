"""`curate try`: what a source would bring, told before anything is changed; and how it is submitted."""

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from curation import cli, decisions, standing, tongue
from curation.errors import DataError, DeclarationError
from curation.questions import tryout
from curation.store import Workspace
from tests import corpus

MANIFEST = """\
id: offered
title: {en: "Offered <script>alert(1)</script>", zh: 提交}
where: {local: {path: offered}}
format: markdown
license: CC-BY-4.0
contact: giver@example.org
"""


@pytest.fixture
def offered(released: Workspace, tmp_path: Path) -> Path:
    """A manifest outside the workspace, for files beside it: three that are published already, some with personal data, one broken."""
    folder = tmp_path / "offered"
    folder.mkdir()
    for number in range(3):
        (folder / f"old-{number}.md").write_text(corpus.paragraph("en", number))
    for number in range(4):
        (folder / f"new-{number}.md").write_text(corpus.paragraph("zh", 500 + number) + "身份证号11010519491231002X。")
    (folder / "empty.md").write_text("   ")
    (folder / "short.md").write_text("太短。")
    manifest = tmp_path / "offered.yaml"
    manifest.write_text(MANIFEST.replace("path: offered", f"path: {folder}"))
    return manifest


def test_what_it_says(released: Workspace, offered: Path) -> None:
    """Read, languages, license evidence, personal data and level, quality, overlap with whose, what would be kept; nothing is changed."""
    before = {str(path) for path in released.root.rglob("*") if ".curation" not in path.parts and ".git" not in path.parts}
    answer = tryout.ask(released, offered)
    assert answer["documents"] == 8 and answer["unreadable"] == [["no_text", 1]]
    assert dict(answer["languages"])["en"] == 3
    assert answer["level"]["proposed"] == "L3" and ["CN_ID", 4] in answer["personal_data"]["by_type"]
    assert (
        answer["derived"]["contains_pi"][0] == "yes" and answer["derived"]["data_level"][0] == "L3"
    )  # what was seen, not what is usual
    assert [claim["value"] for claim in answer["license"]["claims"]] == ["CC-BY-4.0"]
    assert answer["overlap"]["published_already"] == 3
    assert answer["overlap"]["datasets"][0]["sources"] == [
        {"source": "plant", "documents": 3, "equal": 3, "examples": answer["overlap"]["datasets"][0]["sources"][0]["examples"]}
    ]
    assert not any(claim["passage"] or claim["where"] for claim in tryout.quotable(answer)["license"]["claims"])
    open_one = {**answer, "level": {**answer["level"], "proposed": "L1"}}
    assert tryout.quotable(open_one) is open_one
    projected = answer["projected"]
    assert projected["documents"] == 8 and projected["kept"] + sum(n for _, n in projected["reasons"]) == 8
    after = {str(path) for path in released.root.rglob("*") if ".curation" not in path.parts and ".git" not in path.parts}
    assert before == after


def test_as_a_page_and_as_markdown(
    released: Workspace, offered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Good enough for a pull request: both languages, no element that a title or a text made."""
    page, markdown = tmp_path / "try.html", tmp_path / "try.md"
    asked = ["--workspace", str(released.root), "try", str(offered), "--html", str(page), "--markdown", str(markdown)]
    assert cli.main(asked) == 0
    assert "written" in capsys.readouterr().out
    for language, words, others in (("en", "Would be kept", "预计保留"), ("zh", "预计保留", "Would be kept")):
        assert cli.main(["--lang", language, *asked[:4]]) == 0
        said = capsys.readouterr().out
        assert words in said and others not in said
    tongue.use("en")

    class Tags(HTMLParser):
        found: set[str] = set()

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.found.add(tag)

    tags = Tags()
    tags.feed(page.read_text())
    assert not {"script", "img", "iframe"} & tags.found and "<script" not in markdown.read_text()
    assert (
        "预计保留" in page.read_text()
        and "Would be kept" in page.read_text()
        and "| Level, proposed | L3 |" in markdown.read_text()
    )


def test_by_the_rules_of_a_dataset(released: Workspace, offered: Path) -> None:
    """The filters, profiles and policy of the recipe that it is meant for; an unknown one is told with those there are."""
    answer = tryout.ask(released, offered, "energy")
    assert answer["projected"]["rules"] == "energy"
    with pytest.raises(DeclarationError, match="known: energy"):
        tryout.ask(released, offered, "nothing")


def test_the_policy_that_its_license_needs(released: Workspace, offered: Path) -> None:
    """A share-alike source is not told that nothing of it would be kept; what goes is named where the numbers are."""
    offered.write_text(offered.read_text().replace("CC-BY-4.0", "CC-BY-SA-4.0"))
    answer = tryout.ask(released, offered)
    assert answer["projected"]["rules"] == "profile docs, policy open_sharealike" and answer["projected"]["kept"] > 0
    name, documents = answer["projected"]["reasons"][0]
    row = next(line for line in tryout.markdown(answer).splitlines() if "What goes, mostly for" in line)
    assert name.replace("_", "\\_") in row and str(documents) in row


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("license: CC-BY-4.0", "license: by attribution"), "license: 'by attribution' is no SPDX expression"),
        (("format: markdown", "format: word"), "format: .*unknown reader 'word'"),
        (("/offered}", "/nowhere}"), "nowhere"),
        (("id: offered", "id: other"), "differs from the file's name"),
        (("format: markdown", "format: pdf"), "no document came out of"),
    ],
)
def test_clear_refusals(released: Workspace, offered: Path, change: tuple[str, str], said: str) -> None:
    """One line that names the file, the fault and what is allowed."""
    offered.write_text(offered.read_text().replace(*change))
    with pytest.raises((DeclarationError, DataError), match=said) as refused:
        tryout.ask(released, offered)
    assert "\n" not in str(refused.value)


def test_a_source_whose_rights_forbid_it(released: Workspace, offered: Path) -> None:
    """What the gate would refuse is said with its line, and the rest of the page is there."""
    offered.write_text(offered.read_text() + "tdm_reservation: {value: 1}\n")
    answer = tryout.ask(released, offered)
    assert "reserves text and data mining" in answer["projected"]["refused"] and answer["documents"] == 8
    assert "refused" in tryout.markdown(answer)


def test_what_is_submitted(tmp_path: Path) -> None:
    """Written once; the same again is the same, another under its id is refused, and so is what is no manifest."""
    workspace = corpus.lay(tmp_path)
    good = MANIFEST.replace("{local: {path: offered}}", "https://example.org/offered.zip")
    file = tryout.submit(workspace, good)
    assert file == workspace.source_file("offered") == tryout.submit(workspace, good)
    assert tryout.submit(workspace, good, by="zhangwei") == tryout.submit(workspace, good, by="zhangwei")
    about = {"source": "offered", "manifest": hashlib.sha256(good.encode()).hexdigest()}
    decisions.append(workspace, "accept", about, "good")
    tryout.submit(workspace, good, by="zhangwei")
    assert standing.about_source(workspace, "offered").kind == "accept"
    decisions_before = decisions.read(workspace)[:2]
    said = [(one.kind, one.by.kind, one.subject["source"]) for one in decisions_before]
    assert len(decisions.read(workspace)) == 3 and said == [
        ("submit", "os-user", "offered"),
        ("submit", "airflow-login", "offered"),
    ]
    with pytest.raises(DeclarationError, match="is there already and differs"):
        tryout.submit(workspace, good.replace("CC-BY-4.0", "MIT"))
    for where in (
        "{local: {path: /etc}}",
        "/etc",
        "{git: {url: ../other}}",
        "{git: {url: ssh://git@example.org/x.git}}",
        "{s3: {url: s3://private/x}}",
        "{web_archive: {base: https://example.org, captures: /etc/passwd}}",
        "{http: {url: https://example.org/x, auth_ref: HOME}}",
        "{http: {url: https://example.org/x, private_addresses: true}}",
        "{sql: {url: sqlite:////etc/x.db, query: SELECT 1}}",
    ):
        with pytest.raises(DeclarationError, match="form"):
            tryout.submit(workspace, good.replace("https://example.org/offered.zip", where).replace("id: offered", "id: other"))
    for wrong in ("", "- a\n", "id: ../../etc\n", "id: x\ntitle: [\n", "id: good-id\ntitle: x\n"):
        with pytest.raises(DeclarationError):
            tryout.submit(workspace, wrong)
    assert json.dumps(workspace.names("sources")) == '["offered", "plant"]'
