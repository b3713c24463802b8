"""Exact token count by a named tokenizer: o200k_base of bpe-openai."""

from functools import cache

import pyarrow as pa

TOKENIZER = "bpe-openai 0.1.4 o200k_base"
COLUMNS = pa.schema([pa.field("count", pa.int64())])


@cache
def _encoding():  # type: ignore[no-untyped-def]
    import bpe_openai

    return bpe_openai.get_encoding("o200k_base")


def count(text: str) -> int:
    """Tokens of one text. The library counts a long one, too, and then refuses to hand its tokens out."""
    import bpe_openai

    try:
        return len(_encoding().encode_ordinary(text))
    except bpe_openai.TokenLimitError as error:
        return int(error.token_count)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Tokens of each text."""
    return pa.record_batch([pa.array(map(count, documents["text"].to_pylist()), pa.int64())], schema=COLUMNS)
