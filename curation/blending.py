"""Mixing weights: rows of a dataset in wanted shares of tokens, and more of what many sources had.

Chosen by the documents' ids like a portion, so the same call gives the same rows; a group that is too small is repeated whole before
any of it is taken again. `upweight` repeats a document by the size of its duplicate cluster before filters, as FineWeb2 rehydrates
(Penedo et al. 2025): what was on the web 8 times counts 1 + log2(8) = 4 times here, and at most 8 times.
"""

import math
import re

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.errors import DeclarationError

MOST_REPEATS = 8
SIZES = "cluster_size_before_filters"


def parse(said: list[str]) -> dict[str, float]:
    """`zh=0.7 en=0.3` as numbers. Raises DeclarationError.

    >>> parse(["zh=0.7", "en=0.3"])
    {'zh': 0.7, 'en': 0.3}
    """
    found = {}
    for one in said:
        match = re.fullmatch(r"([^=]+)=([0-9]*\.?[0-9]+)", one)
        if not match:
            raise DeclarationError(f"mix {one!r}: allowed: VALUE=WEIGHT, such as zh=0.7")
        found[match[1]] = float(match[2])
    return found


def repeats(table: pa.Table) -> NDArray[np.int64]:
    """How often each row counts, by the size of its cluster."""
    size = np.maximum(table[SIZES].to_numpy().astype(np.int64), 1)
    return np.minimum(1 + np.floor(np.log2(size)).astype(np.int64), MOST_REPEATS)


def times(
    table: pa.Table, mix: dict[str, float] | None, column: str = "source", tokens: int | None = None, upweight: bool = False
) -> NDArray[np.int64]:
    """How often each row is taken, so that tokens have the wanted shares. `table` has id, tokens, `column`, and with `upweight` SIZES.

    `mix` is value of `column` -> weight (any scale; what is not named is left out). `tokens` is the size wanted; default: as much as
    there is of the group that runs out first. Raises DeclarationError for an unknown value, or weights that are nothing.
    """
    if upweight and SIZES not in table.column_names:
        raise DeclarationError(f"upweight: this version has no column {SIZES}; it was made by an older program")
    taken = repeats(table) if upweight else np.ones(table.num_rows, np.int64)
    if mix is None:
        return taken
    if wrong := [one for one, weight in mix.items() if not 0 <= weight < math.inf]:
        raise DeclarationError(f"mix {wrong[0]!r}: {mix[wrong[0]]:g}: allowed is a weight of 0 and more")
    if column not in table.column_names:
        raise DeclarationError(f"mix by {column!r}: the dataset has no such column; such as source, language, license")
    values = np.array([str(one) for one in table[column].to_pylist()], object)
    known = sorted(set(values.tolist()))
    if unknown := [one for one in mix if one not in known]:
        raise DeclarationError(f"mix {unknown[0]!r}: no document has it as {column}; there are: {', '.join(known[:20])}")
    whole = sum(mix.values())
    if whole <= 0:
        raise DeclarationError("mix: the weights add up to nothing")
    counts = table["tokens"].to_numpy().astype(np.int64) * taken
    held = {one: int(counts[values == one].sum()) for one in mix}
    wanted = {one: weight / whole for one, weight in mix.items() if weight > 0}
    size = float(tokens) if tokens else min(held[one] / share for one, share in wanted.items())
    ids = np.array(table["id"].to_pylist(), "S32")
    for one in mix:
        inside = np.flatnonzero(values == one)
        goal = wanted.get(one, 0.0) * size
        passes, rest = divmod(goal, held[one]) if held[one] else (0, 0.0)
        order = inside[np.argsort([doc[16:28] for doc in ids[inside].tolist()], kind="stable")]
        fits = np.cumsum(counts[order]) <= rest + 0.5
        taken[order] *= int(passes) + fits.astype(np.int64)
    taken[~np.isin(values, list(mix))] = 0
    if empty := [one for one in wanted if held[one] and not taken[values == one].any()]:
        raise DeclarationError(
            f"mix {empty[0]!r}: {wanted[empty[0]] * size:,.0f} tokens are fewer than its first document has; ask for more"
        )
    return taken


def blend(
    table: pa.Table, mix: dict[str, float] | None, column: str = "source", tokens: int | None = None, upweight: bool = False
) -> pa.Table:
    """The rows as often as `times` says, in the table's order, repeated ones one after the other."""
    return repeated(table, times(table, mix, column, tokens, upweight))


def repeated(table: pa.Table, taken: NDArray[np.int64]) -> pa.Table:
    """Each row of a table or a batch as often as it is taken."""
    return table.take(pa.array(np.repeat(np.arange(table.num_rows), taken)))
