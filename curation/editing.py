"""Edits are byte spans into a stored text; they are applied once, at assemble."""

import hashlib
import hmac
import os
import re
from typing import NamedTuple

from curation.errors import DeclarationError

KEY = "CURATION_PSEUDONYM_KEY"  # never in the workspace: whoever has it can tell which values are the same
KEY_LEAST = 16  # characters


class Edit(NamedTuple):
    """Replace bytes start..end (half open) of the UTF-8 text."""

    start: int
    end: int
    replacement: str


def apply(text: str, edits: list[Edit]) -> str:
    """The text after its edits. Overlapping spans are united and take the replacement of the first, or of the longer of two that begin together.

    >>> apply("写信到 a@b.cn 吧", [Edit(10, 16, "<EMAIL>")])
    '写信到 <EMAIL> 吧'
    """
    content, parts, at = text.encode(), [], 0
    for one in united(edits):
        parts += [content[at : one.start], one.replacement.encode()]
        at = one.end
    return b"".join([*parts, content[at:]]).decode()


def united(edits: list[Edit]) -> list[Edit]:
    """Edits in order without overlaps; spans that only touch stay apart. A span that holds another wins over it."""
    result: list[Edit] = []
    for one in sorted(edits, key=lambda e: (e.start, -e.end, e.replacement)):
        if result and one.start < result[-1].end:
            last = result[-1]
            result[-1] = Edit(last.start, max(last.end, one.end), last.replacement)
        else:
            result.append(one)
    return result


def pseudonym_key() -> bytes:
    """The key of pseudonyms. Raises DeclarationError where it is missing or short."""
    key = os.environ.get(KEY, "")
    if len(key) < KEY_LEAST:
        raise DeclarationError(f"a replacement holds {{pseudonym}}: ${KEY} must hold a secret of at least {KEY_LEAST} characters")
    return key.encode()


def key_id(key: bytes) -> str:
    """What a manifest may say of a key: whether it is the same one."""
    return hmac.new(key, b"curation pseudonym key", hashlib.sha256).hexdigest()[:8]


def pseudonym(value: str, key: bytes) -> str:
    """HMAC-SHA256 of the value without separators and case, 12 hex digits (de-identified, not anonymous: GB/T 37964-2019)."""
    plain = re.sub(r"[\s\-()]", "", value).casefold()
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:12]
