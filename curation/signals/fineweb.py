"""FineWeb's statistics of the text that its own use of C4 leaves: C4 without the rule on the mark at a line's end.

Penedo et al. 2024, in the published order (Gopher, then C4, then these), as datatrove 0.10 computes them.
"""

import numpy as np
import pyarrow as pa

from curation.document import SPAN
from curation.kernels.statistics import measure, ratio
from curation.signals.c4 import REASONS

COLUMNS = pa.schema(
    [
        pa.field("sentences", pa.int64(), metadata={"languages": "en"}),  # in the lines that stay
        pa.field("lorem_ipsum", pa.int32()),
        pa.field("curly_bracket", pa.int32()),
        pa.field("terminal_lines", pa.float32(), metadata={"languages": "en"}),  # of the lines that stay
        pa.field("short_lines", pa.float32(), metadata={"languages": "en"}),  # of at most 30 characters
        pa.field("duplicate_line_characters", pa.float32(), metadata={"languages": "en"}),
        pa.field("newline_ratio", pa.float32(), metadata={"languages": "en"}),  # newlines to words
        pa.field("spans", pa.list_(SPAN)),  # lines and marks that go
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Counts, ratios and spans; a ratio is null where no line stays."""
    measured = measure(documents["text"])
    newlines = np.maximum(measured.value("fineweb_kept") - 1, 0)
    return pa.record_batch(
        [
            measured.integers("fineweb_sentences"),
            measured.integers("fineweb_lorem_ipsum").cast(pa.int32()),
            measured.integers("fineweb_curly_bracket").cast(pa.int32()),
            measured.ratio("fineweb_terminal_lines", "fineweb_lines"),
            measured.ratio("fineweb_short_lines", "fineweb_lines"),
            measured.ratio("fineweb_duplicate_characters", "fineweb_characters"),
            ratio(newlines, measured.value("fineweb_words")),
            measured.spans_of("fineweb", REASONS),
        ],
        schema=COLUMNS,
    )
