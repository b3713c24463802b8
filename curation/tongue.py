"""In which language people are answered: as `--lang` or $LANG says. Machines get the same JSON in any."""

import re
from contextvars import ContextVar
from functools import lru_cache
from importlib import resources

_chosen: ContextVar[str] = ContextVar("language", default="en")


def use(language: str) -> None:
    """Answer in Chinese for zh, zh_CN.UTF-8 and the like, in English for everything else, until told otherwise."""
    _chosen.set("zh" if language.lower().startswith("zh") else "en")


def is_zh() -> bool:
    """Whether answers are in Chinese."""
    return _chosen.get() == "zh"


def t(en: str, zh: str) -> str:
    """The words in the language in use.

    >>> t("kept", "保留")
    'kept'
    """
    return zh if is_zh() else en


def told(line: str, zh: bool | None = None) -> str:
    """An error's line in the language in use; what it does not know stays as it is, word for word.

    Errors are raised in English, which is what logs and `--json` hold. Their templates are in resources/errors.zh.yaml.

    >>> told("data/sources/a.yaml: license: this key is required", zh=True)
    'data/sources/a.yaml：license：缺少此键'
    """
    if not (is_zh() if zh is None else zh):
        return line
    for template, words in _templates():
        if found := template.fullmatch(line):
            return _filled(words, [told(part, True) if len(part) < len(line) else part for part in found.groups()])
    for colon in re.finditer(": ", line):
        if (rest := told(line[colon.end() :], True)) != line[colon.end() :]:
            return f"{line[: colon.start()]}：{rest}"
    return line


def _filled(words: str, parts: list[str]) -> str:
    return re.sub(r"\{(\d)\}", lambda place: parts[int(place[1])], words)


@lru_cache(1)
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """What says most comes first: a line may fit several."""
    import yaml

    written = yaml.safe_load(resources.files("curation.resources").joinpath("errors.zh.yaml").read_text("utf-8"))
    by_words = sorted(written.items(), key=lambda pair: (-len(pair[0].replace("{}", "")), pair[0]))
    return [(re.compile("(.*?)".join(map(re.escape, en.split("{}"))), re.DOTALL), zh) for en, zh in by_words]
