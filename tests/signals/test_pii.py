"""Identifiers of persons, companies and machines: found next to Han, in full width and with separators; numbers are no people."""

import json
import random
import re
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import identifiers, line
from curation.errors import DeclarationError
from curation.signals import pii
from tests import corpus


def annotated(*texts: str) -> list[dict[str, object]]:
    return pii.annotate(pa.record_batch({"text": pa.array(texts, pa.large_string())})).to_pylist()


def spans(text: str) -> list[tuple[str, str]]:
    out = annotated(text)[0]
    return [(text.encode()[s["start"] : s["end"]].decode(), s["type"]) for s in out["spans"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请发邮件到zhang.san@example.cn联系", [("zhang.san@example.cn", "EMAIL")]),
        ("ZHANG@EXAMPLE.COM，谢谢", [("ZHANG@EXAMPLE.COM", "EMAIL")]),
        ("user@sub.mail.gov.cn。", [("user@sub.mail.gov.cn", "EMAIL")]),
        ("IP地址8.8.8.8已封", [("8.8.8.8", "IP")]),
        (
            "DNS 8.8.8.8:53, https://8.8.4.4/x, 来自114.114.114.114。",
            [("8.8.8.8", "IP"), ("8.8.4.4", "IP"), ("114.114.114.114", "IP")],
        ),
        ("#### 12.1.1.1. Software, see Section 27.2.5.1 and 8.12.1.4, 第 11.7.3.1 节, LibreOffice 7.4.1.2", []),
        ('<a id="id-1.13.4.2">, $Id: lobject.c,v 2.22.1.1 2007, Git-2.35.1.2-64-bit, 共 5.4.3.2 个', []),
        ("服务器2400:3200::1在线", [("2400:3200::1", "IP")]),
        ("fe80::1, 2001:db8::1, a::b, std::vector, 12:30:45", []),
        ("a@b", []),
        ("x..y@ex.com", []),
        ("git@github.com:org/repo", []),
        ("192.168.1.1 and 203.0.113.9 and v1.2.3.4.5 and 999.1.1.1", []),
        ("身份证11010519491231002X，440524188001010014", [("11010519491231002X", "CN_ID"), ("440524188001010014", "CN_ID")]),
        ("110101 19900307 1233", [("110101 19900307 1233", "CN_ID")]),
        ("110105194912310021, 440306200102290014, 991234199001011234", []),
        ("身份证号：110105491231002", [("110105491231002", "CN_ID")]),
        ("序号110105491231002", []),
        ("代码91350100M000100Y43。", [("91350100M000100Y43", "CN_USCC")]),
        ("91110000600037341L 12110000400000P17A", [("91110000600037341L", "CN_USCC"), ("12110000400000P17A", "CN_USCC")]),
        ("91350100M000100Y4Z", []),
        ("卡号4111111111111111谢谢", [("4111111111111111", "BANK_CARD")]),
        ("卡号 6222 0210 0011 2233 449", [("6222 0210 0011 2233 449", "BANK_CARD")]),
        ("账户378282246310005", [("378282246310005", "BANK_CARD")]),
        ("378282246310005", []),
        ("4111111111111111", [("4111111111111111", "BANK_CARD")]),
        ("12345678 4111111111111111 87654321", []),
        ("卡号6222020111122220000、4111111111111112", []),
        ("手机13800138000或+86 138-0013-8000", [("13800138000", "CN_MOBILE"), ("+86 138-0013-8000", "CN_MOBILE")]),
        ("8613800138000", [("8613800138000", "CN_MOBILE")]),
        ("１３８００１３８０００打来", [("１３８００１３８０００", "CN_MOBILE")]),
        ("12800138000, 2013800138000123, 3.13800138000", []),
        ("15931539456 bytes, vruntime=17815800388 [ns], kernel.shmmax=17179869184", []),
        (
            "010-62345678、(021)55556666、0755-88888888-801",
            [("010-62345678", "CN_LANDLINE"), ("(021)55556666", "CN_LANDLINE"), ("0755-88888888-801", "CN_LANDLINE")],
        ),
        ("拨打02155556666", [("02155556666", "CN_LANDLINE")]),
        ("2024-10-12, 0911-12345, image_0214540398.png, dp/0262528878", []),
        ("+86-10-62781234、86-21-50801234", [("+86-10-62781234", "CN_LANDLINE"), ("86-21-50801234", "CN_LANDLINE")]),
        ("021 5080 1234，010-6278 1234", [("021 5080 1234", "CN_LANDLINE"), ("010-6278 1234", "CN_LANDLINE")]),
        ("010－62781234 0571—88273333", [("010－62781234", "CN_LANDLINE"), ("0571—88273333", "CN_LANDLINE")]),
        ("138－1234－5678 138.1234.5678", [("138－1234－5678", "CN_MOBILE"), ("138.1234.5678", "CN_MOBILE")]),
        ("008613812345678 手机_13812345678", [("008613812345678", "CN_MOBILE"), ("13812345678", "CN_MOBILE")]),
        ("营业收入15012345678元，净利润 18812345678 元，订单号 15912345678，id_13812345678", []),
        ("_zhang@163.com_ -li@163.com", [("zhang@163.com", "EMAIL"), ("li@163.com", "EMAIL")]),
        ("zhang@163.com-李四，wang@163.com:电话", [("zhang@163.com", "EMAIL"), ("wang@163.com", "EMAIL")]),
        ("邮箱zhang＠sina.com", [("zhang＠sina.com", "EMAIL")]),
        ("110105 1949 1231 002X", [("110105 1949 1231 002X", "CN_ID")]),
        ("车牌京A12345、粤B·D12345", [("京A12345", "CN_PLATE"), ("粤B·D12345", "CN_PLATE")]),
        ("沪A12345D 粤Z1234港 京A1234警", [("沪A12345D", "CN_PLATE"), ("粤Z1234港", "CN_PLATE"), ("京A1234警", "CN_PLATE")]),
        ("苏E88I88 云API12345", []),
        ("护照E12345678，护照EA1234567", [("E12345678", "CN_PASSPORT"), ("EA1234567", "CN_PASSPORT")]),
        ("零件E1234567890 型号E12345678", []),
        ("身份证G123456(A)", [("G123456(A)", "HK_ID")]),
        ("G123456(7)", []),
        ("A123456789, A123456788", [("A123456789", "TW_ID")]),
        ("key AKIAIOSFODNN7EXAMPLE.", [("AKIAIOSFODNN7EXAMPLE", "SECRET")]),
        ("token=ghp_" + "a1B2" * 9, [("ghp_" + "a1B2" * 9, "SECRET")]),
        ("ghp_short, mask-1, sk-learn, BEGIN PRIVATE KEY", []),
    ],
)
def test_spans(text: str, found: list[tuple[str, str]]) -> None:
    """Byte offsets cut out exactly the value."""
    assert spans(text) == found


def test_a_private_key_is_one_span() -> None:
    """Whole, with its first and last line."""
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA\n" * 5 + "-----END RSA PRIVATE KEY-----"
    assert spans(f"密钥：\n{key}\n结束") == [(key, "SECRET")]


def test_counts_part_persons_companies_and_machines() -> None:
    """A company's code is no personal data, and a key is none either."""
    out = annotated("13800138000 zhang@example.cn 91350100M000100Y43 AKIAIOSFODNN7EXAMPLE", "无")
    assert [(row["count"], row["organisations"], row["secrets"]) for row in out] == [(2, 1, 1), (0, 0, 0)]


def test_scrubbed_words_hold_no_value() -> None:
    """What a ledger quotes."""
    assert pii.scrubbed("致电13800138000或写信到zhang@example.cn。") == "致电<CN_MOBILE>或写信到<EMAIL>。"


def resident_id(chance: random.Random) -> str:
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(34000))
    body = f"{chance.choice(sorted(identifiers.PROVINCE_CODES))}{chance.randrange(10**4):04d}{born:%Y%m%d}{chance.randrange(1000):03d}"
    return next(body + c for c in "0123456789X" if identifiers.is_resident_id(body + c, date(2100, 1, 1)))


def uscc(chance: random.Random) -> str:
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    while True:
        body = f"9{chance.choice('123')}{chance.randrange(10**6):06d}" + "".join(chance.choices(letters, k=8))
        for inner in "0123456789X":
            for last in letters:
                if identifiers.is_uscc(body + inner + last):
                    return body + inner + last


def card(chance: random.Random) -> str:
    body = chance.choice(["62", "4", "51", "55"]) + "".join(chance.choices("0123456789", k=18))
    body = body[: chance.choice([15, 18]) if body.startswith("62") else 15]
    return next(body + c for c in "0123456789" if identifiers.is_bank_card(body + c))


def mobile(chance: random.Random) -> str:
    return chance.choice(["138", "139", "150", "166", "177", "188", "199", "147"]) + f"{chance.randrange(10**8):08d}"


def landline(chance: random.Random) -> str:
    return chance.choice(["010-6", "021-5", "0755-8", "0571-8"]) + f"{chance.randrange(10**7):07d}"


def plate(chance: random.Random) -> str:
    return chance.choice("京沪粤苏浙川") + chance.choice("ABCDE") + f"{chance.randrange(10**5):05d}"


def email(chance: random.Random) -> str:
    return f"user{chance.randrange(10**6)}@mail{chance.randrange(100)}.example.com"


def address(chance: random.Random) -> str:
    return (
        f"{chance.choice([8, 36, 101, 114, 220])}.{chance.randrange(1, 100)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
    )


MAKERS = {
    "CN_ID": resident_id, "CN_USCC": uscc, "BANK_CARD": card, "CN_MOBILE": mobile, "CN_LANDLINE": landline,
    "CN_PLATE": plate, "EMAIL": email, "IP": address,
}  # fmt: skip
FRAMES = (
    "联系{}请",
    "银行卡号或号码：{}。",
    "his number is {}, please",
    "（{}）",
    "号码{}\n下一行",
    "「{}」；",
    "电话/证件/卡：{}",
)


@pytest.mark.parametrize("kind", MAKERS)
def test_planted_values_are_found(kind: str) -> None:
    """Next to Han characters, in full width, and in the groups that people write: at least 99 in 100."""
    chance = random.Random(kind)
    texts, wanted = [], []
    for _ in range(600):
        value = MAKERS[kind](chance)
        how = chance.randrange(4)
        if how == 1 and kind not in {"EMAIL", "IP", "CN_PLATE", "CN_LANDLINE"}:
            value = "".join(chr(ord(c) + 0xFEE0) for c in value)
        elif how == 2 and kind == "CN_MOBILE":
            value = chance.choice(["{} {} {}", "{}-{}-{}", "+86 {}{}{}"]).format(value[:3], value[3:7], value[7:])
        elif how == 2 and kind == "CN_ID":
            value = f"{value[:6]} {value[6:14]} {value[14:]}"
        elif how == 2 and kind == "BANK_CARD":
            value = " ".join(value[n : n + 4] for n in range(0, len(value), 4))
        texts.append(chance.choice(FRAMES).format(value))
        wanted.append(value)
    found = [
        any(text.encode()[s["start"] : s["end"]].decode() == value and s["type"] == kind for s in row["spans"])
        for text, value, row in zip(texts, wanted, annotated(*texts), strict=True)
    ]
    assert sum(found) >= 0.99 * len(found), [w for w, f in zip(wanted, found, strict=True) if not f][:5]


def test_ordinary_numbers_are_no_people() -> None:
    """Hashes, versions, anchors, timestamps, ISBNs, byte counts: in 3,000 documents at most one hit a type and 1,000."""
    chance = random.Random(1)

    def noise() -> str:
        return chance.choice(
            [
                f"{chance.getrandbits(128):032x}",
                f"v{chance.randrange(9)}.{chance.randrange(30)}.{chance.randrange(99)}",
                f'<a id="idm{chance.randrange(10**11)}">',
                f"#_{chance.randrange(10**10)}",
                f"{chance.randrange(1_500_000_000_000, 1_900_000_000_000)}",
                f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d} 12:{chance.randrange(60):02d}:00",
                f"{chance.randrange(10**9)} bytes",
                f"978-7-{chance.randrange(10**3):03d}-{chance.randrange(10**5):05d}-{chance.randrange(10)}",
                f"0x{chance.getrandbits(64):016X}",
                f"{chance.random():.16f}",
                f"{chance.getrandbits(62)}",
                str(chance.getrandbits(32)),
            ]
        )

    rows = annotated(*(" ".join(noise() for _ in range(12)) for _ in range(3000)))
    hits: dict[str, int] = {}
    for row in rows:
        for kind in {s["type"] for s in row["spans"]}:
            hits[kind] = hits.get(kind, 0) + 1
    assert all(count <= 3 for count in hits.values()), hits


def test_pseudonyms_through_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person in two documents has one pseudonym; the key decides it, and no value stands in any file of the dataset."""
    workspace = corpus.lay(tmp_path)
    rows = [
        {
            "id": f"person-{n}",
            "text": f"{corpus.paragraph('zh', 600 + n)}请致电{form}，税号91350100M000100Y43。",
            "license": "CC-BY-4.0",
        }
        for n, form in enumerate(("13800138000", "138 0013 8000", "139-1234-5678"))
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "incoming" / "persons.jsonl").write_text(text, encoding="utf-8")
    recipe = workspace.recipe_file("energy").read_text()
    old = '{name: redact, spans: pii.spans, replacement: "<{type}>",'
    assert old in recipe
    new = '{name: redact, spans: pii.spans, types: [CN_MOBILE], replacement: "<{type}:{pseudonym}>",'
    workspace.recipe_file("energy").write_text(recipe.replace(old, new))
    with pytest.raises(DeclarationError, match="CURATION_PSEUDONYM_KEY must hold a secret of at least 16"):
        line.run(workspace, "energy", until="card")
    seen = []
    for key in ("a secret of this test", "another secret of it"):
        monkeypatch.setenv("CURATION_PSEUDONYM_KEY", key)
        line.run(workspace, "energy", until="card")
        data = pq.read_table(workspace.path(workspace.dataset("energy", "data"))).to_pylist()
        own = {row["native_id"]: re.search(r"<CN_MOBILE:([0-9a-f]{12})>", row["text"]) for row in data}
        names = [own[f"person-{n}"].group(1) for n in range(3)]
        assert names[0] == names[1] != names[2]
        assert all("91350100M000100Y43" in row["text"] for row in data if row["native_id"].startswith("person-"))
        seen.append((names[0], workspace.read_json(workspace.dataset("energy", "manifest.json"))["digests"]["rules"]))
    assert seen[0][0] != seen[1][0] and seen[0][1] != seen[1][1]
    for key in workspace.files(workspace.dataset("energy")):
        content = workspace.open(key).read()
        assert b"13800138000" not in content and b"another secret of it" not in content


def test_no_value_in_quarantine(tmp_path: Path) -> None:
    """What could not be read is told without the number it held."""
    workspace = corpus.lay(tmp_path)
    (tmp_path / "incoming" / "broken.jsonl").write_text('{"id": "x", "text": 13800138000}\n{"id" 13800138000}\n', "utf-8")
    line.run(workspace, "energy", until="card")
    for key in [*workspace.files("quarantine"), *workspace.files("ledgers")]:
        for row in workspace.read_table(key).to_pylist() if key.endswith("parquet") else []:
            assert "13800138000" not in json.dumps(row, default=str)
