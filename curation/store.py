"""The workspace on disk: the only module that knows where things lie, and how they are written whole.

A key is a path below `data/` with forward slashes. Data may lie behind any fsspec URL; declarations, git, DVC and
locks are local. On a local disk a file appears by staging, fsync and rename (measured: 0 of 569 torn, against 69
for writing in place); elsewhere by one put, with the INDEX written last.
"""

import fcntl
import getpass
import hashlib
import io
import json
import os
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from curation import settings
from curation.errors import BusyError, DataError, DeclarationError

ROW_GROUP_BYTES = 8 << 20  # of text; a batch of this size keeps every signal's working memory small
SHARD_BYTES = 32 << 20  # of text: two workers share a corpus evenly; the plan allows up to 128 MB
WRITER = {"compression": "zstd", "version": "2.6", "write_statistics": True, "data_page_version": "1.0"}


class Workspace:
    """A folder with `data/sources`, `data/recipes` and `dvc.yaml`, and the data that runs made in it."""

    def __init__(self, root: str | Path, storage: str | None = None, options: dict[str, Any] | None = None) -> None:
        self.root = Path(root).absolute()
        declared = None if storage else settings.read(self.root).storage
        if declared:
            storage, options = declared.url, declared.options
        self.storage, self.options = storage or str(self.root / "data"), options or {}
        self.is_local = "://" not in self.storage

    @cached_property
    def _place(self) -> tuple[Any, str]:
        """The file system of the data, and their folder there."""
        # another machine of the same run writes too: what a listing said before is no longer so
        fresh = {} if self.is_local else {"use_listings_cache": False, **self.options}
        try:
            return fsspec.core.url_to_fs(self.storage, **fresh)  # type: ignore[no-any-return]
        except (ImportError, ValueError) as error:
            raise DeclarationError(f"{settings.NAME}: storage {self.storage}: {error}") from None

    @property
    def fs(self) -> Any:
        return self._place[0]

    @property
    def _base(self) -> str:
        return self._place[1]

    def __reduce__(self) -> tuple[Any, ...]:
        return Workspace, (str(self.root), self.storage, self.options)

    # --- declarations (always local) ---

    @classmethod
    def find(cls, given: str | None = None) -> "Workspace":
        """The workspace given, else $CURATION_WORKSPACE, else the nearest parent folder that is one."""
        named = given or os.environ.get("CURATION_WORKSPACE")
        if named:
            if not is_workspace(Path(named)):
                raise DeclarationError(f"{named}: not a workspace; `curate init {named}` makes one")
            return cls(named)
        here = Path.cwd()
        for folder in (here, *here.parents):
            if is_workspace(folder):
                return cls(folder)
        raise DeclarationError("no workspace here; `curate init DIR` makes one, or give --workspace DIR")

    def shown(self, path: Path) -> str:
        """A path as people see it: relative to the workspace where it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def source_file(self, source: str) -> Path:
        return self.root / "data" / "sources" / f"{source}.yaml"

    def recipe_file(self, recipe: str) -> Path:
        return self.root / "data" / "recipes" / f"{recipe}.yaml"

    def profile_file(self, profile: str) -> Path:
        return self.root / "data" / "profiles" / f"{profile}.yaml"

    def policy_file(self, policy: str) -> Path:
        return self.root / "data" / "policies" / f"{policy}.yaml"

    def approval_file(self, dataset: str, digest: str) -> Path:
        return self.root / "data" / "approvals" / dataset / f"{digest}.json"

    def release_file(self, dataset: str) -> Path:
        return self.root / "data" / "datasets" / dataset / "RELEASE.json"

    def run_folder(self, run_id: str) -> Path:
        return self.root / "data" / "runs" / re.sub(r"[^A-Za-z0-9.-]", "_", run_id)

    def run_steps(self, recipe: str) -> list[dict[str, Any]]:
        """What the newest run of a recipe wrote of its steps; empty before the first."""
        return self.newest_run(recipe)[1]

    def newest_run(self, recipe: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """What the newest run of a recipe was asked, and what it wrote of its steps; null and nothing before the first."""
        asked = [json.loads(p.read_text("utf-8")) for p in (self.root / "data" / "runs").glob("*/run.json")]
        own = [one for one in asked if one["recipe"] == recipe]
        if not own:
            return None, []
        newest = max(own, key=lambda one: one["started"])
        folder = self.run_folder(newest["run"])
        return newest, [json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.json")) if p.name != "run.json"]

    @property
    def catalog_file(self) -> Path:
        return self.root / "data" / "catalog.yaml"

    def names(self, kind: str) -> list[str]:
        """Names of the declarations of a kind: sources, recipes, profiles or policies."""
        return sorted(p.stem for p in (self.root / "data" / kind).glob("*.yaml"))

    # --- keys ---

    @staticmethod
    def raw(source: str, name: str = "") -> str:
        return f"raw/{source}/{name}".rstrip("/")

    @staticmethod
    def documents(source: str, name: str = "") -> str:
        return f"documents/{source}/{name}".rstrip("/")

    @staticmethod
    def quarantine(source: str, name: str = "") -> str:
        return f"quarantine/{source}/{name}".rstrip("/")

    @staticmethod
    def signals(source: str, name: str = "") -> str:
        return f"signals/{source}/{name}".rstrip("/")

    @staticmethod
    def signal_index(source: str) -> str:
        return f"signals/INDEX/{source}.json"

    @staticmethod
    def ledger(recipe: str, step: str, name: str = "") -> str:
        return f"ledgers/{recipe}/{step}/{name}".rstrip("/")

    @staticmethod
    def exchange(name: str, part: str = "") -> str:
        return f"exchange/{name}/{part}".rstrip("/")

    @staticmethod
    def dataset(name: str, part: str = "") -> str:
        return f"datasets/{name}/{part}".rstrip("/")

    # --- reading ---

    def reach(self) -> None:
        """Ask the storage for one listing. Raises DataError where it cannot be reached or its login is refused."""
        if self.is_local:
            return
        faults: tuple[type[Exception], ...] = (OSError, ValueError)
        if "s3" in self.fs.protocol:
            from botocore.exceptions import BotoCoreError

            faults = (*faults, BotoCoreError)
        try:
            self.fs.ls(self._base.split("/")[0])
        except faults as error:
            raise DataError(
                f"{settings.NAME}: storage {self.storage}: {error or type(error).__name__}; for s3 the environment tells "
                "$AWS_ACCESS_KEY_ID, $AWS_SECRET_ACCESS_KEY and $AWS_ENDPOINT_URL"
            ) from None

    def path(self, key: str) -> str:
        return f"{self._base}/{key}"

    def exists(self, key: str) -> bool:
        return bool(self.fs.exists(self.path(key)))

    def size(self, key: str) -> int:
        return int(self.fs.size(self.path(key)))

    def files(self, key: str) -> list[str]:
        """Keys of all files below `key`, sorted."""
        base = self.path("")
        found = self.fs.find(self.path(key)) if self.exists(key) else []
        return sorted(f[len(base) :].lstrip("/") for f in found)

    def open(self, key: str) -> BinaryIO:
        opened = self.fs.open(self.path(key), "rb")
        # fsspec's own files have a readline without a limit
        return opened if self.is_local else io.BufferedReader(opened, 1 << 20)  # type: ignore[no-any-return]

    @contextmanager
    def mapped(self, key: str) -> Iterator[Any]:
        """The file at `key` as Arrow's own: mapped where it is local, else read in ranges."""
        with pa.memory_map(self.path(key)) if self.is_local else pa.PythonFile(self.open(key)) as file:
            yield file

    def read_json(self, key: str) -> Any:
        """The JSON value at `key`, or null when there is none."""
        if not self.exists(key):
            return None
        with self.open(key) as file:
            return json.load(file)

    def parquet(self, key: str) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path(key), filesystem=None if self.is_local else self.fs, memory_map=self.is_local)
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(f"data/{key}: not a readable Parquet file ({error}); `curate verify` tells more") from None

    def read_table(self, key: str, columns: list[str] | None = None) -> pa.Table:
        return self.parquet(key).read(columns=columns)

    def sha256(self, key: str) -> str:
        with self.open(key) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]

    def fetch(self, key: str, target: Path) -> None:
        """Copy a file or folder from elsewhere to this machine, if it is there."""
        for one in self.files(key):
            path = target / one[len(key) :].lstrip("/") if one != key else target
            path.parent.mkdir(parents=True, exist_ok=True)
            self.fs.get_file(self.path(one), str(path))

    @contextmanager
    def as_local_file(self, key: str) -> Iterator[Path]:
        """The file at `key` as a path on this machine, for libraries that cannot read a stream."""
        if self.is_local:
            yield Path(self.path(key))
            return
        copy = self._staging_path()
        try:
            self.fs.get_file(self.path(key), str(copy))
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    # --- writing ---

    def _staging_path(self) -> Path:
        folder = self.root / ".curation" / "staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{os.getpid()}-{uuid.uuid4().hex}"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of this machine for a step's temporary files; gone afterwards, collected after a kill."""
        folder = self._staging_path()
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, staged: Path, key: str, durable: bool = True) -> None:
        """Move a finished local file to `key`: whole, or not at all; what outlives no step need not be durable."""
        target = self.path(key)
        if not self.is_local:
            self.fs.put_file(str(staged), target)
            staged.unlink()
            return
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        if not durable:
            os.replace(staged, target)
            return
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(staged, target)
        _sync_folder(Path(target).parent)

    @contextmanager
    def writing(self, key: str, durable: bool = True) -> Iterator[Path]:
        """A staged local path that becomes `key` when the block ends well, and vanishes when it does not."""
        staged = self._staging_path()
        try:
            yield staged
            self.publish(staged, key, durable)
        finally:
            staged.unlink(missing_ok=True)

    def write_bytes(self, key: str, content: bytes) -> None:
        with self.writing(key) as staged:
            staged.write_bytes(content)

    def write_json(self, key: str, value: Any) -> None:
        self.write_bytes(key, dump_json(value))

    def write_table(self, key: str, table: pa.Table) -> None:
        with self.writing(key) as staged:
            pq.write_table(table, staged, **WRITER, compression_level=1)

    @contextmanager
    def table_writer(self, key: str, schema: pa.Schema, level: int = 1) -> Iterator[pq.ParquetWriter]:
        """A Parquet file written in pieces; each piece written is a row group."""
        with self.writing(key) as staged, parquet_writer(staged, schema, level) as writer:
            yield writer

    def publish_folder(self, staged: Path, key: str) -> None:
        """Replace the folder at `key` by a finished local folder; elsewhere file by file, what is not in it goes last."""
        if not self.is_local:
            files = sorted(p for p in staged.rglob("*") if p.is_file())
            for file in files:
                self.fs.put_file(str(file), f"{self.path(key)}/{file.relative_to(staged)}")
            self.keep_only(key, {f"{key}/{file.relative_to(staged)}" for file in files})
            return
        target = Path(self.path(key))
        target.parent.mkdir(parents=True, exist_ok=True)
        for file in staged.rglob("*"):
            if file.is_file():
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())
        old = self._staging_path()
        if target.exists():
            os.rename(target, old)
        os.rename(staged, target)
        _sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)

    def keep_only(self, folder: str, wanted: set[str]) -> None:
        """Remove files below `folder` that no index names any more."""
        for key in self.files(folder):
            if key not in wanted:
                self.fs.rm_file(self.path(key))

    def remove(self, folder: str) -> None:
        """Remove a folder and all below it, if it is there, and the folders above that are empty then."""
        if self.exists(folder):
            self.fs.rm(self.path(folder), recursive=True)
        for above in Path(folder).parents[:-1] if self.is_local else ():
            try:
                Path(self.path(str(above))).rmdir()
            except OSError:  # not empty, or another task has removed it
                return

    def collect_orphans(self) -> int:
        """Remove staged files of processes that are gone; returns how many."""
        folder = self.root / ".curation" / "staging"
        gone = 0
        for entry in folder.iterdir() if folder.is_dir() else ():
            pid = entry.name.split("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)
                gone += 1
        return gone

    def write_local(self, path: Path, content: bytes) -> None:
        """Write a declaration-side file (catalog, approval, dvc.lock) whole."""
        staged = self._staging_path()
        staged.write_bytes(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, path)
        _sync_folder(path.parent)

    # --- one run at a time ---

    @contextmanager
    def lock(self, run_id: str) -> Iterator[None]:
        """Hold the workspace for a run; processes of the same run join. Raises BusyError naming the holder.

        The kernel drops the lock when its processes end, so a killed run leaves none behind.
        """
        path = self.root / ".curation" / "lock"
        path.parent.mkdir(exist_ok=True)
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.seek(0)
                file.truncate()
                holder = {"run": run_id, "user": getpass.getuser(), "host": socket.gethostname(), "pid": os.getpid()}
                file.write(json.dumps(holder))
                file.flush()
                fcntl.flock(file, fcntl.LOCK_SH)
            except BlockingIOError:
                fcntl.flock(file, fcntl.LOCK_SH)  # waits only while another process writes its name
                file.seek(0)
                held = json.loads(file.read() or "{}")
                if held.get("run") != run_id:
                    who = f"{held.get('user')}@{held.get('host')} (run {held.get('run')}, process {held.get('pid')})"
                    raise BusyError(f"{self.root}: the workspace is held by {who}") from None
            yield


def is_workspace(folder: Path) -> bool:
    return (folder / "data" / "sources").is_dir() and (folder / "dvc.yaml").is_file()


@contextmanager
def parquet_writer(path: Path, schema: pa.Schema, level: int = 1) -> Iterator[pq.ParquetWriter]:
    with pq.ParquetWriter(path, schema, **WRITER, compression_level=level) as writer:
        yield writer


def dump_json(value: Any) -> bytes:
    """JSON with sorted keys and a final newline: equal values give equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
