"""Find declarations by name: a workspace's own files first, then those of the package."""

from importlib import resources
from pathlib import Path

from curation import manifest, recipe
from curation.declaration import load_yaml, parse
from curation.errors import DeclarationError
from curation.recipe import Plan, Policy, Profile, Recipe
from curation.store import Workspace


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
    return recipe.plan(found, lambda n: profile(workspace, n), lambda n: policy(workspace, n))


def profile(workspace: Workspace, name: str) -> Profile:
    return _named(workspace.profile_file(name), "profiles", name, Profile, workspace)


def policy(workspace: Workspace, name: str) -> Policy:
    return _named(workspace.policy_file(name), "policies", name, Policy, workspace)


def _named(own: Path, kind: str, name: str, model, workspace: Workspace):  # type: ignore[no-untyped-def]
    built_in = Path(str(resources.files("curation.resources").joinpath(kind)))
    path = own if own.exists() else built_in / f"{name}.yaml"
    if not path.exists():
        known = sorted({p.stem for folder in (own.parent, built_in) for p in folder.glob("*.yaml")})
        raise recipe.unknown(model.__name__.lower(), name, known)
    shown = workspace.shown(path) if own.exists() else f"built-in {kind}/{name}.yaml"
    found = parse(model, load_yaml(path, shown), shown)
    if found.name != name:
        raise DeclarationError(f"{shown}: name {found.name!r} differs from the file's name; allowed: {name!r}")
    return found
