"""In which language people are answered: as `--lang` or $LANG says. Machines get the same JSON in any."""

from contextvars import ContextVar

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
