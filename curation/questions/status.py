"""Where does the workspace stand: what is fetched, measured, assembled, released, and what waits for whom?"""

from typing import Any

from curation import approval, catalog, versions
from curation.store import Workspace
from curation.tongue import is_zh, t


def ask(workspace: Workspace) -> dict[str, Any]:
    """One row per source and per dataset."""
    sources = []
    for name in workspace.names("sources"):
        raw = workspace.read_json(workspace.raw(name, "INDEX.json"))
        documents = workspace.read_json(workspace.documents(name, "INDEX.json"))
        measured = workspace.read_json(workspace.signal_index(name))
        sources.append(
            {
                "source": name,
                "objects": len(raw["objects"]) if raw else None,
                "documents": documents["documents"] if documents else None,
                "quarantined": documents["quarantined"] if documents else None,
                "measured": measured is not None,
            }
        )
    datasets = []
    for name in workspace.names("recipes"):
        recipe = catalog.dataset(workspace, name)
        manifest = workspace.read_json(workspace.dataset(name, "manifest.json"))
        known = versions.released(workspace.root, name)
        waits = None
        if manifest and manifest["version"] not in known:
            decision = approval.find(workspace, name, manifest["digest"])
            said = decision.decision if decision else None
            waits = "changes" if said == "reject" else "release" if said or recipe.review == "auto" else "review"
        datasets.append(
            {
                "dataset": name,
                "documents": manifest["counts"]["documents"] if manifest else None,
                "candidate": manifest["version"] if manifest else None,
                "released": known,
                "waits_for": waits,
            }
        )
    return {"workspace": str(workspace.root), "sources": sources, "datasets": datasets}


_WAITS = {"review": "审核", "release": "发布", "changes": "修改"}  # changes: a reviewer rejected it as it stands


def shown(answer: dict[str, Any]) -> list[str]:
    """The answer as lines."""

    def cell(value: Any) -> str:
        return "-" if value is None else f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

    lines = [
        answer["workspace"],
        t(f"{'source':32} {'objects':>8} {'documents':>10} {'quarantined':>12} measured", "来源 / 对象 / 文档 / 隔离 / 已测量"),
    ]
    for row in answer["sources"]:
        lines.append(
            f"{row['source']:32} {cell(row['objects']):>8} {cell(row['documents']):>10} {cell(row['quarantined']):>12} {t('yes', '是') if row['measured'] else t('no', '否')}"
        )
    lines.append(
        t(
            f"{'dataset':32} {'documents':>10} {'candidate':>10} {'waits for':>10} released",
            "数据集 / 文档 / 候选版本 / 等待 / 已发布",
        )
    )
    for row in answer["datasets"]:
        lines.append(
            f"{row['dataset']:32} {cell(row['documents']):>10} {cell(row['candidate']):>10} {cell(_WAITS.get(row['waits_for']) if is_zh() else row['waits_for']):>10} {', '.join(row['released']) or '-'}"
        )
    return lines
