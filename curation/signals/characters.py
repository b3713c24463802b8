"""Sizes and shares of characters: they mean the same in every script."""

import pyarrow as pa

from curation.kernels.statistics import measure, ratio

COLUMNS = pa.schema(
    [
        pa.field("count", pa.int64()),  # code points
        pa.field("lines", pa.int64()),  # with something on them
        pa.field("mean_line", pa.float32()),  # characters per such line
        pa.field("longest_line", pa.int64()),
        pa.field("letter_ratio", pa.float32()),
        pa.field("upper_ratio", pa.float32()),  # of letters
        pa.field("digit_ratio", pa.float32()),
        pa.field("space_ratio", pa.float32()),
        pa.field("punctuation_ratio", pa.float32()),  # marks and symbols
        pa.field("han_ratio", pa.float32()),  # of letters
        pa.field("replacement_ratio", pa.float32()),  # U+FFFD
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Counts and ratios; a ratio without its denominator is null."""
    measured = measure(documents["text"])
    return pa.record_batch(
        [
            measured.integers("characters"),
            measured.integers("lines"),
            ratio(measured.value("line_characters"), measured.value("lines")),
            measured.integers("longest_line"),
            measured.ratio("letters", "characters"),
            measured.ratio("upper", "letters"),
            measured.ratio("digits", "characters"),
            measured.ratio("spaces", "characters"),
            measured.ratio("punctuation", "characters"),
            measured.ratio("han", "letters"),
            measured.ratio("replacement", "characters"),
        ],
        schema=COLUMNS,
    )
