"""Tell people: a review waits, a version is out, an alarm, a failure. Where to stands in curation.yaml under `notify`.

A message that cannot be delivered stops no run, and is said where the run is read.
"""

import http.client
import json
import subprocess
import urllib.error
import urllib.request
from typing import Any

from curation import credentials, settings
from curation.errors import DeclarationError
from curation.store import Workspace

TIMEOUT = 10.0  # seconds
EVENTS = {
    "review_waits": ("a reviewer is needed", "等待审核"),
    "released": ("a version is released", "新版本已发布"),
    "alarm": ("a version moved more than it may", "版本变动超出限度"),
    "failed": ("a run failed", "运行失败"),
    "submitted": ("a source was submitted", "有来源提交"),
}


def tell(workspace: Workspace, event: str, facts: dict[str, Any]) -> str | None:
    """Send one message to each place that wants this event; a line about what was not delivered, or null.

    A webhook gets JSON by POST, with `text` for chat programs; a command gets the same JSON on its standard input.
    """
    en, zh = EVENTS[event]
    said = ", ".join(f"{key} {value}" for key, value in facts.items())
    body = json.dumps(
        {"event": event, "text": f"curation: {en} / {zh}: {said}", **facts}, ensure_ascii=False, default=str
    ).encode()
    faults = []
    for one in settings.read(workspace.root).notify:
        if one.events and event not in one.events:
            continue
        try:
            fault = _run(workspace, one, body) if one.command else _post(one, body)
        except DeclarationError as error:  # of a token that is not there
            fault = str(error)
        if fault:
            faults.append(f"{one.place()}: {fault}")
    return f"notification {event} was not delivered: {'; '.join(faults)}" if faults else None


class _Stays(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stays)


def _post(one: settings.Notify, body: bytes) -> str | None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if login := credentials.find(one.auth_ref, f"{settings.NAME}: notify"):
        headers["Authorization"] = f"Bearer {login.password}"
    try:
        asked = urllib.request.Request(one.address(), body, headers, method="POST")
        with _opener.open(asked, timeout=TIMEOUT) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        return str(getattr(error, "reason", type(error).__name__))
    return None


def _run(workspace: Workspace, one: settings.Notify, body: bytes) -> str | None:
    try:
        done = subprocess.run(
            one.command or [], input=body, capture_output=True, timeout=TIMEOUT, cwd=workspace.root, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return f"exit {done.returncode}" if done.returncode else None
