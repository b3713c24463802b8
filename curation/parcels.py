"""What tasks hand to each other: rows grouped by receiver, in one file a parcel.

    offsets     receivers + 1 little-endian 64-bit numbers: where each receiver's part begins, and where the last one ends
    parts       an Arrow IPC stream of one record batch each, at a multiple of 64 bytes; none for a receiver without rows

A receiver reads two numbers and its own part, however many others there are. A parcel lies in the workspace's data, where
every machine of a run reaches it, and lives as long as one step. It is whole or not there, and not synced to disk: after a
crash of the machine the step is run again.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
from numpy.typing import NDArray

from curation.store import Workspace

ALIGNED = 64  # bytes: Arrow's own alignment, so that a mapped part is used as it lies


def write(workspace: Workspace, key: str, rows: pa.RecordBatch, receiver: NDArray[np.int64], receivers: int) -> None:
    """Write rows, which are sorted by receiver (one number for each row, below `receivers`)."""
    ends = np.searchsorted(receiver, np.arange(receivers + 1))
    offsets = np.empty(receivers + 1, "<i8")
    with workspace.writing(key, durable=False) as staged, staged.open("wb") as file:
        at = -(-offsets.nbytes // ALIGNED) * ALIGNED
        file.seek(at)
        for number in range(receivers):
            offsets[number] = at
            start, end = int(ends[number]), int(ends[number + 1])
            if start < end:
                sink = pa.BufferOutputStream()
                with ipc.new_stream(sink, rows.schema) as writer:
                    writer.write_batch(rows.slice(start, end - start))
                part = sink.getvalue()
                file.write(part)
                at += -(-part.size // ALIGNED) * ALIGNED
                file.seek(at)
        file.truncate(at)
        offsets[receivers] = at
        file.seek(0)
        file.write(offsets.tobytes())


def read(workspace: Workspace, keys: Sequence[str], receiver: int) -> Iterator[pa.RecordBatch]:
    """The rows for one receiver from every parcel that has some, in the order of the keys."""
    for key in keys:
        with workspace.mapped(key) as file:
            file.seek(8 * receiver)
            start, end = np.frombuffer(file.read_buffer(16), "<i8").tolist()
            if start == end:
                continue
            file.seek(start)
            yield ipc.open_stream(file.read_buffer(end - start)).read_next_batch()
