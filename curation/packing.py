"""A folder without an address becomes one archive, named by its digest: the same files give the same bytes wherever it is made."""

import gzip
import hashlib
import re
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from curation.errors import DataError


def pack(folder: Path, out: Path) -> dict[str, Any]:
    """Write `<folder>-<digest>.tar.gz` into `out`: regular files in the order of their names, without times, owners and hidden files.

    Raises DataError for a folder without files, and for one with a link, which would mean another file elsewhere.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    name = folder.resolve().name
    files = sorted(path for path in folder.rglob("*") if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    earlier = re.compile(re.escape(name) + r"-[0-9a-f]{16}\.tar\.gz")  # of this very folder, where they are written into it
    files = [path for path in files if not (path.parent == folder and earlier.fullmatch(path.name))]
    for path in files:
        if path.is_symlink():
            raise DataError(f"{path}: is a link; pack the file itself")
    files = [path for path in files if path.is_file()]
    if not files:
        raise DataError(f"{folder}: has no files")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=out, prefix=".pack-", delete=False) as staged:
        try:
            with (
                gzip.GzipFile(filename="", mode="wb", fileobj=staged, mtime=0) as packed,
                tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
            ):
                for path in files:
                    entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
                    entry.size = path.stat().st_size
                    with path.open("rb") as content:
                        archive.addfile(entry, content)
            staged.flush()
            with Path(staged.name).open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            target = out / f"{name}-{digest[:16]}.tar.gz"
            Path(staged.name).replace(target)
        except OSError as error:
            Path(staged.name).unlink(missing_ok=True)
            raise DataError(f"{folder}: {error}") from None
    target.chmod(0o644)
    return {"archive": str(target), "sha256": digest, "files": len(files), "bytes": target.stat().st_size}
