"""Bringing a source in: look first, ask little, write one file; try the connection; pack a folder."""

import io
import json
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from curation import cli, drafting, line, packing
from curation.errors import CurationError, DataError, DeclarationError
from curation.manifest import load
from curation.store import Workspace
from tests import corpus


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "ws"
    for part in ("sources", "recipes"):
        (root / "data" / part).mkdir(parents=True)
    (root / "dvc.yaml").touch()
    return Workspace(root)


def run(workspace: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["--workspace", str(workspace.root), *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def contributor(folder: Path, count: int = 500) -> Path:
    """A git repository of Markdown files with a license."""
    folder.mkdir()
    for n in range(count):
        place = folder / f"docs/{n % 10}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"page-{n}.md").write_text(f"# 第{n}页\n\n{corpus.paragraph('zh' if n % 2 else 'en', n)}\n", encoding="utf-8")
    (folder / "tool.py").write_text("x = 1\n")
    (folder / "LICENSE").write_text(_cc0(), encoding="utf-8")
    who = ["-c", "user.name=Li Si", "-c", "user.email=li@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "pages"]):
        subprocess.run(["git", *who, *command], cwd=folder, check=True)
    return folder


def _cc0() -> str:
    from curation import license_texts

    return license_texts.texts()["CC0-1.0"]


def test_five_hundred_files_in_eight_answers(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contributor's way: an address and seven times Enter, then a dataset over it, without a digest typed by hand."""
    repository = contributor(tmp_path / "handbook")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n" * 20))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return str(repository) if "Where is it" in question else ""

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("curation.source_commands._Asking.__init__.__defaults__", (answer,))
    code, out, err = run(workspace, capsys, "new-source")
    assert code == 0, err
    assert len(asked) <= 8, asked
    made = load(workspace.source_file("handbook"))
    assert (
        made.connector()[0] == "git" and made.reader()[0] == "markdown" and made.members == ["*.md"] and made.license == "CC0-1.0"
    )
    assert "license_text says CC0-1.0" in out
    code, out, _ = run(workspace, capsys, "check", "--connect", "data/sources/handbook.yaml")
    assert code == 0 and "license claims: manifest → CC0-1.0, license_text → CC0-1.0" in out and "authors: ['Li Si']" in out
    assert run(workspace, capsys, "new-dataset", "handbook-zh-en", "--review", "auto")[0] == 0
    line.run(workspace, "handbook-zh-en", until="filter")
    assert json.loads((workspace.root / "data/documents/handbook/INDEX.json").read_text())["documents"] == 500


def test_a_wrong_answer_is_asked_again(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Place, license, id and industry each once wrong: the line says what is allowed, and nothing that was said before is lost."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text(corpus.paragraph("zh", 1))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    lines = ["nowhere", str(folder), "", "no license", "MIT", "A", "good-notes", "", "", "dancing", "energy"]
    said = iter(lines)
    monkeypatch.setattr("curation.source_commands._Asking.__init__.__defaults__", (lambda question: next(said),))
    code, out, err = run(workspace, capsys, "new-source")
    assert code == 0, err
    assert list(said) == []
    for line_ in (
        "nowhere: no such file",
        "'no license' is no SPDX",
        "id: 'A'; allowed",
        "industry: 'dancing'; allowed: general, research",
    ):
        assert line_ in out
    for n in range(40):
        (folder / f"b{n}.md").write_text(corpus.paragraph("en", n))
    (folder / "LICENSE").write_text("本作品采用知识共享署名-相同方式共享 4.0 国际许可协议。")
    code, out, _ = run(workspace, capsys, "new-source", str(folder), "--yes", "--id", "licensed-notes")
    assert code == 0 and "\nlicense: CC-BY-SA-4.0 " in out  # a trial takes a few files, and the license beside them
    made = load(workspace.source_file("good-notes"))
    assert made.industry == ["energy"] and made.license == "MIT"

    def ended(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("curation.source_commands._Asking.__init__.__defaults__", (ended,))
    code, _, err = run(workspace, capsys, "new-source", str(folder))
    assert (code, err) == (2, "curate: the input ended before the last question; nothing is written\n")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    code, out, _ = run(workspace, capsys, "new-source", str(folder), "--id", "other-notes")
    assert (
        code == 0
        and "no terminal to ask on, taken as found or usual: Format: markdown; Which files: *.md; License: CC-BY-SA-4.0" in out
    )


def test_a_table_asks_for_its_text(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The longest column is proposed; a chat is kept whole; a database gets a login by name."""
    (workspace.root / "qa.csv").write_text(
        "id,question,answer\n1,什么是变压器,变压器是一种静止的电气设备。\n".encode("gb18030").decode("gb18030"),
        encoding="gb18030",
    )
    code, out, err = run(workspace, capsys, "new-source", "qa.csv", "--yes", "--license", "CC-BY-4.0")
    assert code == 0 and 'map: {id: id, text: "answer"}' in out, err
    (workspace.root / "chat.jsonl").write_text(json.dumps({"messages": [{"role": "user", "content": "你好"}]}) + "\n")
    assert "map: {record: [messages]}" in run(workspace, capsys, "new-source", "chat.jsonl", "--yes")[1]
    with sqlite3.connect(workspace.root / "docs.db") as database:
        database.execute("create table m (id integer, body text)")
        database.execute("insert into m values (1, '正文一段')")
    database.close()
    query = "SELECT id, body FROM m ORDER BY id"
    assert 'text: "body"' in run(workspace, capsys, "new-source", "sqlite:///docs.db", "--yes", "--query", query)[1]
    code, out, _ = run(workspace, capsys, "check", "--connect", "data/sources/docs.db.yaml")
    assert code == 0 and "1. 1" in out and "text: 正文一段" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["https://me:hunter2@example.org/x.git"], "contains a password"),
        (["gopher://example.org/"], "allowed are a folder or file"),
        (["nothing-here"], "no such file or folder"),
        (["pkg:pypi/django"], "a version is needed"),
        (["incoming", "--license", "free"], "is no SPDX expression"),
        (["incoming", "--id", "-"], "id: '-'; allowed"),
        (["incoming", "--id", "../../../x"], "allowed: a-z"),
        (["incoming", "--industry", "x]\n\nlevel: L4"], "industry"),
        (["incoming", "--format", "nothing"], "unknown reader 'nothing'"),
        (["incoming", "--industry", "space"], "industry"),
        ([], "Nobody is there to answer"),
    ],
)
def test_what_makes_no_source_leaves_no_file(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (workspace.root / "incoming").mkdir()
    (workspace.root / "incoming" / "a.md").write_text("# A\n\ntext\n")
    code, _, err = run(workspace, capsys, "new-source", "--yes", *arguments)
    assert code == 2 and message in err and err.count("\n") == 1 and "hunter2" not in err
    assert not workspace.names("sources")


def test_what_others_wrote_stays_on_its_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A license text with line ends, and one that would be keys of the manifest, are a comment and nothing more."""
    (workspace.root / "in").mkdir()
    (workspace.root / "in" / "a.md").write_text("# A\n\ntext\n")
    (workspace.root / "in" / "LICENSE").write_text(
        "may be used for non-commercial\nexclude: ['*']\u2028level: L4\npurposes only.\n", encoding="utf-8"
    )
    assert run(workspace, capsys, "new-source", "in", "--yes", "--id", "own-docs")[0] == 0
    made = load(workspace.source_file("own-docs"))
    assert made.exclude == [] and made.data_level is None and made.license == "unknown"
    (workspace.root / "broken.zip").write_bytes(b"PK no zip")
    code, _, err = run(workspace, capsys, "new-source", "broken.zip", "--id", "broken-docs")
    assert code == 2 and "cannot be read" in err and err.count("\n") == 1
    assert run(workspace, capsys, "new-source", "https://ghp_token@github.com/org/docs", "--yes")[0] == 2


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://gitee.com/org/docs", {"git": {"url": "https://gitee.com/org/docs.git"}}),
        ("git@example.org:org/docs.git", {"git": {"url": "git@example.org:org/docs.git"}}),
        ("https://huggingface.co/datasets/org/name/tree/main", {"hub": {"id": "org/name"}}),
        ("https://example.org/a.zip", {"http": {"url": "https://example.org/a.zip"}}),
        ("pkg:pypi/django@5.2", {"package_index": {"package": "django", "version": "5.2"}}),
        ("postgres://reader@db/docs", {"sql": {"url": "postgresql://reader@db/docs"}}),
    ],
)
def test_addresses(address: str, kind: dict[str, object], tmp_path: Path) -> None:
    assert drafting.where_of(address, tmp_path) == kind


def test_a_packed_folder_is_the_same_wherever_it_is_made(
    tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Times, owners and hidden files leave no trace; the archive is a source; links are refused."""
    made = []
    for number in range(2):
        folder = tmp_path / str(number) / "manuals"
        (folder / "子").mkdir(parents=True)
        (folder / ".hidden").write_text(str(number))
        (folder / "子" / "一.md").write_text("# 一\n\n正文。\n", encoding="utf-8")
        (folder / "b.md").write_text("# B\n")
        (folder / "b.md").touch(mode=0o600 if number else 0o666)
        made.append(packing.pack(folder, tmp_path / f"out{number}"))
    assert made[0]["sha256"] == made[1]["sha256"] and made[0]["files"] == 2
    with tarfile.open(made[0]["archive"]) as archive:
        assert archive.getnames() == ["b.md", "子/一.md"]
    code, out, _ = run(workspace, capsys, "pack", str(tmp_path / "0/manuals"), "--out", str(workspace.root))
    assert code == 0 and f"manuals-{made[0]['sha256'][:16]}.tar.gz" in out
    assert run(workspace, capsys, "new-source", f"manuals-{made[0]['sha256'][:16]}.tar.gz", "--yes", "--id", "manuals")[0] == 0
    (tmp_path / "0/manuals/link").symlink_to("/etc/passwd")
    for folder, message in (
        (tmp_path / "0/manuals", "is a link"),
        (tmp_path / "none", "no such folder"),
        (workspace.root / "data/recipes", "has no files"),
    ):
        with pytest.raises(DataError, match=message):
            packing.pack(folder, tmp_path)


def test_a_trial_leaves_nothing_and_tells_what_is_wrong(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """No raw bytes stay; a place that cannot be reached, and records that cannot be read, are told."""
    (workspace.root / "in").mkdir()
    (workspace.root / "in" / "a.jsonl").write_text('{"id": "1", "text": "one"}\n{broken\n{"id": "2", "text": "two"}\n')
    workspace.source_file("plant").write_text(
        corpus.SOURCE.replace("incoming/*.jsonl", "in") + "expected: {rows_min: 1000}\n", encoding="utf-8"
    )
    code, out, _ = run(workspace, capsys, "check", "--connect")
    assert code == 0 and "unreadable: a.jsonl:2: not_json" in out and "2. 2" in out
    assert not (workspace.root / "data" / "raw").exists()
    workspace.source_file("plant").write_text(corpus.SOURCE.replace("incoming/*.jsonl", "nowhere"), encoding="utf-8")
    code, _, err = run(workspace, capsys, "check", "--connect")
    assert code == 2 and "nothing matches 'nowhere'" in err


def test_large_documents_are_shown_too(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Each larger than a row group; the first three are shown, and what is not reached is told where nothing is asked."""
    (workspace.root / "in").mkdir()
    for number in range(4):
        (workspace.root / "in" / f"{number}.txt").write_text("变电站运行规程。" * 900_000, encoding="utf-8")
    assert run(workspace, capsys, "new-source", "in", "--yes", "--id", "large-docs")[0] == 0
    code, out, _ = run(workspace, capsys, "check", "--connect")
    assert code == 0 and "3. 2.txt" in out and "(7,200,000 characters)" in out
    code, out, _ = run(workspace, capsys, "new-source", "https://localhost:1/a.zip", "--yes", "--id", "not-there")
    assert code == 0 and "not looked at: " in out and "private address" in out


def test_a_recipe_needs_sources(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no such source yet" in run(workspace, capsys, "new-dataset", "power")[2]
    corpus.lay(workspace.root)
    assert run(workspace, capsys, "new-dataset", "power", "--industry", "energy")[0] == 2
    assert run(workspace, capsys, "new-dataset", "power", "--sources", "plant", "--industry", "energy")[0] == 0
    assert "is there already" in run(workspace, capsys, "new-dataset", "power")[2]
    assert issubclass(DeclarationError, CurationError)
