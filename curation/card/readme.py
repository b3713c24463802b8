"""README.md as the hub shows it: YAML header for machines, Markdown for people, English with Chinese beside it."""

import re
from html import unescape
from typing import Any

from curation.card import Model, count
from curation.card.blocks import Cell, Code, Section, Words
from curation.card.sections import sections

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
    """The Markdown of the card: tables in English, words in both languages."""
    parts = [
        f"# {text(model['title']['en'] or model['title']['zh'])}",
        *([f"**{text(model['title']['zh'])}**"] if model["title"]["zh"] and model["title"]["en"] else []),
        f"`{model['name']}` {text(model['version'])} · {count(model['documents'])} documents · {count(model['tokens'])} tokens "
        f"({text(model['tokenizer'])})",
    ]
    return "\n\n".join([*(part for part in parts if part), of_sections(sections(model))]) + "\n"


def of_sections(made: list[Section]) -> str:
    """Sections as Markdown."""
    parts = []
    for one in made:
        zh = one.title.zh.lstrip("0123456789 ")
        parts.append(f"## {one.title.en}" if one.title.en == one.title.zh else f"## {one.title.en} / {zh}")
        parts += [_block(*block) for block in one.blocks]
    return "\n\n".join(part for part in parts if part)


def _block(kind: str, *of: Any) -> str:
    if kind == "text":
        return _both(of[0])
    if kind == "list":
        return "\n".join(f"- {_both(one, ' ') if isinstance(one, Words) else _cell(one)}" for one in of[0])
    if kind == "table":
        lines = ["| " + " | ".join(text(one.en) for one in of[0]) + " |", "|" + "---|" * len(of[0])]
        return "\n".join([*lines, *("| " + " | ".join(map(_cell, row)) + " |" for row in of[1])])
    if kind == "plot":
        return f"![{text(of[1].en)}]({of[0]})"
    if kind == "quote":
        return f"> {text(of[0].en)} — {text(of[1])}"
    if kind == "more":
        inside = "\n\n".join(_block(*block) for block in of[1])
        return f"<details><summary>{text(of[0].en)}</summary>\n\n{inside}\n\n</details>"
    return f"```python\n{of[0]}\n```"


def _both(said: Words, between: str = "\n\n") -> str:
    return text(said.en) if said.en == said.zh else f"{text(said.en)}{between}{text(said.zh)}"


def _cell(one: Cell) -> str:
    if isinstance(one, Words):
        return text(one.en)
    if isinstance(one, Code):
        return text(one.text)
    return count(one) if isinstance(one, int) else text(str(one))


def plain(markdown: str) -> str:
    """Markdown as a terminal shows it: without the signs that keep words literal.

    >>> plain(text("open_permissive <b>"))
    'open_permissive <b>'
    """
    return unescape(re.sub(r"\\([\\`*_\[\]|!#~+.)=-])", r"\1", markdown))


def text(words: str | None) -> str:
    """Words from outside as literal text: no Markdown, no HTML, one line; of what was said in one language only, nothing."""
    flat = " ".join((words or "").split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = re.sub(r"([\\`*_\[\]|!#~])", r"\\\1", flat)
    return re.sub(r"^(\d{0,9})([-+.)](?=\s|$)|[-=](?=[-=\s]*$))", r"\1\\\2", flat)  # what would begin a list or end a heading
