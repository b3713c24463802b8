"""What the files beside a file say of its license: LICENSE texts, DEP-5 (debian/copyright), REUSE.toml, `.license` sidecars.

DEP-5 is Debian's machine-readable copyright format 1.0; REUSE is the FSFE's specification 3.3. The entry for a file is the last
whose pattern matches; a LICENSE text is that of the nearest folder above.
"""

import posixpath
import re
import tomllib
from collections.abc import Iterator

from curation.license import DENIAL, Claim, from_license_text, from_spdx_header, normalise
from curation.license_pages import from_notice

READ_BYTES = 2 << 20  # a package of thousands of files has a DEP-5 file of a megabyte
DETECTOR = "copyright_file"
_LICENSE_FILE = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:\.(?:txt|md|rst))?", re.IGNORECASE)
_DEBIAN = {
    "expat": "MIT",
    "gpl-1+": "GPL-1.0-or-later",
    "gpl-2": "GPL-2.0-only",
    "gpl-2+": "GPL-2.0-or-later",
    "gpl-3": "GPL-3.0-only",
    "gpl-3+": "GPL-3.0-or-later",
    "lgpl-2": "LGPL-2.0-only",
    "lgpl-2+": "LGPL-2.0-or-later",
    "lgpl-2.0+": "LGPL-2.0-or-later",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-2.1+": "LGPL-2.1-or-later",
    "lgpl-3": "LGPL-3.0-only",
    "lgpl-3+": "LGPL-3.0-or-later",
    "agpl-3": "AGPL-3.0-only",
    "agpl-3+": "AGPL-3.0-or-later",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "apache-2": "Apache-2.0",
    "artistic": "Artistic-1.0-Perl",
    "zlib": "Zlib",
    "isc": "ISC",
    "cc0": "CC0-1.0",
    "mpl-2.0": "MPL-2.0",
    "psf-2": "PSF-2.0",
    "gfdl-1.3+": "GFDL-1.3-or-later",
}


class LicenseFiles:
    """The license files of one archive or folder, and what they say of each other file in it."""

    def __init__(self, root: str = "") -> None:
        self._root = root.rstrip("/")
        self._texts: dict[str, list[Claim]] = {}
        self._entries: list[tuple[str, re.Pattern[str], Claim]] = []  # folder, pattern of names below it, claim
        self._sidecars: dict[str, list[Claim]] = {}

    @staticmethod
    def wants(name: str) -> bool:
        """Whether a file says something of the licenses of others."""
        base = posixpath.basename(name)
        return (
            is_license_text(name)
            or base in {"REUSE.toml", "dep5"}
            or name.endswith(("debian/copyright", ".reuse/dep5"))
            or (base.endswith(".license") and "." in base[1:-8])
        )

    def add(self, name: str, content: bytes, where: str) -> None:
        """One such file; what cannot be read says nothing."""
        text = content[:READ_BYTES].decode("utf-8", "replace")
        folder, base = posixpath.dirname(name), posixpath.basename(name)
        if base == "REUSE.toml":
            self._entries += [(folder, pattern, claim) for pattern, claim in _reuse(text, where)]
        elif base == "dep5" or name.endswith("debian/copyright"):
            above = posixpath.dirname(folder)
            self._entries += [(above, pattern, claim) for pattern, claim in dep5(text, where)]
        elif base.endswith(".license"):
            self._sidecars[name.removesuffix(".license")] = [
                claim._replace(detector=DETECTOR) for claim in from_spdx_header(text, where)
            ]
        else:
            if ".dist-info" in folder or folder == self._root:  # a wheel's dist-info stands for the whole package
                folder = ""
            claims = from_license_text(text[:200_000], where)
            if not claims or claims[0].detector == DENIAL:
                claims = from_notice(text, where) or claims
            self._texts.setdefault(folder, []).extend(claims)

    def claims(self, name: str) -> list[Claim]:
        """What is said of a file: by its sidecar or the entry for it, and by the nearest LICENSE text."""
        found = list(self._sidecars.get(name, []))
        if not found:
            entry = [claim for folder, pattern, claim in self._entries if _inside(name, folder, pattern)]
            found = entry[-1:]
        folder = posixpath.dirname(name)
        while True:
            if folder in self._texts:
                return found + self._texts[folder]
            if not folder:
                return found
            folder = posixpath.dirname(folder)


def is_license_text(name: str) -> bool:
    """LICENSE, COPYING, UNLICENSE and the like."""
    return _LICENSE_FILE.fullmatch(posixpath.basename(name)) is not None


def _inside(name: str, folder: str, pattern: re.Pattern[str]) -> bool:
    if folder and not name.startswith(f"{folder}/"):
        return False
    return pattern.fullmatch(name[len(folder) :].lstrip("/")) is not None


def dep5(text: str, where: str) -> Iterator[tuple[re.Pattern[str], Claim]]:
    """(pattern of names, claim) of every Files paragraph, in order."""
    for paragraph in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        fields: dict[str, str] = {}
        last = ""
        for line in paragraph.split("\n"):
            if line[:1] in {" ", "\t"} and last:
                fields[last] += f"\n{line.strip()}"
            elif ":" in line and not line.startswith("#"):
                last, _, value = line.partition(":")
                last = last.strip().lower()
                fields[last] = value.strip()
        if not fields.get("files") or not fields.get("license"):
            continue
        said = fields["license"].split("\n")[0].strip()
        globs = "|".join(_glob(one) for one in fields["files"].split())
        yield re.compile(globs, re.DOTALL), Claim(DETECTOR, debian_license(said) or said, f"License: {said}", where)


def debian_license(name: str) -> str | None:
    """SPDX expression for a short name of DEP-5, or null.

    >>> debian_license("GPL-2+ or Artistic"), debian_license("Expat"), debian_license("GPL-3+ with Bison exception")
    ('GPL-2.0-or-later OR Artistic-1.0-Perl', 'MIT', None)
    """
    # a comma parts more than the words around it: A or B, and C
    for comma in (r"\s*,\s+and\s+", r"\s*,\s+or\s+"):
        sides = re.split(comma, name.strip(), maxsplit=1, flags=re.IGNORECASE)
        if len(sides) == 2:
            known_sides = [debian_license(side) for side in sides]
            word = " AND " if "and" in comma else " OR "
            return None if None in known_sides else normalise(word.join(f"({side})" for side in known_sides))
    parts = re.split(r"\s+(and/or|or|and)\s+", name.strip(), flags=re.IGNORECASE)
    out = []
    for number, part in enumerate(parts):
        if number % 2:
            out.append("OR" if part.lower() != "and" else "AND")
            continue
        known = _DEBIAN.get(part.lower()) or normalise(part)
        if known is None:
            return None
        out.append(f"({known})" if " " in known and len(parts) > 1 else known)
    return normalise(" ".join(out))


def _glob(pattern: str) -> str:
    """DEP-5: * and ? match everything, slashes too; a backslash escapes."""
    out = ""
    for part in re.findall(r"\\.|\*|\?|[^\\*?]+", pattern.removeprefix("./")):
        out += {"*": ".*", "?": "."}.get(part, re.escape(part[1:] if part.startswith("\\") else part))
    return out


def _strings(value: object) -> list[str]:
    return (
        [value] if isinstance(value, str) else [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    )


def _reuse(text: str, where: str) -> Iterator[tuple[re.Pattern[str], Claim]]:
    """REUSE.toml: * stays within a folder, ** does not."""
    try:
        entries = tomllib.loads(text).get("annotations", [])
    except tomllib.TOMLDecodeError:
        return
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        paths, said = _strings(entry.get("path")), _strings(entry.get("SPDX-License-Identifier"))
        # several identifiers hold together
        for expression in said[:1] if len(said) < 2 else [" AND ".join(f"({one})" for one in said)]:
            for path in paths:
                inner = "".join(
                    {"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in re.findall(r"\*\*|\*|[^*]+", path)
                )
                yield re.compile(inner), Claim(DETECTOR, expression, f"SPDX-License-Identifier = {expression!r}", where)
