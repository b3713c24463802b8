"""Files that are zip archives of XML (Office Open XML, EPUB): opened with limits, and told apart from what is none.

A legacy .doc, .xls, .ppt or .wps is another format (MS-CFB) and named with the conversion that helps.
"""

import io
import itertools
import struct
import zipfile
from typing import Any, BinaryIO, NamedTuple

MAX_BYTES = 256 << 20  # of the file
MAX_UNPACKED = 1 << 30  # of all members together
MAX_RATIO, FREE_BYTES = 200, 16 << 20  # unpacked to packed, beyond the first 16 MiB
MAX_MEMBERS = 50_000
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = b"PK\x03\x04"


def properties(said: Any) -> dict[str, Any]:
    """What the core properties of a document say, as fields: `title`, `authors`, `published` (the day it was last saved), `keywords`."""
    return {
        "title": said.title or None,
        "authors": [one.strip() for one in (said.author or "").split(";") if one.strip()] or None,
        "published": said.modified.date().isoformat() if said.modified else None,
        "keywords": said.keywords or None,
    }


class Refused(NamedTuple):
    """Why a file is not read: a reason (one word) and its detail."""

    reason: str
    detail: str


def opened(stream: BinaryIO, part: str, kind: str) -> BinaryIO | Refused:
    """The file in memory, with its directory checked; `part` must be among its members for it to be a `kind`."""
    content = stream.read(MAX_BYTES + 1)
    file, size, head = io.BytesIO(content), len(content), content[:8]
    if head == _CFB:
        return Refused(
            "legacy_office",
            f"a legacy or encrypted Office file, no {kind}: save it without a password as {kind}, "
            f"such as by `soffice --headless --convert-to {kind} FILE`",
        )
    if size > MAX_BYTES:
        return Refused("too_large", f"more than {MAX_BYTES} bytes")
    if not head.startswith(_MAGIC):
        return Refused(f"not_{kind}", "no zip archive, which every such file is")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        return Refused("broken_zip", str(error) or type(error).__name__)
    if any(member.flag_bits & 1 for member in members):
        return Refused("encrypted", f"a member is encrypted; save the {kind} without a password")
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or unpacked - FREE_BYTES > MAX_RATIO * size:
        return Refused("too_large", f"{len(members)} members of {unpacked} bytes in a file of {size}")
    places = sorted((member.header_offset, member.compress_size) for member in members)
    if any(after[0] < before[0] + before[1] for before, after in itertools.pairwise(places)):
        return Refused("broken_zip", "entries of the directory overlap")
    if part not in {member.filename for member in members}:
        return Refused(f"not_{kind}", f"has no {part}")
    file.seek(0)
    return file
