"""What each filter of a recipe does: alone, on top of the others, at its threshold, and with another value.

Everything is read from what was measured before; nothing is measured again. `kept` is what the step `filter` keeps:
deduplication comes after it.
"""

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curation import catalog, standing
from curation.errors import DeclarationError
from curation.policy.verdicts import columns_of, passes, select
from curation.questions import check
from curation.recipe import Condition, Filter, Plan
from curation.steps.filter import columns, shards_of
from curation.store import Workspace

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
BINS = 24
NEAR = 0.05  # samples are drawn from this share of a side's documents, the nearest to the threshold
SNIPPET = 240  # characters
CURVE = 400  # points of what a threshold keeps
Mask = NDArray[np.bool_]


@dataclass
class Judged:
    """A filter over every document."""

    one: Filter
    where: Condition
    selected: Mask
    passed: Mask
    values: pa.ChunkedArray

    @property
    def fails(self) -> Mask:
        return self.selected & ~self.passed

    @property
    def numeric(self) -> bool:
        return self.one.any_of is None and self.one.none_of is None


@dataclass
class Measured:
    """A recipe's measurements, and its filters over them."""

    table: pa.Table
    shards: list[tuple[str, int, int]]  # file, first and one past the last row
    judged: list[Judged]
    anyone: Mask  # selected by a profile, or the recipe has none

    @property
    def kept(self) -> Mask:
        return self.without(None)

    def without(self, place: int | None) -> Mask:
        """Documents that every filter but one lets through."""
        found = self.anyone.copy()
        for number, one in enumerate(self.judged):
            if number != place:
                found &= ~one.fails
        return found


def measured(workspace: Workspace, name: str) -> Measured:
    """Read a recipe's columns, once. Raises DeclarationError for an unknown recipe, DataError where nothing is measured."""
    check.recipe(workspace, name)
    plan = catalog.plan(workspace, name)
    wanted = columns_of(plan) | {"language.code"} | standing.needed(workspace)
    tables, shards, start = [], [], 0
    for _, shard in shards_of(workspace, plan):
        tables.append(columns(workspace, shard, wanted))
        shards.append((shard["file"], start, start + shard["rows"]))
        start += shard["rows"]
    if not tables:
        raise DeclarationError(f"{name}: its sources have no documents; run `curate run {name} --until filter` first")
    table = pa.concat_tables(tables).combine_chunks()
    found = judge(table, shards, plan)
    # what was withdrawn stays out whatever a filter says
    return replace(found, anyone=found.anyone & np.array([one is None for one in standing.withdrawn(workspace, table)], bool))


def judge(table: pa.Table, shards: list[tuple[str, int, int]], plan: Plan) -> Measured:
    """Every filter over every document."""
    judged = []
    for where, one in plan.filters():
        selected = pc.and_(select(table, where), select(table, one.where))
        kept, values = passes(table, one)
        judged.append(Judged(one, {**where, **one.where}, _mask(selected), _mask(kept), values))
    anyone = np.ones(table.num_rows, bool) if not plan.profiles else np.zeros(table.num_rows, bool)
    for profile in plan.profiles:
        anyone |= _mask(select(table, profile.where))
    return Measured(table, shards, judged, anyone)


def _mask(column: pa.ChunkedArray) -> Mask:
    return np.asarray(column.to_numpy(), dtype=bool)


def changed(found: Measured, settings: list[str]) -> dict[str, Any]:
    """What other values would keep: settings are `<filter>.low=<number>` or `.high=`, or `<filter>=off`."""
    begun = time.perf_counter()
    before = found.kept
    judged = list(found.judged)
    for setting in settings:
        place, one = _setting(judged, setting)
        if one is None:
            judged[place] = Judged(judged[place].one, {}, np.zeros(len(before), bool), judged[place].passed, judged[place].values)
            continue
        kept, values = passes(found.table, one)
        judged[place] = Judged(one, judged[place].where, judged[place].selected, _mask(kept), values)
    after = Measured(found.table, found.shards, judged, found.anyone).kept
    return {
        "settings": settings,
        "kept": int(after.sum()),
        "kept_before": int(before.sum()),
        "returned": int((after & ~before).sum()),
        "lost": int((before & ~after).sum()),
        "by_language": _by(found, "language.code", before, after),
        "by_source": _by(found, "source", before, after),
        "seconds": round(time.perf_counter() - begun, 4),
    }


def _setting(judged: list[Judged], setting: str) -> tuple[int, Filter | None]:
    names = [one.one.name for one in judged]
    key, _, value = setting.partition("=")
    name, bound = key.rsplit(".", 1) if key.endswith((".low", ".high")) else (key, "")
    if name not in names or not value or (not bound and value != "off"):
        allowed = f"<filter>.low=<number>, <filter>.high=<number>, <filter>=off; filters: {', '.join(names)}"
        raise DeclarationError(f"--set {setting}: allowed: {allowed}")
    place = names.index(name)
    one = judged[place].one
    if not bound:
        return place, None
    if not judged[place].numeric:
        raise DeclarationError(f"--set {setting}: {name} is about words; allowed: {name}=off")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not math.isfinite(number):
        raise DeclarationError(f"--set {setting}: {value!r} is no number")
    return place, one.model_copy(update={bound: number})


def _by(found: Measured, column: str, before: Mask, after: Mask) -> list[dict[str, Any]]:
    codes, words = _groups(found.table[column])
    rows = []
    for code, word in enumerate(words):
        inside = codes == code
        rows.append({"name": word, "documents": int(inside.sum()), "before": int(before[inside].sum())})
        rows[-1]["after"] = int(after[inside].sum())
    return sorted(rows, key=lambda row: (-row["documents"], row["name"]))


def _groups(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    encoded = pc.fill_null(column.cast(pa.string()), "-").combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()


def filters(found: Measured, only: str | None = None, spread: bool = True) -> list[dict[str, Any]]:
    """Every filter (or one): what it removes alone and on top of the others, and (spread) its values by language and by source."""
    rows = []
    languages, sources = _groups(found.table["language.code"]), _groups(found.table["source"])
    for place, judged in enumerate(found.judged):
        one = judged.one
        if only and one.name != only:
            continue
        others = found.without(place)
        row: dict[str, Any] = {
            **one.facts(judged.where),
            "judged": int(judged.selected.sum()),
            "alone": int(judged.fails.sum()),
            "on_top": int((judged.fails & others).sum()),
        }
        rows.append(row)
        if not spread:
            continue
        row["by_language"] = _distribution(judged, *languages)
        row["by_source"] = _distribution(judged, *sources)
        if judged.numeric:
            row["curves"] = {bound: _curve(judged, others, bound) for bound in ("low", "high") if getattr(one, bound) is not None}
    if only and not rows:
        raise DeclarationError(f"--filter {only}: unknown; known: {', '.join(j.one.name for j in found.judged)}")
    return rows


def _numbers(judged: Judged) -> NDArray[np.float64]:
    return np.asarray(pc.cast(judged.values, pa.float64()).to_numpy(), dtype=np.float64)


def _distribution(judged: Judged, codes: NDArray[np.int64], words: list[str]) -> list[dict[str, Any]]:
    values = _numbers(judged) if judged.numeric else None
    edges = _edges(values[judged.selected]) if values is not None else None
    rows = []
    for code, word in enumerate(words):
        inside = judged.selected & (codes == code)
        if not inside.any():
            continue
        row: dict[str, Any] = {"name": word, "documents": int(inside.sum()), "fails": int((inside & judged.fails).sum())}
        if values is not None and edges is not None:
            known = values[inside][~np.isnan(values[inside])]
            row["unknown"] = int(inside.sum()) - len(known)
            row["percentiles"] = [float(f"{v:.4g}") for v in np.percentile(known, PERCENTILES)] if len(known) else []
            row["histogram"] = np.histogram(np.clip(known, edges[0], edges[-1]), edges)[0].tolist() if len(known) else []
            row["edges"] = [float(f"{edges[0]:.6g}"), float(f"{edges[-1]:.6g}")]
        else:
            counted = pc.value_counts(judged.values.combine_chunks().filter(pa.array(inside))).to_pylist()
            top = sorted(counted, key=lambda item: (-item["counts"], str(item["values"])))[:8]
            row["words"] = [[str(item["values"]), item["counts"]] for item in top]
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["documents"], row["name"]))


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values[~np.isnan(values)]
    low, high = np.percentile(known, [0.5, 99.5]) if len(known) else (0.0, 1.0)
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _curve(judged: Judged, others: Mask, bound: str) -> dict[str, Any]:
    """Of the documents that only this bound decides about: values, thinned, and how many are below and up to each."""
    values = _numbers(judged)
    mask = judged.selected & others & ~np.isnan(values)
    other = judged.one.high if bound == "low" else judged.one.low
    if other is not None:
        mask &= values <= other if bound == "low" else values >= other
    values = np.sort(values[mask])
    at = np.unique(np.linspace(0, max(len(values) - 1, 0), CURVE).astype(np.int64)) if len(values) else np.zeros(0, np.int64)
    points = np.unique(values[at])
    return {
        "documents": len(values),
        "values": points.tolist(),
        "below": np.searchsorted(values, points, "left").tolist(),
        "upto": np.searchsorted(values, points, "right").tolist(),
    }


Samples = dict[str, list[dict[str, Any]]]  # side -> documents


def samples(workspace: Workspace, found: Measured, names: list[str], count: int, seed: int = 0) -> dict[str, Samples]:
    """Of each filter: random documents just inside and just outside its threshold, with the beginning of their text."""
    chosen: list[tuple[Judged, str, NDArray[np.int64]]] = []
    for judged in found.judged:
        if judged.one.name not in names:
            continue
        chance = np.random.default_rng(seed)
        for side, mask in (("inside", judged.selected & judged.passed), ("outside", judged.fails)):
            rows = np.flatnonzero(mask)
            if len(rows) and judged.numeric:
                rows = _nearest(judged, rows, count)
            drawn = np.sort(chance.choice(rows, min(count, len(rows)), replace=False)) if len(rows) else rows
            chosen.append((judged, side, drawn))
    documents = _documents(workspace, found, sorted({int(row) for _, _, rows in chosen for row in rows}))
    out: dict[str, Samples] = {}
    for judged, side, rows in chosen:
        out.setdefault(judged.one.name, {})[side] = [_shown(judged, int(row), documents[int(row)]) for row in rows]
    return out


def _nearest(judged: Judged, rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    values = _numbers(judged)[rows]
    away = np.full(len(rows), np.inf)
    for bound in (judged.one.low, judged.one.high):
        if bound is not None:
            away = np.minimum(away, np.nan_to_num(np.abs(values - bound), nan=np.inf))
    wanted = max(count, int(NEAR * len(rows)))
    return rows[np.argsort(away, kind="stable")[:wanted]]


def _documents(workspace: Workspace, found: Measured, rows: list[int]) -> dict[int, dict[str, Any]]:
    """What is shown of documents whatever the filter; each shard is read once."""
    out = {}
    for file, start, stop in found.shards:
        inside = [row for row in rows if start <= row < stop]
        if not inside:
            continue
        documents = workspace.read_table(file, ["doc_id", "title", "text"]).take(pa.array([row - start for row in inside]))
        for row, document in zip(inside, documents.to_pylist(), strict=True):
            out[row] = {
                "doc_id": document["doc_id"],
                "source": found.table["source"][row].as_py(),
                "language": found.table["language.code"][row].as_py(),
                "title": document["title"],
                "text": " ".join(document["text"][: 4 * SNIPPET].split())[:SNIPPET],
            }
    return out


def _shown(judged: Judged, row: int, document: dict[str, Any]) -> dict[str, Any]:
    value = judged.values[row].as_py()
    limits = [limit for limit in (judged.one.low, judged.one.high) if limit is not None] if isinstance(value, int | float) else []
    return {
        **document,
        "value": float(f"{value:.6g}") if isinstance(value, float) else value,
        "distance": min((abs(value - limit) for limit in limits), default=0.0),  # from the threshold
    }
