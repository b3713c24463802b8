"""Language by fastText lid.176: the label, its score, the script, and the shares of other languages inside the text.

Model: Joulin et al. 2016, lid.176.ftz (CC-BY-SA-3.0), over what of a text is prose (`kernels/prose.py`). Letters decide
where the model errs: kana is Japanese, Hangul Korean, Han without kana Chinese, and a text in Latin letters is in no
language of another script. Scores are the model's, or the share of deciding letters where that is higher.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.fasttext_model import language_model
from curation.kernels import buffers, fasttext, prose
from curation.kernels.scripts import CYRILLIC, HAN, HANGUL, KANA, LATIN, SCRIPTS

COLUMNS = pa.schema(
    [
        pa.field("label", pa.string()),  # ISO 639; null only where there is no letter
        pa.field("score", pa.float32()),
        pa.field("script", pa.string()),  # ISO 15924: most letters; Hans or Hant, null where no Han character tells
        pa.field("others", pa.list_(pa.struct([("label", pa.string()), ("share", pa.float32())]))),  # of the prose's bytes
        pa.field("code", pa.string()),  # the label, or und where the score is below what the language needs
    ]
)


def resources() -> list[Path]:
    """The model."""
    return [language_model()]


# Below these scores a label is shown as und, and profiles quarantine. Chosen so that under 2 % of right labels are lost over
# ten varieties of short technical text (2026-11); one value for all, 0.65, loses a quarter of English lines.
SURE = {"en": 0.3, "zh": 0.2, "ja": 0.65, "ko": 0.65, "es": 0.3, "fr": 0.35, "de": 0.5, "ru": 0.6, "pt": 0.38}
SURE_OF_OTHERS = 0.5
BEST = 10
PART = 1000  # bytes of which a language is asked for `others`
OTHERS, OTHERS_AT_LEAST = 3, 0.05
SOME_CJK, MUCH_CJK, SOME_KANA, SOME_CYRILLIC = 0.05, 0.20, 0.05, 0.1  # shares of letters; measured 2026-11
_CHINESE = ("zh", "yue", "wuu")
_CJK = (*_CHINESE, "ja", "ko")
_NOT_LATIN = [
    "am",
    "ar",
    "arz",
    "as",
    "azb",
    "be",
    "bg",
    "bh",
    "bn",
    "bo",
    "bpy",
    "ba",
    "bxr",
    "av",
    "ce",
    "cv",
    "ckb",
    "dty",
    "dv",
    "el",
    "fa",
    "gu",
    "he",
    "hi",
    "hy",
    "ja",
    "ka",
    "kk",
    "km",
    "kn",
    "ko",
    "krc",
    "kv",
    "ky",
    "lez",
    "lo",
    "lrc",
    "mai",
    "mhr",
    "mk",
    "ml",
    "mn",
    "mr",
    "mrj",
    "my",
    "myv",
    "mzn",
    "ne",
    "new",
    "or",
    "os",
    "pa",
    "pnb",
    "ps",
    "ru",
    "rue",
    "sa",
    "sah",
    "sd",
    "si",
    "sr",
    "ta",
    "te",
    "tg",
    "th",
    "tt",
    "tyv",
    "ug",
    "uk",
    "ur",
    "wuu",
    "xal",
    "xmf",
    "yi",
    "yue",
    "zh",
]
_CYRILLIC = [
    "az",
    "ba",
    "be",
    "bg",
    "bxr",
    "ce",
    "cv",
    "av",
    "kk",
    "krc",
    "kv",
    "ky",
    "lez",
    "mhr",
    "mk",
    "mn",
    "mrj",
    "myv",
    "os",
    "ru",
    "rue",
    "sah",
    "sh",
    "sr",
    "tg",
    "tt",
    "tyv",
    "uk",
    "uz",
    "xal",
]


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """One verdict per document over its whole text."""
    model = fasttext.load(language_model())
    chosen = prose.choose(*buffers(documents["text"]))
    found = fasttext.predict_buffers(model, chosen.data, chosen.offsets, BEST, PART)
    choice, scores = _decide(found, chosen.letters)
    names = pa.array(model.labels, pa.string())
    columns = [
        names.take(pa.array(choice, mask=choice < 0)),
        pa.array(scores.astype(np.float32), mask=choice < 0),
        _scripts(chosen.letters),
        _others(choice, found, names),
        _codes(choice, scores, model.labels),
    ]
    return pa.record_batch(columns, schema=COLUMNS)


def _codes(choice: NDArray[np.int64], scores: NDArray[np.float64], labels: list[str]) -> pa.Array:
    needed = np.array([SURE.get(label, SURE_OF_OTHERS) for label in labels], np.float32)
    sure = scores.astype(np.float32) >= needed[choice]
    names = pa.array([*labels, "und"], pa.string())
    return names.take(pa.array(np.where(sure, choice, len(labels)), mask=choice < 0))


@cache
def _allowed(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """A mask over the model's labels; its last entry answers for index -1, no label."""
    return np.array([*(label in names for label in fasttext.load(language_model()).labels), False])


def _decide(found: fasttext.Prediction, letters: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The label of every document, as an index (-1: no letter), and its score."""
    names = fasttext.load(language_model()).labels
    total = letters[:, : len(SCRIPTS)].sum(axis=1)
    han, kana, hangul, cyrillic, latin = (letters[:, k] for k in (HAN, KANA, HANGUL, CYRILLIC, LATIN))
    ideographs = han + kana
    cjk = ideographs + hangul
    top, top_score = found.best[:, 0], found.scores[:, 0].astype(np.float64)
    sure_of_another = ~_allowed(_CJK)[top] & (top_score >= 0.5) & (cjk <= MUCH_CJK * total)
    is_cjk = (cjk > SOME_CJK * total) & (cjk >= cyrillic) & ~sure_of_another
    of_cyrillic = ~is_cjk & (cyrillic > SOME_CYRILLIC * total)
    of_latin = ~is_cjk & ~of_cyrillic & (2 * latin >= total)
    is_latin = ~_allowed(tuple(_NOT_LATIN))
    is_latin[-1] = False
    choice, score = top.astype(np.int64), top_score
    for chosen, mask in ((of_cyrillic, _allowed(tuple(_CYRILLIC))), (of_latin, is_latin)):
        one, its = _best(found, mask)
        use = chosen & (one >= 0)
        choice, score = np.where(use, one, choice), np.where(use, its, score)
    korean, japanese = hangul > ideographs, kana > SOME_KANA * ideographs
    variety = _allowed(("yue", "wuu"))[top] & (top_score >= 0.5)  # they are written in Han characters too
    of_cjk = np.where(japanese, names.index("ja"), np.where(variety, top, names.index("zh")))
    choice = np.where(is_cjk, np.where(korean, names.index("ko"), of_cjk), choice)
    votes = np.where(korean, _sum(found, ("ko",)), _sum(found, (*_CHINESE, "ja")))
    score = np.where(is_cjk, np.maximum(votes, cjk / np.maximum(total, 1)), score)
    return np.where(total > 0, choice, -1), np.minimum(score, 1.0)


def _best(found: fasttext.Prediction, allowed: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The first of the best labels that is allowed (-1: none), and its score."""
    ok = allowed[found.best] & (found.best >= 0)
    first = ok.argmax(axis=1)
    rows = np.arange(len(first))
    none = ~ok.any(axis=1)
    return np.where(none, -1, found.best[rows, first]).astype(np.int64), np.where(none, 0.0, found.scores[rows, first])


def _sum(found: fasttext.Prediction, names: tuple[str, ...]) -> NDArray[np.float64]:
    return np.where(_allowed(names)[found.best], found.scores, 0.0).sum(axis=1)


def _others(choice: NDArray[np.int64], found: fasttext.Prediction, names: pa.Array) -> pa.Array:
    """Labels other than the document's own that have a share of its parts; the Chinese ones count as one language."""
    chinese = _allowed(_CHINESE)
    same = (found.parts == choice[:, None]) | (chinese[found.parts] & chinese[choice][:, None])
    wanted = (found.parts >= 0) & (choice >= 0)[:, None] & (found.shares >= OTHERS_AT_LEAST) & ~same
    wanted &= np.cumsum(wanted, axis=1) <= OTHERS
    offsets = np.concatenate([[0], np.cumsum(wanted.sum(axis=1))]).astype(np.int32)
    kind = COLUMNS.field("others").type
    items = pa.StructArray.from_arrays(
        [names.take(pa.array(found.parts[wanted])), pa.array(found.shares[wanted])], fields=list(kind.value_type)
    )
    return pa.ListArray.from_arrays(pa.array(offsets), items, mask=pa.array(choice < 0))


def _scripts(letters: NDArray[np.int64]) -> pa.Array:
    """The script of most letters; of Han ones, the kind that its telling characters vote for."""
    most = letters[:, : len(SCRIPTS)].argmax(axis=1)
    some = letters[np.arange(len(letters)), most] > 0
    kana = letters[:, KANA]
    japanese = ((most == HAN) | (most == KANA)) & (kana > SOME_KANA * (letters[:, HAN] + kana))
    simplified, traditional = letters[:, prose.SIMPLE], letters[:, prose.TRAD]
    names = [*SCRIPTS, "Jpan", "Kore", "Hans", "Hant"]
    jpan, kore, hans, hant = range(len(SCRIPTS), len(names))
    told = np.where(simplified > traditional, hans, hant)
    choice = np.where(japanese, jpan, np.where(most == HANGUL, kore, np.where(most == HAN, told, most)))
    untold = (most == HAN) & ~japanese & (simplified == traditional)
    return pa.array(names, pa.string()).take(pa.array(choice, mask=~some | untold))
