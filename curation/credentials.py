"""Secrets are named in declarations, never written there: `auth_ref` is an environment variable, or an Airflow Connection.

    auth_ref: DOCS_PASSWORD         the environment variable's value is the password or token
    auth_ref: airflow:docs_db       login and password of the Connection docs_db, in Airflow's own store or secrets backend

Outside Airflow a Connection is read from AIRFLOW_CONN_<ID>, as Airflow does it first. What was looked up is masked in every
message that `masked` passes.
"""

import json
import os
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator

from curation.errors import DeclarationError

AIRFLOW = "airflow:"
ADVICE = "name the environment variable that holds it (auth_ref: VARIABLE), or an Airflow Connection (auth_ref: airflow:ID)"
_SHOWN = "***"


@dataclass(frozen=True)
class Credential:
    """A login; `password` is also what a service calls a token. Its repr shows neither."""

    password: str
    user: str | None = None

    def __repr__(self) -> str:
        return f"Credential({_SHOWN})"


_known: set[str] = set()
_ask_airflow: list[tuple[Callable[[str], Any], tuple[type[Exception], ...]]] = []


def _sound(name: str) -> str:
    if not re.fullmatch(r"(airflow:)?[A-Za-z_][A-Za-z0-9_.-]{0,249}", name):
        raise ValueError("auth_ref is the name of an environment variable, or airflow:<connection id>; never the secret itself")
    return name


AuthRef = Annotated[str, AfterValidator(_sound)]


def without_password(url: str) -> str:
    """The address itself. Raises ValueError when it holds a password or a token, for a declaration's validator."""
    scheme, mark, rest = url.partition("://")
    login, at, _ = rest.partition("/")[0].rpartition("@")
    if mark and at and (":" in login or scheme.lower() in {"https", "http"}):
        raise ValueError(f"contains a password or a token, which would reach git: {ADVICE}")
    query = urllib.parse.parse_qsl(rest.partition("?")[2]) if mark else []
    for key, value in query:
        if value and re.search(r"passw|secret|token|signature|api_?key|access_?key|credential|^sig$|^pwd$", key, re.IGNORECASE):
            raise ValueError(f"contains a secret ({key}), which would reach git: {ADVICE}")
    return url


def use_airflow(lookup: Callable[[str], Any], *missing: type[Exception]) -> None:
    """Tell how a Connection (an object with `login` and `password`) is looked up, and what is raised for one that is not there.

    The DAGs do, so that the library needs no Airflow.
    """
    _ask_airflow[:] = [(lookup, missing)]


def find(auth_ref: str | None, place: str) -> Credential | None:
    """The credential that `auth_ref` names; null without one. Raises DeclarationError `place: what is missing`."""
    if auth_ref is None:
        return None
    if auth_ref.startswith(AIRFLOW):
        found = _connection(auth_ref.removeprefix(AIRFLOW), place)
    elif auth_ref in os.environ:
        found = Credential(os.environ[auth_ref])
    else:
        raise DeclarationError(f"{place}.auth_ref: the environment variable {auth_ref} is not set")
    if found.password:
        _known.update({found.password, urllib.parse.quote(found.password, safe="")})
    return found


def masked(message: str) -> str:
    """`message` without any secret that this process has looked up."""
    for secret in sorted(_known, key=len, reverse=True):
        if len(secret) >= 4:  # a shorter one would blacken words
            message = message.replace(secret, _SHOWN)
    return message


def _connection(name: str, place: str) -> Credential:
    variable = f"AIRFLOW_CONN_{name.upper()}"
    if said := os.environ.get(variable):
        return _parsed(said, f"{place}.auth_ref: {variable}")
    for ask, missing in _ask_airflow:
        try:
            found = ask(name)
        except missing:
            continue
        return Credential(found.password or "", found.login or None)
    where = "Airflow knows no Connection of this name" if _ask_airflow else f"outside Airflow, set {variable}"
    raise DeclarationError(f"{place}.auth_ref: {AIRFLOW}{name}: {where}")


def _parsed(said: str, place: str) -> Credential:
    """A Connection in one of Airflow's two written forms, JSON or URI."""
    if said.lstrip().startswith("{"):
        try:
            fields = json.loads(said)
        except ValueError:
            raise DeclarationError(f"{place}: is neither JSON nor a URI") from None
        return Credential(str(fields.get("password") or ""), fields.get("login"))
    try:
        parts = urllib.parse.urlsplit(said)
        unquoted = [urllib.parse.unquote(one) if one is not None else None for one in (parts.username, parts.password)]
    except ValueError:  # its message would show the address
        raise DeclarationError(f"{place}: is neither JSON nor a URI") from None
    if not parts.scheme or not unquoted[1]:
        raise DeclarationError(f"{place}: has no password")
    return Credential(unquoted[1], unquoted[0])
