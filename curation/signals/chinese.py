"""What Chinese text needs and English rules do not see. Null where there is no Han character.

MAP-NEO Matrix (Zhang et al. 2024): entropy, distinct characters, brackets, folded lines; its share of distinct
characters falls with length, so ordinary long statutes fail it: here it is the lowest of windows of 2,000 characters.
"""

import numpy as np
import pyarrow as pa

from curation.kernels.statistics import measure
from curation.kernels.stopwords import COLUMN as LISTS

_ZH = {"languages": "zh"}
COLUMNS = pa.schema(
    [
        pa.field("entropy", pa.float32(), metadata=_ZH),  # of characters, in nats; prose has 4.6 to 5.3
        pa.field("distinct_characters", pa.float32(), metadata=_ZH),  # lowest share in a window of 2,000
        pa.field("bracketed_ratio", pa.float32(), metadata=_ZH),  # characters inside 【】
        pa.field("folded_lines", pa.float32(), metadata=_ZH),  # lines that end in 展开, 更多, readmore or 。。。
        pa.field("function_words", pa.float32(), metadata=_ZH),  # share of Han characters: 的, 了
        pa.field("stop_words", pa.int32(), metadata=_ZH),  # distinct function characters, of either script
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Statistics of the characters that are not white space."""
    measured = measure(documents["text"])
    other = measured.value("han") == 0

    def column(values: np.ndarray, kind: type = np.float32) -> pa.Array:
        return pa.array(values.astype(kind), mask=other)

    solid = np.maximum(measured.value("characters") - measured.value("spaces"), 1)
    return pa.record_batch(
        [
            column(measured.value("entropy")),
            column(measured.value("distinct_window")),
            column(measured.value("bracketed") / solid),
            column(measured.value("folded_lines") / np.maximum(measured.value("said_lines"), 1)),
            column(measured.value("function_words_zh") / np.maximum(measured.value("han"), 1)),
            column(measured.stop_words[:, LISTS["zh"]], np.int32),
        ],
        schema=COLUMNS,
    )
