"""Who is who among those who approve where two persons must: data/reviewers.yaml names each person once, with every name they go by.

    Zhang Wei: [zhangwei, zhang.wei@corp.example]     login in Airflow, name in data/allowed_signers, name and address in submitted_by
    李四: [lisi]

Two names are two pairs of eyes only if this file says that they are two persons. It is reviewed and versioned like the data.
Where it names anybody, a login of Airflow that it does not name reads and does not decide.
"""

import re
from collections.abc import Iterable

from curation.declaration import load_yaml
from curation.errors import DeclarationError
from curation.store import Workspace

FILE = "data/reviewers.yaml"


class Reviewers:
    """The persons of the file. Raises DeclarationError for one that is no list of names, or for a name of two persons."""

    def __init__(self, workspace: Workspace) -> None:
        path = workspace.root / FILE
        said = (load_yaml(path, FILE) if path.is_file() else {}) or {}
        self._persons: dict[str, str] = {}
        for person, names in said.items():
            if not isinstance(names, list | None) or not all(isinstance(one, str) and one.strip() for one in names or []):
                raise DeclarationError(f"{FILE}: {person}: allowed: a list of the names that this person goes by")
            for name in (str(person), *(names or [])):
                if self._persons.setdefault(_plain(name), str(person)) != str(person):
                    raise DeclarationError(f"{FILE}: {name}: is a name of two persons")

    def person(self, name: str) -> str | None:
        """Who goes by this name, or null for nobody in the file."""
        return self._persons.get(_plain(name))

    def decides(self, login: str) -> bool:
        """Whether a login that may answer Airflow's tasks decides here: as the file says, or everybody where it names nobody."""
        return not self._persons or self.person(login) is not None

    def among(self, person: str, names: Iterable[str]) -> bool:
        """Whether one of `names` may be this person: by the file, or written alike (Zhang Wei, wei.zhang@corp.example, zhangwei)."""
        own = {form for name, who in self._persons.items() if who == person for form in _forms(name)}
        return any(self.person(name) == person or _forms(name) & own for name in names)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _forms(name: str) -> set[str]:
    """Writings under which a name is taken for the same: its words in any order, and run together; an address by what is before @.

    >>> sorted(_forms("Zhang Wei") & _forms("wei.zhang@corp.example")), sorted(_forms("zhangwei") & _forms("Zhang Wei"))
    (['wei zhang', 'weizhang', 'zhangwei'], ['zhangwei'])
    """
    words = re.findall(r"\w+", re.sub(r"_", " ", _plain(name).partition("@")[0]))
    return {" ".join(sorted(words)), "".join(words), "".join(reversed(words))} - {""}
