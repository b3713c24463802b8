"""Apache Spark: one task of ours is one task of Spark's, on the executors of a cluster that has this environment.

    curate run my-dataset --engine spark --address spark://master:7077        (default: Spark on this machine)

A session that is there already is used (Airflow's `@task.pyspark`), and so is the cluster of a `spark-submit` (docs/connect.md).
The extra `spark` brings PySpark; Java 17 or 21 must be there. Files go through the workspace's data, which every executor
must reach under the same name.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from curation.engines import Result, Task
from curation.errors import DataError

MEGABYTES = 512  # of a task's results and the driver's own needs; texts never pass through the driver


def map_tasks(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int, address: str | None = None
) -> Iterator[Result]:
    """Yield function(task) for each task in order; a lost executor's tasks are run again by Spark."""
    if not tasks:
        return
    context = _session(workers, address).sparkContext
    # one task a partition: ours are large, and Spark repeats and balances partitions
    numbered = context.parallelize(list(tasks), len(tasks))
    yield from numbered.map(function).collect()


def _session(workers: int, address: str | None) -> Any:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataError("--engine spark needs PySpark: install curation with the extra `spark`") from None
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # by spark-submit, which has said where
    master = address or (
        "the one of spark-submit" if submitted else f"local[{workers},4]"
    )  # a task may fail three times here too
    builder = SparkSession.builder.appName("curation")
    builder = builder if submitted and not address else builder.master(master)
    for key, value in _SETTINGS.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise DataError(f"--engine spark: no Spark at {master}: {str(error).splitlines()[0]}") from None
    session.sparkContext.setLogLevel("ERROR")
    return session


_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.python.worker.reuse": "true",  # a worker keeps its compiled kernels
    "spark.task.maxFailures": "4",
    "spark.driver.memory": f"{MEGABYTES}m",
}
