"""Every reader keeps the promise in curation/readers/__init__.py: it yields records or faults and never raises."""

import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import curation.readers as room
from curation import rooms
from curation.declaration import Declared
from curation.readers import Record, Unreadable

NAMES = rooms.names(room)
NASTY = [
    b"", b"\n", b"\x00" * 100, b"\xff\xfe\x00", b"PAR1" + b"\x00" * 40 + b"PAR1", b"{" * 10_000, b"<html>" * 1000, b"WARC/1.0\r\n\r\n",
    gzip.compress(b"x"), "中文".encode("gb18030") * 20, b"\xef\xbb\xbfid,text\n1,a\n", b"---\na: &x 1\nb: *x\n---\ntext", b"def f(:\n", b"a,b\n\"",
]  # fmt: skip


def outcome(name: str, content: bytes) -> list[Record | Unreadable]:
    module = rooms.find(room, name)
    return list(module.read(io.BytesIO(content), f"x.{name}", module.Options()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", NASTY, ids=range(len(NASTY)))
def test_broken_bytes_give_faults_not_exceptions(name: str, content: bytes) -> None:
    """Whatever the bytes, the run goes on, and text that comes out is text."""
    for found in outcome(name, content):
        assert isinstance(found, Record | Unreadable)
        if isinstance(found, Unreadable):
            assert found.reason.isidentifier() and found.detail


@pytest.mark.parametrize("name", [n for n in NAMES if n != "html"])
@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=400))
def test_random_bytes(name: str, content: bytes) -> None:
    """Fuzzed a little."""
    outcome(name, content)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_declared(name: str) -> None:
    """Each reader has its options as a model, and says what it reads."""
    module = rooms.find(room, name)
    assert issubclass(module.Options, Declared) and module.__doc__
