"""Are the declarations sound? What did the short form leave to be derived?"""

import re
from typing import Any

import pyarrow as pa

from curation import catalog, connectors, mapping, readers, rooms, signals
from curation.declaration import parse
from curation.errors import ContractError, DeclarationError
from curation.policy.verdicts import as_type
from curation.recipe import Condition, Edit, Filter, Plan
from curation.steps.filter import known_columns
from curation.store import Workspace


def source(workspace: Workspace, name: str) -> dict[str, Any]:
    """Check one source; returns the values derived for it."""
    found = catalog.source(workspace, name)
    shown = workspace.shown(workspace.source_file(name))
    for room, key, (kind, options) in ((connectors, "where", found.connector()), (readers, "format", found.reader())):
        try:
            module = rooms.find(room, kind)
        except DeclarationError as error:
            raise DeclarationError(f"{shown}: {key}: {error}") from None
        parse(module.Options, options, f"{shown}: {key}.{kind}")
    try:
        mapping.columns(found.map)
    except DeclarationError as error:
        raise DeclarationError(f"{shown}: {error}") from None
    upstream = found.upstream()
    if upstream and upstream not in workspace.names("sources"):
        raise DeclarationError(f"{shown}: where: unknown source {upstream!r}; known: {', '.join(workspace.names('sources'))}")
    return {"source": name, "derived": {key: list(value) for key, value in found.derived().items()}}


def recipe(workspace: Workspace, name: str) -> dict[str, Any]:
    """Check one recipe with its profiles and policy: every column known, thresholds of its type, nulls foreseen."""
    shown = workspace.shown(workspace.recipe_file(name))
    plan = catalog.plan(workspace, name)
    types = _types(workspace, plan)
    for profile in plan.profiles:
        _where(profile.where, types, f"{shown}: profile {profile.name}: where")
        for number, one in enumerate(profile.filters):
            _filter(one, profile.where, types, f"{shown}: profile {profile.name}: filters[{number}]")
    for number, one in enumerate(plan.policy.filters):
        _filter(one, {}, types, f"{shown}: policy {plan.policy.name}: filters[{number}]")
    for number, one in enumerate(plan.recipe.filters):
        _filter(one, {}, types, f"{shown}: filters[{number}]")
    for profile in plan.profiles:
        for number, edit in enumerate(profile.edits):
            _edit(edit, types, f"{shown}: profile {profile.name}: edits[{number}]")
    for number, edit in enumerate(plan.recipe.edits):
        _edit(edit, types, f"{shown}: edits[{number}]")
    return {"recipe": name, "sources": plan.recipe.sources, "filters": len(plan.filters())}


def _types(workspace: Workspace, plan: Plan) -> dict[str, pa.DataType]:
    kept = {f"metadata.{key}": pa.string() for s in plan.recipe.sources for key in catalog.source(workspace, s).map.keep}
    return {**known_columns(), **kept}


def _filter(one: Filter, profile_where: Condition, types: dict[str, pa.DataType], shown: str) -> None:
    _column(one.column, types, f"{shown}.column")
    _where(one.where, types, f"{shown}.where")
    kind = types[one.column]
    if one.low is not None or one.high is not None:
        numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or one.column.startswith("metadata.")
        if not numeric:
            raise DeclarationError(f"{shown}: {one.column} is {kind}; low and high need a number, allowed here: any_of, none_of")
    for key, values in (("any_of", one.any_of), ("none_of", one.none_of)):
        if values is not None:
            _values(values, kind, one.column, f"{shown}.{key}")
    if one.column.split(".")[0] in {"document", "metadata"}:
        return
    defined = signals.languages(one.column)
    chosen = {**profile_where, **one.where}.get("language.label")
    languages = chosen if isinstance(chosen, list) else [chosen] if chosen else []
    if defined is not None and not (languages and {str(one) for one in languages} <= set(defined)):
        allowed = (
            f"{', '.join(defined)} only; add where: {{language.label: {defined[0]}}}" if defined else "no language: no model"
        )
        raise DeclarationError(f"{shown}: {one.column} is defined for {allowed}")


def _edit(edit: Edit, types: dict[str, pa.DataType], shown: str) -> None:
    kind = types.get(edit.spans)
    if kind is None or not pa.types.is_list(kind) or not edit.spans.endswith("spans"):
        spans = sorted(path for path, t in types.items() if pa.types.is_list(t) and path.endswith("spans"))
        raise DeclarationError(f"{shown}.spans: {edit.spans!r} holds no spans; allowed: {', '.join(spans)}")
    _where(edit.where, types, f"{shown}.where")


def _where(where: Condition, types: dict[str, pa.DataType], shown: str) -> None:
    for path, wanted in where.items():
        _column(path, types, shown)
        _values(wanted if isinstance(wanted, list) else [wanted], types[path], path, f"{shown}.{path}")


def _column(path: str, types: dict[str, pa.DataType], shown: str) -> None:
    if path not in types:
        room = path.split(".")[0]
        near = sorted(p for p in types if p.startswith(f"{room}.")) or sorted({p.split(".")[0] for p in types})
        raise DeclarationError(f"{shown}: unknown column {path!r}; known: {', '.join(near)}")


def _values(values: list[Any], kind: pa.DataType, path: str, shown: str) -> None:
    try:
        as_type(values, kind, path)
    except ContractError:
        raise DeclarationError(f"{shown}: {values} are no values of {path}, which is {kind}") from None


def everything(workspace: Workspace, files: list[str]) -> list[dict[str, Any]]:
    """Check the files given, or every source and recipe of the workspace."""
    if not files:
        sources, recipes = workspace.names("sources"), workspace.names("recipes")
    else:
        sources, recipes = [], []
        for file in files:
            known = [kind for kind in ("sources", "recipes") if file in workspace.names(kind)]
            if known:  # by its name, as other commands take it
                (sources if "sources" in known else recipes).append(file)
                continue
            found = re.search(r"(sources|recipes)/([^/]+)\.yaml$", file)
            if not found:
                raise DeclarationError(f"{file}: not a declaration; allowed: data/sources/*.yaml, data/recipes/*.yaml")
            (sources if found.group(1) == "sources" else recipes).append(found.group(2))
    return [*(source(workspace, s) for s in sources), *(recipe(workspace, r) for r in recipes)]
