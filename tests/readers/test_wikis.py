"""Wikis, trackers, books and slides: what they say and nothing of their frame; hostile XML is refused."""

import bz2
import io
import zipfile
from typing import Any

import pytest

from curation import archive
from curation.readers import Record, Unreadable, auto, confluence, epub, jira, mediawiki, pptx

DUMP = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="zh">
<siteinfo><sitename>Wiki</sitename><base>https://zh.example.org/wiki/Main_Page</base><namespaces>
<namespace key="0" case="first-letter" /><namespace key="6" case="first-letter">文件</namespace><namespace key="14">分类</namespace><namespace key="10">Template</namespace>
</namespaces></siteinfo>
<page><title>变压器</title><ns>0</ns><id>7</id><revision><id>1</id><timestamp>2025-01-01T00:00:00Z</timestamp><text>old</text></revision>
<revision><id>99</id><timestamp>2026-02-03T04:05:06Z</timestamp><model>wikitext</model><text xml:space="preserve">{{Infobox|a=[[x]]}}
[[File:a.jpg|thumb|说明]]'''变压器'''（{{lang|en|transformer}}）是[[电力系统|电网]]的设备&lt;ref name="a"&gt;{{cite web|url=x}}&lt;/ref&gt;。&lt;!-- 无 --&gt;
-{zh-hans:变压器;zh-hant:變壓器}-由[[法拉第]]发明&amp;nbsp;[http://example.org 出处]。
== 结构 ==
* 铁芯
* [[绕组]]
{| class="wikitable"
| a || b
|}
&lt;syntaxhighlight lang="python"&gt;x = 1&lt;/syntaxhighlight&gt;
[[分类:电力]] [[Category:Power]] [[:分类:电机]]
__NOTOC__</text></revision></page>
<page><title>Template:X</title><ns>10</ns><id>8</id><revision><id>2</id><text>no</text></revision></page>
<page><title>变电</title><ns>0</ns><id>9</id><redirect title="变压器" /><revision><id>3</id><text>#REDIRECT [[变压器]]</text></revision></page>
<page><title>空</title><ns>0</ns><id>10</id><revision><id>4</id><timestamp>2026-01-01T00:00:00Z</timestamp><text>{{stub}}</text></revision></page>
<page><title>JS</title><ns>0</ns><id>11</id><revision><id>5</id><model>javascript</model><text>x</text></revision></page>
</mediawiki>"""


def read(module: Any, content: bytes | str, name: str = "x", **options: Any) -> list[Record | Unreadable]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return list(module.read(stream, name, module.Options(**options)))


def test_a_page_of_a_wiki() -> None:
    """The newest text, links by their label, the language's own file namespace; templates, tables and references are out."""
    page, empty, script = read(mediawiki, DUMP)
    assert isinstance(page, Record) and page.key == "7"
    assert page.fields["text"] == (
        "变压器（transformer）是电网的设备。\n变压器由法拉第发明\xa0出处。\n\n## 结构\n\n- 铁芯\n- 绕组\n\n```\nx = 1\n```\n\n分类:电机"
    )
    assert (
        page.fields["url"] == "https://zh.example.org/wiki/%E5%8F%98%E5%8E%8B%E5%99%A8"
        and page.fields["published"] == "2026-02-03"
    )
    assert [(one.key, one.reason) for one in (empty, script) if isinstance(one, Unreadable)] == [
        ("10", "no_text"),
        ("11", "not_wikitext"),
    ]
    traditional = read(mediawiki, DUMP, variant="zh-hant", redirects=True)
    assert isinstance(traditional[0], Record) and "變壓器由" in traditional[0].fields["text"] and len(traditional) == 4


def test_a_packed_dump_that_is_cut() -> None:
    """Pages before the cut are read, and the cut is told; a .bz2 of many streams is one file."""
    first, second = DUMP[:400].encode(), DUMP[400:].encode()
    packed = bz2.compress(first) + bz2.compress(second)
    with archive.decompressed(io.BytesIO(packed), "dump.xml.bz2") as (plain, name):
        assert name == "dump.xml" and len(list(mediawiki.read(plain, name, mediawiki.Options()))) == 3
    found = read(mediawiki, DUMP[: DUMP.index("<page><title>Template")])
    assert isinstance(found[0], Record) and isinstance(found[-1], Unreadable) and found[-1].reason == "broken_xml"


SPACE = """<?xml version="1.0"?><hibernate-generic datetime="x">
<object class="BodyContent" package="p"><id name="id">51</id><property name="body"><![CDATA[<h1>检修</h1><p>见 <ac:link><ri:page ri:content-title="规程" /></ac:link>，
<ac:link><ri:page ri:content-title="规程"/><ac:plain-text-link-body><![CDATA[这里]] ></ac:plain-text-link-body></ac:link>。</p><ul><li>一</li><li>二</li></ul>
<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[if a < b:
    x &amp;&amp; y]] ></ac:plain-text-body></ac:structured-macro><table><tbody><tr><th>项</th><td>值</td></tr></tbody></table>]]></property>
<property name="content" class="Page" package="p"><id name="id">5</id></property></object>
<object class="BodyContent" package="p"><id name="id">52</id><property name="body"><![CDATA[old]]></property><property name="content" class="Page"><id name="id">4</id></property></object>
<object class="Space" package="p"><id name="id">1</id><property name="key"><![CDATA[OPS]]></property></object>
<object class="Page" package="p"><id name="id">5</id><property name="title"><![CDATA[变电站检修]]></property><property name="space" class="Space"><id name="id">1</id></property>
<property name="contentStatus"><![CDATA[current]]></property><property name="lastModificationDate">2026-03-04 01:02:03.000</property></object>
<object class="Page" package="p"><id name="id">4</id><property name="title"><![CDATA[变电站检修]]></property><property name="originalVersion" class="Page"><id name="id">5</id></property></object>
<object class="Page" package="p"><id name="id">6</id><property name="title"><![CDATA[草稿]]></property><property name="contentStatus"><![CDATA[draft]]></property></object>
<object class="BlogPost" package="p"><id name="id">7</id><property name="title"><![CDATA[公告]]></property></object>
</hibernate-generic>"""


def test_a_confluence_space() -> None:
    """The current version of each page, with code kept line by line; a page without a body is told."""
    page, blog = read(confluence, SPACE)
    assert isinstance(page, Record) and page.key == "5"
    assert page.fields["text"] == (
        "# 检修\n\n见 规程，\n这里。\n\n- 一\n\n- 二\n\n```\nif a < b:\n    x &amp;&amp; y\n```\n\n项 | 值"
    )
    assert (page.fields["title"], page.fields["published"], page.fields["space"]) == ("变电站检修", "2026-03-04", "OPS")
    assert isinstance(blog, Unreadable) and (blog.reason, blog.key) == ("no_text", "7")
    assert [type(one) for one in read(confluence, SPACE, blogs=False)] == [Record]


SEARCH = """<rss version="0.92"><channel><item><title>[GRID-7] 跳闸</title><link>https://jira.example.org/browse/GRID-7</link><project id="1" key="GRID">电网</project>
<description>&lt;p&gt;线路&lt;b&gt;跳闸&lt;/b&gt;。&lt;/p&gt;</description><key id="9">GRID-7</key><summary>跳闸</summary><type>Bug</type><status>Done</status><reporter username="z">张三</reporter>
<labels><label>保护</label></labels><updated>Wed, 4 Mar 2026 10:00:00 +0800</updated><comments><comment author="lisi">&lt;p&gt;已修复&lt;/p&gt;</comment></comments></item></channel></rss>"""
BACKUP = """<entity-engine-xml><Issue id="9" key="GRID-7" project="1" summary="跳闸" status="5" reporter="z" updated="2026-03-04 10:00:00.0"><description><![CDATA[h2. 现象
{code:java}x{code}]]></description></Issue><Action id="2" issue="9" author="b" type="comment" body="后" created="2026-03-06 1"/><Action id="1" issue="9" author="a" type="comment" body="先" created="2026-03-05 1"/>
<Project id="1" key="GRID" name="电网"/><Status id="5" name="Done"/></entity-engine-xml>"""


def test_jira_both_ways() -> None:
    """A search's XML and a backup; comments in their order; nobody is named unless asked."""
    (one,) = read(jira, SEARCH)
    assert isinstance(one, Record) and one.key == "GRID-7" and one.fields["text"] == "# 跳闸\n\n线路跳闸。\n\n已修复"
    assert (one.fields["published"], one.fields["labels"], one.fields["authors"]) == ("2026-03-04", "保护", None)
    (named,) = read(jira, SEARCH, people=True)
    assert isinstance(named, Record) and named.fields["authors"] == ["张三", "lisi"] and "lisi: 已修复" in named.fields["text"]
    (stored,) = read(jira, BACKUP)
    assert isinstance(stored, Record) and stored.fields["text"] == "# 跳闸\n\n## 现象\n```x```\n\n先\n\n后"
    assert (stored.fields["status"], stored.fields["project"]) == ("Done", "电网")
    assert [one.reason for one in read(jira, "<html/>") if isinstance(one, Unreadable)] == ["not_jira"]


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY e SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("module", [mediawiki, confluence, jira])
def test_entities_of_hostile_xml_are_not_followed(module: Any) -> None:
    """Neither a file of this machine nor an expansion comes into a text."""
    bodies = {
        mediawiki: DUMP.replace("old", "&e;").replace("铁芯", "&b;&e;"),
        confluence: SPACE.replace('<?xml version="1.0"?>', ""),
        jira: SEARCH.replace("Bug", "&e;"),
    }
    for found in read(module, BOMB + bodies[module]):
        assert "root:" not in str(found) and "aaaaaaaaaaaa" not in str(found)


def book(rights: str = "https://creativecommons.org/licenses/by/4.0/", drop: str = "", encrypted: bool = False) -> bytes:
    out = io.BytesIO()
    files = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>',
        "OPS/p.opf": f"""<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>电网手册</dc:title>
<dc:creator>王五</dc:creator><dc:date>2025-06-01</dc:date><dc:language>zh</dc:language><dc:rights>{rights}</dc:rights></metadata><manifest>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/><item id="b" href="b.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="t%20a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>""",
        "OPS/nav.xhtml": "<html><body><p>目录</p></body></html>",
        "OPS/t a.xhtml": '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title><style>x</style></head><body><h1>第一章</h1><p>甲。</p></body></html>',
        "OPS/b.xhtml": "<html><body><h1>第二章</h1><p>乙。</p></body></html>",
        **({"META-INF/encryption.xml": "<encryption><EncryptedData/></encryption>"} if encrypted else {}),
    }
    with zipfile.ZipFile(out, "w") as pack:
        for name, text in files.items():
            if name != drop:
                pack.writestr(name, text)
    return out.getvalue()


def test_a_book() -> None:
    """Chapters in the order of the spine, the license as a claim; a lost chapter is told, the rest read."""
    (one,) = read(epub, book())
    assert isinstance(one, Record) and one.fields["text"] == "# 第一章\n\n甲。\n\n# 第二章\n\n乙。"
    assert (one.fields["title"], one.fields["authors"], one.claims[0].value) == ("电网手册", ["王五"], "CC-BY-4.0")
    chapters = read(epub, book(), chapters=True)
    assert [(c.key, c.fields["title"]) for c in chapters if isinstance(c, Record)] == [
        ("OPS/t a.xhtml", "电网手册 — 第一章"),
        ("OPS/b.xhtml", "电网手册 — 第二章"),
    ]
    lost = read(epub, book(drop="OPS/b.xhtml"))
    assert [type(x) for x in lost] == [Unreadable, Record] and isinstance(lost[0], Unreadable) and lost[0].reason == "no_chapter"
    for content, reason in (
        (book(encrypted=True), "encrypted"),
        (book(drop="OPS/p.opf"), "broken_epub"),
        (b"PK\x03\x04", "broken_zip"),
    ):
        (fault,) = read(epub, content)
        assert isinstance(fault, Unreadable) and fault.reason == reason


def test_slides() -> None:
    """Title first, then from top to bottom, tables and groups and notes; hidden slides only when asked."""
    from pptx import Presentation
    from pptx.util import Cm

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "巡检 流程"
    low, high = (slide.shapes.add_textbox(Cm(1), Cm(y), Cm(5), Cm(1)) for y in (12, 6))
    low.text_frame.text, high.text_frame.text = "下", "上"
    high.text_frame.add_paragraph().text = "其次"
    high.text_frame.paragraphs[1].level = 1
    table = slide.shapes.add_table(2, 2, Cm(1), Cm(14), Cm(5), Cm(2)).table
    for n, cell in enumerate(table.iter_cells()):
        cell.text = f"格{n}"
    slide.notes_slide.notes_text_frame.text = "备注"
    hidden = deck.slides.add_slide(deck.slide_layouts[5])
    hidden.shapes.title.text = "隐藏"
    hidden.element.set("show", "0")
    deck.core_properties.author = "赵六; 钱七"
    out = io.BytesIO()
    deck.save(out)
    (one,) = read(pptx, out.getvalue())
    assert isinstance(one, Record)
    assert one.fields["text"] == "# 巡检 流程\n\n上\n- 其次\n\n下\n\n格0 | 格1\n格2 | 格3\n\n备注"
    assert (one.fields["title"], one.fields["authors"], one.fields["slides"]) == ("巡检 流程", ["赵六", "钱七"], 1)
    (shown,) = read(pptx, out.getvalue(), hidden=True, notes=False)
    assert isinstance(shown, Record) and shown.fields["text"].endswith("# 隐藏") and "备注" not in shown.fields["text"]
    assert [x.reason for x in read(pptx, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) if isinstance(x, Unreadable)] == [
        "legacy_office"
    ]


def test_a_folder_of_many_kinds() -> None:
    """By ending, whatever packs it; with options of its own; what has no reader is told."""
    import gzip

    found = read(auto, "a\tb\n1\t2\n", "in/x.tsv")
    assert isinstance(found[0], Record) and found[0].fields == {"a": "1", "b": "2"} and found[0].format == "csv"
    assert (
        auto.reader_of("a/B.JSONL.zst") == "jsonl" and auto.reader_of("a.b/README") is None and auto.reader_of("x.DOC") == "docx"
    )
    (none,) = read(auto, "x", "in/x.dwg")
    assert isinstance(none, Unreadable) and none.reason == "unknown_format" and "dwg" in none.detail
    (other,) = read(auto, "文", "in/x.dwg", others="text")
    assert isinstance(other, Record) and other.format == "text"
    with pytest.raises(ValueError, match=r"options.csv: delimiter"):
        auto.Options(options={"csv": {"delimiter": "long"}})
    with pytest.raises(ValueError, match="unknown reader 'nothing'"):
        auto.Options(others="nothing")
    with archive.decompressed(io.BytesIO(gzip.compress(b'{"text": "t"}\n')), "x.jsonl.gz") as (plain, _):
        assert [type(one) for one in auto.read(plain, "x.jsonl.gz", auto.Options())] == [Record]
