"""PostgreSQL and MySQL (MariaDB) as they are: snapshots, increments, types, logins, and nothing written."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from curation import credentials, published
from curation.errors import DataError, DeclarationError
from curation.questions import check
from curation.steps import extract, ingest
from curation.store import Workspace
from tests import servers
from tests.connectors.test_connectors import declare, texts

TABLE = (
    "CREATE TABLE manuals (id integer PRIMARY KEY, title varchar(80), body text, price numeric(12,2), updated_at timestamp NULL)"
)
ORDERED = "SELECT id, title, body, price, updated_at FROM manuals ORDER BY id"
BY_TIME = "SELECT id, title, body, price, updated_at FROM manuals ORDER BY updated_at, id"


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[sa.Engine, str]]]:
    """Kind -> an engine that may write, and the URL a source declares."""
    folder = tmp_path_factory.mktemp("servers")
    with servers.postgresql(folder / "p") as url, servers.mariadb(folder / "m") as port:
        own = sa.make_url(url).set(drivername="postgresql+psycopg")
        with sa.create_engine(own).connect().execution_options(isolation_level="AUTOCOMMIT") as c:
            c.execute(sa.text("CREATE ROLE reader LOGIN PASSWORD 'geheim'"))
            c.execute(sa.text("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader"))
        yield {
            "postgresql": (sa.create_engine(own), f"postgresql://reader@/postgres?host={own.query['host']}"),
            "mysql": (
                sa.create_engine(f"mysql+pymysql://writer:schreib@127.0.0.1:{port}/docs"),
                f"mysql://reader@127.0.0.1:{port}/docs",
            ),
        }


@pytest.fixture(params=["postgresql", "mysql"])
def database(request: pytest.FixtureRequest, databases: dict[str, tuple[sa.Engine, str]], monkeypatch: pytest.MonkeyPatch) -> Any:
    engine, url = databases[request.param]
    with engine.begin() as c:
        c.execute(sa.text("DROP TABLE IF EXISTS manuals"))
        c.execute(sa.text(TABLE))
    monkeypatch.setenv("DOCS_PASSWORD", "geheim")
    yield engine, url
    engine.dispose()


def put(engine: sa.Engine, rows: list[tuple[Any, ...]]) -> None:
    with engine.begin() as c:
        c.execute(
            sa.text("DELETE FROM manuals WHERE id IN :ids").bindparams(sa.bindparam("ids", [r[0] for r in rows], expanding=True))
        )
        keys = ("id", "title", "body", "price", "updated_at")
        c.execute(
            sa.text("INSERT INTO manuals VALUES (:id, :title, :body, :price, :updated_at)"), [dict(zip(keys, r)) for r in rows]
        )


def source(workspace: Workspace, url: str, query: str, more: str = "") -> None:
    where = f'{{sql: {{url: "{url}", auth_ref: DOCS_PASSWORD, query: "{query}"{more}}}}}'
    declare(workspace, "manuals", where, "parquet", 'map: {id: "{id}", text: body, keep: [price]}\n')


def test_rows_of_a_server_keep_their_types(database: Any, workspace: Workspace) -> None:
    """Numbers, times and texts as Arrow has them, exact decimals as text; the same rows give the same bytes, and no secret is kept."""
    engine, url = database
    put(engine, [(n, f"手册{n}", f"第{n}条 正文", "1234567890.10", datetime(2026, 11, n)) for n in (2, 1, 3)])
    source(workspace, url, ORDERED)
    ingest.run("manuals", workspace)
    (one,) = published.raw(workspace, "manuals")["objects"]
    table = pq.read_table(workspace.root / "data/raw/manuals/objects" / one["sha256"])
    assert table.schema.field("updated_at").type == "timestamp[us]" and table["price"].to_pylist() == ["1234567890.10"] * 3
    assert table["id"].to_pylist() == [1, 2, 3]
    kept = "".join(p.read_text("utf-8", "replace") for p in workspace.root.rglob("*") if p.is_file())
    assert "geheim" not in kept and "reader" not in json.dumps(published.receipts(workspace, "manuals"))
    ingest.run("manuals", workspace)
    assert published.raw(workspace, "manuals")["objects"] == [one]


def test_increments(database: Any, workspace: Workspace) -> None:
    """What changed becomes one more object; the changed document supersedes, the rest is not read again; another query starts anew."""
    engine, url = database
    put(engine, [(n, "t", f"text {n}", 1, datetime(2026, 11, n)) for n in (1, 2, 3)])
    source(workspace, url, BY_TIME, ", cursor: updated_at")
    assert ingest.run("manuals", workspace)["fetched"] == 1 and ingest.run("manuals", workspace)["fetched"] == 0
    put(engine, [(2, "t", "text 2 again", 1, datetime(2026, 11, 9)), (4, "t", "text 4", 1, datetime(2026, 11, 3))])
    assert ingest.run("manuals", workspace) | {"bytes": 0} == {"objects": 2, "fetched": 1, "bytes": 0}
    report = extract.run("manuals", workspace)
    assert report["extracted"] == 2 and texts(workspace, "manuals") == {
        "1": "text 1", "2": "text 2 again", "3": "text 3", "4": "text 4",
    }  # fmt: skip
    assert ingest.run("manuals", workspace)["fetched"] == 0
    put(engine, [(5, "t", "text 5", 1, datetime(2026, 11, 10))])
    ingest.run("manuals", workspace)
    assert extract.run("manuals", workspace)["extracted"] == 1 and len(texts(workspace, "manuals")) == 5
    source(workspace, url, BY_TIME.replace("SELECT", "SELECT  "), ", cursor: updated_at")
    assert ingest.run("manuals", workspace)["objects"] == 1


def test_a_cursor_outlives_empty_increments(database: Any, workspace: Workspace) -> None:
    """An empty table at first, the newest row deleted later: what comes after is still seen; a colon in the query is a colon."""
    engine, url = database
    source(workspace, url, BY_TIME.replace("SELECT id,", "SELECT ' :draft' AS said, id,"), ", cursor: updated_at")
    for n in (1, 2):
        ingest.run("manuals", workspace)
        put(engine, [(n, "t", f"text {n}", 1, datetime(2026, 11, n))])
    ingest.run("manuals", workspace)
    with engine.begin() as c:
        c.execute(sa.text("DELETE FROM manuals WHERE id = 2"))
    assert ingest.run("manuals", workspace)["fetched"] == 0
    put(engine, [(3, "t", "text 3", 1, datetime(2026, 11, 3))])
    assert ingest.run("manuals", workspace)["fetched"] == 1
    extract.run("manuals", workspace)
    assert set(texts(workspace, "manuals")) == {"1", "2", "3"}


def test_seventy_increments_supersede_in_their_order(workspace: Workspace) -> None:
    """More objects than groups: the newest version of each row stays, whatever group a hash puts its object in."""
    engine = sa.create_engine(f"sqlite:///{workspace.root}/docs.db")
    with engine.begin() as c:
        c.execute(sa.text("CREATE TABLE m (id integer PRIMARY KEY, body text, u integer)"))
    where = '{sql: {url: "sqlite:///docs.db", cursor: u, query: "SELECT id, body, u FROM m ORDER BY u, id"}}'
    declare(workspace, "rows", where, "parquet", 'map: {id: "{id}", text: body}\n')
    for n in range(1, 71):
        with engine.begin() as c:
            c.execute(
                sa.text("INSERT OR REPLACE INTO m VALUES (:id, :body, :u)"), {"id": n % 5 + 1, "body": f"version {n}", "u": n}
            )
            c.execute(sa.text("INSERT INTO m VALUES (:id, :body, :u)"), {"id": 100 + n, "body": f"row {n}", "u": n})
        ingest.run("rows", workspace)
    report = extract.run("rows", workspace)
    found = texts(workspace, "rows")
    with engine.connect() as c:
        assert found == {str(one.id): one.body for one in c.execute(sa.text("SELECT id, body FROM m"))}
    assert report["documents"] == 75 and report["documents"] + report["quarantined"] == report["records"]
    (workspace.root / "data/raw/rows/objects" / published.raw(workspace, "rows")["objects"][7]["sha256"]).unlink()
    assert ingest.run("rows", workspace)["objects"] == 1, "a lost increment makes everything be fetched anew"
    engine.dispose()


def test_nothing_is_written(database: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that may write does not: the transaction is read-only."""
    engine, url = database
    monkeypatch.setenv("WRITER", "schreib")
    with engine.begin() as c:
        c.execute(sa.text("CREATE SEQUENCE IF NOT EXISTS numbers"))
    url = url.replace("reader@", "postgres@" if url.startswith("postgresql") else "writer@")
    query = (
        "SELECT nextval('numbers') AS id ORDER BY 1"
        if url.startswith("postgresql")
        else "SELECT nextval(docs.numbers) AS id ORDER BY 1"
    )
    declare(workspace, "writing", f'{{sql: {{url: "{url}", auth_ref: WRITER, query: "{query}"}}}}', "parquet")
    with pytest.raises(DataError, match=r"(?i)read.only") as caught:
        ingest.run("writing", workspace)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "more", "message"),
    [
        (BY_TIME, "auth_ref: DOCS_PASSWORD, cursor: updated_at", "column 'updated_at': row 1 is null"),
        (
            "SELECT id, updated_at AS at FROM manuals ORDER BY updated_at",
            "auth_ref: DOCS_PASSWORD, cursor: updated_at",
            "(?i)column .*updated_at",
        ),
        (ORDERED, "auth_ref: ABSENT", "the environment variable ABSENT is not set"),
        ("SELECT id, id FROM manuals ORDER BY 1", "auth_ref: DOCS_PASSWORD", "two columns have one name"),
    ],
)
def test_faults_are_one_line(database: Any, workspace: Workspace, query: str, more: str, message: str) -> None:
    engine, url = database
    put(engine, [(1, "t", "text", 1, None)])
    declare(workspace, "faulty", f'{{sql: {{url: "{url}", query: "{query}", {more}}}}}', "parquet")
    with pytest.raises((DataError, DeclarationError), match=message) as caught:
        ingest.run("faulty", workspace)
    assert "\n" not in str(caught.value)


def test_a_wrong_password_is_not_repeated(
    databases: dict[str, tuple[sa.Engine, str]], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own words, without the secret."""
    monkeypatch.setenv("WRONG", "ein-falsches-wort")
    declare(
        workspace,
        "docs-x",
        f'{{sql: {{url: "{databases["mysql"][1]}", auth_ref: WRONG, query: "SELECT 1 AS text ORDER BY 1"}}}}',
        "parquet",
    )
    with pytest.raises(DataError, match="Access denied") as caught:
        ingest.run("docs-x", workspace)
    assert "ein-falsches-wort" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "more", "message"),
    [
        (
            "postgresql://me:hunter2@db/docs",
            "",
            "contains a password or a token, which would reach git: name the environment variable",
        ),
        ("postgresql://me@db/docs?password=hunter2", "", "contains a secret .password."),
        ("postgresql://me@db/docs", ", auth_ref: 'hunter2!'", "never the secret itself"),
        ("postgresql://me@db/docs", ", cursor: updated_at", "must end with ORDER BY updated_at"),
        ("postgresql://me@db/docs", ", cursor: updated_at, query: 'SELECT 1 ORDER BY updated_at DESC'", "its order must go up"),
    ],
)
def test_what_a_declaration_may_not_say(workspace: Workspace, url: str, more: str, message: str) -> None:
    declare(
        workspace,
        "docs-x",
        f'{{sql: {{url: "{url}"{more if "query" in more else more + ", query: SELECT 1 ORDER BY 1"}}}}}',
        "parquet",
    )
    with pytest.raises(DeclarationError, match=message) as caught:
        check.source(workspace, "docs-x")
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


def test_an_airflow_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """In both forms that Airflow reads from the environment, else from Airflow where a DAG told how; a repr hides it."""
    monkeypatch.setattr(credentials, "_ask_airflow", [])
    monkeypatch.setenv("AIRFLOW_CONN_DOCS", "postgres://me:hun%2Fter2@db:5432/docs")
    assert credentials.find("airflow:docs", "x") == credentials.Credential("hun/ter2", "me")
    monkeypatch.setenv("AIRFLOW_CONN_DOCS", '{"conn_type": "postgres", "login": "me", "password": "hun/ter3"}')
    found = credentials.find("airflow:docs", "x")
    assert found == credentials.Credential("hun/ter3", "me") and "hun" not in repr(found)
    assert credentials.masked("said hun/ter3 and hun%2Fter2") == "said *** and ***"
    monkeypatch.delenv("AIRFLOW_CONN_DOCS")
    with pytest.raises(DeclarationError, match=r"x\.auth_ref: airflow:docs: outside Airflow, set AIRFLOW_CONN_DOCS"):
        credentials.find("airflow:docs", "x")
    store = {"docs": SimpleNamespace(login="me", password="from the store")}
    credentials.use_airflow(store.__getitem__, KeyError)
    assert credentials.find("airflow:docs", "x") == credentials.Credential("from the store", "me")
    with pytest.raises(DeclarationError, match="Airflow knows no Connection"):
        credentials.find("airflow:other", "x")


def test_times_with_a_zone_are_kept_in_utc(
    databases: dict[str, tuple[sa.Engine, str]], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCS_PASSWORD", "geheim")
    query = "SELECT 'x' AS body, timestamptz '2026-11-26 08:00+08' AS seen, '[1]'::jsonb AS body_json, 7 AS id ORDER BY 1"
    source(workspace, databases["postgresql"][1], query)
    ingest.run("manuals", workspace)
    (one,) = published.raw(workspace, "manuals")["objects"]
    row = pq.read_table(workspace.root / "data/raw/manuals/objects" / one["sha256"]).to_pylist()[0]
    assert row["seen"] == datetime(2026, 11, 26, tzinfo=UTC) and row["body_json"] == "[1]"
