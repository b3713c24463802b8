"""Hostile and broken files measured, each in a process of its own: what it costs to read beside nothing at all.

    python -m benchmarks.hostile             written: docs/hostile.md
    python -m benchmarks.hostile NAME ...    these only, printed

Seconds and memory are those above a process that has loaded the same code and read a small file.
"""

import io
import json
import resource
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.report import machine
from tests import hostile

DOCS = Path(__file__).resolve().parent.parent / "docs"
SECONDS = 30


def read(content: bytes, name: str, form: str) -> tuple[int, list[str]]:
    """Records, and the reasons of what is none, as extract reads one object."""
    from curation import archive, readers, rooms
    from curation.readers import Record

    records, reasons = 0, []
    reader = rooms.find(readers, form)

    def one(stream: io.BufferedIOBase, file_name: str) -> None:
        nonlocal records
        try:
            with ExitStack() as stack:
                plain = (
                    stream
                    if getattr(reader, "COMPRESSED", False)
                    else stack.enter_context(archive.decompressed(stream, file_name))[0]
                )  # type: ignore[arg-type]
                for found in reader.read(plain, file_name, reader.Options()):
                    if isinstance(found, Record):
                        records += 1
                    else:
                        reasons.append(found.reason)
        except (archive.TooLarge, *archive.STREAM_ERRORS):
            reasons.append("broken_stream")

    if not archive.is_archive(name):
        one(io.BytesIO(content), name)  # type: ignore[arg-type]
        return records, reasons
    try:
        for member in archive.members(io.BytesIO(content), name, [], []):
            if member.stream is None:
                reasons.append(member.refused or "refused")
            else:
                one(member.stream, member.name)  # type: ignore[arg-type]
    except archive.Broken:
        reasons.append("broken_archive")
    return records, reasons


def measured(name: str) -> None:
    """One file, in this process; prints a JSON line."""
    if name == "(none)":
        content, form, name = hostile.GOOD.encode(), "text", "good.txt"
    else:
        found = next(one for one in hostile.FILES if one.name == name)
        made = subprocess.run([sys.executable, "-m", "benchmarks.hostile", "--make", name], capture_output=True, check=True)
        content, form = made.stdout, found.format
    read(hostile.GOOD.encode(), "good.txt", form if form in {"text", "markdown", "rst", "html"} else "text")
    begun = time.perf_counter()
    records, reasons = read(content, name, form)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"bytes": len(content), "seconds": seconds, "peak": peak, "records": records, "reasons": sorted(set(reasons))})
    )


def asked(name: str) -> dict[str, object] | None:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.hostile", "--one", name], capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return None
    return (
        json.loads(done.stdout)
        if done.returncode == 0
        else {"fault": done.stderr.strip().splitlines()[-1][:200] if done.stderr else done.returncode}
    )


def main() -> None:
    """Measure and write docs/hostile.md."""
    if sys.argv[1:2] == ["--make"]:
        sys.stdout.buffer.write(next(one for one in hostile.FILES if one.name == sys.argv[2]).make())
        return
    if sys.argv[1:2] == ["--one"]:
        measured(sys.argv[2])
        return
    base = asked("(none)")
    assert base is not None
    names = sys.argv[1:] or [one.name for one in hostile.FILES]
    lines = [
        "# Hostile and broken files",
        "",
        f"Written by `python -m benchmarks.hostile` ({machine()}); do not edit. Each file is made by `tests/hostile.py` and read in a process of",
        f"its own; memory is what it takes beside the loaded code ({base['peak']:,.0f} MB), the file itself included.",
        "",
        "| file | bytes | seconds | MB | records | told |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in names:
        found = asked(name)
        if found is None or "fault" in found:
            lines.append(f"| {name} | | {'over ' + str(SECONDS) if found is None else found['fault']} | | | |")
        else:
            told = ", ".join(found["reasons"]) or "(read)"  # type: ignore[arg-type]
            lines.append(
                f"| {name} | {found['bytes']:,} | {found['seconds']:.2f} | {max(0.0, found['peak'] - base['peak']):,.0f} | {found['records']:,} | {told} |"  # type: ignore[operator]
            )
        print(lines[-1], flush=True)
    if not sys.argv[1:]:
        (DOCS / "hostile.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
