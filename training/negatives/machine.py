"""Junk of machines: tables of numbers, dumps of code and data, noise."""

import base64
import json

from training.negatives.fill import Making, hexadecimal, name, path
from training.negatives.pieces import phrase, sentence


def tables(making: Making) -> str:
    """A head and rows of numbers."""
    rng = making.rng
    joint = rng.choice(("\t", ",", " | ", "  ", ", ") if making.side == "train" else (";", " || ", "    ", " & "))
    width = rng.randint(3, 10)
    head = joint.join(rng.choices(making.words("header"), k=width))

    def number() -> str:
        shape = rng.random()
        if shape < 0.4:
            return str(rng.randint(0, 10 ** rng.randint(1, 6)))
        if shape < 0.8:
            return f"{rng.uniform(-1000, 1000):.{rng.randint(1, 6)}f}"
        return rng.choice(("NaN", "-", "0", "N/A", making.fill("{date}"), rng.choice(making.words("city"))))

    return head + "\n" + making.until(lambda: joint.join(number() for _ in range(width)))


def noise(making: Making) -> str:
    """Characters without a language: letters, rare Han characters or marks by chance."""
    rng = making.rng
    first, last = rng.choice(
        ((0x61, 0x7A), (0x21, 0x7E), (0x4E00, 0x9FA5), (0x3400, 0x4DB5))
        if making.side == "train"
        else ((0xC0, 0x24F), (0x30, 0x5A), (0x4E00, 0x9FFF), (0x2500, 0x25FF))
    )
    return making.until(lambda: "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 12))), " ")


def dumps(making: Making) -> str:
    """One of the dumps of this side, again and again."""
    shape = making.rng.choice(_TRAIN if making.side == "train" else _HELD_OUT)
    return making.until(lambda: shape(making))


def _scalar(making: Making) -> object:
    rng = making.rng
    return rng.choice(
        (rng.randint(0, 99999), round(rng.random() * 100, 3), rng.random() < 0.5, None, hexadecimal(rng), path(rng), name(rng))
    )


def _record(making: Making) -> dict[str, object]:
    keys = making.rng.sample(making.words("key"), making.rng.randint(3, 9))
    return {key: _scalar(making) for key in keys}


def _json(making: Making) -> str:
    indent = making.rng.choice((None, 2, 4))
    return json.dumps({name(making.rng): _record(making), "items": [_record(making)]}, ensure_ascii=False, indent=indent)


def _ini(making: Making) -> str:
    return f"[{name(making.rng)}]\n" + "\n".join(f"{key} = {value}" for key, value in _record(making).items())


def _base64(making: Making) -> str:
    return base64.b64encode(making.rng.randbytes(57)).decode()


def _minified(making: Making) -> str:
    a, b, c = (name(making.rng)[:3] for _ in range(3))
    return f"function {a}({b},{c}){{var e={b}.{c}||{{}};return e.{a}?e.{a}({c},!0):null}}!function(t){{t.{b}={a}}}(window);"


def _markup(making: Making) -> str:
    rng = making.rng
    inner = rng.choice(making.words("menu"))
    return f'<div class="{name(rng)}-{name(rng)}" id="{name(rng)}{rng.randint(1, 99)}"><a href="/{path(rng)}">{inner}</a></div>'


def _page(making: Making) -> str:
    """Sentences inside the tags of a page: what is left when nobody extracted the text."""
    rng = making.rng
    tag = rng.choice(("p", "li", "td", "span", "h3"))
    return f'<{tag} class="{name(rng)}">{sentence(making)}</{tag}>\n<a href="{path(rng)}">{phrase(making)}</a> <br/>&nbsp;'


def _book(making: Making) -> str:
    """The same in the tags of a book format."""
    rng = making.rng
    return f'<para xml:id="{name(rng)}">{sentence(making)}</para><link linkend="{name(rng)}">{phrase(making)}</link>'


def _style(making: Making) -> str:
    rng = making.rng
    return f".{name(rng)} {{ margin: {rng.randint(0, 40)}px; color: #{hexadecimal(rng, 6, 6)}; float: left; }}"


def _sql(making: Making) -> str:
    record = _record(making)
    return f"INSERT INTO {name(making.rng)} ({', '.join(record)}) VALUES ({', '.join(repr(v) for v in record.values())});"


def _xml(making: Making) -> str:
    tag = name(making.rng)
    inside = "".join(f"<{key}>{value}</{key}>" for key, value in _record(making).items())
    return f'<{tag} id="{making.rng.randint(1, 9999)}">{inside}</{tag}>'


def _hexdump(making: Making) -> str:
    rng = making.rng
    return f"{rng.randint(0, 1 << 30):08x}  " + " ".join(hexadecimal(rng, 2, 2) for _ in range(16))


def _properties(making: Making) -> str:
    return "\n".join(f"{name(making.rng)}.{key}={value}" for key, value in _record(making).items())


def _list(making: Making) -> str:
    return repr([tuple(_record(making).values()) for _ in range(3)])


def _assembly(making: Making) -> str:
    rng = making.rng
    return f"  {rng.randint(4096, 65535):x}:\t{rng.choice(('mov', 'lea', 'push', 'cmp', 'jne', 'call'))}\t%r{rng.choice('abcd')}x,0x{hexadecimal(rng, 2, 6)}"


_TRAIN = (_json, _ini, _base64, _minified, _markup, _page, _page, _style, _sql)
_HELD_OUT = (_xml, _hexdump, _properties, _list, _assembly, _book)
