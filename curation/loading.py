"""Read a released dataset through DVC: from a workspace's cache, or from a git URL and its DVC remote."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import concat_tables

from curation import decisions, standing, tc609, versions
from curation.blending import SIZES, repeated, times
from curation.errors import DeclarationError, RightsError
from curation.portion import Portion, batches, portion, read, touches
from curation.store import Workspace, is_workspace, parquet_writer

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from datasets import Dataset, IterableDataset
    from numpy.typing import NDArray


def load(
    name: str,
    version: str | None,
    workspace: str | None,
    split: str,
    accept_withdrawn: str | None = None,
    config: str | None = None,
    fraction: float | None = None,
    tokens: int | str | None = None,
    by: list[str] | None = None,
    mix: dict[str, float] | None = None,
    upweight: bool = False,
) -> "Dataset":
    """See `curation.load`."""
    from datasets import Dataset

    asked, blend = portions(fraction, tokens, by, mix, upweight)
    return Dataset(blend(table(name, version, workspace, split, accept_withdrawn, config, asked)[1]))


@dataclass(frozen=True)
class Blend:
    """What is made of the rows of a portion: shares of tokens by one column, more of what many sources had, or nothing."""

    mix: dict[str, float] | None
    column: str
    tokens: int | None
    upweight: bool

    @property
    def is_nothing(self) -> bool:
        return self.mix is None and not self.upweight

    def times(self, read: "pa.Table") -> "NDArray[np.int64]":
        """How often each row is taken."""
        return times(read, self.mix, self.column, self.tokens, self.upweight)

    def __call__(self, read: "pa.Table") -> "pa.Table":
        return read if self.is_nothing else repeated(read, self.times(read))


def portions(
    fraction: float | None, tokens: int | str | None, by: list[str] | None, mix: dict[str, float] | None, upweight: bool
) -> tuple[Portion, Blend]:
    """The part to read, and what is made of it: with `mix`, `tokens` is the size of the mixture and `by` its column."""
    if mix is None:
        return portion(fraction, tokens, by), Blend(None, "source", None, upweight)
    if by and len(by) != 1:
        raise DeclarationError(f"mix is by one column, not by {', '.join(by)}")
    size = portion(None, tokens, None).tokens if tokens is not None else None
    column = by[0] if by else "source"
    return portion(fraction, None, None), Blend(mix, column, size, upweight)


def stream(
    name: str,
    version: str | None,
    workspace: str | None,
    split: str,
    accept_withdrawn: str | None,
    config: str | None,
    fraction: float | None,
    tokens: int | str | None = None,
    by: list[str] | None = None,
    mix: dict[str, float] | None = None,
    upweight: bool = False,
) -> "IterableDataset":
    """The very rows of `load`, one after the other, with a batch of a shard in memory at a time.

    What needs to see every row first (tokens, by, mix, upweight) reads a few narrow columns for it and keeps the ids of what is taken.
    """
    from datasets import Features, IterableDataset

    asked, blend = portions(fraction, tokens, by, mix, upweight)
    where = workspace or str(Workspace.find(None).root)
    version = version or _newest(where, name)
    if not (accept_withdrawn or "").strip():
        _demand_not_withdrawn(where, f"{name}@{version}")
    with _files(where, name, version) as files:
        shards = _shards(files, name, version, split, config)
        with files.open(shards[0], "rb") as first:
            features = Features.from_arrow_schema(pq.read_schema(first))
        plan = None
        if asked.tokens is not None or asked.by or not blend.is_nothing:
            with ExitStack() as stack:
                opened = [(path, stack.enter_context(files.open(path, "rb"))) for path in shards]
                narrow = read(opened, asked, [one for one in features if one in {"id", "tokens", blend.column, SIZES}])
            plan = (narrow["id"].combine_chunks(), blend.times(narrow))
    given = {"where": where, "name": name, "version": version, "shards": shards, "fraction": fraction, "plan": plan}
    return IterableDataset.from_generator(_rows, features=features, gen_kwargs=given)


def _rows(where: str, name: str, version: str, shards: list[str], fraction: float | None, plan: Any) -> Iterator[dict[str, Any]]:
    with _files(where, name, version) as files:
        for path in shards:
            if plan is None and not touches(path, fraction):
                continue
            with files.open(path, "rb") as file:
                for batch in batches(path, file, fraction, plan):
                    yield from batch.to_pylist()


def table(
    name: str,
    version: str | None,
    workspace: str | None,
    split: str,
    accept_withdrawn: str | None,
    config: str | None,
    asked: Portion,
) -> "tuple[str, pa.Table]":
    """The version, and the rows of a split of it (of one kind of license, of a portion) with all columns."""
    where = workspace or str(Workspace.find(None).root)
    version = version or _newest(where, name)
    if not (accept_withdrawn or "").strip():
        _demand_not_withdrawn(where, f"{name}@{version}")
    with _files(where, name, version) as files, ExitStack() as stack:
        shards = _shards(files, name, version, split, config)
        return version, read([(path, stack.enter_context(files.open(path, "rb"))) for path in shards], asked)


def _shards(files: Any, name: str, version: str, split: str, config: str | None) -> list[str]:
    """The files of a split, of one kind of license where `config` names it. Raises DeclarationError."""
    base = f"data/datasets/{name}/data"
    shards = sorted(path for path in files.find(base) if Path(path).name.startswith(f"{split}-"))
    if not shards:
        raise DeclarationError(f"{name}@{version} has no split {split!r}")
    if config not in {None, "default"}:
        kinds = sorted(
            {found[1] for path in shards if (found := re.fullmatch(rf"{split}-([a-z_]+)-\d+-of-\d+\.parquet", Path(path).name))}
        )
        if config not in kinds:
            raise DeclarationError(f"{name}@{version} has no config {config!r}; known: {', '.join(['default', *kinds])}")
        shards = [path for path in shards if Path(path).name.startswith(f"{split}-{config}-")]
    return shards


def pull(
    release: str,
    workspace: str,
    out: Path,
    split: str,
    config: str | None,
    asked: Portion,
    form: str,
    blended: Blend,
    accept_withdrawn: str | None = None,
) -> dict[str, int | str]:
    """Write a release, or a portion of it, into a folder: one file, `form` parquet, jsonl or tc609. Raises DeclarationError."""
    name, _, version = release.partition("@")
    version, found = table(name, version or None, workspace, split, accept_withdrawn, config, asked)
    found = blended(found)
    out.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{version}-{split}"
    target = out / f"{stem}.{_ENDINGS[form]}"
    staged = out / f".{target.name}"  # what has its name is whole
    if form == "parquet":
        with parquet_writer(staged, found.schema) as writer:
            writer.write_table(found)
    else:
        shape = _tc609(workspace, name, version) if form == "tc609" else dict
        with staged.open("wb") as lines:
            for batch in found.to_batches(1000):
                lines.writelines(orjson.dumps(shape(row), option=orjson.OPT_APPEND_NEWLINE) for row in batch.to_pylist())
    staged.replace(target)
    different = len(pc.unique(found["id"]))
    return {"file": str(target), "documents": found.num_rows, "different": different, "bytes": target.stat().st_size}


_ENDINGS = {"parquet": "parquet", "jsonl": "jsonl", "tc609": "tc609.jsonl"}


def _tc609(where: str, name: str, version: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What turns a published row into a record of TC609-5-2025-02."""
    model = json.loads(read_part(where, name, version, "reports/card.json"))
    audience = model["use"]["audience"]
    origins = {s["id"]: tc609.origin(s["source_type"], audience, s["declared_license"], s["generated"]) for s in model["sources"]}
    return lambda row: tc609.record(row, origins[row["source"]], version)


def read_part(where: str, name: str, version: str, part: str) -> bytes:
    """One file of a released dataset, without a checkout."""
    with _files(where, name, version) as files:
        return files.read_bytes(f"data/datasets/{name}/{part}")  # type: ignore[no-any-return]


def _demand_not_withdrawn(where: str, release: str) -> None:
    """Raise RightsError where the log, as it is now, says that documents of the release were withdrawn."""
    if Path(where).is_dir():
        known = decisions.read(Workspace(where))
    else:
        from dvc.api import DVCFileSystem
        from dvc.exceptions import DvcException
        from dvc.scm import CloneError

        try:
            files = DVCFileSystem(url=where)
        except (CloneError, DvcException) as error:
            raise DeclarationError(f"{where}: {error}") from None
        log = files.read_text(decisions.FILE) if files.exists(decisions.FILE) else ""
        files.repo.close()
        known = decisions.parse(log, f"{where}: {decisions.FILE}")
    for one in standing.concerns(known, release):
        raise RightsError(
            f"{release}: {one.facts['documents']} documents were withdrawn on {one.day} (decision {one.number}: {one.because}); "
            'take a later version, or give a reason: accept_withdrawn="...", --accept-withdrawn REASON'
        )


def _newest(where: str, name: str) -> str:
    if Path(where).is_dir():
        known = versions.released(Path(where), name)
    else:
        done = subprocess.run(["git", "ls-remote", "--tags", where, f"{name}@v*"], capture_output=True, text=True, check=False)
        found = re.findall(rf"refs/tags/{re.escape(name)}@(v\d+\.\d+\.\d+)$", done.stdout, re.MULTILINE)
        known = sorted(found, key=lambda v: tuple(map(int, v[1:].split("."))))
    if not known:
        raise DeclarationError(f"{where}: no release of dataset {name!r}")
    return known[-1]


def _files(where: str, name: str, version: str):  # type: ignore[no-untyped-def]
    """DVC's file system of a tag, closed after use."""
    from contextlib import closing, contextmanager

    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import CloneError, RevError

    @contextmanager
    def opened():  # type: ignore[no-untyped-def]
        if Path(where).is_dir():
            if not is_workspace(Path(where)):
                raise DeclarationError(f"{where}: not a workspace")
            versions.record(Path(where), name, version)  # tells the versions there are
        try:
            files = DVCFileSystem(url=where, rev=f"{name}@{version}")
        except (RevError, CloneError, DvcException) as error:
            raise DeclarationError(f"{where}: {name}@{version}: {error}") from None
        with closing(files.repo):
            yield files

    return opened()


def read_columns(where: str, name: str, version: str, wanted: dict[str, list[str]]) -> "list[pa.Table]":
    """Of each pattern, such as data/*.parquet, the columns of a released dataset's files; other bytes are not touched."""
    with _files(where, name, version) as files:
        found = []
        for pattern, columns in wanted.items():
            tables = []
            for path in sorted(files.glob(f"data/datasets/{name}/{pattern}")):
                with files.open(path) as opened:
                    tables.append(pq.read_table(opened, columns=columns))
            found.append(concat_tables(tables))
        return found


def fetch_folder(workspace: Workspace, name: str, version: str, part: str, target: Path) -> None:
    """Copy a part of a released dataset (data, ledger) into a local folder."""
    with _files(str(workspace.root), name, version) as files:
        files.get(f"data/datasets/{name}/{part}", str(target), recursive=True)
