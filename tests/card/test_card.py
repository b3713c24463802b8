"""The card: numbers are those of the data, machines read it, hostile words stay words."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from playwright.sync_api import Page, sync_playwright

from curation import cli, line, published, workspaces
from curation.card import html, plots, readme
from curation.card.blocks import Code, Section, Words
from curation.card.model import histograms
from curation.store import Workspace
from tests import corpus, hostile, servers

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](javascript:alert(1))",
    '"><svg onload=alert(1)>', "| a | b |", "`${7*7}`", "{{7*7}}", "<!-- -->", "\u2028<b>", "</style><script>1</script>", "$\\frac{1}{2}$",
]  # fmt: skip


def text(workspace: Workspace, part: str, name: str = "energy") -> str:
    return workspace.open(workspace.dataset(name, part)).read().decode()


def test_the_hub_reads_the_header(done: Workspace) -> None:
    """huggingface_hub parses and writes it again unchanged; splits and features are those of the files."""
    from huggingface_hub import DatasetCard

    card = DatasetCard(text(done, "README.md"))
    again = DatasetCard(str(card))
    assert card.data.to_dict() == again.data.to_dict()
    header = card.data.to_dict()
    assert header["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    assert header["language"] == ["en", "zh"] and header["license"] == ["cc-by-4.0", "cc0-1.0"]
    schema = done.parquet(done.files(done.dataset("energy", "data"))[0]).schema_arrow
    assert [f["name"] for f in header["dataset_info"]["features"]] == schema.names


def test_numbers_on_the_card_are_those_of_the_data(done: Workspace) -> None:
    """Documents, tokens, sources, licenses, reasons: each counted again from the Parquet files."""
    data = done.read_table(done.files(done.dataset("energy", "data"))[0])
    ledger = done.read_table(done.dataset("energy", "ledger/removed.parquet"))
    body = text(done, "README.md")
    assert f"{data.num_rows} documents · {pc.sum(data['tokens']).as_py():,} tokens" in body
    for license_id in set(data["license"].to_pylist()):
        own = data.filter(pc.equal(data["license"], license_id))
        tokens = pc.sum(own["tokens"]).as_py()
        assert re.search(rf"\| {re.escape(license_id)} \| T\d \| (?:yes|no) \| {own.num_rows} \| {tokens:,} \|", body)
    first: dict[str, str] = {}
    for doc, name in zip(ledger["doc_id"].to_pylist(), ledger["filter"].to_pylist(), strict=True):
        first.setdefault(doc, name)
    for name in set(first.values()):
        count = list(first.values()).count(name)
        assert re.search(rf"\| (?:removed|quarantined): {re.escape(readme.text(name))} \| {count} \|", body)


def test_croissant_is_valid_and_its_records_load(done: Workspace) -> None:
    """mlcroissant finds no error and reads rows from the files beside it."""
    import mlcroissant

    path = Path(done.path(done.dataset("energy", "croissant.json")))
    dataset = mlcroissant.Dataset(jsonld=path)
    assert not dataset.metadata.issues.errors
    stem = "train-00000-of-00001"
    rows = [row for row, _ in zip(dataset.records(stem), range(3), strict=False)]
    assert rows[0][f"{stem}/id"] and len(rows) == 3
    described = json.loads(path.read_text())
    assert (
        described["distribution"][0]["sha256"]
        == published.manifest(done, "energy")["files"]["data/train-00000-of-00001.parquet"]["sha256"]
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


KEPT = {
    "purpose",
    "audience",
    "path",
    "sha256",
    "reason",
    "code",
    "what",
    "threshold",
    "type",
    "license_class",
    "heldout",
    "base",
}  # enumerations


def everywhere(value: object, words: str, key: str = "") -> object:
    """The model with every text that may come from outside replaced."""
    if isinstance(value, dict):
        return {k: v if k in KEPT else everywhere(v, words, k) for k, v in value.items()}
    if isinstance(value, list):
        return [everywhere(v, words, key) for v in value]
    return words if isinstance(value, str) else value


def shape(page: bytes) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes."""
    tags = Tags()
    tags.feed(page.decode())
    return [(tag, tuple(sorted(attrs))) for tag, attrs in tags.found]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(done: Workspace, words: str) -> None:
    """In any field of the model: the page and the README have the very elements that they have with harmless words."""
    from markdown_it import MarkdownIt

    model = json.loads(text(done, "reports/card.json"))
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    shapes = []
    for said in ("harmless", words):
        changed = everywhere(model, said)
        page, body = html.body(changed).encode(), parser.render(readme.body(changed)).encode()
        shapes.append((shape(page), shape(body)))
        links = Tags()
        links.feed(page.decode() + body.decode())
        assert not [a for _, attrs in links.found for a in attrs if a.startswith("on")]
        assert all((attrs["href"] or "").startswith("#") for tag, attrs in links.found if tag == "a")
        assert all((attrs["src"] or "").startswith("plots/") for tag, attrs in links.found if tag == "img")
    assert shapes[0] == shapes[1]


def test_ten_thousand_ways_out_of_a_place(page: Page) -> None:
    """In each kind of block, as HTML and as Markdown, in a real browser that would run it: the elements are those of harmless words."""
    from jinja2 import Environment
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    template = Environment(autoescape=True).from_string('<p title="{{ x }}">{{ x }}</p>')

    def shown(words: str, place: int | None = None) -> str:
        """In every kind of block, or in the one of this place."""
        both = Words(words, words + "。")
        inside = [
            ("text", both),
            ("quote", both, words),
            ("table", [both], [[both, Code(words), words]]),
            ("list", [both, words]),
        ]
        blocks = [*inside, ("more", both, inside)] if place is None else [inside[place]]
        made = [Section("s", Words("T", "题"), blocks)]
        return html.of_sections(words, made) + parser.render(readme.of_sections(made)) + template.render(x=words)

    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    everything = hostile.markup()
    assert len(everything) > 6_800
    count = """html => { const one = document.implementation.createHTMLDocument(); one.body.innerHTML = html;
        const all = [...one.body.querySelectorAll('*')];
        return [all.length, all.flatMap(e => [...e.attributes]).filter(a => a.name.startsWith('on') || ['href', 'src', 'style'].includes(a.name)).length] }"""
    alike = [
        words for words in everything if " on" in words and "src=x autofocus" in words
    ]  # each in one kind of block, by turns
    others = sorted(set(everything) - set(alike))
    assert len(others) > 200
    for place, some in [(None, others), *((place, alike[place::4]) for place in range(4))]:
        elements, unsafe = page.evaluate(count, shown("harmless", place))
        assert elements > 4 and unsafe == 0
        if page.evaluate(count, "".join(shown(words, place) for words in some)) != [elements * len(some), 0]:
            broken = [words for words in some if page.evaluate(count, shown(words, place)) != [elements, 0]]
            raise AssertionError((place, broken[:10]))
    page.set_content("".join(map(shown, everything[:: len(everything) // 200])))
    page.wait_for_timeout(200)
    assert not ran


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.chromium(), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_hostile_declarations_go_through_the_line(tmp_path: Path) -> None:
    """In titles, reasons and contacts of declarations: no element of their making; the machine-readable exports stay readable."""
    words = "<script>alert(1)</script>| a | [x](javascript:alert(1))"
    workspace = corpus.lay(tmp_path)
    for path in (workspace.recipe_file("energy"), workspace.source_file("plant")):
        declared = yaml.safe_load(path.read_text())
        declared["title"] = {"en": words, "zh": words}
        declared["contact"] = words
        if "filters" in declared:
            declared["summary"] = {"en": words}
            declared["card"] = {"uses": {"en": words}, "citation": words}
            declared["filters"][0]["because"] = {"en": words, "zh": words}
        path.write_text(yaml.safe_dump(declared, allow_unicode=True))
    line.run(workspace, "energy", until="card")
    page = Tags()
    page.feed(text(workspace, "card.html"))
    assert not {"script", "img"} & {tag for tag, _ in page.found}
    json.loads(text(workspace, "croissant.json"))


def test_the_page_stands_alone(done: Workspace) -> None:
    """No script, no outside address, a policy that forbids both, both languages."""
    page = text(done, "card.html")
    assert "default-src 'none'" in page and "<script" not in page and "能源手册" in page and "Energy handbook" in page
    assert "Made for: redistribute modified; audience: open" in page and "用途：修改后再分发；受众：公开" in page
    assert "Level: L1 (aligned with GB/T 43697-2024)" in page and "数据级别：L1" in page
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*//', page)


def test_plots_are_the_same_bytes_twice(done: Workspace) -> None:
    """No date, no random id."""
    model = {
        "funnel_by_source": [{"source": "a", "kept": 4, "filters": 1, "duplicates": 1, "quarantined": 0, "unreadable": 1}],
        "distributions": [{"name": "f", "column": "a.b", "low": 0.5, "high": None, "edges": [0.0, 0.5, 1.0], "kept": [0, 4], "removed": [2, 0]}],
        "dedup": {"shared": [{"removed_from": "a", "kept_in": "b", "documents": 3}]},
        "languages": [{"value": "zh", "documents": 4}], "licenses": [{"value": "$x$", "documents": 4}], "lengths": [{"from": 0, "documents": 4}],
    }  # fmt: skip
    assert plots.render(model) == plots.render(model)


def test_a_bar_is_on_one_side_of_its_threshold() -> None:
    """Whatever is kept and removed: no bar of removed documents where documents are kept, and every threshold is an edge."""
    rng = np.random.default_rng(7)
    for low, high in ((0.35, None), (None, 0.2), (0.2, 0.7), (0.3, 0.300001), (100.0, None)):
        limits = [limit for limit in (low, high) if limit is not None]
        values = rng.normal(limits[0], 3.0, 4_000).astype(np.float32).astype(np.float64)
        values = np.concatenate([values, limits])  # at the threshold itself a document is kept
        inside = (values >= (-np.inf if low is None else low)) & (values <= (np.inf if high is None else high))
        for kept, removed in (
            (values[inside], values[~inside]),
            (values[inside][-1:], values[~inside]),
            (values[inside], values[:0]),
        ):
            edges, bars = histograms(kept, removed, low, high, 24)
            assert all(np.isclose(edges, limit, atol=1e-4).any() for limit in limits)
            assert sum(bars["kept"]) == len(kept) and sum(bars["removed"]) == len(removed)
            middles = (np.array(edges[1:]) + np.array(edges[:-1])) / 2
            good = (middles >= (-np.inf if low is None else low)) & (middles <= (np.inf if high is None else high))
            assert not np.array(bars["removed"])[good].any()
            assert not np.array(bars["kept"])[~good].any()


def test_a_card_tells_no_path_of_the_machine(tmp_path: Path) -> None:
    """A source outside the workspace by its absolute path: the last folder is named, in no file of the dataset the way to it."""
    folder = tmp_path / "home of zhang" / "manuals"
    folder.mkdir(parents=True)
    for n in range(6):
        (folder / f"{n}.md").write_text(corpus.paragraph("zh", n) + corpus.paragraph("zh", n + 100), "utf-8")
    workspaces.create(tmp_path / "ws", None)
    workspace = Workspace(tmp_path / "ws")
    workspace.source_file("manuals").write_text(
        f"id: manuals\ntitle: 手册\nwhere: {{local: {{path: '{folder}/**/*.md'}}}}\nformat: markdown\nlicense: CC-BY-4.0\ncontact: a@example.org\n"
    )
    assert cli.main(["--workspace", str(workspace.root), "new-dataset", "own", "--review", "auto"]) == 0
    line.run(workspace, "own", until="card")
    assert text(workspace, "reports/card.json", "own").count('"manuals/**/*.md"') >= 1
    for file in workspace.files(workspace.dataset("own")):
        assert b"home of zhang" not in workspace.open(file).read(), file


def test_plots_have_chinese_words_on_a_page(done: Workspace) -> None:
    """Of each word of a plot that has Chinese ones both are there, one shown at a time; names of sources stay."""
    page = text(done, "card.html")
    for en, zh in (("kept", "保留"), ("quarantined", "隔离"), ("records", "记录"), ("documents", "文档")):
        assert re.search(rf'<text class="en"[^>]*>{en}</text><text class="zh" lang="zh"[^>]*>{zh}</text>', page)
    assert re.search(r'<text class="zh" lang="zh"[^>]*> 保留 \d+／\d+</text>', page)
    assert "in [" not in page and "['" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)  # no Python in a card


def test_notice_names_who_is_to_be_named(done: Workspace) -> None:
    """Sources, licenses with their texts, what they permit together, and every kept document in the attribution list."""
    notice = text(done, "NOTICE")
    assert "Plant handbook" in notice and "CC-BY-4.0: attribution" in notice and "may be passed on: yes" in notice
    assert text(done, "LICENSES/CC-BY-4.0.txt").startswith("Creative Commons Attribution 4.0") or "Attribution 4.0" in text(
        done, "LICENSES/CC-BY-4.0.txt"
    )
    report = json.loads(text(done, "license_report.json"))
    data = pq.read_table(done.path(done.dataset("energy", "data")))
    credits = done.read_table(done.dataset("energy", "ledger/attribution.parquet"))
    assert sorted(credits["id"].to_pylist()) == sorted(data["id"].to_pylist())
    assert report["permits"]["publishable"] and {row["value"] for row in report["licenses"]} == set(data["license"].to_pylist())
    assert set(report["texts"]) <= set(done.read_json(done.dataset("energy", "manifest.json"))["files"])
