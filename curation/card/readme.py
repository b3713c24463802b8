"""README.md as the hub shows it: YAML header for machines, Markdown for people, English with Chinese beside it."""

import re
from typing import Any

from curation.card import Model, count

HUB_IDS = {  # license ids of the hub whose SPDX id differs by more than case, or that it knows at all
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-NC-ND-4.0",
    "ISC",
    "Zlib",
    "BSL-1.0",
    "MPL-2.0",
    "EPL-2.0",
    "PostgreSQL",
    "NCSA",
    "Artistic-2.0",
    "Unlicense",
    "WTFPL",
    "ODbL-1.0",
    "PDDL-1.0",
}
HUB_RENAMED = {
    "GPL-2.0-only": "gpl-2.0",
    "GPL-2.0-or-later": "gpl-2.0",
    "GPL-3.0-only": "gpl-3.0",
    "GPL-3.0-or-later": "gpl-3.0",
    "AGPL-3.0-only": "agpl-3.0",
    "LGPL-2.1-only": "lgpl-2.1",
    "LGPL-3.0-only": "lgpl-3.0",
    "GFDL-1.3-or-later": "gfdl",
    "ODbL-1.0": "odbl",
    "PDDL-1.0": "pddl",
    "ODC-By-1.0": "odc-by",
    "C-UDA-1.0": "c-uda",
    "CDLA-Permissive-1.0": "cdla-permissive-1.0",
    "CDLA-Permissive-2.0": "cdla-permissive-2.0",
    "CDLA-Sharing-1.0": "cdla-sharing-1.0",
}
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)


def render(model: Model) -> dict[str, bytes]:
    """The README."""
    return {"README.md": f"---\n{header(model)}---\n\n{body(model)}".encode()}


def header(model: Model) -> str:
    """The YAML header, written by huggingface_hub's own card class."""
    from huggingface_hub import DatasetCardData

    licenses = [hub_license(row["value"]) for row in model["licenses"]]
    mixed: dict[str, Any] = {"license": sorted({name for name in licenses if name})}
    if not licenses or None in licenses:
        mixed = {"license": "other", "license_name": "mixed-per-document", "license_link": "README.md"}
    return (
        str(
            DatasetCardData(
                pretty_name=model["title"]["en"] or model["title"]["zh"],
                language=sorted({row["value"] for row in model["languages"] if row["value"]}),
                task_categories=["text-generation"],
                size_categories=[next((name for limit, name in SIZES if model["documents"] < limit), "n>1T")],
                tags=sorted({"curation", *(f"industry:{name}" for name in model["industry"])}),
                configs=[
                    {
                        "config_name": "default",
                        "data_files": [
                            {"split": split["name"], "path": f"data/{split['name']}-*.parquet"} for split in model["splits"]
                        ],
                    },
                    *(
                        {
                            "config_name": kind["name"],
                            "data_files": [
                                {"split": split, "path": f"data/{split}-{kind['name']}-*.parquet"} for split in kind["splits"]
                            ],
                        }
                        for kind in model["kinds"]
                    ),
                ],
                dataset_info={
                    "features": [_feature(c) for c in model["columns"]],
                    "splits": [
                        {"name": s["name"], "num_bytes": s["bytes"], "num_examples": s["documents"]} for s in model["splits"]
                    ],
                    "download_size": sum(s["bytes"] for s in model["splits"]),
                    "dataset_size": sum(s["bytes"] for s in model["splits"]),
                },
                **mixed,
            ).to_yaml()
        )
        + "\n"
    )


def hub_license(spdx: str | None) -> str | None:
    """The hub's id for an SPDX id, or null when it has none."""
    if spdx in HUB_RENAMED:
        return HUB_RENAMED[spdx]
    return spdx.lower() if spdx in HUB_IDS else None


def _feature(column: dict[str, str]) -> dict[str, Any]:
    kinds = {"double": "float64", "float": "float32", "date32[day]": "date32"}
    if column["type"].startswith("list<"):
        return {"name": column["name"], "list": "string"}
    return {"name": column["name"], "dtype": kinds.get(column["type"], column["type"])}


def body(model: Model) -> str:
    """The Markdown of the card."""
    parts = [
        f"# {text(model['title']['en'] or model['title']['zh'])}",
        *([f"**{text(model['title']['zh'])}**"] if model["title"]["zh"] and model["title"]["en"] else []),
        f"`{model['name']}` {model['version']} · {count(model['documents'])} documents · {count(model['tokens'])} tokens "
        f"({model['tokenizer']})",
        *(text(model["summary"][language]) for language in ("en", "zh") if model["summary"][language]),
        _changes(model),
        "## Load it / 加载",
        f'```python\nimport curation\n\nds = curation.load("{model["name"]}", "{model["version"]}", workspace="PATH or git URL")\n'
        f'```\n\nor, from a copy of this folder, `datasets.load_dataset("path/to/{model["name"]}")`.',
        "## Composition / 构成",
        "![Languages](plots/languages.svg)\n\n"
        + _table(
            ["Language", "Documents", "Tokens"],
            [[r["value"] or "unknown", count(r["documents"]), count(r["tokens"])] for r in model["languages"]],
        ),
        "![Lengths](plots/lengths.svg)",
        "## Sources / 来源",
        _table(
            ["Source", "Origin", "Declared license", "Level", "Documents", "Kept", "Tokens", "Contact"],
            [
                [
                    s["title"]["en"] or s["title"]["zh"],
                    f"{s['id']}: {s['origin']}",
                    s["declared_license"],
                    s["data_level"],
                    count(s["documents"]),
                    count(s["kept"]),
                    count(s["tokens"]),
                    s["contact"],
                ]
                for s in model["sources"]
            ],
        ),
        _evidence(model),
        "## Licenses / 许可",
        f"Policy `{model['policy']['name']}`: {text(model['policy']['title']['en'])} / {text(model['policy']['title']['zh'])}. "
        "Every row carries its own license; this table sums them up.",
        _use(model),
        "![Licenses](plots/licenses.svg)\n\n"
        + _table(
            ["License (SPDX)", "Tier", "Attribution", "Documents", "Tokens"],
            [
                [
                    r["value"] or "unknown",
                    r["tier"] or "?",
                    {True: "yes", False: "no", None: "?"}[r["attribution"]],
                    count(r["documents"]),
                    count(r["tokens"]),
                ]
                for r in model["licenses"]
            ],
        ),
        _conflicts(model),
        "## How it was made / 加工过程",
        "![Funnel](plots/funnel.svg)\n\n" + _funnel(model),
        "### Filters / 过滤规则\n\n"
        + _table(
            ["Filter", "Keeps while", "Applies to", "Why / 原因"],
            [
                [f["name"], condition(f), where(f), f"{f['because']['en'] or ''} {f['because']['zh'] or ''}".strip()]
                for f in model["filters"]
            ],
        ),
        _dedup(model),
        f"### Edits / 编辑\n\n{count(model['modified'])} documents were edited; their rows say `modified`.",
        f"Found in kept documents before edits: {count(model['found']['count'])} values of personal data, "
        f"{count(model['found']['organisations'])} company codes, {count(model['found']['secrets'])} keys or tokens.",
        _table(["Edit", "Times", "Documents"], [[e["kind"], count(e["edits"]), count(e["documents"])] for e in model["edits"]])
        if model["edits"]
        else "",
        "## Files and columns / 文件与字段",
        _table(
            ["File", "Rows", "Bytes", "SHA-256"],
            [[f["path"], count(f["rows"]), count(f["bytes"]), f["sha256"]] for f in model["files"]],
        ),
        "Columns: " + ", ".join(f"`{c['name']}` ({c['type']})" for c in model["columns"]) + ".",
        "`NOTICE` names every source, `ledger/attribution.parquet` title, authors and address of every document, `LICENSES/` has "
        "the texts, `license_report.json` what they permit together.",
        "`ledger/removed.parquet` has a row for every removal and quarantine with its reason and value, "
        "`ledger/edits.parquet` one for every edit, `ledger/clusters.parquet` every duplicate cluster, "
        "`ledger/paragraphs.parquet` every repeated paragraph that was sought; none has text.",
        "## Known limits / 已知局限",
        "\n".join(f"- {text(x['en'] or '')} {text(x['zh'] or '')}".rstrip() for x in model["limits"]),
        "## Contact / 联系方式",
        f"{text(model['curator'])}, {text(model['contact'])}. Take-down requests go there too.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _changes(model: Model) -> str:
    change = model.get("changes")
    if not change:
        return ""
    return (
        f"Since {change['from']} ({change['reason']}): {count(change['documents_before'])} → {count(model['documents'])} documents, "
        f"{count(change['tokens_before'])} → {count(model['tokens'])} tokens."
    )


def _evidence(model: Model) -> str:
    lines = [f"- `{s['id']}`: {text(e)}" for s in model["sources"] for e in s["evidence"]]
    return "License evidence / 许可依据:\n\n" + "\n".join(lines) if lines else ""


def _conflicts(model: Model) -> str:
    if not model["conflicts"]:
        return ""
    lines = ["### Kept out: license conflicts / 因许可冲突未纳入", ""]
    for one in model["conflicts"]:
        lines.append(f"- `{one['source']}`, {count(one['documents'])} documents:")
        lines += [
            f"  - {c['detector']} says {text(c['value'])}{_quoted(c['passage'])} ({text(c['where'] or '')})"
            for c in one["claims"]
        ]
    return "\n".join(lines)


def _quoted(passage: str | None) -> str:
    return f": “{text(passage[:160])}”" if passage else ""


def _funnel(model: Model) -> str:
    funnel = model["funnel"]
    rows = [["read", count(funnel["records"]), "records"]]
    rows += [[f"unreadable: {r}", count(n), "records, in quarantine"] for r, n in funnel["unreadable"]]
    rows += [["documents", count(funnel["documents"]), ""]]
    rows += [[f"removed: {r}", count(n), (funnel["because"][r] or {}).get("en") or ""] for r, n in funnel["removed"]]
    rows += [[f"quarantined: {r}", count(n), (funnel["because"][r] or {}).get("en") or ""] for r, n in funnel["quarantined"]]
    rows += [["kept", count(funnel["kept"]), ""]]
    return _table(["", "Count", ""], rows) + "\n\nA document that fails several filters is counted once, under the first."


def _use(model: Model) -> str:
    use = model["use"]
    purpose = use["purpose"].replace("_", " ")
    trade = "" if use["commercial"] else ", not for commerce"
    return (
        f"Made for: {purpose}{trade}; audience: {use['audience']}. Rights of every source were judged for that on the day of the run. "
        f"Level: {model['level']} (aligned with GB/T 43697-2024)."
        + (f" Export: {text(use['export_reference'])}." if use["export_reference"] else "")
    )


def _dedup(model: Model) -> str:
    dedup = model["dedup"]
    said = f"MinHash, 128 permutations, 5-token shingles, Jaccard ≥ {dedup['threshold']}" if dedup["threshold"] else "exact only"
    lines = [f"### Duplicates / 去重\n\n{said}; who stays: {', '.join(dedup['keep'])}, then id."]
    if dedup["shared"]:
        lines.append(
            _table(
                ["Removed from", "Kept in", "Documents"],
                [[d["removed_from"], d["kept_in"], count(d["documents"])] for d in dedup["shared"]],
            )
        )
    return "\n\n".join(lines)


def condition(one: dict[str, Any]) -> str:
    """A filter's condition as people write it."""
    if one["any_of"] is not None:
        return f"{one['column']} in {one['any_of']}"
    if one["none_of"] is not None:
        return f"{one['column']} not in {one['none_of']}" if one["none_of"] else f"{one['column']} is known"
    low = f"{one['low']:g} ≤ " if one["low"] is not None else ""
    high = f" ≤ {one['high']:g}" if one["high"] is not None else ""
    return f"{low}{one['column']}{high}"


def where(one: dict[str, Any]) -> str:
    """Which documents a filter judges."""
    return ", ".join(f"{k} = {v}" for k, v in sorted(one["where"].items())) or "all"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(text(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def text(words: str | None) -> str:
    """Words from outside as literal text: no Markdown, no HTML, one line; of what was said in one language only, nothing."""
    flat = " ".join((words or "").split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|!#~])", r"\\\1", flat)
