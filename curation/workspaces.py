"""Make a workspace: folders, dvc.yaml, git and DVC of its own."""

from importlib import resources
from pathlib import Path

import yaml

from curation import settings
from curation.errors import DeclarationError
from curation.line import refresh_catalog
from curation.store import Workspace
from curation.versions import dvc, git

PARTS = ("sources", "recipes", "profiles", "policies", "approvals")


def write_dags(folder: Path) -> list[Path]:
    """Copy the DAG files into an Airflow's dags folder; what stands there under their names must be ours."""
    own = Path(str(resources.files("curation.resources").joinpath("dags")))
    if not own.is_dir():  # a clone, where they stand at its root
        own = Path(__file__).resolve().parents[1] / "dags"
    if not folder.is_dir():
        raise DeclarationError(f"{folder}: no such folder; it is the dags_folder of your Airflow, or a folder in it")
    written = []
    for file in sorted(own.glob("*.py")):
        target = folder / f"curation_{file.name}"
        text = file.read_text(encoding="utf-8")
        if target.exists() and not target.read_text(encoding="utf-8").startswith('"""DAG `'):
            raise DeclarationError(f"{target}: is there and is not one of curation's DAGs")
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def create(folder: Path, remote: str | None, storage: str | None = None) -> Workspace:
    """Make `folder` a workspace; what is already there stays. `remote` becomes DVC's default remote, data lie in `storage`."""
    if folder.exists() and not folder.is_dir():
        raise DeclarationError(f"{folder}: is a file; a folder is needed")
    template = resources.files("curation.resources").joinpath("workspace")
    for part in PARTS:
        kept = folder / "data" / part
        kept.mkdir(parents=True, exist_ok=True)
        if not any(kept.iterdir()):
            (kept / ".gitkeep").touch()
    for name, target in (("dvc.yaml", "dvc.yaml"), ("gitignore", ".gitignore")):
        if not (folder / target).exists():
            (folder / target).write_text(template.joinpath(name).read_text(encoding="utf-8"), encoding="utf-8")
    if storage:
        declared = settings.Settings.model_validate({"storage": {"url": storage}})
        (folder / settings.NAME).write_text(yaml.safe_dump(declared.model_dump(exclude_defaults=True)), encoding="utf-8")
    workspace = Workspace(folder)
    refresh_catalog(workspace)
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    for key, value in (("user.name", "curation"), ("user.email", "curation@localhost")):
        if not git(folder, "config", key, check=False):
            git(folder, "config", key, value)
    if not (folder / ".dvc").is_dir():
        dvc(folder, "init", "-q")
        dvc(folder, "config", "core.analytics", "false")
        dvc(folder, "config", "cache.type", "reflink,hardlink,copy")
    if remote:
        dvc(folder, "remote", "add", "-d", "-f", "store", remote)
    made = [
        ".gitignore",
        ".dvcignore",
        "dvc.yaml",
        settings.NAME,
        ".dvc",
        "data/catalog.yaml",
        *(f"data/{part}/.gitkeep" for part in PARTS),
    ]
    git(folder, "add", "--", *[path for path in made if (folder / path).exists()])
    if git(folder, "diff", "--cached", "--name-only"):
        git(folder, "commit", "-q", "-m", "Set up the workspace")
    return workspace
