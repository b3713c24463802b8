"""How much of a source is in which released dataset already, and from whom? Asked before the source is accepted."""

import os
import uuid
from typing import Any

import numpy as np

from curation import catalog, levels, published, signature_index, standing, versions
from curation.errors import DeclarationError
from curation.kernels.bands import components
from curation.levels import LEVELS
from curation.pairing import Pairing
from curation.steps import dedup
from curation.store import Workspace

LEAST = 5  # documents of the source named as examples


def ask(
    workspace: Workspace,
    source: str,
    threshold: float = 0.8,
    level: str | None = None,
    workers: int = 1,
    own: Workspace | None = None,
) -> dict[str, Any]:
    """Documents of the source that the newest release of each dataset holds, equal or alike, by the source they came from.

    `level` is the reader's: names of sources above it are hidden. Default: $CURATION_LEVEL, else L1. `own` is where the source was
    measured, if that is another workspace.
    """
    level = level or os.environ.get("CURATION_LEVEL") or LEVELS[0]
    if level not in LEVELS:
        raise DeclarationError(f"--level {level}: allowed: {', '.join(LEVELS)}")
    if not 0.5 <= threshold <= 1.0:
        raise DeclarationError(f"--threshold {threshold:g}: allowed 0.5 to 1.0")
    here = own or workspace
    catalog.source(here, source)
    held = dedup.blocks(here, published.signals(here, source)["shards"])
    releases = [f"{n}@{known[-1]}" for n in workspace.names("recipes") if (known := versions.released(workspace.root, n))]
    before = [block for release in releases for block in signature_index.blocks(workspace, release)]
    documents = sum(block.rows for block in held)
    name = f"overlap-{source}-{uuid.uuid4().hex[:8]}"  # two may ask at once
    inside = held and Pairing(here, name, held, threshold, workers).find()
    answer: dict[str, Any] = {"source": source, "documents": documents, "threshold": threshold, "compared_with": releases}
    answer["repeated_inside"] = len(set(inside.equal[:, 1].tolist()) | set(inside.near.pairs[:, 1].tolist())) if inside else 0
    if not documents or not before:
        return answer | {"published_already": 0, "datasets": []}
    pairing = Pairing(here, name, [*held, *before], threshold, workers, old_blocks=len(before))
    equal, near, _ = pairing.find()
    numbers = np.unique(np.concatenate([equal, near.pairs]))
    facts = dedup.facts(here, pairing.blocks, numbers, set())
    row = dict(zip(numbers.tolist(), facts.select(["doc_id", "source", "release"]).to_pylist(), strict=True))
    node = components(len(numbers), np.searchsorted(numbers, equal))
    mine: dict[int, list[str]] = {}  # of each content: documents of the source, and where it is published
    theirs: dict[int, set[tuple[str, str]]] = {}
    for number, content in zip(numbers.tolist(), node.tolist(), strict=True):
        if number < documents:
            mine.setdefault(content, []).append(row[number]["doc_id"])
        else:
            theirs.setdefault(content, set()).add((row[number]["release"], row[number]["source"]))
    met = [(content, content, 1.0) for content in mine.keys() & theirs.keys()]
    joined = node[np.searchsorted(numbers, near.pairs)].tolist()
    for (a, b), similarity in zip(joined, near.similarity.tolist(), strict=True):
        met += [(a, b, similarity), (b, a, similarity)]
    shared: dict[tuple[str, str], dict[str, float]] = {}
    all_shared: set[str] = set()
    for new, old, similarity in met:
        for place in theirs.get(old, ()):
            found = shared.setdefault(place, {})
            for doc in mine.get(new, ()):
                found[doc] = max(similarity, found.get(doc, 0.0))
                all_shared.add(doc)
    shared = {place: found for place, found in shared.items() if found}
    by_release: dict[str, dict[str, Any]] = {}
    for (release, origin), found in sorted(shared.items()):
        entry = by_release.setdefault(release, {"release": release, "sources": [], "documents": set()})
        entry["documents"] |= found.keys()
        entry["sources"].append(
            {
                "source": origin if _may_see(workspace, origin, level) else None,
                "documents": len(found),
                "equal": sum(similarity == 1.0 for similarity in found.values()),
                "examples": sorted(found, key=lambda doc: (-found[doc], doc))[:LEAST],
            }
        )
    datasets = [{**entry, "documents": len(entry["documents"])} for entry in by_release.values()]
    return answer | {"published_already": len(all_shared), "datasets": datasets}


def _may_see(workspace: Workspace, source: str, level: str) -> bool:
    """Whether a reader of that level may know the source's name. A source that is not registered here is not public."""
    if source not in workspace.names("sources"):
        return False
    own = levels.of_source(catalog.source(workspace, source), standing.known(workspace))
    return bool(LEVELS.index(own) <= LEVELS.index(level))


def shown(answer: dict[str, Any], language: str = "en") -> list[str]:
    """The answer as lines."""
    zh = language.startswith("zh")
    n, share = answer["documents"], answer["published_already"] / max(1, answer["documents"])
    if not answer["compared_with"]:
        return ["尚无已发布的数据集可供比对" if zh else "no dataset has been released yet: nothing to compare with"]
    compared = ", ".join(answer["compared_with"])
    lines = [
        f"{answer['source']}：{n:,} 份文档，其中 {answer['published_already']:,} 份（{share:.1%}）已在 {compared} 中；来源内部重复 {answer['repeated_inside']:,} 份"
        if zh
        else f"{answer['source']}: {n:,} documents, {answer['published_already']:,} of them ({share:.1%}) already in {compared}; "
        f"{answer['repeated_inside']:,} repeat another one of the source"
    ]
    for entry in answer["datasets"]:
        lines.append(f"  {entry['release']}: {entry['documents']:,}")
        for one in entry["sources"]:
            hidden = "（来源密级高于读者）" if zh else "(a source above your level)"
            equal = f"内容相同 {one['equal']:,}" if zh else f"{one['equal']:,} of equal content"
            lines.append(f"    {one['source'] or hidden}: {one['documents']:,}, {equal}")
    return lines
