"""What a result depends on besides its input: our code without comments, and the versions of libraries."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

_RESOURCES = Path(__file__).parent / "resources"
_DATA = re.compile(r"[a-z_/]+\.(json|txt|csv)(\.zst)?")


@cache
def of_module(name: str) -> str:
    """Digest (16 hex) of a module, every `curation` module it imports, and the libraries they name."""
    modules = _closure(name)
    digest = hashlib.sha256()
    libraries: set[str] = set()
    for module in sorted(modules):
        tree, imported, data = _parsed(module)
        digest.update(f"{module}\0{tree}\0".encode())
        for file in data:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        libraries |= {top for target in imported if (top := target.split(".")[0]) != "curation"}
    for library in sorted(libraries - set(sys.stdlib_module_names)):
        digest.update(f"{library}={_version(library)}\0".encode())
    return digest.hexdigest()[:16]


def of_files(paths: list[Path]) -> str:
    """Digest (16 hex) of the names and bytes of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:  # a language model may be larger than memory
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _closure(name: str) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += [target for target in _parsed(module)[1] if target.startswith("curation.")]
    return seen


@cache
def _parsed(module: str) -> tuple[str, frozenset[str], list[Path]]:
    """Its code without docstrings, what it imports, and the files of `curation/resources` that it names."""
    spec = importlib.util.find_spec(module)
    assert spec and spec.origin, f"{module} is not a module"
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    imported: set[str] = set()
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DATA.fullmatch(node.value):
            named.add(node.value)
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = full.startswith("curation.") and _is_module(full)
                imported.add(full if is_module else node.module)
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]  # type: ignore[attr-defined]
    data = [file for text in sorted(named) if (file := _RESOURCES / text).is_file()]
    return ast.dump(tree), frozenset(imported), data


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


_DISTRIBUTIONS = {"yaml": "pyyaml", "bpe_openai": "bpe-openai", "chardetng_py": "chardetng-py"}


@cache
def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(library, library))
    except importlib.metadata.PackageNotFoundError:
        return None


def combined(digests: list[str]) -> str:
    """One digest (16 hex) of several."""
    return hashlib.sha256("\0".join(digests).encode()).hexdigest()[:16]
