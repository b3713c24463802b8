"""Lists of stop words: Gopher's eight, FineWeb-2's of thirteen languages, and function words of English and of Chinese.

Gopher: Rae et al. 2021, A1. FineWeb-2: Penedo et al. 2025, configs/<language>_<script>.yml. Words that are several of
our tokens (香港, 에서) or none (Tibetan, written without spaces) cannot be met and are left out.
"""

import numpy as np
from numpy.typing import NDArray

LISTS: dict[str, str] = {
    "gopher": "the be to of and that have with",
    "en": "the of and to in a is that for it as was with be by on not are this have from or had an which one you we will can if its has "
    "when all no these such there their they been at but do may into than then what who how where your our also only",
    "zh": "的 了 和 是 在 有 不 为 為 与 與 及 对 對 中 以 其 或 者 之 由 于 於 也 可",
    "cmn": "的 年 在 月 是 和 日 了 於 · 為 有 被 人 中 为 他 與 後 也 而 由",
    "yue": "嘅 係 年 喺 有 佢 月 個 咗 一 同 呢 人 唔 都 到 號 國 啲 後 就 會 市 鎮 而 嚟 由 嗰 做 為",
    "wuu": "个 年 是 搭 月 号 拉 ·",
    "lzh": "之 年 以 為 其 也 國 不 人 於 大 者 有 一 而 曰 王 中 子 日 月 軍 三 帝 所 至 事 學 自 二 與 時 州",
    "jpn": "の に を は た て が と で 年 し ・ 月 れ さ",
    "kor": "의 다 이 는 에 을 한 년 하 은 를 했 고 가 있 인 월 로 되",
    "uig": "، ۋە بىر بىلەن بۇ بولۇپ بولغان ياكى ئۇيغۇر ئۇ دەپ ئۈچۈن بولدى ئۇنىڭ قىلىپ بار",
    "fra": "de la le et à en l' des du les est d' un une il dans par au",
    "deu": "der und die in von im den des mit das er dem als wurde für",
    "spa": "de la en el y a que del los se por un con una las su",
    "rus": "в и на с года по году из был к не от что за для его как а он также до после",
    "arb": "، في من على إلى عام أن مع أو هو عن التي كان بين ما كانت هي المتحدة بعد",
    "vie": "là và của một được trong năm các có loài này đã người",
}
COLUMN = {name: index for index, name in enumerate(LISTS)}


def lists() -> tuple[list[str], NDArray[np.uint64]]:
    """Every word once, and for each list (columns) the bit of that word."""
    words = sorted({word for text in LISTS.values() for word in text.split()})
    place = {word: row for row, word in enumerate(words)}
    bits = np.zeros((len(words), len(LISTS)), np.uint64)
    for column, text in enumerate(LISTS.values()):
        for bit, word in enumerate(text.split()):
            bits[place[word], column] = np.uint64(1) << np.uint64(bit)
    return words, bits
