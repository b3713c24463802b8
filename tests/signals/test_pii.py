"""Addresses glued to Han characters, and what is no address."""

import pyarrow as pa
import pytest

from curation.signals import pii


def spans(text: str) -> list[tuple[str, str]]:
    out = pii.annotate(pa.record_batch({"text": pa.array([text], pa.large_string())})).to_pylist()[0]
    return [(text.encode()[s["start"] : s["end"]].decode(), s["type"]) for s in out["spans"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请发邮件到zhang.san@example.cn联系", [("zhang.san@example.cn", "EMAIL")]),
        ("ZHANG@EXAMPLE.COM，谢谢", [("ZHANG@EXAMPLE.COM", "EMAIL")]),
        ("user@sub.mail.gov.cn。", [("user@sub.mail.gov.cn", "EMAIL")]),
        ("IP地址8.8.8.8已封", [("8.8.8.8", "IP")]),
        ("a@b", []),
        ("x..y@ex.com", []),
        ("git@github.com:org/repo", []),
        ("192.168.1.1 and 203.0.113.9 and v1.2.3.4.5 and 999.1.1.1", []),
    ],
)
def test_spans(text: str, found: list[tuple[str, str]]) -> None:
    """Byte offsets cut out exactly the address."""
    assert spans(text) == found
