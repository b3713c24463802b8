"""Documents on their way to disk: records become rows, row groups and shards; what could not become one becomes a quarantine row."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation import mapping, reservations, standing
from curation.decisions import Decision
from curation.document import DOCUMENT, QUARANTINE, doc_id
from curation.errors import ContractError
from curation.license import Claim
from curation.manifest import Source
from curation.readers import Record, Unreadable
from curation.signals import pii
from curation.store import ROW_GROUP_BYTES, SHARD_BYTES, Workspace


@dataclass(frozen=True)
class Task:
    """A group of raw objects and the key its documents are stored under."""

    workspace: Workspace
    source: str
    objects: tuple[dict[str, Any], ...]
    key: str


def purged(workspace: Workspace) -> list[Decision]:
    return [one for one in standing.withdrawals(workspace) if one.facts["purged"]]


MOST_TOLD = 10_000
_scrubbed = lru_cache(4096)(pii.scrubbed)  # a fault says the same of a million lines


class Writer:
    """Collects documents into row groups and shards, and what could not become one into quarantine."""

    def __init__(self, task: Task, first: int = 0) -> None:
        self.task = task
        self.first: list[dict[str, Any]] = []  # so many rows, for those who want no more
        self._most_first = first
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0
        self._tables: list[pa.Table] = []
        self._table_bytes = 0
        self._shards: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []
        self._faults: Counter[tuple[str, str]] = Counter()
        self._more: dict[tuple[str, str], dict[str, Any]] = {}
        self._records = self._documents = self._in_documents = 0
        self._seen: Counter[str] = Counter()  # document and digest of its object
        self._from: dict[tuple[str, str], str] = {}  # the same, and the object's name
        self._quoted: dict[Claim, Claim] = {}
        self._out = purged(task.workspace)
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
            self._fault(one, place, found.reason, found.detail, 1)
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
            self._fault(one, place, missing.reason, missing.detail, len(run))
            return
        if self._is_purged(row):
            self._refuse(one, row["doc_id"], "withdrawn", "its text was withdrawn and purged", len(run))
            return
        of = (row["doc_id"], row["raw_sha256"])
        if self._from.setdefault(of, one["name"]) != one["name"]:
            self._refuse(one, row["native_id"], "superseded", f"the same bytes are read as {self._from[of]}", len(run))
            return
        self._rows.append(row)
        if len(self.first) < self._most_first:
            self.first.append(row)
        self._documents += 1
        self._in_documents += len(run)
        self._seen[row["doc_id"] + row["raw_sha256"]] += 1
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

    def _fault(self, one: dict[str, Any], where: str, reason: str, detail: str, records: int) -> None:
        """What cannot be read, a row each up to a number that somebody would look at; the rest of its kind is one row that counts them."""
        kind = (one["name"], reason)
        self._faults[kind] += 1
        if self._faults[kind] <= MOST_TOLD:
            self._refuse(one, where, reason, detail, records)
            return
        if kind not in self._more:
            self._refuse(one, where, reason, "and more of the same in this object, from here on", 0)
            self._more[kind] = self.quarantine[-1]
        self._more[kind]["records"] += records

    def _refuse(self, one: dict[str, Any], where: str, reason: str, detail: str, records: int) -> None:
        self.quarantine.append(
            {
                "source": self.task.source,
                "object": one["name"],
                "raw_sha256": one["sha256"],
                "where": where,
                "reason": reason,
                "detail": _scrubbed(detail[:500].encode("utf-8", "replace").decode()),
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
            self._shards.append(write_shard(self.task, f"{self.task.key}-{len(self._shards):05d}", self._tables))
            self._tables, self._table_bytes = [], 0

    def close(self) -> dict[str, Any]:
        """Write what is left; the group's index entry, whose counts must add up."""
        self._flush()
        self._end_shard()
        if twice := {row for row, count in self._seen.items() if count > 1}:
            self._shards = [without(self.task, shard, twice, self._twin, "") for shard in self._shards]
        key = self.task.workspace.quarantine(self.task.source, f"{self.task.key}.parquet")
        self.task.workspace.write_table(key, pa.Table.from_pylist(self.quarantine, schema=QUARANTINE))
        refused = sum(row["records"] for row in self.quarantine)
        if self._in_documents + refused != self._records:
            raise ContractError(
                f"extract {self.task.source}: {self._records} records read, {self._in_documents} + {refused} told"
            )
        return {
            "key": self.task.key,
            "extracted": None,
            "shards": self._shards,
            "quarantine": key,
            "records": self._records,
            "documents": self._documents,
            "quarantined": refused,
        }

    def _twin(self, row: dict[str, Any]) -> None:
        one = next(o for o in self.task.objects if o["sha256"] == row["raw_sha256"])
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
    """The shard written again without some rows (document and digest of its object, in one text), each of which is told."""
    tables = []
    wanted = pa.array(sorted(unwanted), pa.string())
    file = task.workspace.parquet(shard["file"])
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        out = pc.is_in(pc.binary_join_element_wise(table["doc_id"], table["raw_sha256"], ""), value_set=wanted)
        for row in table.filter(out).select(["doc_id", "native_id", "raw_sha256"]).to_pylist():
            told(row)
        if (kept := table.filter(pc.invert(out))).num_rows:
            tables.append(kept)
    stem = Path(shard["file"]).stem + suffix
    return write_shard(task, stem, tables or [DOCUMENT.empty_table()])
