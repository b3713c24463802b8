"""Checksums and rules of identifiers: what tells a resident ID, a company code or a card number from any other number.

GB 11643-1999 (resident ID), GB 32100-2015 and GB 11714-1997 (unified social credit code), ISO/IEC 7812-1 (Luhn), the Hong Kong
and Taiwan identity card schemes, GA 36-2018 (number plates). The region list of GB/T 2260 is used by province only: old
regions stay valid on cards that were issued in them.
"""

import ipaddress
from datetime import date

PERSONAL = (
    "EMAIL", "IP", "CN_ID", "CN_MOBILE", "CN_LANDLINE", "CN_PLATE", "CN_PASSPORT", "HK_ID", "TW_ID", "BANK_CARD",
)  # fmt: skip
ORGANISATION, SECRET = "CN_USCC", "SECRET"
TYPES = (*PERSONAL, ORGANISATION, SECRET)

PROVINCE_CODES = {
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91,
}  # fmt: skip
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_TAIWAN = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # A is 10, B 11, ...


def is_resident_id(text: str, today: date | None = None) -> bool:
    """18 digits (the last may be X): province, a day that was, check digit.

    >>> is_resident_id("11010519491231002X"), is_resident_id("440306200102290014")
    (True, False)
    """
    if len(text) != 18 or not text[:17].isdigit() or int(text[:2]) not in PROVINCE_CODES:
        return False
    if "10X98765432"[sum(int(c) * w for c, w in zip(text, _ID_WEIGHTS, strict=False)) % 11] != text[17].upper():
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return date(1800, 1, 1) <= born <= (today or date.today())


def is_old_resident_id(text: str) -> bool:
    """15 digits, issued until 1999: the same number with the century left out and no check digit."""
    if len(text) != 15 or not text.isdigit() or int(text[:2]) not in PROVINCE_CODES:
        return False
    try:
        date(1900 + int(text[6:8]), int(text[8:10]), int(text[10:12]))
    except ValueError:
        return False
    return True


def is_uscc(text: str) -> bool:
    """A unified social credit code: both check characters, its own and that of the organisation code inside it.

    >>> is_uscc("91350100M000100Y43"), is_uscc("91350100M000100Y4Z")
    (True, False)
    """
    if len(text) != 18 or any(c not in _USCC for c in text) or not text[2:8].isdigit():
        return False
    total = sum(_USCC.index(c) * pow(3, place, 31) for place, c in enumerate(text[:17]))
    if _USCC[(31 - total % 31) % 31] != text[17]:
        return False
    inner = sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(text[8:16], _ORGANISATION_WEIGHTS, strict=True))
    return {10: "X", 11: "0"}.get(11 - inner % 11, str(11 - inner % 11)) == text[16]


def is_bank_card(digits: str) -> bool:
    """Luhn's check and a brand's own beginning and length.

    >>> is_bank_card("6222021000112233449"), is_bank_card("4111111111111112")
    (True, False)
    """
    size, two, four = len(digits), int(digits[:2]), int(digits[:4])
    brand = (
        (two == 62 and 16 <= size <= 19)
        or (digits[0] == "4" and size in (13, 16, 19))
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and size == 16)
        or (two in (34, 37) and size == 15)
        or (3528 <= four <= 3589 and size == 16)
        or ((four == 6011 or two == 65) and 16 <= size <= 19)
    )
    if not brand:
        return False
    doubled = [int(c) * (2 if place % 2 else 1) for place, c in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def is_hong_kong_id(letters: str, digits: str, check: str) -> bool:
    """One or two letters, six digits and a check character in brackets."""
    padded = letters.rjust(2)
    values = [36 if c == " " else ord(c) - 55 for c in padded] + [int(c) for c in digits]
    total = sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True))
    rest = (11 - total % 11) % 11
    return ("A" if rest == 10 else str(rest)) == check


def is_taiwan_id(text: str) -> bool:
    """A letter and nine digits, the last of which checks.

    >>> is_taiwan_id("A123456789"), is_taiwan_id("A123456788")
    (True, False)
    """
    place = 10 + _TAIWAN.index(text[0])
    values = [place // 10, place % 10, *map(int, text[1:])]
    return sum(v * w for v, w in zip(values, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0


def is_public_address(text: str) -> bool:
    """An IPv4 or IPv6 address that is reachable from everywhere: no private, reserved or documentation network."""
    try:
        address = ipaddress.ip_address(text)
        return address.is_global and not address.is_multicast
    except ValueError:
        return False
