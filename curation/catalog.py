"""Find declarations by name: a workspace's own files first, then those of the package."""

from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from curation import fingerprint, manifest, recipe
from curation.declaration import load_yaml, parse
from curation.errors import DataError, DeclarationError
from curation.license import tier as license_tier
from curation.recipe import Plan, Policy, Profile, Recipe
from curation.store import Workspace

OPEN = ("open_permissive", "open_sharealike", "research_nc")  # from strict to wide


def source(workspace: Workspace, name: str) -> manifest.Source:
    """A registered source. Raises DeclarationError with the names there are."""
    path = workspace.source_file(name)
    if not path.exists():
        raise recipe.unknown("source", name, workspace.names("sources"))
    return manifest.load(path, workspace.shown(path))


def dataset(workspace: Workspace, name: str) -> Recipe:
    """A recipe. Raises DeclarationError with the names there are."""
    path = workspace.recipe_file(name)
    if not path.exists():
        raise recipe.unknown("recipe", name, workspace.names("recipes"))
    return recipe.load(path, workspace.shown(path))


def plan(workspace: Workspace, name: str) -> Plan:
    """A recipe with its profiles and policy, and every source it names known."""
    found = dataset(workspace, name)
    known = workspace.names("sources")
    for one in found.sources:
        if one not in known:
            where = workspace.shown(workspace.recipe_file(name))
            raise DeclarationError(f"{where}: sources: unknown source {one!r}; known: {', '.join(known)}")
    return recipe.plan(found, lambda n: profile(workspace, n), lambda n: policy(workspace, n), lambda n: source(workspace, n))


def benchmarks(workspace: Workspace, plan: Plan) -> list[Path]:
    """The benchmark files that a recipe keeps out. Raises DataError naming one that is not there."""
    declared = plan.recipe.dedup.decontaminate
    paths = [workspace.root / one for one in declared.benchmarks] if declared else []
    for path in paths:
        if not path.is_file():
            raise DataError(f"{workspace.shown(path)}: no such benchmark file in the workspace")
    return paths


def benchmarks_digest(workspace: Workspace, plan: Plan) -> str | None:
    """Of the benchmark files as they are now; null where a recipe has none. A ledger made with others is out of date."""
    paths = benchmarks(workspace, plan)
    return fingerprint.of_files(paths) if paths else None


def profile(workspace: Workspace, name: str) -> Profile:
    return _named(workspace.profile_file(name), "profiles", name, Profile, workspace)


def policy(workspace: Workspace, name: str) -> Policy:
    return _named(workspace.policy_file(name), "policies", name, Policy, workspace)


def policy_for(licenses: Iterable[str]) -> str:
    """The strictest policy of this package that lets all of these licenses in; the strictest of all where none does, or none is known.

    >>> policy_for(["MIT", "CC0-1.0"]), policy_for(["MIT", "CC-BY-SA-4.0"]), policy_for(["CC-BY-NC-4.0"]), policy_for(["unknown"])
    ('open_permissive', 'open_sharealike', 'research_nc', 'open_permissive')
    """
    tiers = {license_tier(one) for one in licenses if one != "unknown"} - {None}
    for name in OPEN:
        allowed = {
            tier for one in built_in("policies", name, Policy).filters if one.name == "license_tier" for tier in one.any_of or ()
        }
        if tiers <= allowed:
            return name
    return OPEN[0]


def built_in(kind: str, name: str, model, own: Sequence[str] = ()):  # type: ignore[no-untyped-def]
    """A profile or policy that comes with the package. Raises DeclarationError with the names there are, `own` ones too."""
    path = _built_in(kind) / f"{name}.yaml"
    if not path.exists():
        known = {p.stem for p in _built_in(kind).glob("*.yaml")}
        raise recipe.unknown(model.__name__.lower(), name, sorted(known | set(own)))
    return _parsed(path, f"built-in {kind}/{name}.yaml", model)


def rule_files(workspace: Workspace) -> list[Path]:
    """Every profile and policy there is: built in, then the workspace's own."""
    own = [workspace.profile_file("x").parent, workspace.policy_file("x").parent]
    return [file for folder in (_built_in("profiles"), _built_in("policies"), *own) for file in sorted(folder.glob("*.yaml"))]


def _built_in(kind: str) -> Path:
    return Path(str(resources.files("curation.resources").joinpath(kind)))


def _named(own: Path, kind: str, name: str, model, workspace: Workspace):  # type: ignore[no-untyped-def]
    if own.exists():
        return _parsed(own, workspace.shown(own), model)
    return built_in(kind, name, model, [p.stem for p in own.parent.glob("*.yaml")])


def _parsed(path: Path, shown: str, model):  # type: ignore[no-untyped-def]
    found = parse(model, load_yaml(path, shown), shown)
    if found.name != path.stem:
        raise DeclarationError(f"{shown}: name {found.name!r} differs from the file's name; allowed: {path.stem!r}")
    return found
