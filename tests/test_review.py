"""The review page: who may see and do what, forms that cannot be forged, and each of its tasks in a real browser."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
import yaml
from axe_playwright_python.sync_playwright import Axe
from fastapi import Request
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.exceptions import HTTPException

import curation
from curation import approval, cli, decisions, line, published, sampling, versions, workspaces
from curation.errors import DataError, DeclarationError
from curation.questions import status, tryout, why
from curation.review import deeds, pages, reading
from curation.review.app import CSP, _Templates, alone, create
from curation.review.people import Person
from curation.store import Workspace
from tests import corpus, servers

KEY = "a key of the tests"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Two versions of a dataset that needs a review, a conflict, a right that ends, a submitted source."""
    patch = pytest.MonkeyPatch()
    patch.setenv(sampling.KEY, "a secret of sixteen letters")
    root = tmp_path_factory.mktemp("review") / "workspace"
    workspaces.create(root, None)
    made = corpus.lay(root)
    line.run(made, "energy")
    recipe = yaml.safe_load(made.recipe_file("energy").read_text())
    recipe["filters"].append(
        {"name": "longer", "column": "tokens.count", "low": 225, "because": {"en": "Short.", "zh": "过短。"}}
    )
    recipe["review"] = "required"
    made.recipe_file("energy").write_text(yaml.safe_dump(recipe, allow_unicode=True))
    (root / "claims").mkdir()
    for number in range(2):
        text = (
            f"---\nlicense: MIT\n---\n{corpus.paragraph('en', 90 + number)}\n\nAll rights reserved. No part may be reproduced.\n"
        )
        (root / "claims" / f"{number}.md").write_text(text)
    made.source_file("disputed").write_text(
        "id: disputed\ntitle: {en: Disputed <b>pages</b>, zh: 有争议的页面}\nwhere: {local: {path: claims/*.md}}\nformat: markdown\n"
        "license: CC-BY-4.0\ncontact: x@example.org\nmap: {license: license}\n"
    )
    made.recipe_file("mixed").write_text(
        made.recipe_file("energy").read_text().replace("name: energy", "name: mixed").replace("- plant", "- disputed")
    )
    yield made
    patch.undo()


@pytest.fixture(scope="module")
def address(workspace: Workspace) -> Iterator[str]:
    """The page, served."""
    for name in ("energy", "mixed"):
        line.run(workspace, name, until="card")
    app, _ = alone(lambda: workspace, "reviewer", KEY)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=servers.chromium(), args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A reviewer's page; whatever it complains about fails the test."""
    context = browser.new_context(locale="en-US")
    one = context.new_page()
    complaints: list[str] = []
    one.on("pageerror", lambda error: complaints.append(str(error)))
    one.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
    )
    one.goto(f"{address}/?key={KEY}")
    yield one
    context.close()
    assert not complaints, complaints


def client(workspace: Workspace, decides: bool = True, name: str = "somebody", answered: list[str] | None = None) -> TestClient:
    """The application with a person who is logged in."""

    async def identify(request: Request) -> Person:
        if not name:
            raise HTTPException(401, "log in")
        return Person(name, "airflow-login", decides)

    async def answer(request: object, question: str, approve: bool, because: str) -> bool:
        assert answered is not None
        answered.append(f"{question} {approve} {because}")
        return True

    return TestClient(
        create(lambda: workspace, identify, b"secret", answer if answered is not None else None), follow_redirects=False
    )


def token_of(text: str) -> str:
    return text.split('name="token" value="')[1].split('"')[0]


def test_nobody_sees_anything(address: str, workspace: Workspace) -> None:
    """Without the key, with another, or without a login: no page, whatever its address; the style sheet is nobody's secret."""
    app, _ = alone(lambda: workspace, "reviewer", KEY)
    anybody = TestClient(app)
    for path in ("/", "/dataset/energy", "/why?doc=en-1", "/decisions", "/run/x", "/?key=wrong", "/docs", "/openapi.json"):
        assert anybody.get(path).status_code in {401, 404}, path
    assert anybody.post("/decide/energy", data={"decision": "approve"}).status_code == 401
    assert client(workspace, name="").get("/dataset/energy").status_code == 401
    assert anybody.get("/static/review.css").status_code == 200 and anybody.get("/static/app.py").status_code == 404


def test_what_every_answer_says(address: str, workspace: Workspace) -> None:
    """No script from elsewhere or inline, no frame of strangers, nothing kept by caches; errors are pages of one line."""
    asked = client(workspace).get("/")
    assert asked.headers["content-security-policy"] == CSP and "'unsafe-inline'" not in CSP.split("script-src")[1].split(";")[0]
    assert asked.headers["x-content-type-options"] == "nosniff" and asked.headers["cache-control"] == "no-store"
    refused = client(workspace).get("/dataset/energy/version/v9.9.9")
    assert (
        refused.status_code == 404 and "there are: v1.0.0" in refused.text and refused.headers["content-security-policy"] == CSP
    )


def test_a_form_needs_its_token_and_a_reviewer(address: str, workspace: Workspace) -> None:
    """Another's token, none, another site, a viewer, or a digest that is not the one shown: refused, and nothing is written."""
    before = len(decisions.read(workspace))
    reviewer = client(workspace)
    shown = reviewer.get("/dataset/energy").text
    digest = published.manifest(workspace, "energy")["digest"]
    good = {"token": token_of(shown), "decision": "approve", "because": "read it", "digest": digest}
    assert reviewer.post("/decide/energy", data={**good, "token": ""}).status_code == 403
    assert reviewer.post("/decide/energy", data=good, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client(workspace, name="another").post("/decide/energy", data=good).status_code == 403
    assert reviewer.post("/decide/energy", data={**good, "digest": "f" * 64}).status_code == 409
    assert reviewer.post("/decide/energy", data={**good, "because": " "}).status_code == 409
    assert reviewer.post("/nothing/energy", data=good).status_code == 404
    viewer = client(workspace, decides=False)
    assert "You may read and not decide" in viewer.get("/dataset/energy").text
    forged = _Templates(b"secret").token(Person("somebody", "airflow-login", False))
    assert viewer.post("/decide/energy", data={**good, "token": forged}).status_code == 403
    assert len(decisions.read(workspace)) == before


def test_odd_addresses_are_answered(address: str, workspace: Workspace) -> None:
    """What is no page, no version and no number is a page of one line, never a fault of the server."""
    one = client(workspace)
    for path in (
        "dataset/" + "x" * 300,
        "why?doc=" + "x" * 300,
        "dataset/energy/version/v1.0.0~0",
        "dataset/energy/version/%00",
        "x%0Ay",
    ):
        assert one.get(f"/{path}").status_code in {404, 409}, path
    state = reading.state(workspace, "energy", Person("odd", "airflow-login", True), lambda _: True)
    row = {key: state["next"][key] for key in ("id", "text_sha256")}
    form = {**row, "token": token_of(client(workspace, name="odd").get("/sample/energy").text), "verdict": "pass", "seconds": "²"}
    assert client(workspace, name="odd").post("/judge/energy", data=form).status_code == 303
    old = _Templates(b"secret")
    person = Person("somebody", "airflow-login", True)
    assert (
        old.made(old.token(person), person)
        and old.made(old.token(person, 1), person)
        and not old.made(old.token(person, 2), person)
    )


def test_a_waiting_task_of_airflow_is_answered_and_nothing_else(address: str, workspace: Workspace) -> None:
    """Where Airflow waits for this decision the page answers its task, which writes the log; the page does not write it too."""
    before, answered = len(decisions.read(workspace)), []
    one = client(workspace, answered=answered)
    digest = published.manifest(workspace, "energy")["digest"]
    good = {"token": token_of(one.get("/dataset/energy").text), "decision": "reject", "because": "too short", "digest": digest}
    done = one.post("/decide/energy", data=good)
    assert done.status_code == 303 and done.headers["location"] == "/dataset/energy?answered=1"
    assert answered == [f"energy, digest {digest}, in {workspace.root.resolve()} False too short"]
    assert len(decisions.read(workspace)) == before
    assert one.post("/decide/energy", data={**good, "decision": "perhaps"}).status_code == 409 and len(answered) == 1


def test_texts_above_ones_clearance_are_hidden(address: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of L3: who is cleared for L2 sees that there is a text, and not the text; data/clearances.yaml opens it."""
    plain = workspace.source_file("plant").read_text()
    person = Person("somebody", "airflow-login", True)
    try:
        levels = pages.levels.of_source
        pages.levels.of_source = lambda source, known: "L3"
        state = pages.judging(workspace, person, "energy", False)["state"]
        assert state["hidden"] == state["sample"] > 0 and state["next"] is None
        row = reading.state(workspace, "energy", person, lambda _: True)["next"]
        shown = client(workspace).get("/sample/energy").text
        assert row["text"][:40] not in shown and "above your clearance" in shown
        with pytest.raises(DeclarationError, match="not in the sample"):
            deeds.judge(workspace, person, "energy", {"id": row["id"], "text_sha256": row["text_sha256"], "verdict": "pass"})
        sides = pages.borderline(workspace, person, "energy", None)["sides"]
        assert all(row["text"] is None for rows in sides.values() for row in rows) and any(sides.values())
        refused = client(workspace).get("/why?doc=en-1")
        assert refused.status_code == 404 and "no document" in refused.text and "that you may read" in refused.text
        nothing = client(workspace).get("/why?doc=nothing")  # what is hidden answers like what is not there
        assert nothing.text.replace("nothing", "en-1") == refused.text
        (conflict,) = pages.conflicts(workspace, person)["rows"]
        claim = {"detector": "license_text", "value": "MIT", "passage": "words of a text", "where": "a.md"}
        source, row_of = conflict["source"], {**conflict, "claims": [claim]}
        cases = [
            (row_of, pages.published.license_claims),
            ({**row_of, "claims": [{**claim, "passage": None}]}, lambda *_: [claim]),
        ]
        for level, passage in (("L2", None), ("L3", "words of a text")):
            (workspace.root / "data" / "clearances.yaml").write_text(f"somebody: {level}\n")
            for row_told, read in cases:  # a card of before the level rose, and one of after
                with monkeypatch.context() as patched:
                    patched.setattr(pages, "unsettled", lambda _, row_told=row_told: {source: row_told})
                    patched.setattr(pages.published, "license_claims", read)
                    assert pages.conflicts(workspace, person)["rows"][0]["claims"][0]["passage"] == passage
        (workspace.root / "data" / "clearances.yaml").unlink()
        before = len(decisions.read(workspace))
        digest = published.manifest(workspace, "energy")["digest"]
        form = {"decision": "approve", "because": "read it", "digest": digest}
        with pytest.raises(DeclarationError, match="sources above your clearance"):
            deeds.decide(workspace, person, "energy", form)
        with pytest.raises(DeclarationError, match="above your clearance"):
            settled = {**form, "digest": conflict["digest"], "license": "MIT", "evidence": ("a.txt", b"x")}
            deeds.settle(workspace, person, conflict["source"], settled)
        with pytest.raises(DeclarationError, match="that you may read"):
            deeds.withdraw(workspace, person, "en-1", form)
        assert len(decisions.read(workspace)) == before
        (workspace.root / "data" / "clearances.yaml").write_text("somebody: L3\n")
        assert pages.judging(workspace, person, "energy", False)["state"]["next"]["id"] == row["id"]
    finally:
        pages.levels.of_source = levels
        (workspace.root / "data" / "clearances.yaml").unlink(missing_ok=True)
        assert workspace.source_file("plant").read_text() == plain


def test_the_catalogue_in_two_languages(page: Page, address: str) -> None:
    """What waits is on the first page; a click changes the language of all of it, and it stays so."""
    assert page.title() == "Datasets · curation"
    row = page.locator("tr", has=page.locator("code", has_text="energy"))
    assert "a reviewer" in row.inner_text() and "v1.0.0" in row.inner_text()
    page.click("text=中文")
    assert page.title() == "数据集 · curation" and "电厂手册" not in page.inner_text("header")
    page.click("text=能源手册 >> nth=0")
    assert "概要" in page.inner_text("article") and "Summary" not in page.inner_text("article nav")


def test_every_page_is_accessible(page: Page, address: str, workspace: Workspace) -> None:
    """axe finds nothing serious on any page, in either language."""
    axe = Axe()
    places = (
        "", "dataset/energy", "dataset/energy/version/v1.0.0", "sample/energy", "borderline/energy", "why?doc=en-1", "conflicts", "rights",
        "sources", "decisions", "dataset/energy/contributions", "dataset/energy/diff?before=v1.0.0&after=v1.0.0", "nothing",
    )  # fmt: skip
    for number, place in enumerate(places):
        page.goto(f"{address}/{place}{'&' if '?' in place else '?'}lang={'zh' if number % 2 else 'en'}")
        found = [v for v in axe.run(page).response["violations"] if v["impact"] in {"serious", "critical"}]
        page.set_viewport_size({"width": 390, "height": 800})  # a telephone: nothing but tables in their frames is wider
        words = "() => { for (const p of document.querySelectorAll('p:not(.tabs), blockquote, h1, dd')) p.append(' ' + '='.repeat(300)) }"
        page.evaluate(words)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, place
        page.set_viewport_size({"width": 1280, "height": 720})
        assert not found, (place, [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found])


def test_a_sample_is_judged_by_keys(page: Page, address: str, workspace: Workspace) -> None:
    """p, f with a risk, s; then handed in: one entry of the log, with what reading took; a second reader's agreement is told."""
    page.goto(f"{address}/sample/energy")
    total = sampling.manual(workspace, "energy")["sample"]
    first = page.inner_text(".text")
    page.keyboard.press("p")
    page.wait_for_function("before => document.querySelector('.text').innerText !== before", arg=first)
    second = page.inner_text(".text")
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.id") == "risk"
    page.select_option("#risk", "A.4.f")
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelector('.text').innerText !== before", arg=second)
    page.locator(".text").click()
    third = page.inner_text(".text")
    page.keyboard.press("s")
    page.wait_for_function("before => document.querySelector('.text').innerText !== before", arg=third)
    assert f"2 / {total} judged" in page.inner_text("main") and "1 skipped" in page.inner_text("main")
    page.locator("h1").click()
    page.keyboard.press("u")  # what was skipped is shown again
    page.wait_for_function("wanted => document.querySelector('.text').innerText === wanted", arg=third)
    assert "skipped" not in page.inner_text("main")
    page.click("text=Hand in")
    page.wait_for_selector("text=/by you 2/")  # what was skipped is nobody's verdict
    found = sampling.manual(workspace, "energy")
    assert found["judged"] == 2 and found["risks"] == {"A.4.f": 1}
    last = decisions.read(workspace)[-1]
    assert last.kind == "sample" and last.by.name == "reviewer" and last.facts["verdicts"] == {"pass": 1, "fail": 1}
    other = Person("another", "airflow-login", True)
    row = reading.state(workspace, "energy", other, lambda _: True, second=True)["next"]
    verdict = {"id": row["id"], "text_sha256": row["text_sha256"], "risk": ""}
    before = len(decisions.read(workspace))
    reading.judge(workspace, "energy", other, {**verdict, "verdict": "skip"}, lambda _: True)
    reading.hand_in(workspace, "energy", other)  # who only skipped says nothing, and sees the texts again
    assert len(decisions.read(workspace)) == before and not reading.drafted(workspace, "energy", other)
    reading.judge(workspace, "energy", other, {**verdict, "verdict": "pass"}, lambda _: True)
    reading.hand_in(workspace, "energy", other)
    assert reading.state(workspace, "energy", other, lambda _: True)["agreement"]["both"] == 1


def test_a_conflict_is_settled_with_its_proof(
    page: Page, address: str, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The passages that disagree are shown as words; a license, a file and a reason end it, and the next run takes them."""
    card = published.card(workspace, "mixed")  # a conflict is counted as the funnel counts it
    quarantined = sum(n for name, n in card["funnel"]["quarantined"] if name.endswith("license_conflict"))
    assert (
        quarantined + sum(one["elsewhere"] for one in card["conflicts"])
        == sum(one["documents"] for one in card["conflicts"])
        == 2
    )
    page.goto(f"{address}/conflicts")
    section = page.locator("section", has_text="disputed")
    assert "reserved" in section.inner_text().lower() or "MIT" in section.inner_text()
    person = Person("somebody", "airflow-login", True)
    for source, digest in (("plant", section.locator("input[name=digest]").input_value()), ("disputed", "0" * 64)):
        with pytest.raises(DataError, match="changed since the page was shown, or is settled"):
            form = {"digest": digest, "license": "MIT", "evidence": ("a.txt", b"x"), "because": "so"}
            deeds.settle(workspace, person, source, form)
    proof = tmp_path / "contract.txt"
    proof.write_text("signed")
    section.locator("input[type=text]").fill("CC-BY-4.0")
    section.locator("input[type=file]").set_input_files(str(proof))
    section.locator("textarea").fill("The holder wrote to us.")
    section.locator("button").click()
    page.wait_for_selector("text=There are none.")
    digest = published.manifest(workspace, "energy")["digest"]
    said = page.inner_text("[role=status]")
    assert "Settled: disputed is under CC-BY-4.0" in said and "Still kept out" not in said
    held = pages.dataset(workspace, person, "energy")
    assert (
        held["outdated"] and "changed since the filters ran" in held["held"]
    )  # what was decided makes the candidate out of date
    assert {row["waits_for"] for row in status.ask(workspace)["datasets"]} == {"run"}
    page.goto(f"{address}/dataset/energy")
    assert page.locator("button >> text=Approve").count() == 0 and page.locator("button >> text=Reject").count() == 1
    form = {"digest": digest, "decision": "approve", "because": "so"}
    with pytest.raises(DataError, match="energy is out of date and cannot be approved"):
        deeds.decide(workspace, person, "energy", form)
    assert cli.main(["--workspace", str(workspace.root), "approve", "energy", "--because", "so"]) == 2
    kept_out = "still kept out of mixed: its policy open_permissive does not take LicenseRef-letter"
    settle = ["settle", "disputed", "--license", "LicenseRef-letter", "--because", "a letter", "--evidence", str(proof)]
    capsys.readouterr()
    assert cli.main(["--workspace", str(workspace.root), *settle]) == 0
    said = capsys.readouterr().out  # what a source's settlement decides at once is told
    assert kept_out in said and ": 2 documents whose license was not clear" in said and "  2 claimed " in said
    capsys.readouterr()
    assert cli.main(["--workspace", str(workspace.root), "decisions"]) == 0 and "→ LicenseRef-letter" in capsys.readouterr().out
    assert cli.main(["--workspace", str(workspace.root), "revoke", str(len(decisions.read(workspace))), "--because", "x"]) == 0
    last = next(one for one in decisions.read(workspace) if one.kind == "settle")
    assert last.facts["license"] == "CC-BY-4.0" and last.evidence[0].name == "contract.txt"


def test_why_is_the_same_answer_everywhere(
    page: Page, address: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page shows the very lines of `curate why` and of Python, in both languages."""
    for language in ("en", "zh"):
        page.goto(f"{address}/why?doc=short&lang={language}")
        lines = why.shown(curation.why("short", workspace=str(workspace.root)), language)
        assert page.inner_text("pre").split("\n") == lines
        capsys.readouterr()
        assert cli.main(["--workspace", str(workspace.root), "--lang", language, "why", "short"]) == 0
        assert capsys.readouterr().out.rstrip("\n").split("\n") == lines


def test_a_submission_is_tried_and_accepted(page: Page, address: str, workspace: Workspace) -> None:
    """Its trial is shown; a decision holds for the manifest as it stands and is void when that changes."""
    (workspace.root / "offered").mkdir()
    for number in range(3):
        (workspace.root / "offered" / f"{number}.md").write_text(corpus.paragraph("zh", 200 + number))
    file = workspace.source_file("offered")
    file.write_text(
        "id: offered\ntitle: Offered\nwhere: {local: {path: offered}}\nformat: markdown\nlicense: CC0-1.0\ncontact: a@b.org\n"
    )
    person = Person("somebody", "airflow-login", True)
    form = {"decision": "accept", "digest": pages.manifest_digest(workspace, "offered"), "because": "so"}
    with pytest.raises(DeclarationError, match="offered was not tried as it stands"):
        deeds.accept(workspace, person, "offered", form)
    tryout.keep_failure(workspace, file, "a.md: <b>no</b> such file")
    with pytest.raises(DeclarationError, match=r"the trial of offered failed: a\.md"):
        deeds.accept(workspace, person, "offered", form)
    failed = client(workspace).get("/source/offered").text
    assert "The trial of this manifest failed" in failed and "&lt;b&gt;no" in failed
    assert cli.main(["--workspace", str(workspace.root), "try", str(file), "--keep"]) == 0
    page.goto(f"{address}/sources")
    page.click("a >> text=Offered")
    assert "CC0-1.0" in page.inner_text("article")
    kept = workspace.root / "data" / "submissions" / "offered.json"
    report = json.loads(kept.read_text())
    claims = [{**claim, "passage": "words of a text"} for claim in report["license"]["claims"]]
    kept.write_text(
        json.dumps({**report, "license": {**report["license"], "claims": claims}, "level": {**report["level"], "proposed": "L3"}})
    )
    seen = (
        client(workspace).get("/source/offered").text
    )  # declared nothing, and the sample suggests L3: cleared for L2 one reads no passage
    assert "CC0-1.0" in seen and "words of a text" not in seen
    kept.write_text(json.dumps(report))
    about = {"source": "offered", "manifest": pages.manifest_digest(workspace, "offered")}
    decisions.append(workspace, "submit", about, "filled in the form", by=Person("lisi", "airflow-login", False).identity())
    assert "提交人: lisi (Airflow 登录)" in client(workspace).get("/source/offered?lang=zh").text
    log = client(workspace).get("/decisions?lang=zh").text
    assert "<td>提交</td>" in log and "<td>发布</td>" in log and "系统用户" in log and "os-user" not in log
    page.fill("#because", "clear")
    page.click("button >> text=Accept")
    page.wait_for_selector(".tag >> text=accepted")
    person = Person("reviewer", "os-user", True)
    assert pages.submissions(workspace, person)["rows"][0]["decision"].kind == "accept"
    file.write_text(file.read_text() + "homepage: https://example.org\n")
    found = pages.submissions(workspace, person)["rows"][0]
    assert found["decision"] is None and not found["tried"]
    file.unlink()


def test_a_card_is_rejected_then_approved_and_released(page: Page, address: str, workspace: Workspace) -> None:
    """The page says what holds the release back, takes a rejection, then an approval, and the release goes through."""
    line.run(workspace, "energy", until="card")  # a settled license may change it
    page.goto(f"{address}/dataset/energy")
    page.fill("#because", "The title is wrong.")
    page.click("button >> text=Reject")
    page.wait_for_selector(".tag >> text=rejected")
    assert "changes: it was rejected" in client(workspace).get("/").text
    page.click("summary >> text=Decide again")
    page.fill("#because", "It was right after all.")
    page.click("button >> text=Approve")
    page.wait_for_selector(".tag >> text=approved")
    digest = published.manifest(workspace, "energy")["digest"]
    decided = approval.find(workspace, "energy", digest)
    assert decided and decided.decision == "approve" and decided.reviewer == "reviewer"
    assert cli.main(["--workspace", str(workspace.root), "step", "release", "energy"]) == 0
    assert versions.released(workspace.root, "energy") == ["v1.0.0", "v2.0.0"]
    page.goto(f"{address}/dataset/energy")
    page.click("text=Compare versions")
    assert "Removed because" in page.inner_text("main") and "energy@v1.0.0 → energy@v2.0.0" in page.inner_text("main")
    page.goto(f"{address}/dataset/energy/diff?before=v2.0.0&after=v1.0.0")  # backwards: what went is what comes
    assert "energy@v2.0.0 → energy@v1.0.0" in page.inner_text("main") and "34 → 52" in page.inner_text("main")
    page.goto(f"{address}/dataset/energy/version/v2.0.0")
    assert "What changed" in page.inner_text("article") and "v1.0.0 → v2.0.0 (rules changed)" in page.inner_text("article")
    record = json.loads((workspace.root / "data/datasets/energy/PROVENANCE.json").read_text())
    assert record["decided"][-1]["by"] == "reviewer" and record["cost"]["cpu_seconds"] > 0 and record["digest"] == digest


def test_a_document_is_withdrawn(page: Page, address: str, workspace: Workspace) -> None:
    """Found by its name, taken back with a reason; the versions that hold it say so."""
    page.goto(f"{address}/why?doc=zh-3")
    page.click("summary")
    page.fill("#because", "The author asks.")
    page.click("button >> text=Withdraw")
    page.wait_for_selector("pre")
    last = decisions.read(workspace)[-1]
    assert last.kind == "withdraw" and last.by.name == "reviewer" and "energy@v1.0.0" in last.facts["affected"]
    assert page.locator("text=Withdraw it").count() == 0
    assert "changed since the filters ran" in client(workspace).get("/dataset/energy").text  # released, and out of date
    said = page.inner_text("pre")
    assert f"withdrawn (decision {last.number}, reviewer: The author asks.)" in said and "kept by the last run; sources" in said
    page.goto(f"{address}/dataset/energy/version/v1.0.0")
    assert "were withdrawn" in page.inner_text("[role=alert]")
