"""DAG `sources`: refresh every registered source, a task each; a changed source updates its asset, and
`<recipe>_when_sources_change` then runs the datasets that use it.
刷新全部已登记来源，每个来源一个任务；来源变化会更新其资产，并由 `<recipe>_when_sources_change` 运行使用它的数据集。
A source that came by the form is refreshed once a reviewer accepted it. 经表单提交的来源须获审核者接受后方会刷新。
"""

import os
from datetime import timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, Connection, Param, task

from curation import catalog, standing
from curation.errors import CurationError
from curation.store import Workspace

ROOT = Path(os.environ.get("CURATION_WORKSPACE") or Path(__file__).resolve().parents[1])
WORKSPACE = Workspace(ROOT)


def source_asset(source: str) -> Asset:
    """The asset that new raw bytes of a source update."""
    return Asset(name=f"source {source}", uri=f"curation://source/{source}")


with DAG(
    dag_id="sources",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["curation"],
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
    doc_md=__doc__,
    params={"workspace": Param(str(ROOT), type="string", title="Workspace 工作区", description="Folder made by `curate init`")},
):
    made: dict[str, Any] = {}
    upstream: dict[str, str] = {}
    for source in WORKSPACE.names("sources"):
        if (said := standing.about_source(WORKSPACE, source)) and said.kind != "accept":
            continue  # somebody's form is fetched by nobody's login before a reviewer accepted it

        @task(task_id=f"refresh_{source}".replace(".", "_"), outlets=[source_asset(source)])
        def refresh(params: dict[str, Any], run_id: str, name: str = source, outlet_events: Any = None) -> dict[str, Any]:
            """Fetch what changed; the source's asset event says how much. Skipped, without an event, when nothing did."""
            from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

            from curation import credentials, line

            credentials.use_airflow(Connection.get, AirflowNotFoundException)
            report = line.run_step(Workspace.find(params["workspace"]), run_id, line.step("ingest"), name)
            if not report["fetched"]:
                raise AirflowSkipException(f"{name}: unchanged")
            outlet_events[source_asset(name)].extra = {key: report[key] for key in ("objects", "fetched", "bytes")}
            return report

        made[source] = refresh()
        try:
            if other := catalog.source(WORKSPACE, source).upstream():
                upstream[source] = other
        except CurationError as error:
            print(f"[curate] {error}")  # told again, and stopped, when the source is refreshed
    for source, other in upstream.items():
        if other not in made:
            continue
        made[other] >> made[source]
        made[source].operator.trigger_rule = "none_failed"

for recipe in WORKSPACE.names("recipes"):
    try:
        wanted = [source_asset(source) for source in catalog.dataset(WORKSPACE, recipe).sources]
    except CurationError as error:
        print(f"[curate] {error}")
        continue
    with DAG(
        dag_id=f"{recipe}_when_sources_change",
        schedule=reduce(or_, wanted),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=True,
        tags=["curation"],
        doc_md=f"Runs `curate` for {recipe} when one of its sources changed. Paused until somebody wants it.\n\n"
        f"{recipe} 的任一来源变化时运行 `curate`；默认暂停，需要时启用。",
    ):
        TriggerDagRunOperator(task_id="run", trigger_dag_id="curate", conf={"recipe": recipe})
