"""Raw bytes become documents: written once here, never changed until assemble.

Objects are extracted one by one while a source has at most 64; a source of many small files is extracted in 64 groups
by a hash of their names, so that 3,000 pages are 64 shards and a new page touches one of them.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation import archive, catalog, engines, fingerprint, mapping, published, readers, reservations, rooms, standing
from curation.decisions import Decision
from curation.declaration import parse
from curation.document import DOCUMENT, QUARANTINE, doc_id
from curation.errors import ContractError, DataError
from curation.license import Claim
from curation.license_files import READ_BYTES, LicenseFiles
from curation.manifest import Source
from curation.readers import Record, Unreadable
from curation.signals import pii
from curation.steps import Tell, silent
from curation.store import ROW_GROUP_BYTES, SHARD_BYTES, Workspace

GROUPS = 64


@dataclass(frozen=True)
class Task:
    """A group of raw objects and the key its documents are stored under."""

    workspace: Workspace
    source: str
    objects: tuple[dict[str, Any], ...]
    key: str


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
    groups = _supersede(workspace, name, [known[task.key] for task in tasks])
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
    purged = [one.subject for one in _purged(workspace)]
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
        described += json.dumps(purged, sort_keys=True) if purged else ""
        key = hashlib.sha256(described.encode()).hexdigest()[:16]
        tasks.append(Task(workspace, source.id, tuple(groups[place]), key))
    return tasks


def _purged(workspace: Workspace) -> list[Decision]:
    return [one for one in standing.withdrawals(workspace) if one.facts["purged"]]


def _as_extracted(group: dict[str, Any]) -> dict[str, Any]:
    """The group before later objects superseded documents of it: what a re-run can reuse."""
    return group["extracted"] or group  # type: ignore[no-any-return]


def _whole(workspace: Workspace, group: dict[str, Any]) -> bool:
    group = _as_extracted(group)
    return all(map(workspace.exists, [group["quarantine"], *(shard["file"] for shard in group["shards"])]))


def extract(task: Task) -> dict[str, Any]:
    """Documents and quarantine rows of one group of objects; returns its index entry."""
    source = catalog.source(task.workspace, task.source)
    out = _Writer(task)
    beside = _license_objects(task, source)
    for one in task.objects:
        for name, found in _records_of(task, source, one, beside):
            if isinstance(found, Record) and "fields" in one:
                found.fields = {**one["fields"], **{key: value for key, value in found.fields.items() if value is not None}}
            out.take(one, name, found, source)
        out.end_object(one, source)
    return out.close()


# --- reading ----------------------------------------------------------------------------------------------


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


# --- writing ----------------------------------------------------------------------------------------------


class _Writer:
    """Collects documents into row groups and shards, and what could not become one into quarantine."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0
        self._tables: list[pa.Table] = []
        self._table_bytes = 0
        self._shards: list[dict[str, Any]] = []
        self._quarantine: list[dict[str, Any]] = []
        self._records = self._documents = self._in_documents = 0
        self._seen: Counter[str] = Counter()
        self._quoted: dict[Claim, Claim] = {}
        self._out = _purged(task.workspace)
        self._out_ids = {
            doc
            for one in self._out
            for doc in pq.read_table(task.workspace.root / one.facts["tombstone"], columns=["id"])["id"].to_pylist()
        }
        self._run: list[dict[str, Any]] = []
        self._run_claims: list[Claim] = []
        self._run_name = ""

    def take(self, one: dict[str, Any], name: str, found: Record | Unreadable, source: Source) -> None:
        """One record or one fault, in order."""
        self._records += 1
        if isinstance(found, Unreadable):
            place = name if found.key is None else f"{name}:{found.key}"
            self._refuse(one, place, found.reason, found.detail, 1)
            return
        found.fields["_key"], found.fields["_format"] = found.key, found.format
        groups = source.map.group_by
        same = bool(groups) and bool(self._run) and all(found.fields.get(g) == self._run[0].get(g) for g in groups)
        if not same:
            self._end_run(one, source)
            self._run_name, self._run_claims = name, found.claims
        else:
            self._run_claims = list(dict.fromkeys([*self._run_claims, *found.claims]))
        self._run.append(found.fields)

    def end_object(self, one: dict[str, Any], source: Source) -> None:
        self._end_run(one, source)

    def _end_run(self, one: dict[str, Any], source: Source) -> None:
        run, self._run = self._run, []
        if not run:
            return
        key, form = run[0].pop("_key"), run[0].pop("_format")
        place = self._run_name if key is None else f"{self._run_name}:{key}"
        try:
            row = self._document(one, source, run, key)
            row["format"] = form or row["format"]
        except mapping.Missing as missing:
            self._refuse(one, place, missing.reason, missing.detail, len(run))
            return
        if self._is_purged(row):
            self._refuse(one, row["doc_id"], "withdrawn", "its text was withdrawn and purged", len(run))
            return
        self._rows.append(row)
        self._documents += 1
        self._in_documents += len(run)
        self._seen[row["doc_id"]] += 1
        self._bytes += len(row["text"].encode())
        if self._bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _document(self, one: dict[str, Any], source: Source, run: list[dict[str, Any]], key: str | None) -> dict[str, Any]:
        fields, declared = run[0], source.map
        text = mapping.text_of(run, declared)
        if declared.id is None:
            native = self._run_name if key is None else f"{self._run_name}:{key}"
        else:
            native = mapping.words_of(mapping.value(fields, declared.id, "id")) or ""
        if not native.strip():
            raise mapping.Missing("no_id", f"column {declared.id!r} is empty")
        claims = list(self._run_claims)
        if source.license != "unknown":
            evidence = "; ".join(filter(None, (e.note or e.uri for e in source.license_evidence))) or None
            claims.insert(0, Claim("manifest", source.license, evidence, f"data/sources/{source.id}.yaml"))
        labels = (reservations.from_label(one["AIGC"], native) for one in run if one.get("AIGC") is not None)
        claims += [label for label in labels if label][:1]
        if declared.license:
            said = (mapping.words_of(mapping.value(one_record, declared.license, "")) for one_record in run)
            claims += [Claim("record", value, None, native) for value in dict.fromkeys(filter(None, said))]
        return {
            "doc_id": doc_id(source.id, native),
            "source": source.id,
            "native_id": native,
            "text": text,
            "record": mapping.record_of(fields, declared),
            "title": mapping.words_of(mapping.value(fields, declared.title, "title")),
            "authors": mapping.authors_of(mapping.value(fields, declared.authors, "authors")),
            "url": mapping.words_of(mapping.value(fields, declared.url, "url")),
            "format": source.reader()[0],
            "published": mapping.day_of(mapping.value(fields, declared.published, "published")),
            "metadata": mapping.metadata_of(fields, declared),
            "raw_sha256": one["sha256"],
            "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "license_claims": [self._scrubbed(claim)._asdict() for claim in claims],
        }

    def _is_purged(self, row: dict[str, Any]) -> bool:
        """Withdrawn and purged: its words do not come back from a raw file that holds other documents too."""
        if not self._out:
            return False
        if row["doc_id"] in self._out_ids:
            return True
        table = pa.table({"doc_id": [row["doc_id"]], "source": [row["source"]], "document.url": [row["url"]]})
        return any(
            standing.matching(table, by, value)[0] for one in self._out for by, value in one.subject.items() if by != "license"
        )

    def _scrubbed(self, claim: Claim) -> Claim:
        """A notice names its holder, often with an address: what cards and ledgers quote has none."""
        if claim not in self._quoted:
            if claim.detector == reservations.AIGC:  # JSON, and so it stays
                said = {key: pii.scrubbed(value) for key, value in json.loads(claim.passage or "{}").items()}
                self._quoted[claim] = claim._replace(passage=json.dumps(said, ensure_ascii=False))
            else:
                self._quoted[claim] = claim._replace(passage=claim.passage and pii.scrubbed(claim.passage))
        return self._quoted[claim]

    def _refuse(self, one: dict[str, Any], where: str, reason: str, detail: str, records: int) -> None:
        self._quarantine.append(
            {
                "source": self._task.source,
                "object": one["name"],
                "raw_sha256": one["sha256"],
                "where": where,
                "reason": reason,
                "detail": pii.scrubbed(detail[:500].encode("utf-8", "replace").decode()),
                "records": records,
            }
        )

    def _flush(self) -> None:
        if self._rows:
            self._tables.append(pa.Table.from_pylist(self._rows, schema=DOCUMENT))
            self._table_bytes += self._bytes
            self._rows, self._bytes = [], 0
        if self._table_bytes >= SHARD_BYTES:
            self._end_shard()

    def _end_shard(self) -> None:
        if self._tables:
            self._shards.append(write_shard(self._task, f"{self._task.key}-{len(self._shards):05d}", self._tables))
            self._tables, self._table_bytes = [], 0

    def close(self) -> dict[str, Any]:
        """Write what is left; the group's index entry, whose counts must add up."""
        self._flush()
        self._end_shard()
        if twice := {doc for doc, count in self._seen.items() if count > 1}:
            self._shards = [without(self._task, shard, twice, self._twin, "") for shard in self._shards]
        key = self._task.workspace.quarantine(self._task.source, f"{self._task.key}.parquet")
        self._task.workspace.write_table(key, pa.Table.from_pylist(self._quarantine, schema=QUARANTINE))
        refused = sum(row["records"] for row in self._quarantine)
        if self._in_documents + refused != self._records:
            raise ContractError(
                f"extract {self._task.source}: {self._records} records read, {self._in_documents} + {refused} told"
            )
        return {
            "key": self._task.key,
            "extracted": None,
            "shards": self._shards,
            "quarantine": key,
            "records": self._records,
            "documents": self._documents,
            "quarantined": refused,
        }

    def _twin(self, row: dict[str, Any]) -> None:
        one = next(o for o in self._task.objects if o["sha256"] == row["raw_sha256"])
        self._refuse(one, row["native_id"], "duplicate_native_id", "two documents of one fetch have this native_id", 1)
        self._documents -= 1
        self._in_documents -= 1


def write_shard(task: Task, stem: str, tables: list[pa.Table]) -> dict[str, Any]:
    """One shard, a row group per table; returns its index entry."""
    key = task.workspace.documents(task.source, f"{stem}.parquet")
    with task.workspace.table_writer(key, DOCUMENT) as writer:
        for table in tables:
            writer.write_table(table)
    size = sum(pc.sum(pc.binary_length(table["text"])).as_py() or 0 for table in tables)
    return {"file": key, "sha256": task.workspace.sha256(key), "rows": sum(t.num_rows for t in tables), "text_bytes": size}


def without(task: Task, shard: dict[str, Any], unwanted: set[str], told: Any, suffix: str) -> dict[str, Any]:
    """The shard written again without some documents, each of which is told."""
    tables = []
    wanted = pa.array(sorted(unwanted), pa.string())
    file = task.workspace.parquet(shard["file"])
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        out = pc.is_in(table["doc_id"], value_set=wanted)
        for row in table.filter(out).select(["doc_id", "native_id", "raw_sha256"]).to_pylist():
            told(row)
        if (kept := table.filter(pc.invert(out))).num_rows:
            tables.append(kept)
    stem = Path(shard["file"]).stem + suffix
    return write_shard(task, stem, tables or [DOCUMENT.empty_table()])


def _supersede(workspace: Workspace, source: str, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A native_id in two groups: the later object (by name) supersedes; the earlier row goes to quarantine."""
    last: dict[str, tuple[int, int]] = {}
    lost: dict[int, set[str]] = {}
    for number, group in enumerate(groups):
        for shard in group["shards"]:
            for doc in workspace.read_table(shard["file"], ["doc_id"])["doc_id"].to_pylist():
                if doc in last and last[doc][0] != number:
                    lost.setdefault(last[doc][0], set()).add(doc)
                last[doc] = (number, 0)
    for number, docs in lost.items():
        group = groups[number]
        task = Task(workspace, source, (), group["key"])
        told: list[dict[str, Any]] = []
        suffix = "-" + hashlib.sha256("".join(sorted(docs)).encode()).hexdigest()[:8]
        shards = [without(task, shard, docs, told.append, suffix) for shard in group["shards"]]
        table = workspace.read_table(group["quarantine"])
        rows = [
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
        workspace.write_table(key, pa.concat_tables([table, pa.Table.from_pylist(rows, schema=QUARANTINE)]))
        counts = {"documents": group["documents"] - len(told), "quarantined": group["quarantined"] + len(told)}
        groups[number] = {**group, **counts, "extracted": group, "shards": shards, "quarantine": key}
    return groups
