"""Language by fastText lid.176: the top label, its score, the script, and other languages with a share of the vote.

Model: Joulin et al. 2016, lid.176.ftz (CC-BY-SA-3.0), through the `fasttext` library's batch call.
"""

import unicodedata
from collections import Counter

import pyarrow as pa

from curation.fasttext_model import chinese_model, language_model, predict

COLUMNS = pa.schema(
    [
        pa.field("label", pa.string()),  # ISO 639; null only where there is no letter
        pa.field("score", pa.float32()),
        pa.field("script", pa.string()),  # ISO 15924
        pa.field("others", pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())]))),
    ]
)
RESOURCES = [language_model, chinese_model]

OTHERS = 3
OTHERS_AT_LEAST = 0.05
SAMPLE = 2000  # characters looked at for the script
_SCRIPTS = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "ARABIC": "Arab",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "THAI": "Thai",
    "HANGUL": "Kore",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "CJK": "Hani",
    "BENGALI": "Beng",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "TIBETAN": "Tibt",
    "ETHIOPIC": "Ethi",
    "KHMER": "Khmr",
    "LAO": "Laoo",
    "MYANMAR": "Mymr",
    "MONGOLIAN": "Mong",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "ORIYA": "Orya",
    "SYRIAC": "Syrc",
    "THAANA": "Thaa",
}


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """One verdict per document over its whole text."""
    texts = documents["text"].to_pylist()
    scripts = [_script(text) for text in texts]
    votes = predict(language_model(), texts, k=1 + OTHERS)
    chinese = [i for i, vote in enumerate(votes) if vote and vote[0][0] == "zh" and scripts[i] == "Hani"]
    variants = predict(chinese_model(), [texts[i] for i in chinese])
    for i, variant in zip(chinese, variants, strict=True):
        scripts[i] = {"zh-hans": "Hans", "zh-hant": "Hant"}.get(variant[0][0] if variant else "", "Hani")
    labels: list[str | None] = []
    scores: list[float | None] = []
    others: list[list[dict[str, object]] | None] = []
    for script, vote in zip(scripts, votes, strict=True):
        if script is None or not vote:
            labels.append(None)
            scores.append(None)
            others.append(None)
            continue
        labels.append(vote[0][0])
        scores.append(vote[0][1])
        others.append([{"label": name, "score": score} for name, score in vote[1:] if score >= OTHERS_AT_LEAST])
    return pa.record_batch(
        [pa.array(values, field.type) for values, field in zip((labels, scores, scripts, others), COLUMNS, strict=True)],
        schema=COLUMNS,
    )


def _script(text: str) -> str | None:
    """The script most letters of the beginning are in; null where there is no letter at all."""
    letters = [c for c in text[:SAMPLE] if c.isalpha()] or [c for c in text if c.isalpha()][:SAMPLE]
    if not letters:
        return None
    counted = Counter(_script_of(c) for c in letters)
    if counted["Jpan"] and counted["Hani"]:
        counted["Jpan"] += counted.pop("Hani")
    return max(counted, key=lambda script: (counted[script], script))


def _script_of(character: str) -> str:
    if "\u4e00" <= character <= "\u9fff":
        return "Hani"
    if character.isascii():
        return "Latn"
    return _SCRIPTS.get(unicodedata.name(character, "").split(" ")[0], "Zyyy")
