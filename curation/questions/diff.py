"""What changed between two versions of a dataset?"""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation import catalog
from curation.errors import DeclarationError
from curation.loading import Release
from curation.store import Workspace
from curation.tongue import t
from curation.versions import record, split_name

SAMPLES = 5


def ask(workspace: Workspace, before: str, after: str) -> dict[str, Any]:
    """Compare `name@v1` with `name@v2`: documents added, removed (with the reason) and changed; tokens by part."""
    name, old = split_name(before)
    other, new = split_name(after)
    if old is None or new is None:
        raise DeclarationError(f"diff needs versions, such as {name}@v1.0.0 {name}@v1.1.0")
    records = record(workspace.root, name, old), record(workspace.root, other, new)
    with Release(workspace, name, old) as left, Release(workspace, other, new) as right:
        one, two = _documents(left), _documents(right)
        ledger = pq.read_table(right / "ledger" / "removed.parquet").to_pylist()
    reasons: dict[str, dict[str, Any]] = {}
    for row in ledger:
        reasons.setdefault(row["doc_id"], row)
    sources = catalog.dataset(workspace, other).sources if workspace.recipe_file(other).exists() else []
    added = sorted(two.keys() - one.keys())
    removed = [
        {"id": doc, **one[doc], "reason": _reason(one[doc]["source"], reasons.get(doc), sources)}
        for doc in sorted(one.keys() - two.keys())
    ]
    changed = sorted(doc for doc in one.keys() & two.keys() if one[doc]["text_sha256"] != two[doc]["text_sha256"])
    return {
        "before": f"{name}@{old}",
        "after": f"{other}@{new}",
        "documents": [r["counts"]["documents"] for r in records],
        "tokens": [r["counts"]["tokens"] for r in records],
        "added": len(added),
        "removed": len(removed),
        "changed": len(changed),
        "removed_because": dict(sorted(Counter(r["reason"] for r in removed).items())),
        "tokens_by": {
            part: _side_by_side(records[0]["counts"][f"tokens_by_{part}"], records[1]["counts"][f"tokens_by_{part}"])
            for part in ("language", "license", "source")
        },
        "samples": {
            "added": [{"id": doc, **two[doc]} for doc in added[:SAMPLES]],
            "removed": removed[:SAMPLES],
            "changed": [{"id": doc, **two[doc]} for doc in changed[:SAMPLES]],
        },
    }


def _documents(folder: Path) -> dict[str, dict[str, Any]]:
    columns = ["id", "source", "title", "native_id", "text_sha256"]
    tables = [pq.read_table(path, columns=columns) for path in sorted((folder / "data").glob("*.parquet"))]
    return {row.pop("id"): row for row in pa.concat_tables(tables).to_pylist()}


def _reason(source: str, row: dict[str, Any] | None, sources: list[str]) -> str:
    if row is not None:
        return str(row["filter"])
    return "source left the recipe" if source not in sources else "withdrawn at the source"


def _side_by_side(one: dict[str, int], two: dict[str, int]) -> dict[str, list[int]]:
    return {key: [one.get(key, 0), two.get(key, 0)] for key in sorted({*one, *two})}


_PARTS = {"language": "语言", "license": "许可", "source": "来源"}
_KINDS = {"added": "新增", "removed": "移除", "changed": "变更"}


def shown(answer: dict[str, Any]) -> list[str]:
    """The answer as lines."""
    lines = [
        f"{answer['before']} → {answer['after']}",
        f"{t('documents', '文档')} {answer['documents'][0]:,} → {answer['documents'][1]:,}; "
        f"{t('tokens', '词元')} {answer['tokens'][0]:,} → {answer['tokens'][1]:,}",
        f"{t('added', '新增')} {answer['added']:,}, {t('removed', '移除')} {answer['removed']:,}, {t('changed', '变更')} {answer['changed']:,}",
    ]
    lines += [f"  {t('removed because', '移除原因')} {reason}: {count:,}" for reason, count in answer["removed_because"].items()]
    for part, rows in answer["tokens_by"].items():
        lines += [
            f"  {t('tokens', '词元')}, {t(part, _PARTS[part])} {key}: {one:,} → {two:,}"
            for key, (one, two) in rows.items()
            if one != two
        ]
    for kind in ("added", "removed", "changed"):
        for row in answer["samples"][kind]:
            because = f"  [{row['reason']}]" if "reason" in row else ""
            lines.append(f"  {t(kind, _KINDS[kind])}: {row['id']} {row['source']} {row['title'] or row['native_id']}{because}")
    return lines
