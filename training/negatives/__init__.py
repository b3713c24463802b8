"""Negatives made by us, by kind: seeded, from word lists and templates of our own and from damaged positives."""

from collections.abc import Callable

from training.negatives import corrupt, machine, pages
from training.negatives.fill import Making
from training.negatives.pieces import diluted

KINDS: dict[str, Callable[[Making], str]] = {
    "navigation": pages.navigation,
    "products": pages.products,
    "forum": pages.forum,
    "files": pages.files,
    "logs": pages.logs,
    "keywords": pages.keywords,
    "spam": pages.spam,
    "doorway": pages.doorway,
    "repeated": pages.repeated,
    "tables": machine.tables,
    "noise": machine.noise,
    "dumps": machine.dumps,
    "ocr": corrupt.ocr,
    "mojibake": corrupt.mojibake,
    "salad": corrupt.salad,
    "snippets": corrupt.snippets,
    "index": corrupt.index,
}

DILUTED = {"navigation", "products", "forum", "files", "logs", "keywords", "spam", "doorway", "tables", "dumps"}


def make(kind: str, making: Making) -> str:
    """One negative of a kind; for training, many have other words in them, so that the templates' own are not all there is."""
    text = KINDS[kind](making)
    if making.side == "train" and kind in DILUTED and making.rng.random() < 0.5:
        return diluted(text, making)
    return text
