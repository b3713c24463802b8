"""Sizes and shares of characters: they mean the same in every script."""

import numpy as np
import pyarrow as pa

from curation.kernels.statistics import COLUMN, measure

COLUMNS = pa.schema(
    [
        pa.field("count", pa.int64()),  # code points
        pa.field("lines", pa.int64()),  # with something on them
        pa.field("mean_line", pa.float32()),  # characters per such line
        pa.field("letter_ratio", pa.float32()),
        pa.field("digit_ratio", pa.float32()),
        pa.field("space_ratio", pa.float32()),
        pa.field("punctuation_ratio", pa.float32()),
        pa.field("han_ratio", pa.float32()),  # of letters
        pa.field("replacement_ratio", pa.float32()),  # U+FFFD
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Counts and ratios; a ratio without its denominator is null."""
    stats = measure(documents["text"])
    count, lines = stats[:, COLUMN["characters"]], stats[:, COLUMN["lines"]]

    def ratio(name: str, whole: np.ndarray = count) -> pa.Array:
        values = np.divide(stats[:, COLUMN[name]], whole, out=np.zeros(len(whole)), where=whole > 0)
        return pa.array(values.astype(np.float32), mask=whole == 0)

    letters = stats[:, COLUMN["letters"]]
    return pa.record_batch(
        [
            pa.array(count.astype(np.int64)),
            pa.array(lines.astype(np.int64)),
            ratio("characters", lines),
            ratio("letters"),
            ratio("digits"),
            ratio("spaces"),
            ratio("punctuation"),
            ratio("han", letters),
            ratio("replacement"),
        ],
        schema=COLUMNS,
    )
