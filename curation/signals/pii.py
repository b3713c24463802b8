"""Personal data, company codes and secrets as spans: what a scan over the bytes proposes, checked one by one.

EMAIL, IP (public IPv4 and IPv6), CN_ID (resident ID of 18 or 15 digits), CN_MOBILE, CN_LANDLINE, CN_PLATE, CN_PASSPORT, HK_ID,
TW_ID, BANK_CARD are of persons; CN_USCC is of a company; SECRET is a key, token or password of a machine (patterns after
gitleaks, MIT). Names and postal addresses are not covered. Full-width digits and letters count as the plain ones. Where a form
alone says too little (15 digits, a passport, a card), a context word must stand near.
"""

import re
import unicodedata
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from curation import identifiers
from curation.document import SPAN
from curation.identifiers import ORGANISATION, PERSONAL, SECRET, TYPES
from curation.kernels import identifiers as kernel

COLUMNS = pa.schema(
    [
        pa.field("count", pa.int32()),  # of persons
        pa.field("organisations", pa.int32()),
        pa.field("secrets", pa.int32()),
        pa.field("spans", pa.list_(SPAN)),
    ]
)
NEAR = 60  # bytes in which a context word counts: 20 Han characters


class _Found(NamedTuple):
    start: int
    end: int
    type: str


_LEFT, _RIGHT = rb"(?<![0-9A-Za-z])", rb"(?![0-9A-Za-z])"
_EMAIL = re.compile(
    rb"(?<![0-9A-Za-z%+])[0-9A-Za-z][0-9A-Za-z._%+\-]{0,63}@(?:[0-9A-Za-z\-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![.\-]?[0-9A-Za-z])(?!:[0-9A-Za-z/~.])"
)
_ID = re.compile(_LEFT + rb"[1-9]\d{5}[ \-]?(?:18|19|20)\d{2}[ \-]?\d{4}[ \-]?\d{3}[0-9Xx]" + _RIGHT)
_OLD_ID = re.compile(_LEFT + rb"[1-9]\d{14}" + _RIGHT)
# prefixes that are assigned (MIIT, 2026): two of three numbers that begin with 13 to 19 are, and byte counts are not
_MOBILE = re.compile(
    rb"(?<![0-9A-Za-z.])(?:(?:\+|00)?86[ \-]?)?(?:\(1\d\d\)|1(?:3\d|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9]))"
    rb"(?:\d{8}|[ \-]\d{4}[ \-]\d{4}|\.\d{4}\.\d{4}|[ \-]\d{8})(?![0-9A-Za-z_])(?!\.\d)"
)
_COUNTED = re.compile(
    r"[\s\]]{0,2}(?:\[?(?:[nmu]s|s)|bytes?|[KMG]?i?B|sectors?|rows?)(?![0-9A-Za-z])|\s?(?:元|万|亿|人民币|美元|股|吨|千瓦)".encode()
)
_LANDLINE = re.compile(
    rb"(?<![0-9A-Za-z._/\-])(?:\(0(?:10|2\d|[3-9]\d{2})\)[ \-]?|0(?:10|2\d|[3-9]\d{2})[ \-]?|(?:\+|00)?86[ \-]0?(?:10|2\d|[3-9]\d{2})[ \-])"
    rb"[2-9]\d{3}[ \-]?\d{3,4}(?:-\d{1,6})?"
    rb"(?![0-9A-Za-z_])(?!\.\d)(?!-\d)"
)
_CARD = re.compile(_LEFT + rb"\d{13,19}" + _RIGHT)
_CARD_PARTS = re.compile(_LEFT + rb"(?:(?:\d{4}[ \-]){3,4}\d{1,4}|\d{4}[ \-]\d{6}[ \-]\d{5}|\d{6}[ \-]\d{10,13})" + _RIGHT)
_USCC = re.compile(_LEFT + rb"[0-9A-HJ-NP-RTUWXY]{2}\d{6}[0-9A-HJ-NP-RTUWXY]{10}" + _RIGHT)
_PASSPORT = re.compile(_LEFT + rb"(?:E\d{8}|E[A-HJ-NP-Z]\d{7}|G\d{8}|1[45]\d{7}|[DSP]E?\d{7,8}|(?:DE|SE|PE)\d{7})" + _RIGHT)
_ANY_NUMBER = re.compile(b"|".join(one.pattern for one in (_ID, _OLD_ID, _MOBILE, _LANDLINE, _CARD, _CARD_PARTS, _PASSPORT)))
_HONG_KONG = re.compile(_LEFT + rb"([A-Z]{1,2})(\d{6})(?:\(([0-9A])\)|\xef\xbc\x88([0-9A])\xef\xbc\x89)")
_TAIWAN = re.compile(_LEFT + rb"[A-Z][12]\d{8}" + _RIGHT)
_PLATE = re.compile(
    f"[{kernel.PROVINCES}][A-HJ-NP-Z](?:[·.•\\- ])?(?:[A-HJ-NP-Z0-9]{{4}}[挂学警港澳]|[DF][A-HJ-NP-Z0-9][0-9]{{4}}|[0-9]{{5}}[DF]|[A-HJ-NP-Z0-9]{{5}})(?![0-9A-Za-z])"
)
_SECRETS = re.compile(
    rb"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"
    rb"|AIza[0-9A-Za-z_\-]{35}(?![0-9A-Za-z_\-])"
    rb"|gh[pousr]_[0-9A-Za-z]{36,255}(?![0-9A-Za-z])|github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}(?![0-9A-Za-z])"
    rb"|glpat-[0-9A-Za-z_\-]{20,64}(?![0-9A-Za-z_\-])"
    rb"|xox[baprs]-(?:\d{8,14}-){1,3}[0-9A-Za-z]{10,64}(?![0-9A-Za-z])"
    rb"|sk-(?:proj-|ant-[a-z0-9]{5}-)?[0-9A-Za-z_\-]{32,200}(?![0-9A-Za-z_\-])"
    rb"|eyJ[0-9A-Za-z_\-]{10,}\.eyJ[0-9A-Za-z_\-]{10,}\.[0-9A-Za-z_\-]{10,}"
    rb"|-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]{40,16000}?-----END (?:[A-Z]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
)
_ID_WORDS = re.compile("身份证|证件|公民身份|ID card|identity", re.IGNORECASE)
_PASSPORT_WORDS = re.compile("护照|passport", re.IGNORECASE)
_PHONE_WORDS = re.compile("电话|手机|热线|传真|联系|拨打|致电|tel|phone|mobile|fax|call|contact", re.IGNORECASE)
_NUMBER_OF = re.compile(
    r"(?:订单|运单|流水|序列|合同|发票|批次|编|单)号?[：:\s]*$|order\s*(?:no\.?|number|id)?[：:#\s]*$", re.IGNORECASE
)
_CARD_WORDS = re.compile("卡|账号|帐号|账户|银联|银行|开户|card|account|visa|master|unionpay|iban|amex", re.IGNORECASE)
_ADDRESS_WORDS = re.compile(
    "IP|地址|服务器|主机|网关|端口|代理|访问|登录|来自|连接|address|server|host|dns|ping|gateway|port|proxy|login|client|route|listen|connect|curl|ssh|http",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:sections?|§+|version|release|版本|第|\$Id:[^\n]*|[-_#]|standard|specs?,?\s*\"?)\s*(?:[\d.]+\s*(?:and|to|,|和|至|-)\s*)?$".encode(),
    re.IGNORECASE,
)
_NUMBERS = re.compile(rb"\d{4,}")


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Counts and spans per document, in the order of the text."""
    texts = documents["text"]
    proposed = kernel.candidates(texts)
    found: list[list[_Found]] = [[] for _ in range(len(texts))]
    bounds = np.searchsorted(proposed[:, 0], np.arange(len(texts) + 1))
    for row in np.flatnonzero(bounds[1:] > bounds[:-1]).tolist():
        own = proposed[bounds[row] : bounds[row + 1], 1:].tolist()
        found[row] = _checked(texts[row].as_py().encode(), own)
    offsets = np.zeros(len(found) + 1, np.int32)
    np.cumsum([len(own) for own in found], out=offsets[1:])
    flat = [one for own in found for one in own]
    kinds = np.array([one.type for one in flat], object)
    items = [pa.array([one[k] for one in flat], field.type) for k, field in enumerate(SPAN)]
    spans = pa.ListArray.from_arrays(pa.array(offsets), pa.StructArray.from_arrays(items, fields=list(SPAN)))
    counts = [np.isin(kinds, kind) for kind in (sorted(PERSONAL), [ORGANISATION], [SECRET])]
    sums = [np.concatenate([[0], np.cumsum(one)])[offsets] for one in counts]
    return pa.record_batch([*(pa.array(np.diff(one).astype(np.int32)) for one in sums), spans], schema=COLUMNS)


def scrubbed(text: str) -> str:
    """The text with a tag in place of each value: for what a ledger, a card or an error message quotes."""
    spans = annotate(pa.record_batch({"text": pa.array([text], pa.large_string())}))["spans"][0].as_py()
    content = text.encode()
    for span in reversed(spans):
        content = content[: span["start"]] + f"<{span['type']}>".encode() + content[span["end"] :]
    return content.decode()


def _checked(content: bytes, proposed: list[list[int]]) -> list[_Found]:
    """What the candidates of one document are, overlaps settled: the longer one, or the one that begins first."""
    found: list[_Found] = []
    for start, end, kind in proposed:
        if kind != kernel.FULL_WIDTH:
            found += _CHECKS[kind](content, start, end)
            continue
        plain, places = _plain(content)
        again = kernel.candidates(pa.array([plain.decode()], pa.large_string()))[:, 1:].tolist()
        for one in _checked(plain, [row for row in again if row[2] != kernel.FULL_WIDTH]):
            found.append(_Found(places[one.start], places[one.end], one.type))
    if len(found) < 2:
        return found
    chosen: list[_Found] = []
    for one in sorted(set(found), key=lambda f: (f.start, -f.end, TYPES.index(f.type))):
        if not chosen or one.start >= chosen[-1].end:
            chosen.append(one)
        elif one.end - one.start > chosen[-1].end - chosen[-1].start:
            chosen[-1] = one
    return chosen


def _plain(content: bytes) -> tuple[bytes, list[int]]:
    """Full-width ASCII as plain ASCII, and for each byte (and the end) where it stood."""
    out, at = bytearray(), 0
    places: list[int] = []
    for character in content.decode():
        size = len(character.encode())
        own = unicodedata.normalize("NFKC", character).encode() if "\uff01" <= character <= "\uff5e" else character.encode()
        own = b"-" if character in "–—" else own
        out += own
        places += [at] if len(own) == 1 else range(at, at + len(own))
        at += size
    return bytes(out), [*places, at]


def _near(content: bytes, start: int, end: int) -> str:
    return content[max(0, start - NEAR) : end + NEAR].decode("utf-8", "ignore")


def _numbers(content: bytes, start: int, end: int) -> list[_Found]:
    """Resident IDs, mobiles, landlines, cards and company codes of digits alone, in one run of digits and single separators."""
    first, last = max(0, start - 4), min(len(content), end + 14)
    while last < len(content) and content[last - 1 : last + 1].isalnum() and last - end < 80:
        last += 1  # a number that the window cuts would look like a shorter one
    window = content[first:last]
    if not _ANY_NUMBER.search(window):
        return _uniform(content, start, end)
    found: list[_Found] = []

    def add(match: re.Match[bytes], kind: str) -> None:
        found.append(_Found(first + match.start(), first + match.end(), kind))

    for match in _ID.finditer(window):
        if identifiers.is_resident_id(re.sub(rb"[ \-]", b"", match.group(0)).decode()):
            add(match, "CN_ID")
    for match in _OLD_ID.finditer(window):
        near = _ID_WORDS.search(_near(content, first + match.start(), first + match.end()))
        if near and identifiers.is_old_resident_id(match.group(0).decode()):
            add(match, "CN_ID")
    for match in _MOBILE.finditer(window):
        if _is_called(content, first + match.start(), first + match.end(), match.group(0)):
            add(match, "CN_MOBILE")
    for match in _LANDLINE.finditer(window):
        if _is_landline(content, first + match.start(), first + match.end(), match.group(0)):
            add(match, "CN_LANDLINE")
    for form in (_CARD, _CARD_PARTS):
        for match in form.finditer(window):
            digits = re.sub(rb"[ \-]", b"", match.group(0)).decode()
            if identifiers.is_bank_card(digits) and _is_card_here(content, first + match.start(), first + match.end(), digits):
                add(match, "BANK_CARD")
    for match in _PASSPORT.finditer(window):
        if _PASSPORT_WORDS.search(_near(content, first + match.start(), first + match.end())):
            add(match, "CN_PASSPORT")
    return found + _uniform(content, start, end)


def _is_called(content: bytes, start: int, end: int, number: bytes) -> bool:
    """Eleven digits alone are no mobile where they are counted in some unit, or are a setting's value that no phone is near."""
    if content[start - 1 : start] == b"_" and content[start - 2 : start - 1] < b"\x80":
        return False
    if not number.isdigit():
        return True
    if _COUNTED.match(content, end) or _NUMBER_OF.search(content[max(0, start - 24) : start].decode("utf-8", "ignore")):
        return False
    return content[start - 1 : start] != b"=" or bool(_PHONE_WORDS.search(_near(content, start, end)))


def _is_landline(content: bytes, start: int, end: int, number: bytes) -> bool:
    """Area code and number parted by a mark; without one a Han character before, or a context word near."""
    parted = not number.isdigit()
    number = re.sub(rb"^(?:\+|00)?86[ \-]0?", b"0", number)
    subscriber = len(re.sub(rb"[^0-9]", b"", number))
    if number.lstrip(b"(").startswith((b"010", b"02")) and subscriber < 11:  # three digits of area, eight of the number
        return False
    if parted:
        return True
    return content[start - 1 : start] >= b"\x80" or bool(_PHONE_WORDS.search(_near(content, start, end)))


def _is_card_here(content: bytes, start: int, end: int, digits: str) -> bool:
    """A context word is near, or it has a common form and stands alone among numbers (one in forty of any 16 digits would pass)."""
    if _CARD_WORDS.search(_near(content, start, end)):
        return True
    before, after = content[max(0, start - NEAR) : start], content[end : end + NEAR]
    alone = not _NUMBERS.search(before) and not _NUMBERS.search(after)
    return alone and len(digits) >= 16 and (digits.startswith(("62", "4")) or 51 <= int(digits[:2]) <= 55)


def _email(content: bytes, start: int, end: int) -> list[_Found]:
    first = max(0, start - 66)
    window = content[first : end + 300]
    for match in _EMAIL.finditer(window):
        if match.start() <= start - first < match.end() and b".." not in match.group(0):
            return [_Found(first + match.start(), first + match.end(), "EMAIL")]
    return []


def _ip(content: bytes, start: int, end: int) -> list[_Found]:
    text = content[start:end].decode().rstrip(":")
    return [_Found(start, start + len(text), "IP")] if identifiers.is_public_address(text) else []


def _ipv4(content: bytes, start: int, end: int) -> list[_Found]:
    """Four numbers are often a section or a version: below 64 it must not head a line, below 32 a word or mark of an address is near."""
    before = content[max(0, start - 40) : start]
    if _NUMBERED.search(before):
        return []
    text = content[start:end].decode()
    highest = max(map(int, text.split(".")))
    if highest < 64:
        marked = before.endswith((b"://", b"@", b"[")) or re.match(rb"[:/]\d", content[end : end + 2])
        heading = re.match(rb"\.?[ \t]", content[end : end + 2]) and re.search(rb"(?:^|\n|>)[#=*\s]*$", before)
        if not marked and (heading or (highest < 32 and not _ADDRESS_WORDS.search(_near(content, start, end)))):
            return []
    return _ip(content, start, end)


def _plate(content: bytes, start: int, end: int) -> list[_Found]:
    text = content[start : end + 3].decode("utf-8", "ignore")
    match = _PLATE.match(text)
    if not match or sum(c.isdigit() for c in match.group(0)) < 3:
        return []
    return [_Found(start, start + len(match.group(0).encode()), "CN_PLATE")]


def _lettered(content: bytes, start: int, end: int) -> list[_Found]:
    window = content[start : end + 8]
    if match := _HONG_KONG.match(window):
        letters, digits, check = match.group(1).decode(), match.group(2).decode(), (match.group(3) or match.group(4)).decode()
        if identifiers.is_hong_kong_id(letters, digits, check):
            return [_Found(start, start + match.end(), "HK_ID")]
    text = content[start:end]
    if _TAIWAN.fullmatch(text) and identifiers.is_taiwan_id(text.decode()):
        return [_Found(start, end, "TW_ID")]
    if _PASSPORT.fullmatch(text) and _PASSPORT_WORDS.search(_near(content, start, end)):
        return [_Found(start, end, "CN_PASSPORT")]
    return []


def _uniform(content: bytes, start: int, end: int) -> list[_Found]:
    match = _USCC.fullmatch(content[start:end])
    return [_Found(start, end, ORGANISATION)] if match and identifiers.is_uscc(match.group(0).decode()) else []


def _secret(content: bytes, start: int, end: int) -> list[_Found]:
    match = _SECRETS.match(content, start)
    if not match or (match.group(0).startswith(b"sk-") and not re.search(rb"\d", match.group(0))):
        return []
    return [_Found(start, match.end(), SECRET)]


_CHECKS = {
    kernel.NUMBER: _numbers,
    kernel.EMAIL: _email,
    kernel.IPV4: _ipv4,
    kernel.IPV6: _ip,
    kernel.PLATE: _plate,
    kernel.LETTERED: _lettered,
    kernel.UNIFORM: _uniform,
    kernel.SECRET: _secret,
}
