"""Scripts of letters and the two kinds of Han characters."""

import unicodedata
from importlib import resources

from opencc import OpenCC

from curation.kernels.han import variants
from curation.kernels.scripts import HAN, SCRIPTS, SIMPLIFIED, TRADITIONAL, tables

HEADER = (
    "# Han characters from OpenCC 1.4 (Apache-2.0): simplified only; traditional only; pairs of traditional and simplified.\n"
)


def derived() -> str:
    """The data file as OpenCC's converters and two national character sets give it."""
    characters = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    up, down = ({a: b for a, b in zip(characters, _converted(characters, how)) if a != b} for how in ("s2t", "t2s"))
    simplified = [c for c in up if c not in down and c not in up.values() and not _common(c, "big5", 0xC9)]
    traditional = [c for c in down if c not in up and c not in down.values() and not _common(c, "gb2312", 0xD8)]
    pairs = [a + b for a, b in down.items() if len(b) == 1]
    return HEADER + "".join(simplified) + "\n" + "".join(traditional) + "\n" + "".join(pairs) + "\n"


def _converted(characters: list[str], how: str) -> list[str]:
    return OpenCC(how).convert("\n".join(characters)).split("\n")


def _common(character: str, charset: str, rare: int) -> bool:
    """Whether a national set has the character among its frequent ones (its first level)."""
    try:
        return character.encode(charset)[0] < rare
    except UnicodeEncodeError:
        return False


def test_the_data_file_is_opencc() -> None:
    """Nobody wrote the lists by hand."""
    assert resources.files("curation.resources").joinpath("han_variants.txt").read_text(encoding="utf-8") == derived()


def test_characters_that_tell_and_characters_that_do_not() -> None:
    """A character that is right in both scripts tells nothing."""
    script = tables().script
    assert script[ord("国")] & SIMPLIFIED and script[ord("國")] & TRADITIONAL
    assert all(script[ord(c)] == HAN for c in "云后里人一的")
    assert variants().to_simplified[ord("國")] == ord("国")


def test_scripts_are_unicodes() -> None:
    """Letters of each script."""
    script = tables().script
    for text, name in (
        ("aéß", "Latn"),
        ("Яё", "Cyrl"),
        ("中㐀𠮷々", "Hani"),
        ("あカｱ", "Hira"),
        ("한", "Hang"),
        ("ب", "Arab"),
        ("ไ", "Thai"),
    ):
        assert {SCRIPTS[script[ord(c)] & 63] for c in text} == {name}, text
    assert script[ord("1")] == 0 and unicodedata.name("1")
