"""One file per place that bytes come from. Its name is what a source's `where` names.

    class Options(Declared)                                       what `where` may say
    fetch(options, asked: Asked) -> Iterator[Fetched]             the objects that are there now

`where` may hold `auth_ref` (curation.credentials); a connector shows no secret in names, addresses, facts or errors.
A connector never decides and never writes: it hands over streams and what it learned about them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from curation.license import Claim
from curation.license_files import LicenseFiles


@dataclass(frozen=True)
class Asked:
    """What the step tells a connector: where relative paths start, what is already here, and upstream raw."""

    root: Path
    known: dict[str, dict[str, Any]]  # object name -> its last receipt
    raw_member: Callable[[str, str], Path]  # (source, glob) -> a local copy of that file of its raw bytes
    upstream_claims: Callable[[str], list[Claim]]  # (source) -> claims its raw came with
    sample: int | None = None  # only so many records are wanted: a trial before the whole is fetched
    anonymous: bool = False  # asked by a stranger's form: no login of this machine, no configuration of it, no private address


def some(found: list[Any], asked: Asked, name: Callable[[Any], str] = str) -> list[Any]:
    """All of what is there, or for a trial a few from everywhere in it and the license files nearest to the top."""
    if not asked.sample or len(found) <= asked.sample:
        return found
    rights = sorted((one for one in found if LicenseFiles.wants(name(one))), key=lambda one: name(one).count("/"))
    others = [one for one in found if not LicenseFiles.wants(name(one))]
    few = others if len(others) <= asked.sample else [others[n * len(others) // asked.sample] for n in range(asked.sample)]
    return [*rights[: asked.sample], *few]


@dataclass(frozen=True)
class Fetched:
    """One raw object. `stream` is null when it is unchanged since the receipt in `Asked.known`."""

    name: str  # stable name of the object at its origin; part of every document's native_id
    uri: str  # public address, credentials stripped
    file_name: str  # tells the format, e.g. django-5.2.7.tar.gz
    stream: BinaryIO | None
    claims: list[Claim] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)  # of its records that do not say it themselves: authors, published
    facts: dict[str, Any] = field(default_factory=dict)  # what only a receipt may hold: etag, headers
