"""Edits are byte spans into a stored text; they are applied once, at assemble."""

from typing import NamedTuple


class Edit(NamedTuple):
    """Replace bytes start..end (half open) of the UTF-8 text."""

    start: int
    end: int
    replacement: str


def apply(text: str, edits: list[Edit]) -> str:
    """The text after its edits. Overlapping spans are united and take the replacement of the first.

    >>> apply("写信到 a@b.cn 吧", [Edit(10, 16, "<EMAIL>")])
    '写信到 <EMAIL> 吧'
    """
    content = text.encode()
    for one in reversed(united(edits)):
        content = content[: one.start] + one.replacement.encode() + content[one.end :]
    return content.decode()


def united(edits: list[Edit]) -> list[Edit]:
    """Edits in order without overlaps; spans that only touch stay apart."""
    result: list[Edit] = []
    for one in sorted(edits):
        if result and one.start < result[-1].end:
            last = result[-1]
            result[-1] = Edit(last.start, max(last.end, one.end), last.replacement)
        else:
            result.append(one)
    return result
