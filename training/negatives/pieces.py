"""Pieces cut out of a positive: tokens and phrases."""

import itertools
import re

from training.negatives.fill import Making

TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]|\n+")
_WORDS = re.compile(r"[\u3400-\u9fff]{2,}|[^\W\d_]{2,}")


def tokens(text: str) -> list[str]:
    """Han characters, words, marks and line breaks."""
    return TOKEN.findall(text)


def joint(left: str, right: str) -> str:
    """Nothing beside a Han character, else a space."""
    return "" if "\u3400" <= left[-1:] <= "\u9fff" or "\u3400" <= right[:1] <= "\u9fff" else " "


def joined(parts: list[str]) -> str:
    """Tokens as running text."""
    text = parts[0] if parts else ""
    for left, right in itertools.pairwise(parts):
        text += joint(left, right) + right
    return text


def sentence(making: Making) -> str:
    """About a sentence of a positive."""
    text = making.donor()
    start = making.rng.randrange(max(1, len(text) - 100))
    return text[start : start + making.rng.randint(10, 150)].replace("\n", " ")


def phrase(making: Making, low: int = 1, high: int = 4) -> str:
    """A few words in a row of a positive, as a heading or a link would have them."""
    text = making.donor()
    start = making.rng.randrange(max(1, len(text) - 200))
    found = _WORDS.findall(text[start : start + 200])
    if not found:
        return making.rng.choice(making.words("menu"))
    first = making.rng.randrange(len(found))
    count = making.rng.randint(low, high)
    if making.language == "zh":
        return "".join(found[first : first + 2])[: 2 * count + 1]
    return " ".join(found[first : first + count])


def diluted(text: str, making: Making) -> str:
    """The text with words of a positive in the place of some of its own."""
    rng = making.rng
    rate = rng.uniform(0.1, 0.6)
    return _WORDS.sub(lambda word: phrase(making, 1, 1) if rng.random() < rate else word[0], text)[: making.want]


_MARKS = "|/>~+=*#^&;:!?@%<[]{}()…—-_.·›,"
HELD_OUT_JOINTS = {"»", "-", "•", "::", ";", "#", "_", "_____", ":", "->", "(", "[...]", ".."}


def separator(making: Making, fixed: tuple[str, ...]) -> str:
    """One of the joints of this side; for training half the time any marks that are not a joint of evaluation."""
    rng = making.rng
    if making.side != "train" or rng.random() < 0.5:
        return rng.choice(fixed)
    while (marks := "".join(rng.choices(_MARKS, k=rng.randint(1, 3)))) in HELD_OUT_JOINTS:
        pass
    return rng.choice((" {} ", "\n{} ", "{}", " {}\n", "{} ")).format(marks)
