"""C4's line and document rules: which lines go, as spans for an edit, and what is left, as statistics.

Raffel et al. 2020, as datatrove 0.10 applies them; mC4's long lines (Xue et al. 2021). Lines go that have a word above
1,000 characters, fewer than three words, no . ? ! " ' at their end, or that speak of JavaScript, cookies or terms of
use; citation marks ([12], [edit]) go from the others. The list of bad words is not shipped: its copies lack a clear
license.
"""

import pyarrow as pa

from curation.document import SPAN
from curation.kernels.lines import FEW_WORDS, JAVASCRIPT, LONG_WORD, NOT_TERMINAL, POLICY
from curation.kernels.statistics import measure

COLUMNS = pa.schema(
    [
        pa.field("sentences", pa.int64(), metadata={"languages": "en"}),  # in the lines that stay
        pa.field("kept_lines", pa.float32(), metadata={"languages": "en"}),
        pa.field("lorem_ipsum", pa.int32()),  # 1 where a line that would stay has it
        pa.field("curly_bracket", pa.int32()),
        pa.field("long_lines", pa.int64()),  # of 200 characters and more
        pa.field("spans", pa.list_(SPAN)),  # lines and marks that go, line ends included
    ]
)
REASONS = {
    LONG_WORD: "long_word",
    NOT_TERMINAL: "no_end_mark",
    FEW_WORDS: "few_words",
    JAVASCRIPT: "javascript",
    POLICY: "policy",
    0: "citation",
}


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Counts and spans."""
    measured = measure(documents["text"])
    return pa.record_batch(
        [
            measured.integers("c4_sentences"),
            measured.ratio("c4_kept", "any_lines"),
            measured.integers("c4_lorem_ipsum").cast(pa.int32()),
            measured.integers("c4_curly_bracket").cast(pa.int32()),
            measured.integers("long_lines"),
            measured.spans_of("c4", REASONS),
        ],
        schema=COLUMNS,
    )
