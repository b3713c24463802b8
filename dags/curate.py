"""DAG `curate`: a recipe's whole line. Wiring only; every task is a step of curation.line.STEPS.

Its form asks for workspace, recipe, workers and a note: nothing that changes content outside the recipe. A card that needs a reviewer
waits under "Required Actions" and on the page *Card* of the run; progress is in each task's log, lineage in data/runs/.
运行一个配方的完整流程，每个任务即 curation.line.STEPS 的一步。表单只问工作区、配方、进程数与备注。需审核的卡片在“Required Actions”与运行页的 *Card* 等待；
进度见各任务日志，血缘见 data/runs/。
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, AssetAlias, Connection, Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from curation.line import STEPS
from curation.store import Workspace

ROOT = Path(os.environ.get("CURATION_WORKSPACE") or Path(__file__).resolve().parents[1])
RECIPES = Workspace(ROOT).names("recipes")
RETRIES = {"retries": 1, "retry_delay": timedelta(seconds=10)}  # safe: a step publishes whole or not at all
RELEASED = "released datasets"  # an alias: which dataset a run releases is known when it runs


def dataset_asset(recipe: str) -> Asset:
    """The asset that a release of this dataset updates."""
    return Asset(name=f"dataset {recipe}", uri=f"curation://dataset/{recipe}")


@contextmanager
def not_again() -> Iterator[None]:
    """Somebody must decide something: a second try of the task would say the same."""
    from curation.errors import DeclarationError, ReviewError, RightsError

    try:
        yield
    except (DeclarationError, RightsError, ReviewError) as error:
        raise AirflowFailException(str(error)) from None


def run_one(step_name: str, name: str, params: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Run one step of the line for a DAG run, telling its progress in the task's log."""
    from curation import credentials, engines, line

    credentials.use_airflow(Connection.get, AirflowNotFoundException)
    step = line.step(step_name)
    workspace = Workspace.find(params["workspace"])

    def watch(one: line.Step, what: str, done: int, total: int) -> None:
        if done == 0:
            print(f"[curate] {one.name} {what}: {one.title}", flush=True)
        elif total > 1:
            print(f"[curate] {one.name} {what} {done}/{total}", flush=True)

    with not_again(), engines.use(params["engine"], params["address"] or None):
        return line.run_step(workspace, run_id, step, name, int(params["workers"]), params.get("note") or "", watch)


class Review(ApprovalOperator):
    """Airflow's approval, whose answer, yes or no, is written as the same file that `curate approve` writes."""

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the decision about the very digest that was shown, then go on or skip the release; ask again who may not decide."""
        from curation import approval, published
        from curation.decisions import Identity
        from curation.errors import DataError
        from curation.questions import status
        from curation.reviewers import FILE, Reviewers

        params, ti = context["params"], context["ti"]
        workspace = Workspace.find(params["workspace"])
        manifest = published.manifest(workspace, params["recipe"])
        if manifest["digest"] != ti.xcom_pull(task_ids="show_card", key="digest"):
            raise DataError(f"{params['recipe']} changed since its card was shown here; run the DAG again")
        by = event.get("responded_by_user") or {}
        name = by.get("name") if isinstance(by, dict) else getattr(by, "name", None)
        if name and not Reviewers(workspace).decides(str(name)):
            print(f"[curate] {name} is not in {FILE}: nothing is decided, the question stands", flush=True)
            return self.execute(context)
        said = (event.get("params_input") or {}).get("reason") or "no reason given in Airflow"
        approves = self.APPROVE in event["chosen_options"]
        if approves:
            status.demand_current(workspace, params["recipe"])
        approval.record(
            workspace,
            manifest,
            "approve" if approves else "reject",
            said,
            reviewer=str(name or "nobody: the time to answer ran out"),
            identity="Airflow login",
            by=Identity(name=str(name), kind="airflow-login") if name else None,
            decided_at=event["responded_at"].isoformat(timespec="seconds"),
        )
        return super().execute_complete(context, event)


with DAG(
    dag_id="curate",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["curation"],
    default_args=RETRIES,
    doc_md=__doc__,
    params={
        "workspace": Param(str(ROOT), type="string", title="Workspace 工作区", description="Folder made by `curate init`"),
        "recipe": Param(
            RECIPES[0] if RECIPES else "",
            type="string",
            title="Recipe 配方",
            description="The dataset to make",
            **({"enum": RECIPES} if RECIPES else {}),
        ),
        "workers": Param(
            1,
            type="integer",
            minimum=1,
            maximum=os.cpu_count() or 1,
            title="Workers 进程数",
            description="Processes inside a task; sources already run side by side",
        ),
        "engine": Param(
            "local",
            type="string",
            enum=["local", "ray", "spark", "threads"],
            title="Engine 执行引擎",
            description="Where a task's parts run: in Airflow's worker, or on a cluster that reaches the workspace's data",
        ),
        "address": Param(
            "",
            type=["null", "string"],
            title="Address 集群地址",
            description="Of the engine's cluster, such as spark://master:7077",
        ),
        "note": Param(
            "",
            type=["null", "string"],
            format="multiline",
            title="Note 备注",
            description="Goes into the run record and the release's commit",
        ),
    },
) as dag:

    @task
    def plan(params: dict[str, Any], run_id: str) -> list[str]:
        """Check the recipe and its sources, open the run; the sources to extract and annotate."""
        from curation import catalog, line
        from curation.questions import check

        workspace = Workspace.find(params["workspace"])
        recipe = params["recipe"]
        with not_again():
            check.recipe(workspace, recipe)
            for wave in line.sources_of(workspace, recipe):
                for source in wave:
                    check.source(workspace, source)
        line.begin(workspace, recipe, int(params["workers"]), params.get("note") or "", run_id)
        workspace.collect_orphans()
        return catalog.dataset(workspace, recipe).sources

    def wave(number: int, task_id: str):  # type: ignore[no-untyped-def]
        """Airflow maps over a task's whole return value only: one small task per list."""

        @task(task_id=task_id)
        def sources_of_wave(params: dict[str, Any]) -> list[str]:
            from curation import line

            return line.sources_of(Workspace.find(params["workspace"]), params["recipe"])[number]

        return sources_of_wave()

    def per_source(step_name: str, task_id: str):  # type: ignore[no-untyped-def]
        @task(task_id=task_id, map_index_template="{{ source }}", trigger_rule="none_failed")
        def step_of_source(name: str, params: dict[str, Any], run_id: str) -> dict[str, Any]:
            from airflow.sdk import get_current_context

            get_current_context()["source"] = name
            return run_one(step_name, name, params, run_id)

        return step_of_source

    def per_recipe(step_name: str):  # type: ignore[no-untyped-def]
        @task(task_id=step_name, trigger_rule="none_failed")
        def step_of_recipe(params: dict[str, Any], run_id: str) -> dict[str, Any]:
            return run_one(step_name, params["recipe"], params, run_id)

        return step_of_recipe()

    planned = plan()
    first, second = wave(0, "fetched_sources"), wave(1, "derived_sources")
    planned >> [first, second]
    before = None
    for step in STEPS:
        if step.name == "ingest":
            fetched = per_source("ingest", "ingest").expand(name=first)
            before = per_source("ingest", "ingest_derived").expand(name=second)
            fetched >> before
        elif step.per == "source":
            now = per_source(step.name, step.name).expand(name=planned)
            before >> now
            before = now
        elif step.name != "release":
            now = per_recipe(step.name)
            before >> now
            before = now

    @task.branch
    def gate(params: dict[str, Any]) -> str:
        """To the reviewer (again, after a rejection), unless the recipe needs none, this very digest is approved or nothing is new."""
        from curation import approval, catalog, published, versions

        workspace = Workspace.find(params["workspace"])
        manifest = published.manifest(workspace, params["recipe"])
        needed = catalog.dataset(workspace, params["recipe"]).review == "required"
        needed = needed and manifest["version"] not in versions.released(workspace.root, params["recipe"])
        decided = approval.find(workspace, params["recipe"], manifest["digest"])
        return "show_card" if needed and (decided is None or decided.decision == "reject") else "release"

    @task
    def show_card(params: dict[str, Any], ti: Any = None) -> str:
        """The card without its header for machines: the body of the reviewer's question."""
        from curation import approval, published

        workspace = Workspace.find(params["workspace"])
        digest = published.manifest(workspace, params["recipe"])["digest"]
        ti.xcom_push(key="digest", value=digest)
        text = workspace.open(workspace.dataset(params["recipe"], "README.md")).read().decode()
        body = "\n".join(line for line in text.split("\n---\n", 1)[-1].splitlines() if not line.startswith("!["))
        return f"{approval.question(workspace, params['recipe'], digest)}\n\n{body[:60_000]}"

    review = Review(
        task_id="review",
        subject="Release {{ params.recipe }}? 是否发布？",
        body="{{ ti.xcom_pull(task_ids='show_card') }}",
        defaults="Reject",
        response_timeout=timedelta(days=7),
        params={"reason": Param("", type=["null", "string"], format="multiline", title="Reason 理由")},
        fail_on_reject=False,
    )

    @task(trigger_rule="none_failed_min_one_success", outlets=[AssetAlias(RELEASED)])
    def release(params: dict[str, Any], run_id: str, outlet_events: Any = None) -> dict[str, Any]:
        """Release; the asset event of the dataset says which version."""
        report = run_one("release", params["recipe"], params, run_id)
        said = {"version": report["version"], "released": report["released"]}
        outlet_events[AssetAlias(RELEASED)].add(dataset_asset(params["recipe"]), extra=said)  # of this dataset and of no other
        return report

    gated, released = gate(), release()
    before >> gated >> [shown := show_card(), released]
    shown >> review >> released
