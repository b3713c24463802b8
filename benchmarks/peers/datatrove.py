"""datatrove: its four quality filters one by one, and its whole chain with LocalPipelineExecutor.

`quality` and `chain` set thresholds that nothing fails, since a filter stops at its first failure: so every statistic is
computed for every document, as ours are. `quality_exits` and `chain_exits` have the default thresholds, and the chain
drops at the first filter that says no, as its examples do. Tokens are spaCy's blank English, its default; the language model is the one everybody gets.
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
    if not measurement.stage.startswith("twins"):
        for one in filters(measurement.stage):
            one.filter(Document(text=WARM, id="warm"))
        model(measurement.model).predict("warm up")
    measurement.ready()
    if measurement.stage.startswith("quality"):
        quality(measurement)
    else:
        chain(measurement)


def filters(stage: str) -> list[Any]:
    """Gopher repetition, Gopher quality, C4 and FineWeb; without exits, thresholds let every document through."""
    from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

    if stage.endswith("_exits"):
        return [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(), FineWebQualityFilter()]
    never, tops, duplicates = 1e9, ((n, 1e9) for n in (2, 3, 4)), ((n, 1e9) for n in range(5, 11))
    return [
        GopherRepetitionFilter(never, never, never, never, tuple(tops), tuple(duplicates)),
        GopherQualityFilter(1, 10**9, 1e-9, never, never, never, never, 1e-9, 1),
        C4QualityFilter(min_num_sentences=1, filter_curly_bracket=False),
        FineWebQualityFilter(line_punct_thr=-1, short_line_thr=never, char_duplicates_ratio=never, new_line_ratio=never),
    ]


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
    for one in filters(measurement.stage):
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
    """JSONL, language, filters, MinHash in four stages, e-mail and IP, Parquet; `twins` is without language, filters and scrub."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter, ParquetWriter

    cores, folder, alone = measurement.cores, measurement.scratch, measurement.stage.startswith("twins")
    config = MinhashConfig()
    between, signatures, buckets, removed = (str(folder / name) for name in ("between", "signatures", "buckets", "removed"))
    between = str(measurement.files[0].parent) if alone else between
    stages = [
        (cores, [JsonlReader(str(measurement.files[0].parent)), *([] if alone else judging(measurement))]),
        (config.num_buckets, [MinhashDedupBuckets(signatures, buckets, config=config)]),
        (1, [MinhashDedupCluster(buckets, removed, config=config)]),
        (
            cores,
            [
                JsonlReader(between),
                MinhashDedupFilter(removed),
                *([] if alone else [PIIFormatter()]),
                ParquetWriter(str(folder / "out")),
            ],
        ),
    ]
    if not alone:  # uncompressed, and in the same pass as the signatures: one read less than in its examples
        stages[0][1].append(JsonlWriter(between, compression=None))
    stages[0][1].append(MinhashDedupSignature(signatures, config=config))
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
            ours = filters(measurement.stage)
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
    return [language, *(filters(measurement.stage) if exits else [Noting()])]


def kept(folder: Path) -> int:
    """Rows written."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(file).num_rows for file in folder.glob("*.parquet"))


if __name__ == "__main__":
    main()
