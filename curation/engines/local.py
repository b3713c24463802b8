"""This machine: spawned worker processes, or none when one worker is asked for."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from curation.engines import Result, Task

_pools: dict[int, ProcessPoolExecutor] = {}  # kept between steps: a worker loads models and kernels once (2-3 s)


def map_tasks(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int, address: str | None = None
) -> Iterator[Result]:
    """Yield function(task) for each task in order. `function` must be importable, tasks and results picklable."""
    if min(workers, len(tasks)) <= 1:
        yield from map(function, tasks)
        return
    if workers not in _pools:
        # spawn, not fork: Arrow and numba hold threads and locks that a forked child must not inherit
        _pools[workers] = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from _pools[workers].map(function, tasks)
    except BrokenProcessPool:
        _pools.pop(workers).shutdown(wait=False)
        raise
