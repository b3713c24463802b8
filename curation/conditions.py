"""How a filter's condition reads, in English and Chinese: on cards, in answers, in tables."""

from collections.abc import Mapping
from typing import Any


def keeps(one: Mapping[str, Any], zh: bool = False) -> str:
    """What a document's value must be to pass a filter (column, low, high, any_of, none_of).

    >>> keeps({"column": "license.tier", "low": None, "high": None, "any_of": ["T0", "T1"], "none_of": None})
    'license.tier is T0 or T1'
    >>> keeps({"column": "tokens.count", "low": 100.0, "high": None}), keeps({"column": "license.tier", "none_of": []}, zh=True)
    ('100 ≤ tokens.count', 'license.tier 已知')
    """
    column, parts = one["column"], []
    if (words := one.get("any_of")) is not None:
        parts.append(f"{column} {'为' if zh else 'is'} {_either(words, zh)}")
    if (words := one.get("none_of")) is not None:
        parts.append(f"{column} {'已知' if zh else 'is known'}")
        if words:
            parts.append(f"{'不为' if zh else 'is not'} {_either(words, zh)}")
    if parts:
        return ("且" if zh else " and ").join(parts)
    low, high = one.get("low"), one.get("high")
    return f"{'' if low is None else f'{low:g} ≤ '}{column}{'' if high is None else f' ≤ {high:g}'}"


def selects(where: Mapping[str, Any], zh: bool = False) -> str:
    """Which documents a condition selects.

    >>> selects({"language.code": "zh", "license.conflict": False}), selects({})
    ('language.code is zh and license.conflict is false', 'all')
    """
    said = [
        f"{column} {'为' if zh else 'is'} {_either(wanted if isinstance(wanted, list) else [wanted], zh)}"
        for column, wanted in sorted(where.items())
    ]
    return ("且" if zh else " and ").join(said) or ("全部" if zh else "all")


def _either(words: list[Any], zh: bool) -> str:
    said = [str(one).lower() if isinstance(one, bool) else str(one) for one in words]
    if len(said) < 2:
        return "".join(said)
    return f"{('、' if zh else ', ').join(said[:-1])}{'或' if zh else ' or '}{said[-1]}"
