"""Plots as SVG: what became of each source, languages, licenses, lengths, judged values, duplicates. Same numbers, same bytes."""

import io
import itertools
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from curation.card import Model, count
from curation.conditions import keeps

INK, ACCENT, QUIET, LOST = "#1f2937", "#2563eb", "#cbd5e1", "#b45309"
PARTS = (
    ("kept", "#2563eb"),
    ("filters", "#b45309"),
    ("duplicates", "#64748b"),
    ("quarantined", "#a855f7"),
    ("unreadable", "#991b1b"),
)


SHOWN = ("funnel_by_source", "languages", "licenses", "lengths", "distributions")


def render(model: Model) -> dict[str, bytes]:
    """Words are English; a page puts the Chinese ones beside them (`html._inline`)."""
    told = {key: model[key] for key in SHOWN} | {"dedup": {"shared": model["dedup"]["shared"]}}
    return dict(_rendered(json.dumps(told, default=str)))


@lru_cache(2)
def _rendered(told: str) -> dict[str, bytes]:
    """Drawn once for the files and for the page that holds them: two seconds of a card."""
    model = json.loads(told)
    drawn = {
        "plots/funnel.svg": _funnel(model["funnel_by_source"]),
        "plots/languages.svg": _bars([(r["value"] or "unknown", r["documents"]) for r in model["languages"][:12]], "documents"),
        "plots/licenses.svg": _bars([(r["value"] or "unknown", r["documents"]) for r in model["licenses"][:12]], "documents"),
        "plots/lengths.svg": _bars([(f"{r['from']:,}+", r["documents"]) for r in model["lengths"]], "documents by tokens"),
    }
    if model["distributions"]:
        drawn["plots/quality.svg"] = _distributions(model["distributions"])
    if len({row[side] for row in model["dedup"]["shared"] for side in ("removed_from", "kept_in")}) > 1:
        drawn["plots/duplicates.svg"] = _matrix(model["dedup"]["shared"])
    return drawn


def _figure(width: float, height: float, draw: Callable[[Any], None]) -> bytes:
    import matplotlib

    matplotlib.use("svg")
    # fixed ids and text as text: the same bytes on every machine
    with matplotlib.rc_context({"svg.hashsalt": "curation", "svg.fonttype": "none", "font.family": "sans-serif"}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height))
        draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _plain_axes(axes: Any) -> None:
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(QUIET)
    axes.tick_params(left=False)


def _place(figure: Any, labels: list[str], above: float = 0.0) -> None:
    """Room for the labels at the left, and for a legend above."""
    widest = max((len(label) for label in labels), default=0)
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=min(0.5, 0.04 + 0.0125 * widest), right=0.97, top=1 - (0.1 + above) / height, bottom=0.36 / height
    )


def _bars(rows: list[tuple[str, int]], unit: str) -> bytes:
    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        values = [value for _, value in rows]
        axes.barh(range(len(rows)), values, color=ACCENT, height=0.62)
        axes.set_yticks(range(len(rows)), [_plain(label) for label, _ in rows], color=INK)
        axes.invert_yaxis()
        axes.set_xlim(0, max([1, *values]) * 1.18)
        axes.set_xticks([])
        for place, value in enumerate(values):
            axes.text(value, place, f" {count(value)}", va="center", color=INK)
        _plain_axes(axes)
        axes.set_xlabel(unit, color=INK)
        _place(figure, [label for label, _ in rows])

    return _figure(7.2, 0.5 + 0.34 * max(1, len(rows)), draw)


def _funnel(rows: list[dict[str, Any]]) -> bytes:
    """A bar a source, in parts: kept, and where the others went."""

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        left = [0] * len(rows)
        for part, colour in PARTS:
            values = [row[part] for row in rows]
            axes.barh(range(len(rows)), values, left=left, color=colour, height=0.62, label=part)
            left = [a + b for a, b in zip(left, values, strict=True)]
        axes.set_yticks(range(len(rows)), [_plain(row["source"]) for row in rows], color=INK)
        axes.invert_yaxis()
        axes.set_xlim(0, max([1, *left]) * 1.3)
        axes.set_xticks([])
        for place, (row, whole) in enumerate(zip(rows, left, strict=True)):
            axes.text(whole, place, f" {count(row['kept'])} of {count(whole)} kept", va="center", color=INK)
        _plain_axes(axes)
        axes.set_xlabel("records", color=INK)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(PARTS), frameon=False, fontsize=9)
        _place(figure, [row["source"] for row in rows], above=0.3)

    return _figure(8.4, 0.9 + 0.34 * max(1, len(rows)), draw)


def _distributions(rows: list[dict[str, Any]]) -> bytes:
    """Small histograms of judged values with their thresholds (dashed), which are edges of bars."""

    def draw(figure: Any) -> None:
        columns = 2
        for place, row in enumerate(rows, 1):
            axes = figure.add_subplot(-(-len(rows) // columns), columns, place)
            edges = row["edges"]
            widths = [b - a for a, b in itertools.pairwise(edges)]
            for part, colour in (("kept", ACCENT), ("removed", LOST)):
                axes.bar(edges[:-1], row[part], width=widths, align="edge", color=colour, alpha=0.75, label=part)
            for limit in (row["low"], row["high"]):
                if limit is not None:
                    axes.axvline(limit, color=INK, linestyle="--", linewidth=1)
            axes.set_title(f"{_plain(row['name'])}: {_plain(keeps(row))}", fontsize=8, color=INK, loc="left")
            axes.set_yscale("symlog", linthresh=1)
            axes.tick_params(labelsize=8)
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
        figure.legend(
            *axes.get_legend_handles_labels(), loc="upper left", ncols=2, frameon=False, fontsize=8
        )  # above all of them: none is covered
        height = figure.get_figheight()
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.25 / height))

    return _figure(8.8, 0.6 + 1.9 * -(-len(rows) // 2), draw)


def _matrix(shared: list[dict[str, Any]], most: int = 12) -> bytes:
    """Duplicates by the source they were removed from and the one that kept the document."""
    totals: dict[str, int] = {}
    for row in shared:
        for side in ("removed_from", "kept_in"):
            totals[row[side]] = totals.get(row[side], 0) + row["documents"]
    names = sorted(totals, key=lambda name: (-totals[name], name))[:most]
    values = [[0] * len(names) for _ in names]
    for row in shared:
        if row["removed_from"] in names and row["kept_in"] in names:
            values[names.index(row["removed_from"])][names.index(row["kept_in"])] = row["documents"]

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        highest = max(map(max, values))
        for y, line in enumerate(values):
            for x, value in enumerate(line):
                if value:
                    axes.add_patch(_square(x, y, 0.15 + 0.85 * value / highest))
                    axes.text(
                        x, y, count(value), ha="center", va="center", fontsize=8, color="#fff" if value > highest / 2 else INK
                    )
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xticks(range(len(names)), [_plain(n) for n in names], rotation=35, ha="right", fontsize=8, color=INK)
        axes.set_yticks(range(len(names)), [_plain(n) for n in names], fontsize=8, color=INK)
        for side in axes.spines.values():
            side.set_color(QUIET)
        figure.tight_layout()

    size = 2.6 + 0.45 * len(names)
    return _figure(size + 0.8, size, draw)


def _square(x: int, y: int, alpha: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - 0.5), 1, 1, color=ACCENT, alpha=alpha, linewidth=0)


def _plain(label: str) -> str:
    """A label without what matplotlib would read as mathematics, and not longer than a plot has room for."""
    return (label if len(label) <= 40 else label[:39] + "…").replace("$", r"\$")
