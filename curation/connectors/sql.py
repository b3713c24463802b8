"""A database behind any SQLAlchemy URL, read-only and streamed; its raw is the ordered result as Parquet.

    where: {sql: {url: "postgresql+psycopg://reader@db/docs", auth_ref: DOCS_DB_PASSWORD, query: "SELECT ... ORDER BY id"}}
    where: {sql: {from: {source: china-law-package, member: "**/laws.db"}, query: "SELECT ... ORDER BY id"}}

The second form reads an SQLite file that lies in another source's raw bytes.
"""

import itertools
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pydantic import Field, model_validator

from curation.connectors import Asked, Fetched
from curation.declaration import Declared
from curation.errors import DataError, DeclarationError
from curation.store import parquet_writer

ROWS = 10_000  # per batch; with rows of 1 kB some 10 MB


class Origin(Declared):
    """A file inside the raw bytes of another source."""

    source: str
    member: str


class Options(Declared):
    """`auth_ref` names the environment variable that holds the password."""

    url: str | None = None
    origin: Origin | None = Field(None, alias="from")
    auth_ref: str | None = None
    query: str

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.url is None) == (self.origin is None):
            raise ValueError("give url, or from")
        if self.url and re.match(r"[^:/]+://[^@/]*:[^@/]+@", self.url):
            raise ValueError("url contains a password; name the environment variable that holds it: auth_ref: VARIABLE")
        if not re.match(r"\s*(select|with)\b", self.query, re.IGNORECASE):
            raise ValueError("query: only SELECT (or WITH) is allowed")
        if not re.search(r"\border\s+by\b", self.query, re.IGNORECASE):
            raise ValueError("query: ORDER BY is required, so that the same rows give the same bytes")
        return self


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield one object: the query's result as a Parquet file."""
    import sqlalchemy as sa

    if options.origin:
        file = asked.raw_member(options.origin.source, options.origin.member)
        url = sa.make_url(f"sqlite:///file:{file}?mode=ro&uri=true")
        name = f"sql:{options.origin.source}#{options.origin.member}"
        claims = asked.upstream_claims(options.origin.source)
    else:
        url = sa.make_url(options.url or "")
        if url.drivername.startswith("sqlite") and url.database:
            url = sa.make_url(f"sqlite:///file:{(asked.root / url.database).absolute()}?mode=ro&uri=true")
        name = f"sql:{url.set(username=None, password=None, query={}).render_as_string()}"
        if options.origin is None and options.url and url.drivername.startswith("sqlite"):
            name = f"sql:{Path(options.url).name}"
        claims = []
        if options.auth_ref:
            if options.auth_ref not in os.environ:
                raise DeclarationError(f"where.sql.auth_ref: the environment variable {options.auth_ref} is not set")
            url = url.set(password=os.environ[options.auth_ref])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.parquet"
        try:
            rows = _export(sa.create_engine(url), options.query, path)
        except sa.exc.SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise DataError(f"{name}: {cause}") from None
        with path.open("rb") as stream:
            yield Fetched(name, name, "result.parquet", stream, claims, {"rows": rows})


def _export(engine: Any, query: str, path: Path) -> int:
    import sqlalchemy as sa

    count = 0
    read_only = {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(stream_results=True, max_row_buffer=ROWS, **read_only) as connection:
        result = connection.execute(sa.text(query))
        names = list(result.keys())
        batches = result.partitions(ROWS)
        first: Any = next(batches, [])
        schema = _schema(names, first)
        with parquet_writer(path, schema) as writer:
            for rows in itertools.chain([first], batches):
                writer.write_table(_table(names, rows, schema, count))
                count += len(rows)
    engine.dispose()
    return count


def _schema(names: list[str], rows: Any) -> pa.Schema:
    fields = []
    for index, name in enumerate(names):
        inferred = pa.array([row[index] for row in rows]).type if rows else pa.string()
        fields.append(pa.field(name, pa.string() if pa.types.is_null(inferred) else inferred))
    return pa.schema(fields)


def _table(names: list[str], rows: Any, schema: pa.Schema, offset: int) -> pa.Table:
    columns = []
    for index, field in enumerate(schema):
        values = [row[index] for row in rows]
        try:
            columns.append(pa.array(values, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise DataError(
                f"column {names[index]!r}: rows {offset}-{offset + len(rows)} are not {field.type} ({error}); CAST it in the query"
            ) from None
    return pa.Table.from_arrays(columns, schema=schema)
