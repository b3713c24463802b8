"""Junk of pages: navigation, listings, logs, keywords, spam, doorway pages, forum chatter, file lists."""

from training.negatives.fill import Making
from training.negatives.pieces import phrase, separator

_JOINTS = {
    "train": ("\n", " | ", " > ", " · ", "  ", "\n* ", " / ", " ", ", ", " — ", "\n+ ", " ~ ", " › ", "\n1. ", "\n\n"),
    "heldout": ("\n\n", " » ", " - ", " • ", "\t", "\n- ", " :: "),
}


def navigation(making: Making) -> str:
    """Menus, notices, share buttons, trails and footers of a page; a part of the menu words are the page's own."""
    rng = making.rng
    joints = _JOINTS[making.side]
    own = rng.random()

    def menu() -> str:
        joint = separator(making, joints)
        entries = [phrase(making) if rng.random() < own else rng.choice(making.words("menu")) for _ in range(rng.randint(3, 25))]
        return joint.join(entries)

    def block() -> str:
        return menu() if rng.random() < 0.5 else making.line(rng.choice(("notice", "share", "footer", "crumb", "notice")))

    return making.until(block)


def products(making: Making) -> str:
    return making.until(lambda: making.line("product"), making.rng.choice(("\n", "\n\n", " ")))


def forum(making: Making) -> str:
    return making.until(lambda: making.line(making.rng.choice(("forum", "forum", "crumb"))))


def files(making: Making) -> str:
    template = making.rng.choice(making.lines("file"))
    return making.until(lambda: making.fill(template))


def logs(making: Making) -> str:
    """A log has few line shapes."""
    shapes = making.rng.sample(making.lines("log"), making.rng.randint(1, 4))
    return making.until(lambda: making.fill(making.rng.choice(shapes)))


def keywords(making: Making) -> str:
    """Words that want to be found: lists of tags, trades and phrases without a sentence."""
    rng = making.rng
    joint = separator(making, (", ", " ", "，", " | ", "\n", "、") if making.side == "train" else (" ; ", " #", "  ", ",", "_"))
    lists = rng.sample(("tagword", "product", "trade", "game", "menu", "good", "city"), 3)

    def word() -> str:
        return phrase(making) if rng.random() < 0.4 else " ".join(rng.choice(making.words(rng.choice(lists))) for _ in range(2))

    return making.until(word, joint)


def spam(making: Making) -> str:
    return making.until(lambda: making.line("spam"), making.rng.choice(("\n", " ", "!!! ")))


def doorway(making: Making) -> str:
    """A page made of one sentence again and again, with another place or trade in it."""
    shapes = making.rng.sample(making.lines("doorway"), 2)
    return making.until(lambda: making.fill(making.rng.choice(shapes)), making.rng.choice(("\n", " ")))


def repeated(making: Making) -> str:
    """A few phrases of a positive, said again and again."""
    rng = making.rng
    phrases = [phrase(making, 3, 12) for _ in range(rng.randint(1, 4))]
    if making.side == "train":
        return making.until(lambda: rng.choice(phrases), rng.choice(("\n", " ", ". ", "，")))
    return making.until(lambda: phrases[0] + rng.choice((" ", "\n")) + str(rng.randint(1, 99)), rng.choice((" ", "; ", "。")))
