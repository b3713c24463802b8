"""daft: MinHash signatures by its native expressions, 128 permutations of word 5-grams."""

import os

from benchmarks.peers.measuring import WARM, Measurement


def main() -> None:
    """Signatures of every text, collected in memory."""
    measurement = Measurement()
    import daft
    from daft.functions import minhash, normalize

    def signed(texts: daft.DataFrame) -> daft.DataFrame:
        # xxhash3_64 is the fastest of its hash functions; decomposing Unicode is left out, which is faster too. Marks are
        # removed, since the other tools' words have none either
        plain = normalize(daft.col("text"), remove_punct=True, lowercase=True, white_space=True)
        return texts.select(minhash(plain, num_hashes=128, ngram_size=5, hash_function="xxhash3_64"))

    signed(daft.from_pydict({"text": [WARM]})).collect()
    measurement.ready()
    # batches, so that more cores than one have something to do
    loaded = daft.from_arrow(measurement.table().select(["text"])).into_batches(2048).collect()
    with measurement.timed():
        signed(loaded).collect()
    measurement.tell("daft")
    os._exit(0)  # its threads now and then abort Python's own way out (0.7.26), when all is measured and told


if __name__ == "__main__":
    main()
