"""E-mail: one message (.eml) or many in a mailbox (mbox, RFC 4155); the plain part, else the text of the HTML part.

Attachments are counted and left out. A message that replies keeps what it quotes: whether that is text is for a filter to say.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import BinaryIO

from curation import markup
from curation.declaration import Declared
from curation.decoding import NotText, decode
from curation.readers import Record, Unreadable

SUFFIXES = (".eml", ".mbox")

MAX_MESSAGE = 32 << 20
MAX_FIELD = 16 << 10  # of a part: its type and its name
MAX_HEAD = 64 << 10  # real ones are a quarter; the library reads long lists of addresses in quadratic time
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^Content-[A-Za-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(rb"^From \S+ .*\d{4}\r?\n?$")  # mbox's line before each message
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
# the standard library meets these in headers and parts that no program should have sent
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError)


class Options(Declared):
    """`html`: whether a message without a plain part is read by the text of its HTML."""

    html: bool = True


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Record | Unreadable]:
    """One record a message, keyed by its number in a mailbox: `text`, `title` (subject), `authors`, `published`, `message_id`."""
    number = 0
    for number, (content, is_box) in enumerate(_messages(stream), 1):
        key = str(number) if is_box else None
        if len(content) > MAX_MESSAGE:
            yield Unreadable("too_large", f"more than {MAX_MESSAGE} bytes in one message", key)
            continue
        if len(_HEAD_END.split(content, maxsplit=1)[0]) > MAX_HEAD or any(
            len(field) > MAX_FIELD for field in _FIELD.findall(content)
        ):
            yield Unreadable("too_large", f"a header of more than {MAX_HEAD} bytes", key)
            continue
        try:
            yield _record(content, key, options)
        except _FAULTS as error:
            yield Unreadable("broken_message", f"{type(error).__name__}: {error}"[:300], key)
    if not number:
        yield Unreadable("not_email", "the file is empty")


def _messages(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Messages as bytes, and whether they are of a mailbox. One that is too long is cut behind the limit, so that it shows."""
    held: list[bytes] = []
    size, is_box, blank = 0, False, True
    while line := stream.readline(1 << 20):
        if blank and _FROM.match(line):
            if is_box:
                yield _unquoted(held), True
            elif b"".join(held).strip():
                yield b"".join(held), False
            held, size, is_box = [], 0, True
            continue
        blank = not line.strip()
        size += len(line)
        if size <= MAX_MESSAGE + (1 << 20):
            held.append(line)
    if is_box or b"".join(held).strip():
        yield (_unquoted(held), True) if is_box else (b"".join(held), False)


def _unquoted(lines: list[bytes]) -> bytes:
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines))


def _record(content: bytes, key: str | None, options: Options) -> Record | Unreadable:
    message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
    if not message.keys():
        return Unreadable("not_email", "no header", key)
    body = message.get_body(("plain", "html") if options.html else ("plain",))
    if body is None:
        return Unreadable("no_text", f"no part of {message.get_content_type()} is text", key)
    try:
        payload = body.get_payload(decode=True)
        text = decode(payload if isinstance(payload, bytes) else b"", body.get_content_charset())
    except NotText as error:
        return Unreadable("not_text", str(error), key)
    text = text.replace("\r\n", "\n")
    if body.get_content_type() == "text/html":
        text = markup.visible(text, forms=False)
    if not text.strip():
        return Unreadable("no_text", "the body is empty", key)
    attached = sum(1 for part in message.walk() if part.get_content_disposition() == "attachment")
    names = [shown or address for shown, address in getaddresses([str(one) for one in message.get_all("from", [])])]
    fields = {
        "text": text,
        "title": str(message["subject"]).strip() or None if message["subject"] is not None else None,
        "authors": [one for one in names if one] or None,
        "published": _day(message),
        "message_id": str(message["message-id"]).strip() if message["message-id"] is not None else None,
        "in_reply_to": str(message["in-reply-to"]).strip() if message["in-reply-to"] is not None else None,
        "attachments": attached,
    }
    return Record(fields, key)


def _day(message: EmailMessage) -> str | None:
    try:
        when = parsedate_to_datetime(str(message["date"]))
    except (ValueError, TypeError, IndexError, OverflowError):  # what is no date is none
        return None
    try:
        return (when.astimezone(UTC) if when.tzinfo else when).date().isoformat()
    except OverflowError:
        return None
