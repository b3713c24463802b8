"""Bytes come in: every object of a source, unchanged, with a receipt that says where from and when."""

import fnmatch
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curation import archive, catalog, connectors, credentials, published, rooms
from curation.connectors import Asked, Fetched
from curation.declaration import parse
from curation.errors import DataError, DeclarationError
from curation.license import Claim
from curation.license_files import LicenseFiles
from curation.steps import Tell, silent
from curation.store import Workspace, dump_json

SAMPLE_BYTES = 256 << 20  # of one object in a trial
TRIAL_BYTES = 2 << 30  # of a trial in all: it ends with the object that reaches it
TRIAL_SECONDS = 600.0  # that a connector may take over one thing in a trial


class LargerThanTrial(DataError):
    """An object that is there, and too large to be fetched whole for a trial."""


def run(
    name: str,
    workspace: Workspace,
    workers: int = 1,
    tell: Tell = silent,
    sample: int | None = None,
    beside: Workspace | None = None,
    anonymous: bool = False,
) -> dict[str, Any]:
    """Fetch what is new or changed; objects that did not change are not fetched again.

    A trial takes the first `sample` objects only, into a scratch workspace that lies `beside` the one whose files and sources are meant;
    an `anonymous` one, of somebody's form, borrows no login and no private address of this machine.
    """
    home = beside or workspace
    source = catalog.source(workspace, name)
    kind, given = source.connector()
    shown = workspace.shown(workspace.source_file(name))
    connector = rooms.find(connectors, kind)
    options = parse(connector.Options, given, f"{shown}: where.{kind}")
    if sample and hasattr(options, "seconds"):
        options = options.model_copy(update={"seconds": min(options.seconds, TRIAL_SECONDS)})
    objects: dict[str, dict[str, Any]] = {}
    fetched = 0
    with ExitStack() as stack:
        asked = Asked(
            root=home.root,
            known=_known(workspace, name),
            raw_member=lambda other, glob: stack.enter_context(_member(home, other, glob)),
            upstream_claims=lambda other: [Claim(*c) for o in published.raw(home, other)["objects"] for c in o["claims"]],
            sample=sample,
            anonymous=anonymous,
        )
        try:
            for one in connector.fetch(options, asked):
                entry = _keep(workspace, name, kind, one, asked.known, SAMPLE_BYTES if sample else None)
                fetched += one.stream is not None
                if one.name in objects:
                    raise DataError(f"{shown}: two objects are named {one.name!r}")
                objects[one.name] = entry
                tell(len(objects), 0)
                if sample and (
                    sum(not LicenseFiles.wants(key) for key in objects) >= sample
                    or sum(entry["size"] for entry in objects.values()) >= TRIAL_BYTES
                ):
                    break
        except DeclarationError as error:
            raise DeclarationError(credentials.masked(f"{shown}: {error}")) from None
        except LargerThanTrial:
            raise
        except DataError as error:
            raise DataError(credentials.masked(f"{shown}: {error}")) from None
    listed = [objects[key] for key in sorted(objects)]
    workspace.write_json(workspace.raw(name, "INDEX.json"), {"source": name, "objects": listed})
    return {"objects": len(listed), "fetched": fetched, "bytes": sum(o["size"] for o in listed)}


_ENTRY = {"name", "file_name", "uri", "sha256", "size", "claims", "fields"}


def _known(workspace: Workspace, name: str) -> dict[str, dict[str, Any]]:
    known = {}
    receipts = {one["name"]: one for one in published.receipts(workspace, name)}
    # an ingest that broke off left receipts, and no index of them
    entries = {key: {part: value for part, value in one.items() if part in _ENTRY} for key, one in receipts.items()}
    indexed = (workspace.read_json(workspace.raw(name, "INDEX.json")) or {"objects": []})["objects"]
    for entry in {**entries, **{one["name"]: one for one in indexed}}.values():
        receipt = receipts.get(entry["name"])
        if (
            receipt
            and receipt["sha256"] == entry["sha256"]
            and workspace.exists(published.raw_object(workspace, name, entry["sha256"]))
        ):
            known[entry["name"]] = {**entry, "facts": receipt["facts"]}
    return known


def _keep(
    workspace: Workspace, source: str, connector: str, one: Fetched, known: dict[str, dict[str, Any]], most: int | None
) -> dict[str, Any]:
    if one.stream is None:
        entry = _said_now(known[one.name], one)
        before = known[one.name]["facts"]
        if one.facts and one.facts != before and (receipt := workspace.read_json(_receipt(workspace, source, one.name))):
            workspace.write_bytes(_receipt(workspace, source, one.name), dump_json({**receipt, **entry, "facts": one.facts}))
        if one.claims:  # unchanged bytes, but what the publisher reserves today is said with each answer
            said = {claim.detector for claim in one.claims}
            entry["claims"] = [claim for claim in entry["claims"] if claim[0] not in said] + [list(claim) for claim in one.claims]
        return entry
    digest, size = hashlib.sha256(), 0
    with workspace.scratch() as folder:
        staged = folder / "object"
        with staged.open("wb") as out:
            for piece in _pieces(one):
                digest.update(piece)
                out.write(piece)
                size += len(piece)
                if most is not None and size > most:
                    raise LargerThanTrial(f"{one.uri}: was reached, and is larger than the {most >> 20} MB that a trial fetches")
        sha256 = digest.hexdigest()
        if not workspace.exists(published.raw_object(workspace, source, sha256)):
            workspace.publish(staged, published.raw_object(workspace, source, sha256))
    entry = {
        "name": one.name,
        "file_name": one.file_name,
        "uri": one.uri,
        "sha256": sha256,
        "size": size,
        "claims": [list(claim) for claim in one.claims],
        **({"fields": one.fields} if one.fields else {}),
    }
    receipt = _receipt(workspace, source, one.name)
    before = known.get(one.name) or {}
    if (before.get("sha256"), before.get("facts")) != (sha256, one.facts) or not workspace.exists(receipt):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        workspace.write_bytes(receipt, dump_json({**entry, "connector": connector, "retrieved_at": now, "facts": one.facts}))
    return entry


def _pieces(one: Fetched) -> Iterator[bytes]:
    assert one.stream is not None
    try:
        while piece := one.stream.read(1 << 20):
            yield piece
    except OSError as error:  # a share or a storage that breaks off; bytes so far are never published
        raise DataError(f"{one.uri}: {error}") from None


def _said_now(known: dict[str, Any], one: Fetched) -> dict[str, Any]:
    """The entry of unchanged bytes, with the address and the fields that the connector tells today."""
    entry = {key: value for key, value in known.items() if key not in {"facts", "fields"}}
    return {**entry, "uri": one.uri, **({"fields": one.fields} if one.fields else {})}


def _receipt(workspace: Workspace, source: str, name: str) -> str:
    return workspace.raw(source, f"receipts/{hashlib.sha256(name.encode()).hexdigest()[:32]}.json")


class _member:
    """A file inside another source's raw bytes, as a local path for as long as the block lasts."""

    def __init__(self, workspace: Workspace, source: str, glob: str) -> None:
        self._workspace, self._source, self._glob = workspace, source, glob
        self._stack = ExitStack()

    def __enter__(self) -> Path:
        folder = self._stack.enter_context(self._workspace.scratch())
        for entry in published.raw(self._workspace, self._source)["objects"]:
            with self._workspace.open(published.raw_object(self._workspace, self._source, entry["sha256"])) as stream:
                if fnmatch.fnmatchcase(entry["name"], self._glob):
                    return _copied(stream, folder / "member")
                if not archive.is_archive(entry["file_name"]):
                    continue
                try:
                    for member in archive.members(stream, entry["file_name"], [self._glob], []):
                        if member.stream is not None:
                            return _copied(member.stream, folder / "member")
                except archive.READ_ERRORS as error:
                    raise DataError(f"where.from: {entry['name']} of source {self._source!r} cannot be read: {error}") from None
        raise DataError(f"where.from: source {self._source!r} has no file that matches {self._glob!r}")

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _copied(stream: Any, path: Path) -> Path:
    with path.open("wb") as out:
        while piece := stream.read(1 << 20):
            out.write(piece)
    return path
