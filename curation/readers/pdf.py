"""PDF: the text layer page by page (PDFium, else pypdf), lines joined to paragraphs, running heads and page numbers left out.

Lines come in the order in which the file draws them; where it draws across two columns, column by column. Nothing is recognised
from pictures: a scanned page is told as `no_text_layer`. Hyphens that end a line are mended by PDFium.
"""

import io
import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from curation import columns
from curation.confined import Confined, serve
from curation.declaration import Declared
from curation.readers import Record, Unreadable

SUFFIXES = (".pdf",)

MAX_BYTES = 256 << 20
EDGE = 2  # lines at the top and at the bottom of a page that may be running ones
RUNNING_PAGES, RUNNING_SHARE = 3, 0.5  # on so many pages, and on such a share of them
FULL = 0.8  # of the usual width: a line as long goes on in the next
MEMORY, MEMORY_SHARE = 512 << 20, 4  # of the child, and times the size of the file
SECONDS, SECOND_BYTES = 2, 1 << 20  # of a processor for the least, and one more for so many bytes
_CHILD = Confined("curation.readers.pdf")
_LINE_END = re.compile(r"\r\n?|\n")
_MENDED = re.compile("[\x02\ufffe]\\s?")  # PDFium's sign for a hyphen at the end of a line
MEND = "\x02"  # stays in a line until lines are joined: the line was printed as two
_CONTROL = re.compile("[\x00\x01\x03-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_BEGINS = re.compile(
    r"(?:[•●▪◦‣·*\-–—]\s|[(（]?\d{1,3}[.)、）]\s?\D|[(（][一二三四五六七八九十]+[)）]|第[一二三四五六七八九十百零\d]+[章节条])"
)
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
MOST_UNPACKED, USUAL_RATIO, MOST_RATIO = 8 << 20, 60, 1032  # deflate gives 1032 at most; contents of real pages 3 to 10
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")
_DIGITS = re.compile(r"\d+")


class Options(Declared):
    """`running`: whether running heads, footers and page numbers stay; `lines`: whether lines stay as they are printed."""

    running: bool = False
    lines: bool = False


class _Layer(NamedTuple):
    pages: list[str]
    scanned: list[int]  # pages (from 1) that are a picture
    facts: dict[str, Any]


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record: `text`, `title`, `authors`, `published`, `pages`, `page_starts` (the character where each begins), `running_lines`."""
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        yield Unreadable("too_large", f"more than {MAX_BYTES} bytes")
        return
    if b"%PDF-" not in content[:1024]:
        yield Unreadable("not_pdf", "no %PDF- at the beginning")
        return
    if told := _bomb(content):
        yield Unreadable("too_large", told)
        return
    layer = _confined(content)
    if isinstance(layer, Unreadable):
        yield layer
        return
    pages = [_printed(page) for page in layer.pages]
    if not any(any(line.strip() for line in page) for page in pages):
        what = f"{len(layer.scanned)} of {len(pages)} pages are pictures" if layer.scanned else "no page has text"
        yield Unreadable("no_text_layer", f"{what}; nothing is recognised from pictures: run OCR before")
        return
    for number in layer.scanned:
        yield Unreadable("no_text_layer", "the page is a picture; nothing is recognised from pictures", f"page {number}")
    running = set() if options.running else _running(pages)
    text, starts = _joined([_without(page, running) for page in pages], options.lines)
    facts = {
        "pages": len(pages),
        "page_starts": json.dumps(starts),
        "running_lines": json.dumps(sorted(one.replace(MEND, "") for one in running), ensure_ascii=False),
    }
    yield Record({**layer.facts, **facts, "text": text})


def _bomb(content: bytes) -> str | None:
    """What a compressed stream of the file becomes, where no honest page does: PDFium would lay out every letter of it."""
    for stream in _STREAM.finditer(content):
        head = content[max(0, stream.start() - 2000) : stream.start()]
        head = head[head.rfind(b"obj") :]
        if b"/Image" in head or b"/Fl" not in head:
            continue
        begin = stream.end()
        end = content.find(b"endstream", begin)
        if end < 0:  # nor for those behind it
            break
        packed = memoryview(content)[begin:end]
        if len(packed) * MOST_RATIO < MOST_UNPACKED:
            continue
        unpacker, made = zlib.decompressobj(), 0
        try:
            for start in range(0, len(packed), 4096):
                made += len(unpacker.decompress(packed[start : start + 4096]))
                if made > MOST_UNPACKED and made > USUAL_RATIO * (start + 4096):
                    return f"a stream of {len(packed)} bytes is more than {made} unpacked"
        except zlib.error:  # encrypted or broken: not what a bomb is made of
            continue
    return None


def _confined(content: bytes) -> _Layer | Unreadable:
    """The text layer, from a process of its own: a page of 3 kB may name one stream a thousand times."""
    seconds, memory = SECONDS + len(content) // SECOND_BYTES, MEMORY + MEMORY_SHARE * len(content)
    answer = _CHILD.ask(content, seconds, memory)
    if answer is None:
        return Unreadable("too_costly", f"takes more than {seconds} s of a processor or {memory >> 20} MB to lay out")
    said = json.loads(answer)
    return Unreadable(*said["unreadable"]) if "unreadable" in said else _Layer(**said)


def _answer(content: bytes) -> bytes:
    found = _layer(content)
    said = {"unreadable": [found.reason, found.detail]} if isinstance(found, Unreadable) else found._asdict()
    return json.dumps(said).encode()


def _layer(content: bytes) -> _Layer | Unreadable:
    """Text by page, by whichever of the two libraries can open the file."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            return Unreadable("encrypted", "the file needs a password; save it without one")
        return _by_pypdf(content, str(error))
    try:
        pages, scanned = [], []
        for number in range(len(document)):
            try:
                page = document[number]
                pages.append(_text(page.get_textpage()))
                if not pages[-1].strip() and any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])):
                    scanned.append(number + 1)
            except pypdfium2.PdfiumError:  # one page that cannot be parsed is a page without text
                pages.append("")
        return _Layer(pages, scanned, _facts({key.lower(): value for key, value in document.get_metadata_dict().items()}))
    finally:
        document.close()


def _text(page: Any) -> str:
    """A page's text in the order in which it is drawn, or column by column where it is drawn across two."""
    count = page.count_rects()
    if columns.LEAST_LINES < count <= columns.MOST_BOXES:
        boxes = [columns.Box(*page.get_rect(number)) for number in range(count)]
        read = columns.across(boxes, lambda box: page.get_text_bounded(*box).replace("\r", " ").replace("\n", " "))
        if read is not None:
            return read
    return page.get_text_bounded()


def _by_pypdf(content: bytes, said: str) -> _Layer | Unreadable:
    """What PDFium refuses, pypdf may still read."""
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    faults = (pypdf.errors.PyPdfError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError, AssertionError, ArithmeticError, NotImplementedError)  # fmt: skip
    try:
        document = pypdf.PdfReader(io.BytesIO(content), strict=False)
        pages = [page.extract_text() or "" for page in document.pages]
        facts = {str(key).lstrip("/").lower(): str(value) for key, value in (document.metadata or {}).items()}
    except faults as error:  # a file that is no PDF inside is met wherever the library looks first
        return Unreadable("broken_pdf", f"{said}; {type(error).__name__}: {error}"[:300])
    return _Layer(pages, [], _facts(facts)) if pages else Unreadable("broken_pdf", f"{said}; no page was found")


def _facts(said: dict[str, str]) -> dict[str, Any]:
    day = _DATE.match(said.get("creationdate") or "")
    authors = [one.strip() for one in re.split(r"[;；]", said.get("author") or "") if one.strip()]
    return {
        "title": (said.get("title") or "").strip() or None,
        "authors": authors or None,
        "published": "-".join(day.groups()) if day else None,
    }


def _printed(page: str) -> list[str]:
    lines = (_CONTROL.sub("", line).strip() for line in _LINE_END.split(_MENDED.sub(MEND, page)))
    return [unicodedata.normalize("NFC", line.encode("utf-8", "replace").decode()) for line in lines]


def _edges(page: list[str]) -> set[str]:
    said = [line for line in page if line]
    return {_DIGITS.sub("#", line) for line in (*said[:EDGE], *said[-EDGE:])}


def _running(pages: list[list[str]]) -> set[str]:
    """Lines at the edges of many pages, with # for their numbers."""
    times = Counter(line for page in pages for line in _edges(page))
    least = max(RUNNING_PAGES, RUNNING_SHARE * len(pages))
    return {line for line, count in times.items() if count >= least}


def _without(page: list[str], running: set[str]) -> list[str]:
    """The page without running lines at its edges; the same words inside a page stay."""
    said = [k for k, line in enumerate(page) if line]
    edge = {*said[:EDGE], *said[-EDGE:]}
    return [line for k, line in enumerate(page) if not (k in edge and _DIGITS.sub("#", line) in running)]


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)


def _joined(pages: list[list[str]], as_printed: bool) -> tuple[str, list[int]]:
    """Paragraphs of all pages, which may go on over a page's end, and the character where each page begins."""
    widths = sorted(_width(printed) for page in pages for line in page for printed in line.split(MEND) if printed)
    usual = widths[int(0.9 * (len(widths) - 1))] if widths else 0
    parts: list[str] = []
    size, before, starts = 0, "", []
    for page in pages:
        begun = False
        for line in page:
            if not line:
                before = "" if begun else before  # a blank line parts paragraphs; the end of a page does not
                continue
            between = "\n" if as_printed else _between(before, line, usual)
            if not parts:
                between = ""
            if not begun:
                starts.append(size + len(between))
                begun = True
            parts += [between, line.replace(MEND, "")]
            size += len(between) + len(parts[-1])
            before = line
        if not begun:
            starts.append(size)
    return "".join(parts), starts


def _between(before: str, line: str, usual: int) -> str:
    """What stands between two printed lines: nothing or a blank within a paragraph, a blank line between two."""
    if not before:
        return "\n\n"
    before = before.rsplit(MEND, 1)[-1] or before
    full = _width(before) >= FULL * usual
    ends = before[-1] in ".!?。！？：:；;" and _width(before) < 0.97 * usual
    if not full or ends or _BEGINS.match(line):
        return "\n\n" if before[-1] in ".!?。！？" or not full else "\n"
    wide = unicodedata.east_asian_width(before[-1]) in "WF" or unicodedata.east_asian_width(line[0]) in "WF"
    return "" if wide else " "


if __name__ == "__main__":
    serve(_answer)
