"""A small language model of characters, trained on the processor in seconds: is a held-out text easier to predict with a dataset?

Interpolated n-grams with Witten-Bell smoothing (Witten and Bell 1991) up to five characters, so Chinese needs no words.
The loss is in bits a character, of an alphabet of all of Unicode. Same texts, same loss.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDER = 5
ALPHABET = 0x110000
_ODD = np.uint64(0x9E3779B97F4A7C15)

Keys = NDArray[np.uint64]


class Model:
    """Counts of all n-grams of some texts."""

    def __init__(self, texts: list[str]) -> None:
        grams = _grams(texts)
        self.orders: list[dict[str, Any]] = []
        for n in range(1, ORDER + 1):
            seen, first, counts = np.unique(grams[n], return_index=True, return_counts=True)
            contexts, where, kinds = np.unique(_contexts(grams, n)[first], return_inverse=True, return_counts=True)
            total = np.bincount(where, weights=counts, minlength=len(contexts))
            self.orders.append({"seen": seen, "counts": counts, "contexts": contexts, "kinds": kinds, "total": total})

    def loss(self, texts: list[str]) -> float | None:
        """Bits a character of the texts; null where they have none."""
        grams = _grams(texts)
        if not len(grams[1]):
            return None
        chance = np.full(len(grams[1]), 1.0 / ALPHABET)
        for n, one in enumerate(self.orders, 1):
            count = _look(one["seen"], one["counts"], grams[n])
            contexts = _contexts(grams, n)
            kinds, total = _look(one["contexts"], one["kinds"], contexts), _look(one["contexts"], one["total"], contexts)
            known = total > 0
            chance = np.where(known, (count + kinds * chance) / np.where(known, total + kinds, 1.0), chance)
        return float(-np.log2(chance).mean())


def _grams(texts: list[str]) -> list[Keys]:
    """Keys of the 0-, 1-, ... ORDER-grams that end at each character; a text begins and ends with the character 0."""
    joined = "\0".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64) + np.uint64(1)
    keys: list[Keys] = [np.zeros(len(codes), np.uint64)]
    for n in range(1, ORDER + 1):
        before = np.zeros_like(keys[-1])
        before[1:] = keys[n - 1][:-1]
        mixed = (before ^ codes) * _ODD + np.uint64(n)
        keys.append(mixed ^ (mixed >> np.uint64(29)))
    return keys


def _contexts(grams: list[Keys], n: int) -> Keys:
    """Of each n-gram the key of what stands before its last character."""
    before = np.zeros_like(grams[n])
    before[1:] = grams[n - 1][:-1]
    return before


def _look(keys: Keys, values: NDArray[Any], wanted: Keys) -> NDArray[np.float64]:
    if not len(keys):
        return np.zeros(len(wanted))
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0).astype(np.float64)


def fitness(heldout: list[str], build: list[str], base: list[str]) -> dict[str, float] | None:
    """Loss on the held-out texts of a model of `base`, and of one of `base` and `build`; null without held-out texts.

    >>> found = fitness(["变压器油温上升"], ["变压器的油温上升时应检查冷却系统。"], ["春天来了，花开了。"])
    >>> found["with"] < found["without"]
    True
    """
    without, with_build = Model(base).loss(heldout), Model([*base, *build]).loss(heldout)
    if without is None or with_build is None:
        return None
    without, with_build = round(without, 4), round(with_build, 4)  # further digits differ between processors
    return {"without": without, "with": with_build, "gain": round(1 - with_build / without, 4) if without else 0.0}
