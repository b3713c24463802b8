"""Exact token count by a named tokenizer: o200k_base of bpe-openai."""

from collections.abc import Iterator
from functools import cache

import pyarrow as pa

PIECE = 500_000  # characters that are counted at once; the library takes less than a million
TOKENIZER = "bpe-openai 0.1.4 o200k_base"
COLUMNS = pa.schema([pa.field("count", pa.int64())])


@cache
def _encoding():  # type: ignore[no-untyped-def]
    import bpe_openai

    return bpe_openai.get_encoding("o200k_base")


def count(text: str) -> int:
    """Tokens of one text, however long."""
    if len(text) <= PIECE:
        return _count(text)
    return sum(map(_count, _pieces(text)))


def _count(text: str) -> int:
    """The library counts what it then refuses to hand out."""
    import bpe_openai

    try:
        return len(_encoding().encode_ordinary(text))
    except bpe_openai.TokenLimitError as error:
        return int(error.token_count)


def _pieces(text: str) -> Iterator[str]:
    """Parts of a long text that are counted one by one, cut where no token reaches across: between a line's end and a letter or digit.

    o200k_base parts a text there before it looks at bytes. A text without such a place in half a million characters is cut anywhere, and
    counted a token too many for it at most.
    """
    start = 0
    while len(text) - start > PIECE:
        end = text.rfind("\n", start, start + PIECE) + 1
        while end > start and not text[end].isalnum():
            end = text.rfind("\n", start, end - 1) + 1
        end = end if end > start else start + PIECE
        yield text[start:end]
        start = end
    yield text[start:]


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Tokens of each text."""
    return pa.record_batch([pa.array(map(count, documents["text"].to_pylist()), pa.int64())], schema=COLUMNS)
