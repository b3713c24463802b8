"""Lines that say nothing: DCLM's line cleaning, as shares, as spans for an edit, and the words that would go.

Li et al. 2024 (DCLM), after RefinedWeb (Penedo et al. 2023): more than half capitals, digits only, a counter (3 likes),
one word, or a phrase of a page's frame in at most ten words. A Chinese line is not judged by its white-space words.
"""

import pyarrow as pa

from curation.document import SPAN
from curation.kernels.lines import BOILERPLATE, CAPITALS, COUNTER, DIGITS, ONE_WORD
from curation.kernels.statistics import measure, ratio

COLUMNS = pa.schema(
    [
        pa.field("capitals", pa.float32()),  # shares of lines with something on them
        pa.field("digits", pa.float32()),
        pa.field("counters", pa.float32()),
        pa.field("one_word", pa.float32()),
        pa.field("boilerplate", pa.float32()),
        pa.field("removed_words", pa.float32()),  # share of white-space words in such lines; DCLM drops above 0.05
        pa.field("spans", pa.list_(SPAN)),
    ]
)
REASONS = {CAPITALS: "capitals", DIGITS: "digits", COUNTER: "counter", ONE_WORD: "one_word", BOILERPLATE: "boilerplate"}
_NAMES = ("capital_lines", "digit_lines", "counter_lines", "one_word_lines", "boilerplate_lines")


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Shares, null where no line has anything on it, and spans."""
    measured = measure(documents["text"])
    return pa.record_batch(
        [
            *(measured.ratio(name, "said_lines") for name in _NAMES),
            ratio(measured.value("cleaned_words"), measured.value("blank_words")),
            measured.spans_of("dclm", REASONS),
        ],
        schema=COLUMNS,
    )
