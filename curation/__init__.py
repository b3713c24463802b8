"""Curate text corpora for training: every kept document has a license, every removed one a reason."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

__version__ = "0.1.0"


def load(
    name: str,
    version: str | None = None,
    *,
    workspace: str | None = None,
    split: str = "train",
    config: str | None = None,
    fraction: float | None = None,
    tokens: int | str | None = None,
    by: list[str] | None = None,
    mix: dict[str, float] | None = None,
    upweight: bool = False,
    streaming: bool = False,
    accept_withdrawn: str | None = None,
) -> "Dataset | IterableDataset":
    """A released dataset as a `datasets.Dataset`, without a checkout.

    `version` is vX.Y.Z (default: the newest release); `workspace` a folder or git URL (default: $CURATION_WORKSPACE,
    else the workspace around the current folder). `config` is a kind of license, where the card names several. `fraction=0.1`
    or `tokens="50M"` loads a part: nested, the same documents in every version, and of each group of `by=["language", "source"]`
    its share; without `by` a fraction fetches about that part of the bytes. `mix={"zh": 0.7, "en": 0.3}, by=["language"]` gives
    tokens in these shares (by source where `by` says nothing), `upweight=True` repeats what many sources had.
    `streaming=True` gives the same rows as an `IterableDataset`, a batch in memory at a time. A version of which documents were withdrawn needs the reason
    `accept_withdrawn`. Raises `curation.errors.CurationError` with the versions there are.
    """
    from curation.loading import load as loaded
    from curation.loading import stream

    return (stream if streaming else loaded)(
        name, version, workspace, split, accept_withdrawn, config, fraction, tokens, by, mix, upweight
    )


def why(document: str, *, workspace: str | None = None) -> dict[str, Any]:
    """Where a document comes from, what was measured, why each dataset kept or removed it, which versions hold it.

    `document` is a doc_id, its first 6 or more digits, or a native_id; the answer is that of `curate --json why` and of the review page.
    Raises `curation.errors.DeclarationError` for one that nothing here knows.
    """
    from curation.questions import why as question
    from curation.store import Workspace

    return question.ask(Workspace.find(workspace), document)
