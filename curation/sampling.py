"""Sampling gates aligned with TC260-003 and GB/T 45654: what people read and what keywords find, before a version leaves.

Manual: 4,000 documents (or all) drawn from the whole, 96 % must pass. Technical: 10 % of the documents against the user's own keyword
library, 98 % must pass. Documents are ranked by a permanent number, a keyed hash of their text, so that successive versions share
most of the sample and a verdict counts as long as the text stays the same.
"""

import csv
import hashlib
import hmac
import io
import json
import math
import os
import secrets
from collections import Counter
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import yaml

from curation import decisions
from curation.decisions import Identity
from curation.errors import DataError, DeclarationError, ReviewError
from curation.recipe import Plan, Safety
from curation.store import Workspace

KEY = "CURATION_SAMPLING_KEY"  # whoever knows it can tell beforehand which documents will be read
MANUAL, MANUAL_RATE = 4000, 0.96
TECHNICAL, TECHNICAL_RATE = 0.10, 0.98
LIBRARY, A1_LEAST, A2_LEAST = 10_000, 200, 100  # keywords in all, for each risk of A.1, for each of A.2
RISKS: dict[str, tuple[str, str]] = yaml.safe_load(
    resources.files("curation.resources").joinpath("risks.yaml").read_text("utf-8")
)


class Rate(NamedTuple):
    """Passed of so many, and the Wilson 95 % interval of the rate."""

    passed: int
    of: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        return self.passed / self.of if self.of else 1.0


def wilson(passed: int, of: int) -> Rate:
    """Wilson (1927).

    >>> [round(x, 4) for x in wilson(3840, 4000)[2:]]
    [0.9535, 0.9656]
    """
    if not of:
        return Rate(0, 0, 0.0, 1.0)
    z, p = 1.959963984540054, passed / of
    middle, spread = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return Rate(passed, of, (middle - spread) / scale, (middle + spread) / scale)


def key(workspace: Workspace) -> bytes:
    """The secret that ranks documents: $CURATION_SAMPLING_KEY, else one that this copy of the workspace makes for itself once.

    It stays out of git, so another copy draws another sample unless both are told the same. Raises DeclarationError for one that
    can be guessed.
    """
    path = workspace.root / ".curation" / "sampling.key"
    said = os.environ.get(KEY)
    if said is None:
        with decisions.locked(workspace, "sampling"):
            if not path.exists():
                staged = path.with_suffix(".new")
                staged.touch(mode=0o600)
                staged.write_text(secrets.token_urlsafe(32), encoding="utf-8")
                staged.replace(path)
        said = path.read_text("utf-8")
    if len(said) < 16:
        raise DeclarationError(f"sampling: ${KEY} must hold a secret of at least 16 characters, the same for every version")
    return said.encode()


def drawn(workspace: Workspace, name: str, purpose: str, wanted: int | None = None) -> pa.Table:
    """id, text_sha256 and source of the documents of lowest rank; `purpose` makes the two samples independent."""
    files = workspace.files(workspace.dataset(name, "data"))
    if not files:
        raise DataError(f"dataset {name!r} is not assembled yet; run `curate step assemble {name}`")
    table = pa.concat_tables([workspace.read_table(file, ["id", "text_sha256", "source"]) for file in files])
    secret = key(workspace)
    rank = [hmac.new(secret, f"{purpose} {sha}".encode(), hashlib.sha256).hexdigest() for sha in table["text_sha256"].to_pylist()]
    table = table.append_column("rank", pa.array(rank, pa.string())).sort_by([("rank", "ascending"), ("id", "ascending")])
    return table.slice(0, MANUAL if wanted is None else wanted)


def texts_of(workspace: Workspace, name: str, ids: set[str]) -> dict[str, str]:
    """Texts of some documents of an assembled dataset."""
    found: dict[str, str] = {}
    for file in workspace.files(workspace.dataset(name, "data")):
        opened = workspace.parquet(file)
        for group in range(opened.num_row_groups):
            rows = opened.read_row_group(group, ["id", "text"])
            found |= {doc: text for doc, text in zip(*(rows[c].to_pylist() for c in ("id", "text")), strict=True) if doc in ids}
    return found


def verdicts(workspace: Workspace, name: str) -> dict[str, dict[str, Any]]:
    """The verdict on each text, by its SHA-256: of each reader the last one, and a fail of one reader is not undone by another."""
    last = {(row["text_sha256"], row["reviewer"]): row for row in all_verdicts(workspace, name)}
    found: dict[str, dict[str, Any]] = {}
    for (sha, _), row in last.items():
        if sha not in found or row["verdict"] == "fail":
            found[sha] = row
    return found


def all_verdicts(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    """Every verdict that was handed in, oldest first."""
    path = _file(workspace, name)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def record(workspace: Workspace, name: str, file: Path, by: Identity | None = None) -> dict[str, Any]:
    """Take in verdicts: JSONL rows {id, text_sha256, verdict: pass or fail, risk, reviewer}. Raises DataError `file: row: fault`."""
    if not file.is_file():
        raise DataError(f"{file}: no such file")
    rows = []
    for number, line in enumerate(_words(file, str(file)).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            verdict, sha = row["verdict"], row["text_sha256"]
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{file}: row {number}: needs text_sha256 and verdict, as `curate sample` wrote them") from None
        if verdict in (None, "", "skip"):
            continue
        if verdict not in {"pass", "fail"} or (verdict == "fail") != (row.get("risk") in RISKS):
            raise DataError(
                f"{file}: row {number}: verdict pass, or fail with a risk of {', '.join(sorted(RISKS)[:3])} ... A.5.b"
            )
        kept = {
            "id": row.get("id"),
            "text_sha256": sha,
            "verdict": verdict,
            "risk": row.get("risk"),
            "reviewer": row.get("reviewer"),
            **({"seconds": row["seconds"]} if isinstance(row.get("seconds"), int) else {}),  # what reading it took
        }
        rows.append(json.dumps(kept, ensure_ascii=False, sort_keys=True))
    if not rows:
        raise DeclarationError(f"{file}: no verdict in it; each row says pass, or fail with a risk")
    path = _file(workspace, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with decisions.locked(workspace, "verdicts"):  # two readers hand in at once
        before = path.read_bytes() if path.exists() else b""
        workspace.write_local(path, before + "".join(f"{row}\n" for row in rows).encode())
        counts = Counter(json.loads(row)["verdict"] for row in rows)
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        made = decisions.append(
            workspace, "sample", {"dataset": name}, f"{len(rows)} verdicts", by=by, verdicts=dict(counts), sha256=sha
        )
    return {"decision": made.number, "verdicts": len(rows), **counts}


def manual(workspace: Workspace, name: str) -> dict[str, Any]:
    """Where the reading stands: how many of the sample are judged, the rate, and risks found."""
    sample = drawn(workspace, name, "manual")
    known = verdicts(workspace, name)
    own = [known[sha] for sha in sample["text_sha256"].to_pylist() if sha in known]
    rate = wilson(sum(row["verdict"] == "pass" for row in own), len(own))
    return {
        "sample": sample.num_rows,
        "judged": len(own),
        "new": sample.num_rows - len(own),
        "rate": rate._asdict(),
        "risks": dict(Counter(row["risk"] for row in own if row["verdict"] == "fail")),
        "passed": len(own) == sample.num_rows and rate.rate >= MANUAL_RATE,
    }


def _words(file: Path, shown: str) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown}: byte {error.start} is no UTF-8; allowed: UTF-8 (a table from a spreadsheet: save it as CSV UTF-8)"
        ) from None


def library(workspace: Workspace, safety: Safety) -> dict[str, str]:
    """keyword -> risk code, from the user's CSV files. Raises DataError for what is too old, too small or unknown."""
    found: dict[str, str] = {}
    for name in safety.keywords:
        path = workspace.root / name
        if not path.is_file():
            raise DataError(f"{name}: no such keyword library in the workspace")
        with io.StringIO(_words(path, name), newline="") as file:
            first = file.readline().strip()
            if not first.startswith("# updated: "):
                raise DataError(f"{name}: the first line must say `# updated: YYYY-MM-DD`")
            try:
                age = (date.today() - date.fromisoformat(first.removeprefix("# updated: "))).days
            except ValueError:
                raise DataError(f"{name}: {first!r}: allowed: `# updated: YYYY-MM-DD`") from None
            if age > safety.max_age_days:
                raise DataError(f"{name}: updated {age} days ago; allowed: {safety.max_age_days} (TC260-003: weekly)")
            for number, row in enumerate(csv.DictReader(file), 3):
                word, risk = (row.get("keyword") or "").strip(), (row.get("risk") or "").strip()
                if not word or risk not in RISKS:
                    raise DataError(f"{name}: row {number}: columns keyword and risk (A.1.a ... A.5.b) are needed")
                found[word] = risk
    counts = Counter(found.values())
    if safety.complete:
        if len(found) < LIBRARY:
            raise DataError(f"keyword libraries hold {len(found):,} words; TC260-003 asks for {LIBRARY:,}")
        for risk in sorted(RISKS):
            least = {"A.1": A1_LEAST, "A.2": A2_LEAST}.get(risk[:3], 0)
            if counts[risk] < least:
                raise DataError(f"keyword libraries hold {counts[risk]} words of {risk}; TC260-003 asks for {least}")
    return found


def technical(workspace: Workspace, plan: Plan) -> dict[str, Any]:
    """A tenth of the documents against the keyword library."""
    import ahocorasick_rs

    safety = plan.recipe.safety
    if safety is None or not safety.keywords:
        raise DataError(
            f"recipe {plan.recipe.name!r}: sampling tc260 needs `safety: {{keywords: [files]}}`, libraries of your own"
        )
    words = library(workspace, safety)
    everything = drawn(workspace, plan.recipe.name, "technical", 2**62)
    sample = everything.slice(0, math.ceil(TECHNICAL * everything.num_rows))
    held = texts_of(workspace, plan.recipe.name, set(sample["id"].to_pylist()))
    matcher = ahocorasick_rs.AhoCorasick(sorted(words))
    risks: Counter[str] = Counter()
    failed = 0
    for text in held.values():
        hits = {words[word] for word in matcher.find_matches_as_strings(text)}
        failed += bool(hits)
        risks.update(hits)
    rate = wilson(len(held) - failed, len(held))
    return {"sample": len(held), "rate": rate._asdict(), "risks": dict(risks), "passed": rate.rate >= TECHNICAL_RATE}


def demand(workspace: Workspace, plan: Plan) -> None:
    """Raise ReviewError unless both samples of a recipe that says `sampling: tc260` passed."""
    if plan.recipe.sampling != "tc260":
        return
    name = plan.recipe.name
    found = technical(workspace, plan)
    if not found["passed"]:
        rate = found["rate"]
        raise ReviewError(
            f"{name}: technical sample: {rate['passed']:,} of {rate['of']:,} passed; {TECHNICAL_RATE:.0%} are needed ({found['risks']})"
        )
    read = manual(workspace, name)
    if read["new"]:
        raise ReviewError(
            f"{name}: {read['new']:,} of {read['sample']:,} sampled documents are not judged; `curate sample {name} --out FILE`"
        )
    if not read["passed"]:
        rate = read["rate"]
        raise ReviewError(
            f"{name}: manual sample: {rate['passed']:,} of {rate['of']:,} passed; {MANUAL_RATE:.0%} are needed ({read['risks']})"
        )


def _file(workspace: Workspace, name: str) -> Path:
    return workspace.root / "data" / "verdicts" / f"{name}.jsonl"
