"""What changed between two versions of a dataset?"""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation import catalog, published, versions
from curation.errors import UnknownError
from curation.loading import read_columns
from curation.store import Workspace
from curation.tongue import t
from curation.versions import split_name

SAMPLES = 5
DATA = "data/*.parquet"


def ask(workspace: Workspace, before: str, after: str | None = None) -> dict[str, Any]:
    """Compare `name@v1` with `name@v2`, or with `name` as it stands: documents added, removed (with the reason), changed; tokens by part.

    Without `after` it is what stands; a `before` without a version is the newest one. Raises UnknownError for a version that is not there.
    """
    name, old = split_name(before)
    other, new = split_name(after or name)
    if old is None:
        if not (known := versions.released(workspace.root, name)):
            raise UnknownError(f"{name} has no version yet that one could compare with")
        old = known[-1]
    documents = ["id", "source", "title", "native_id", "text_sha256"]
    was_counts = versions.record(workspace.root, name, old)["counts"]
    one = read_columns(str(workspace.root), name, old, {DATA: documents})[0]
    two, ledger, counts = _released(workspace, other, new, documents) if new else _standing(workspace, other, documents)
    new = new or published.manifest(workspace, other)["version"]
    sources = catalog.dataset(workspace, other).sources if workspace.recipe_file(other).exists() else []
    was, now = _texts(one), _texts(two)
    added, gone = sorted(now.keys() - was.keys()), sorted(was.keys() - now.keys())
    changed = sorted(doc for doc in was.keys() & now.keys() if was[doc] != now[doc])
    reasons = _reasons(one, gone, ledger, sources)
    return {
        "before": f"{name}@{old}",
        "after": f"{other}@{new}",
        "released": new in versions.released(workspace.root, other),
        "documents": [was_counts["documents"], counts["documents"]],
        "tokens": [was_counts["tokens"], counts["tokens"]],
        "added": len(added),
        "removed": len(gone),
        "changed": len(changed),
        "removed_because": dict(sorted(Counter(reasons.values()).items())),
        "tokens_by": {
            part: _side_by_side(was_counts[f"tokens_by_{part}"], counts[f"tokens_by_{part}"])
            for part in ("language", "license", "source")
        },
        "samples": {
            "added": _shown(two, added[:SAMPLES]),
            "removed": [{**row, "reason": reasons[row["id"]]} for row in _shown(one, gone[:SAMPLES])],
            "changed": _shown(two, changed[:SAMPLES]),
        },
    }


def _released(workspace: Workspace, name: str, version: str, documents: list[str]) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    """(documents, the ledger of what was removed, counts) of a version."""
    counts = versions.record(workspace.root, name, version)["counts"]
    wanted = {DATA: documents, "ledger/removed.parquet": ["doc_id", "filter"]}
    rows, ledger = read_columns(str(workspace.root), name, version, wanted)
    return rows, ledger, counts


def _standing(workspace: Workspace, name: str, documents: list[str]) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    """The same of a dataset's files as they lie in the workspace: what a reviewer has to decide about."""
    counts = published.manifest(workspace, name)["counts"]
    rows = pa.concat_tables([workspace.read_table(file, documents) for file in workspace.files(workspace.dataset(name, "data"))])
    return rows, workspace.read_table(workspace.dataset(name, "ledger/removed.parquet"), ["doc_id", "filter"]), counts


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
        f"{answer['before']} → {answer['after']}{'' if answer['released'] else t(' (not released)', '（未发布）')}",
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
        if (more := answer[kind] - len(answer["samples"][kind])) > 0:
            lines.append(f"  {t(kind, _KINDS[kind])}: {t(f'… and {more:,} more', f'… 另有 {more:,} 份')}")
    return lines
