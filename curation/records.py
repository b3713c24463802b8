"""Records that are not prose (chats, questions and answers, instructions): their JSON stays whole beside the text that signals read.

The text is every string of the record in its order, a blank line between two; what only names a speaker's role is no text. An edit of
the text is made in the very string it falls into, so that what is redacted in one is redacted in both. Numbers of eight digits
or more are text too: a telephone number may be one.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from curation.editing import Edit, apply, united
from curation.errors import ContractError

JOIN = "\n\n"
ROLE_KEYS = {"role", "from", "speaker", "type"}
ROLES = {
    "system", "user", "assistant", "human", "gpt", "bot", "model", "tool", "function", "observation", "function_call", "developer",
    "critic", "chatgpt", "bing", "bard", "prompter", "text", "tool_call", "tool_response",
}  # fmt: skip
_DATA = re.compile(r"@|[0-9][0-9 ()-]{6,}[0-9]")
LONG_NUMBER = 10_000_000
DEEPEST = 100


class TooDeep(ValueError):
    """The record nests deeper than any chat does."""


class KeyIsData(ValueError):
    """A key that looks like a number or an address of somebody: edits reach values only."""


def kept(fields: dict[str, Any], columns: list[str]) -> str:
    """The JSON object of some columns, in the order given. Raises TypeError for what JSON has no form for."""
    return orjson.dumps(
        {name: fields[name] for name in columns if name in fields}, option=orjson.OPT_PASSTHROUGH_DATETIME, default=str
    ).decode()


def text_of(record: str) -> str:
    """The text of a record as `kept` wrote it. Raises TooDeep.

    >>> text_of('{"messages":[{"role":"user","content":"你好"},{"role":"assistant","content":"好"}]}')
    '你好\\n\\n好'
    """
    return JOIN.join(words for *_, words in _strings(orjson.loads(record), 0))


def edited(record: str, text: str, edits: list[Edit]) -> str:
    """The record with the edits that were made in its text. Raises ContractError when the text is not that of the record."""
    value = orjson.loads(record)
    places = list(_strings(value, 0))
    if JOIN.join(words for *_, words in places) != text:
        raise ContractError("a record and its text are out of step")
    ordered = united(edits)
    begin = 0
    for holder, key, words in places:
        end = begin + len(words.encode())
        own = [
            # what begins in an earlier string has left its replacement there
            Edit(max(one.start, begin) - begin, min(one.end, end) - begin, one.replacement if one.start >= begin else "")
            for one in ordered
            if one.start < end and one.end > begin
        ]
        if own:
            holder[key] = apply(words, own)
        begin = end + len(JOIN)
    return orjson.dumps(value).decode()


def _strings(value: Any, depth: int) -> Iterator[tuple[Any, Any, str]]:
    """(holder, key, words) of every string that is text, in its order."""
    if depth > DEEPEST:
        raise TooDeep(f"nests deeper than {DEEPEST}")
    if isinstance(value, dict) and (named := next((key for key in value if _DATA.search(key)), None)):
        raise KeyIsData(f"a key holds what is data: {named[:3]}...")
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, str):
            if one.strip() and not (key in ROLE_KEYS and one in ROLES):
                yield value, key, one
        elif isinstance(one, int | float) and not isinstance(one, bool) and abs(one) >= LONG_NUMBER:
            yield value, key, str(int(one)) if float(one).is_integer() else str(one)
        elif isinstance(one, dict | list):
            yield from _strings(one, depth + 1)
