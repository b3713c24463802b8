"""Seconds until each page of the review page has answered, in a workspace with a large dataset.

    python -m benchmarks.pages WORKSPACE DATASET [--doc DOC_ID] > docs/pages.md

Each page is asked of a server of its own, as `curate ui` starts it, after its catalogue was opened and looked at for three seconds.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from curation import published, sampling, versions
from curation.store import Workspace

AGAIN = 5
READING = 3  # seconds that somebody looks at the catalogue before the page


def main() -> None:
    """A table: page, the first answer after the server's start, the median of five more, bytes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path)
    parser.add_argument("dataset")
    parser.add_argument("--doc", help="for the page `why`; default: the first of the ledger")
    parser.add_argument("--port", type=int, default=18377)
    asked = parser.parse_args()
    os.environ.setdefault(sampling.KEY, "a key of the benchmark")
    workspace = Workspace(asked.workspace)
    documents = published.manifest(workspace, asked.dataset)["counts"]["documents"]
    known = versions.released(workspace.root, asked.dataset)
    doc = asked.doc or _first(workspace, asked.dataset)
    name = asked.dataset
    pages = ["", f"dataset/{name}", f"dataset/{name}/contributions", f"borderline/{name}", f"sample/{name}", f"why?doc={doc}"]
    pages += ["conflicts", "rights", "sources", "decisions", *(f"dataset/{name}/version/{one}" for one in known[-1:])]
    if len(known) > 1:
        pages.append(f"dataset/{name}/diff?before={known[-2]}&after={known[-1]}")
    command = [sys.executable, "-m", "curation", "--workspace", str(asked.workspace), "ui", "--port", str(asked.port)]
    print(
        f"# The review page's seconds\n\nWritten by `python -m benchmarks.pages`: a dataset of {documents:,} documents, two versions, on ",
        end="",
    )
    print(
        f"{os.cpu_count()} cores. Each page is asked of a server just started, after its catalogue was looked at for {READING} s.\n"
    )
    print("| page | first opening, s | again, s | kB |\n|---|---|---|---|")
    for page in pages:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            took, size = _answers(server, page)
        finally:
            server.kill()
            server.wait()
        print(f"| /{page.split('?')[0]} | {took[0]:.2f} | {statistics.median(took[1:]):.2f} | {size / 1000:.0f} |", flush=True)


def _answers(server: subprocess.Popen[str], page: str) -> tuple[list[float], int]:
    """Seconds of each opening, and bytes."""
    assert server.stdout is not None
    address = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
    root, key = address.split("/?key=")
    opener = urllib.request.build_opener()
    opener.addheaders = [("Cookie", f"curation_key={key}")]
    for _ in range(100):
        try:
            opener.open(f"{root}/static/review.css", timeout=10).read()
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    opener.open(f"{root}/", timeout=60).read()
    time.sleep(READING)
    took, size = [], 0
    for _ in range(AGAIN + 1):
        begun = time.perf_counter()
        size = len(opener.open(f"{root}/{page}", timeout=60).read())
        took.append(time.perf_counter() - begun)
    return took, size


def _first(workspace: Workspace, name: str) -> str:
    ledger = [key for key in workspace.files(workspace.dataset(name, "ledger")) if "removed" in key]
    return str(workspace.read_table(ledger[0], columns=["doc_id"])["doc_id"][0].as_py())


if __name__ == "__main__":
    main()
