"""Gopher-style statistics for English and Chinese.

Sources: Rae et al. 2021 (Gopher, A1); Penedo et al. 2024 (FineWeb); Chen et al. 2023 (ChineseWebText, 13 characters).
Words are those of the token stream: in Chinese one character each, so Chinese profiles use the columns on characters.
"""

import numpy as np
import pyarrow as pa

from curation.kernels.statistics import COLUMN, measure

COLUMNS = pa.schema(
    [
        pa.field("words", pa.int64()),
        pa.field("mean_word", pa.float32(), metadata={"languages": "en"}),  # characters; a Han character is one word
        pa.field("symbol_ratio", pa.float32()),  # '#' and ellipses to words
        pa.field("bullet_lines", pa.float32()),
        pa.field("ellipsis_lines", pa.float32()),
        pa.field("terminal_lines", pa.float32()),  # ending in . ! ? 。！？ or a closing mark
        pa.field("short_lines", pa.float32()),  # at most 30 characters
        pa.field("alphabetic_words", pa.float32()),
        pa.field("stop_words", pa.int32(), metadata={"languages": "en zh"}),  # distinct, of the language's list
        pa.field("duplicate_lines", pa.float32()),
        pa.field("duplicate_line_characters", pa.float32()),
        pa.field("newline_ratio", pa.float32()),  # newlines to words
        pa.field("top_2_gram", pa.float32()),
        pa.field("top_3_gram", pa.float32()),
        pa.field("top_4_gram", pa.float32()),
        pa.field("duplicate_5_gram", pa.float32()),
        pa.field("duplicate_6_gram", pa.float32()),
        pa.field("duplicate_7_gram", pa.float32()),
        pa.field("duplicate_8_gram", pa.float32()),
        pa.field("duplicate_9_gram", pa.float32()),
        pa.field("duplicate_10_gram", pa.float32()),
        pa.field("repeated_13_characters", pa.float32()),  # share of 13-character runs that occur again
    ]
)

_PER_LINE = {"bullet_lines", "ellipsis_lines", "terminal_lines", "short_lines", "duplicate_lines"}
_PER_WORD = {"alphabetic_words": "alphabetic_words", "newline_ratio": "newlines", "mean_word": "word_characters"}


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Ratios in 0..1 except words, mean_word, stop_words; null where there is no word or no line."""
    stats = measure(documents["text"])

    def column(name: str) -> np.ndarray:
        return stats[:, COLUMN[name]]

    words, lines, characters = column("words"), column("lines"), column("characters")

    def ratio(part: np.ndarray, whole: np.ndarray) -> pa.Array:
        values = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
        return pa.array(values.astype(np.float32), mask=whole == 0)

    english = column("han") * 2 < column("letters")
    no_words = words == 0
    arrays: list[pa.Array] = []
    for field in COLUMNS:
        name = field.name
        if name == "words":
            arrays.append(pa.array(words.astype(np.int64)))
        elif name == "stop_words":
            found = np.where(english, column("stop_words_en"), column("stop_words_zh")).astype(np.int32)
            arrays.append(pa.array(found, mask=no_words))
        elif name == "symbol_ratio":
            arrays.append(ratio(column("hash_marks") + column("ellipses"), words))
        elif name == "mean_word":
            values = np.divide(column("word_characters"), words, out=np.zeros(len(words)), where=~no_words)
            arrays.append(pa.array(values.astype(np.float32), mask=no_words | ~english))
        elif name in _PER_LINE:
            arrays.append(ratio(column(name), lines))
        elif name in _PER_WORD:
            arrays.append(ratio(column(_PER_WORD[name]), words))
        elif name == "duplicate_line_characters":
            arrays.append(ratio(column(name), characters))
        else:
            arrays.append(pa.array(column(name).astype(np.float32), mask=no_words))
    return pa.record_batch(arrays, schema=COLUMNS)
