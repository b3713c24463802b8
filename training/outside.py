"""Texts from outside, for evaluation only: parquet files with `text`, `source`, `lang`, and pages with `html`.

They are in a folder that is not part of the repository. Nothing of them is used for training.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

SHORTEST = 150  # characters
SAME_TEXT = {"LawRefBook/Laws"}  # sources whose texts training has from elsewhere: shown, not counted
_LANGUAGES = {"zh": "zh", "zh-CN": "zh", "en": "en", "en-US": "en"}
_AROUND = (
    "nav", "navheader", "navfooter", "footer", "header", "sidebar", "menu", "toc", "breadcrumb", "breadcrumbs", "related",
    "sphinxsidebar", "preamble", "toplang", "bottomlang", "apache", "docs-title", "docs-top-contents", "page-header",
)  # fmt: skip


def documents(folder: Path, language: str, most: int, rng: random.Random) -> dict[str, list[str]]:
    """Source -> texts, at most `most` of each by chance."""
    found = defaultdict(list)
    for path in sorted(folder.glob("docs_*.parquet")):
        for row in pq.read_table(path, columns=["text", "source", "lang"]).to_pylist():
            if _LANGUAGES.get(row["lang"]) == language and len(row["text"]) >= SHORTEST:
                found[row["source"]].append(row["text"])
    return {source: rng.sample(texts, min(most, len(texts))) for source, texts in sorted(found.items())}


def real_junk(folder: Path, language: str, window: int, rng: random.Random) -> dict[str, list[str]]:
    """Kind -> what real pages have around their text, joined over pages to the length of a document; and their markup."""
    around, markup = [], []
    for path in sorted(folder.glob("html_*.parquet")):
        for row in pq.read_table(path, columns=["html", "lang"]).to_pylist():
            if _LANGUAGES.get(row["lang"]) != language:
                continue
            around.append("\n".join(_around(row["html"])))
            start = rng.randrange(max(1, len(row["html"]) - window))
            markup.append(row["html"][start : start + rng.randint(500, window)].decode("utf-8", "replace"))
    rng.shuffle(around)
    rng.shuffle(markup)
    return {"real page surroundings": list(_joined(around, rng))[:300], "real markup": markup[:300]}


def source_code(folder: Path, most: int, rng: random.Random) -> list[str]:
    """Files of programs: no junk, and no prose."""
    texts = [
        text
        for path in sorted(folder.glob("code*.parquet"))
        for text in pq.read_table(path, columns=["text"])["text"].to_pylist()
    ]
    return rng.sample(texts, min(most, len(texts)))


def _around(html: bytes) -> Iterator[str]:
    from lxml import etree
    from lxml import html as reader

    try:
        tree = reader.fromstring(html)
    except (etree.ParserError, ValueError):
        return
    named = " or ".join(f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ') or @id='{name}'" for name in _AROUND)
    for element in tree.xpath(f"//nav | //header | //footer | //*[{named}]"):
        text = "\n".join(line.strip() for line in element.text_content().splitlines() if line.strip())
        if text:
            yield text


def _joined(parts: list[str], rng: random.Random) -> Iterator[str]:
    text, wanted = "", rng.randint(300, 3000)
    for part in parts:
        text += part + "\n"
        if len(text) >= wanted:
            yield text[:wanted]
            text, wanted = "", rng.randint(300, 3000)
