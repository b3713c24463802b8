"""What tasks hand to each other: rows grouped by receiver, one Arrow IPC file a parcel, batch i for receiver i.

A parcel lies in the workspace's data, where every machine of a run reaches it, and lives as long as one step. It is
whole or not there, and not synced to disk: after a crash of the machine the step is run again.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
from numpy.typing import NDArray

from curation.store import Workspace


def write(workspace: Workspace, key: str, rows: pa.RecordBatch, receiver: NDArray[np.int64], receivers: int) -> None:
    """Write rows, which are sorted by receiver (one number for each row, below `receivers`)."""
    ends = np.searchsorted(receiver, np.arange(receivers + 1))
    with workspace.writing(key, durable=False) as staged, ipc.new_file(staged, rows.schema) as writer:
        for start, end in itertools.pairwise(ends):
            writer.write_batch(rows.slice(start, end - start))


def read(workspace: Workspace, keys: Sequence[str], receiver: int) -> Iterator[pa.RecordBatch]:
    """The rows for one receiver from every parcel that has some, in the order of the keys."""
    for key in keys:
        with workspace.mapped(key) as file:
            batch = ipc.open_file(file).get_batch(receiver)
            if batch.num_rows:
                yield batch
