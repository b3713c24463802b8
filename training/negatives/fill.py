"""Line templates and the values they are filled with."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_SLOT = re.compile(r"\{(\w+)\}")
_HEX = "0123456789abcdef"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SYLLABLES = (
    "ba",
    "con",
    "dex",
    "en",
    "fi",
    "gra",
    "hol",
    "in",
    "ju",
    "kel",
    "lo",
    "mon",
    "nis",
    "or",
    "pra",
    "qui",
    "ru",
    "sta",
    "ti",
    "ux",
)

Donor = Callable[[], str]  # a passage of a positive, of the same language and the same side


@dataclass(frozen=True)
class Making:
    """What every generator gets: chance, language, side (train or heldout), how many characters are wanted, a donor."""

    rng: random.Random
    language: str
    side: str
    want: int
    donor: Donor

    def words(self, name: str) -> list[str]:
        return lexicon(self.side, self.language)["words"][name]

    def lines(self, name: str) -> list[str]:
        return lexicon(self.side, self.language)["lines"][name]

    def line(self, name: str) -> str:
        """A filled line of the kind `name`."""
        return self.fill(self.rng.choice(self.lines(name)))

    def fill(self, template: str) -> str:
        return _SLOT.sub(lambda slot: self._value(slot[1]), template)

    def _value(self, name: str) -> str:
        return VALUES[name](self.rng) if name in VALUES else self.rng.choice(self.words(name))

    def until(self, piece: Callable[[], str], joint: str | Callable[[], str] = "\n") -> str:
        """Pieces joined until the wanted length is there."""
        text = piece()
        while len(text) < self.want:
            text += (joint() if callable(joint) else joint) + piece()
        return text[: self.want]


@cache
def lexicon(side: str, language: str) -> dict[str, Any]:
    """The words and lines of one side and language."""
    path = Path(__file__).parent / "lexicon" / f"{side}.{language}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def hexadecimal(rng: random.Random, low: int = 6, high: int = 40) -> str:
    return "".join(rng.choices(_HEX, k=rng.randint(low, high)))


def name(rng: random.Random) -> str:
    """A word that is none."""
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4)))


def path(rng: random.Random) -> str:
    ends = ("html", "php", "js", "css", "png", "jpg", "txt", "log", "xml", "so", "py", "conf", "gz")
    return "/".join(name(rng) for _ in range(rng.randint(1, 4))) + "." + rng.choice(ends)


def _date(rng: random.Random) -> str:
    year, month, day = rng.randint(1998, 2026), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice((f"{year}-{month:02}-{day:02}", f"{year}/{month}/{day}", f"{day:02}.{month:02}.{year}"))


def _time(rng: random.Random) -> str:
    return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"


VALUES: dict[str, Callable[[random.Random], str]] = {
    "small": lambda rng: str(rng.randint(1, 99)),
    "int": lambda rng: str(rng.randint(1, 10 ** rng.randint(2, 7))),
    "year": lambda rng: str(rng.randint(1999, 2026)),
    "money": lambda rng: rng.choice(("${}.99", "${}", "£{}.00", "{}.50", "{},000", "{}")).format(rng.randint(3, 999)),
    "date": _date,
    "time": _time,
    "month": lambda rng: rng.choice(_MONTHS),
    "clock": lambda rng: f"{rng.randint(1, 28):02}/{rng.choice(_MONTHS)}/{rng.randint(2005, 2026)}:{_time(rng)} +0000",
    "ip": lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "hex": hexadecimal,
    "code": lambda rng: name(rng).upper()[:3] + str(rng.randint(100, 99999)),
    "phone": lambda rng: f"{rng.randint(200, 999)}-{rng.randint(200, 9999)}-{rng.randint(1000, 9999)}",
    "url": lambda rng: f"www.{name(rng)}{rng.choice(('.example', '.invalid', '.test'))}/{path(rng)}",
    "path": path,
}
