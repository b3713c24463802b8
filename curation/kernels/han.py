"""Han characters of one kind only, and which simplified character a traditional one has.

A simplified-only character changes on the way to traditional, not on the way to simplified, and is none of Big5's frequent
ones (云 and 后 are good traditional characters); a traditional-only one is the mirror image, with GB 2312. From OpenCC.
"""

from functools import cache
from importlib import resources
from typing import NamedTuple


class Variants(NamedTuple):
    """Han characters (code points) by script, from resources/han_variants.txt, which a test compares with OpenCC."""

    simplified: list[int]  # simplified only
    traditional: list[int]  # traditional only
    to_simplified: dict[int, int]


@cache
def variants() -> Variants:
    """Read the file: simplified only, traditional only, and pairs of a traditional character and its simplified one."""
    text = resources.files("curation.resources").joinpath("han_variants.txt").read_text(encoding="utf-8")
    simplified, traditional, pairs = [line for line in text.split("\n") if line and not line.startswith("#")]
    return Variants(
        [ord(c) for c in simplified],
        [ord(c) for c in traditional],
        {ord(pairs[k]): ord(pairs[k + 1]) for k in range(0, len(pairs), 2)},
    )
