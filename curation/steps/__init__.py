"""One file per step; the only place where rooms meet the store.

    run(name: str, workspace: Workspace, workers: int, tell: Tell) -> dict        a JSON-able report

`name` is a source (ingest, extract, annotate) or a recipe (filter ... release). A step reads what earlier steps
published, publishes its own whole, and checks that no document was lost.
"""

from collections.abc import Callable

Tell = Callable[[int, int], None]  # (tasks done, tasks in all)


def silent(done: int, total: int) -> None:
    """Tell nobody."""
