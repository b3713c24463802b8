"""Plots as SVG: retention funnel, languages, licenses, lengths. Same numbers, same bytes."""

import io
from typing import Any

from curation.card import Model, count

INK, ACCENT, QUIET = "#1f2937", "#2563eb", "#cbd5e1"


def render(model: Model) -> dict[str, bytes]:
    """Four plots; labels are in English, as the fonts of a reader's machine may lack Chinese."""
    funnel = model["funnel"]
    broken = sum(n for _, n in funnel["unreadable"])
    twins = sum(n for name, n in funnel["removed"] if name.startswith("dedup."))
    filtered = sum(n for _, n in funnel["removed"]) - twins
    held = sum(n for _, n in funnel["quarantined"])
    steps = [("read", funnel["documents"] + broken), ("readable", funnel["documents"])]
    steps += [("after filters", funnel["documents"] - filtered - held), ("after dedup (kept)", funnel["kept"])]
    return {
        "plots/funnel.svg": _bars(steps, "documents"),
        "plots/languages.svg": _bars([(r["value"] or "unknown", r["documents"]) for r in model["languages"][:12]], "documents"),
        "plots/licenses.svg": _bars([(r["value"] or "unknown", r["documents"]) for r in model["licenses"][:12]], "documents"),
        "plots/lengths.svg": _bars([(f"{r['from']:,}+", r["documents"]) for r in model["lengths"]], "documents by tokens"),
    }


def _bars(rows: list[tuple[str, int]], unit: str) -> bytes:
    import matplotlib

    matplotlib.use("svg")
    # fixed ids and text as text: the same bytes on every machine
    with matplotlib.rc_context({"svg.hashsalt": "curation", "svg.fonttype": "none", "font.family": "sans-serif"}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.2, 0.5 + 0.34 * max(1, len(rows))))
        axes: Any = figure.add_subplot()
        values = [value for _, value in rows]
        axes.barh(range(len(rows)), values, color=ACCENT, height=0.62)
        axes.set_yticks(range(len(rows)), [_plain(label) for label, _ in rows], color=INK)
        axes.invert_yaxis()
        axes.set_xlim(0, max([1, *values]) * 1.18)
        axes.set_xticks([])
        for place, value in enumerate(values):
            axes.text(value, place, f" {count(value)}", va="center", color=INK)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["left"].set_color(QUIET)
        axes.tick_params(left=False)
        axes.set_xlabel(unit, color=INK)
        widest = max((len(label) for label, _ in rows), default=0)
        figure.subplots_adjust(left=min(0.5, 0.04 + 0.0125 * widest), right=0.97, top=0.97, bottom=0.36 / figure.get_figheight())
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _plain(label: str) -> str:
    """A label without what matplotlib would read as mathematics."""
    return label.replace("$", r"\$")
