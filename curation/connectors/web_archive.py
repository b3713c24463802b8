"""Single pages of web archives far away, by HTTP ranges: what an index found, and not the terabytes around it.

    where: {web_archive: {base: "https://data.commoncrawl.org/", captures: data/captures.parquet}}

`captures` is a file of the workspace, as the index of the archive gives it: Parquet, JSONL or CDXJ with `filename`, `offset`, `length`
(or Common Crawl's `warc_filename`, `warc_record_offset`, `warc_record_length`). All captures of one archive file become one object,
in their order there; an archive file whose captures are the same as last time is not asked again. `format: warc` reads them.
"""

import hashlib
import io
import posixpath
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

from pydantic import AfterValidator, Field

from curation import credentials, web
from curation.connectors import Asked, Fetched
from curation.declaration import Declared
from curation.errors import DataError

NAMES = (("filename", "offset", "length"), ("warc_filename", "warc_record_offset", "warc_record_length"))
MAX_RECORD = 64 << 20


class Options(Declared):
    """`base`: what the names of archive files are relative to; `plain_http` and `private_addresses` open what is closed by default."""

    base: Annotated[str, AfterValidator(credentials.without_password)]
    captures: str
    auth_ref: credentials.AuthRef | None = None
    seconds: float = Field(600.0, gt=0)
    plain_http: bool = False
    private_addresses: bool = False


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield the captures of each archive file."""
    limits = web.Limits(MAX_RECORD, options.seconds, options.plain_http, options.private_addresses)
    login = web.authorization(credentials.find(options.auth_ref, "where.web_archive"))
    found: dict[str, set[tuple[int, int]]] = {}
    for name, offset, length in _captures(asked.root / options.captures, options.captures):
        found.setdefault(name, set()).add((offset, length))
    if not found:
        raise DataError(f"{options.captures}: names no capture")
    for name in sorted(found):
        ranges = sorted(found[name])[: asked.sample or None]
        url = urllib.parse.urljoin(options.base.rstrip("/") + "/", urllib.parse.quote(name.lstrip("/")))
        told = hashlib.sha256(repr(ranges).encode()).hexdigest()
        facts = {"captures": len(ranges), "ranges": told}
        unchanged = asked.known.get(name, {}).get("facts", {}).get("ranges") == told
        stream = None if unchanged else cast(BinaryIO, io.BufferedReader(_Ranges(url, ranges, limits, login)))
        yield Fetched(name, web.public(url), posixpath.basename(name), stream, facts=facts)


def _captures(path: Path, shown: str) -> Iterator[tuple[str, int, int]]:
    for number, row in enumerate(_rows(path, shown), 1):
        keys = next((keys for keys in NAMES if all(row.get(key) is not None for key in keys)), None)
        try:
            if keys is None:
                raise ValueError
            name, offset, length = str(row[keys[0]]), int(row[keys[1]]), int(row[keys[2]])
            if offset < 0 or not 0 < length <= MAX_RECORD or ".." in name.split("/"):
                raise ValueError
        except (ValueError, TypeError):
            raise DataError(f"{shown}: row {number}: filename, offset >= 0 and length (1 to {MAX_RECORD}) are needed") from None
        yield name, offset, length


def _rows(path: Path, shown: str) -> Iterator[dict[str, Any]]:
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise DataError(f"where.web_archive.captures: there is no file {shown}")
    if path.suffix == ".parquet":
        try:
            with pq.ParquetFile(path) as file:
                wanted = [key for keys in NAMES for key in keys if key in file.schema_arrow.names]
                for batch in file.iter_batches(columns=wanted):
                    yield from batch.to_pylist()
        except pa.ArrowException as error:
            raise DataError(f"{shown}: {error}") from None
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            brace = line.find(b"{")  # CDXJ has a sort key and a time before its JSON
            if not line.strip():
                continue
            try:
                row = orjson.loads(line[max(brace, 0) :])
            except orjson.JSONDecodeError as error:
                raise DataError(f"{shown}: line {number}: {error}") from None
            yield row if isinstance(row, dict) else {}


class _Ranges(io.RawIOBase):
    """The bytes of some ranges of one file, one request each (those that touch share one)."""

    def __init__(self, url: str, ranges: list[tuple[int, int]], limits: web.Limits, login: dict[str, str]) -> None:
        self._url, self._limits, self._login = url, limits, login
        self._left: list[tuple[int, int]] = []
        for offset, length in ranges:
            if self._left and sum(self._left[-1]) == offset and self._left[-1][1] + length <= MAX_RECORD:
                self._left[-1] = (self._left[-1][0], self._left[-1][1] + length)
            else:
                self._left.append((offset, length))
        self._left.reverse()
        self._body: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._body is None:
                if not self._left:
                    return 0
                self._body = self._ask(*self._left.pop())
            piece = self._body.read(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            self._body.close()
            self._body = None

    def _ask(self, offset: int, length: int) -> BinaryIO:
        answer = web.get(self._url, self._limits, {**self._login, "Range": f"bytes={offset}-{offset + length - 1}"})
        said = answer.headers.get("Content-Range", "")
        if answer.status != 206 or not said.startswith(f"bytes {offset}-{offset + length - 1}/"):
            answer.body.close()
            raise DataError(
                f"{web.public(self._url)}: the server does not give bytes {offset}-{offset + length - 1} ({answer.status} {said})"
            )
        return answer.body
