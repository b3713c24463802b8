"""Reservations of mining and labels of generated text: found where publishers put them, and honoured by recipes."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pytest

from curation import line, reservations
from curation.document import CLAIM
from curation.license import Claim
from curation.readers import Record, warc
from curation.reservations import AIGC, NOAI, ROBOTS, TDM, Sites
from curation.signals import aigc, tdm
from tests import corpus

SITE = "https://news.example.cn"


@pytest.mark.parametrize(
    ("rules", "path", "said"),
    [
        ([{"location": "/*", "tdm-reservation": 1}], "/a/b", "1"),
        ([{"location": "/open/*", "tdm-reservation": 0}, {"location": "*", "tdm-reservation": 1}], "/open/a", "0"),  # first wins
        ([{"location": "/open/*", "tdm-reservation": 0}, {"location": "*", "tdm-reservation": 1}], "/closed", "1"),
        ([{"location": "/*.html$", "tdm-reservation": 1}], "/a.html", "1"),
        ([{"location": "/*.html$", "tdm-reservation": 1}], "/a.html?b", None),
        ([{"location": "/a*b*c$", "tdm-reservation": 1}], "/a1b2b3c", "1"),
        ([{"location": "/ab*ba$", "tdm-reservation": 1}], "/aba", None),  # the parts do not overlap
        ([{"location": "/a", "tdm-reservation": "yes"}], "/a", None),  # an invalid value is as if unset
        ([{"location": "/a", "tdm-reservation": True}], "/a", None),
        ([{"location": 3, "tdm-reservation": 1}, "x"], "/a", None),
        ({"location": "/", "tdm-reservation": 1}, "/a", "1"),
        ([{"location": "*" * 3000 + "x", "tdm-reservation": 1}], "/" + "a" * 3000, None),  # at once, whatever the stars
    ],
)
def test_tdmrep(rules: object, path: str, said: str | None) -> None:
    sites = Sites()
    sites.add(f"{SITE}/.well-known/tdmrep.json", json.dumps(rules).encode())
    assert [c.value for c in sites.claims(SITE + path)] == ([said] if said else [])
    assert sites.claims("https://other.example.cn/a") == []


def test_robots_for_the_agent_that_fetched() -> None:
    text = b"User-agent: bad\nDisallow: /\n\nUser-agent: *\nDisallow: /private/\n"
    for agent, page, value in (("*", "/a", "allow"), ("*", "/private/a", "disallow"), ("bad", "/a", "disallow")):
        sites = Sites(agent)
        sites.add(f"{SITE}/robots.txt", text)
        assert [(c.detector, c.value) for c in sites.claims(SITE + page)] == [(ROBOTS, value)]
    assert sites.claims("http://[bad") == [] and sites.claims(None) == []


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("User-agent: *\nDisallow: /*", "/a", "disallow"),
        ("User-agent: *\nDisallow: /*.html$", "/a/b.html", "disallow"),
        ("User-agent: *\nAllow: /\nDisallow: /a/", "/a/b.html", "disallow"),  # the longest rule, not the first
        ("User-agent: *\nDisallow: /\nAllow: /a/", "/a/b.html", "allow"),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", "allow"),  # as long: the one that allows
        ("\ufeffUser-agent: *\nDisallow: /", "/a", "disallow"),
        ("User-agent: *\n\n# why\nDisallow: / # all", "/a", "disallow"),
        (
            "User-agent: one\nUser-agent: MyBot/2.0\nDisallow: /a\nUser-agent: *\nDisallow: /b",
            "/b",
            "allow",
        ),  # its own group only
        ("User-agent: mybot\nDisallow: /a\nUser-agent: mybot\nDisallow: /b", "/b", "disallow"),  # its groups together
        ("User-agent: *\nDisallow:", "/a", "allow"),
        ("User-agent: *\nCrawl-delay: ²\nDisallow: http://[", "/a", "allow"),
        ("User-agent: *\nDisallow: /ä", "/%C3%A4/b", "disallow"),
        ("User-agent: *\nDisallow: /%7Ejoe/%2f", "/~joe/%2Fx", "disallow"),
        ("Disallow: /\n" + "User-agent: *\n" * 3, "/a", "allow"),
    ],
)
def test_robots_after_rfc_9309(text: str, path: str, value: str) -> None:
    sites = Sites("MyBot/1.1")
    sites.add(f"{SITE}/robots.txt", text.encode())
    assert [c.value for c in sites.claims(SITE + path)] == [value]


def test_what_publishers_write_and_nobody_should() -> None:
    """Several headers and tags, comments, half characters, marks inside quotes: the valid word counts, and nothing raises.

    The last ones would take hours where an expression tries every way to read them.
    """
    many = [("tdm-reservation", "1"), ("tdm-reservation", "junk")]
    assert [c.value for c in reservations.from_headers(many, "u")] == ["1"]
    tags = '<meta name=robots content=index><meta name=robots content=noai><meta name="tdm-reservation" content=""><meta content="1" name="tdm-reservation">'
    assert [c.detector for c in reservations.from_html(tags, "p")] == [TDM, NOAI]
    assert reservations.from_html('<!-- <meta name="tdm-reservation" content="1"> -->', "p") == []
    label = (
        '<meta name="AIGC" content=\'{"Label":"1","ContentProducer":"a>b","ProduceID":"\\ud800","ReservedCode1":"'
        + "x" * 9000
        + "\"}'>"
    )
    (found,) = reservations.from_html(label, "p")
    assert json.loads(found.passage or "")["ContentProducer"] == "a>b" and (found.passage or "").encode()
    sites = Sites()
    sites.add(
        f"{SITE}/.well-known/tdmrep.json", b'\xef\xbb\xbf[{"location": "/", "tdm-reservation": 1, "tdm-policy": "\\ud800"}]'
    )
    (claim,) = sites.claims(f"{SITE}/a")
    assert (claim.value, claim.passage) == ("1", "?")
    reservations.from_html(("<meta " + "a" * 5990 + ">") * 43, "p")
    reservations.from_html("<meta " + "a='" * 80_000, "p")
    reservations.from_html("<meta '" * 36_001, "p")
    reservations.from_html("<!--" * 60_000, "p")
    aigc.annotate(batch(("\n" * 290 + "AI text x", []), (" " * 90 + "AI" + " " * 200, [])))


def test_headers_and_meta_tags() -> None:
    assert reservations.from_headers([("TDM-Reservation", "1"), ("tdm-policy", "https://a/p")], "u") == [
        Claim(TDM, "1", "https://a/p", "u (header)")
    ]
    assert [c.detector for c in reservations.from_headers([("X-Robots-Tag", "noai"), ("X-Robots-Tag", "noindex")], "u")] == [NOAI]
    assert reservations.from_headers([("X-Robots-Tag", "noindex"), ("tdm-reservation", "2")], "u") == []
    page = """<html><head><META content='1' name="TDM-Reservation"><meta name="robots" content="noai, noimageai">
    <meta name="AIGC" content='{"Label":"1","ContentProducer":"001191110","ProduceID":"9"}'></head>"""
    assert [(c.detector, c.value) for c in reservations.from_html(page, "p")] == [(TDM, "1"), (NOAI, "1"), (AIGC, "1")]
    assert reservations.from_html('<meta name="robots" content="index"><meta name="AIGC" content="{">', "p") == []
    assert reservations.from_label({"Label": 2}, "x") == Claim(AIGC, "2", '{"Label": "2"}', "x")
    assert reservations.from_label({"Other": 1}, "x") is None and reservations.from_label("[" * 90_000, "x") is None


def batch(*rows: tuple[str, list[Claim]]) -> pa.RecordBatch:
    claims = [[claim._asdict() for claim in one] for _, one in rows]
    return pa.record_batch(
        {"text": pa.array([t for t, _ in rows], pa.large_string()), "license_claims": pa.array(claims, pa.list_(CLAIM))}
    )


def test_a_later_place_overrides_and_the_strictest_kind_holds() -> None:
    def claim(detector: str, value: str, policy: str | None = None) -> Claim:
        return Claim(detector, value, policy, None)

    found = tdm.annotate(
        batch(
            ("a", []),
            ("a", [Claim("manifest", "MIT", None, None)]),
            ("a", [claim(TDM, "1", "https://a/p"), claim(TDM, "0")]),
            ("a", [claim(TDM, "0"), claim(TDM, "1", "https://a/p")]),
            ("a", [claim(TDM, "0"), claim(ROBOTS, "disallow")]),
            ("a", [claim(ROBOTS, "allow")]),
            ("a", [claim(ROBOTS, "allow"), claim(NOAI, "1")]),
        )
    )
    assert found["reserved"].to_pylist() == [None, None, False, True, True, False, True]
    assert found["by"].to_pylist() == [None, None, None, TDM, ROBOTS, None, NOAI]
    assert found["policy"][3].as_py() == "https://a/p"


def test_labels_of_generated_text() -> None:
    label = reservations.from_label({"Label": "1", "ContentProducer": "某公司", "ProduceID": "42"}, "x")
    assert label is not None
    texts = (
        "正文。\n（本内容由AI生成，仅供参考）",
        "This article was generated by AI.\nText.",
        "人工智能生成内容的标识办法。它要求标明来源，并说明使用者应当怎样保存标识。",
    )
    found = aigc.annotate(batch(("a", [label]), *((text, []) for text in texts)))
    assert found["generated"].to_pylist() == [True, None, None, None]
    assert (found["producer"][0].as_py(), found["produce_id"][0].as_py()) == ("某公司", "42")
    assert found["visible"].to_pylist() == [False, True, True, False]


def response(url: str, kind: str, body: str, headers: str = "") -> bytes:
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{headers}\r\n".encode() + body.encode()
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{abs(hash(url)):032x}>\r\nWARC-Target-URI: {url}\r\n"
    head += f"WARC-Date: 2026-11-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    return head.encode() + http + b"\r\n\r\n"


def html(number: int, head: str = "") -> str:
    paragraphs = "".join(f"<p>{corpus.paragraph('en', number * 10 + k)}</p>" for k in range(3))
    return f"<html><head><title>Page {number}</title>{head}</head><body><article>{paragraphs}</article></body></html>"


LABEL = '<meta name="AIGC" content=\'{"Label": "1", "ContentProducer": "Corp\\nfoo.bar@corp-example.com"}\'>'


def archive() -> bytes:
    """Six pages of two sites; the policy files stand behind the pages."""
    return b"".join(
        [
            response(f"{SITE}/open", "text/html", html(1)),
            response(f"{SITE}/private/a", "text/html", html(2)),
            response(f"{SITE}/tdm/a", "text/html", html(3)),
            response(f"{SITE}/header", "text/html", html(4), "X-Robots-Tag: noai\r\n"),
            response(f"{SITE}/meta", "text/html", html(5, '<meta name="tdm-reservation" content="1">')),
            response("https://other.example.cn/ai", "text/html", html(6, LABEL)),
            response(f"{SITE}/robots.txt", "text/plain", "User-agent: *\nDisallow: /private/\n"),
            response(f"{SITE}/.well-known/tdmrep.json", "application/json", '[{"location": "/tdm/", "tdm-reservation": 1}]'),
        ]
    )


def test_a_web_archive_tells_what_its_sites_reserve() -> None:
    plain = response(f"{SITE}/notes/robots.txt", "text/plain", "a page, no rule", "tdm-reservation: 1\r\n")
    records = list(warc.read(io.BytesIO(archive() + plain), "a.warc", warc.Options()))
    last = records.pop()
    assert isinstance(last, Record) and [c.detector for c in last.claims] == [ROBOTS, TDM]
    assert len(records) == 6 and all(isinstance(one, Record) for one in records)
    said = {str(r.fields["url"]): [c.detector for c in r.claims] for r in records if isinstance(r, Record)}
    assert said[f"{SITE}/open"] == [ROBOTS] and said["https://other.example.cn/ai"] == [AIGC]
    assert said[f"{SITE}/tdm/a"] == [ROBOTS, TDM] and said[f"{SITE}/header"] == [ROBOTS, NOAI]


def test_recipes_honour_them(tmp_path: Path) -> None:
    workspace = corpus.lay(tmp_path)
    for old in (tmp_path / "incoming").iterdir():
        old.unlink()
    (tmp_path / "incoming" / "a.warc").write_bytes(archive())
    declared = (
        corpus.SOURCE.split("map:")[0]
        .replace("*.jsonl", "*.warc")
        .replace("format: jsonl", "format: warc")
        .replace("unknown", "CC-BY-4.0")
    )
    workspace.source_file("plant").write_text(declared, encoding="utf-8")
    recipe = corpus.RECIPE[: corpus.RECIPE.index("filters:")].replace("profiles: [docs]\n", "") + "review: auto\n"

    def refused(extra: str = "") -> dict[str, str]:
        workspace.recipe_file("energy").write_text(recipe + extra, encoding="utf-8")
        line.run(workspace, "energy", until="assemble")
        table = workspace.read_table(workspace.ledger("energy", "filter", "ledger.parquet"))
        shard = (workspace.read_json(workspace.signal_index("plant")) or {})["shards"][0]["file"]
        urls = dict(zip(*(workspace.read_table(shard)[c].to_pylist() for c in ("doc_id", "url")), strict=True))
        pairs = zip(table["doc_id"].to_pylist(), table["filter"].to_pylist(), strict=True)
        return {urls[doc].removeprefix(SITE): code for doc, code in pairs}

    reserved = dict.fromkeys(("/private/a", "/tdm/a", "/header", "/meta"), "use.TDM_RESERVED")
    generated = {"https://other.example.cn/ai": "use.AIGC_LABELLED"}
    assert refused() == reserved | generated
    assert refused("use: {accept_reservation: permission of the publisher of 2026-10-01}\n") == generated
    workspace.source_file("plant").write_text(declared + "generated: partly\n", encoding="utf-8")
    assert refused() == reserved
    assert refused("use: {purpose: train_internal, audience: internal}\n") == {}
