"""The commands that bring data in: new-source, new-dataset, pack. They ask, at most eight times, and write one file."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.decision_commands import Add, Answer, Find
from curation.errors import CurationError, DeclarationError
from curation.tongue import is_zh, t, told


class Commands:
    """The commands with what the CLI gives them: how to find the workspace and how to answer."""

    def __init__(self, find: Find, answer: Answer) -> None:
        self._find, self._answer = find, answer

    def add_to(self, add: Add) -> None:
        """Register every command."""
        one = add(
            "new-source",
            self.new_source,
            "write data/sources/ID.yaml for an address: looks there first, and asks at most eight questions",
        )
        one.add_argument(
            "where",
            nargs="?",
            help="a folder, https://, a git address, hf://datasets/ORG/NAME, s3://, pkg:pypi/NAME@VERSION, postgresql://",
        )
        for key in ("id", "title", "format", "license", "contact", "industry"):
            one.add_argument(f"--{key}", help="answers its question")
        one.add_argument("--members", nargs="*", metavar="GLOB", help="which files; default: all that have a reader")
        one.add_argument("--text", metavar="COLUMN", help="of a table: the column, or a template such as '{question}\\n{answer}'")
        one.add_argument("--query", metavar="SQL", help="of a database: SELECT ... ORDER BY ...")
        one.add_argument("--yes", action="store_true", help="take every answer that was found or is usual; ask nothing")
        one = add(
            "new-dataset", self.new_dataset, "write data/recipes/NAME.yaml: a recipe that works as it stands, with comments"
        )
        one.add_argument("name")
        one.add_argument("--sources", nargs="+", metavar="ID", help="default: every source of the workspace, or of the industry")
        one.add_argument("--title")
        one.add_argument("--industry", help="default: that of its sources")
        one.add_argument("--policy", help="default: the strictest that lets the licenses of its sources in")
        one.add_argument("--review", choices=("required", "auto"), default="required")
        one = add(
            "try", self.try_out, "what a source would bring: a sample of it through the line, in a scratch place, on one page"
        )
        one.add_argument("manifest", type=Path, help="data/sources/ID.yaml, or a file that is not there yet")
        one.add_argument(
            "--dataset",
            metavar="NAME",
            help="by whose filters (default: profile docs, and the strictest policy that takes its license)",
        )
        one.add_argument("--objects", type=int, default=200, metavar="N", help="files or batches to look at (default: 200)")
        one.add_argument("--markdown", type=Path, metavar="FILE", help="the page for a pull request")
        one.add_argument("--html", type=Path, metavar="FILE", help="the page in both languages")
        one.add_argument("--keep", action="store_true", help="keep the answer in data/submissions, for the review page")
        one.add_argument("--workers", type=int, default=os.cpu_count() or 1)
        one = add("pack", self.pack, "make one archive of a folder, named by its digest, for a source without an address")
        one.add_argument("folder", type=Path)
        one.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="default: here")

    def new_source(self, asked: argparse.Namespace) -> int:
        """Look, ask, write."""
        from curation import drafting
        from curation.questions import check

        workspace = self._find(asked)
        ask = _Asking(asked.yes or asked.json or not sys.stdin.isatty())

        def reached(said: str) -> str:
            drafting.where_of(said, workspace.root)
            return said

        place = asked.where or ask(
            t(
                "Where is it? (folder, git or web address, hf://, s3://, database)",
                "在哪里？（文件夹、git 或网页地址、hf://、s3://、数据库）",
            ),
            None,
            reached,
        )
        where = drafting.where_of(place, workspace.root)
        if "sql" in where:
            query = asked.query or ask(
                t(
                    "Which rows? (SELECT id, title, body FROM manuals ORDER BY id)",
                    "取哪些行？（SELECT id, title, body FROM manuals ORDER BY id）",
                ),
                None,
            )
            where["sql"] |= {"query": query, **({"auth_ref": "DOCS_PASSWORD"} if "@" in where["sql"]["url"] else {})}
        ask.tell(f"{t('looking at', '正在查看')} {next(iter(next(iter(where.values())).values()))} ...")
        found = drafting.look(workspace, where)
        if found.fault and not asked.yes:
            raise DeclarationError(found.fault)
        if found.files:
            kinds = ", ".join(f"{n} {kind}" for kind, n in found.kinds.items())
            ask.tell(f"  {t('files in the sample: ', '样本中的文件：')}{found.files} ({kinds})")
        for claim in found.claims[:5]:
            ask.tell(f"  {claim.detector}: {claim.value} ({claim.where})")
        answers: dict[str, Any] = {}
        answers["format"] = ask.given(asked.format, drafting.format_of) or ask(
            t("Format?", "格式？"), found.format or "auto", drafting.format_of
        )
        column, chat = drafting.text_columns(found.columns) if answers["format"] in drafting.TABLES else (None, None)
        if asked.text or column or chat:
            said = asked.text or ask(
                t("Which column is the text? (there are: ", "哪一列是正文？（现有：")
                + ", ".join(list(found.columns)[:12])
                + t(")", "）"),
                chat or column,
            )
            key = "id" if "id" in found.columns else None
            answers["map"] = {
                **({"id": "id"} if key else {}),
                **({"record": f"[{said}]"} if said == chat else {"text": drafting.quoted(said)}),
            }
        elif asked.members is None and found.files > 1:
            usual = " ".join(drafting.members_of(answers["format"], found)) or "all"
            said = ask(t("Which files? (globs with spaces between, or all)", "哪些文件？（通配模式，以空格分隔；或 all）"), usual)
            answers["members"] = [] if said == "all" else said.split()
        if asked.members is not None:
            answers["members"] = asked.members
        answers["license"] = ask.given(asked.license, drafting.license_of) or ask(
            t(
                "License? (SPDX, such as CC-BY-4.0; LicenseRef-<name>; unknown)",
                "许可？（SPDX，如 CC-BY-4.0；LicenseRef-<名称>；unknown）",
            ),
            found.license or "unknown",
            drafting.license_of,
        )

        def id_of(said: str) -> str:
            return drafting.new_id(workspace, said)

        answers["id"] = ask.given(asked.id, id_of) or ask(t("Its id?", "它的 id？"), drafting.id_of(where), id_of)
        answers["title"] = asked.title or ask(
            t("Its title?", "它的标题？"), answers["id"].replace("-", " ").replace(".", " ").capitalize()
        )
        answers["contact"] = asked.contact or ask(t("Whom to ask about it?", "有疑问时联系谁？"), drafting.contact_of(workspace))
        industries = ", ".join(drafting.KNOWN_INDUSTRIES)
        answers["industry"] = ask.given(asked.industry, drafting.industry_of) or ask(
            t(f"Industry? ({industries})", f"行业？（{industries}）"), "general", drafting.industry_of
        )
        file = workspace.source_file(answers["id"])
        file.write_text(drafting.source_yaml(answers, found), encoding="utf-8")
        try:
            check.source(workspace, answers["id"])
        except DeclarationError:
            file.unlink()  # an answer that makes no source leaves no file
            raise
        shown = workspace.shown(file)
        unseen = [f"{t('not looked at: ', '未能查看：')}{told(found.fault)}"] if found.fault else []
        if ask.taken and not asked.yes:
            unseen.append(
                t("no terminal to ask on, taken as found or usual: ", "没有可供提问的终端，按所见或惯例取用：")
                + "; ".join(ask.taken)
            )
        lines = [*unseen, f"{t('written: ', '已写入：')}{shown}", *file.read_text(encoding="utf-8").rstrip().splitlines()]
        if "auth_ref" in (where.get("sql") or {}):
            lines.append(
                t(
                    "set the environment variable DOCS_PASSWORD, or name another in auth_ref (airflow:ID for an Airflow Connection)",
                    "请设置环境变量 DOCS_PASSWORD，或在 auth_ref 中另指一个（airflow:ID 为 Airflow 连接）",
                )
            )
        return self._answer(
            asked,
            {"source": answers["id"], "file": shown, "asked": ask.count},
            [*lines, f"{t('next: ', '下一步：')}curate try {shown}"],
        )

    def new_dataset(self, asked: argparse.Namespace) -> int:
        """Write a recipe over sources that there are."""
        from curation import catalog, drafting
        from curation.questions import check

        workspace = self._find(asked)
        names = asked.sources or workspace.names("sources")
        sources = [catalog.source(workspace, name) for name in names]
        if asked.industry and not asked.sources:
            sources = [one for one in sources if asked.industry in one.industry]
        if not sources:
            raise DeclarationError("there is no such source yet; `curate new-source` writes one")
        industry = asked.industry or next((one for source in sources for one in source.industry), "general")
        file = workspace.recipe_file(asked.name)
        if file.exists():
            raise DeclarationError(f"{workspace.shown(file)}: is there already")
        title = asked.title or asked.name.replace("-", " ").capitalize()
        policy = asked.policy or catalog.policy_for(one.license for one in sources)
        contact = next((one.contact for one in sources), drafting.contact_of(workspace))
        file.write_text(
            drafting.recipe_yaml(asked.name, title, sources, industry, policy, asked.review, contact), encoding="utf-8"
        )
        try:
            check.recipe(workspace, asked.name)
        except DeclarationError:
            file.unlink()
            raise
        shown = workspace.shown(file)
        lines = [
            f"{t('written: ', '已写入：')}{shown}",
            *file.read_text(encoding="utf-8").rstrip().splitlines(),
            f"{t('next: ', '下一步：')}curate run {asked.name}",
        ]
        return self._answer(asked, {"recipe": asked.name, "file": shown, "sources": [one.id for one in sources]}, lines)

    def try_out(self, asked: argparse.Namespace) -> int:
        """Look at a sample, and say what would become of it."""
        from curation.card.readme import plain
        from curation.questions import tryout

        if asked.objects < 1:
            raise DeclarationError(f"--objects {asked.objects}: allowed: 1 and more")
        workspace = self._find(asked)
        named = str(asked.manifest) in workspace.names("sources") and not asked.manifest.exists()
        manifest = workspace.source_file(str(asked.manifest)) if named else asked.manifest
        answer = tryout.ask(workspace, manifest, asked.dataset, asked.objects, asked.workers)
        written = [f"{t('written: ', '已写入：')}{workspace.shown(tryout.keep(workspace, answer))}"] if asked.keep else []
        for file, made in ((asked.markdown, tryout.markdown), (asked.html, tryout.page)):
            if file:
                file.write_text(made(answer), encoding="utf-8")
                written.append(f"{t('written: ', '已写入：')}{file}")
        page = plain(tryout.markdown(answer, short=bool(written), zh=is_zh()))
        return self._answer(asked, answer, [*page.splitlines(), *written])

    def pack(self, asked: argparse.Namespace) -> int:
        """One archive of a folder."""
        from curation import packing

        made = packing.pack(asked.folder, asked.out)
        said = f"{made['archive']}: {made['files']:,} files, {made['bytes']:,} bytes, sha256 {made['sha256']}"
        return self._answer(
            asked,
            made,
            [said, f"as a source: where: {{local: {{path: {made['archive']}}}}}; or put it where https:// or s3:// reaches it"],
        )


class _Asking:
    """Asks on the terminal; an empty answer is the default, a wrong one is asked again. Where nobody can answer, the default is taken."""

    def __init__(self, quiet: bool, read: Callable[[str], str] = input) -> None:
        self.quiet, self._read, self.count = quiet, read, 0
        self.taken: list[str] = []  # questions that the default answered

    def __call__(self, question: str, default: str | None, sound: Callable[[str], str] = str) -> str:
        """The answer as `sound` gives it back; what it refuses with a DeclarationError is told and asked again."""
        if self.quiet:
            if default is None:
                raise DeclarationError(f"{question} Nobody is there to answer; give it as an argument")
            self.taken.append(f"{question.partition('?')[0].partition('？')[0]}: {default}")
            return sound(default)
        self.count += 1
        line = f"{self.count}. {question}{f' [{default}]' if default else ''} "
        while True:
            said = self._line(line) or default or ""
            if not said:
                line = t("   (an answer is needed) ", "   （需要回答） ")
                continue
            try:
                return sound(said)
            except CurationError as error:
                self.tell(f"   {told(str(error))}")
                line = t("   again: ", "   请重答：")

    def given(self, argument: str | None, sound: Callable[[str], str]) -> str | None:
        """What an option of the command answers already, as `sound` gives it back. Raises DeclarationError for a wrong one."""
        return sound(argument) if argument else None

    def _line(self, question: str) -> str:
        try:
            return self._read(question).strip()
        except EOFError:
            raise DeclarationError("the input ended before the last question; nothing is written") from None

    def tell(self, line: str) -> None:
        if not self.quiet:
            print(line)  # noqa: T201
