"""Archives and compressed files, streamed under caps; nothing is ever extracted to its own path.

tar on Python 3.11 writes outside the target by default, and footers and headers lie about sizes (measured 2026-11),
so members are read one after another, names with "..", absolute names, links and devices are refused, and the cap is
on bytes produced.
"""

import bz2
import fnmatch
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

import zstandard

MAX_MEMBER = 1 << 30
MAX_FILE = 1 << 40  # of one compressed file: a dump of a wiki is 100 GB, and its ratio tells it from a bomb
MAX_RATIO = 200  # produced / read, after the first 16 MiB
FREE_BYTES = 16 << 20
TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ZIP = (".zip", ".whl")


STREAM_ERRORS = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    tarfile.TarError,
    zipfile.BadZipFile,
    NotImplementedError,
)


class Broken(ValueError):
    """The archive as a whole cannot be read."""


class TooLarge(ValueError):
    """More bytes came out than a sound archive gives."""


READ_ERRORS = (Broken, TooLarge, *STREAM_ERRORS)  # of members, one by one


@dataclass(frozen=True)
class Member:
    """One file of an archive; `refused` says why it cannot be read, else `stream` gives its bytes."""

    name: str
    stream: BinaryIO | None
    refused: str | None = None


def is_archive(file_name: str) -> bool:
    return file_name.lower().endswith(TAR + ZIP)


@contextmanager
def decompressed(stream: BinaryIO, file_name: str) -> Iterator[tuple[BinaryIO, str]]:
    """The bytes of a .gz, .bz2, .xz or .zst file and its name without that ending; other files as they are."""
    lower = file_name.lower()
    if lower.endswith(".gz"):
        counted = _Counting(stream)
        yield io.BufferedReader(_Capped(gzip.GzipFile(fileobj=counted), counted, MAX_FILE), 1 << 16), file_name[:-3]  # type: ignore[arg-type]
    elif lower.endswith((".bz2", ".xz")):
        counted = _Counting(stream)
        inner = bz2.BZ2File(counted) if lower.endswith(".bz2") else lzma.LZMAFile(cast(BinaryIO, counted))
        yield io.BufferedReader(_Capped(cast(BinaryIO, inner), counted, MAX_FILE), 1 << 16), file_name.rsplit(".", 1)[0]  # type: ignore[arg-type]
    elif lower.endswith(".zst"):
        counted = _Counting(stream)
        reader = zstandard.ZstdDecompressor().stream_reader(counted, read_across_frames=True)  # type: ignore[arg-type]
        yield io.BufferedReader(_Capped(reader, counted, MAX_FILE), 1 << 16), file_name[:-4]
    else:
        yield stream, file_name


def members(stream: BinaryIO, file_name: str, wanted: list[str], unwanted: list[str]) -> Iterator[Member]:
    """Regular files whose name (below a common root folder) matches `wanted` (all when empty), in archive order.

    Raises Broken with a reason when the archive as a whole cannot be read.
    """
    try:
        lister = _zip_members if file_name.lower().endswith(ZIP) else _tar_members
        for member in lister(stream):
            if matches(member.name, wanted, unwanted):
                yield member
    except STREAM_ERRORS as error:
        raise Broken(f"{type(error).__name__}: {error}") from None


def matches(name: str, wanted: list[str], unwanted: list[str]) -> bool:
    """Whether a member's name, or its name below the first folder, matches a glob; `**` crosses folders."""
    below = name.split("/", 1)[-1]

    def hit(globs: list[str]) -> bool:
        return any(fnmatch.fnmatchcase(n, g.replace("**/", "*")) for g in globs for n in (name, below))

    return (not wanted or hit(wanted)) and not (unwanted and hit(unwanted))


def _unsafe(name: str) -> str | None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts[0] if path.parts else ""):
        return "unsafe_name"
    return None


def _tar_members(stream: BinaryIO) -> Iterator[Member]:
    counted = _Counting(stream)
    with tarfile.open(fileobj=_unpacked(counted), mode="r|") as archive:
        for entry in archive:
            if entry.isdir():
                continue
            if reason := _unsafe(entry.name):
                yield Member(entry.name, None, reason)
            elif not entry.isreg():
                yield Member(entry.name, None, "link_or_device")
            elif entry.size > MAX_MEMBER:
                yield Member(entry.name, None, "too_large")
            else:
                extracted = archive.extractfile(entry)
                assert extracted is not None
                yield Member(entry.name, io.BufferedReader(_Capped(cast(BinaryIO, extracted), counted), 1 << 16))


def _unpacked(counted: "_Counting") -> BinaryIO:
    """The plain tar of a compressed one. tarfile's own decompression takes a file cut short for its end; these raise."""
    peeked = io.BufferedReader(counted, 1 << 16)
    magic = peeked.peek(6)
    if magic.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=peeked))
    if magic.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(peeked))
    if magic.startswith(b"\xfd7zXZ"):
        return cast(BinaryIO, lzma.LZMAFile(peeked))
    return cast(BinaryIO, peeked)


def _zip_members(stream: BinaryIO) -> Iterator[Member]:
    with zipfile.ZipFile(stream) as archive:
        _demand_apart(archive.infolist())
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if reason := _unsafe(entry.filename):
                yield Member(entry.filename, None, reason)
            elif (entry.external_attr >> 28) == 0xA:
                yield Member(entry.filename, None, "link_or_device")
            elif entry.flag_bits & 1:
                yield Member(entry.filename, None, "encrypted")
            else:
                with archive.open(entry) as opened:
                    counted = _Counting(io.BytesIO())
                    counted.count = entry.compress_size
                    yield Member(entry.filename, io.BufferedReader(_Capped(cast(BinaryIO, opened), counted), 1 << 16))


def _demand_apart(entries: list[zipfile.ZipInfo]) -> None:
    """Many entries over the same bytes make a bomb of a small file (Python tells them from 3.11.8 on)."""
    end = -1
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise zipfile.BadZipFile("entries of the directory overlap")
        end = entry.header_offset + 30 + entry.compress_size  # a local header has at least 30 bytes


class _Counting(io.RawIOBase):
    """Counts what is read from the compressed side."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner, self.count = inner, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        content = self._inner.read(len(buffer))
        buffer[: len(content)] = content
        self.count += len(content)
        return len(content)

    def read(self, size: int = -1) -> bytes:
        content = self._inner.read(size)
        self.count += len(content)
        return content


class _Capped(io.RawIOBase):
    """Stops when more comes out than the bytes read can honestly give."""

    def __init__(self, inner: BinaryIO, source: _Counting, most: int = MAX_MEMBER) -> None:
        self._inner, self._source, self._made, self._most = inner, source, 0, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        content = self._inner.read(len(buffer))
        buffer[: len(content)] = content
        self._made += len(content)
        if self._made > self._most or (self._made > FREE_BYTES and self._made > MAX_RATIO * max(1, self._source.count)):
            raise TooLarge(f"{self._made} bytes out of {self._source.count}: not a sound archive")
        return len(content)
