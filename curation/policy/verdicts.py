"""Measured columns and filters in, ledger rows out. A document that no row names is kept."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import ContractError
from curation.ledger import LEDGER, as_json, rows
from curation.recipe import Condition, Filter, Plan, Scalar

OUTCOME = {"remove": "removed", "quarantine": "quarantined"}
NO_PROFILE = {
    "en": "No profile of the recipe selects this document, so nothing judged its quality.",
    "zh": "配方中没有任何规则集选中该文档，其质量未经评判。",
}


def columns_of(plan: Plan) -> set[str]:
    """Every column path that the plan's filters and selections read."""
    named = {f.column for _, f in plan.filters()}
    wheres = [w for w, _ in plan.filters()] + [f.where for _, f in plan.filters()] + [p.where for p in plan.profiles]
    return named | {path for where in wheres for path in where}


def judge(measured: pa.Table, plan: Plan) -> pa.Table:
    """Ledger rows of the step `filter`: every failing filter of every document, in the filters' order."""
    found = [LEDGER.empty_table()]
    for where, one in plan.filters():
        selected = pc.and_(select(measured, where), select(measured, one.where))
        found.append(_failures(measured, one, selected, {**where, **one.where}))
    if plan.profiles:
        anyone = pa.chunked_array([pa.repeat(pa.scalar(False), measured.num_rows)])
        for profile in plan.profiles:
            anyone = pc.or_(anyone, select(measured, profile.where))
        left = measured.filter(pc.invert(anyone))
        found.append(rows("filter", left["doc_id"], left["source"], filter="no_profile", outcome="removed", because=NO_PROFILE))
    return pa.concat_tables(found)


def select(measured: pa.Table, where: Condition) -> pa.ChunkedArray:
    """True where every named column has (one of) the wanted value(s); a null does not select."""
    mask = pa.chunked_array([pa.repeat(pa.scalar(True), measured.num_rows)])
    for path, wanted in where.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        column = measured[path]
        mask = pc.and_(mask, pc.is_in(column, value_set=as_type(values, column.type, path)))
    return pc.fill_null(mask, False)


def outcomes(ledger: pa.Table) -> dict[str, str]:
    """Each named document's outcome: removed when any row removes it, else quarantined."""
    verdict: dict[str, str] = {}
    for doc, outcome in zip(ledger["doc_id"].to_pylist(), ledger["outcome"].to_pylist(), strict=True):
        if verdict.get(doc) != "removed":
            verdict[doc] = outcome
    return verdict


def passes(measured: pa.Table, one: Filter) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Whether each document's value passes a filter, whoever it judges, and the values as it reads them."""
    column = measured[one.column]
    if one.any_of is not None or one.none_of is not None:
        kept = pc.is_valid(column)
        if one.any_of is not None:
            kept = pc.and_(kept, pc.is_in(column, value_set=as_type(one.any_of, column.type, one.column)))
        if one.none_of is not None:
            kept = pc.and_(kept, pc.invert(pc.is_in(column, value_set=as_type(one.none_of, column.type, one.column))))
        return pc.fill_null(kept, False), column
    column = column if _numeric(column.type) else _numbers(column)
    low, high = _threshold(one.low, column.type), _threshold(one.high, column.type)
    kept = pc.is_valid(column)
    if low is not None:
        kept = pc.and_(kept, pc.greater_equal(column, low))
    if high is not None:
        kept = pc.and_(kept, pc.less_equal(column, high))
    return pc.fill_null(kept, False), column


def _failures(measured: pa.Table, one: Filter, selected: pa.ChunkedArray, where: Condition) -> pa.Table:
    kept, column = passes(measured, one)
    words = one.any_of is not None or one.none_of is not None
    low = None if words else _threshold(one.low, column.type)
    high = None if words else _threshold(one.high, column.type)
    failing = pc.and_(selected, pc.invert(kept))
    out = measured.filter(failing)
    value = column.filter(failing)
    condition: dict[str, Any] = {"where": where} if where else {}
    condition |= {k: v for k, v in (("any_of", one.any_of), ("none_of", one.none_of)) if v is not None}
    numeric = _numeric(value.type)
    return rows(
        "filter",
        out["doc_id"],
        out["source"],
        filter=one.name,
        outcome=OUTCOME[one.then],
        column=one.column,
        value=pc.cast(value, pa.float64()) if numeric else None,
        label=None if numeric else pc.cast(value, pa.string()),
        low=None if low is None else float(low.as_py()),
        high=None if high is None else float(high.as_py()),
        where=as_json(condition) if condition else None,
        because=one.because.model_dump(),
    )


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Words read as numbers; what is none is null, and a null fails."""

    def number(word: str | None) -> float | None:
        try:
            return float(word) if word is not None else None
        except ValueError:
            return None

    return pa.chunked_array([pa.array(map(number, column.to_pylist()), pa.float64())])


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _threshold(value: float | None, kind: pa.DataType) -> pa.Scalar | None:
    """The threshold in the column's own type: float32 0.3 is not float64 0.3, and 3/10 must pass `low: 0.3`."""
    if value is None:
        return None
    if pa.types.is_integer(kind) and (value != int(value) or abs(value) >= 2**31):
        return pa.scalar(value, pa.float64())
    return pa.scalar(value).cast(kind)


def as_type(values: list[Scalar], kind: pa.DataType, path: str) -> pa.Array:
    try:
        return pa.array([str(v) if pa.types.is_string(kind) and not isinstance(v, bool) else v for v in values], kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ContractError(f"{path}: {values} against a column of {kind}; `check` should have refused it") from error
