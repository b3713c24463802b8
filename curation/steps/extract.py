"""Raw bytes become documents: written once here, never changed until assemble.

Objects are extracted one by one while a source has at most 64; a source of many small files is extracted in 64 groups
by a hash of their names, so that 3,000 pages are 64 shards and a new page touches one of them.
"""

import hashlib
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa

from curation import archive, catalog, engines, fingerprint, published, readers, reservations, rooms
from curation.declaration import parse
from curation.document import QUARANTINE
from curation.errors import DataError
from curation.license import Claim
from curation.license_files import READ_BYTES, LicenseFiles
from curation.manifest import Source
from curation.readers import Record, Unreadable
from curation.shard_writer import Task, Writer, purged, without
from curation.steps import Tell, silent
from curation.store import Workspace

GROUPS = 64


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Extract every group whose objects, declaration or code changed; publish the index last."""
    source = catalog.source(workspace, name)
    raw = published.raw(workspace, name)
    before = workspace.read_json(workspace.documents(name, "INDEX.json")) or {"groups": []}
    tasks = _tasks(workspace, source, raw["objects"])
    wanted = {task.key for task in tasks}  # a key holds the code's digest: an index of other code matches none
    known = {g["key"]: _as_extracted(g) for g in before["groups"] if g["key"] in wanted and _whole(workspace, g)}
    missing = [task for task in tasks if task.key not in known]
    for done, group in enumerate(engines.map_tasks(extract, missing, workers), 1):
        known[group["key"]] = group
        tell(done, len(missing))
    groups = _supersede(workspace, name, [known[task.key] for task in tasks], raw["objects"])
    counts = {count: sum(group[count] for group in groups) for count in ("records", "documents", "quarantined")}
    expected = source.expected
    if expected.rows_min is not None and counts["documents"] < expected.rows_min:
        raise DataError(f"source {name!r}: expected at least {expected.rows_min} documents, found {counts['documents']}")
    if expected.rows_max is not None and counts["documents"] > expected.rows_max:
        raise DataError(f"source {name!r}: expected at most {expected.rows_max} documents, found {counts['documents']}")
    workspace.write_json(workspace.documents(name, "INDEX.json"), {"source": name, "groups": groups, **counts})
    entries = [*groups, *map(_as_extracted, groups)]
    kept = {shard["file"] for entry in entries for shard in entry["shards"]}
    workspace.keep_only(workspace.documents(name), kept | {workspace.documents(name, "INDEX.json")})
    workspace.keep_only(workspace.quarantine(name), {entry["quarantine"] for entry in entries})
    return {**counts, "extracted": len(missing), "reused": len(tasks) - len(missing)}


def _tasks(workspace: Workspace, source: Source, objects: list[dict[str, Any]]) -> list[Task]:
    reader, _ = source.reader()
    declared = source.model_dump(
        mode="json", include={"format", "map", "members", "exclude", "license", "package_license_covers"}
    )
    used = rooms.names(readers) if reader == "auto" else [reader]
    code = "".join(
        fingerprint.of_module(one) for one in ("curation.steps.extract", *(rooms.find(readers, u).__name__ for u in used))
    )
    licenses = [(o["name"], o["sha256"]) for o in objects if LicenseFiles.wants(o["name"])]
    out = [one.subject for one in purged(workspace)]
    groups: dict[int, list[dict[str, Any]]] = {}
    for number, one in enumerate(objects):
        place = int(hashlib.sha256(one["name"].encode()).hexdigest()[:8], 16) % GROUPS
        groups.setdefault(place if len(objects) > GROUPS else number, []).append(one)
    tasks = []
    for place in sorted(groups):
        content = [
            [o["name"], o["file_name"], o["sha256"], o["claims"], *([o["fields"]] if "fields" in o else [])]
            for o in groups[place]
        ]
        described = json.dumps([content, declared, code, licenses], sort_keys=True)
        described += json.dumps(out, sort_keys=True) if out else ""
        key = hashlib.sha256(described.encode()).hexdigest()[:16]
        tasks.append(Task(workspace, source.id, tuple(groups[place]), key))
    return tasks


def _as_extracted(group: dict[str, Any]) -> dict[str, Any]:
    """The group before later objects superseded documents of it: what a re-run can reuse."""
    return group["extracted"] or group  # type: ignore[no-any-return]


def _whole(workspace: Workspace, group: dict[str, Any]) -> bool:
    group = _as_extracted(group)
    return all(map(workspace.exists, [group["quarantine"], *(shard["file"] for shard in group["shards"])]))


def extract(task: Task) -> dict[str, Any]:
    """Documents and quarantine rows of one group of objects; returns its index entry."""
    source = catalog.source(task.workspace, task.source)
    out = Writer(task)
    for _ in _taken(out, task, source):
        pass
    return out.close()


def first(name: str, workspace: Workspace, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The first documents of what is ingested, and the quarantine rows on the way to them; nothing is published."""
    source = catalog.source(workspace, name)
    out = Writer(Task(workspace, name, tuple(published.raw(workspace, name)["objects"]), "first"), first=count)
    for _ in _taken(out, out.task, source):
        if len(out.first) == count:
            break
    return out.first, out.quarantine


def _taken(out: Writer, task: Task, source: Source) -> Iterator[None]:
    """Every record of a task into the writer, a step each; a run of records ends with its object."""
    before: dict[str, Any] | None = None
    for one, name, found in _in_order(task, source):
        if before is not None and one is not before:
            out.end_object(before, source)
        out.take(one, name, found, source)
        before = one
        yield
    if before is not None:
        out.end_object(before, source)
        yield


def first_fields(source: Source, workspace: Workspace, count: int) -> list[dict[str, Any]]:
    """The fields of the first records, before a map is applied."""
    task = Task(workspace, source.id, tuple(published.raw(workspace, source.id)["objects"]), "first")
    records = (found for *_, found in _in_order(task, source) if isinstance(found, Record))
    return [found.fields for found in itertools.islice(records, count)]


# --- reading ----------------------------------------------------------------------------------------------


def _in_order(task: Task, source: Source) -> Iterator[tuple[dict[str, Any], str, Record | Unreadable]]:
    """(object, name, record) of every object of a task; a record that does not say a field has its object's."""
    beside = _license_objects(task, source)
    for one in task.objects:
        for name, found in _records_of(task, source, one, beside):
            if isinstance(found, Record) and "fields" in one:
                found.fields = {**one["fields"], **{key: value for key, value in found.fields.items() if value is not None}}
            yield one, name, found


def _records_of(
    task: Task, source: Source, one: dict[str, Any], beside: LicenseFiles
) -> Iterator[tuple[str, Record | Unreadable]]:
    """Records of one object with the name (of the object or the member) they are found under."""
    kind, given = source.reader()
    reader = rooms.find(readers, kind)
    shown = task.workspace.shown(task.workspace.source_file(source.id))
    options = parse(reader.Options, given, f"{shown}: format.{kind}")
    key = published.raw_object(task.workspace, source.id, one["sha256"])
    package = [Claim(*claim) for claim in one["claims"]]
    if not archive.is_archive(one["file_name"]):
        if LicenseFiles.wants(one["name"]):
            return
        if not archive.matches(one["name"], source.members, source.exclude):
            return
        claims = package + beside.claims(one["name"])
        with task.workspace.open(key) as stream, _plain(reader, stream, one["file_name"]) as plain:
            yield from _read(reader, plain, one["name"], options, claims, source)
        return
    licenses = _license_members(task.workspace, key, one)
    root = _root(one["file_name"])
    with task.workspace.open(key) as stream:
        matched = 0
        try:
            for member in archive.members(stream, one["file_name"], source.members, source.exclude):
                matched += 1
                name = f"{one['name']}#{member.name.removeprefix(root)}"
                if member.stream is None:
                    yield name, Unreadable(member.refused or "refused", f"member {member.name!r} is not read")
                    continue
                with _plain(reader, member.stream, member.name) as plain:
                    yield from _read(reader, plain, name, options, package + licenses.claims(member.name), source)
        except archive.Broken as error:
            yield one["name"], Unreadable("broken_archive", str(error))
            return
    if not matched:
        wanted = ", ".join(source.members) or "any file"
        yield one["name"], Unreadable("no_member", f"no file of {one['file_name']} matches members: {wanted}")


@contextmanager
def _plain(reader: Any, stream: BinaryIO, file_name: str) -> Iterator[BinaryIO]:
    if getattr(reader, "COMPRESSED", False):
        yield stream
        return
    with archive.decompressed(stream, file_name) as (plain, _):
        yield plain


def _read(
    reader: Any, stream: BinaryIO, name: str, options: Any, claims: list[Claim], source: Source
) -> Iterator[tuple[str, Record | Unreadable]]:
    if source.package_license_covers == "code":
        of_text = reservations.DETECTORS
        claims = [c if c.detector in of_text else c._replace(detector=f"{c.detector}_of_code") for c in claims]
    try:
        for found in reader.read(stream, name, options):
            if isinstance(found, Record):
                found.claims = [*claims, *found.claims]
            yield name, found
    except (archive.TooLarge, *archive.STREAM_ERRORS) as error:  # a broken or hostile stream, not a bug of a reader
        yield name, Unreadable("broken_stream", f"{type(error).__name__}: {error}")


def _root(file_name: str) -> str:
    """The folder that a source archive wraps its files in: django-5.2.7.tar.gz -> django-5.2.7/."""
    for suffix in archive.TAR + archive.ZIP:
        if file_name.lower().endswith(suffix):
            return file_name[: -len(suffix)] + "/"
    return ""


def _license_members(workspace: Workspace, key: str, one: dict[str, Any]) -> LicenseFiles:
    """What the license files of an archive say."""
    found = LicenseFiles(_root(one["file_name"]))
    with workspace.open(key) as stream:
        try:
            for member in archive.members(stream, one["file_name"], [], []):
                if member.stream is not None and LicenseFiles.wants(member.name):
                    found.add(member.name, member.stream.read(READ_BYTES), f"{one['name']}#{member.name}")
        except archive.Broken:
            return found  # the archive's fault is told by the pass that reads its records
    return found


def _license_objects(task: Task, source: Source) -> LicenseFiles:
    found = LicenseFiles()
    for one in published.raw(task.workspace, source.id)["objects"]:
        if LicenseFiles.wants(one["name"]):
            with task.workspace.open(published.raw_object(task.workspace, source.id, one["sha256"])) as stream:
                found.add(one["name"], stream.read(READ_BYTES), one["name"])
    return found


def _supersede(
    workspace: Workspace, source: str, groups: list[dict[str, Any]], objects: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A native_id in two objects: that of the later object (by name) stays; the earlier row goes to quarantine."""
    name_of: dict[str, str] = {}
    for one in objects:
        name_of[one["sha256"]] = max(one["name"], name_of.get(one["sha256"], ""))
    last: dict[str, tuple[str, int, str]] = {}  # document -> name of its object, group, digest of its object
    lost: dict[int, set[str]] = {}
    for number, group in enumerate(groups):
        for shard in group["shards"]:
            table = workspace.read_table(shard["file"], ["doc_id", "raw_sha256"])
            for doc, raw in zip(table["doc_id"].to_pylist(), table["raw_sha256"].to_pylist(), strict=True):
                now = (name_of.get(raw, ""), number, raw)
                if doc not in last:
                    last[doc] = now
                    continue
                older, last[doc] = sorted((last[doc], now))
                lost.setdefault(older[1], set()).add(doc + older[2])
    for number, rows in lost.items():
        group = groups[number]
        task = Task(workspace, source, (), group["key"])
        told: list[dict[str, Any]] = []
        suffix = "-" + hashlib.sha256("".join(sorted(rows)).encode()).hexdigest()[:8]
        shards = [without(task, shard, rows, told.append, suffix) for shard in group["shards"]]
        table = workspace.read_table(group["quarantine"])
        refused = [
            {
                "source": source,
                "object": row["native_id"],
                "raw_sha256": row["raw_sha256"],
                "where": row["native_id"],
                "reason": "superseded",
                "detail": "a later object of this source has this native_id",
                "records": 1,
            }
            for row in told
        ]
        key = workspace.quarantine(source, f"{group['key']}{suffix}.parquet")
        workspace.write_table(key, pa.concat_tables([table, pa.Table.from_pylist(refused, schema=QUARANTINE)]))
        counts = {"documents": group["documents"] - len(told), "quarantined": group["quarantined"] + len(told)}
        groups[number] = {**group, **counts, "extracted": group, "shards": shards, "quarantine": key}
    return groups
