"""One primitive: map a function over small picklable tasks that name files. Results come in the tasks' order.

    map_tasks(function, tasks, workers, address) -> Iterator      what each engine's file offers

A task may run twice (a worker died, a straggler was started again), so it publishes whole files under names of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from curation import rooms

Task = TypeVar("Task")
Result = TypeVar("Result")

_chosen: tuple[str, str | None] = ("local", None)


def names() -> list[str]:
    """Every engine there is."""
    import curation.engines as room

    return rooms.names(room)


@contextmanager
def use(name: str, address: str | None = None) -> Iterator[None]:
    """Run tasks of this process on an engine: `local`, or another one at an address."""
    import curation.engines as room

    global _chosen
    rooms.find(room, name)
    before, _chosen = _chosen, (name, address)
    try:
        yield
    finally:
        _chosen = before


def map_tasks(function: Callable[[Task], Result], tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    """Yield function(task) for each task in order, on the engine in use. Results and tasks are picklable."""
    import curation.engines as room

    name, address = _chosen
    return rooms.find(room, name).map_tasks(function, tasks, workers, address)  # type: ignore[no-any-return]
