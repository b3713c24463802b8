"""Curate text corpora for training: every kept document has a license, every removed one a reason."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

__version__ = "0.1.0"


def load(
    name: str,
    version: str | None = None,
    *,
    workspace: str | None = None,
    split: str = "train",
    accept_withdrawn: str | None = None,
) -> "Dataset":
    """A released dataset as a `datasets.Dataset`, without a checkout.

    `version` is vX.Y.Z (default: the newest release); `workspace` a folder or git URL (default: $CURATION_WORKSPACE,
    else the workspace around the current folder). A version of which documents were withdrawn needs the reason
    `accept_withdrawn`. Raises `curation.errors.CurationError` with the versions there are.
    """
    from curation.loading import load as loaded

    return loaded(name, version, workspace, split, accept_withdrawn)
