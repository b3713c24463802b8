"""What a run tells others: OpenLineage events, notifications, and each person in their language."""

import http.server
import json
import logging
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation import cli, line, lineage, notify
from curation.errors import CurationError
from curation.line import STEPS
from curation.store import Workspace
from tests import corpus


def events(workspace: Workspace) -> list[dict]:
    files = sorted((workspace.root / "data" / "runs").glob("*/lineage.jsonl"))
    return [json.loads(one) for file in files for one in file.read_text().splitlines()]


def test_lineage_of_every_step(released: Workspace) -> None:
    """A START and a COMPLETE each, with UUIDs, schemas and facets as the standard has them; outputs of one are inputs of the next."""
    found = events(released)
    assert [one["eventType"] for one in found] == ["START", "COMPLETE"] * len(STEPS)
    for one in found:
        assert uuid.UUID(one["run"]["runId"]) and one["schemaURL"].endswith("#/$defs/RunEvent") and one["producer"]
        facets = [*one["run"]["facets"].values(), *one["job"]["facets"].values()]
        facets += [facet for data in one["outputs"] for key in ("facets", "outputFacets") for facet in data.get(key, {}).values()]
        assert all(facet["_producer"] and facet["_schemaURL"] for facet in facets)
    done = {one["job"]["name"]: one for one in found if one["eventType"] == "COMPLETE"}
    written = {data["name"] for one in done.values() for data in one["outputs"]}
    read = {data["name"] for one in done.values() for data in one["inputs"]}
    assert read - written == {"local:incoming/*.jsonl"}
    released_as = done["release.energy"]["outputs"][0]["facets"]
    assert released_as["version"]["datasetVersion"] == "v1.0.0" and released_as["curation_license"]["tokens"]["CC-BY-4.0"] > 0
    assert done["assemble.energy"]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 52
    assert lineage.run_uuid("a", "b") == lineage.run_uuid("a", "b") != lineage.run_uuid("a")


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict]]]:
    """A webhook: its address, and what it was told with which authorization."""
    told: list[dict] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append({**body, "authorization": self.headers.get("Authorization")})
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    server.server_close()


def test_people_are_told(
    tmp_path: Path, heard: tuple[str, list[dict]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A review that waits by webhook with its token, a failure by command; what is not delivered is said and stops nothing."""
    address, told = heard
    workspace = corpus.lay(tmp_path)
    recipe = workspace.recipe_file("energy")
    recipe.write_text(recipe.read_text().replace("review: auto", "review: required"))
    command = [sys.executable, "-c", "import sys; open('told.json', 'a').write(sys.stdin.read() + '\\n')"]
    settings = {
        "notify": [
            {"webhook": f"{address}/hook", "auth_ref": "HOOK_TOKEN", "events": ["review_waits"]},
            {"webhook": f"{address}/broken", "events": ["review_waits"]},
            {"command": command, "events": ["failed"]},
        ]
    }
    (tmp_path / "curation.yaml").write_text(json.dumps(settings))
    monkeypatch.setenv("HOOK_TOKEN", "a-secret-token")
    with caplog.at_level(logging.WARNING, "curation"):
        line.run(workspace, "energy", until="card")
    assert [one["event"] for one in told] == ["review_waits"] * 2
    assert (
        told[0]["authorization"] == "Bearer a-secret-token" and told[0]["dataset"] == "energy" and "等待审核" in told[0]["text"]
    )
    assert "127.0.0.1: HTTP 500" in caplog.text and "/broken" not in caplog.text and "a-secret-token" not in caplog.text
    workspace.source_file("plant").write_text(corpus.SOURCE.replace("incoming/", "nowhere/"))
    with pytest.raises(CurationError):
        line.run(workspace, "energy", until="card")
    said = json.loads((tmp_path / "told.json").read_text())
    assert said["event"] == "failed" and said["step"] == "ingest" and "nowhere" in said["because"]
    assert (
        events(workspace)[-1]["eventType"] == "FAIL"
        and "nowhere" in events(workspace)[-1]["run"]["facets"]["errorMessage"]["message"]
    )
    (tmp_path / "curation.yaml").write_text('{"notify": [{"webhook_ref": "CHAT_HOOK"}]}')
    monkeypatch.setenv("CHAT_HOOK", f"{address}/services/secret-path")
    assert notify.tell(workspace, "released", {"version": "v9"}) is None and told[-1]["version"] == "v9"
    monkeypatch.setenv("CHAT_HOOK", f"{address}/broken")
    assert notify.tell(workspace, "released", {}) == "notification released was not delivered: CHAT_HOOK: HTTP 500"
    monkeypatch.setenv("CHAT_HOOK", "secret-path")
    assert "secret-path" not in str(notify.tell(workspace, "released", {}))
    (tmp_path / "curation.yaml").write_text(json.dumps(settings))
    monkeypatch.delenv("HOOK_TOKEN")
    assert "HOOK_TOKEN" in str(notify.tell(workspace, "review_waits", {}))


@pytest.mark.parametrize(
    "wrong",
    [
        '{"notify": [{}]}',
        '{"notify": [{"webhook": "file:///etc/passwd"}]}',
        '{"notify": [{"webhook": "https://u:secret@example.org"}]}',
        '{"notify": [{"command": ["x"], "events": ["rain"]}]}',
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that names curation.yaml; a login in an address is not repeated."""
    workspace = corpus.lay(tmp_path)
    (tmp_path / "curation.yaml").write_text(wrong)
    assert cli.main(["--workspace", str(workspace.root), "run", "energy", "--until", "ingest"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("curate: curation.yaml: notify") and said.count("\n") == 1


@pytest.mark.parametrize(
    ("language", "word"), [("zh_CN.UTF-8", "保留词元"), ("en_US.UTF-8", "tokens kept"), ("C", "tokens kept")]
)
def test_answers_follow_the_language(released: Workspace, language: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--lang` or $LANG: summaries, status, verification, steps; machines get the same JSON."""
    where = ["--workspace", str(released.root), "--lang", language]
    assert cli.main([*where, "summary", "energy"]) == 0
    assert word in capsys.readouterr().out
    for command, en, zh in (
        (["status"], "source", "来源"),
        (["verify", "energy"], "every digest", "全部相符"),
        (["decisions"], "release", "发布"),
    ):
        assert cli.main([*where, *command]) == 0
        assert (zh if language.startswith("zh") else en) in capsys.readouterr().out
    answers = []
    for one in ("zh", "en"):
        assert cli.main(["--workspace", str(released.root), "--json", "--lang", one, "contributions", "energy@v1.0.0"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1] and json.loads(answers[0])["rows"][0]["share"] == 1.0
