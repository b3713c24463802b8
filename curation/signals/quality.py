"""Quality statistics for every language, where published ones are mended.

A top n-gram must occur twice (Gopher's counts single occurrences, which fails every short text); any bullet mark counts;
a closing quote or bracket after a full stop ends a sentence; lines are compared without blanks at their ends. Words are
those of `kernels/words.py`: in Chinese one character each, so Chinese profiles use the columns on characters.
Rae et al. 2021 (Gopher); Penedo et al. 2024 (FineWeb); Chen et al. 2023 (ChineseWebText, 13 characters).
"""

import numpy as np
import pyarrow as pa

from curation.kernels.statistics import measure, ratio
from curation.kernels.stopwords import COLUMN as LISTS

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
        pa.field(
            "function_words", pa.float32(), metadata={"languages": "en zh"}
        ),  # share of words with a letter: the, of; 的, 了
        pa.field("longest_run", pa.int64()),  # words between two sentence ends, colons or semicolons
        pa.field("unmarked_words", pa.float32()),  # share of words in such runs of more than 112: lists, keywords
        pa.field("duplicate_lines", pa.float32()),
        pa.field("duplicate_line_characters", pa.float32()),
        pa.field("newline_ratio", pa.float32()),  # newlines to words
        *(pa.field(f"top_{n}_gram", pa.float32()) for n in (2, 3, 4)),
        *(pa.field(f"duplicate_{n}_gram", pa.float32()) for n in (5, 6, 7, 8, 9, 10)),
        pa.field("repeated_13_characters", pa.float32()),  # share of 13-character runs that occur again
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Ratios in 0..1 except words, mean_word, stop_words; null where there is no word or no line."""
    measured = measure(documents["text"])
    words = measured.value("words")
    english = measured.value("han") * 2 < measured.value("letters")
    stop_words = np.where(english, measured.stop_words[:, LISTS["gopher"]], measured.stop_words[:, LISTS["zh"]])
    function_words = np.where(english, measured.value("function_words_en"), measured.value("function_words_zh"))
    plain = np.where(english, measured.value("plain_words"), 0)
    return pa.record_batch(
        [
            measured.integers("words"),
            ratio(measured.value("plain_characters"), plain),
            ratio(measured.value("hash_marks") + measured.value("ellipses"), words),
            measured.ratio("any_bullet_lines", "lines"),
            measured.ratio("any_ellipsis_lines", "lines"),
            measured.ratio("closed_lines", "lines"),
            measured.ratio("short_lines", "lines"),
            measured.ratio("alphabetic_words", "words"),
            pa.array(stop_words.astype(np.int32), mask=words == 0),
            ratio(function_words, np.where(english, measured.value("alphabetic_words"), measured.value("han"))),
            measured.integers("longest_run"),
            measured.ratio("unmarked_words", "alphabetic_words"),
            measured.ratio("duplicate_lines", "lines"),
            measured.ratio("duplicate_line_characters", "characters"),
            measured.ratio("newlines", "words"),
            *(measured.ratio(f"repeated_{n}_gram", "characters") for n in (2, 3, 4)),
            *(measured.ratio(f"duplicate_{n}_gram", "characters") for n in (5, 6, 7, 8, 9, 10)),
            pa.array(measured.value("repeated_13_characters").astype(np.float32), mask=words == 0),
        ],
        schema=COLUMNS,
    )
