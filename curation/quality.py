"""What the quality report needs beside the columns of a dataset: a sample of its records looked at again, and a proxy model.

The sample is spread over the dataset's files and taken from their beginnings; files are sorted by id, which is a hash, so it is a
random sample that stays the same while the documents do.
"""

import hashlib
import json
import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from curation import proxy_model, published, tc609
from curation.errors import DataError
from curation.manifest import Source
from curation.recipe import Plan
from curation.signals import language, pii
from curation.signals import tokens as tokens_signal
from curation.store import Workspace

SAMPLE = 2_000  # documents
PROXY = 1_000_000  # characters of each part of the proxy's training texts
HELD_OUT = 10  # every tenth document of the sample, where no held-out text is declared
DIVERSE = (500, 100_000)  # characters of a document, and of all, of which 4-grams are counted
DOMAINS = 10_000  # that a version remembers
ENDS = re.compile(r"[.!?…。！？：；;:\"'”’」』）)\]】》>`|]\s*\Z")
DIRT = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]|</?(?:div|span|script|table|font|br|p|a|img|li|ul)\b[^<>]{0,200}>", re.I
)


def measure(workspace: Workspace, plan: Plan, sources: list[Source], files: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts over the sample, and losses of the proxy model."""
    name = plan.recipe.name
    sample = _sample(workspace, name, files, SAMPLE)
    rows = sample.to_pylist()
    audience = plan.recipe.used().audience
    origins = {s.id: tc609.origin(s.source_type or "open_dataset", audience, s.license, s.generated) for s in sources}
    records = [tc609.record(row, origins[row["source"]], "v1.0.0") for row in rows]
    faults = [tc609.faults(one) for one in records]
    return {
        "sample": len(rows),
        "well_formed": sum(not one for one in faults),
        "faults": dict(sorted(Counter(field for one in faults for field in one).items())),
        "filled_cells": sum(one[field] not in (None, "", []) for one in records for field in tc609.REQUIRED),
        "traceable": sum(tc609.traceable(one) and bool(row["raw_sha256"]) for one, row in zip(records, rows, strict=True)),
        **_measured_again(sample, rows),
        **_clean(rows),
        "distinct_4": _distinct([row["text"] for row in rows]),
        "proxy": _proxy(workspace, plan, [row["text"] for row in rows]),
    }


def some(workspace: Workspace, name: str, files: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """A few published rows, text and all."""
    return _sample(workspace, name, files, count).to_pylist()


def _sample(workspace: Workspace, name: str, files: list[dict[str, Any]], count: int) -> pa.Table:
    each = -(-count // max(1, len(files)))
    parts = []
    for file in files:
        opened = workspace.parquet(workspace.dataset(name, file["path"]))
        left = each
        for group in range(opened.num_row_groups):
            if left <= 0:
                break
            parts.append(opened.read_row_group(group).slice(0, left))
            left -= parts[-1].num_rows
    return pa.concat_tables(parts)


def _measured_again(sample: pa.Table, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Of the published text: personal data that is still there, and whether hash, tokens and language are what the row says."""
    batch = pa.RecordBatch.from_arrays([sample["text"].combine_chunks()], ["text"])
    residual = pii.annotate(batch)
    again = language.annotate(batch)["label"].to_pylist()
    clean = [not (count or secrets) for count, secrets in zip(residual["count"].to_pylist(), residual["secrets"].to_pylist())]
    same = [
        hashlib.sha256(row["text"].encode()).hexdigest() == row["text_sha256"]
        and tokens_signal.count(row["text"]) == row["tokens"]
        and (row["modified"] or row["language_label"] == label)
        for row, label in zip(rows, again, strict=True)
    ]
    return {"without_personal_data": sum(clean), "consistent": sum(same)}


def _clean(rows: list[dict[str, Any]]) -> dict[str, int]:
    texts = [row["text"] for row in rows]
    return {"ended": sum(ENDS.search(t[-200:]) is not None for t in texts), "pure": sum(DIRT.search(t) is None for t in texts)}


def _distinct(texts: list[str]) -> float | None:
    """Share of distinct 4-grams of characters, over a fixed amount of text: it would fall with the amount."""
    each, most = DIVERSE
    read = "\n".join(" ".join(text[:each].split()) for text in texts)[:most]
    grams = {read[i : i + 4] for i in range(len(read) - 3)}
    return len(grams) / (len(read) - 3) if len(read) > 3 else None


def _proxy(workspace: Workspace, plan: Plan, texts: list[str]) -> dict[str, Any] | None:
    """Losses with and without the dataset. Held-out and base texts are the recipe's; by default every tenth document of the sample,
    never trained on, and what was read but not kept.
    """
    asked = plan.recipe.quality.proxy
    heldout = _declared(workspace, asked.heldout) if asked.heldout else texts[::HELD_OUT]
    build = texts if asked.heldout else [text for i, text in enumerate(texts) if i % HELD_OUT]
    base = _declared(workspace, asked.base) if asked.base else _not_kept(workspace, plan)
    base = _cut(base)
    build = _cut(build, sum(map(len, base)) or PROXY)  # as much as what it is compared with: more text of any kind is no fitness
    if not build or not heldout:
        return None
    found = proxy_model.fitness(_cut(heldout, PROXY // 5), build, base)
    return found and {
        **found,
        "heldout": "declared" if asked.heldout else "own",
        "base": "declared" if asked.base else "not_kept",
        "characters": sum(map(len, build)),
        "base_characters": sum(map(len, base)),
    }


def _cut(texts: list[str], most: int = PROXY) -> list[str]:
    kept, left = [], most
    for text in texts:
        if left <= 0:
            break
        kept.append(text[: min(left, 20_000)])
        left -= len(kept[-1])
    return kept


def _declared(workspace: Workspace, names: list[str]) -> list[str]:
    texts = []
    for name in names:
        path = workspace.root / name
        if not path.is_file():
            raise DataError(f"quality: proxy: {name}: no such file in the workspace; allowed: JSONL with `text`")
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    texts.append(str(json.loads(line)["text"]))
                except (ValueError, KeyError, TypeError):
                    raise DataError(f"{name}: line {number}: a JSON object with `text` is needed") from None
    return texts


def _not_kept(workspace: Workspace, plan: Plan) -> list[str]:
    """Texts of the documents that went, in the order of their ids: from as many shards as are needed."""
    ledger = workspace.read_table(workspace.dataset(plan.recipe.name, "ledger/removed.parquet"), ["doc_id", "source"])
    gone: dict[str, set[str]] = {}
    for doc, source in zip(ledger["doc_id"].to_pylist(), ledger["source"].to_pylist(), strict=True):
        gone.setdefault(source, set()).add(doc)
    found: list[tuple[str, str]] = []
    each = PROXY // max(1, len(gone))
    for source, wanted in sorted(gone.items()):
        read = 0
        for shard in published.signals(workspace, source)["shards"]:
            if read >= each:
                break
            table = workspace.read_table(shard["file"], ["doc_id", "text"])
            own = table.filter(pc.is_in(table["doc_id"], value_set=pa.array(sorted(wanted), pa.string())))
            pairs = list(zip(own["doc_id"].to_pylist(), own["text"].to_pylist(), strict=True))
            found += pairs
            read += sum(len(text) for _, text in pairs)
    return [text for _, text in sorted(found)]


def domains(urls: list[str | None], weights: list[int]) -> Counter[str]:
    """Weights summed by the host of the addresses, without `www.`."""
    found: Counter[str] = Counter()
    for url, weight in zip(urls, weights, strict=True):
        if url and (host := _host(url)):
            found[host.removeprefix("www.")] += weight
    return found


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname if "://" in url else None
    except ValueError:  # what is no address has no domain
        return None


def text_bytes(workspace: Workspace, name: str, files: list[dict[str, Any]]) -> dict[str, int]:
    """Bytes of text by source, a row group at a time."""
    found: Counter[str] = Counter()
    for file in files:
        opened = workspace.parquet(workspace.dataset(name, file["path"]))
        for group in range(opened.num_row_groups):
            table = opened.read_row_group(group, ["source", "text"])
            sizes = pa.table({"source": table["source"], "bytes": pc.binary_length(table["text"])})
            summed = sizes.group_by("source").aggregate([("bytes", "sum")]).to_pylist()
            found.update({row["source"]: row["bytes_sum"] for row in summed})
    return dict(found)
