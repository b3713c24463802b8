"""The review page inside Airflow: an entry of its menu and a tab of each run of the DAG `curate`. Found by the package's entry point.

This is the one file of the library that imports Airflow, and only Airflow loads it. Airflow leaves endpoints of plugins open; these
ask for Airflow's own login on every request: whoever may read the DAG `curate` reads; whoever may answer its tasks decides, if
data/reviewers.yaml names them or nobody.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import httpx
from airflow.api_fastapi.app import cached_app, get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user
from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from fastapi import Request
from fastapi.security import HTTPAuthorizationCredentials
from starlette.exceptions import HTTPException

from curation.errors import DataError, DeclarationError
from curation.review.app import create
from curation.review.people import Person
from curation.reviewers import Reviewers
from curation.store import Workspace

DAG = DagDetails(id="curate")
PREFIX = "/curation"
PAGE = 50  # questions that Airflow lists at once


def _workspace() -> Workspace:
    """$CURATION_WORKSPACE, else the folder of the DAGs' clone, as the DAGs themselves find it."""
    named = os.environ.get("CURATION_WORKSPACE")
    if not named:
        folder = Path(conf.get("core", "dags_folder")).parent
        if not (folder / "data" / "sources").is_dir():
            raise DeclarationError("set CURATION_WORKSPACE for Airflow's API server: it names the workspace to show")
        named = str(folder)
    return Workspace.find(named)


async def identify(request: Request) -> Person:
    """Airflow's user, by its cookie or a bearer token. Raises HTTPException 401 for nobody, 403 for who may not read the DAG."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    bearer = HTTPAuthorizationCredentials(scheme=scheme, credentials=given) if scheme.lower() == "bearer" else None
    user: Any = await get_user(request, None, bearer)
    manager = get_auth_manager()
    if not manager.is_authorized_dag(method="GET", access_entity=DagAccessEntity.HITL_DETAIL, details=DAG, user=user):
        raise HTTPException(403, "your login may not read the DAG `curate`")
    answers = manager.is_authorized_dag(method="PUT", access_entity=DagAccessEntity.HITL_DETAIL, details=DAG, user=user)
    return Person(user.get_name(), "airflow-login", bool(answers) and Reviewers(_workspace()).decides(user.get_name()))


async def answer(request: Request, question: str, approve: bool, because: str) -> bool:
    """Answer the task of Airflow that asks exactly this `question` (approval.question), through Airflow's own API and as this very user.

    Returns whether there was one; the task itself writes the decision into the log. Raises DataError when Airflow refuses.
    """
    token = request.headers.get("authorization", "").partition(" ")[2] or request.cookies.get(COOKIE_NAME_JWT_TOKEN, "")
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=cached_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow", headers=headers) as client:
        if (place := await _waiting(client, question)) is None:
            return False
        said = {"chosen_options": ["Approve" if approve else "Reject"], "params_input": {"reason": because}}
        done = await client.patch(place, json=said)
        if done.status_code != 200:
            raise DataError(f"Airflow refused the answer: {done.status_code} {done.text[:200]}")
    return True


async def _waiting(client: httpx.AsyncClient, question: str) -> str | None:
    """Address of the waiting task whose text begins with the question; the newest, or null."""
    found: list[dict[str, Any]] = []
    while True:
        asked: dict[str, Any] = {
            "response_received": "false",
            "state": ["awaiting_input", "deferred"],
            "limit": PAGE,
            "offset": len(found),
            "order_by": "created_at",
        }
        page = await client.get("/api/v2/dags/curate/dagRuns/~/hitlDetails", params=asked)
        if page.status_code != 200:
            raise DataError(f"Airflow: {page.status_code} {page.text[:200]}")
        told = page.json()
        found += told["hitl_details"]
        if not told["hitl_details"] or len(found) >= told["total_entries"]:
            break
    waiting = [one for one in found if (one["body"] or "").split("\n")[0] == question]
    if not waiting:
        return None
    task = waiting[-1]["task_instance"]
    return f"/api/v2/dags/curate/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails"


def _secret() -> bytes:
    """The same in every worker of the API server, and after its restart."""
    return hashlib.sha256(b"curation forms " + str(conf.get("api", "secret_key")).encode()).digest()


class CurationPlugin(AirflowPlugin):  # type: ignore[misc]
    """What Airflow looks for."""

    name = "curation"
    fastapi_apps = [
        {"app": create(_workspace, identify, _secret(), answer), "url_prefix": PREFIX, "name": "curation review"},
    ]
    external_views = [
        {"name": "Curation 数据集", "href": f"{PREFIX}/", "destination": "nav", "url_route": "curation", "category": "browse"},
        {"name": "Card 数据集卡片", "href": f"{PREFIX}/run/{{RUN_ID}}", "destination": "dag_run", "url_route": "card"},
    ]
