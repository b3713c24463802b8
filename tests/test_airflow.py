"""The DAGs: they parse, they stay thin, and one of them runs the line to the same digests as the CLI."""

import base64
import functools
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from curation import approval, cli, decisions, published, versions, workspaces
from curation.errors import DeclarationError
from curation.line import STEPS
from curation.questions import tryout
from curation.store import Workspace
from tests import corpus

ROOT = Path(__file__).resolve().parents[1]
INTEGRITY = """
import sys, json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
dag = bag.dags["curate"]
print("ANSWER" + json.dumps({
    "errors": dict(bag.import_errors), "dags": sorted(bag.dags), "tags": [sorted(d.tags) for d in bag.dags.values()],
    "tasks": sorted(dag.task_ids), "params": {k: dag.params.get_param(k).schema for k in dag.params},
    "undocumented": [d.dag_id for d in bag.dags.values() if not any("\u4e00" <= c <= "\u9fff" for c in d.doc_md or "")],
    "heavy": [m for m in ("datasets", "datasketch", "numba", "fasttext") if m in sys.modules]}))
"""
RUN = """
import sys
from airflow.dag_processing.dagbag import DagBag
done = DagBag(dag_folder=sys.argv[1]).dags["curate"].test(run_conf={"workspace": sys.argv[2], "recipe": "energy"})
print("ANSWER" + done.state)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An Airflow home of its own with a workspace to read at parse time."""
    folder = tmp_path_factory.mktemp("airflow")
    workspaces.create(folder / "workspace", None)
    corpus.lay(folder / "workspace")
    (folder / "dags").mkdir()
    assert cli.main(["dags", str(folder / "dags")]) == 0  # as into an Airflow that somebody runs already
    environment = {
        **os.environ, "AIRFLOW_HOME": str(folder / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"), "CURATION_WORKSPACE": str(folder / "workspace"),
        "PYTHONWARNINGS": "ignore", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    subprocess.run(
        [str(Path(sys.executable).parent / "airflow"), "db", "migrate"], env=environment, check=True, capture_output=True
    )
    return environment


def ask(home: dict[str, str], code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, home["AIRFLOW__CORE__DAGS_FOLDER"], *arguments]
    done = subprocess.run(command, env=home, capture_output=True, text=True)
    answers = [part.split("ANSWER", 1)[1] for part in done.stdout.splitlines() if "ANSWER" in part]
    assert answers, done.stdout[-3000:] + done.stderr[-3000:]
    return answers[-1]


def test_dags_parse_and_stay_thin(home: dict[str, str]) -> None:
    """No import error, every step a task, a typed form in two languages, nothing heavy loaded by parsing."""
    import json

    found = json.loads(ask(home, INTEGRITY))
    assert found["undocumented"] == []  # every DAG says in English and Chinese what it does
    assert found["errors"] == {} and found["heavy"] == []
    assert found["dags"] == ["curate", "energy_when_sources_change", "sources", "submit_source"] and all(
        t == ["curation"] for t in found["tags"]
    )
    assert {step.name for step in STEPS} <= set(found["tasks"])
    assert set(found["params"]) == {"workspace", "recipe", "workers", "engine", "address", "note"}
    assert found["params"]["recipe"]["enum"] == ["energy"]
    assert all(any("\u4e00" <= c <= "\u9fff" for c in schema["title"]) for schema in found["params"].values())


@pytest.fixture(scope="module")
def ran(home: dict[str, str]) -> str:
    """How a run of the DAG `curate` ended."""
    return ask(home, RUN, home["CURATION_WORKSPACE"])


def test_the_dag_runs_the_line_to_the_same_digests_as_the_cli(home: dict[str, str], ran: str, released: Workspace) -> None:
    """Through Airflow to a release: every file of the dataset is the one that `curate run` makes."""
    workspace = home["CURATION_WORKSPACE"]
    assert ran == "success"
    assert published.manifest(Workspace(workspace), "energy") == published.manifest(released, "energy")
    records = [json.loads(one.release_file("energy").read_text()) for one in (Workspace(workspace), released)]
    assert [one.pop("decisions")["number"] for one in records] == [1, 1]  # its digest is of an entry with a time
    assert records[0] == records[1]


PLUGIN = """
import asyncio, json, os, pathlib, sys
from datetime import UTC, datetime
from unittest import mock
from curation import published
from curation.store import Workspace
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.requests import Request
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from curation.review import airflow_plugin

def login(name, role):
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))
    return {"Authorization": f"Bearer {token}"}

asked = {"release": sys.argv[2], "review": sys.argv[3], "plan": sys.argv[4]}
with create_session() as session:
    for task in session.scalars(select(TaskInstance).where(TaskInstance.dag_id == "curate", TaskInstance.task_id.in_(asked))):
        task.state = "awaiting_input"
        session.add(HITLDetail(ti_id=task.id, subject="Release energy?", body=asked[task.task_id] + "\\n\\n# Card",
                               options=["Approve", "Reject"], defaults=["Reject"], multiple=False, params={"reason": {"value": ""}}))
answers = {}
airflow_plugin.PAGE = 1
with TestClient(create_app(apps="core"), follow_redirects=False) as client:
    answers["nobody"] = [client.get(f"/curation/{path}").status_code for path in ("", "dataset/energy", "decisions", "why?doc=x")]
    answers["forged"] = client.get("/curation/", headers={"Authorization": "Bearer x.y.z"}).status_code
    for name, role in (("looker", "VIEWER"), ("reviewer", "OP")):
        said = login(name, role)
        page = client.get("/curation/", headers=said)
        answers[name] = [page.status_code, name in page.text, "/curation/static/review.css" in page.text]
        form = client.post("/curation/decide/energy", headers=said, data={"token": "x", "decision": "approve", "because": "x"})
        answers[name].append(form.status_code)
    header = [(b"authorization", login("reviewer", "OP")["Authorization"].encode())]
    questions = ("energy, digest 0", asked["review"], asked["review"])
    answers["said"] = [
        asyncio.run(airflow_plugin.answer(Request({"type": "http", "headers": header}), one, True, "read it")) for one in questions
    ]

    def decides(name):
        header = [(b"authorization", login(name, "USER")["Authorization"].encode())]
        return asyncio.run(airflow_plugin.identify(Request({"type": "http", "headers": header, "query_string": b""}))).decides

    from airflow.dag_processing.dagbag import DagBag

    class Asked(type(review := DagBag(dag_folder=sys.argv[1]).dags["curate"].get_task("review"))):
        execute = lambda self, context: "asked again"

    review.__class__ = Asked
    review_of = {"params": {"workspace": os.environ["CURATION_WORKSPACE"], "recipe": "energy"}, "ti": mock.Mock()}
    review_of["ti"].xcom_pull.return_value = published.manifest(Workspace(os.environ["CURATION_WORKSPACE"]), "energy")["digest"]
    event = {"responded_by_user": {"id": "contributor", "name": "contributor"}, "chosen_options": ["Approve"],
             "params_input": {}, "responded_at": datetime.now(UTC)}
    named = pathlib.Path(os.environ["CURATION_WORKSPACE"], "data", "reviewers.yaml")
    answers["everybody"] = [decides("reviewer"), decides("contributor")]
    named.write_text("The reviewer: [reviewer]\\n", "utf-8")
    answers["named"] = [decides("reviewer"), decides("contributor"), review.execute_complete(review_of, event)]
    named.unlink()
with create_session() as session:
    found = session.execute(select(TaskInstance.task_id, HITLDetail).join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)).all()
    answers["answered"] = {task: [one.responded_by["name"], one.chosen_options, one.params_input] for task, one in found if one.responded_by}
print("ANSWER" + json.dumps(answers))
"""


@pytest.fixture(scope="module")
def told(home: dict[str, str], ran: str) -> dict[str, Any]:
    """What Airflow's API server with the review page in it answers, while three tasks of a run wait for a decision."""
    here = Path(home["CURATION_WORKSPACE"])
    about = ((here.parent, "a"), (here, "a"), (here, "b"))
    questions = [approval.question(Workspace(root), "energy", digest * 16) for root, digest in about]
    answers: dict[str, Any] = json.loads(ask(home, PLUGIN, *questions))
    return answers


def test_the_pages_button_answers_the_very_question(told: dict[str, Any]) -> None:
    """Airflow's own task that asks about this digest of this workspace, and no other of the same dataset; Airflow knows who answered."""
    assert told["said"] == [False, True, False]
    assert told["answered"] == {"review": ["reviewer", ["Approve"], {"reason": "read it"}]}


def test_who_decides_is_listed(told: dict[str, Any], home: dict[str, str]) -> None:
    """A login that may answer Airflow's tasks decides where nobody is named; else the named alone, also on Airflow's own page."""
    assert told["everybody"] == [True, True]
    assert told["named"] == [True, False, "asked again"]
    assert not [one for one in decisions.read(Workspace(home["CURATION_WORKSPACE"])) if one.kind in {"approve", "reject"}]


def test_the_review_page_asks_for_airflows_login(told: dict[str, Any]) -> None:
    """Inside Airflow's API server, found by its entry point: nobody is let in, a viewer and a reviewer are by name, a form needs its token."""
    assert set(told["nobody"]) == {401} and told["forged"] in {401, 403}
    assert told["looker"] == told["reviewer"] == [200, True, True, 403]


REFRESH = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.utils.session import create_session
from sqlalchemy import select
done = DagBag(dag_folder=sys.argv[1]).dags["sources"].test(run_conf={"workspace": sys.argv[2]})
with create_session() as session:
    events = [[event.asset.name, event.extra] for event in session.scalars(select(AssetEvent))]
print("ANSWER" + json.dumps([done.state, events]))
"""


def test_a_login_of_airflows_own_store(home: dict[str, str], tmp_path: Path) -> None:
    """A Connection of the metadata database opens a source; its password is in no log, no receipt and no file of the workspace."""
    asked: list[str] = []

    class Locked(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            allowed = asked[-1] == "Basic " + base64.b64encode(b"reader:streng-geheim").decode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", "5" if allowed else "0")
            self.end_headers()
            self.wfile.write(b"hello" if allowed else b"")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Locked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    login = ["--conn-type", "http", "--conn-login", "reader", "--conn-password", "streng-geheim"]
    airflow = str(Path(sys.executable).parent / "airflow")
    subprocess.run([airflow, "connections", "add", "web_docs", *login], env=home, check=True, capture_output=True)
    workspaces.create(tmp_path / "ws", None)
    workspace = Workspace(tmp_path / "ws")
    where = f'{{http: {{url: "http://127.0.0.1:{server.server_port}/a.txt", auth_ref: "airflow:web_docs", plain_http: true, private_addresses: true}}}}'
    workspace.source_file("locked").write_text(
        f"id: locked\ntitle: x\nwhere: {where}\nformat: text\nlicense: MIT\ncontact: x@example.org\n"
    )
    formed = workspace.source_file("locked").read_text().replace("id: locked", "id: formed")
    workspace.source_file("formed").write_text(formed)
    about = {"source": "formed", "manifest": hashlib.sha256(formed.encode()).hexdigest()}
    decisions.append(workspace, "submit", about, "filled in the form")  # is fetched with nobody's login before it is accepted
    state, events = json.loads(ask({**home, "CURATION_WORKSPACE": str(workspace.root)}, REFRESH, str(workspace.root)))
    assert state == "success" and ["source locked", {"objects": 1, "fetched": 1, "bytes": 5}] in events
    assert [extra for name, extra in events if name == "dataset energy"] in ([], [{"version": "v1.0.0", "released": True}])
    assert published.raw(workspace, "locked")["objects"][0]["size"] == 5 and len(asked) == 1
    server.shutdown()
    server.server_close()
    kept = [path for place in (workspace.root, Path(home["AIRFLOW_HOME"])) for path in place.rglob("*") if path.is_file()]
    held = [path.name for path in kept if b"streng-geheim" in path.read_bytes()]
    assert not held, held  # Airflow's own database encrypts it


SUBMIT = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
from curation import web
web._is_public = lambda ip: True  # a server on loopback stands for one of the net
dag = DagBag(dag_folder=sys.argv[1]).dags["submit_source"]
states = [dag.test(run_conf={"manifest": one, "objects": 5}).state for one in sys.argv[2:]]
print("ANSWER" + json.dumps(states))
"""


def test_a_form_is_tried(home: dict[str, str], tmp_path: Path) -> None:
    """What anybody can reach goes through the line and waits for a reviewer; what only this machine reaches is refused and leaves nothing."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-keyout",
        str(key),
    ]
    subprocess.run([*made, "-addext", "subjectAltName=DNS:localhost", "-out", str(certificate)], check=True, capture_output=True)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page.md").write_text(
        "# 巡检\n\n" + corpus.paragraph("zh", 3) + "\n\n联系人身份证号11010519491231002X。\n", "utf-8"
    )
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    workspaces.create(tmp_path / "ws", None)
    workspace = Workspace(tmp_path / "ws")
    form = "id: {}\ntitle: x\nwhere: {}\nformat: markdown\nlicense: CC-BY-4.0\ncontact: x@example.org\n"
    with pytest.raises(DeclarationError, match=r"https://\.\.\.: no address of a server"):
        tryout.submit(workspace, form.format("placeholder", "https://..."))
    forms = [
        form.format("offered", f"https://localhost:{server.server_port}/page.md"),
        form.format("own", "{local: {path: /etc}}"),
    ]
    environment = {**home, "CURATION_WORKSPACE": str(workspace.root), "SSL_CERT_FILE": str(certificate)}
    assert json.loads(ask(environment, SUBMIT, *forms)) == ["success", "failed"]
    server.shutdown()
    server.server_close()
    answer = json.loads((workspace.root / "data" / "submissions" / "offered.json").read_text())
    assert answer["documents"] == 1 and answer["level"]["proposed"] == "L3"
    assert workspace.names("sources") == ["offered"] and not workspace.files("raw/offered")
    assert [(one.kind, one.subject["source"]) for one in decisions.read(workspace)] == [("submit", "offered")]


def test_a_run_of_the_dag_stops_at_the_gate(home: dict[str, str], tmp_path: Path) -> None:
    """A disputed source: the run fails in one line, nothing is released; what the CLI, single steps and DVC do is in test_gate."""
    root = tmp_path / "disputed"
    workspaces.create(root, None)
    workspace = corpus.lay(root)
    assert cli.main(["--workspace", str(root), "dispute", "plant", "--because", "a holder objects"]) == 0
    assert ask(home, RUN, str(root)) == "failed"
    assert not workspace.release_file("energy").exists() and versions.released(root, "energy") == []
    assert workspace.read_json(workspace.ledger("energy", "filter", "summary.json")) is None
