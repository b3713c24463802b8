"""The command line's parser: its complaints and its help in the language in use."""

import argparse
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NoReturn

from curation import tongue

COMPLAINTS = (
    (r"the following arguments are required: (.*)", "缺少参数：{0}"),
    (r"unrecognized arguments: (.*)", "无法识别的参数：{0}"),
    (r"argument (.*?): invalid choice: (.*?) \(choose from (.*)\)", "参数 {0}：{1} 不可用；允许：{2}"),
    (r"argument (.*?): invalid (?:int|float|fromisoformat) value: (.*)", "参数 {0}：{1} 不合格式"),
    (r"argument (.*?): expected (?:one argument|at least one argument)", "参数 {0}：缺少取值"),
    (r"argument (.*?): not allowed with argument (.*)", "参数 {0} 不能与 {1} 同用"),
    (r"one of the arguments (.*) is required", "须给出其一：{0}"),
)


HELP = "show this help message and exit"


def language(arguments: Sequence[str], default: str) -> str:
    """What `--lang` says among arguments that are not parsed yet.

    >>> language(["--lang", "zh", "status"], "en"), language(["--lang=en"], "zh"), language(["status"], "zh_CN.UTF-8")
    ('zh', 'en', 'zh_CN.UTF-8')
    """
    for at, one in enumerate(arguments):
        if one == "--lang" and at + 1 < len(arguments):
            return arguments[at + 1]
        if one.startswith("--lang="):
            return one.partition("=")[2]
    return default


class Parser(argparse.ArgumentParser):
    """Subparsers are of this kind too. Words of help are English in the code, Chinese ones stand in resources/help.zh.yaml."""

    def __init__(self, *given: Any, **named: Any) -> None:
        if named.get("description"):
            named["description"] = told(named["description"])
        super().__init__(*given, **named)

    def format_help(self) -> str:
        """The whole help; headings in the language in use."""
        said = super().format_help()
        for en, zh in (("usage: ", "用法："), ("positional arguments:", "参数："), ("options:", "选项："), (HELP, told(HELP))):
            said = said.replace(en, tongue.t(en, zh), 1)
        return said

    def add_argument(self, *names: Any, **given: Any) -> argparse.Action:
        """As argparse; `help` in the language in use."""
        if given.get("help"):
            given["help"] = told(given["help"])
        return super().add_argument(*names, **given)

    def error(self, message: str) -> NoReturn:
        """Usage and one line; exit 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}{tongue.t(': ', '：')}{_complaint(message) if tongue.is_zh() else message}\n")


def told(words: str) -> str:
    """Words of help in the language in use; what has no Chinese stays as it is."""
    return _help().get(words, words) if tongue.is_zh() else words


def _complaint(message: str) -> str:
    for form, words in COMPLAINTS:
        if found := re.fullmatch(form, message):
            return words.format(*found.groups())
    return message


@lru_cache(1)
def _help() -> dict[str, str]:
    import yaml

    return dict(yaml.safe_load(resources.files("curation.resources").joinpath("help.zh.yaml").read_text("utf-8")))
