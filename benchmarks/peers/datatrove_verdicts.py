"""datatrove's keep or drop, filter by filter, for the texts of a JSON list: run with its own Python.

python -m benchmarks.peers.datatrove_verdicts texts.json verdicts.json
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(source: str, target: str) -> None:
    """Per text: for each filter True, or the name of the rule that drops it; FineWeb's own after its C4."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
    from loguru import logger

    logger.remove()
    repetition, quality, c4 = GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter()
    fineweb_c4, fineweb = C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()
    verdicts = []
    for text in json.loads(Path(source).read_text(encoding="utf-8")):

        def ask(one: Any, text: str = text) -> Any:
            return _ask(one, Document(text=text, id=""))

        edited, cleaned = Document(text=text, id=""), Document(text=text, id="")
        found = {"gopher": _first(ask(repetition), ask(quality)), "c4": _ask(c4, edited)}
        after_c4 = _ask(fineweb_c4, cleaned)
        found["fineweb"] = _first(found["gopher"], after_c4, _ask(fineweb, cleaned) if after_c4 is True else after_c4)
        found["c4_text"] = edited.text if found["c4"] is True else None
        verdicts.append(found)
    Path(target).write_text(json.dumps(verdicts, ensure_ascii=False), encoding="utf-8")


def _ask(one: Any, document: Any) -> Any:
    try:
        verdict = one.filter(document)
    except (ZeroDivisionError, ValueError):  # a text without words or lines, where it divides by their number
        return "error"
    return True if verdict is True else verdict[1]


def _first(*verdicts: Any) -> Any:
    return next((one for one in verdicts if one is not True), True)


if __name__ == "__main__":
    main(*sys.argv[1:])
