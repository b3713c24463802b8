"""The same digests on every engine: real multi-process clusters of Spark and Ray on loopback, and a worker killed at work."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation import line, published
from curation.engines import map_tasks, names, use
from tests import corpus

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
QUIET = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "PYSPARK_PYTHON": sys.executable,
    "SPARK_LOCAL_IP": "127.0.0.1",
}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on {port}")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A standalone master and two workers of one core."""
    assert shutil.which("java"), "Spark needs Java 17 or 21: apt-get install openjdk-17-jre-headless"
    import pyspark

    home, scratch = Path(pyspark.__file__).parent, tmp_path_factory.mktemp("spark")
    port, environment = free_port(), {**QUIET, "SPARK_HOME": str(Path(pyspark.__file__).parent), "SPARK_WORKER_DIR": str(scratch)}
    launch = [str(home / "bin" / "spark-class")]
    where = ["--host", "127.0.0.1", "--webui-port", "0"]
    kind = "org.apache.spark.deploy"
    started = [
        subprocess.Popen(
            [*launch, f"{kind}.master.Master", *where, "--port", str(port)],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
    ]  # fmt: skip
    wait_for(port)
    address = f"spark://127.0.0.1:{port}"
    for _ in range(2):
        command = [*launch, f"{kind}.worker.Worker", *where, "--cores", "1", "--memory", "1g", address]
        started.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
        )
    yield address
    for one in started:
        os.killpg(one.pid, signal.SIGKILL)
        one.wait()


@pytest.fixture(scope="module")
def ray() -> Iterator[str]:
    """A head and a second node of one core each."""
    port = free_port()
    head = [str(BIN / "ray"), "start", "--head", "--node-ip-address", "127.0.0.1", "--port", str(port), "--num-cpus", "1"]
    other = [str(BIN / "ray"), "start", "--address", f"127.0.0.1:{port}", "--num-cpus", "1"]
    for command in ([*head, "--include-dashboard", "false"], other):
        subprocess.run([*command, "--disable-usage-stats"], env=QUIET, check=True, capture_output=True)
    yield f"127.0.0.1:{port}"
    subprocess.run([str(BIN / "ray"), "stop", "--force"], env=QUIET, check=True, capture_output=True)


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the local engine's dataset."""
    workspace = corpus.lay(tmp_path_factory.mktemp("local"), files=1)
    line.run(workspace, "energy", until="card")
    return str(published.manifest(workspace, "energy")["digest"])


@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_the_line_gives_the_same_digest(engine: str, digest: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """`curate run --engine` on a cluster of two workers makes the dataset that one process makes.

    Spark is reached as Airflow's SparkSubmitOperator does it (docs/connect.md): spark-submit says where the cluster is.
    """
    address = request.getfixturevalue(engine)
    workspace = corpus.lay(tmp_path, files=1)  # two objects: a task for each node
    command = ["-m", "curation", "--workspace", str(tmp_path), "--json", "run", "energy", "--until", "card", "--workers", "1"]
    launch = [sys.executable, *command, "--engine", engine, "--address", address]
    environment = dict(QUIET)
    if engine == "spark":
        (tmp_path / "run_curate.py").write_text('from curation.cli import entry\n\nif __name__ == "__main__":\n    entry()\n')
        launch = [
            str(BIN / "spark-submit"),
            "--master",
            address,
            "--conf",
            "spark.ui.enabled=false",
            str(tmp_path / "run_curate.py"),
        ]
        launch += [*command[2:], "--engine", engine]
        environment |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        launch,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (
        json.loads(done.stdout.strip().splitlines()[-1])["digest"] == digest == published.manifest(workspace, "energy")["digest"]
    )


KILLED = """
import json, os, signal, sys
from functools import partial
from pathlib import Path
from curation.engines import map_tasks, use
from tests.engines.test_clusters import deadly

with use(sys.argv[1], sys.argv[2]):
    print(json.dumps(list(map_tasks(partial(deadly, Path(sys.argv[3])), list(range(8)), 2))))
"""


def deadly(marker: Path, task: int) -> int:
    """Task 3 kills its worker the first time."""
    if task == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task * task


@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_a_killed_worker_is_made_up_for(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A worker that dies in the middle of a task loses nothing: the task is run again, the results come in order."""
    address = request.getfixturevalue(engine)
    command = [sys.executable, "-c", KILLED, engine, address, str(tmp_path / "killed")]
    done = subprocess.run(command, env=QUIET, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.strip().splitlines()[-1]) == [n * n for n in range(8)]
    assert (tmp_path / "killed").exists()


def test_engines_and_the_command_line_agree() -> None:
    """The folder is the registry; an unknown engine is told with those there are."""
    from curation.cli import ENGINES

    assert names() == sorted(ENGINES)
    with use("local"):
        assert list(map_tasks(abs, [-1, 2], 1)) == [1, 2]
