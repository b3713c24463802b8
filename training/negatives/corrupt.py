"""Positives made bad: bad scans, wrong encodings, shuffles, search snippets, indexes."""

from training.negatives.fill import Making
from training.negatives.pieces import joined, phrase, separator, tokens

_LOOKALIKES = {
    "l": "1",
    "o": "0",
    "i": "!",
    "e": "c",
    "m": "rn",
    "h": "b",
    "s": "5",
    "a": "@",
    "t": "+",
    "g": "9",
    "u": "v",
    "n": "ri",
}
_STROKES = "丨丿乀丶亅乚口日曰目田由甲申己已巳末未土士大太犬人入八几儿凡丸刀力乃又叉"
_MARKS = {"train": "|.,~^'`-_*", "heldout": "•¦;:\\°§¬»«"}

# (encoded as, read as)
_WRONG = {
    "train": (
        ("utf-8", "cp1252"),
        ("utf-8", "latin-1"),
        ("gb18030", "latin-1"),
        ("utf-8", "gb18030"),
        ("big5", "gb18030"),
        ("gb18030", "big5"),
        ("utf-8", "cp437"),
        ("utf-16-le", "gb18030"),
    ),
    "heldout": (
        ("utf-8", "mac_roman"),
        ("gb18030", "cp1252"),
        ("utf-8", "big5"),
        ("gb18030", "euc_kr"),
        ("big5", "shift_jis"),
        ("utf-8", "cp1251"),
    ),
}
_CURLY = str.maketrans({"'": "’", '"': "“", "-": "—", " ": "\u00a0"})


def ocr(making: Making) -> str:
    """A bad scan: look-alikes, specks, words torn apart or run together, lines broken anywhere."""
    rng = making.rng
    rate = rng.uniform(0.08, 0.35)
    marks = _MARKS[making.side]
    out = []
    for character in making.donor()[: making.want]:
        if rng.random() > rate:
            out.append(character)
            continue
        chance = rng.random()
        if "\u3400" <= character <= "\u9fff":
            out.append(rng.choice(_STROKES) if chance < 0.6 else rng.choice(marks) if chance < 0.8 else "")
        elif character == " ":
            out.append("" if chance < 0.5 else "\n" if chance < 0.7 else "  ")
        elif making.side == "train":
            out.append(_LOOKALIKES.get(character.lower(), rng.choice(marks)) if chance < 0.6 else " " + character)
        else:
            out.append(rng.choice(marks) + character if chance < 0.4 else chr(rng.randint(0x61, 0x7A)) if chance < 0.8 else "")
    return "".join(out)


def mojibake(making: Making) -> str:
    """Text read in another encoding than it was written in. English shows it only where marks are not ASCII."""
    text = making.donor()[: making.want]
    if making.language == "en":
        # plain ASCII survives every re-encoding: typographic marks first, and the damage done twice
        text = text.translate(_CURLY)
    written, read = making.rng.choice(_WRONG[making.side])
    wrong = text.encode(written, "replace").decode(read, making.rng.choice(("replace", "ignore")))
    if making.language == "en":
        wrong = wrong.encode("utf-8", "replace").decode("cp1252" if making.side == "train" else "mac_roman", "replace")
    return wrong[: making.want]


def salad(making: Making) -> str:
    """The tokens of a positive in another order: all of them for training; within short runs for evaluation too."""
    rng = making.rng
    parts = [part for part in tokens(making.donor()[: making.want]) if part.strip()]
    run = rng.choice((len(parts), len(parts), 40, 15) if making.side == "train" else (len(parts), 25, 8))
    mixed = []
    for start in range(0, len(parts), max(run, 1)):
        piece = parts[start : start + run]
        rng.shuffle(piece)
        mixed += piece
    return joined(mixed)


def snippets(making: Making) -> str:
    """Results of a search: ends cut off, nothing belongs together."""
    rng = making.rng
    dots = rng.choice(("...", " … ", "...") if making.side == "train" else (" [...] ", "..", "……"))

    def snippet() -> str:
        text = making.donor()
        start = rng.randrange(max(1, len(text) - 80))
        cut = text[start : start + rng.randint(12, 70)].replace("\n", " ")
        tail = making.fill(rng.choice(("", "\n{url}", " {date}", "\n{small} {int}")))
        return dots + cut + dots + tail

    return making.until(snippet, rng.choice(("\n", " ")))


def index(making: Making) -> str:
    """The register or the table of contents of a book."""
    rng = making.rng
    dots = separator(making, (" ", ", ", " ........ ", "…………") if making.side == "train" else (" _____ ", ": ", " -> ", "\t"))
    number = rng.choice(("{}. ", "{} ", "{}) ", "[{}] ", "§ {} ", "{}: ", "{} - ") if making.side == "train" else ("({}) ",))

    numbered = rng.random() < 0.4

    def entry() -> str:
        if numbered:
            places = ".".join(str(rng.randint(1, 20)) for _ in range(rng.randint(1, 3)))
            return number.format(places) + phrase(making, 1, 5)
        pages = ", ".join(str(rng.randint(1, 600)) for _ in range(rng.randint(1, 4)))
        return phrase(making, 1, 5) + dots + pages

    return making.until(entry)
