"""The laws of the house that a machine can check."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "curation").rglob("*.py"))
FLOORS = [
    {
        "errors", "declaration", "document", "manifest", "recipe", "license", "license_texts", "license_files", "license_pages", "reservations", "ledger", "approval", "store", "fingerprint", "rooms",
        "catalog", "versions", "published", "web", "archive", "decoding", "mapping", "editing", "fasttext_model", "loading",
        "parcels", "settings", "identifiers", "decisions", "rights", "levels", "mixing",
        "tc609", "proxy_model", "provenance", "lineage", "blending", "members", "tongue", "notify", "standing", "gate", "signing", "sampling", "office", "credentials", "records", "markup", "columns", "portion", "confined", "reviewers", "conditions",
    },
    {"kernels", "policy"},
    {"connectors", "readers", "signals", "dedup", "engines", "card"},
    {"steps", "questions", "pairing", "signature_index", "spilling", "shard_writer", "contamination", "paragraphs", "plainfile", "twins", "warm", "withdrawal", "purge", "takeback", "quality"},
    {"line"},
    {"workspaces", "review", "shown", "usage", "schema_files", "decision_commands", "source_commands", "drafting", "packing"},
    {"cli"},
    {"__main__"},
]  # fmt: skip
FREE = {0, 3, 5}  # floors whose rooms may look at each other: nouns; steps read steps; small tools of the CLI
BANNED = {"utils", "helpers", "common", "base", "misc", "core", "manager"}


def floor(room: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "curation").with_suffix("").parts[0]


def imports(path: Path, top_only: bool = False):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "curation":
                yield from (f"curation.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    """A room imports what is below it, never what is above or beside it."""
    here = room_of(path)
    if here in {"__init__", "resources"}:
        return
    for target in imports(path):
        if not target.startswith("curation."):
            continue
        there = target.split(".")[1]
        if there in {"resources", here}:
            continue
        below = floor(there) < floor(here) or (floor(there) == floor(here) and floor(here) in FREE)
        assert below, f"{path.relative_to(ROOT)} (floor {floor(here)}) imports {there} (floor {floor(there)})"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_library_does_not_need_airflow_or_dvc_to_be_imported(path: Path) -> None:
    """Airflow is imported by its plugin alone, which only Airflow loads; DVC only inside the functions that release and load."""
    assert path.name == "airflow_plugin.py" or not [t for t in imports(path) if t.split(".")[0] == "airflow"]
    assert not [t for t in imports(path, top_only=True) if t.split(".")[0] in {"dvc", "datasets"}]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_small_files_with_honest_names(path: Path) -> None:
    """One idea a file; no drawer for everything."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 480
    assert path.stem not in BANNED


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_silent_failure(path: Path) -> None:
    """No bare except, no except Exception; a file has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} does not say what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert not (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})


def test_the_package_needs_no_pickle_and_no_word_boundaries_near_han() -> None:
    r"""Models are loaded by fastText only; `\b` next to Han characters matches nothing, so patterns do without it."""
    for path in FILES:
        for target in imports(path):
            assert target.split(".")[0] not in {"pickle", "joblib", "torch"}, path
    for path in (ROOT / "curation" / "signals").glob("*.py"):
        assert r"\b" not in path.read_text(encoding="utf-8"), path


def test_help_is_light() -> None:
    """`--help` loads neither numba nor pyarrow nor datasketch, and neither does `import curation`."""
    code = "import sys, curation, curation.cli; curation.cli.parser(); print([m for m in ('numba','pyarrow','datasketch','pydantic') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_clone_holds_the_dvc_file_that_init_copies() -> None:
    """dvc.yaml is one file, in two places."""
    assert (ROOT / "dvc.yaml").read_text() == (ROOT / "curation/resources/workspace/dvc.yaml").read_text()


def test_schemas_are_fresh() -> None:
    """schemas/ is what the models say today."""
    from curation.schema_files import contents

    for name, text in contents().items():
        assert (ROOT / "schemas" / name).read_text(encoding="utf-8") == text, f"run `curate schemas`: {name} is old"


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_command_is_documented(readme: str) -> None:
    """A command that the README does not show does not exist for people."""
    from curation.cli import parser

    text = (ROOT / readme).read_text(encoding="utf-8")
    commands = next(a for a in parser()._actions if getattr(a, "choices", None) and a.dest == "command").choices
    assert not [name for name in commands if not re.search(rf"curate (?:--\S+ \S+ )?{name}\b", text)]


def test_the_lock_has_no_second_fasttext() -> None:
    """fasttext-predict installs the same module name and would overwrite the library."""
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert 'name = "fasttext"' in lock and 'name = "fasttext-predict"' not in lock


def test_the_policys_measures_point_at_what_is_there() -> None:
    """docs/measures.md is what its source says; every field, command, file and test that it names exists."""
    from benchmarks.measures import DOCS, FILES, measures, page
    from curation.cli import parser
    from curation.manifest import Source
    from curation.recipe import Recipe

    commands = next(a for a in parser()._actions if getattr(a, "choices", None) and a.dest == "command").choices
    fields = {f"source.{name}" for name in Source.model_fields} | {f"recipe.{name}" for name in Recipe.model_fields}
    assert [one["number"] for one in measures()] == list(range(1, 14))
    for one in measures():
        assert one["fields"] and set(one["fields"]) <= fields, one["number"]
        assert one["commands"] and set(one["commands"]) <= set(commands), one["number"]
        for test in one["tests"]:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8") if name else (ROOT / file).is_file(), test
    for name, language in FILES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == page(language), (
            f"run `python -m benchmarks.measures`: docs/{name} is old"
        )
    for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CONTRIBUTING.zh-CN.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), f"{name}: {link}"
