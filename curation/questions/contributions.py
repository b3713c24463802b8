"""Who gave what to a version of a dataset, and what is their share?"""

import json
from typing import Any

from curation.loading import read_part
from curation.published import manifest
from curation.store import Workspace
from curation.versions import split_name


def ask(workspace: Workspace, named: str) -> dict[str, Any]:
    """The contribution ledger of `name` as it stands, or of `name@v1.0.0`. Raises DeclarationError, DataError."""
    name, version = split_name(named)
    if version is None:
        manifest(workspace, name)
        with workspace.open(workspace.dataset(name, "reports/card.json")) as file:
            model = json.load(file)
    else:
        model = json.loads(read_part(str(workspace.root), name, version, "reports/card.json"))
    return {"dataset": name, "version": model["version"], **model["contributions"]}


def shown(answer: dict[str, Any], language: str = "en") -> list[str]:
    """The answer as lines."""
    zh = language.startswith("zh")
    lines = [
        f"{answer['dataset']} {answer['version']}：重复内容按 {answer['policy']} 计入"
        if zh
        else f"{answer['dataset']} {answer['version']}: duplicates are credited by {answer['policy']}"
    ]
    for one in answer["contributors"]:
        numbers = (one["submitted"], one["accepted"], one["unique"], one["kept"], one["tokens"], one["bytes"])
        said = (
            "提交 {:,}，合格 {:,}，独有 {:,}，保留 {:,}，词元 {:,}，字节 {:,}"
            if zh
            else "submitted {:,}, accepted {:,}, unique {:,}, kept {:,}, tokens {:,}, bytes {:,}"
        )
        lines.append(f"{one['share']:.6f}  {one['contributor']}")
        lines.append(f"          {said.format(*numbers)}")
        lines.append(f"          {'来源' if zh else 'sources'}: {', '.join(one['sources'])}")
    return lines
