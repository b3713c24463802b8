"""OpenLineage events of each step, to a file beside the run's record: data/runs/<run>/lineage.jsonl, a START and a COMPLETE or FAIL each.

Aligned with the OpenLineage 2-0-2 run event and its 1-x facets; no collector is needed, and any can read the file. There is no facet
for licenses in the standard, so `curation_license` is ours.
"""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from curation import catalog, published
from curation.errors import CurationError
from curation.store import Workspace

PRODUCER = "urn:curation"
SPEC = "https://openlineage.io/spec"
FILE = "lineage.jsonl"


def run_uuid(run_id: str, job: str = "") -> str:
    """The id of a run, or of a step of it, as OpenLineage wants it; the same for the same names."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"curation:{run_id}:{job}"))


def emit(
    workspace: Workspace,
    run_id: str,
    step: str,
    name: str,
    kind: str,
    report: dict[str, Any] | None = None,
    fault: str | None = None,
) -> None:
    """Append one event. `kind` is START, COMPLETE or FAIL; outputs have their counts once they are there."""
    job = f"{step}.{name}"
    read, written = _datasets(workspace, step, name)
    facets: dict[str, Any] = {
        "parent": _facet("1-1-0/ParentRunFacet", run={"runId": run_uuid(run_id)}, job={"namespace": "curation", "name": "line"})
    }
    if fault:
        facets["errorMessage"] = _facet("1-0-0/ErrorMessageRunFacet", message=fault, programmingLanguage="Python")
    event = {
        "eventType": kind,
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "producer": PRODUCER,
        "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_uuid(run_id, job), "facets": facets},
        "job": {
            "namespace": "curation",
            "name": job,
            "facets": {
                "jobType": _facet("2-0-3/JobTypeJobFacet", processingType="BATCH", integration="CURATION", jobType="STEP")
            },
        },
        "inputs": [{"namespace": _namespace(workspace, one), "name": one} for one in read],
        "outputs": [_output(workspace, step, name, one, kind, report or {}) for one in written],
    }
    path = workspace.run_folder(run_id) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:  # one write: events of tasks side by side do not mix
        file.write(json.dumps(event, ensure_ascii=False, sort_keys=True, default=str) + "\n")


def _datasets(workspace: Workspace, step: str, name: str) -> tuple[list[str], list[str]]:
    """What a step reads and writes."""
    if step == "ingest":
        connector, options = catalog.source(workspace, name).connector()
        place = options.get("url") or options.get("path") or options.get("id") or options.get("package") or name
        upstream = catalog.source(workspace, name).upstream()
        return [f"raw/{upstream}" if upstream else f"{connector}:{str(place).split('?')[0]}"], [f"raw/{name}"]
    if step in {"extract", "annotate"}:
        before = {"extract": "raw", "annotate": "documents"}[step]
        return [f"{before}/{name}"], [f"{'documents' if step == 'extract' else 'signals'}/{name}"]
    sources = catalog.dataset(workspace, name).sources
    if step == "filter":
        return [f"signals/{one}" for one in sources], [f"ledgers/{name}/filter"]
    if step == "dedup":
        return [*(f"signals/{one}" for one in sources), f"ledgers/{name}/filter"], [f"ledgers/{name}/dedup"]
    if step == "assemble":
        ledgers = [f"ledgers/{name}/{one}" for one in ("filter", "dedup")]
        return [*(f"documents/{one}" for one in sources), *ledgers], [f"datasets/{name}"]
    return [f"datasets/{name}"], [f"datasets/{name}"]


def _namespace(workspace: Workspace, dataset: str) -> str:
    return (
        "external"
        if ":" in dataset.split("/")[0]
        else f"file://{workspace.root}/data"
        if workspace.is_local
        else workspace.storage
    )


def _output(workspace: Workspace, step: str, name: str, dataset: str, kind: str, report: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"namespace": _namespace(workspace, dataset), "name": dataset}
    if kind != "COMPLETE":
        return made
    rows = report.get("kept", report.get("documents", report.get("objects")))
    if isinstance(rows, int):
        made["outputFacets"] = {"outputStatistics": _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=rows)}
    if step in {"card", "release"}:
        try:
            manifest = published.manifest(workspace, name)
        except CurationError:
            return made
        made["facets"] = {
            "version": _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=manifest["version"]),
            "curation_license": {
                "_producer": PRODUCER,
                "_schemaURL": "urn:curation:license-facet:1",
                "tokens": manifest["counts"]["tokens_by_license"],
            },
        }
    return made


def _facet(schema: str, **facts: Any) -> dict[str, Any]:
    version, _, name = schema.partition("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{name}.json#/$defs/{name}", **facts}
