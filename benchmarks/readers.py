"""Readers measured: the same documents in each format, one core, from bytes to records.

    python -m benchmarks.readers FOLDER       docs_zh.parquet, docs_en.parquet, html_debian_docs.parquet and warc/ there

Written: docs/readers.md. MB are of the text that comes out; where a format has a main text to find, what is kept is less than what went in.
"""

import csv
import html
import io
import json
import mailbox
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import machine
from curation import archive, readers, rooms
from curation.readers import Record

DOCS = Path(__file__).resolve().parent.parent / "docs"
MOST = 8.0  # seconds a reader is measured
File = tuple[str, bytes]


def texts(folder: Path) -> list[str]:
    """600 documents of 500 to 20,000 characters, half Chinese."""
    found: list[str] = []
    for name in ("docs_zh", "docs_en"):
        rows = pq.read_table(folder / f"{name}.parquet", columns=["text"])["text"].to_pylist()
        found += [text for text in rows if 500 < len(text) < 20_000][:300]
    return found


def _docx(text: str) -> bytes:
    from docx import Document

    document, out = Document(), io.BytesIO()
    for line in filter(str.strip, _plain(text).split("\n")):
        document.add_heading(line[2:], 1) if line.startswith("# ") else document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def _pptx(text: str) -> bytes:
    from pptx import Presentation
    from pptx.util import Cm

    deck, out = Presentation(), io.BytesIO()
    lines = [line for line in _plain(text).split("\n") if line.strip()]
    for begin in range(0, len(lines), 12):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = lines[begin][:80]
        slide.shapes.add_textbox(Cm(1), Cm(4), Cm(20), Cm(12)).text_frame.text = "\n".join(lines[begin + 1 : begin + 12])
    deck.save(out)
    return out.getvalue()


def _xlsx(rows: list[str]) -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    sheet.append(["id", "text"])
    for number, text in enumerate(rows):
        sheet.append([number, _plain(text)[:30_000]])
    book.save(out)
    return out.getvalue()


def _pdf(text: str) -> bytes:
    import textwrap

    import matplotlib.backends.backend_pdf as backend
    from matplotlib.figure import Figure

    out = io.BytesIO()
    lines = [part for line in _plain(text).split("\n") for part in textwrap.wrap(line, 90)] or ["-"]
    with backend.PdfPages(out) as pages:
        for begin in range(0, min(len(lines), 200), 50):
            page = Figure(figsize=(8, 11))
            page.text(0.05, 0.98, "\n".join(lines[begin : begin + 50]).replace("$", "S"), va="top", fontsize=8, parse_math=False)
            pages.savefig(page)
    return out.getvalue()


def _epub(rows: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("META-INF/container.xml", '<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>')
        items = "".join(f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(rows)))
        spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(rows)))
        pack.writestr("p.opf", f"<package><metadata/><manifest>{items}</manifest><spine>{spine}</spine></package>")
        for number, text in enumerate(rows):
            pack.writestr(f"c{number}.xhtml", f"<html><body>{_paragraphs(text)}</body></html>")
    return out.getvalue()


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in _plain(text).split("\n") if line.strip())


def _plain(text: str) -> str:
    return "".join(c for c in text if c >= " " or c in "\n\t")


def _mbox(rows: list[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        box = mailbox.mbox(Path(folder) / "box")
        for text in rows:
            message = EmailMessage()
            message["From"], message["Subject"], message["Date"] = (
                "a@example.org",
                text[:40].replace("\n", " "),
                "Thu, 26 Nov 2026 10:00:00 +0000",
            )
            message.set_content(_plain(text))
            box.add(message)
        box.close()
        return (Path(folder) / "box").read_bytes()


def _mediawiki(rows: list[str]) -> bytes:
    pages = "".join(
        f"<page><title>{n}</title><ns>0</ns><id>{n}</id><revision><id>1</id><timestamp>2026-01-01T00:00:00Z</timestamp><text>"
        f"{html.escape('{{Infobox|a=b}} ' + _plain(text) + ' [[File:x.jpg|thumb|y]] [[a|b]]')}</text></revision></page>"
        for n, text in enumerate(rows)
    )
    return f"<mediawiki><siteinfo/>{pages}</mediawiki>".encode()


def _confluence(rows: list[str]) -> bytes:
    objects = "".join(
        f'<object class="Page"><id name="id">{n}</id><property name="title">{n}</property></object><object class="BodyContent"><id name="id">9{n}</id>'
        f'<property name="body"><![CDATA[{_paragraphs(text).replace("]]>", "]] >")}]]></property><property name="content" class="Page"><id name="id">{n}</id></property></object>'
        for n, text in enumerate(rows)
    )
    return f"<hibernate-generic>{objects}</hibernate-generic>".encode()


def _jira(rows: list[str]) -> bytes:
    items = "".join(
        f"<item><key>X-{n}</key><summary>{n}</summary><description>{html.escape(_paragraphs(text))}</description></item>"
        for n, text in enumerate(rows)
    )
    return f"<rss><channel>{items}</channel></rss>".encode()


def _csv(rows: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["id", "text"], *([n, _plain(text)] for n, text in enumerate(rows))])
    return out.getvalue().encode("gb18030")


def _parquet(rows: list[str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(len(rows)), "text": rows}), out, compression="zstd")
    return out.getvalue()


def files(folder: Path) -> Iterator[tuple[str, list[File]]]:
    """(reader, its files) for each reader that is measured."""
    rows = texts(folder)
    english = rows[300:360]

    def each(make: Callable[[str], bytes], ending: str, of: list[str]) -> list[File]:
        return [(f"{n}.{ending}", make(text)) for n, text in enumerate(of)]

    yield "text", each(lambda text: text.encode("gb18030"), "txt", rows)
    yield "markdown", each(str.encode, "md", rows)
    yield "rst", each(str.encode, "rst", rows)
    yield "code", each(str.encode, "py", rows)
    yield "csv", [("rows.csv", _csv(rows * 5))]
    yield "jsonl", [("rows.jsonl", b"".join(json.dumps({"text": text}).encode() + b"\n" for text in rows * 5))]
    yield "parquet", [("rows.parquet", _parquet(rows * 5))]
    pages = pq.read_table(folder / "html_debian_docs.parquet", columns=["html"])["html"].to_pylist()[::8]
    yield "html", [(f"{n}.html", page.encode() if isinstance(page, str) else page) for n, page in enumerate(pages)]
    yield "warc", [(path.name, path.read_bytes()) for path in sorted((folder / "warc").iterdir())]
    yield "docx", each(_docx, "docx", rows[::3])
    yield "xlsx", [("rows.xlsx", _xlsx(rows * 2))]
    yield "pptx", each(_pptx, "pptx", rows[::12])
    yield "pdf", each(_pdf, "pdf", english)
    yield "epub", [("book.epub", _epub(rows))]
    yield "email", [("box.mbox", _mbox(rows))]
    yield (
        "jupyter",
        each(
            lambda text: json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": text}]}).encode(), "ipynb", rows
        ),
    )
    yield "mediawiki", [("dump.xml", _mediawiki(rows))]
    yield "confluence", [("entities.xml", _confluence(rows))]
    yield "jira", [("search.xml", _jira(rows))]


def measure(name: str, found: list[File]) -> tuple[int, int, int, float, Counter[str]]:
    """(files, records, bytes of text, seconds, what was told) of a reader over files, as many as fit into a time."""
    reader = rooms.find(readers, name)
    count = records = size = 0
    told: Counter[str] = Counter()
    seconds = 0.0
    for file, content in found:
        begun = time.perf_counter()
        try:
            for one in reader.read(io.BytesIO(content), file, reader.Options()):
                if isinstance(one, Record):
                    records += 1
                    size += len(str(one.fields.get("text", "")).encode())
                else:
                    told[one.reason] += 1
        except archive.STREAM_ERRORS:
            told["broken_stream"] += 1
        seconds += time.perf_counter() - begun
        count += 1
        if seconds > MOST:
            break
    return count, records, size, seconds, told


def main() -> None:
    """Measure and write docs/readers.md."""
    lines = [
        "# Readers",
        "",
        f"Written by `python -m benchmarks.readers` ({machine()}); do not edit. One core, from bytes to records; MB are of the text that comes",
        "out. Files are made from real documents (`text` and `csv` in GB18030), but pages of HTML and web archives, which are as they were found:",
        "some of those archives are broken on purpose.",
        "",
        "| reader | files | records | MB/s | records/s | told |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in files(Path(sys.argv[1])):
        measure(name, found[:1])  # imports
        count, records, size, seconds, told = measure(name, found)
        said = ", ".join(f"{reason} {n}" for reason, n in told.most_common()) or "nothing"
        lines.append(f"| {name} | {count:,} | {records:,} | {size / 1e6 / seconds:,.1f} | {records / seconds:,.0f} | {said} |")
        print(lines[-1], flush=True)
    (DOCS / "readers.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
