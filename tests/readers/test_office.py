"""Word, Excel, notebooks and e-mail: what is read is what a person sees, and broken files are faults in one line."""

import io
import json
import mailbox
import zipfile
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from curation import office
from curation.readers import Record, Unreadable, email, jupyter, xlsx
from curation.readers import docx as docx_reader


def records(module: Any, content: bytes, **options: Any) -> list[Record | Unreadable]:
    return list(module.read(io.BytesIO(content), "x", module.Options(**options)))


def only(module: Any, content: bytes, **options: Any) -> Record:
    (one,) = records(module, content, **options)
    assert isinstance(one, Record), one
    return one


def fault(module: Any, content: bytes, **options: Any) -> Unreadable:
    (one,) = records(module, content, **options)
    assert isinstance(one, Unreadable), one
    return one


def word() -> bytes:
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "", "王工; Li Wei"
    document.core_properties.modified = datetime(2025, 3, 4)
    document.add_heading("变压器检修规程", 1)
    document.add_paragraph("油温超过85℃时，应当立即报告。")
    document.add_heading("Limits", 2)
    document.add_paragraph("first", style="List Bullet")
    table = document.add_table(2, 2)
    for row, values in enumerate((("参数", "限值"), ("油温", "85"))):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    table.cell(1, 1).add_table(1, 1).cell(0, 0).text = "inside"
    document.add_paragraph("after\tthe table")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_part(content: bytes, part: str, change: Any) -> bytes:
    """A zip archive with one member changed (null: left out)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            value = old.read(name) if name != part else change(old.read(name)) if change else None
            if value is not None:
                new.writestr(name, value)
    return out.getvalue()


def test_word() -> None:
    """Headings, list items, tables and paragraphs in their order; who wrote it and when it was saved."""
    one = only(docx_reader, word())
    assert one.fields["text"] == (
        "# 变压器检修规程\n\n油温超过85℃时，应当立即报告。\n\n## Limits\n\n- first\n\n参数 | 限值\n油温 | 85 inside\n\nafter\tthe table"
    )
    assert one.fields["title"] == "变压器检修规程" and one.fields["published"] == "2025-03-04"
    assert one.fields["authors"] == ["王工", "Li Wei"]
    assert "限值" not in only(docx_reader, word(), tables=False).fields["text"]


def test_word_reads_as_the_document_reads() -> None:
    """Inserted words are there, deleted ones are not."""
    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    tracked = (
        f"<w:p {ns}><w:r><w:t>kept </w:t></w:r><w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p>"
    )
    content = with_part(word(), "word/document.xml", lambda xml: xml.replace(b"<w:body>", b"<w:body>" + tracked.encode()))
    assert only(docx_reader, content).fields["text"].startswith("kept added\n\n#")


def test_word_that_is_broken() -> None:
    """Cut, without a part, without words, of another kind: a reason each."""
    content = word()
    assert fault(docx_reader, content[: len(content) // 2]).reason == "broken_zip"
    assert fault(docx_reader, with_part(content, "word/document.xml", None)).reason == "broken_docx"
    assert fault(docx_reader, with_part(content, "word/document.xml", lambda xml: xml[:200])).reason == "broken_docx"
    assert fault(docx_reader, with_part(content, "[Content_Types].xml", None)).reason == "not_docx"
    legacy = fault(docx_reader, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert legacy.reason == "legacy_office" and "--convert-to docx" in legacy.detail
    empty = io.BytesIO()
    docx.Document().save(empty)
    assert fault(docx_reader, empty.getvalue()).reason == "no_text"


@pytest.mark.parametrize("module", [docx_reader, xlsx])
def test_bombs_are_refused_before_they_unpack(module: Any) -> None:
    """A gigabyte of zeros, and entities that would grow to one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", b"<a/>")
        archive.writestr("word/document.xml", b"\0" * (600 << 20))
    assert fault(module, out.getvalue()).reason == "too_large"
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "{"lol" * 100}">{laughs}]><x>&l11;</x>'.encode()
    part = "word/document.xml" if module is docx_reader else "xl/workbook.xml"
    assert fault(module, with_part(word() if module is docx_reader else book(), part, lambda _: bomb)).reason.startswith("broken")
    assert isinstance(office.opened(io.BytesIO(b"PK\x03\x04" + b"\0" * 40), "x", "docx"), office.Refused)


def book() -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "问答"
    for row in (
        ["question", "answer", "day", "n"],
        ["油温多少？", "85℃", datetime(2025, 1, 2), 3.0],
        [None] * 4,
        ["x", None, None, 1.5],
    ):
        sheet.append(row)
    workbook.create_sheet("empty")
    other = workbook.create_sheet("wide")
    other.append(["a"])
    other.append(["1", "2"])
    twice = workbook.create_sheet("twice")
    twice.append(["a", "a"])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def test_excel() -> None:
    """A record a row with its sheet and number; blank rows are none; what cannot be told apart is a fault."""
    found = records(xlsx, book())
    rows = [one for one in found if isinstance(one, Record)]
    assert [one.key for one in rows] == ["问答:2", "问答:4"]
    assert rows[0].fields == {"question": "油温多少？", "answer": "85℃", "day": "2025-01-02", "n": 3, "_sheet": "问答"}
    assert rows[1].fields == {"question": "x", "answer": None, "day": None, "n": 1.5, "_sheet": "问答"}
    assert [(o.reason, o.key) for o in found if isinstance(o, Unreadable)] == [
        ("wrong_width", "wide:2"),
        ("header_twice", "twice"),
    ]
    assert [o.reason for o in records(xlsx, book(), sheets=["nothing"]) if isinstance(o, Unreadable)] == ["no_sheet"]
    assert len(records(xlsx, book(), sheets=["问答"], header=2)) == 1  # row 4, called by the cells of row 2
    assert fault(xlsx, with_part(book(), "xl/workbook.xml", None)).reason == "broken_xlsx"


def test_notebooks() -> None:
    """Markdown and code in their order, outputs out; another version is told."""
    cells = [
        {"cell_type": "markdown", "source": ["# 标题\n", "第一段。"]},
        {"cell_type": "code", "source": "print(1)\n", "outputs": [{"text": "SECRET OUTPUT"}]},
        {"cell_type": "markdown", "source": ""},
        {"cell_type": "code", "source": 3},
        "no cell",
    ]
    notebook = {"nbformat": 4, "metadata": {"language_info": {"name": "python"}, "authors": [{"name": "A"}]}, "cells": cells}
    one = only(jupyter, json.dumps(notebook).encode())
    assert one.fields == {
        "text": "# 标题\n第一段。\n\n```python\nprint(1)\n```",
        "title": "标题",
        "authors": ["A"],
        "kernel": "python",
    }
    assert "print" not in only(jupyter, json.dumps(notebook).encode(), code=False).fields["text"]
    assert fault(jupyter, b'{"nbformat": 3, "worksheets": []}').reason == "not_notebook"
    assert fault(jupyter, b'{"nbformat": 4, "cells": [], "metadata": 7}').reason == "no_text"
    assert fault(jupyter, b"[" * 100_000).reason == "not_json"


def message(number: int, html: bool = False, charset: str = "utf-8") -> EmailMessage:
    one = EmailMessage()
    one["From"], one["Subject"], one["Date"] = "王工 <wang@example.cn>", f"检修通知 {number}", "Tue, 04 Mar 2025 23:30:00 -0500"
    one["Message-ID"] = f"<{number}@example.cn>"
    words = f"第{number}号：请于周三停电检修。\nFrom now on it is off.\n"
    if html:
        one.set_content(
            f"<html><head><title>no</title></head><body><p>{words}</p><script>x()</script><p>完</p></body></html>", subtype="html"
        )
    else:
        one.set_content(words, charset=charset)
    one.add_attachment(b"\0\1", maintype="application", subtype="octet-stream", filename="a.bin")
    return one


def test_one_message() -> None:
    """Subject, sender, day in UTC; the plain part in whatever charset; the text of an HTML part."""
    one = only(email, message(1).as_bytes())
    assert one.key is None and one.fields["text"].startswith("第1号：请于周三停电检修。")
    assert one.fields["title"] == "检修通知 1" and one.fields["authors"] == ["王工"] and one.fields["published"] == "2025-03-05"
    assert one.fields["attachments"] == 1 and one.fields["message_id"] == "<1@example.cn>"
    assert only(email, message(1, charset="gb18030").as_bytes()).fields["text"] == one.fields["text"]
    seen = only(email, message(2, html=True).as_bytes()).fields["text"]
    assert seen.startswith("第2号") and seen.endswith("完") and "x()" not in seen and "no" not in seen.split("\n")[0]
    assert fault(email, message(2, html=True).as_bytes(), html=False).reason == "no_text"


def test_a_mailbox(tmp_path: Path) -> None:
    """Message after message; a line that begins with From inside one stays its own."""
    box = mailbox.mbox(tmp_path / "box")
    for number in range(3):
        box.add(message(number))
    box.flush()
    found = records(email, (tmp_path / "box").read_bytes())
    assert [one.key for one in found] == ["1", "2", "3"]
    assert all(isinstance(one, Record) and "\nFrom now on it is off." in one.fields["text"] for one in found)


def test_messages_that_nobody_should_send() -> None:
    """A fault, or what can be read of it."""
    assert fault(email, b"").reason == "not_email" and fault(email, b"\n\n\n").reason == "not_email"
    assert fault(email, b"no header at all\n\nbody").reason == "not_email"
    for header in (
        b"Content-Type: text/plain; charset=nonsense",
        b"Content-Transfer-Encoding: base64",
        b"Date: 99 Foo 99999",
        b"From: <<<>@,",
    ):
        for one in records(email, header + b"\nSubject: =?utf-8?b?//8=?=\n\nwords that are enough\n"):
            assert isinstance(one, Record | Unreadable)
