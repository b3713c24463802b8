"""A database behind any SQLAlchemy URL, read-only and streamed; its raw is the ordered result as Parquet.

    where: {sql: {url: "postgresql://reader@db/docs", auth_ref: DOCS_PASSWORD, query: "SELECT ... ORDER BY id"}}
    where: {sql: {url: ..., cursor: updated_at, query: "SELECT ... ORDER BY updated_at, id"}}       what changed since the last ingest
    where: {sql: {from: {source: china-law-package, member: "**/laws.db"}, query: "SELECT ... ORDER BY id"}}

The third form reads an SQLite file that lies in another source's raw bytes. One transaction, read-only and repeatable-read, sees one
state of the database. With a cursor each ingest adds an object with the rows at or after the last value seen; a row that came before
supersedes nothing but itself (`map.id` must name it). Rows that were deleted stay, and a change that leaves the cursor as it was is not
seen: a source without a cursor sees both. Needs the extra `postgresql` or `mysql`, or another driver that SQLAlchemy knows.
"""

import hashlib
import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import AfterValidator, Field, model_validator

from curation import credentials
from curation.connectors import Asked, Fetched
from curation.declaration import Declared
from curation.errors import DataError, DeclarationError
from curation.license import Claim
from curation.store import parquet_writer

ROWS = 10_000  # per batch; with rows of 1 kB some 10 MB
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_COLON = re.compile(r"(?<![:\\]):(?=[A-Za-z_])")
_ORDER = re.compile(r"^(?P<rows>.*)\border\s+by\b(?P<order>.*)$", re.IGNORECASE | re.DOTALL)


class Origin(Declared):
    """A file inside the raw bytes of another source."""

    source: str
    member: str


class Options(Declared):
    """`auth_ref` names the password, or a Connection with login and password; `cursor` a column that grows with each change."""

    url: Annotated[str, AfterValidator(credentials.without_password)] | None = None
    origin: Origin | None = Field(None, alias="from")
    auth_ref: credentials.AuthRef | None = None
    query: str
    cursor: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.url is None) == (self.origin is None):
            raise ValueError("give url, or from")
        if not re.match(r"\s*(select|with)\b", self.query, re.IGNORECASE):
            raise ValueError("query: only SELECT (or WITH) is allowed")
        ordered = _ORDER.match(self.query)
        if not ordered:
            raise ValueError("query: ORDER BY is required, so that the same rows give the same bytes")
        order = ordered["order"]
        if self.cursor and re.match(rf"\s*{self.cursor}\s+(desc|nulls)\b", order, re.IGNORECASE):
            raise ValueError(
                f"query: with cursor: {self.cursor} its order must go up: ORDER BY {self.cursor}, without DESC and NULLS"
            )
        if self.cursor and (order.count("(") != order.count(")") or not re.match(rf"\s*{self.cursor}\b", order, re.IGNORECASE)):
            raise ValueError(
                f"query: with cursor: {self.cursor} it must end with ORDER BY {self.cursor}, and what tells equal ones apart"
            )
        return self


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield the query's result as a Parquet file; with a cursor, the increments there were and one for what is new."""
    import sqlalchemy as sa

    url, name, claims = _address(options, asked)
    query = options.query.strip().rstrip(";")
    how = hashlib.sha256(f"{name} {query} {options.cursor}".encode()).hexdigest()[:16]
    known = {key: one for key, one in asked.known.items() if options.cursor and one["facts"].get("asked") == how}
    if sorted(known) != [f"{name}#{number:06d}" for number in range(1, len(known) + 1)]:
        known = {}  # one of them is gone: everything anew
    for key in sorted(known):
        yield Fetched(key, known[key]["uri"], known[key]["file_name"], None, claims, facts=known[key]["facts"])
    last = known[max(known)]["facts"] if known else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.parquet"
        try:
            engine = sa.create_engine(url)
            try:
                facts = _export(engine, query, path, options.cursor, last, asked.sample)
            finally:
                engine.dispose()
        except sa.exc.SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise DataError(f"{name}: {cause}") from None
        except ModuleNotFoundError as error:
            raise DataError(
                f"{name}: the driver {error.name!r} is not installed; extras `postgresql`, `mysql`, in the clone: pip install '.[postgresql]'"
            ) from None
        if facts is None:
            return
        key = f"{name}#{len(known) + 1:06d}" if options.cursor else name
        with path.open("rb") as stream:
            yield Fetched(key, name, "result.parquet", stream, claims, facts={**facts, "asked": how} if options.cursor else facts)


def _address(options: Options, asked: Asked) -> tuple[Any, str, list[Claim]]:
    """SQLAlchemy's URL, the object's name, and what is claimed of the rows."""
    import sqlalchemy as sa

    if options.origin:
        file = asked.raw_member(options.origin.source, options.origin.member)
        url = sa.make_url(f"sqlite:///file:{file}?mode=ro&uri=true")
        return url, f"sql:{options.origin.source}#{options.origin.member}", asked.upstream_claims(options.origin.source)
    try:
        url = sa.make_url(options.url or "")
    except sa.exc.ArgumentError:
        raise DeclarationError("where.sql.url: not an address such as postgresql://reader@host/database") from None
    if url.drivername.startswith("sqlite") and url.database:
        name = f"sql:{Path(options.url or '').name}"
        if not (asked.root / url.database).is_file():
            raise DataError(f"{name}: there is no file {url.database}")
        return sa.make_url(f"sqlite:///file:{(asked.root / url.database).absolute()}?mode=ro&uri=true"), name, []
    bare = sa.URL.create(url.drivername, host=url.host, port=url.port, database=url.database)  # no login and no options
    name = f"sql:{bare.render_as_string()}"
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    if login := credentials.find(options.auth_ref, "where.sql"):
        url = url.set(username=url.username or login.user, password=login.password)
    return url, name, []


def _export(
    engine: Any, query: str, path: Path, cursor: str | None, last: dict[str, Any] | None, sample: int | None
) -> dict[str, Any] | None:
    """Write the rows; what a receipt says of them, or null when nothing came after `last`."""
    import sqlalchemy as sa

    options: dict[str, Any] = {"stream_results": True, "max_row_buffer": ROWS}
    if engine.dialect.name in {"postgresql", "mysql", "mariadb"}:
        options["isolation_level"] = "REPEATABLE READ"
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    given = {}
    query = _COLON.sub(r"\\:", query)  # a colon in a text of the query is no parameter
    if cursor:  # in this form from the first time on, so that an order that names no column of the result fails at once
        parts = _ORDER.match(query)
        assert parts is not None
        where = ""
        if last and last["last"] is not None:
            where, given = f"WHERE {cursor} >= :last", {"last": _back(last["last"])}
        query = f"SELECT * FROM ({parts['rows']}) AS rows_so_far {where} ORDER BY {parts['order']}"
    statement: Any = sa.text(query)
    if sample:
        statement = sa.select(sa.text("*")).select_from(sa.text(f"({query}) AS sample_of_rows")).limit(sample)
    with engine.connect() as plain:
        if engine.dialect.name in {"mysql", "mariadb"}:
            plain.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            plain.commit()
        connection = plain.execution_options(**options)
        whole = False
        try:
            told = _write(connection.execute(statement, given), path, cursor)
            whole = True
        finally:
            if not whole:  # rows still wait on the wire: the connection is of no more use
                plain.invalidate()
    if last and (not told["rows"] or (told["last"] == last["last"] and told["rows"] == last["rows_at_last"])):
        return None
    return told


def _write(result: Any, path: Path, cursor: str | None) -> dict[str, Any]:
    names = list(result.keys())
    if cursor and cursor not in names:
        raise DeclarationError(f"where.sql.cursor: the query has no column {cursor!r}; known: {', '.join(names)}")
    place = names.index(cursor) if cursor else 0
    count, last, at_last = 0, None, 0
    batches = result.partitions(ROWS)
    first: Any = next(batches, [])
    schema = _schema(names, first)
    with parquet_writer(path, schema) as writer:
        for rows in itertools.chain([first], batches):
            writer.write_table(_table(names, rows, schema, count))
            count += len(rows)
            for row in rows if cursor else ():
                if row[place] is None:
                    raise DataError(
                        f"column {cursor!r}: row {count} is null, and so would never be seen again; COALESCE it in the query"
                    )
                if last is not None and row[place] < last:
                    raise DataError(
                        f"column {cursor!r}: row {count} goes down; ORDER BY {cursor} must be its natural order, upwards"
                    )
                at_last = at_last + 1 if row[place] == last else 1
                last = row[place]
    return {"rows": count, **({"last": _forth(last), "rows_at_last": at_last} if cursor else {})}


def _forth(value: Any) -> Any:
    """A cursor's value as a receipt holds it."""
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, int | str) or value is None:
        return value
    raise DeclarationError(f"where.sql.cursor: a column of {type(value).__name__}; allowed: whole numbers, times, dates, texts")


def _back(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["datetime"]) if "datetime" in value else date.fromisoformat(value["date"])
    return value


def _type(value: Any) -> pa.DataType:
    """How values like this one are kept; what Arrow has no exact type for (Decimal, UUID, JSON) becomes text."""
    if isinstance(value, datetime):
        return pa.timestamp("us", tz="UTC" if value.tzinfo else None)
    for kind, arrow in (
        (bool, pa.bool_()), (int, pa.int64()), (float, pa.float64()), (bytes, pa.binary()), (memoryview, pa.binary()),
        (date, pa.date32()), (time, pa.time64("us")), (timedelta, pa.duration("us")),
    ):  # fmt: skip
        if isinstance(value, kind):
            return arrow
    return pa.string()


def _schema(names: list[str], rows: Any) -> pa.Schema:
    if len(set(names)) != len(names):
        raise DeclarationError(f"where.sql.query: two columns have one name; AS gives others: {', '.join(names)}")
    return pa.schema([(name, _type(next((row[i] for row in rows if row[i] is not None), ""))) for i, name in enumerate(names)])


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    return str(value)


def _table(names: list[str], rows: Any, schema: pa.Schema, offset: int) -> pa.Table:
    columns = []
    for index, field in enumerate(schema):
        values = [row[index] for row in rows]
        try:
            columns.append(pa.array([_as_text(v) for v in values] if pa.types.is_string(field.type) else values, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError) as error:
            raise DataError(
                f"column {names[index]!r}: rows {offset}-{offset + len(rows)} are not {field.type} ({error}); CAST it in the query"
            ) from None
    return pa.Table.from_arrays(columns, schema=schema)
