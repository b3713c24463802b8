"""Train and quantise the model. One thread and fixed seeds: the same bytes on the same machine and build of fastText.

python -m training.train
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from training.places import MODEL, RESOURCES, TRAIN, params

LABELS = {"__label__high", "__label__low"}

# On one thread fastText 0.9.3 sets the first tenth of its input matrix and leaves the rest as malloc gave it (its issue
# 1061): zeros as a rule, but what lay there before in a process that has freed memory (NaN, or another model each time).
# glibc fills what it gives with the complement of this byte: zeros.
ZEROED = {"MALLOC_PERTURB_": "255"}


def main() -> None:
    """A process of its own trains, since glibc reads its setting when a process starts."""
    if sys.argv[1:] == ["here"]:
        RESOURCES.mkdir(parents=True, exist_ok=True)
        train(params(), MODEL)
    else:
        subprocess.run([sys.executable, "-m", "training.train", "here"], env={**os.environ, **ZEROED}, check=True)


def train(recipe: dict[str, Any], target: Path) -> None:
    """Write the quantised model to `target`, whole or not at all."""
    import fasttext

    fasttext.FastText.eprint = lambda *_: None  # 0.9.3 warns on stderr about an option of its own
    model = fasttext.train_supervised(
        str(TRAIN), loss="softmax", minn=0, maxn=0, thread=1, seed=recipe["seed"], verbose=0, **recipe["model"]
    )
    assert set(model.labels) == LABELS, model.labels
    model.quantize(str(TRAIN), thread=1, verbose=0, **recipe["quantize"])
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / target.name
        model.save_model(str(made))
        made.replace(target)


if __name__ == "__main__":
    main()
