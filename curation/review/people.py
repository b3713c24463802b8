"""Who asks: a person with a name, the proof of it, and what they may see and do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curation.decisions import Identity
from curation.declaration import load_yaml
from curation.errors import DeclarationError
from curation.levels import LEVELS
from curation.store import Workspace

FILE = "data/clearances.yaml"  # name: level


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    name: str
    kind: Literal["airflow-login", "os-user"]
    decides: bool

    def identity(self) -> Identity:
        """As the log of decisions writes it."""
        return Identity(name=self.name, kind=self.kind, detail="review page")


def clearance(workspace: Workspace, person: Person) -> str:
    """Up to which level a person may read texts: as data/clearances.yaml says, else L2 for those who decide and L1 for others.

    Raises DeclarationError for a level that there is not.
    """
    path: Path = workspace.root / FILE
    said = load_yaml(path, FILE) if path.is_file() else {}
    level = str((said or {}).get(person.name) or ("L2" if person.decides else "L1"))
    if level not in LEVELS:
        raise DeclarationError(f"{FILE}: {person.name}: {level}; allowed: {', '.join(LEVELS)}")
    return level


def may_read(level: str, cleared: str) -> bool:
    """Whether texts of a source of this level may be shown to somebody cleared up to another."""
    return LEVELS.index(level) <= LEVELS.index(cleared)
