"""DAG `submit_source`: a contributor gives a source; a sample of it goes through the line in a scratch place, for a reviewer to decide.
贡献者提交来源：抽取样本在临时空间试运行，供审核者决定。

The form takes a manifest (what `curate new-source` writes). The answer is a page under "Submissions" of the review page, and the
task's return value as Markdown. Nothing of a dataset changes: a curator adds an accepted source to a recipe.
表单填写清单（`curate new-source` 生成的内容）。结果见审核页的“来源提交”，亦为任务返回的 Markdown。数据集不受影响，来源获接受后由编制者加入配方。
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Connection, Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

ROOT = Path(os.environ.get("CURATION_WORKSPACE") or Path(__file__).resolve().parents[1])

with DAG(
    dag_id="submit_source",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    tags=["curation"],
    doc_md=__doc__,
    params={
        "manifest": Param(
            "id: my-source\ntitle: {en: ..., zh: ...}\nwhere: https://...\nformat: markdown\nlicense: CC-BY-4.0\ncontact: me@example.org\n",
            type="string",
            format="multiline",
            title="Manifest 清单",
            description="The YAML of data/sources/ID.yaml",
        ),
        "dataset": Param(
            "",
            type=["null", "string"],
            title="Dataset 数据集",
            description="By whose filters the sample is judged (default: docs)",
        ),
        "objects": Param(
            200, type="integer", minimum=1, maximum=1000, title="Objects 对象数", description="Files or batches to look at"
        ),
    },
) as dag:

    @task(execution_timeout=timedelta(hours=1))
    def try_source(params: dict[str, Any], dag_run: Any = None) -> str:
        """Check the manifest, write it down, try it; the report as Markdown."""
        from curation import credentials, notify
        from curation.errors import CurationError
        from curation.questions import tryout
        from curation.store import Workspace

        credentials.use_airflow(Connection.get, AirflowNotFoundException)
        workspace = Workspace.find(str(ROOT))  # the one that this Airflow serves: a form names no other
        try:
            file = tryout.submit(workspace, params["manifest"], by=dag_run.triggering_user_name)
            print(f"[curate] trying {file}", flush=True)
        except CurationError as error:
            raise AirflowFailException(str(error)) from None
        try:
            answer = tryout.ask(workspace, file, params["dataset"] or None, params["objects"], anonymous=True)
        except CurationError as error:
            print(f"[curate] written: {tryout.keep_failure(workspace, file, str(error))}", flush=True)
            raise AirflowFailException(str(error)) from None
        print(f"[curate] written: {tryout.keep(workspace, answer)}", flush=True)
        if undelivered := notify.tell(workspace, "submitted", {"source": answer["source"], "contact": answer["contact"]}):
            print(f"[curate] {undelivered}", flush=True)
        return tryout.markdown(tryout.quotable(answer))

    try_source()
