"""The sample to judge, text by text: who has judged what, what comes next, how far two readers agree.

Verdicts lie in a draft of each reader until they are handed in; then they are one entry of the log (curation.sampling).
"""

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from curation import decisions, published, sampling
from curation.errors import DeclarationError
from curation.review.people import Person
from curation.store import Workspace


@lru_cache(8)
def _drawn(root: str, storage: str, name: str, digest: str, key: bytes) -> list[tuple[str, str, str]]:
    """(id, text_sha256, source) in the order of reading; of one state of a dataset and one key it never changes."""
    table = sampling.drawn(Workspace(root, storage), name, "manual")
    return list(zip(*(table[key].to_pylist() for key in ("id", "text_sha256", "source")), strict=True))


def sample(workspace: Workspace, name: str) -> list[tuple[str, str, str]]:
    """What is to be read. Raises DeclarationError without a key, DataError where nothing is assembled."""
    digest = published.manifest(workspace, name)["digests"]["documents"]
    return _drawn(str(workspace.root), workspace.storage, name, digest, sampling.key(workspace))


def text_of(workspace: Workspace, name: str, doc_id: str) -> dict[str, Any] | None:
    """One published row, from the row group that can hold it: files are sorted by id."""
    for file in workspace.files(workspace.dataset(name, "data")):
        opened = workspace.parquet(file)
        at = opened.schema_arrow.names.index("id")
        for group in range(opened.num_row_groups):
            bounds = opened.metadata.row_group(group).column(at).statistics
            if bounds is not None and bounds.has_min_max and not bounds.min <= doc_id <= bounds.max:
                continue
            table = opened.read_row_group(group, ["id", "text", "title", "source", "license", "language", "url", "text_sha256"])
            hit = table.filter(pc.equal(table["id"], doc_id))
            if hit.num_rows:
                return hit.to_pylist()[0]  # type: ignore[no-any-return]
    return None


def _draft(workspace: Workspace, name: str, person: Person) -> Path:
    own = hashlib.sha256(f"{person.kind} {person.name}".encode()).hexdigest()[:16]
    return workspace.root / ".curation" / "verdicts" / f"{name}.{own}.jsonl"


def drafted(workspace: Workspace, name: str, person: Person) -> list[dict[str, Any]]:
    """Verdicts that a person has not handed in yet; the last one on a text counts."""
    path = _draft(workspace, name, person)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return list({row["text_sha256"]: row for row in rows}.values())


def judge(workspace: Workspace, name: str, person: Person, row: dict[str, Any], may: Callable[[str], bool]) -> None:
    """Add a verdict to the person's draft. Raises DeclarationError for what is no verdict, or of a text that they may not read."""
    risk = row.get("risk") or None
    if row["verdict"] not in {"pass", "fail", "skip"} or (row["verdict"] == "fail") != (risk in sampling.RISKS):
        raise DeclarationError("a verdict is pass, skip, or fail with a risk code A.1.a ... A.5.b")
    if not any((row["id"], row["text_sha256"]) == (doc, sha) and may(source) for doc, sha, source in sample(workspace, name)):
        raise DeclarationError(f"{row['id']} is not in the sample as it stands now; reload the page")
    path = _draft(workspace, name, person)
    path.parent.mkdir(parents=True, exist_ok=True)
    with decisions.locked(workspace, "drafts"), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**row, "risk": risk, "reviewer": person.name}, ensure_ascii=False, sort_keys=True) + "\n")


def undo(workspace: Workspace, name: str, person: Person) -> None:
    """Take the last verdict of the draft back: its text is shown again. Raises DeclarationError where there is none."""
    path = _draft(workspace, name, person)
    with decisions.locked(workspace, "drafts"):
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        if not lines:
            raise DeclarationError("nothing is judged since the last time")
        path.write_text("".join(lines[:-1]), "utf-8")


def hand_in(workspace: Workspace, name: str, person: Person) -> None:
    """Make the draft an entry of the log; what was skipped is shown again. Raises DeclarationError where there is no draft."""
    with decisions.locked(workspace, "drafts"):
        rows = drafted(workspace, name, person)
        if not rows:
            raise DeclarationError("nothing is judged since the last time")
        path = _draft(workspace, name, person)
        if any(row["verdict"] != "skip" for row in rows):
            sampling.record(workspace, name, path, by=person.identity())
        path.unlink()


def state(workspace: Workspace, name: str, person: Person, may: Callable[[str], bool], second: bool = False) -> dict[str, Any]:
    """Progress, agreement, and the next text for this person: one that nobody has judged, or (`second`) one that another has.

    `may` says of which sources they may read texts; how many are left for others to read is `hidden`.
    """
    wanted = sample(workspace, name)
    drafts = drafted(workspace, name, person)
    skipped = {row["text_sha256"] for row in drafts if row["verdict"] == "skip"}
    draft = {row["text_sha256"] for row in drafts} - skipped
    every = sampling.all_verdicts(workspace, name)
    own = {row["text_sha256"] for row in every if row["reviewer"] == person.name} | draft
    others = {row["text_sha256"] for row in every} - own
    judged = {row["text_sha256"] for row in every} | draft
    seen = own | skipped
    waiting = [row for row in wanted if row[1] not in seen and (row[1] in others if second else row[1] not in judged)]
    left = [doc for doc, _, source in waiting if may(source)]
    return {
        "sample": len(wanted),
        "judged": sum(sha in judged for _, sha, _ in wanted),
        "own": sum(sha in own for _, sha, _ in wanted),
        "draft": len(draft),
        "skipped": len(skipped),
        "left": len(left),
        "hidden": len(waiting) - len(left),
        "next": text_of(workspace, name, left[0]) if left else None,
        "agreement": agreement(every),
        "seconds": sum(row.get("seconds") or 0 for row in every),
    }


def agreement(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of texts that two readers judged: how many verdicts agree, and Cohen's kappa (1960); null without such texts.

    >>> rows = [{"text_sha256": s, "reviewer": r, "verdict": v} for s, r, v in (("a", "x", "pass"), ("a", "y", "pass"),
    ...         ("b", "x", "fail"), ("b", "y", "fail"), ("c", "x", "pass"), ("c", "y", "fail"))]
    >>> agreement(rows)
    {'both': 3, 'agreed': 2, 'kappa': 0.4}
    """
    last: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["verdict"] in {"pass", "fail"}:
            last.setdefault(row["text_sha256"], {})[str(row["reviewer"])] = row["verdict"]
    pairs = [tuple(verdicts[name] for name in sorted(verdicts)[:2]) for verdicts in last.values() if len(verdicts) > 1]
    if not pairs:
        return {"both": 0, "agreed": 0, "kappa": None}
    agreed = sum(a == b for a, b in pairs)
    share = agreed / len(pairs)
    first, second = (sum(pair[i] == "pass" for pair in pairs) / len(pairs) for i in (0, 1))
    chance = first * second + (1 - first) * (1 - second)
    return {"both": len(pairs), "agreed": agreed, "kappa": None if chance == 1 else round((share - chance) / (1 - chance), 4)}
