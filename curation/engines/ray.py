"""Ray tasks (no Ray Data): one task of ours is one task of Ray's, on a cluster whose nodes have this environment.

    curate run my-dataset --engine ray --address ray-head:6379        (default: Ray on this machine)

The extra `ray` brings Ray. Files go through the workspace's data, which every node must reach under the same name.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from curation.engines import Result, Task
from curation.errors import DataError

RETRIES = 3  # of a task whose worker died


def map_tasks(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int, address: str | None = None
) -> Iterator[Result]:
    """Yield function(task) for each task in order; a lost worker's tasks are run again by Ray."""
    try:
        import ray
    except ImportError:
        raise DataError("--engine ray needs Ray: install curation with the extra `ray`") from None
    if not ray.is_initialized():
        try:
            own: dict[str, Any] = {} if address else {"num_cpus": workers, "include_dashboard": False}
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **own)
        except (ConnectionError, TimeoutError, RuntimeError) as error:
            raise DataError(f"--engine ray: no Ray at {address or 'this machine'}: {str(error).splitlines()[0]}") from None
    one: Any = ray.remote(num_cpus=1, max_retries=RETRIES)(_call)
    shared = ray.put(function)
    for waiting in [one.remote(shared, task) for task in tasks]:
        yield ray.get(waiting)


def _call(function: Callable[[Task], Result], task: Task) -> Result:
    return function(task)
