"""Threads of this process: best where tasks are kernels that hold no lock, as in `curate twins` (2 threads 1.7x one, 2026-11).

No worker has to start, import and load kernels, which takes 3 s each. Steps that run Python code scale with processes only.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from curation.engines import Result, Task


def map_tasks(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int, address: str | None = None
) -> Iterator[Result]:
    """Yield function(task) for each task in order."""
    if min(workers, len(tasks)) <= 1:
        yield from map(function, tasks)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(function, tasks)
