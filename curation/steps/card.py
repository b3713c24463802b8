"""The card in its forms, plots, and the manifest that names every file of the dataset by digest."""

import hashlib
import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation import catalog, gate, levels, published, quality, signals, standing, versions
from curation.card import model as card_model
from curation.card.quality import drift
from curation.editing import key_id, pseudonym_key
from curation.errors import DataError
from curation.manifest import Source
from curation.recipe import Plan
from curation.signals.tokens import TOKENIZER
from curation.steps import Tell, assemble, silent
from curation.store import Workspace, dump_json

# one file each in curation/card; what they write are DVC outputs
EXPORTS = ("readme", "html", "croissant", "plots", "notice", "quality", "contributions", "content", "eu_summary", "spdx")
FOLDERS = ("plots", "LICENSES", "reports")  # of exports that write several files
SHOWN = (("L1",), ("L1", "L2"))  # levels of sources whose text a card may quote: within an organisation, to everybody
UNREAD = {"text", "record", "native_id", "title", "authors", "raw_sha256", "metadata"}  # columns no number of a card needs


def run(name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent) -> dict[str, Any]:
    """Compute the model, write every export, and the manifest last."""
    plan = catalog.plan(workspace, name)
    sources = [catalog.source(workspace, one) for one in plan.recipe.sources]
    files = _data_files(workspace, name)
    schema = workspace.parquet(workspace.dataset(name, files[0]["path"])).schema_arrow
    columns = [c for c in schema.names if c not in UNREAD]
    data = pa.concat_tables(workspace.read_table(workspace.dataset(name, f["path"]), columns) for f in files)
    ledger = workspace.read_table(workspace.dataset(name, "ledger/removed.parquet"))
    edits = workspace.read_table(workspace.dataset(name, "ledger/edits.parquet"), ["doc_id", "kind"])
    indexes = {s.id: published.signals(workspace, s.id) for s in sources}
    unreadable = {s.id: _unreadable(workspace, s.id) for s in sources}
    known = standing.known(workspace)
    own_levels = {source.id: levels.of_source(source, known) for source in sources}
    model = card_model.build(
        plan,
        sources,
        indexes,
        unreadable,
        data,
        ledger,
        edits,
        TOKENIZER,
        _claims_in_conflict(workspace, ledger, own_levels),
        files,
    )
    model["use"] = plan.recipe.used().model_dump()
    model["level"] = levels.highest(levels.of_source(source, known) for source in gate.sources_of(workspace, plan))
    model["columns"] = [{"name": f.name, "type": str(f.type)} for f in schema]
    shown = SHOWN[model["use"]["audience"] == "open"]
    public = {one for one, level in own_levels.items() if level in shown}
    own = pa.array([source.id for source in sources if source.source_type == "self_crawled"], pa.string())
    crawled = data.filter(pc.is_in(data["source"], value_set=own))
    measured = card_model.Measured(
        facts=quality.measure(workspace, plan, sources, files),
        rows=[row for row in quality.some(workspace, name, files, 200) if row["source"] in public],
        domains=quality.domains(data["url"].to_pylist(), [1] * data.num_rows),
        domain_tokens=quality.domains(crawled["url"].to_pylist(), crawled["tokens"].to_pylist()),
        most_domains=quality.DOMAINS,
        text_bytes=quality.text_bytes(workspace, name, files),
        clusters=workspace.read_table(workspace.dataset(name, "ledger/clusters.parquet")),
        published_name=signals.published_name,
    )
    card_model.complete(model, plan, sources, indexes, data, ledger, measured)
    digests = {
        "schema": _digest(str(assemble.schema())),
        "rules": _digest(_rules(plan)),
        "documents": _documents_digest(data),
        "data": _digest([[f["path"], f["sha256"]] for f in files]),
        "card": _digest({k: v for k, v in model.items() if k not in {"files", "splits"}}),
    }
    before = versions.latest(workspace.root, name)
    version, reason = versions.following(before, digests)
    if before and version == before["version"]:
        reason = before["reason"]  # a card made again after its release is the same card
    model["version"] = version
    model["changes"] = _changes(
        model, before, version, reason, {str(what): limit for what, limit in plan.recipe.quality.alarms.items()}
    )
    model["drift"] = (model["changes"] or {}).get("drift")
    written: dict[str, bytes] = {}
    for export in EXPORTS:
        written |= importlib.import_module(f"curation.card.{export}").render(model)
    with workspace.scratch() as scratch:
        for name_of in FOLDERS:
            folder = scratch / name_of
            folder.mkdir()
            for path, content in written.items():
                if path.startswith(f"{name_of}/"):
                    (scratch / path).write_bytes(content)
            workspace.publish_folder(folder, workspace.dataset(name, name_of))
    for path, content in sorted(written.items()):
        if "/" not in path:
            workspace.write_bytes(workspace.dataset(name, path), content)
    manifest = _manifest(workspace, plan, sources, model, digests, reason, files, written)
    workspace.write_json(workspace.dataset(name, "manifest.json"), manifest)
    return {
        "version": version,
        "reason": reason,
        "documents": model["documents"],
        "tokens": model["tokens"],
        "digest": manifest["digest"],
    }


def _data_files(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    base = workspace.dataset(name)
    keys = workspace.files(f"{base}/data")
    if not keys:
        raise DataError(f"dataset {name!r} is not assembled yet; run `curate step assemble {name}`")
    return [
        {
            "path": key.removeprefix(base + "/"),
            "rows": workspace.parquet(key).metadata.num_rows,
            "bytes": workspace.size(key),
            "sha256": workspace.sha256(key),
        }
        for key in keys
    ]


def _unreadable(workspace: Workspace, source: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for key in workspace.files(workspace.quarantine(source)):
        table = workspace.read_table(key, ["reason", "records"])
        for reason, records in zip(table["reason"].to_pylist(), table["records"].to_pylist(), strict=True):
            counted[reason] += records
    return counted


def _claims_in_conflict(workspace: Workspace, ledger: pa.Table, own_levels: dict[str, str]) -> dict[str, dict[str, Any]]:
    """One document of every source that has license conflicts, with its claims: what a reviewer must settle.

    Passages are words of the texts: only those of sources of L1 are quoted; the review page shows the others to who may read them.
    """
    conflicts = ledger.filter(pc.equal(ledger["column"], "license.conflict"))
    found: dict[str, dict[str, Any]] = {}
    for source in sorted(set(conflicts["source"].to_pylist())):
        wanted = min(conflicts.filter(pc.equal(conflicts["source"], source))["doc_id"].to_pylist())
        claims = published.license_claims(workspace, source, wanted)
        if own_levels[source] != "L1":
            claims = [{**claim, "passage": None, "where": None} for claim in claims]
        found[source] = {"document": wanted, "claims": claims}
    return found


def _rules(plan: Plan) -> Any:
    """The recipe's rules without the words about them."""
    chosen = plan.model_dump(mode="json")
    rules = {key: chosen["recipe"][key] for key in ("filters", "dedup", "edits", "splits")}
    if any("{pseudonym}" in edit.replacement for edit in plan.edits()):  # another key makes other data
        rules["pseudonym_key"] = key_id(pseudonym_key())
    return _without_words({**rules, "profiles": chosen["profiles"], "policy": chosen["policy"]})


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_words(v) for k, v in value.items() if k not in {"because", "title", "source"}}
    return [_without_words(v) for v in value] if isinstance(value, list) else value


def _documents_digest(data: pa.Table) -> str:
    digest = hashlib.sha256()
    for doc, text in sorted(zip(data["id"].to_pylist(), data["text_sha256"].to_pylist(), strict=True)):
        digest.update(f"{doc}{text}".encode())
    return digest.hexdigest()


def _changes(
    model: dict[str, Any], before: dict[str, Any] | None, version: str, reason: str, alarms: dict[str, float]
) -> dict[str, Any] | None:
    """What changed since the release before this version; the same again when this version is released already."""
    if before is None:
        return None
    if version == before["version"]:
        return before.get("changes")  # type: ignore[no-any-return]
    counts = before["counts"]
    return {
        "from": before["version"],
        "reason": reason,
        "documents_before": counts["documents"],
        "tokens_before": counts["tokens"],
        "tokens_by_source_before": counts["tokens_by_source"],
        "drift": drift(model["risk"], before.get("risk"), alarms),
    }


def _manifest(
    workspace: Workspace,
    plan: Plan,
    sources: list[Source],
    model: dict[str, Any],
    digests: dict[str, str],
    reason: str,
    files: list[dict[str, Any]],
    written: dict[str, bytes],
) -> dict[str, Any]:
    name = plan.recipe.name
    listed: dict[str, Any] = {f["path"]: {k: f[k] for k in ("rows", "bytes", "sha256")} for f in files}
    for key in workspace.files(workspace.dataset(name, "ledger")):
        path = key.removeprefix(workspace.dataset(name) + "/")
        listed[path] = {
            "rows": workspace.parquet(key).metadata.num_rows,
            "bytes": workspace.size(key),
            "sha256": workspace.sha256(key),
        }
    for path, content in written.items():
        listed[path] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    declared: dict[str, Path] = {f"data/sources/{s.id}.yaml": workspace.source_file(s.id) for s in sources}
    declared[f"data/recipes/{name}.yaml"] = workspace.recipe_file(name)
    declarations = {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in sorted(declared.items())}
    counts = {"documents": model["documents"], "tokens": model["tokens"]}
    by = {
        f"tokens_by_{part}": {str(r["value"] if "value" in r else r["id"]): r["tokens"] for r in model[f"{part}s"]}
        for part in ("language", "license", "source")
    }
    digest = _digest([listed, declarations])
    return {
        "dataset": name,
        "version": model["version"],
        "reason": reason,
        "digest": digest,
        "files": listed,
        "changes": model["changes"],
        "risk": {key: model["risk"][key] for key in ("personal_data", "rejects", "license_tiers", "domains")},
        "declarations": declarations,
        "digests": digests,
        "counts": counts | by,
        "shards": max(int(f["path"].rsplit("-of-", 1)[1].removesuffix(".parquet")) for f in files),
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(dump_json(json.loads(json.dumps(value, default=str)))).hexdigest()
