"""What a terminal shows: progress while a run works, and the table that ends it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from curation.tongue import t, told

if TYPE_CHECKING:
    from curation.line import Step, Watch


@contextmanager
def progress(quiet: bool = False) -> Iterator["Watch"]:
    """A line per step and source; plain lines where the output is no terminal."""
    with stages(quiet) as tell:

        def watch(step: "Step", name: str, done: int, total: int) -> None:
            tell(f"{step.name} {name}", t(step.title, step.title_zh), done, total)

        yield watch


@contextmanager
def stages(quiet: bool = False) -> Iterator[Callable[[str, str, int, int], None]]:
    """(stage, title, done, total) as lines: each with a bar, or, where the output is no terminal, its title once."""
    console = Console(stderr=True)
    if quiet:
        yield lambda stage, title, done, total: None
        return
    if not console.is_terminal:

        def plain(stage: str, title: str, done: int, total: int) -> None:
            if done == 0:
                console.print(f"{stage}: {title}")

        yield plain
        return
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    tasks: dict[str, Any] = {}
    with bar:

        def live(stage: str, title: str, done: int, total: int) -> None:
            if stage not in tasks:
                for finished in tasks.values():
                    bar.update(finished, total=bar.tasks[finished].total or 1, completed=bar.tasks[finished].total or 1)
                    bar.stop_task(finished)
                tasks[stage] = bar.add_task(stage, total=None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield live


def summary(answer: dict[str, Any], console: Console | None = None) -> None:
    """Print a run's summary."""
    console = console or Console()
    console.print(f"\n[bold]{answer['dataset']} {answer['version']}[/bold]  {t('digest', '摘要')} {answer['digest'][:16]}")
    flow = Table("", t("documents", "文档"), box=None, pad_edge=False)
    flow.columns[1].justify = "right"
    flow.add_row(t("records read", "读入记录"), f"{answer['records']:,}")
    flow.add_row(t("unreadable (quarantine)", "无法读取（隔离）"), f"{answer['unreadable']:,}")
    flow.add_row(t("documents", "文档"), f"{answer['documents']:,}")
    for reason, count in sorted(answer["removed_or_quarantined_by"].items(), key=lambda pair: -pair[1]):
        outcome, _, name = reason.partition(" ")
        flow.add_row(f"  {outcome_word(outcome)} {name}", f"{count:,}")
    flow.add_row(f"[bold]{t('kept', '保留')}[/bold]", f"[bold]{answer['kept']:,}[/bold]")
    flow.add_row(t("tokens kept", "保留词元"), f"{answer['tokens']:,}")
    console.print(flow)
    console.print(
        t("A document that fails several filters is counted once, under the first.", "未通过多条规则的文档只计一次，归于首条。"),
        style="dim",
    )
    keys = (
        ("filters", ("filters", "规则")),
        ("duplicates", ("duplicates", "重复")),
        ("quarantined", ("quarantined", "隔离")),
        ("kept", ("kept", "保留")),
        ("kept_tokens", ("tokens", "词元")),
    )
    by_source = Table(t("source", "来源"), *_words(*(words for _, words in keys)), box=None, pad_edge=False)
    for column in by_source.columns[1:]:
        column.justify = "right"
    for source, row in answer["by_source"].items():
        by_source.add_row(source, *(f"{row[key]:,}" for key, _ in keys))
    console.print(by_source)
    for part, zh in (("language", "语言"), ("license", "许可")):
        rows = answer[f"tokens_by_{part}"]
        console.print(
            t(f"tokens by {part}: ", f"按{zh}的词元：")
            + ", ".join(f"{key} {count:,}" for key, count in sorted(rows.items(), key=lambda p: -p[1]))
        )
    if answer["seconds"]:
        console.print(t("seconds: ", "秒：") + ", ".join(f"{step} {seconds:g}" for step, seconds in answer["seconds"].items()))
    lines = [
        f"{t('dataset ', '数据集  ')} {answer['path']}",
        f"{t('card    ', '卡片    ')} {answer['path']}/card.html   {t('(open it in a browser)', '（用浏览器打开）')}",
        f'{t("load    ", "加载    ")} python -c \'import curation; print(len(curation.load("{answer["dataset"]}", "{answer["version"]}", workspace="{answer["workspace"]}")))\'',
    ]
    if not answer["released"]:
        lines.pop()
    if answer["removed_example"]:
        lines.append(
            f"{t('why     ', '原因    ')} curate --workspace {answer['workspace']} why {answer['removed_example']}   {t('(a removed document)', '（一份被删文档）')}"
        )
    console.print("\n".join(lines), soft_wrap=True, markup=False, highlight=False)


def released(name: str, report: dict[str, Any]) -> str:
    """What the step release did, in a line."""
    from curation.card.terms import reason

    version = f"{name}@{report['version']}"
    if not report["released"]:
        return t(f"{version} is released already; nothing changed since", f"{version} 已发布，此后无变化")
    why = reason(report["reason"])
    return t(f"released {version}: {why.en}", f"已发布 {version}：{why.zh}")


_WAITS = {
    "review": "审核",
    "release": "发布",
    "changes": "修改",
    "run": "重新运行",
}  # changes: a reviewer rejected it as it stands


def status(answer: dict[str, Any]) -> None:
    """Print where a workspace stands: its sources, its datasets, and under them what holds a release back."""
    console = Console(width=None if Console().is_terminal else 200)

    def rows(head: list[str], lines: list[list[Any]], right: set[int]) -> Table:
        made = Table(*head, box=None, pad_edge=False)
        for at in right:
            made.columns[at].justify = "right"
        for line in lines:
            made.add_row(*("-" if cell is None else f"{cell:,}" if type(cell) is int else escape(cell) for cell in line))
        return made

    console.print(answer["workspace"], markup=False, highlight=False, soft_wrap=True)
    head = _words(("source", "来源"), ("objects", "对象"), ("documents", "文档"), ("quarantined", "隔离"), ("measured", "已测量"))
    keys = ("source", "objects", "documents", "quarantined")
    measured = {True: t("yes", "是"), False: t("no", "否")}
    console.print(rows(head, [[*(row[key] for key in keys), measured[row["measured"]]] for row in answer["sources"]], {1, 2, 3}))
    head = _words(
        ("dataset", "数据集"), ("documents", "文档"), ("candidate", "候选版本"), ("waits for", "等待"), ("released", "已发布")
    )
    lines = [
        [
            row["dataset"],
            row["documents"],
            row["candidate"],
            row["waits_for"] and t(row["waits_for"], _WAITS[row["waits_for"]]),
            ", ".join(row["released"]) or None,
        ]
        for row in answer["datasets"]
    ]
    if lines:
        console.print(rows(head, lines, {1}))
    for row in answer["datasets"]:
        if row["held"]:
            console.print(f"  {told(row['held'])}", markup=False, highlight=False, soft_wrap=True)


def tuning(answer: dict[str, Any], console: Console | None = None) -> None:
    """Print what filters do: all in a table, or one in full, and what changed values would do."""
    from curation.questions.tune import PERCENTILES
    from curation.questions.tune_page import bounds

    console = console or Console()
    console.print(
        t(
            f"{answer['recipe']}: the filters keep {answer['kept']:,} of {answer['documents']:,} documents",
            f"{answer['recipe']}：规则保留 {answer['documents']:,} 份文档中的 {answer['kept']:,} 份",
        )
    )
    if len(answer["filters"]) > 1:
        table = Table(
            *_words(
                ("filter", "规则"), ("keeps", "保留条件"), ("judged", "评判"), ("fails alone", "单独剔除"), ("on top", "额外剔除")
            ),
            box=None,
            pad_edge=False,
        )
        for row in answer["filters"]:
            table.add_row(
                row["name"],
                escape(bounds(row, t("known", "已知"))),
                f"{row['judged']:,}",
                f"{row['alone']:,}",
                f"{row['on_top']:,}",
            )
        console.print(table)
    for row in answer["filters"] if len(answer["filters"]) == 1 else ():
        console.print(
            f"{row['name']}: {row['column']} {bounds(row, t('known', '已知'))}. {row['because']['en']} {row['because']['zh']}",
            markup=False,
        )
        for title, groups in ((t("language", "语言"), row["by_language"]), (t("source", "来源"), row["by_source"])):
            table = Table(
                title,
                *_words(("documents", "文档"), ("fail", "未通过")),
                *(f"{n} %" for n in PERCENTILES),
                "",
                box=None,
                pad_edge=False,
            )
            for group in groups:
                spread = [f"{v:g}" for v in group.get("percentiles") or []] or [""] * len(PERCENTILES)
                tail = _bars(group.get("histogram") or [] if console.width >= 110 else []) or ", ".join(
                    f"{w} {n}" for w, n in group.get("words", [])
                )
                table.add_row(escape(str(group["name"])), f"{group['documents']:,}", f"{group['fails']:,}", *spread, escape(tail))
            console.print(table)
        for side, documents in answer["samples"].get(row["name"], {}).items():
            for one in documents:
                console.print(f"{side}  {one['value']}  {one['doc_id']}  {one['source']}", markup=False)
                console.print(f"    {one['title'] or ''} {one['text']}", markup=False)
    if answer["changed"]:
        _changed(answer["changed"], console)


def outcome_word(outcome: str) -> str:
    """kept, removed, quarantined in the language in use."""
    zh = {"kept": "保留", "removed": "删除", "quarantined": "隔离", "added": "新增", "changed": "变更"}
    return t(outcome, zh.get(outcome, outcome))


def _words(*said: tuple[str, str]) -> list[str]:
    return [t(*one) for one in said]


def _changed(change: dict[str, Any], console: Console) -> None:
    settings = ", ".join(change["settings"])
    console.print(
        t(
            f"with {settings}: {change['kept_before']:,} -> {change['kept']:,} kept",
            f"取 {settings}：保留 {change['kept_before']:,} -> {change['kept']:,}",
        ),
        markup=False,
    )
    console.print(
        t(
            f"    {change['returned']:,} come back, {change['lost']:,} go ({change['seconds']:g} s)",
            f"    回归 {change['returned']:,}，剔除 {change['lost']:,}（{change['seconds']:g} 秒）",
        )
    )
    for title, key in ((t("language", "语言"), "by_language"), (t("source", "来源"), "by_source")):
        table = Table(title, *_words(("documents", "文档"), ("kept", "保留"), ("then", "改后")), box=None, pad_edge=False)
        for row in change[key]:
            if row["before"] != row["after"]:
                table.add_row(escape(str(row["name"])), f"{row['documents']:,}", f"{row['before']:,}", f"{row['after']:,}")
        if table.row_count:
            console.print(table)


def _bars(counts: list[int]) -> str:
    """A histogram in one line of block characters."""
    most = max(counts, default=0)
    return "".join(" ▁▂▃▄▅▆▇█"[round(8 * count / most)] if most else " " for count in counts)
