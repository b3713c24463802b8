"""Language by fastText lid.176: the label, its score, the script, and the shares of other languages inside the text.

Model: Joulin et al. 2016, lid.176.ftz (CC-BY-SA-3.0), over what of a text is prose (`kernels/prose.py`). Letters decide
where the model errs: kana is Japanese, Hangul Korean, Han without kana Chinese, and a text in Latin letters is in no
language of another script. Scores are the model's, or the share of deciding letters where that is higher.
"""

from functools import cache

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
    ]
)
RESOURCES = [language_model]

BEST = 10
PART = 500  # bytes of which a language is asked for `others`
OTHERS, OTHERS_AT_LEAST = 3, 0.05
SOME_CJK, MUCH_CJK, SOME_KANA, SOME_CYRILLIC = 0.05, 0.20, 0.05, 0.1  # shares of letters; measured 2026-11
_CHINESE = ("zh", "yue", "wuu")
_CJK = (*_CHINESE, "ja", "ko")
_NOT_LATIN = (
    "am ar arz as azb be bg bh bn bo bpy ba bxr av ce cv ckb dty dv el fa gu he hi hy ja ka kk km kn ko krc kv ky lez lo lrc mai "
    "mhr mk ml mn mr mrj my myv mzn ne new or os pa pnb ps ru rue sa sah sd si sr ta te tg th tt tyv ug uk ur wuu xal xmf yi yue zh"
).split()
_CYRILLIC = (
    "az ba be bg bxr ce cv av kk krc kv ky lez mhr mk mn mrj myv os ru rue sah sh sr tg tt tyv uk uz xal".split()
)


def annotate(documents: pa.RecordBatch) -> pa.RecordBatch:
    """One verdict per document over its whole text."""
    model = fasttext.load(language_model())
    chosen = prose.choose(*buffers(documents["text"]))
    found = fasttext.predict_buffers(model, chosen.data, chosen.offsets, BEST, PART)
    labels, scores = _decide(found, chosen.letters)
    none = np.array([label is None for label in labels], bool)
    others = [
        None if label is None else _others(label, parts, shares)
        for label, parts, shares in zip(labels, found.parts, found.shares, strict=True)
    ]
    columns = [
        pa.array(labels, pa.string()),
        pa.array(scores.astype(np.float32), mask=none),
        pa.array(_scripts(chosen.letters), pa.string()),
        pa.array(others, COLUMNS.field("others").type),
    ]
    return pa.record_batch(columns, schema=COLUMNS)


@cache
def _allowed(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """A mask over the model's labels; its last entry answers for index -1, no label."""
    return np.array([*(label in names for label in fasttext.load(language_model()).labels), False])


def _decide(found: fasttext.Prediction, letters: NDArray[np.int64]) -> tuple[list[str | None], NDArray[np.float64]]:
    names = [*fasttext.load(language_model()).labels, None]
    total = letters[:, : len(SCRIPTS)].sum(axis=1)
    han, kana, hangul, cyrillic, latin = (letters[:, k] for k in (HAN, KANA, HANGUL, CYRILLIC, LATIN))
    ideographs = han + kana
    cjk = ideographs + hangul
    top, top_score = found.best[:, 0], found.scores[:, 0].astype(np.float64)
    sure_of_another = ~_allowed(_CJK)[top] & (top_score >= 0.5) & (cjk <= MUCH_CJK * total)
    is_cjk = (cjk > SOME_CJK * total) & (cjk >= cyrillic) & ~sure_of_another
    of_cyrillic = ~is_cjk & (cyrillic > SOME_CYRILLIC * total)
    of_latin = ~is_cjk & ~of_cyrillic & (2 * latin >= total)
    not_latin = _allowed(tuple(_NOT_LATIN))
    is_latin = ~not_latin
    is_latin[-1] = False
    choice, score = _best(found, np.ones(len(names), bool))
    for chosen, mask in ((of_cyrillic, _allowed(tuple(_CYRILLIC))), (of_latin, is_latin)):
        one, its = _best(found, mask)
        use = chosen & (one >= 0)
        choice, score = np.where(use, one, choice), np.where(use, its, score)
    share = cjk / np.maximum(total, 1)
    group = np.minimum(_sum(found, ("zh", "ja", "yue", "wuu")), 1.0)
    korean, japanese = hangul > ideographs, kana > SOME_KANA * ideographs
    variety = _allowed(("yue", "wuu"))[top] & (top_score >= 0.5)
    labels: list[str | None] = []
    for row in range(len(total)):
        if total[row] == 0:
            labels.append(None)
        elif not is_cjk[row]:
            labels.append(names[choice[row]])
        elif korean[row]:
            labels.append("ko")
            score[row] = max(_sum_row(found, row, "ko"), share[row])
        else:
            labels.append("ja" if japanese[row] else names[top[row]] if variety[row] else "zh")
            score[row] = max(group[row], share[row])
    return labels, np.minimum(score, 1.0)


def _best(found: fasttext.Prediction, allowed: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The first of the best labels that is allowed (-1: none), and its score."""
    ok = allowed[found.best] & (found.best >= 0)
    first = ok.argmax(axis=1)
    rows = np.arange(len(first))
    none = ~ok.any(axis=1)
    return np.where(none, -1, found.best[rows, first]).astype(np.int64), np.where(none, 0.0, found.scores[rows, first])


def _sum(found: fasttext.Prediction, names: tuple[str, ...]) -> NDArray[np.float64]:
    return np.where(_allowed(names)[found.best], found.scores, 0.0).sum(axis=1)


def _sum_row(found: fasttext.Prediction, row: int, name: str) -> float:
    return float(np.where(_allowed((name,))[found.best[row]], found.scores[row], 0.0).sum())


def _others(label: str, parts: NDArray[np.int32], shares: NDArray[np.float32]) -> list[dict[str, object]]:
    names = fasttext.load(language_model()).labels
    same = _CHINESE if label in _CHINESE else (label,)
    rows = [(names[part], share) for part, share in zip(parts, shares, strict=True) if part >= 0 and names[part] not in same]
    return [{"label": name, "share": float(share)} for name, share in rows if share >= OTHERS_AT_LEAST][:OTHERS]


def _scripts(letters: NDArray[np.int64]) -> list[str | None]:
    """The script of most letters; of Han ones, the kind that its telling characters vote for."""
    out: list[str | None] = []
    for row, most in zip(letters, letters[:, : len(SCRIPTS)].argmax(axis=1), strict=True):
        simplified, traditional = row[prose.SIMPLE], row[prose.TRAD]
        if row[most] == 0:
            out.append(None)
        elif most in (HAN, KANA) and row[KANA] > SOME_KANA * (row[HAN] + row[KANA]):
            out.append("Jpan")
        elif most == HAN:
            out.append("Hans" if simplified > traditional else "Hant" if traditional > simplified else None)
        else:
            out.append("Kore" if most == HANGUL else SCRIPTS[most])
    return out
