"""The command `curate`: parse, ask, print; errors in one line. Exit 0 / 2 (somebody's declaration or data) / 1 (our bug)."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from curation import decision_commands, source_commands, tongue
from curation.errors import CurationError, DeclarationError, ReviewError
from curation.tongue import t
from curation.usage import Parser, language, told

ENGINES = ("local", "ray", "spark", "threads")
STEP_NAMES = ("ingest", "extract", "annotate", "filter", "dedup", "assemble", "card", "release")


def parser() -> argparse.ArgumentParser:
    """Every command and option; heavy imports wait until a command runs."""
    top = Parser(prog="curate", description="Curate text corpora for training, with a reason for every decision.")
    top.add_argument("--workspace", metavar="DIR", help="default: $CURATION_WORKSPACE, else the nearest parent that is one")
    top.add_argument("--json", action="store_true", help="print the answer as JSON, for machines")
    top.add_argument("--lang", default=os.environ.get("LANG", "en"), help="language of answers: en or zh (default: $LANG)")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=told(text), description=text)
        one.set_defaults(run=run)
        return one

    one = add("init", _init, "make a folder a workspace, with git and DVC")
    one.add_argument("dir", type=Path)
    one.add_argument("--remote", metavar="URL", help="DVC remote that releases are pushed to")
    one.add_argument("--storage", metavar="URL", help="where its data lie (default: data/), such as s3://bucket/folder")
    one = add("check", _check, "check declarations, and show what the short form leaves to be derived")
    one.add_argument("files", nargs="*", metavar="FILE", help="default: all of the workspace")
    one.add_argument(
        "--connect", action="store_true", help="log in, fetch a little, and show the first three records of each source"
    )
    source_commands.Commands(_workspace, _answer).add_to(add)
    one = add("run", _run, "run the whole line for a recipe, to a released dataset")
    one.add_argument("recipe")
    one.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    one.add_argument("--note", default="", help="goes into the run record and the release's commit")
    _engine(one)
    one.add_argument("--until", choices=STEP_NAMES, default="release", help="the last step to run")
    one = add("step", _step, "run one step for one source or recipe")
    one.add_argument("step", choices=STEP_NAMES)
    one.add_argument("name", help="a source (ingest, extract, annotate) or a recipe")
    one.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    _engine(one)
    add("status", _status, "where the workspace stands")
    one = add("why", _why, "where a document comes from, and why it was kept or removed")
    one.add_argument("doc", help="a doc_id, its first 6 or more digits, or a native_id")
    one = add("tune", _tune, "what each filter of a recipe does, and what another value would do")
    one.add_argument("recipe")
    one.add_argument("--filter", metavar="NAME", help="one filter in full, with documents on both sides of its threshold")
    one.add_argument("--set", action="append", default=[], metavar="NAME.low=X", help="try a value (.low, .high, or NAME=off)")
    one.add_argument(
        "--samples", type=int, choices=range(101), default=5, metavar="N", help="documents on each side (default: 5)"
    )
    one.add_argument("--html", type=Path, metavar="FILE", help="write a page with distributions, samples and sliders")
    one = add("overlap", _overlap, "how much of a source is in which released dataset already, and from whom")
    one.add_argument("source", help="measured: ingested, extracted and annotated")
    one.add_argument("--threshold", type=float, default=0.8, help="Jaccard of 5-token shingles (default: 0.8)")
    one.add_argument(
        "--level", help="the reader's level (L1, L2, ...): names of sources above it are hidden (default: $CURATION_LEVEL or L1)"
    )
    one.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    one = add("pull", _pull, "write a released dataset, or a part of it, into a folder")
    one.add_argument("release", metavar="NAME[@VERSION]", help="default: its newest version")
    one.add_argument("--out", type=Path, required=True, metavar="DIR")
    one.add_argument("--fraction", type=float, metavar="X", help="such as 0.1: nested, and the same documents in every version")
    one.add_argument("--tokens", metavar="N", help="such as 50M, instead of a fraction")
    one.add_argument("--by", nargs="+", metavar="COLUMN", help="of each group its share, such as language source")
    one.add_argument(
        "--mix", nargs="+", default=[], metavar="VALUE=WEIGHT", help="tokens in these shares, by source or --by COLUMN"
    )
    one.add_argument("--upweight", action="store_true", help="repeat a document by how many sources had it")
    one.add_argument("--split", default="train")
    one.add_argument("--accept-withdrawn", metavar="REASON", help="take a version although documents of it were withdrawn")
    one.add_argument("--config", help="a kind of license, where the card names several")
    form = one.add_mutually_exclusive_group()
    form.add_argument("--jsonl", dest="form", action="store_const", const="jsonl", help="JSON Lines instead of Parquet")
    form.add_argument("--tc609", dest="form", action="store_const", const="tc609", help="records aligned with TC609-5-2025-02")
    one.set_defaults(form="parquet")
    one = add("contributions", _contributions, "who gave what to a dataset, and the shares; statements lie in its reports/")
    one.add_argument("dataset", metavar="NAME[@VERSION]", help="default: as it stands in the workspace")
    one = add("diff", _diff, "what changed between two versions, or since a version")
    one.add_argument("before", metavar="NAME[@V1]", help="default: the newest version")
    one.add_argument("after", metavar="NAME[@V2]", nargs="?", help="default: as it stands in the workspace")
    decision_commands.Commands(_workspace, _answer).add_to(add)
    one = add("policy", _policy, "what another policy would remove from a dataset or let in, before it is switched on")
    one.add_argument("diff", choices=("diff",))
    one.add_argument("old", help="a policy's name, or a file")
    one.add_argument("new", help="a policy's name, or a file")
    one.add_argument("--on", required=True, metavar="DATASET")
    one = add("verify", _verify, "check digests, counts and conservation of documents")
    one.add_argument("dataset")
    one = add("summary", _summary, "the dataset's numbers, as at the end of a run")
    one.add_argument("dataset")
    one = add("signal", _signal, "one signal over a JSONL or Parquet file with id and text")
    one.add_argument("signal")
    one.add_argument("input", type=Path)
    one.add_argument("output", type=Path, help="Parquet: id and the signal's columns")
    one = add("twins", _twins, "near-duplicates of a JSONL or Parquet file with id and text")
    one.add_argument("input", type=Path)
    one.add_argument("output", type=Path, help="Parquet: id, cluster, keep, twin, jaccard")
    one.add_argument("--threshold", type=float, default=0.7, help="Jaccard of 5-token shingles (default: 0.7)")
    one.add_argument("--estimate-only", action="store_true", help="by MinHash alone, without comparing texts near the threshold")
    one.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="threads (default: all cores)")
    add("warm", _warm, "compile the kernels once for this machine")
    one = add("dags", _dags, "copy the DAG files into the dags folder of an Airflow you run already")
    one.add_argument("dir", type=Path)
    one = add("ui", _ui, "the review page on this machine: cards, samples, conflicts, decisions (extra `ui`)")
    one.add_argument("--port", type=int, default=8081)
    one.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    one.add_argument("--read-only", action="store_true", help="whoever has the address reads, nobody decides")
    add("schemas", _schemas, "write JSON Schemas of the declarations into schemas/")
    return top


def _engine(one: argparse.ArgumentParser) -> None:
    """Where tasks run: `one` takes --engine and --address."""
    one.add_argument("--engine", choices=ENGINES, default="local", help="where tasks run (default: local)")
    one.add_argument(
        "--address", metavar="URL", help="of the engine's cluster, such as spark://host:7077 (default: this machine)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    tongue.use(language(given, os.environ.get("LANG", "en")))
    asked = parser().parse_args(given)
    tongue.use(asked.lang)
    try:
        if getattr(asked, "engine", "local") == "local":
            return int(asked.run(asked))
        from curation import engines

        with engines.use(asked.engine, asked.address):
            return int(asked.run(asked))
    except CurationError as error:
        if asked.json:
            print(json.dumps({"error": str(error), "kind": type(error).__name__}, ensure_ascii=False))
        else:
            print(f"curate: {tongue.told(str(error))}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0


def entry() -> None:
    """The console script."""
    import gc

    # importing makes many objects and no garbage: looking for it takes 0.3 s of `curate twins` on a small file
    gc.set_threshold(100_000, 20, 20)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print(t("curate: interrupted", "curate：已中断"), file=sys.stderr)
        sys.exit(130)


def _workspace(asked: argparse.Namespace):  # type: ignore[no-untyped-def]
    from curation.store import Workspace

    found = Workspace.find(asked.workspace)
    found.reach()
    return found


def _answer(asked: argparse.Namespace, answer: Any, lines: list[str]) -> int:
    if asked.json:
        print(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        print("\n".join(lines))
    return 0


def _init(asked: argparse.Namespace) -> int:
    from curation import workspaces

    made = workspaces.create(asked.dir, asked.remote, asked.storage)
    return _answer(
        asked,
        {"workspace": str(made.root)},
        [
            t(
                f"{made.root} is a workspace. Next, in it: `curate new-source ADDRESS`, then `curate new-dataset NAME` and `curate run NAME`.",
                f"{made.root} 已是工作区。下一步，在其中执行：`curate new-source 地址`，再 `curate new-dataset 名称`、`curate run 名称`。",
            )
        ],
    )


def _check(asked: argparse.Namespace) -> int:
    from curation import line
    from curation.card.terms import chinese
    from curation.questions import check, trial

    workspace = _workspace(asked)
    found = check.everything(workspace, asked.files)
    line.refresh_catalog(workspace)
    lines = []
    for one in found:
        lines.append(
            t(f"ok  source {one['source']}", f"通过  来源 {one['source']}")
            if "source" in one
            else t(
                f"ok  recipe {one['recipe']}: {one['filters']} filters", f"通过  配方 {one['recipe']}：{one['filters']} 条规则"
            )
        )
        lines += [
            f"    {t('derived: ', '推定：')}{key} = {value}  ({t(why, chinese(why))})"
            for key, (value, why) in one.get("derived", {}).items()
        ]
        if asked.connect and "source" in one:
            one["connected"] = trial.ask(workspace, one["source"])
            lines += trial.shown(one["connected"])
    return _answer(asked, found, lines or [t("no sources and no recipes yet", "尚无来源与配方")])


def _run(asked: argparse.Namespace) -> int:
    from curation import line, shown
    from curation.questions import check, summary

    workspace = _workspace(asked)
    for found in check.recipe(workspace, asked.recipe)["sources"]:
        check.source(workspace, found)
    try:
        with shown.progress(quiet=asked.json) as watch:
            run_id = line.run(workspace, asked.recipe, asked.workers, asked.note, watch, asked.until)
    except ReviewError:  # what waits for a reviewer is made, and its numbers are what one wants to see
        if not asked.json:
            shown.summary(summary.ask(workspace, asked.recipe))
        raise
    if asked.until not in {"card", "release"}:
        en = f"done until {asked.until}; what it did stands in data/runs/{run_id}/"
        return _answer(asked, {"run": run_id}, [t(en, f"已运行至 {asked.until}；记录见 data/runs/{run_id}/")])
    answer = summary.ask(workspace, asked.recipe)
    if asked.json:
        return _answer(asked, answer, [])
    shown.summary(answer)
    return 0


def _step(asked: argparse.Namespace) -> int:
    from curation import line, shown
    from curation.questions import check

    workspace = _workspace(asked)
    if not workspace.is_local and os.environ.get("DVC_STAGE"):
        raise DeclarationError(
            f"`dvc repro` is for data of this machine, and those of this workspace lie on {workspace.storage}; use `curate run`"
        )
    wing = check.source if line.step(asked.step).per == "source" else check.recipe
    wing(workspace, asked.name)
    with workspace.lock(line.new_run_id()):
        report = line.step(asked.step).run(asked.name, workspace, asked.workers)
    if asked.step == "release":
        return _answer(asked, report, [shown.released(asked.name, report)])
    counts = ", ".join(
        f"{key} {value:,}" if type(value) is int else f"{key} {value}"
        for key, value in report.items()
        if not isinstance(value, dict)
    )
    return _answer(asked, report, [f"{asked.step} {asked.name}: {counts}"])


def _status(asked: argparse.Namespace) -> int:
    from curation import shown
    from curation.questions import status

    answer = status.ask(_workspace(asked))
    if asked.json:
        return _answer(asked, answer, [])
    shown.status(answer)
    return 0


def _why(asked: argparse.Namespace) -> int:
    from curation.questions import why

    answer = why.ask(_workspace(asked), asked.doc)
    return _answer(asked, answer, why.shown(answer, asked.lang))


def _tune(asked: argparse.Namespace) -> int:
    from curation import shown
    from curation.questions import tune, tune_page

    workspace = _workspace(asked)
    if asked.html and not asked.html.absolute().parent.is_dir():
        raise DeclarationError(f"--html {asked.html}: no such folder")
    found = tune.measured(workspace, asked.recipe)
    rows = tune.filters(found, asked.filter)
    wanted = [row["name"] for row in rows] if asked.html else [asked.filter] if asked.filter else []
    samples = tune.samples(workspace, found, wanted, asked.samples)
    answer = {
        "recipe": asked.recipe,
        "documents": found.table.num_rows,
        "kept": int(found.kept.sum()),
        "filters": rows,
        "samples": samples,
        "changed": tune.changed(found, asked.set) if asked.set else None,
    }
    if asked.html:
        asked.html.write_text(tune_page.page(asked.recipe, answer["kept"], answer["documents"], rows, samples), encoding="utf-8")
    if asked.json:
        return _answer(asked, answer, [])
    shown.tuning(answer)
    return _answer(asked, answer, [f"written: {asked.html}"] if asked.html else [])


def _overlap(asked: argparse.Namespace) -> int:
    from curation.questions import overlap

    answer = overlap.ask(_workspace(asked), asked.source, asked.threshold, asked.level, asked.workers)
    return _answer(asked, answer, overlap.shown(answer, asked.lang))


def _pull(asked: argparse.Namespace) -> int:
    from curation import loading
    from curation.blending import parse

    wanted, blended = loading.portions(asked.fraction, asked.tokens, asked.by, parse(asked.mix) or None, asked.upweight)
    where = str(_workspace(asked).root)
    answer = loading.pull(
        asked.release, where, asked.out, asked.split, asked.config, wanted, asked.form, blended, asked.accept_withdrawn
    )
    repeated = t(
        f"  {answer['different']:,} different ones: what was asked for repeats documents",
        f"  其中不同文档 {answer['different']:,} 份：所求数量使文档重复",
    )
    return _answer(
        asked,
        answer,
        [
            f"{answer['file']}: {answer['documents']:,} {t('documents', '份文档')}, {answer['bytes']:,} {t('bytes', '字节')}",
            *([repeated] if int(answer["different"]) < int(answer["documents"]) else []),
        ],
    )


def _ui(asked: argparse.Namespace) -> int:
    import getpass

    try:
        import uvicorn

        from curation.review.app import alone
    except ImportError as error:
        raise DeclarationError(
            f"the page needs {error.name}: install the extra `ui`, in the clone: pip install '.[ui]'"
        ) from None
    if not 0 < asked.port < 65_536:
        raise DeclarationError(f"--port {asked.port}: allowed: 1 to 65535")
    workspace = _workspace(asked)
    app, key = alone(lambda: workspace, getpass.getuser(), decides=not asked.read_only)
    print(f"http://{asked.host}:{asked.port}/?key={key}", flush=True)
    uvicorn.run(app, host=asked.host, port=asked.port, log_level="warning")
    return 0


def _contributions(asked: argparse.Namespace) -> int:
    from curation.questions import contributions

    answer = contributions.ask(_workspace(asked), asked.dataset)
    return _answer(asked, answer, contributions.shown(answer, asked.lang))


def _diff(asked: argparse.Namespace) -> int:
    from curation.questions import diff

    answer = diff.ask(_workspace(asked), asked.before, asked.after)
    return _answer(asked, answer, diff.shown(answer))


def _policy(asked: argparse.Namespace) -> int:
    from curation.questions import policy

    answer = policy.ask(_workspace(asked), asked.old, asked.new, asked.on)
    return _answer(asked, answer, policy.shown(answer))


def _verify(asked: argparse.Namespace) -> int:
    from curation.questions import verify

    answer = verify.ask(_workspace(asked), asked.dataset)
    verify.demand(answer)
    return _answer(
        asked,
        answer,
        [
            t(
                f"{asked.dataset} {answer['version']}: {answer['documents']:,} documents, every digest and count holds",
                f"{asked.dataset} {answer['version']}：{answer['documents']:,} 份文档，摘要与数量全部相符",
            )
        ],
    )


def _summary(asked: argparse.Namespace) -> int:
    from curation import shown
    from curation.questions import summary

    answer = summary.ask(_workspace(asked), asked.dataset)
    if asked.json:
        return _answer(asked, answer, [])
    shown.summary(answer)
    return 0


def _signal(asked: argparse.Namespace) -> int:
    from curation import plainfile

    rows = plainfile.annotate(asked.signal, asked.input, asked.output)
    return _answer(asked, {"rows": rows, "output": str(asked.output)}, [f"{asked.signal}: {rows:,} rows in {asked.output}"])


class _NoPandas:
    """Tells this process that pandas is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _twins(asked: argparse.Namespace) -> int:
    if "pyarrow" not in sys.modules:
        # pyarrow imports pandas to ask whether an array is one of its objects: 0.7 s of a short command that has none
        sys.meta_path.insert(0, _NoPandas())
    from curation import engines, shown, twins

    with engines.use("threads"), shown.stages(asked.json) as tell:
        counts = twins.find(asked.input, asked.output, asked.threshold, asked.workers, asked.estimate_only, tell)
    said = f"{counts['documents']:,} documents, {counts['kept']:,} kept, {counts['twins']:,} near-duplicates"
    return _answer(asked, counts, [f"{said} ({counts['identical']:,} of equal tokens); {asked.output}"])


def _warm(asked: argparse.Namespace) -> int:
    import time

    from curation import warm

    begun = time.perf_counter()
    names = warm.compile_kernels()
    return _answer(asked, {"signals": names}, [f"kernels ready in {time.perf_counter() - begun:.1f} s"])


def _dags(asked: argparse.Namespace) -> int:
    from curation import workspaces

    written = [str(path) for path in workspaces.write_dags(asked.dir)]
    following = "its scheduler and workers need $CURATION_WORKSPACE, and the extra `airflow` (docs/connect.md)"
    return _answer(asked, written, [*(f"wrote {path}" for path in written), following])


def _schemas(asked: argparse.Namespace) -> int:
    from curation import schema_files

    written = schema_files.write(Path("schemas"))
    return _answer(asked, written, [f"wrote {name}" for name in written])
