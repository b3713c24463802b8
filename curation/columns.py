"""Two columns of a printed page whose lines were drawn across: read one after the other, as people do.

Most programs draw a page in the order it is read, and then nothing is changed. A table is drawn across too, and must stay: its cells are
short, and lines of running text fill their column.
"""

import itertools
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

LEAST_LINES = 8  # of each column
FILLED = 0.6  # the usual line of running text, of its column's width
SPANNING = 0.6  # a box as wide, of the page's text, is a heading over both columns
MOST_BOXES = 5_000
SWITCHES = 0.4  # of the lines change the column: they were drawn across


class Box(NamedTuple):
    """A piece of a line, in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


class Line(NamedTuple):
    """Boxes that stand on one line of a column."""

    bottom: float
    boxes: list[Box]

    @property
    def width(self) -> float:
        return max(one.right for one in self.boxes) - min(one.left for one in self.boxes)


def across(boxes: list[Box], text_of: Callable[[Box], str]) -> str | None:
    """The page's text, column after column; null where it is no page of two columns drawn across."""
    if not 2 * LEAST_LINES <= len(boxes) <= MOST_BOXES:
        return None
    left, right = min(one.left for one in boxes), max(one.right for one in boxes)
    gutter = _gutter(boxes, left, right)
    if gutter is None:
        return None
    sides = [0 if one.right <= gutter else 1 if one.left >= gutter else 2 for one in boxes]
    columns = [_lines([one for one, side in zip(boxes, sides, strict=True) if side == which]) for which in (0, 1)]
    widths = (gutter - left, right - gutter)
    for lines, width in zip(columns, widths, strict=True):
        if len(lines) < LEAST_LINES or median(line.width for line in lines) < FILLED * width:
            return None
    order = [side for side in sides if side != 2]
    switches = sum(before != after for before, after in itertools.pairwise(order))
    if switches < SWITCHES * sum(map(len, columns)):
        return None
    spanning = _lines([one for one, side in zip(boxes, sides, strict=True) if side == 2])
    out: list[Line] = []
    for line in spanning:  # what stands above a heading is read before it
        out += [
            *(one for one in columns[0] if one.bottom > line.bottom),
            *(one for one in columns[1] if one.bottom > line.bottom),
            line,
        ]
        columns = [[one for one in lines if one.bottom <= line.bottom] for lines in columns]
    out += [*columns[0], *columns[1]]
    return "\n".join(" ".join(text_of(box).strip() for box in line.boxes) for line in out)


def _gutter(boxes: list[Box], left: float, right: float) -> float | None:
    """A place in the middle that only headings cross."""
    third = (right - left) / 3
    narrow = [one for one in boxes if one.right - one.left < SPANNING * (right - left)]
    if len(narrow) < 2 * LEAST_LINES:
        return None
    ends = sorted({one.right for one in narrow if left + third < one.right < right - third})
    for place in ends:
        if not any(one.left < place < one.right for one in narrow):
            return place
    return None


def _lines(boxes: list[Box]) -> list[Line]:
    """Boxes of one column as lines from top to bottom, each from left to right."""
    lines: list[Line] = []
    for box in sorted(boxes, key=lambda one: (-one.bottom, one.left)):
        height = max(box.top - box.bottom, 1.0)
        if lines and abs(lines[-1].bottom - box.bottom) < 0.5 * height:
            lines[-1].boxes.append(box)
        else:
            lines.append(Line(box.bottom, [box]))
    for line in lines:
        line.boxes.sort(key=lambda one: one.left)
    return lines
