"""A small corpus in Chinese and English with everything that goes wrong, and the workspace that reads it."""

import json
import random
from pathlib import Path

from curation.store import Workspace

ZH = [
    "数据处理者 主管部门 发电企业 运行人员 检修单位 值班工程师 调度机构 变压器 继电保护装置 冷却系统 安全管理制度 操作票 监测记录 应急预案",
    "应当建立 应当检查 负责记录 及时报告 不得擅自更改 可以申请调整 必须复核 定期公布 依法保存 逐项确认",
    "油温上升情况 负荷变化曲线 设备缺陷清单 年度检修计划 绝缘试验结果 现场处置过程 备品备件数量 停电范围 交接班记录 数据质量指标",
    "并在三日内完成整改 并向社会公开 且保存期限不少于五年 以保障电网安全 直至缺陷消除 并由专人签字 但紧急情况除外 同时抄送上级单位",
]
EN = [
    "the operator|the station engineer|a second technician|the grid company|the relay panel|the main transformer|the cooling system|the duty manager",
    "records|checks|reports|repeats|confirms|compares|replaces|reviews",
    "the oil temperature of the winding|the load curve of the feeder|the insulation test of the bushing|the yearly maintenance plan|the list of spare parts|the alarm history of the panel|the switching order of the line",
    "before the line is energised|within two working days|and signs the report by hand|until the fault has been cleared|while the fans are running|so that the limits are respected|as the manual requires",
]


def paragraph(language: str, number: int) -> str:
    """A distinct document of 14 sentences; the same number gives the same text."""
    chance = random.Random(f"{language}{number}")
    mark = "。" if language == "zh" else ". "
    parts = [row.split(" " if language == "zh" else "|") for row in (ZH if language == "zh" else EN)]
    joint = "" if language == "zh" else " "
    return (mark.join(joint.join(chance.choice(words) for words in parts) for _ in range(14)) + mark).strip()


def documents() -> list[dict[str, object]]:
    """60 documents: 25 distinct a language, exact twins, near twins, short ones, private ones."""
    rows: list[dict[str, object]] = []
    for language in ("zh", "en"):
        rows += [
            {"id": f"{language}-{n}", "text": paragraph(language, n), "license": "CC-BY-4.0", "year": 2000 + n, "status": "valid"}
            for n in range(25)
        ]
    rows.append({"id": "twin-exact", "text": paragraph("en", 3).upper(), "license": "CC0-1.0", "status": "valid"})
    rows.append({"id": "twin-near", "text": paragraph("zh", 5) + "附则。", "license": "CC-BY-4.0", "status": "valid"})
    rows.append({"id": "short", "text": "太短。", "license": "CC-BY-4.0", "status": "valid"})
    rows.append(
        {
            "id": "private",
            "text": paragraph("zh", 77) + "请发邮件到zhang.san@example.cn联系，主机8.8.8.8。",
            "license": "CC-BY-4.0",
        }
    )
    rows.append({"id": "no-license", "text": paragraph("en", 78), "status": "valid"})
    rows.append({"id": "non-commercial", "text": paragraph("en", 79), "license": "CC-BY-NC-4.0", "status": "valid"})
    rows.append({"id": "repealed", "text": paragraph("zh", 80), "license": "CC-BY-4.0", "status": "repealed"})
    rows.append(
        {
            "id": "french",
            "text": "Le transformateur doit rester dans les limites de charge prévues par le constructeur. " * 5,
            "license": "CC-BY-4.0",
        }
    )
    rows.append({"id": "doubled", "text": paragraph("en", 81), "license": "CC-BY-4.0"})
    rows.append({"id": "doubled", "text": paragraph("en", 82), "license": "CC-BY-4.0"})
    return rows


WICKED = [
    b'{"id": "broken", "text": ',
    b"[1, 2, 3]",
    b'{"id": "nan", "text": NaN}',
    b'{"text": "no id here, but text enough"}',
    b'{"id": "empty", "text": "   "}',
    b'{"id": "surrogate", "text": "\\ud800 alone"}',
    b'{"id": "number", "text": 12}',
    b"\xff\xfe not utf-8 \x80",
    b"[" * 20_000,
]

SOURCE = """\
id: plant
title: {en: Plant handbook, zh: 电厂手册}
where: {local: {path: incoming/*.jsonl}}
format: jsonl
license: unknown
contact: steward@example.org
map: {id: id, text: text, license: license, published: year, keep: [status, year]}
"""

RECIPE = """\
name: energy
title: {en: Energy handbook, zh: 能源手册}
summary: {en: A test., zh: 测试。}
sources: [plant]
industry: [energy]
curator: tests
contact: steward@example.org
profiles: [docs]
filters:
  - name: in_force
    column: metadata.status
    none_of: [repealed]
    where: {metadata.status: [valid, repealed]}
    because: {en: Repealed., zh: 已废止。}
dedup: {near: {threshold: 0.7}}
edits:
  - {name: redact, spans: pii.spans, replacement: "<{type}>", because: {en: Personal data., zh: 个人信息。}}
review: auto
"""


def lay(root: Path, *, shuffled: bool = False, files: int = 3) -> Workspace:
    """Write the corpus, its source and its recipe into a folder that is a workspace by shape (no git, no DVC)."""
    for part in ("sources", "recipes", "profiles", "policies"):
        (root / "data" / part).mkdir(parents=True, exist_ok=True)
    (root / "dvc.yaml").touch()
    (root / "data" / "sources" / "plant.yaml").write_text(SOURCE, encoding="utf-8")
    (root / "data" / "recipes" / "energy.yaml").write_text(RECIPE, encoding="utf-8")
    incoming = root / "incoming"
    incoming.mkdir(exist_ok=True)
    rows = documents()
    parts: list[tuple[str, bytes]] = []
    for number in range(files):
        lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows[number::files]]
        parts.append((f"part-{number}.jsonl", b"\n".join(lines) + b"\n"))
    parts.append(("wicked.jsonl", b"\n".join(WICKED) + b"\n"))
    for name, content in reversed(parts) if shuffled else parts:
        (incoming / name).write_bytes(content)
    return Workspace(root)
