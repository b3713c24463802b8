"""FineWeb-2's statistics: FineWeb's on the whole text, and the stop words of thirteen languages (its Tibetan list has words of another segmenter).

Penedo et al. 2025 (arXiv 2506.20920). Its thresholds were tuned over each language's own word segmenter; here a Han,
kana or hangul character is one word, so n-gram thresholds are looser than published for Chinese, Japanese and Korean.
"""

import pyarrow as pa

from curation.kernels.statistics import measure, ratio
from curation.kernels.stopwords import COLUMN as LISTS

_LANGUAGES = {
    **{"cmn": "zh", "yue": "yue zh", "wuu": "wuu zh", "lzh": "zh", "jpn": "ja", "kor": "ko", "uig": "ug"},
    **{"fra": "fr", "deu": "de", "spa": "es", "rus": "ru", "arb": "ar", "vie": "vi"},
}
COLUMNS = pa.schema(
    [
        pa.field("terminal_lines", pa.float32()),  # of lines with something on them
        pa.field("short_lines", pa.float32()),  # of at most 30 characters
        pa.field("duplicate_line_characters", pa.float32()),  # of the characters that are no newline
        pa.field("newline_ratio", pa.float32()),  # newlines to words
        *(pa.field(f"stop_words_{n}", pa.int32(), metadata={"languages": names}) for n, names in _LANGUAGES.items()),
    ]
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Ratios, null where their denominator is zero, and counts of distinct stop words."""
    measured = measure(documents["text"])
    without = measured.value("characters") - measured.value("newlines")
    return pa.record_batch(
        [
            measured.ratio("terminal_lines", "full_lines"),
            measured.ratio("short_lines", "full_lines"),
            ratio(measured.value("duplicate_full_line_characters"), without),
            measured.ratio("newlines", "words"),
            *(pa.array(measured.stop_words[:, LISTS[name]]) for name in _LANGUAGES),
        ],
        schema=COLUMNS,
    )
