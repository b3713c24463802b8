"""A workspace whose data lie behind an S3-speaking server: the same dataset, released and loaded; faults in one line."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

import curation
from curation import cli, line, settings
from curation.engines import local
from curation.errors import DataError
from curation.questions import summary, verify, why
from curation.store import Workspace
from tests import corpus, servers

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """moto's server, and an environment that leads every client of this process and its workers there."""
    with servers.s3() as address:
        told = {
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": address,
        }
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        for pool in local._pools.values():  # workers of earlier tests know nothing of it
            pool.shutdown()
        local._pools.clear()
        import s3fs

        s3fs.S3FileSystem(use_listings_cache=False).mkdir("team")
        yield told["AWS_ENDPOINT_URL"]
    for name, value in before.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value


def lay(root: Path, url: str | None) -> Workspace:
    """The test corpus in a workspace with git and DVC."""
    assert cli.main(["init", str(root), *(["--storage", url] if url else [])]) == 0
    corpus.lay(root)
    assert cli.main(["--workspace", str(root), "check"]) == 0  # generates the catalog that dvc.yaml reads
    return Workspace.find(str(root))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, server: str) -> Workspace:
    workspace = lay(tmp_path_factory.mktemp("there"), "s3://team/energy")
    line.run(workspace, "energy", workers=2, until="card")
    return workspace


def test_the_same_dataset(there: Workspace, tmp_path: Path) -> None:
    """Files and digests are those of a local workspace, made by workers of their own; nothing of the data lies here."""
    here = lay(tmp_path, None)
    line.run(here, "energy", until="card")
    manifests = [w.read_json(w.dataset("energy", "manifest.json")) for w in (here, there)]
    assert {k: v for k, v in manifests[0].items() if k != "declarations"} == {
        k: v for k, v in manifests[1].items() if k != "declarations"
    }
    local = {p.name for p in (there.root / "data").iterdir()}
    assert not local & {"raw", "documents", "signals", "ledgers", "exchange"}
    assert not (there.root / "data" / "datasets" / "energy" / "data").exists()
    assert any(key.startswith("signals/INDEX/") for key in there.files("signals"))
    assert not there.files("exchange") and not list((there.root / ".curation" / "staging").iterdir())


def test_questions_and_a_second_run(there: Workspace) -> None:
    """What is done stays done; a document and a summary are found; a file that was changed there is told."""
    before = {
        key: there.fs.info(there.path(key))["LastModified"] for key in there.files("signals/plant") if key.endswith("parquet")
    }
    line.run(there, "energy", workers=2, until="card")
    assert {
        key: there.fs.info(there.path(key))["LastModified"] for key in there.files("signals/plant") if key.endswith("parquet")
    } == before
    verify.demand(verify.ask(there, "energy"))
    assert why.ask(there, "short")["datasets"][0]["outcome"] == "removed"
    assert summary.ask(there, "energy")["path"] == "s3://team/energy/datasets/energy"
    name = next(key for key in there.files("datasets/energy/data"))
    whole = there.open(name).read()
    there.fs.pipe_file(there.path(name), whole[:-9])
    with pytest.raises(DataError, match=r"differs|changed|digest"):
        verify.demand(verify.ask(there, "energy"))
    there.fs.pipe_file(there.path(name), whole)


def test_a_folder_is_replaced_whole(there: Workspace, tmp_path: Path) -> None:
    """What the new folder does not have goes, after all that it has is there."""
    for number, names in enumerate((("a", "deep/b"), ("a",))):
        staged = tmp_path / str(number)
        for name in names:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).write_text(str(number))
        there.publish_folder(staged, "datasets/other/part")
    assert there.files("datasets/other") == ["datasets/other/part/a"]
    there.remove("datasets/other")


def test_released_and_loaded(there: Workspace) -> None:
    """A release fetches what it versions; afterwards it is read through DVC, without the bucket."""
    manifest = there.read_json(there.dataset("energy", "manifest.json"))
    assert cli.main(["--workspace", str(there.root), "approve", "energy", "--because", "read"]) == 0
    line.run(there, "energy", workers=2)
    loaded = curation.load("energy", workspace=str(there.root))
    assert loaded.num_rows == manifest["counts"]["documents"]
    assert (
        settings.NAME
        in subprocess.run(
            ["git", "-C", there.root, "ls-tree", "--name-only", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_dvc_repro_is_for_local_data(there: Workspace) -> None:
    """It would look for outputs that lie elsewhere, and says so."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["dvc", "repro", "-f", "extract@plant"], cwd=there.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode and "`dvc repro` is for data of this machine" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("storage", "fault"),
    [
        ({"url": "data"}, "allowed: a URL such as s3://bucket/folder"),
        ({"url": "file:///mnt/data"}, "allowed: a URL such as s3://bucket/folder"),
        ({"url": "s3://me:word@team/x"}, "a URL must not contain a login"),
        ({"url": "s3://team/x", "options": {"client_kwargs": {"aws_secret_access_key": "x"}}}, "must not lie in a file"),
        ({"url": "nothing://team/x"}, "storage nothing://team/x"),
        ({"url": "s3://absent/x"}, "storage s3://absent/x"),
        ({"url": "s3://team/x", "options": {"endpoint_url": "http://127.0.0.1:9"}}, "storage s3://team/x"),
    ],
)
def test_faults(server: str, tmp_path: Path, storage: dict[str, object], fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what is wrong and what is allowed."""
    workspace = corpus.lay(tmp_path)
    (workspace.root / settings.NAME).write_text(yaml.safe_dump({"storage": storage}))
    assert cli.main(["--workspace", str(tmp_path), "status"]) == 2
    told = capsys.readouterr().err
    assert fault in told and told.count("\n") == 1


def test_no_listing_is_remembered(there: Workspace) -> None:
    """Another process writes: this one sees it at once."""
    assert not there.exists("ledgers/late.parquet")
    code = f"from curation.store import Workspace; Workspace({str(there.root)!r}).write_bytes('ledgers/late.parquet', b'x')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert there.exists("ledgers/late.parquet") and "ledgers/late.parquet" in there.files("ledgers")


def test_purged_words_leave_a_remote_that_is_no_folder(tmp_path: Path, server: str) -> None:
    """DVC's objects on S3 that hold the document go; while the remote is shut the receipt says so, and the command goes on later."""
    import s3fs

    root, sentence = tmp_path / "w", "一句只在这里出现的话：绿色的阀门在二号泵房。"
    assert cli.main(["init", str(root), "--remote", "s3://team/store"]) == 0
    workspace = corpus.lay(root)
    row = {"id": "one", "text": corpus.paragraph("zh", 951) + sentence, "license": "CC-BY-4.0", "status": "valid"}
    (root / "incoming" / "alone.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    line.run(workspace, "energy")
    store = s3fs.S3FileSystem(use_listings_cache=False)

    def holders() -> list[str]:
        found = []
        for path in store.find("team/store"):
            content = store.cat_file(path)
            columns = pq.read_table(io.BytesIO(content)).to_pylist() if content[:4] == b"PAR1" else []
            found += [path] if sentence.encode() in content or any(sentence in str(one) for one in columns) else []
        return found

    held, everything = holders(), len(store.find("team/store"))
    assert held
    shut = ["dvc", "remote", "modify", "--local", "store", "endpointurl"]
    subprocess.run([sys.executable, "-m", *shut, "http://127.0.0.1:9"], cwd=root, check=True, capture_output=True)
    command = ["--workspace", str(root), "--json", "withdraw", "--document", "one", "--because", "asked", "--purge"]
    assert cli.main(command) == 0 and holders() == held
    receipt = root / "data" / "tombstones" / "000002.json"
    assert any("the remote store" in one for one in json.loads(receipt.read_text())["cannot_recall"])
    subprocess.run([sys.executable, "-m", *shut[:-1], "-u", "endpointurl"], cwd=root, check=True, capture_output=True)
    (root / "incoming" / "alone.jsonl").unlink()
    assert cli.main(command) == 0 and holders() == []
    assert len(store.find("team/store")) == everything - len(held)
    told = json.loads(receipt.read_text())
    assert sum(one.startswith("remote store:") for one in told["cleared"]) == len(held)
    assert not any("the remote store" in one for one in told["cannot_recall"])
