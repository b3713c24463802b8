"""The application: every answer needs a person, every form a token of theirs, and nothing comes from anywhere else.

Identity is given from outside: `curate ui` by a key in the address it prints, Airflow by its own login. Synchronous functions run
in threads, so a slow question holds nobody else back.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import jinja2
from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from curation import approval, conditions, decisions, tongue
from curation.card import html, terms
from curation.card.blocks import percent
from curation.errors import CurationError, UnknownError
from curation.questions import tryout, why
from curation.review import deeds, pages
from curation.review.people import Person
from curation.store import Workspace

HERE = Path(__file__).parent
STATIC = {"review.css": "text/css; charset=utf-8", "review.js": "text/javascript; charset=utf-8"}
MOST_FORM = 32 << 20  # bytes of a form: a contract as PDF is a few
CSP = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Identify = Callable[[Request], Awaitable[Person]]
Answer = Callable[[Request, str, bool, str], Awaitable[bool]]  # answers Airflow's task that asks (..., question, approve, why)
Ask = Callable[[Workspace, Person, Request], dict[str, Any]]


def _source(workspace: Workspace, who: Person, request: Request) -> dict[str, Any]:
    name = request.path_params["name"]
    found = pages.submission(workspace, who, name)
    told = html.of_sections("", tryout.sections(found["report"]))[len("<h1></h1>") :] if found["report"] else None
    return {**found, "digest": pages.manifest_digest(workspace, name), "told": told}


def _version(workspace: Workspace, who: Person, request: Request) -> dict[str, Any]:
    return pages.version(workspace, who, request.path_params["name"], request.path_params["wanted"])


def _diff(workspace: Workspace, who: Person, request: Request) -> dict[str, Any]:
    asked = request.query_params
    return pages.compare(workspace, who, request.path_params["name"], asked.get("before", ""), asked.get("after", ""))


# address -> template, and what fills it
PAGES: dict[str, tuple[str, Ask]] = {
    "/": ("catalogue", lambda w, who, r: pages.catalogue(w, who)),
    "/dataset/{name}": ("dataset", lambda w, who, r: pages.dataset(w, who, r.path_params["name"])),
    "/dataset/{name}/version/{wanted}": ("version", _version),
    "/dataset/{name}/diff": ("diff", _diff),
    "/dataset/{name}/contributions": ("contributions", lambda w, who, r: pages.contributions(w, who, r.path_params["name"])),
    "/borderline/{name}": (
        "borderline",
        lambda w, who, r: pages.borderline(w, who, r.path_params["name"], r.query_params.get("filter")),
    ),
    "/sample/{name}": (
        "sample",
        lambda w, who, r: pages.judging(w, who, r.path_params["name"], r.query_params.get("second") == "1"),
    ),
    "/why": ("why", lambda w, who, r: pages.asked_why(w, who, r.query_params.get("doc"), _Templates.language(r) == "zh")),
    "/conflicts": ("conflicts", lambda w, who, r: pages.conflicts(w, who, r.query_params.get("settled"))),
    "/rights": ("rights", lambda w, who, r: pages.rights(w, who)),
    "/sources": ("sources", lambda w, who, r: pages.submissions(w, who)),
    "/source/{name}": ("source", _source),
    "/decisions": ("decisions", lambda w, who, r: pages.decisions(w, who)),
}
FORMS = {
    "decide": deeds.decide,
    "judge": deeds.judge,
    "undo": deeds.undo,
    "hand_in": deeds.hand_in,
    "settle": deeds.settle,
    "accept": deeds.accept,
    "withdraw": deeds.withdraw,
}


def create(find: Callable[[], Workspace], identify: Identify, secret: bytes, answer: Answer | None = None) -> FastAPI:
    """The application. `identify` raises HTTPException 401 for nobody; `secret` signs forms and must outlive a restart of a worker."""
    app = FastAPI(title="curation review", docs_url=None, redoc_url=None, openapi_url=None)
    shown = _Templates(secret)
    Who = Annotated[Person, Depends(_remembered(identify))]

    @app.middleware("http")
    async def careful(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        too_long = any(len(part.encode()) > 200 for part in request.url.path.split("/"))  # file systems end at 255
        response = shown.error(request, "no such page", 404) if too_long else await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(CurationError)
    async def refused(request: Request, error: CurationError) -> Response:
        return shown.error(request, str(error), 404 if isinstance(error, UnknownError) else 409)

    @app.exception_handler(HTTPException)
    async def denied(request: Request, error: HTTPException) -> Response:
        return shown.error(request, str(error.detail), error.status_code)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            raise HTTPException(404, "no such file")
        return FileResponse(HERE / "static" / name, media_type=STATIC[name], headers={"Cache-Control": "max-age=3600"})

    def reading(template: str, ask: Ask) -> Callable[..., Response]:
        def shows(request: Request, who: Who) -> Response:
            return shown.page(request, who, template, ask(find(), who, request))

        return shows

    for path, (template, ask) in PAGES.items():
        app.add_api_route(path, reading(template, ask), methods=["GET"])

    @app.get("/run/{run_id:path}")
    def run(request: Request, who: Who, run_id: str) -> Response:
        """The dataset of a run: where the tab of a run of Airflow leads."""
        return _see(request, pages.place_of_run(find(), run_id))

    @app.post("/{deed}/{name}")
    async def act(request: Request, who: Who, deed: str, name: str) -> Response:
        if deed not in FORMS:
            raise HTTPException(404, "no such form")
        if int(request.headers.get("content-length") or MOST_FORM + 1) > MOST_FORM:
            raise HTTPException(413, f"a form may have {MOST_FORM >> 20} MB")
        form = await _form(request)
        if not shown.made(str(form.get("token") or ""), who) or not _same_site(request):
            raise HTTPException(403, "this form was not shown to you by this page; reload it")
        if not who.decides:
            raise HTTPException(403, f"{who.name} may read and not decide")
        workspace = find()
        if deed == "decide" and answer is not None:
            approve, because = deeds.approves(form), deeds.because(form)
            manifest = deeds.demand_shown(workspace, who, name, form)
            if await answer(request, approval.question(workspace, name, manifest["digest"]), approve, because):
                return _see(request, f"dataset/{name}?answered=1")
        return _see(request, await run_in_threadpool(FORMS[deed], workspace, who, name, form))

    return app


def _remembered(identify: Identify) -> Identify:
    """The same, written down for the page of an error, which is somebody's too."""

    async def known(request: Request) -> Person:
        who = await identify(request)
        request.state.who = who
        return who

    return known


async def _form(request: Request) -> dict[str, Any]:
    """Fields, and files as (name, content)."""
    found: dict[str, Any] = {}
    async with request.form(max_files=1, max_fields=20) as form:
        for key, value in form.multi_items():
            found[key] = (Path(value.filename or "file").name, await value.read()) if isinstance(value, UploadFile) else value
    return found


def _same_site(request: Request) -> bool:
    """Browsers say where a form comes from; programs that say nothing have the token."""
    said = request.headers.get("sec-fetch-site")
    return said in {None, "same-origin", "none"}


def _see(request: Request, path: str) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/{quote(path, safe='/?=&')}", 303)


@lru_cache(1)
def _ready() -> None:
    """Imports that released versions need, done while the first page is read: a second that nobody waits for."""
    import dvc.api  # noqa: F401
    import pandas  # noqa: F401  (pyarrow asks for it at the first list it makes)


class _Templates:
    """Pages from templates; every value is escaped unless it is HTML that this program made."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._made = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
        )
        self._made.filters |= {"count": lambda n: "–" if n is None else f"{n:,}", "percent": percent}

    def token(self, who: Person, ago: int = 0) -> str:
        """What a form shown to this person carries: good for this half day, and the one before (`ago` 1)."""
        half_day = int(time.time() // 43_200) - ago
        return hmac.new(self._secret, f"{who.kind} {who.name} {half_day}".encode(), hashlib.sha256).hexdigest()

    def made(self, token: str, who: Person) -> bool:
        """Whether a form was shown to this person within the last 12 to 24 hours."""
        return any(hmac.compare_digest(token.encode(), self.token(who, ago).encode()) for ago in (0, 1))

    @staticmethod
    def language(request: Request) -> str:
        """As asked for in the address, else as chosen before, else as the browser says."""
        said = request.query_params.get("lang") or request.cookies.get("curation_lang")
        if said in {"en", "zh"}:
            return said
        return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"

    def page(self, request: Request, who: Person, name: str, found: dict[str, Any]) -> Response:
        """A page for somebody."""
        return self._render(request, f"{name}.html", {**found, "who": who, "token": self.token(who), "here": name}, 200)

    def error(self, request: Request, said: str, status: int) -> Response:
        """One line, as the command line says it."""
        said, who = tongue.told(said, self.language(request) == "zh"), getattr(request.state, "who", None)
        return self._render(request, "error.html", {"said": said, "status": status, "who": who, "here": "error"}, status)

    def _render(self, request: Request, template: str, found: dict[str, Any], status: int) -> Response:
        language = self.language(request)
        given = {
            "zh": language == "zh",
            "lang": language,
            "root": request.scope.get("root_path", ""),
            "t": lambda en, zh: zh if language == "zh" else en,
            "error_line": lambda line: tongue.told(line, language == "zh"),
            "term": terms.chinese if language == "zh" else str,
            "outcome": lambda word: why.outcome(word, language == "zh"),
            "keeps": lambda one: conditions.keeps(one, language == "zh"),
            "selects": lambda where: conditions.selects(where, language == "zh"),
            "reason": lambda code: terms.reason(code).zh if language == "zh" else terms.reason(code).en,
            "word": decisions.in_chinese if language == "zh" else str,
            "said_in": lambda words: (words.get(language) or words.get("en") or words.get("zh") or "") if words else "",
            "address": request.url.path,
            "query": {key: value for key, value in request.query_params.items() if key != "lang"},
            "card_style": html.STYLE,
        }
        made = self._made.get_template(template).render({**given, **found})
        response = HTMLResponse(made, status, background=BackgroundTask(_ready))
        if request.query_params.get("lang") in {"en", "zh"}:
            response.set_cookie("curation_lang", language, samesite="lax", httponly=True, max_age=365 * 86400)
        return response


def alone(find: Callable[[], Workspace], name: str, key: str | None = None, decides: bool = True) -> tuple[FastAPI, str]:
    """The application for one person of this machine, and the key that its address carries once, as Jupyter does it."""
    key = key or secrets.token_urlsafe(24)
    cookie = "curation_key"

    async def identify(request: Request) -> Person:
        given = request.query_params.get("key") or request.cookies.get(cookie) or ""
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise HTTPException(401, "open the address that `curate ui` printed")
        return Person(name, "os-user", decides)

    app = create(find, identify, key.encode())

    @app.middleware("http")
    async def remember(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.query_params.get("key") == key and request.method == "GET":
            response: Response = RedirectResponse(request.url.remove_query_params("key"), 303)
            response.set_cookie(cookie, key, httponly=True, samesite="strict")
            return response
        return await call_next(request)

    return app, key
