"""Files that mean harm or are broken, made here: for the tests, and for `python -m benchmarks.hostile`, which measures each."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

GOOD = "变电站运行规程规定，值班人员应当每日记录油温并核对负荷曲线。The operator records the oil temperature every day.\n"
NAUGHTY = [  # strings that break programs: of the kinds of the Big List of Naughty Strings
    "undefined", "null", "None", "NaN", "-1e1000", "1/0", "0x0", "0,00", "١٢٣", "⁰⁴⁵", "ÅÍÎÏ˝ÓÔÒÚÆ☃", "¸˛Ç◊ı˜Â¯˘¿", "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい", "和製漢語", "사회과학원 어학연구소", "𠜎𠜱𠝹𠱓𠱸𠲖𠳏", "ЁЂЃЄЅІЇ", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "👾 🙇 💁 🙅", "👨‍👩‍👧‍👦", "🇺🇸🇷🇺🇸",
    "بُولُندِ الإسكندرية", "הָיְתָה", "\u202etest\u202d", "\u200b\u200c\u200d\u2060\ufeff", "\u2028\u2029\x85", "Ａｂｃ", "ﷺ", "ﬁ ﬂ", "<script>alert(1)</script>",
    "javascript:alert(1)", "<img src=x onerror=alert(1)>", "' OR 1=1 --", "1; DROP TABLE users", "$(touch /tmp/hostile)", "`touch /tmp/hostile`", "{{ 7*7 }}",
    "${jndi:ldap://127.0.0.1/a}", "../../../../etc/passwd", "/dev/null; touch /tmp/blns.fail", "%s%s%s%n", "CON PRN AUX NUL", "\\\\.\\COM1", "Scunthorpe",
    "__import__('os').system('x')", "!!python/object/apply:os.system ['x']", "\x1b[31mred", "\x07bell", "a" * 5000, "，" * 3000, "\t" * 200 + "x", "=cmd|' /C calc'!A0",
]  # fmt: skip


_ELEMENTS = ["a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "basefont", "bdo", "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup", "command", "content", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "element", "em", "embed", "fieldset", "figure", "font", "footer", "form", "frame", "frameset", "h1", "head", "header", "hgroup", "hr", "html", "i", "iframe", "image", "img", "input", "ins", "isindex", "kbd", "keygen", "label", "legend", "li", "link", "listing", "main", "map", "mark", "marquee", "math", "menu", "meta", "meter", "nav", "noframes", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "plaintext", "pre", "progress", "q", "rp", "rt", "ruby", "s", "samp", "script", "section", "select", "shadow", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u", "ul", "var", "video", "wbr", "xmp"]  # fmt: skip
_EVENTS = ["abort", "afterprint", "animationend", "animationstart", "auxclick", "beforecopy", "beforeinput", "beforeprint", "beforetoggle", "beforeunload", "begin", "blur", "bounce", "canplay", "change", "click", "close", "contextmenu", "copy", "cuechange", "cut", "dblclick", "drag", "dragend", "dragenter", "dragover", "drop", "durationchange", "end", "ended", "error", "finish", "focus", "focusin", "focusout", "fullscreenchange", "hashchange", "input", "invalid", "keydown", "keypress", "keyup", "load", "loadeddata", "message", "mousedown", "mouseenter", "mousemove", "mouseover", "mouseup", "paste", "pageshow", "play", "pointerdown", "pointerover", "popstate", "repeat", "reset", "resize", "scroll", "search", "select", "start", "submit", "toggle", "touchstart", "transitionend", "unhandledrejection", "unload", "volumechange", "wheel"]  # fmt: skip
_CLOSERS = (
    "",
    '">',
    "'>",
    "-->",
    "]]>",
    "</title>",
    "</textarea>",
    "</style>",
    "</script>",
    "`>",
    "</span></td>",
    "\n\n",
    "| ",
    "</code></pre>",
)
_SCHEMES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)", "&#x6A&#x61;vascript:alert(1)",
    "\x01javascript:alert(1)", "javascript&colon;alert(1)", "vbscript:msgbox(1)", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "//evil.example/x.js", "feed:javascript:alert(1)",
)  # fmt: skip
_CARRIERS = (
    '<a href="{}">x</a>', "<iframe src={}>", '<form action="{}"><button>', '<object data="{}">', '<embed src="{}">', '<base href="{}">',
    '<link rel=stylesheet href="{}">', '<meta http-equiv=refresh content="0;url={}">', '<svg><use href="{}">', '<math href="{}">x',
    "[x]({})", "![x]({})", "[x]: {}\n\n[x]", "<{}>", "[x](<{}>)", "`x`]({})", '" style="background:url({})', '<img srcset="{}">',
)  # fmt: skip
_WRITINGS = ("&lt;script&gt;alert(1)&lt;/script&gt;", "%3Cscript%3Ealert(1)%3C/script%3E", "\\x3cscript\\x3e", "\uff1cscript\uff1ealert(1)",
    "<scr\x00ipt>alert(1)</scr\x00ipt>", "<scr<script>ipt>alert(1)</script>", "<<script>alert(1)//<</script>", "<script/src=//evil.example>",
    "<svg/onload=alert(1)//", "<img src='x'onerror=alert(1)", "<!--><img src=x onerror=alert(1)>", "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>", "<%= 7*7 %>", "{{constructor.constructor('alert(1)')()}}", "{% raw %}", "${alert(1)}",
    "+ADw-script+AD4-alert(1)", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<math><mi//xlink:href='data:x'>",
    "# h", "- l", "+ l", "1. l", "1) l", "===", "---", "> q", "    code", "```", "~~~", "| a |\n|---|", "***b***", "__b__", "<details open>")  # fmt: skip


def markup() -> list[str]:
    """Words that would be markup where a program forgets to escape: every element with every event of HTML, behind what closes
    each kind of place; addresses that run; other writings. As many as public collections have, and of their kinds.
    """
    made = [
        f"{_CLOSERS[(e * len(_EVENTS) + v) % len(_CLOSERS)]}<{element} on{event}=alert(1) src=x autofocus tabindex=1>x</{element}>"
        for e, element in enumerate(_ELEMENTS)
        for v, event in enumerate(_EVENTS)
    ]
    made += [carrier.replace("{}", scheme) for carrier in _CARRIERS for scheme in _SCHEMES]
    return [*made, *_WRITINGS]


class Hostile(NamedTuple):
    """A file: its name, its reader, how it is made, and the reasons it may be quarantined for (empty: it is read)."""

    name: str
    format: str
    make: Callable[[], bytes]
    reasons: frozenset[str]


def _zeros(size: int) -> Iterator[bytes]:
    for _ in range(size >> 20):
        yield bytes(1 << 20)


def _gzip(size: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        for piece in _zeros(size):
            packed.write(piece)
    return out.getvalue()


def _zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return out.getvalue()


def _zip_of_zeros() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for number in range(3):
            with pack.open(f"{number}.txt", "w", force_zip64=True) as member:
                for piece in _zeros(200 << 20):
                    member.write(piece)
    return out.getvalue()


def _lying_zip() -> bytes:
    """A directory that says 10 bytes of a member of 100 MB."""
    content = bytearray(_zip({"a.txt": b"a" * (100 << 20)}))
    real = struct.pack("<I", 100 << 20)
    at = content.find(real)
    while at >= 0:
        content[at : at + 4] = struct.pack("<I", 10)
        at = content.find(real, at + 4)
    return bytes(content)


def _overlapping_zip() -> bytes:
    """Many entries of the directory over one member."""
    content = _zip({"a.txt": bytes(8 << 20)})
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[start:end]
    many = 2000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, many, many, len(entry) * many, start, 0)
    return content[:start] + entry * many + tail


def _tar(entries: list[tarfile.TarInfo], content: bytes = b"text " * 10) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as pack:
        for entry in entries:
            entry.size = len(content) if entry.isreg() else 0
            pack.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return out.getvalue()


def _entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def _dictionary_bomb(rows: int, width: int) -> bytes:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * width]))
    out = io.BytesIO()
    pq.write_table(pa.table({"text": text}), out, compression="zstd")
    return out.getvalue()


def _parquet(rows: int = 100) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": [f"{GOOD}{n}" for n in range(rows)]}), out)
    return out.getvalue()


def _warc(length: int, body: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>short</p>") -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.org/\r\nWARC-Record-ID: <urn:uuid:1>\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + body + b"\r\n\r\n"


def _docx(document: str) -> bytes:
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    return _zip({"[Content_Types].xml": types.encode(), "_rels/.rels": rels.encode(), "word/document.xml": document.encode()})


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    + "<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
)


def _far_cells() -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    book.active["A1"], book.active["XFD1048576"] = "text", "far"
    book.save(out)
    return out.getvalue()


def _pdf(pages: str, more: str = "") -> bytes:
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", pages, more or "null"]
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (
        out
        + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()
    )


def _pdf_bomb() -> bytes:
    import zlib

    stream = zlib.compress(b"BT /F1 12 Tf (x) Tj ET\n" * 4_000_000, 9)
    head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
    base = _pdf("<< /Type /Pages /Kids [4 0 R] /Count 1 >>")
    cut = base.index(b"xref")
    more = (
        b"4 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 5 0 R >>\nendobj\n5 0 obj\n"
        + head
        + stream
        + b"\nendstream\nendobj\n"
    )
    return base[:cut] + more + b"trailer\n<< /Size 6 /Root 1 0 R >>\n%%EOF"


def _pdf_repeated(head: bytes = b"/Filter/FlateDecode", letters: int = 300_000, times: int = 200) -> bytes:
    """A page whose contents are one small stream, named many times; or one large stream whose filter has another spelling."""
    import zlib

    stream = zlib.compress(b"BT /F1 1 Tf " + b"(a)Tj " * letters + b"ET", 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[5 0 R]/Count 1>>", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d%s>>stream\n" % (len(stream), head) + stream + b"\nendstream",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>/Contents[%s]>>" % (b"4 0 R " * times),
    ]  # fmt: skip
    body = b"".join(b"%d 0 obj%s\nendobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF"


def _wiki(text: str) -> bytes:
    return f"<mediawiki><page><title>t</title><ns>0</ns><id>1</id><revision><text>{text}</text></revision></page></mediawiki>".encode()


def _confluence(body: str) -> bytes:
    return (
        '<x><object class="Page"><id>1</id></object><object class="BodyContent"><property name="content"><id>1</id></property>'
        f'<property name="body"><![CDATA[{body}]]></property></object></x>'
    ).encode()


def _book(times: int, package: bytes | None = None) -> bytes:
    """One chapter that the spine names many times."""
    spine = '<itemref idref="c"/>' * times
    own = f'<package><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine>{spine}</spine></package>'
    return _zip({
        "META-INF/container.xml": b'<container><rootfiles><rootfile full-path="p.opf"/></rootfiles></container>',
        "p.opf": package or own.encode(), "c.xhtml": b"<p>" + GOOD.encode() * 8000 + b"</p>",
    })  # fmt: skip


def _mail(depth: int) -> bytes:
    head = b"From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    body = b""
    for n in range(depth):
        body += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
    return head + body + b"Content-Type: text/plain\r\n\r\ntext\r\n"


def _told(*reasons: str) -> frozenset[str]:
    return frozenset(reasons)


BROKEN, MEMBER = _told("broken_stream", "broken_archive"), _told("unsafe_name", "link_or_device")
READ = _told()
FILES = [
    Hostile("gzip-bomb.txt.gz", "text", lambda: _gzip(1 << 28), BROKEN),
    Hostile("gzip-in-gzip.txt.gz", "text", lambda: gzip.compress(_gzip(1 << 28), mtime=0), _told("not_text", "broken_stream")),
    Hostile("bzip2-bomb.txt.bz2", "text", lambda: b"".join(bz2.compress(bytes(1 << 26)) for _ in range(4)), BROKEN),
    Hostile("xz-bomb.txt.xz", "text", lambda: lzma.compress(bytes(1 << 28)) * 4, BROKEN),
    Hostile("zstd-bomb.jsonl.zst", "jsonl", lambda: zstandard.compress(bytes(1 << 28)) * 4, BROKEN),
    Hostile("zip-of-zeros.zip", "text", _zip_of_zeros, BROKEN),
    Hostile("zip-false-size.zip", "text", _lying_zip, BROKEN | _told("not_text")),
    Hostile("zip-overlapping.zip", "text", _overlapping_zip, BROKEN | _told("not_text")),
    Hostile("zip-in-zip.zip", "text", lambda: _zip({"a.zip": _zip({"b.zip": _zip_of_zeros()})}), _told("not_text")),
    Hostile("zip-names.zip", "text", lambda: _zip({"../up.txt": b"x", "/etc/x.txt": b"x", "C:\\x.txt": b"x", "..\\..\\x.txt": b"x"}), MEMBER),
    Hostile("zip-cut.zip", "text", lambda: _zip({"a.txt": GOOD.encode() * 99})[:-40], BROKEN),
    Hostile("tar-names.tar", "text", lambda: _tar([_entry("../up.txt"), _entry("/abs.txt"), _entry("a/../../b.txt"), _entry("ok.txt")]), MEMBER),
    Hostile("tar-links.tar", "text", lambda: _tar([_entry("l", tarfile.SYMTYPE, "/etc/passwd"), _entry("h", tarfile.LNKTYPE, "../../etc/passwd"), _entry("l/x.txt")]), MEMBER),
    Hostile("tar-devices.tar", "text", lambda: _tar([_entry("d", tarfile.CHRTYPE), _entry("b", tarfile.BLKTYPE), _entry("f", tarfile.FIFOTYPE)]), MEMBER),
    Hostile("tar-cut.tar.gz", "text", lambda: gzip.compress(_tar([_entry(f"{n}.txt") for n in range(50)]))[:-30], BROKEN),
    Hostile("tar-bomb.tar.gz", "text", lambda: gzip.compress(_tar([_entry("a.txt")], bytes(200 << 20))), BROKEN | _told("not_text")),
    Hostile("gzip-cut.txt.gz", "text", lambda: gzip.compress(GOOD.encode() * 5000)[:-20], BROKEN),
    Hostile("gzip-wrong-sum.txt.gz", "text", lambda: gzip.compress(GOOD.encode())[:-8] + bytes(8), BROKEN),
    Hostile("no-gzip.txt.gz", "text", lambda: b"plain", BROKEN),
    Hostile("json-depth.jsonl", "jsonl", lambda: b'{"text":' + b"[" * 1_000_000 + b"\n", _told("not_json")),
    Hostile("json-nan.jsonl", "jsonl", lambda: b'{"text": "t", "n": NaN}\n{"n": Infinity}\n{"a": 1e99999}\n', _told("not_json", "no_text")),
    Hostile("json-surrogate.jsonl", "jsonl", lambda: b'{"text": "\\ud800"}\n', _told("not_json", "not_unicode")),
    Hostile("json-twice.jsonl", "jsonl", lambda: b'{"text": "a", "text": {"b": 1}}\n', _told("no_text")),
    Hostile("json-long-line.jsonl", "jsonl", lambda: b'{"text": "' + b"x" * (10 << 20) + b'"}\n', READ),
    Hostile("json-array-of-numbers.json", "jsonl", lambda: b"[" + b"1," * 2_000_000 + b"1]", _told("not_an_object")),
    Hostile("long-line.txt", "text", lambda: b"word " * (2 << 20), READ),
    Hostile("long-line.md", "markdown", lambda: b"#" * (10 << 20), READ),
    Hostile("long-line.csv", "csv", lambda: b"text\n" + b"x" * (10 << 20) + b"\n", READ),
    Hostile("wide.csv", "csv", lambda: b"a," * 500_000 + b"b\n1\n", _told("wrong_width", "no_text")),
    Hostile("quotes.csv", "csv", lambda: b'text\n"' + b"x\n" * 1_000_000, READ | _told("not_csv")),
    Hostile("nul.csv", "csv", lambda: b"text\na\x00b\n", _told("not_csv", "not_text", "no_text") | READ),
    Hostile("yaml-aliases.md", "markdown", lambda: b"---\na: &a [x,x]\n" + b"".join(b"b%d: &b%d [*a,*a,*a,*a,*a,*a,*a,*a]\n" % (n, n) for n in range(20)) + b"---\ntext\n", READ),
    Hostile("yaml-object.md", "markdown", lambda: b"---\nx: !!python/object/apply:os.system ['touch /tmp/hostile']\n---\ntext\n", READ),
    Hostile("yaml-depth.md", "markdown", lambda: b"---\n" + b"[" * 30_000 + b"\n---\ntext\n", READ),
    Hostile("include.rst", "rst", lambda: b"Title\n=====\n\n.. include:: /etc/passwd\n.. raw:: html\n   :file: /etc/passwd\n", READ),
    Hostile("underlines.rst", "rst", lambda: b"x\n" + b"=" * (4 << 20), READ),
    Hostile("naughty.jsonl", "jsonl", lambda: b"".join(json.dumps({"text": f"{one} ."}).encode() + b"\n" for one in NAUGHTY), READ),
    Hostile("naughty.txt", "text", lambda: "\n".join(NAUGHTY).encode(), READ),
    Hostile("half-utf8.txt", "text", lambda: GOOD.encode()[:-1] + b"\xff\xfe\xfd", READ | _told("not_text")),
    Hostile("utf16-odd.txt", "text", lambda: b"\xff\xfe" + GOOD.encode("utf-16-le")[:-1], _told("not_text")),
    Hostile("binary.txt", "text", lambda: bytes(range(256)) * 4096, _told("not_text")),
    Hostile("mojibake.txt", "text", lambda: ("\ufffd" * 50 + GOOD).encode(), _told("not_text")),
    Hostile("html-depth.html", "html", lambda: b"<div>" * 200_000 + GOOD.encode(), READ | _told("no_main_text")),
    Hostile("html-attributes.html", "html", lambda: b"<p " + b"a=1 " * 500_000 + b">" + GOOD.encode(), READ | _told("no_main_text")),
    Hostile("html-entities.html", "html", lambda: b"<p>" + b"&#x110000;&lt" * 300_000, READ | _told("no_main_text", "not_text")),
    Hostile("html-open-tags.html", "html", lambda: b"<meta <script <!-- <a href=" * 100_000, READ | _told("no_main_text")),
    Hostile("html-charset.html", "html", lambda: b"<meta charset=utf-7><p>+ADw-script+AD4-</p>" + GOOD.encode() * 9, READ | _told("no_main_text", "not_text")),
    Hostile("xml-laughs.xml", "mediawiki", lambda: f"{_LAUGHS}<mediawiki><page><title>t</title><ns>0</ns><id>1</id><revision><text>&a11;&f;</text></revision></page></mediawiki>".encode(), _told("broken_xml", "no_text", "not_mediawiki")),
    Hostile("xml-depth.xml", "confluence", lambda: b"<object>" * 500_000, _told("broken_xml")),
    Hostile("wiki-braces.xml", "mediawiki", lambda: b"<mediawiki><page><title>t</title><ns>0</ns><id>1</id><revision><text>" + b"{{" * 40_000 + b"[[" * 40_000 + b"x</text></revision></page></mediawiki>", READ | _told("no_text")),
    Hostile("wiki-quotes.xml", "mediawiki", lambda: b"<mediawiki><page><title>t</title><ns>0</ns><id>1</id><revision><text>" + b"'''''x''[[" * 30_000 + b"</text></revision></page></mediawiki>", READ | _told("no_text")),
    Hostile("parquet-dictionary.parquet", "parquet", lambda: _dictionary_bomb(20_000_000, 2000), _told("broken_row_group")),
    Hostile("parquet-wide-value.parquet", "parquet", lambda: _dictionary_bomb(100_000, 1 << 20), _told("broken_row_group")),
    Hostile("parquet-cut.parquet", "parquet", lambda: _parquet()[:-100], _told("not_parquet")),
    Hostile("parquet-footer.parquet", "parquet", lambda: b"PAR1" + bytes(100) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1", _told("not_parquet")),
    Hostile("parquet-flipped.parquet", "parquet", lambda: (lambda c: c[: len(c) // 3] + bytes(b ^ 0x5A for b in c[len(c) // 3 : len(c) // 3 + 64]) + c[len(c) // 3 + 64 :])(_parquet()), READ | _told("broken_row_group", "not_parquet")),
    Hostile("warc-long.warc", "warc", lambda: _warc(1 << 40), _told("truncated", "broken_record", "broken_warc", "broken_stream", "too_large")),
    Hostile("warc-short.warc", "warc", lambda: _warc(3), READ | _told("broken_record", "not_http", "broken_warc", "no_main_text", "not_text", "truncated")),
    Hostile("warc-negative.warc", "warc", lambda: _warc(-1), READ | _told("broken_record", "broken_warc", "not_http", "truncated")),
    Hostile("docx-laughs.docx", "docx", lambda: _docx(f"{_LAUGHS}<w:document {_W}><w:body><w:p><w:r><w:t>&a11;&f;</w:t></w:r></w:p></w:body></w:document>"), _told("broken_docx", "no_text")),
    Hostile("docx-bomb.docx", "docx", lambda: _docx(f"<w:document {_W}><w:body>" + "<w:p/>" * 30_000_000 + "</w:body></w:document>"), _told("too_large")),
    Hostile("docx-tables.docx", "docx", lambda: _docx(f"<w:document {_W}><w:body>" + "<w:tbl><w:tr><w:tc>" * 5000 + "</w:tc></w:tr></w:tbl>" * 5000 + "</w:body></w:document>"), _told("broken_docx", "no_text")),
    Hostile("xlsx-far-cells.xlsx", "xlsx", _far_cells, READ),
    Hostile("office-empty.pptx", "pptx", lambda: _zip({"[Content_Types].xml": b"<Types/>"}), _told("broken_pptx")),
    Hostile("legacy.docx", "docx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), _told("legacy_office")),
    Hostile("epub-bomb.epub", "epub", lambda: _zip({"META-INF/container.xml": b"<c/>", "a": bytes(300 << 20)}), _told("too_large")),
    Hostile("pdf-loop.pdf", "pdf", lambda: _pdf("<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 99999999 >>"), _told("no_text_layer", "broken_pdf")),
    Hostile("pdf-bomb.pdf", "pdf", _pdf_bomb, _told("too_large")),
    Hostile("pdf-one-stream-many-times.pdf", "pdf", _pdf_repeated, _told("too_costly", "no_text_layer")),
    Hostile("pdf-hidden-filter.pdf", "pdf", lambda: _pdf_repeated(b"/#46ilter/#46lateDecode", 3_000_000, 1), _told("too_costly")),
    Hostile("pdf-open-streams.pdf", "pdf", lambda: b"%PDF-1.4\n" + b"1 0 obj<</Filter/FlateDecode>>stream\n" * 40_000, _told("no_text_layer", "broken_pdf", "too_costly")),
    Hostile("pdf-cut.pdf", "pdf", lambda: b"%PDF-1.7\n1 0 obj\n<<", _told("broken_pdf")),
    Hostile("mail-depth.eml", "email", lambda: _mail(3000), READ | _told("broken_message", "no_text")),
    Hostile("mail-header.eml", "email", lambda: b"From: " + b"a@b.c, " * 200_000 + b"\r\n\r\ntext\r\n", _told("too_large")),
    Hostile("mail-one-line.mbox", "email", lambda: b"From x Mon Jan 1 00:00:00 2024\n" + b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\n\ntext\n", _told("too_large")),
    Hostile("notebook-depth.ipynb", "jupyter", lambda: b'{"cells":' + b"[" * 100_000, _told("not_jupyter", "not_json", "broken_notebook", "not_notebook")),
    Hostile("wiki-variants.xml", "mediawiki", lambda: _wiki("-{" * 80_000 + "x"), READ | _told("no_text")),
    Hostile("wiki-brackets.xml", "mediawiki", lambda: _wiki("(" + " " * 40_000 + "[http://a " * 12_000 + "{|" * 12_000), READ | _told("no_text")),
    Hostile("confluence-open.xml", "confluence", lambda: _confluence("<ac:plain-text-body>" * 20_000 + "<ac:parameter>" * 20_000 + "<ac:link " * 20_000), READ | _told("no_text")),
    Hostile("confluence-depth.xml", "confluence", lambda: _confluence("<div>" * 2000 + GOOD + "</div>" * 2000), READ),
    Hostile("jira-open.xml", "jira", lambda: f"<entity-engine-xml><Issue id='1' key='A-1' summary='s'><description>{'{code:' * 40_000}</description></Issue></entity-engine-xml>".encode(), READ),
    Hostile("mail-folded.eml", "email", lambda: b"Subject: s\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain;\r\n " + b";\r\n ".join(b"a%d=b" % n for n in range(60_000)) + b"\r\n\r\nhi\r\n--B--\r\n", _told("too_large")),
    Hostile("epub-spine.epub", "epub", lambda: _book(2000), READ),
    Hostile("epub-no-package.epub", "epub", lambda: _book(1, package=b"no xml"), _told("broken_epub")),
    Hostile("locked.docx", "docx", lambda: _zip({"[Content_Types].xml": b"<x/>"}).replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00"), _told("encrypted")),
    Hostile("empty.pdf", "pdf", lambda: b"", _told("not_pdf")),
]  # fmt: skip
