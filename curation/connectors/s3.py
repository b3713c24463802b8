"""Objects of S3, or of any storage that speaks it (MinIO, OSS, COS, OBS): a folder, a glob or one object.

    where: {s3: {url: "s3://bucket/manuals/**/*.pdf", endpoint: "https://storage.example.org"}}

The login is that of the AWS environment (variables, profile, role), or `auth_ref`: an environment variable with
ACCESS_KEY:SECRET_KEY, or an Airflow Connection; `anonymous: true` sends none. Objects whose ETag did not change are not fetched
again. Needs the extra `s3`.
"""

import fnmatch
import posixpath
from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator

from curation import credentials
from curation.connectors import Asked, Fetched, some
from curation.declaration import Declared
from curation.errors import DataError, DeclarationError


class Options(Declared):
    """`endpoint`: of a storage other than AWS; `region` as it asks for."""

    url: str = Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$")
    endpoint: str | None = Field(None, pattern=r"^https?://[^@?#]+$")
    region: str | None = None
    auth_ref: credentials.AuthRef | None = None
    anonymous: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.auth_ref and self.anonymous:
            raise ValueError("give auth_ref or anonymous, not both")
        return self


def fetch(options: Options, asked: Asked) -> Iterator[Fetched]:
    """Yield every object below the address, by key; names are relative to its fixed part."""
    import botocore.exceptions

    files = _file_system(options)
    bucket, _, key = options.url.removeprefix("s3://").partition("/")
    fixed = key.partition("*")[0].rpartition("/")[0] if "*" in key or "?" in key else key.rstrip("/")
    try:
        listed = files.find(f"{bucket}/{fixed}", detail=True) if fixed else files.find(bucket, detail=True)
        objects = {path.split("/", 1)[1]: entry for path, entry in listed.items() if entry.get("type") == "file"}
        wanted = sorted(one for one in objects if _matches(one, key, fixed))
        if not wanted:
            raise DataError(f"{options.url}: there is no such object")
        for one in some(wanted, asked):
            name = posixpath.basename(one) if one == fixed else one.removeprefix(f"{fixed}/") if fixed else one
            etag, uri = str(objects[one].get("ETag", "")).strip('"'), f"s3://{bucket}/{one}"
            known = asked.known.get(name, {}).get("facts", {})
            if etag and known.get("etag") == etag:
                yield Fetched(name, uri, posixpath.basename(one), None, facts=known)
                continue
            with files.open(f"{bucket}/{one}", "rb") as stream:
                yield Fetched(name, uri, posixpath.basename(one), stream, facts={"etag": etag, "size": objects[one].get("size")})
    except (OSError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise DataError(f"{options.url}: {str(error).splitlines()[0] if str(error) else type(error).__name__}") from None


def _matches(key: str, wanted: str, fixed: str) -> bool:
    if "*" in wanted or "?" in wanted:
        return fnmatch.fnmatchcase(key, wanted.replace("**/", "*"))
    return not fixed or key == fixed or key.startswith(f"{fixed}/")


def _file_system(options: Options) -> Any:
    try:
        import s3fs
    except ImportError:
        raise DataError("the connector s3 needs its extra, in the clone: pip install '.[s3]'") from None
    given: dict[str, Any] = {"anon": options.anonymous, "skip_instance_cache": True, "use_listings_cache": False}
    client = {"endpoint_url": options.endpoint, "region_name": options.region}
    given["client_kwargs"] = {key: value for key, value in client.items() if value}
    if login := credentials.find(options.auth_ref, "where.s3"):
        key, _, secret = (login.user, "", login.password) if login.user else login.password.partition(":")
        if not key or not secret:
            raise DeclarationError("where.s3.auth_ref: the value is not ACCESS_KEY:SECRET_KEY")
        given |= {"key": key, "secret": secret}
    return s3fs.S3FileSystem(**given)
