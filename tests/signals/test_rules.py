"""C4, FineWeb, DCLM, Chinese statistics, mojibake and the quality model on texts whose answer is known."""

import hashlib
import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation import signals
from curation.editing import Edit, apply
from curation.errors import DataError
from curation.signals import language, quality_model


def measured(name: str, text: str) -> dict:  # type: ignore[type-arg]
    return signals.find(name).annotate(pa.record_batch({"text": pa.array([text], pa.large_string())})).to_pylist()[0]  # type: ignore[no-any-return]


def left(name: str, text: str) -> list[str]:
    """The lines that a signal's spans leave."""
    spans = measured(name, text)["spans"]
    return [line for line in apply(text, [Edit(s["start"], s["end"], "") for s in spans]).splitlines() if line.strip()]


PAGE = """Home About Contact
This line has an end mark and five words.
This one ends in three dots...
Please enable JavaScript to see this page.
Our Cookie Policy tells you more about that.
Two words.
A fact that is cited here.[12] It goes on.[citation needed]
Why does this line count? Because it asks!
数据 and é are four words here."""


def test_c4_lines() -> None:
    """What goes and why, in the order of the page; marks of citations go from lines that stay."""
    found = measured("c4", PAGE)
    assert [s["type"] for s in found["spans"]] == [
        "no_end_mark",
        "no_end_mark",
        "javascript",
        "policy",
        "few_words",
        "citation",
        "citation",
    ]
    assert left("c4", PAGE) == [
        "This line has an end mark and five words.",
        "A fact that is cited here. It goes on.",
        "Why does this line count? Because it asks!",
        "数据 and é are four words here.",
    ]
    assert found["sentences"] == 6 and found["kept_lines"] == pytest.approx(4 / 9)


def test_fineweb_keeps_lines_without_end_marks() -> None:
    """FineWeb uses C4 without that rule."""
    assert left("fineweb", PAGE)[:3] == ["Home About Contact", *PAGE.splitlines()[1:3]]


def test_c4_documents() -> None:
    """A bracket or a placeholder in a line that stays marks the page; in a line that goes it does not."""
    assert measured("c4", "This has a { in a full line.")["curly_bracket"] == 1
    assert measured("c4", "no end mark { here")["curly_bracket"] == 0
    assert measured("c4", "Here Lorem Ipsum stands in a line.")["lorem_ipsum"] == 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*PAGE.splitlines(), "", "\r", "x" * 1001 + " y z.", "[edit]", "\u2028", "I see. You too. [3]"]),
        max_size=12,
    )
)
def test_spans_are_sound(lines: list[str]) -> None:
    """In order, apart, inside the text, at characters."""
    text = "\n".join(lines)
    content = text.encode()
    for name in ("c4", "fineweb", "lines"):
        last = 0
        for span in measured(name, text)["spans"]:
            assert last <= span["start"] < span["end"] <= len(content)
            content[span["start"] : span["end"]].decode()
            last = span["end"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("BREAKING NEWS TODAY", "capitals"), ("20260101", "digits"), ("3 likes", "counter"), ("1.2K views", "counter"), ("» 12 comments «", "counter"),
        ("Menu", "one_word"), ("Sign-in to your account", "boilerplate"), ("2 items in cart today", "boilerplate"), ("Read more...", "boilerplate"),
    ],
)  # fmt: skip
def test_lines_that_say_nothing(line: str, kind: str) -> None:
    """DCLM's kinds, each found; a plain line between them stays."""
    text = f"A plain line of prose stays here.\n{line}\nAnd another one as well."
    assert [s["type"] for s in measured("lines", text)["spans"]] == [kind]
    assert line not in left("lines", text)


def test_a_chinese_line_is_not_one_word() -> None:
    """White space says nothing about Chinese."""
    assert measured("lines", "第一条为了规范数据处理活动，保障数据安全。")["spans"] == []


def test_chinese_statistics() -> None:
    """Entropy and distinct characters do not fall with length; brackets and folded lines are counted; no Han, no number."""
    law = "".join(chr(0x4E00 + (7 * n) % 900) for n in range(1800))
    short, long = measured("chinese", law), measured("chinese", law * 12)
    assert long["distinct_characters"] == pytest.approx(short["distinct_characters"], abs=0.06) and long["entropy"] > 6
    text = "【广告】今天的新闻\n点击展开\n更多"
    found = measured("chinese", text)
    assert found["folded_lines"] == pytest.approx(2 / 3) and found["bracketed_ratio"] == pytest.approx(2 / 15)
    assert all(value is None for value in measured("chinese", "no Han here").values())


def test_mojibake() -> None:
    """Wrong decodings are found, clean text in both languages is not."""
    chinese, french = "数据安全法规定，国家建立数据分类分级保护制度。" * 5, "Les données sont à protéger, où qu'elles soient." * 5
    for wrong in (
        chinese.encode().decode("cp1252", errors="replace"),
        french.encode().decode("cp1252"),
        chinese.encode("gb18030").decode("latin-1"),
    ):
        assert measured("mojibake", wrong)["badness"] > 0.01
    for right in (chinese, french, "plain ASCII", "naïve café — “quoted”"):
        assert measured("mojibake", right)["badness"] == 0
    assert measured("mojibake", "")["badness"] is None


def test_quality_model_tells_prose_from_lists() -> None:
    """In both scripts of Chinese and in English; a text below its shortest has no score."""
    law = (
        "第一条　为了规范数据处理活动，保障数据安全，促进数据开发利用，保护个人、组织的合法权益，维护国家主权、安全和发展利益，制定本法。\n"
        * 3
    )
    hant = (
        "第一條　為了規範數據處理活動，保障數據安全，促進數據開發利用，保護個人、組織的合法權益，維護國家主權、安全和發展利益，制定本法。\n"
        * 3
    )
    manual = (
        "The server reads its configuration when it starts. If a value is missing, it uses the default and writes a warning to the log.\n"
        * 3
    )
    lists = (
        "首页 登录 注册 购物车 联系我们 关于 隐私 帮助 上一页 下一页 " * 12,
        "Home Login Register Cart Contact About Privacy Help Prev Next " * 8,
    )
    assert min(measured("quality_model", text)["score"] for text in (law, hant, manual)) > 0.5
    assert max(measured("quality_model", text)["score"] for text in lists) < 0.3
    assert measured("quality_model", "short")["score"] is None


def test_the_model_is_the_pinned_one(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Size, digest, and a file that was changed is refused."""
    path = quality_model.model_file()
    facts = json.loads(path.with_suffix(".json").read_text())
    assert path.stat().st_size < 7_000_000 and hashlib.sha256(path.read_bytes()).hexdigest() == facts["sha256"]
    (tmp_path / "quality.ftz").write_bytes(path.read_bytes() + b"x")
    (tmp_path / "quality.json").write_text(path.with_suffix(".json").read_text())
    monkeypatch.setattr(quality_model, "model_file", lambda: tmp_path / "quality.ftz")
    quality_model._model.cache_clear()
    with pytest.raises(DataError, match="SHA-256"):
        measured("quality_model", "x" * 200)
    monkeypatch.undo()
    quality_model._model.cache_clear()


@pytest.mark.parametrize(
    ("text", "label", "script"),
    [
        ("使用 `git commit --amend` 修改上一次提交，再用 `git push --force-with-lease` 推送到远端仓库。", "zh", "Hans"),
        ("使用 `git commit --amend` 修改上一次提交，再用 `git push` 推送到遠端倉庫。", "zh", "Hant"),
        ("数据", "zh", "Hans"), ("人口", "zh", None), ("カード情報を表示する", "ja", "Jpan"), ("파일을 삭제합니다", "ko", "Kore"),
        ("List all files in `/usr/share` that match {{pattern}}, then print them to the terminal.", "en", "Latn"),
        ("УДАЛИТЬ ВСЕ ФАЙЛЫ ИЗ КАТАЛОГА", "ru", "Cyrl"), ("```\nint main() { return 0; }\n```\nDies ist der Anfang des Programms, das wir erklären.", "de", "Latn"),
    ],
)  # fmt: skip
def test_language_of_text_with_code(text: str, label: str, script: str | None) -> None:
    """Code is not asked; letters decide where the model errs; no character that tells, no kind of Han."""
    found = measured("language", text)
    assert (found["label"], found["script"]) == (label, script)


def test_shares_of_other_languages() -> None:
    """A document of two languages says so; the Chinese varieties are one; parts are whole words."""
    english = "The committee met on Tuesday and agreed that the new rules would apply to every member state from January. " * 20
    german = (
        "Der Ausschuss trat am Dienstag zusammen und beschloss, dass die neuen Regeln ab Januar für alle Staaten gelten. " * 12
    )
    found = measured("language", english + german)
    assert found["label"] == "en" and [one["label"] for one in found["others"]] == ["de"]
    assert 0.2 < found["others"][0]["share"] < 0.6
    assert measured("language", english)["others"] == [] and measured("language", "12")["others"] is None
    assert language.SURE["en"] < language.SURE["ja"]


def test_shares_of_lines_stay_below_one() -> None:
    """Whatever ends a line."""
    found = measured("lines", "12\r34\r56\rSIGN UP NOW")
    assert found["digits"] == pytest.approx(3 / 4) and found["one_word"] == pytest.approx(3 / 4)
    assert measured("chinese", "展开\u2028更多\u2028中文的展开")["folded_lines"] == 1.0


def test_a_removed_line_takes_the_address_in_it_along() -> None:
    """An edit inside a removed line leaves nothing behind; two that begin together: the longer wins."""
    text = "bob@example.com is our contact\nThis line is kept, of course.\n"
    edits = [Edit(s["start"], s["end"], "") for s in measured("c4", text)["spans"]]
    edits += [Edit(s["start"], s["end"], "<EMAIL>") for s in measured("pii", text)["spans"]]
    assert apply(text, edits) == "This line is kept, of course.\n"


def test_citation_marks_are_exact() -> None:
    """As published: [Edit] is no mark."""
    assert left("c4", "A fact is cited here.[Edit] And so on it goes.") == ["A fact is cited here.[Edit] And so on it goes."]


def test_a_cart_at_the_end_of_a_line() -> None:
    """The phrase is found where the line ends too."""
    assert measured("lines", "You have 12 items in cart\nA plain line of prose stays.")["boilerplate"] == 0.5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to a@mail.example.com: hello", ["a@mail.example.com"]), ("git@gitlab.example.com:group/repo", []), ("a@b.com.", ["a@b.com"]),
        ("发邮件到zhang.san@example.cn。", ["zhang.san@example.cn"]), ("a@b.example.com:", ["a@b.example.com"]),
    ],
)  # fmt: skip
def test_addresses_before_a_colon(text: str, found: list[str]) -> None:
    """A colon ends an address; a path after it makes another thing of it."""
    content = text.encode()
    assert [content[s["start"] : s["end"]].decode() for s in measured("pii", text)["spans"]] == found


def test_many_at_signs_are_read_in_linear_time() -> None:
    """A chunk of 200,000 marks is read like any other."""
    assert measured("gopher", "@a" * 100_000 + "-b,c.D")["words"] > 0


@pytest.mark.parametrize("name", ["mojibake", "quality_model", "gopher", "language"])
def test_a_null_text_is_an_empty_one(name: str) -> None:
    """For callers of the library: the line has no null texts."""
    module = signals.find(name)
    nulls = pa.record_batch({"text": pa.array([None], pa.large_string())})
    assert (
        module.annotate(nulls).to_pylist()
        == module.annotate(pa.record_batch({"text": pa.array([""], pa.large_string())})).to_pylist()
    )


def test_tokens_of_a_text_of_megabytes() -> None:
    """The tokenizer takes a million characters and hands out 200,000 tokens at most; a longer text is counted all the same, exactly."""
    import random

    from curation.signals import tokens

    line = "The quick brown fox jumps over the lazy dog. 变压器是一种静止的电气设备。\n"
    assert tokens.count(line * 20_000) == 20_000 * tokens.count(line) > 200_000
    assert tokens.count("x" * 1_200_000) > 0
    chance = random.Random(3)
    odd = "".join(
        chance.choice([".\n/", "\n\n ", "\n_", "\r\n", "\n1", "\nA", "a b ", "中文。\n", "\n\t", "  \nb"]) for _ in range(30_000)
    )
    whole = tokens.count(odd)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "PIECE", 1_000)
        assert len(list(tokens._pieces(odd))) > 20 and tokens.count(odd) == whole
