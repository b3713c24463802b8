"""The line a corpus travels, in order. The CLI, dvc.yaml and the DAGs all read it from here."""

import importlib
import logging
import os
import resource
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import yaml

from curation import approval, catalog, fingerprint, lineage, notify, published, versions
from curation.errors import CurationError
from curation.steps import Tell, silent
from curation.store import Workspace, dump_json


@dataclass(frozen=True)
class Step:
    """A step of the line: once per source, or once per recipe. Its code is curation/steps/<name>.py."""

    name: str
    per: Literal["source", "recipe"]
    title: str
    title_zh: str

    def run(self, name: str, workspace: Workspace, workers: int = 1, tell: Tell = silent, **more: Any) -> dict[str, Any]:
        """Run the step for one source or recipe; returns its report."""
        module = importlib.import_module(f"curation.steps.{self.name}")
        return module.run(name, workspace, workers, tell, **more)  # type: ignore[no-any-return]


STEPS = (
    Step("ingest", "source", "fetch raw bytes with receipts", "取得原始数据并留存凭据"),
    Step("extract", "source", "raw bytes become documents", "原始数据转为文档"),
    Step("annotate", "source", "measure signals", "测量各项信号"),
    Step("filter", "recipe", "decide with reasons", "依规则取舍并记录原因"),
    Step("dedup", "recipe", "find twins, keep one", "查重，每组保留一份"),
    Step("assemble", "recipe", "edits, shards, splits", "应用编辑，生成分片"),
    Step("card", "recipe", "card, plots, manifest", "数据集卡片与清单"),
    Step("release", "recipe", "version in git and DVC", "以 git 与 DVC 发布版本"),
)


def step(name: str) -> Step:
    """A step by its name."""
    return next(one for one in STEPS if one.name == name)


def sources_of(workspace: Workspace, recipe: str) -> tuple[list[str], list[str]]:
    """A recipe's sources with what they read, in two waves: those fetched, and those that read others' raw."""
    plan = catalog.plan(workspace, recipe)
    derived = {s: u for s in plan.recipe.sources if (u := catalog.source(workspace, s).upstream())}
    fetched = [s for s in plan.recipe.sources if s not in derived]
    fetched += [u for u in dict.fromkeys(derived.values()) if u not in fetched]
    return fetched, list(derived)


def work(workspace: Workspace, recipe: str) -> list[tuple[Step, str]]:
    """Every (step, name) of a recipe's run, in order. An upstream that is no source of the recipe is only ingested."""
    fetched, derived = sources_of(workspace, recipe)
    own = catalog.plan(workspace, recipe).recipe.sources
    todo = []
    for one in STEPS:
        if one.per == "recipe":
            todo.append((one, recipe))
        elif one.name == "ingest":
            todo += [(one, source) for source in [*fetched, *derived]]
        else:
            todo += [(one, source) for source in own]
    return todo


Watch = Callable[[Step, str, int, int], None]


def run(
    workspace: Workspace, recipe: str, workers: int = 1, note: str = "", watch: Watch | None = None, until: str = "release"
) -> str:
    """The whole line for one recipe; returns the run's id, under which data/runs/ keeps what it did."""
    run_id = begin(workspace, recipe, workers, note)
    last = [one.name for one in STEPS].index(until)
    with workspace.lock(run_id):
        workspace.collect_orphans()
        for one, name in work(workspace, recipe):
            if STEPS.index(one) <= last:
                run_step(workspace, run_id, one, name, workers, note, watch)
    return run_id


def begin(workspace: Workspace, recipe: str, workers: int, note: str, run_id: str | None = None) -> str:
    """Open a run: its record says what was asked, by which run, when. Returns its id."""
    run_id = run_id or new_run_id()
    refresh_catalog(workspace)
    asked = {"run": run_id, "recipe": recipe, "workers": workers, "note": note, "started": time.time()}
    workspace.write_local(workspace.run_folder(run_id) / "run.json", dump_json(asked))
    return run_id


def run_step(
    workspace: Workspace, run_id: str, one: Step, name: str, workers: int = 1, note: str = "", watch: Watch | None = None
) -> dict[str, Any]:
    """One step of a run, under the workspace's lock, with its seconds and report written down."""
    with workspace.lock(run_id):
        begun, worked = time.perf_counter(), _processor()

        def tell(done: int, total: int) -> None:
            if watch:
                watch(one, name, done, total)

        tell(0, 0)
        more = {"note": note} if one.name == "release" else {}
        lineage.emit(workspace, run_id, one.name, name, "START")
        fault: str | None = "stopped by a bug or a signal"
        try:
            report = one.run(name, workspace, workers, tell, **more)
            fault = None
        except CurationError as error:
            fault = str(error)
            raise
        finally:
            if fault:
                lineage.emit(workspace, run_id, one.name, name, "FAIL", fault=fault)
                _say(workspace, "failed", {"step": one.name, "name": name, "run": run_id, "because": fault})
        lineage.emit(workspace, run_id, one.name, name, "COMPLETE", report)
        done = {
            "step": one.name,
            "name": name,
            "seconds": round(time.perf_counter() - begun, 3),
            "cpu_seconds": round(_processor() - worked, 3),
            "report": report,
        }
        workspace.write_local(workspace.run_folder(run_id) / f"{one.name}.{name}.json", dump_json(done))
    _announce(workspace, one, name, report)
    return report


def _announce(workspace: Workspace, one: Step, name: str, report: dict[str, Any]) -> None:
    """A review that waits, a version that moved more than it may, a version that is out."""
    facts = {"dataset": name, "version": report.get("version")}
    if one.name == "card":
        manifest = published.manifest(workspace, name)
        if manifest["version"] in versions.released(workspace.root, name):
            return
        moves = ((manifest["changes"] or {}).get("drift") or {}).get("moves", [])
        if alarms := [move["what"] for move in moves if move["alarm"]]:
            _say(workspace, "alarm", {**facts, "moved": ", ".join(alarms)})
        decided = approval.find(workspace, name, manifest["digest"])
        if catalog.dataset(workspace, name).review == "required" and (decided is None or decided.decision == "reject"):
            _say(workspace, "review_waits", facts)
    elif one.name == "release" and report["released"]:
        _say(workspace, "released", facts)


def _say(workspace: Workspace, event: str, facts: dict[str, Any]) -> None:
    if undelivered := notify.tell(workspace, event, facts):
        logging.getLogger("curation").warning(undelivered)


def _processor() -> float:
    """Seconds of processors that this process and its finished children used; a cluster's are not among them."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def new_run_id() -> str:
    """$CURATION_RUN when a scheduler gave one, else a new id that sorts by time."""
    return os.environ.get("CURATION_RUN") or f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"


def refresh_catalog(workspace: Workspace) -> None:
    """Write data/catalog.yaml when it changed: DVC cannot glob, and cannot see our code."""
    upstream = {}
    for name in workspace.names("sources"):
        if one := catalog.source(workspace, name).upstream():
            upstream[name] = {"upstream": one}
    sources = workspace.names("sources")
    content = {
        "sources": sources,
        "fetched": [s for s in sources if s not in upstream],
        "derived": upstream,
        "recipes": workspace.names("recipes"),
        "program": program(workspace),
        "benchmarks": {name: _benchmarks(workspace, name) for name in workspace.names("recipes")},
    }
    head = "# Generated from data/sources and data/recipes by `curate check` and every run; never edited by hand.\n"
    text = (head + yaml.safe_dump(content, sort_keys=True, allow_unicode=True)).encode()
    path = workspace.catalog_file
    if not path.exists() or path.read_bytes() != text:
        workspace.write_local(path, text)


def _benchmarks(workspace: Workspace, recipe: str) -> str | None:
    """Digest of the benchmark files that a recipe keeps out; null where there are none, or `check` has to say what is wrong."""
    try:
        return catalog.benchmarks_digest(workspace, catalog.plan(workspace, recipe))
    except CurationError:
        return None


def program(workspace: Workspace) -> dict[str, str]:
    """Digest of the code behind each step, rooms, profiles and policies included: what DVC takes for the program."""
    from curation import card, connectors, readers, rooms, signals

    room = {"ingest": connectors, "extract": readers, "annotate": signals, "card": card}
    digests = {}
    for one in STEPS[:-1]:
        parts = [fingerprint.of_module(f"curation.steps.{one.name}")]
        if one.name in room:
            inside = room[one.name]
            parts += [fingerprint.of_module(f"{inside.__name__}.{name}") for name in rooms.names(inside)]
        if one.name in ("filter", "assemble", "card"):
            parts.append(fingerprint.of_files(catalog.rule_files(workspace)))
        digests[one.name] = fingerprint.combined(parts)
    return digests
