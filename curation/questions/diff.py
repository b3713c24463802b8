"""What changed between two versions of a dataset?"""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation import catalog
from curation.errors import DeclarationError
from curation.loading import read_columns
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
    where, documents = str(workspace.root), {"data/*.parquet": ["id", "source", "title", "native_id", "text_sha256"]}
    one = read_columns(where, name, old, documents)[0]
    two, ledger = read_columns(where, other, new, {**documents, "ledger/removed.parquet": ["doc_id", "filter"]})
    sources = catalog.dataset(workspace, other).sources if workspace.recipe_file(other).exists() else []
    was, now = _texts(one), _texts(two)
    added, gone = sorted(now.keys() - was.keys()), sorted(was.keys() - now.keys())
    changed = sorted(doc for doc in was.keys() & now.keys() if was[doc] != now[doc])
    reasons = _reasons(one, gone, ledger, sources)
    return {
        "before": f"{name}@{old}",
        "after": f"{other}@{new}",
        "documents": [r["counts"]["documents"] for r in records],
        "tokens": [r["counts"]["tokens"] for r in records],
        "added": len(added),
        "removed": len(gone),
        "changed": len(changed),
        "removed_because": dict(sorted(Counter(reasons.values()).items())),
        "tokens_by": {
            part: _side_by_side(records[0]["counts"][f"tokens_by_{part}"], records[1]["counts"][f"tokens_by_{part}"])
            for part in ("language", "license", "source")
        },
        "samples": {
            "added": _shown(two, added[:SAMPLES]),
            "removed": [{**row, "reason": reasons[row["id"]]} for row in _shown(one, gone[:SAMPLES])],
            "changed": _shown(two, changed[:SAMPLES]),
        },
    }


def _texts(documents: pa.Table) -> dict[str, str]:
    return dict(zip(documents["id"].to_pylist(), documents["text_sha256"].to_pylist(), strict=True))


def _rows(documents: pa.Table, ids: list[str]) -> pa.Table:
    return documents.filter(pc.is_in(documents["id"], pa.array(ids, pa.string()))).sort_by("id")


def _shown(documents: pa.Table, ids: list[str]) -> list[dict[str, Any]]:
    return [dict(row) for row in _rows(documents, ids).to_pylist()]


def _reasons(documents: pa.Table, gone: list[str], ledger: pa.Table, sources: list[str]) -> dict[str, str]:
    """Why each of them went: the first reason that the ledger has, else what became of its source."""
    rows = _rows(documents, gone)
    said = {
        doc: "withdrawn at the source" if source in sources else "source left the recipe"
        for doc, source in zip(rows["id"].to_pylist(), rows["source"].to_pylist(), strict=True)
    }
    lines = ledger.filter(pc.is_in(ledger["doc_id"], rows["id"].combine_chunks()))
    first = dict(zip(reversed(lines["doc_id"].to_pylist()), reversed(lines["filter"].to_pylist()), strict=True))
    return said | first


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
