"""datasketch and rensa: MinHash signatures, 128 permutations of word 5-grams that a Python regular expression finds."""

import re
from collections.abc import Callable
from typing import Any, AnyStr

from benchmarks.peers.measuring import WARM, Measurement

PERMUTATIONS = 128
_WORD = re.compile(r"\w+")


def shingles(text: str) -> list[str]:
    """Word 5-grams; a shorter text is one shingle."""
    return _runs(_WORD.findall(text.lower()), " ")


def encoded_shingles(text: str) -> list[bytes]:
    """The same in UTF-8, encoded once and not shingle by shingle."""
    return _runs(" ".join(_WORD.findall(text.lower())).encode().split(b" "), b" ")


def _runs(words: list[AnyStr], space: AnyStr) -> list[AnyStr]:
    if len(words) < 5:
        return [space.join(words)]
    return list(map(space.join, zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)))


def datasketch_batch() -> Callable[[str], object]:
    """affine32, xxh32 in place of SHA-1, update_batch, permutations shared: its fastest (its bulk call is no faster)."""
    import xxhash
    from datasketch import MinHash

    hashed: dict[str, Any] = {"num_perm": PERMUTATIONS, "scheme": "affine32", "hashfunc": xxhash.xxh32_intdigest}
    permutations = MinHash(**hashed).permutations

    def sign(text: str) -> object:
        signature = MinHash(permutations=permutations, **hashed)
        signature.update_batch(encoded_shingles(text))
        return signature.hashvalues

    return sign


def rensa_update() -> Callable[[str], object]:
    """R-MinHash over all shingles. Its batch calls are no faster: the tokens are what costs."""
    from rensa import RMinHash

    def sign(text: str) -> object:
        signature = RMinHash(PERMUTATIONS, 42)
        signature.update(shingles(text))
        return signature.digest()

    return sign


def main() -> None:
    """Signatures of every text, by the tool that `--stage minhash:<tool>` names."""
    measurement = Measurement()
    measurement.stage, tool = measurement.stage.split(":")
    sign = {"datasketch": datasketch_batch, "rensa": rensa_update}[tool]()
    sign(WARM)
    measurement.ready()
    texts = measurement.texts()
    with measurement.timed():
        for text in texts:
            sign(text)
    measurement.tell(tool)


if __name__ == "__main__":
    main()
