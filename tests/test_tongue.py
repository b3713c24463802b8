"""Error lines in Chinese: none is missing, none is of a line that is gone, and parts of a line are told too."""

import argparse
import ast
import re
from importlib import resources
from pathlib import Path

import pytest
import yaml

from curation import cli, tongue, usage
from curation.tongue import told

ROOT = Path(__file__).resolve().parents[1]
BUGS = {"ContractError", "ModuleNotFoundError"}  # ours, and not for anybody's eyes
PYDANTIC = ("Input should", "String should", "List should")  # its words for a fault of a declaration
KINDS = {"recipe", "source", "reader", "signal", "profile", "policy", "connector"}  # of what is unknown
RECEIPT = {  # what a withdrawal cannot take back
    "copies of {} that somebody loaded or cloned",
    "models that were trained on it",
    "raw files that also hold other documents: withdraw their source to clear them",
    "the words in raw files, documents and DVC's cache: they stay until it is done with --purge",
    "objects in the remote {} ({}): {}; run `curate withdraw` again when it can be opened",
}
ELSEWHERE = {
    *KINDS,
    *RECEIPT,
    "this key is required",
    "nobody",
    "a security assessment",
    "a standard contract or a certification",
}


def template(node: ast.expr) -> str | None:
    """A string of the code with {} where something varies."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = template(node.left), template(node.right)
        return None if left is None and right is None else (left or "{}") + (right or "{}")
    return None


def raised() -> set[str]:
    """Templates of every line that is raised on purpose, and of the parts that the gate puts together."""
    found: set[str | None] = set()
    for path in (ROOT / "curation").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                name = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
                if name.endswith("Error") and name not in BUGS:
                    found.add(template(node.exc.args[0]))
            elif isinstance(node, ast.Return) and node.value is not None and path.name in {"rights.py", "levels.py"}:
                said = template(node.value)
                found.add(said if said and " " in said else None)
            elif isinstance(node, ast.Call) and path.name == "published.py" and getattr(node.func, "id", "") == "_read":
                found.add(template(node.args[2]))
    return {one for one in found if one and len(one.replace("{}", "").strip(": ;@.-")) > 3}


WRITTEN = yaml.safe_load(resources.files("curation.resources").joinpath("errors.zh.yaml").read_text("utf-8"))


def test_every_error_line_has_chinese_words_and_none_is_left_over() -> None:
    """The catalogue and the code agree."""
    own = {one for one in WRITTEN if not one.startswith(PYDANTIC) and one not in ELSEWHERE}
    assert own == raised()


@pytest.mark.parametrize("english", sorted(WRITTEN))
def test_a_line_keeps_everything_that_varies(english: str) -> None:
    """Each part of the English line is in the Chinese one, which has Chinese words."""
    parts = [f"<{letter}>" for letter in "abcdefgh"[: english.count("{}")]]
    line = english
    for part in parts:
        line = line.replace("{}", part, 1)
    said = told(line, zh=True)
    assert re.search("[\u4e00-\u9fff：，]", said) and all(part in said for part in parts), said
    assert told(line, zh=False) == line


def test_parts_are_told_too() -> None:
    """A line within a line, and a line that nobody knows."""
    line = "source 'grid' use is not granted; the recipe's purpose train needs it"
    assert told(line, zh=True) == "来源 'grid' use 未获授权；配方的用途 train 需要它"
    assert told("power v1.0.0: whatever", zh=True) == "power v1.0.0: whatever"


def test_every_word_of_help_has_chinese_ones() -> None:
    """Commands and options, none missing and none left over."""
    tongue.use("en")
    said: set[str] = {usage.HELP}

    def walk(parser: argparse.ArgumentParser) -> None:
        said.add(str(parser.description))
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for one in action.choices.values():
                    walk(one)
            elif action.help:
                said.add(action.help)

    walk(cli.parser())
    assert said == set(usage._help())


def test_usage_is_told_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no command, what is missing, what is one too many; help in Chinese; English stays what argparse says."""
    for arguments, zh in (
        (["nothing"], "参数 COMMAND：'nothing' 不可用；允许：'init'"),
        (["why"], "缺少参数：doc"),
        (["status", "more"], "无法识别的参数：more"),
        (["ui", "--port", "x"], "参数 --port：'x' 不合格式"),
        (["withdraw", "--because", "x"], "须给出其一：--source --document --url --license --domain"),
        (["pull", "a"], "缺少参数：--out"),
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main(["--lang", "zh", *arguments])
        assert ended.value.code == 2 and zh in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["--lang", "zh", "why", "--help"])
    assert "文档来自何处，为何保留或删除" in (said := capsys.readouterr().out) and "用法：" in said and "显示本帮助并退出" in said
    with pytest.raises(SystemExit):
        cli.main(["--lang", "en", "why"])
    assert "the following arguments are required: doc" in capsys.readouterr().err
