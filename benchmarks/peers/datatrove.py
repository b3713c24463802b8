"""datatrove: its four quality filters one by one, and its whole chain with LocalPipelineExecutor.

`chain` notes the verdict of each filter and keeps every document; `chain_exits` drops at the first filter that says no,
as its examples do. Tokens are spaCy's blank English, its default; the language model is the one everybody gets.
"""

from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.peers.measuring import WARM, Measurement


def main() -> None:
    """The stage that is asked for."""
    measurement = Measurement()
    from datatrove.data import Document
    from loguru import logger

    logger.remove()
    for one in filters():
        one.filter(Document(text=WARM, id="warm"))
    model(measurement.model).predict("warm up")
    measurement.ready()
    if measurement.stage == "quality":
        quality(measurement)
    else:
        chain(measurement)


def filters() -> list[Any]:
    """Gopher quality, Gopher repetition, C4 and FineWeb with their default thresholds."""
    from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

    return [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(), FineWebQualityFilter()]


@cache
def model(path: Path) -> Any:
    """fastText's model, once a process (workers are forked and inherit it)."""
    from fasttext.FastText import _FastText

    return _FastText(str(path))


def quality(measurement: Measurement) -> None:
    """Each filter on every document. C4 cuts the text, so each filter gets documents of its own."""
    from datatrove.data import Document

    texts = measurement.texts()
    each = {}
    for one in filters():
        documents = [Document(text=text, id="") for text in texts]
        before = measurement.seconds
        with measurement.timed():
            for document in documents:
                try:
                    one.filter(document)
                except ZeroDivisionError:  # a text without words, where its filters divide by their number
                    continue
        each[type(one).__name__] = round(measurement.seconds - before, 2)
    measurement.tell("datatrove", seconds=each)


def chain(measurement: Measurement) -> None:
    """JSONL, language, filters, MinHash in four stages, e-mail and IP, Parquet."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter, ParquetWriter

    cores, folder = measurement.cores, measurement.scratch
    config = MinhashConfig()
    between, signatures, buckets, removed = (str(folder / name) for name in ("between", "signatures", "buckets", "removed"))
    stages = [
        (cores, [JsonlReader(str(measurement.files[0].parent)), *judging(measurement)]),
        (config.num_buckets, [MinhashDedupBuckets(signatures, buckets, config=config)]),
        (1, [MinhashDedupCluster(buckets, removed, config=config)]),
        (
            cores,
            [JsonlReader(between), MinhashDedupFilter(removed), PIIFormatter(), ParquetWriter(str(folder / "out"))],
        ),
    ]
    # uncompressed, and in the same pass as the signatures: one read less than in its examples
    stages[0][1].extend([JsonlWriter(between, compression=None), MinhashDedupSignature(signatures, config=config)])
    each = []
    for number, (tasks, steps) in enumerate(stages):
        before = measurement.seconds
        with measurement.timed():
            LocalPipelineExecutor(
                steps, tasks=tasks, workers=cores, start_method="fork", logging_dir=str(folder / f"log{number}")
            ).run()
        each.append(round(measurement.seconds - before, 2))
    measurement.tell("datatrove", seconds=each, kept=kept(folder / "out"))


def judging(measurement: Measurement) -> list[Any]:
    """The language filter and the four filters, as the stage wants them."""
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.filters import LanguageFilter
    from datatrove.pipeline.filters.base_filter import get_filter_result
    from datatrove.utils.lid import FT176LID

    path = measurement.model

    class LocalModel(FT176LID):
        """Its own language model class, from a file that is here already."""

        @property
        def model(self) -> Any:
            return model(path)

    class Noting(PipelineStep):
        """Every filter on every document; verdicts go to the metadata and nothing is dropped."""

        type = "NOTE"
        name = "verdicts"

        def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Any:
            ours = filters()
            for document in data:
                text = document.text
                for one in ours:
                    try:
                        verdict, _ = get_filter_result(one.filter(document))
                    except ZeroDivisionError:
                        verdict = False
                    document.metadata[type(one).__name__] = bool(verdict)
                    document.text = text
                yield document

    exits = measurement.stage == "chain_exits"
    languages = ["en", "zh"] if exits else None
    language = LanguageFilter(languages, label_only=not exits)
    language.model = LocalModel(languages)
    return [language, *(filters() if exits else [Noting()])]


def kept(folder: Path) -> int:
    """Rows written."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in folder.glob("*.parquet"))


if __name__ == "__main__":
    main()
