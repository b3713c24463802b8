"""The wheel in an empty environment: the core without Airflow, and nothing imported from the clone."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import corpus

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def uv() -> str:
    found = shutil.which("uv") or (str(ROOT / ".uv/bin/uv") if (ROOT / ".uv/bin/uv").exists() else None)
    assert found, "uv is missing: `make setup` puts it into .uv/"
    return found


def test_the_wheel_alone_inits_checks_and_runs(tmp_path: Path, uv: str) -> None:
    """Installed with the locked core only: init, check, the line to its card; airflow and torch are not there."""

    def run(*command: str, cwd: Path = tmp_path) -> str:
        clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV", "CURATION_WORKSPACE"}}
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=clean)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(uv, "build", "-q", "--wheel", "--out-dir", str(tmp_path), str(ROOT))
    run(uv, "export", "-q", "--frozen", "--no-dev", "--no-emit-project", "--project", str(ROOT), "-o", str(tmp_path / "core.txt"))
    run(uv, "venv", "-q", "--python", "3.11", str(tmp_path / "env"))
    python = str(tmp_path / "env/bin/python")
    wheel = next(tmp_path.glob("curation-*.whl"))
    run(uv, "pip", "install", "-q", "--python", python, "--no-deps", "-r", str(tmp_path / "core.txt"))
    run(uv, "pip", "install", "-q", "--python", python, "--no-deps", str(wheel))
    # the same kernels, compiled already for this machine: what is asked here is what the wheel holds
    compiled = tmp_path / "env/lib/python3.11/site-packages/curation/kernels/__pycache__"
    shutil.copytree(ROOT / "curation/kernels/__pycache__", compiled, dirs_exist_ok=True)
    curate = str(tmp_path / "env/bin/curate")
    run(curate, "init", "ws")
    corpus.lay(tmp_path / "ws")
    run(curate, "check", cwd=tmp_path / "ws")
    (tmp_path / "dags").mkdir()
    run(curate, "dags", str(tmp_path / "dags"))
    for name in ("curate", "sources"):  # the wheel brings them, so that an Airflow elsewhere needs no clone
        assert (tmp_path / "dags" / f"curation_{name}.py").read_text() == (ROOT / "dags" / f"{name}.py").read_text()
    run(curate, "run", "energy", "--until", "card", cwd=tmp_path / "ws")
    where = run(
        python,
        "-c",
        "import curation, importlib.util as u; print(curation.__file__, u.find_spec('airflow'), u.find_spec('torch'))",
    )
    assert str(tmp_path / "env") in where and where.split()[1:] == ["None", "None"]
