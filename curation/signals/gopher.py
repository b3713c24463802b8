"""Gopher's quality and repetition statistics as published, to be held against the published thresholds.

Rae et al. 2021 (table A1), as datatrove 0.10 computes them over spaCy's English words; here one Han, kana or hangul
character is one word. Known warts are kept: a top n-gram counts even where it occurs once, so short texts fail, and
only • and - are bullets. The signal `quality` mends them.
"""

import pyarrow as pa

from curation.kernels.statistics import measure
from curation.kernels.stopwords import COLUMN as LISTS

COLUMNS = pa.schema(
    [
        pa.field("words", pa.int64()),  # that are not symbols only
        pa.field("mean_word", pa.float32()),  # characters of such words
        pa.field("hash_ratio", pa.float32()),  # '#' to words
        pa.field("ellipsis_ratio", pa.float32()),  # '...' and '…' to words
        pa.field("bullet_lines", pa.float32()),  # starting with • or -, of all lines, blank ones too
        pa.field("ellipsis_lines", pa.float32()),
        pa.field("alphabetic_words", pa.float32()),
        pa.field("stop_words", pa.int32(), metadata={"languages": "en"}),  # distinct, of eight
        pa.field("duplicate_paragraphs", pa.float32()),
        pa.field("duplicate_paragraph_characters", pa.float32()),  # of all characters
        pa.field("duplicate_lines", pa.float32()),
        pa.field("duplicate_line_characters", pa.float32()),
        *(pa.field(f"top_{n}_gram", pa.float32()) for n in (2, 3, 4)),  # characters of the most frequent, of all
        *(pa.field(f"duplicate_{n}_gram", pa.float32()) for n in (5, 6, 7, 8, 9, 10)),
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Ratios; null where their denominator is zero (datatrove fails there)."""
    measured = measure(documents["text"])
    ratio = measured.ratio
    return pa.record_batch(
        [
            measured.integers("plain_words"),
            ratio("plain_characters", "plain_words"),
            ratio("hash_marks", "words"),
            ratio("ellipses", "words"),
            ratio("bullet_lines", "any_lines"),
            ratio("ellipsis_lines", "any_lines"),
            ratio("alphabetic_words", "words"),
            pa.array(measured.stop_words[:, LISTS["gopher"]]),
            ratio("duplicate_paragraphs", "paragraphs"),
            ratio("duplicate_paragraph_characters", "characters"),
            ratio("duplicate_split_lines", "split_lines"),
            ratio("duplicate_split_line_characters", "characters"),
            *(ratio(f"top_{n}_gram", "characters") for n in (2, 3, 4)),
            *(ratio(f"duplicate_{n}_gram", "characters") for n in (5, 6, 7, 8, 9, 10)),
        ],
        schema=COLUMNS,
    )
