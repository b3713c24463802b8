"""Fetch the sources of positives through the product's own steps, and keep what may be shipped.

    python -m training.collect

A document is kept when the verdict on its license claims is permissive or public domain, without conflict.
"""

import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation import catalog
from curation.license import Claim, decide
from curation.manifest import Source
from curation.steps import extract, ingest
from curation.store import Workspace
from training.places import COLLECTED, POSITIVES, ROOT

ALLOWED = {"T0", "T1"}  # public domain; permissive
SCHEMA = pa.schema([("source", pa.string()), ("native_id", pa.string()), ("text", pa.large_string())])


def main() -> None:
    """Every source in name order; derived ones after those they read."""
    workspace = Workspace(ROOT)
    sources = [catalog.source(workspace, name) for name in workspace.names("sources")]
    told = {}
    tables = []
    for source in sorted(sources, key=lambda one: (one.upstream() is not None, one.id)):
        ingest.run(source.id, workspace)
        if source.format == "code":  # the package that a derived source reads; its own text is code
            continue
        extract.run(source.id, workspace)
        rows, facts = permitted(workspace, source)
        tables.append(pa.Table.from_pylist(rows, schema=SCHEMA))
        told[source.id] = facts
    pq.write_table(pa.concat_tables(tables), POSITIVES)
    COLLECTED.write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def permitted(workspace: Workspace, source: Source) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The documents of a source that may be shipped, by native_id, and what the data card says of it."""
    index = workspace.read_json(workspace.documents(source.id, "INDEX.json"))
    verdicts: Counter[str] = Counter()
    rows = []
    for group in index["groups"]:
        for shard in group["shards"]:
            columns = ["native_id", "text", "license_claims"]
            for row in workspace.read_table(shard["file"], columns).to_pylist():
                license_id, _, _, conflict, tier = decide([Claim(**claim) for claim in row["license_claims"]])
                if conflict or tier not in ALLOWED:
                    verdicts["conflict" if conflict else f"tier {tier}"] += 1
                    continue
                verdicts[str(license_id)] += 1
                rows.append({"source": source.id, "native_id": row["native_id"], "text": row["text"]})
    rows.sort(key=lambda row: row["native_id"])
    return rows, {
        "title": source.title.en,
        "package": package(workspace, source),
        "license": source.license,
        "verdicts": dict(sorted(verdicts.items())),
        "documents": len(rows),
    }


def package(workspace: Workspace, source: Source) -> str:
    """The package and version that the text comes out of."""
    while upstream := source.upstream():
        source = catalog.source(workspace, upstream)
    _, where = source.connector()
    return f"{where['package']} {where['version']}"


if __name__ == "__main__":
    main()
