"""PDF: paragraphs over lines and pages, running lines out, what has no text layer told."""

import io
import json
from typing import Any

import matplotlib.backends.backend_pdf
import matplotlib.figure
import matplotlib.image
import numpy as np
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.readers import Record, Unreadable, pdf

BODY = (
    "The oil temperature of the winding is recorded every hour and re-\n"
    "ported to the duty manager within two working days.\n"
    "A second paragraph begins here and it is long enough to fill a line\n"
    "which goes on in the next one."
)


def made(pages: list[str | None], head: str = "Handbook of the station") -> bytes:
    """A PDF with a running head and page numbers; null is a page that is a picture."""
    out = io.BytesIO()
    with (
        matplotlib.rc_context({"pdf.fonttype": 42}),
        matplotlib.backends.backend_pdf.PdfPages(out, metadata={"Title": "Rules", "Author": "A; B"}) as book,
    ):
        for number, body in enumerate(pages, 1):
            figure = matplotlib.figure.Figure(figsize=(8.27, 11.69))
            if body is None:
                figure.figimage(np.random.default_rng(1).random((40, 40)))
            else:
                figure.text(0.1, 0.96, head)
                figure.text(0.1, 0.85, body, va="top", parse_math=False)
                figure.text(0.5, 0.03, f"Page {number} of {len(pages)}")
            book.savefig(figure)
    return out.getvalue()


def records(content: bytes, **options: Any) -> list[Record | Unreadable]:
    return list(pdf.read(io.BytesIO(content), "x.pdf", pdf.Options(**options)))


def test_paragraphs_and_running_lines() -> None:
    """Hyphens mended, lines joined, head and page number gone from each page, where each page begins kept."""
    (one,) = records(made([BODY, "Another page with words of its own.", "And a third one of its own too."]))
    assert isinstance(one, Record)
    first = BODY.replace("re-\n", "re").replace("line\nwhich", "line which").replace(".\nA", ".\n\nA")
    assert one.fields["text"] == f"{first}\n\nAnother page with words of its own.\n\nAnd a third one of its own too."
    assert json.loads(one.fields["running_lines"]) == ["Handbook of the station", "Page # of #"]
    starts = json.loads(one.fields["page_starts"])
    assert [one.fields["text"][at:][:8] for at in starts] == ["The oil ", "Another ", "And a th"]
    assert (one.fields["title"], one.fields["authors"], one.fields["pages"]) == ("Rules", ["A", "B"], 3)
    assert one.fields["published"].startswith("20")
    (kept,) = records(made([BODY] * 3), running=True, lines=True)
    assert isinstance(kept, Record) and kept.fields["text"].count("Handbook of the station") == 3
    assert "reported to the duty manager" in kept.fields["text"] and "line\nwhich" in kept.fields["text"]


def test_a_paragraph_goes_on_over_a_page() -> None:
    """The last line of a page is full and ends nothing: the next page goes on in it."""
    (one,) = records(made([BODY.rsplit("\n", 1)[0], "which goes on over there.", "x", "y"]))
    assert isinstance(one, Record) and "long enough to fill a line which goes on over there." in one.fields["text"]


def test_chinese_lines_are_joined_without_blanks() -> None:
    """Width counts Han characters as two; a new article begins a paragraph."""
    page = [
        "第一条 为了加强变压器的运行管理，保证安全，根据有关",
        "规定，制定本规程。",
        "第二条 本规程适用于各级单位。",
        "（一）发电企业；",
    ]
    text, starts = pdf._joined([page, ["续页的一行。"]], as_printed=False)
    assert (
        text
        == "第一条 为了加强变压器的运行管理，保证安全，根据有关规定，制定本规程。\n\n第二条 本规程适用于各级单位。\n\n（一）发电企业；\n\n续页的一行。"
    )
    assert text[starts[1] :] == "续页的一行。"


def test_pages_that_are_pictures() -> None:
    """All of them: the file is told; some of them: each page is, and the others are read."""
    (one,) = records(made([None, None]))
    assert isinstance(one, Unreadable) and one.reason == "no_text_layer" and "2 of 2 pages" in one.detail
    page, text = records(made([BODY, None]))
    assert isinstance(page, Unreadable) and (page.reason, page.key) == ("no_text_layer", "page 2")
    assert isinstance(text, Record) and "oil temperature" in text.fields["text"]


def test_files_that_are_locked_or_broken() -> None:
    """One reason each; what PDFium cannot open pypdf may."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(made([BODY])))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    content = made([BODY])
    for broken, reason in (
        (locked.getvalue(), "encrypted"),
        (b"no pdf", "not_pdf"),
        (b"%PDF-1.7\n" + b"\0" * 400, "broken_pdf"),
        (content[:300], "broken_pdf"),
    ):
        (one,) = records(broken)
        assert isinstance(one, Unreadable) and one.reason == reason, one
    layer = pdf._by_pypdf(content, "refused")
    assert not isinstance(layer, Unreadable) and "oil temperature" in layer.pages[0]


@pytest.mark.parametrize("content", [made([BODY, None])])
@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 20_000), put=st.binary(max_size=40), cut=st.integers(0, 4000))
def test_damage_gives_faults_not_exceptions(content: bytes, at: int, put: bytes, cut: int) -> None:
    """Bytes changed or missing anywhere."""
    at %= len(content)
    for one in records(content[:at] + put + content[at + cut :]):
        assert isinstance(one, Record | Unreadable)
        if isinstance(one, Record):
            one.fields["text"].encode()


def drawn(words: list[tuple[float, float, str]]) -> bytes:
    """A page with texts at their places, in this order."""
    out = io.BytesIO()
    with (
        matplotlib.rc_context({"pdf.fonttype": 42}),
        matplotlib.backends.backend_pdf.PdfPages(out) as book,
    ):
        figure = matplotlib.figure.Figure(figsize=(8.27, 11.69))
        for x, y, text in words:
            figure.text(x, y, text, fontsize=9)
        book.savefig(figure)
    return out.getvalue()


LEFT = [f"left line {n} goes on over the column to its end" for n in range(12)]
RIGHT = [f"right line {n} does the same on the other side of it" for n in range(12)]


def test_two_columns_drawn_across_are_read_one_after_the_other() -> None:
    """Rows of a typesetter that draws across; a heading over both stays above them."""
    rows = [
        (0.08, 0.95, "A heading that stands over both of the columns of this page and is as wide as they are together, or nearly")
    ]
    for n, (one, other) in enumerate(zip(LEFT, RIGHT, strict=True)):
        rows += [(0.08, 0.9 - n * 0.02, one), (0.55, 0.9 - n * 0.02, other)]
    (found,) = records(drawn(rows), lines=True)
    assert isinstance(found, Record)
    lines = found.fields["text"].split("\n")
    assert lines[0].startswith("A heading") and lines[1:] == [*LEFT, *RIGHT]


def test_a_table_stays_in_rows_and_a_drawn_order_is_kept() -> None:
    """Short cells are a table; columns that are drawn one after the other are not touched."""
    cells = [row for n in range(12) for row in ((0.08, 0.9 - n * 0.02, f"item {n}"), (0.55, 0.9 - n * 0.02, f"{n} kV"))]
    (table,) = records(drawn(cells), lines=True)
    assert isinstance(table, Record) and "item 3 3 kV" in " ".join(table.fields["text"].split())
    order = [(0.08, 0.9 - n * 0.02, one) for n, one in enumerate(LEFT)] + [
        (0.55, 0.9 - n * 0.02, one) for n, one in enumerate(RIGHT)
    ]
    (plain,) = records(drawn(order), lines=True)
    assert isinstance(plain, Record) and plain.fields["text"].split("\n") == [*LEFT, *RIGHT]
