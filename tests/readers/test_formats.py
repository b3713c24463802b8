"""Each format's records, from real bytes."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import curation.readers as room
from curation import archive, rooms
from curation.decoding import NotText, decode
from curation.readers import Record, Unreadable


def read(name: str, content: bytes, file: str = "dir/page.x", **options: Any) -> list[Record | Unreadable]:
    module = rooms.find(room, name)
    return list(module.read(io.BytesIO(content), file, module.Options(**options)))


def test_markdown_front_matter_and_title() -> None:
    """Front matter becomes fields, the text stays Markdown."""
    (found,) = read("markdown", b"---\ntitle: Guide\ndate: 2026-01-02\ntags: [a]\n---\n# Heading\n\nText *kept*.\n")
    assert isinstance(found, Record)
    assert (
        found.fields["title"] == "Guide"
        and found.fields["tags"] == ["a"]
        and found.fields["text"] == "# Heading\n\nText *kept*.\n"
    )
    (plain,) = read("markdown", "# 标题\n\n正文\n".encode())
    assert plain.fields["title"] == "标题"


def test_rst_title_and_targets() -> None:
    """The link target above the title goes, the rest stays."""
    (found,) = read("rst", b".. _intro:\n\n=====\nIntro\n=====\n\nText with ``code``.\n")
    assert found.fields["title"] == "Intro" and found.fields["text"].startswith("=====\nIntro")


def test_python_docstrings_in_order_without_code() -> None:
    """One document per module; nothing of the code itself, nothing executed."""
    source = (
        '"""模块说明。"""\nraise SystemExit\nclass A:\n    """甲。"""\n    def f(self):\n        """乙。"""\n        return 1\n'
    )
    (found,) = read("python_docstrings", source.encode(), "pkg:pypi/x@1#x/mod.py")
    assert found.fields == {"text": "模块说明。\n\nA\n甲。\n\nA.f\n乙。", "title": "x.mod"}


def test_html_main_text_charset_and_license() -> None:
    """GB18030 by meta tag; rel=license is a claim; navigation is no text."""
    body = "数据安全法规定，国家建立数据分类分级保护制度，根据数据的重要程度实行分类分级保护。" * 4
    page = f'<html><head><meta charset="gb2312"><title>数据安全</title></head><body><nav>首页 登录</nav><article><h1>数据安全</h1><p>{body}</p></article><footer><a rel="license" href="https://creativecommons.org/licenses/by-sa/3.0/cn/">CC</a></footer></body></html>'
    (found,) = read("html", page.encode("gb18030"))
    assert isinstance(found, Record)
    assert body[:30] in found.fields["text"] and "登录" not in found.fields["text"]
    assert [c.value for c in found.claims] == ["CC-BY-SA-3.0"]


def test_csv_rows_of_another_width_are_told() -> None:
    """GB18030 found without being declared; a short row is a fault, the next one is read."""
    found = read("csv", "编号,正文\n1,数据处理者应当建立安全制度\n2\n3,主管部门负责监督检查工作\n".encode("gb18030"))
    assert [type(f).__name__ for f in found] == ["Record", "Unreadable", "Record"]
    assert found[2].fields == {"编号": "3", "正文": "主管部门负责监督检查工作"}


def test_jsonl_of_a_bad_line_reads_the_others() -> None:
    """Line numbers are keys."""
    found = read("jsonl", b'{"a": 1}\n\nnot json\n{"a": 2}\n')
    assert [(type(f).__name__, f.key) for f in found] == [("Record", "1"), ("Unreadable", "3"), ("Record", "4")]


def test_parquet_of_a_stream_that_cannot_seek() -> None:
    """Inside a tar the footer is out of reach: the bytes are spooled."""
    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), out)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    module = rooms.find(room, "parquet")
    assert [r.fields["text"] for r in module.read(Pipe(out.getvalue()), "x", module.Options())] == ["a", "b"]


@pytest.mark.parametrize("charset", ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "utf-16", "utf-8-sig"])
def test_charsets_are_found(charset: str) -> None:
    """Undeclared bytes of real sentences decode exactly."""
    text = {
        "big5": "中華民國人民無分男女、宗教、種族、階級、黨派，在法律上一律平等。國家應保障人民之權利，並促進其發展。",
        "shift_jis": "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は理性と良心とを授けられている。",
        "euc_jp": "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は理性と良心とを授けられている。",
        "euc_kr": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았다.",
    }.get(charset, "国家建立数据分类分级保护制度，对数据实行分类分级保护。加强数据安全保护工作的统筹协调。")
    assert decode(text.encode(charset)) == text


@pytest.mark.parametrize("content", [b"\x00\x01\x02" * 50, ("a" * 50 + "\ufffd").encode(), b"\x80\x81\xfe\xff" * 9])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    """Never errors=ignore."""
    with pytest.raises(NotText):
        decode(content)


def archive_of(*members: tuple[str, bytes, str]) -> bytes:
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            if kind == "link":
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_archives_refuse_what_would_leave_them() -> None:
    """Absolute and `..` names and links are told, the others are read, nothing is written anywhere."""
    content = archive_of(("../up.md", b"x", ""), ("/abs.md", b"x", ""), ("a/link.md", b"", "link"), ("a/good.md", b"good", ""))
    found = {
        m.name: m.refused or (m.stream and m.stream.read()) for m in archive.members(io.BytesIO(content), "x.tar.gz", [], [])
    }
    assert found == {"../up.md": "unsafe_name", "/abs.md": "unsafe_name", "a/link.md": "link_or_device", "a/good.md": b"good"}


def test_bombs_stop_early() -> None:
    """A gzip bomb is a fault after some megabytes, not a machine without memory."""
    import gzip

    bomb = gzip.compress(b"\0" * (200 << 20))
    with archive.decompressed(io.BytesIO(bomb), "x.jsonl.gz") as (plain, name), pytest.raises(archive.TooLarge):
        assert name == "x.jsonl"
        while plain.read(1 << 20):
            pass


def test_a_broken_archive_says_so() -> None:
    """Not a traceback of zipfile."""
    with pytest.raises(archive.Broken, match="BadZipFile"):
        list(archive.members(io.BytesIO(b"PK nonsense"), "x.zip", [], []))
