"""Bytes to text measured: real documents written in the charsets they used to be in, read back without being told which.

    python -m benchmarks.encodings FOLDER       docs_zh.parquet, docs_en.parquet, html_debian_docs.parquet there

Written: docs/encodings.md. Exact is the very text. Characters that a charset cannot write are left out of the copy, documents of pure
ASCII altogether; Big5 copies are of Chinese documents in traditional characters (OpenCC) and of Taiwanese pages.
"""

import sys
import time
from pathlib import Path

import opencc
import pyarrow.parquet as pq

from benchmarks.report import machine
from curation import markup
from curation.decoding import NotText, decode

DOCS = Path(__file__).resolve().parent.parent / "docs"
FEW = 20  # characters outside ASCII: fewer of them are bytes that mean something in many charsets


def pages(folder: Path, *languages: str) -> list[str]:
    """The visible text of the pages in some languages."""
    table = pq.read_table(folder / "html_debian_docs.parquet", columns=["html", "lang"])
    rows = zip(table["html"].to_pylist(), table["lang"].to_pylist(), strict=True)
    return [
        markup.visible(html if isinstance(html, str) else decode(html), forms=False) for html, lang in rows if lang in languages
    ]


def documents(folder: Path) -> dict[str, list[str]]:
    """Charset -> texts to write in it."""
    chinese = pq.read_table(folder / "docs_zh.parquet", columns=["text"])["text"].to_pylist()
    traditional = opencc.OpenCC("s2t")
    japanese, korean = pages(folder, "ja-JP"), pages(folder, "ko-KR")
    return {
        "GB18030": chinese,
        "Big5": [*map(traditional.convert, chinese[::3]), *pages(folder, "zh-TW")],
        "Shift-JIS": japanese,
        "EUC-JP": japanese,
        "EUC-KR": korean,
        "windows-1252": pages(folder, "de-DE", "fr-FR", "es-ES"),
        "windows-1251": pages(folder, "ru-RU"),
        "UTF-8": [*chinese, *japanese, *korean],
        "UTF-16": chinese,
    }


def measure(texts: list[str], charset: str, least: int) -> tuple[int, int, int, float]:
    """(written, exact, told to be no text, seconds of reading) of texts with so many characters outside ASCII."""
    written = exact = refused = 0
    seconds = 0.0
    for text in texts:
        content = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").encode(charset, "ignore")
        kept = content.decode(charset)
        if sum(character > "\x7f" for character in kept) < least:
            continue
        written += 1
        begun = time.perf_counter()
        try:
            exact += decode(content) == kept
        except NotText:
            refused += 1
        seconds += time.perf_counter() - begun
    return written, exact, refused, seconds


def main() -> None:
    """Measure and write docs/encodings.md."""
    found = documents(Path(sys.argv[1]))
    lines = [
        "# Bytes to text",
        "",
        f"Written by `python -m benchmarks.encodings` ({machine()}); do not edit. Real documents, written in a charset and read without being",
        "told it (`curation/decoding.py`). Exact is the very text; what is not exact is told to be no text, or wrong. A source whose charset is",
        "known says so (`format: {text: {charset: big5}}`), and is read by it.",
        "",
        f"| charset | documents | exact | told | wrong | with {FEW} or more characters outside ASCII | exact | MB/s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, texts in found.items():
        written, exact, refused, seconds = measure(texts, name, 1)
        many, right, _, _ = measure(texts, name, FEW)
        size = sum(len(text.encode(name, "ignore")) for text in texts)
        lines.append(
            f"| {name} | {written:,} | {100 * exact / written:.2f} % | {refused} | {written - exact - refused} | {many:,} "
            f"| {100 * right / many:.2f} % | {size / 1e6 / seconds:,.0f} |"
        )
        print(lines[-1], flush=True)
    (DOCS / "encodings.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
