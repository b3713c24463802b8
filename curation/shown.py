"""What a terminal shows: progress while a run works, and the table that ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from curation.line import Step, Watch


@contextmanager
def progress(quiet: bool = False) -> Iterator[Watch]:
    """A line per step and source; plain lines where the output is no terminal."""
    console = Console(stderr=True)
    if quiet:
        yield lambda step, name, done, total: None
        return
    if not console.is_terminal:

        def plain(step: Step, name: str, done: int, total: int) -> None:
            if done == 0:
                console.print(f"{step.name} {name}: {step.title}")

        yield plain
        return
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    tasks: dict[tuple[str, str], Any] = {}
    with bar:

        def live(step: Step, name: str, done: int, total: int) -> None:
            key = (step.name, name)
            if key not in tasks:
                for finished in tasks.values():
                    bar.update(finished, total=bar.tasks[finished].total or 1, completed=bar.tasks[finished].total or 1)
                    bar.stop_task(finished)
                tasks[key] = bar.add_task(f"{step.name} {name}", total=None)
            bar.update(tasks[key], completed=done, total=total or None)

        yield live


def summary(answer: dict[str, Any], console: Console | None = None) -> None:
    """Print a run's summary."""
    console = console or Console()
    console.print(f"\n[bold]{answer['dataset']} {answer['version']}[/bold]  digest {answer['digest'][:16]}")
    flow = Table("", "documents", box=None, pad_edge=False)
    flow.columns[1].justify = "right"
    flow.add_row("records read", f"{answer['records']:,}")
    flow.add_row("unreadable (quarantine)", f"{answer['unreadable']:,}")
    flow.add_row("documents", f"{answer['documents']:,}")
    for reason, count in sorted(answer["removed_or_quarantined_by"].items(), key=lambda pair: -pair[1]):
        flow.add_row(f"  {reason}", f"{count:,}")
    flow.add_row("[bold]kept[/bold]", f"[bold]{answer['kept']:,}[/bold]")
    flow.add_row("tokens kept", f"{answer['tokens']:,}")
    console.print(flow)
    console.print("A document may fail several filters; each is counted.", style="dim")
    by_source = Table("source", "kept", "removed", "quarantined", "tokens", box=None, pad_edge=False)
    for column in by_source.columns[1:]:
        column.justify = "right"
    for source, row in answer["by_source"].items():
        by_source.add_row(source, *(f"{row[k]:,}" for k in ("kept", "removed", "quarantined", "kept_tokens")))
    console.print(by_source)
    console.print(
        "(before duplicates: " + f"{answer['duplicates']['exact']:,} exact and {answer['duplicates']['near']:,} near went)",
        style="dim",
    )
    for part in ("language", "license"):
        rows = answer[f"tokens_by_{part}"]
        console.print(
            f"tokens by {part}: " + ", ".join(f"{key} {count:,}" for key, count in sorted(rows.items(), key=lambda p: -p[1]))
        )
    if answer["seconds"]:
        console.print("seconds: " + ", ".join(f"{step} {seconds:g}" for step, seconds in answer["seconds"].items()))
    lines = [
        f"dataset  {answer['path']}",
        f"card     {answer['path']}/card.html   (open it in a browser)",
        f'load     python -c \'import curation; print(curation.load("{answer["dataset"]}", "{answer["version"]}", workspace="{answer["workspace"]}"))\'',
    ]
    if answer["removed_example"]:
        lines.append(f"why      curate --workspace {answer['workspace']} why {answer['removed_example']}   (a removed document)")
    console.print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)
