"""Edits are byte spans into a stored text; they are applied once, at assemble."""

from typing import NamedTuple


class Edit(NamedTuple):
    """Replace bytes start..end (half open) of the UTF-8 text."""

    start: int
    end: int
    replacement: str


def apply(text: str, edits: list[Edit]) -> str:
    """The text after its edits. Overlapping spans are united and take the replacement of the first, or of the longer of two that begin together.

    >>> apply("写信到 a@b.cn 吧", [Edit(10, 16, "<EMAIL>")])
    '写信到 <EMAIL> 吧'
    """
    content, parts, at = text.encode(), [], 0
    for one in united(edits):
        parts += [content[at : one.start], one.replacement.encode()]
        at = one.end
    return b"".join([*parts, content[at:]]).decode()


def united(edits: list[Edit]) -> list[Edit]:
    """Edits in order without overlaps; spans that only touch stay apart. A span that holds another wins over it."""
    result: list[Edit] = []
    for one in sorted(edits, key=lambda e: (e.start, -e.end, e.replacement)):
        if result and one.start < result[-1].end:
            last = result[-1]
            result[-1] = Edit(last.start, max(last.end, one.end), last.replacement)
        else:
            result.append(one)
    return result
