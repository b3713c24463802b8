"""Is a source reached, and what would its first records become? Asked in a scratch workspace, so that nothing stays of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from curation import archive, catalog, published
from curation.card.terms import chinese
from curation.declaration import load_yaml
from curation.errors import DataError
from curation.license import Claim
from curation.license_files import READ_BYTES, LicenseFiles
from curation.steps import extract, ingest
from curation.store import Workspace
from curation.tongue import t

OBJECTS = 20  # that are fetched at most
FACTS = {"title": "标题", "authors": "作者", "published": "发布日期", "url": "网址", "format": "格式", "metadata": "元数据"}


def ask(workspace: Workspace, name: str, count: int = 3) -> dict[str, Any]:
    """What came from where, and the first documents as they would be read. Raises the one-line error of what does not work."""
    declared = load_yaml(workspace.source_file(name), workspace.shown(workspace.source_file(name)))
    with scratch(declared) as trial:
        try:
            report = ingest.run(name, trial, sample=OBJECTS, beside=workspace)
        except ingest.LargerThanTrial as error:
            return {"source": name, "objects": 0, "bytes": 0, "from": [str(error)], "documents": [], "refused": []}
        objects = published.raw(trial, name)["objects"]
        documents, refused = extract.first(name, trial, count)
    kept = ("doc_id", "native_id", "title", "authors", "published", "url", "format", "metadata")
    return {
        "source": name,
        "objects": report["objects"],
        "bytes": report["bytes"],
        "from": [one["uri"] for one in objects if not LicenseFiles.wants(one["name"])][:3],
        "documents": [
            {
                **{key: row[key] for key in kept if row[key]},
                "license_claims": [
                    {key: claim[key] for key in ("detector", "value", "where")} for claim in row["license_claims"]
                ],
                "characters": len(row["text"]),
                "text": " ".join(row["text"].split())[:200],
            }
            for row in documents
        ],
        "refused": [{key: row[key] for key in ("where", "reason", "detail")} for row in refused[:5]],
    }


def shown(answer: dict[str, Any]) -> list[str]:
    """The answer in lines."""
    lines = [
        f"    {t('reached: ', '已连通：')}{', '.join(answer['from'])}  "
        + t(
            f"({answer['objects']} objects, {answer['bytes']:,} bytes fetched for the trial)",
            f"（试取 {answer['objects']} 个对象，{answer['bytes']:,} 字节）",
        )
    ]
    for number, row in enumerate(answer["documents"], 1):
        facts = {key: row[key] for key in ("title", "authors", "published", "url", "format", "metadata") if key in row}
        claims = ", ".join(
            f"{t(claim['detector'], chinese(claim['detector']))} → {claim['value']}" for claim in row["license_claims"]
        ) or t("none", "无")
        lines += [
            f"    {number}. {row['native_id']}",
            *(f"       {t(key, FACTS[key])}: {value}" for key, value in facts.items()),
            f"       {t('license claims: ', '许可声明：')}{claims}",
            f"       {t('text: ', '正文：')}{row['text'][:100]}{'…' if row['characters'] > 100 else ''}  ({row['characters']:,} {t('characters', '字符')})",
        ]
    lines += [
        f"    {t('unreadable: ', '无法读取：')}{row['where']}: {row['reason']} ({row['detail']})" for row in answer["refused"]
    ]
    if not answer["objects"]:
        return lines
    return (
        lines if answer["documents"] else [*lines, t("    no document came out of these objects", "    这些对象未产生任何文档")]
    )


@contextmanager
def scratch(declared: dict[str, Any]) -> Iterator[Workspace]:
    """A workspace for a moment, with one source in it; what the steward promises of the whole is not asked of a sample."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("sources", "recipes"):
            (root / "data" / part).mkdir(parents=True)
        (root / "dvc.yaml").touch()
        own = {key: value for key, value in declared.items() if key != "expected"}
        (root / "data" / "sources" / f"{declared.get('id')}.yaml").write_text(
            yaml.safe_dump(own, allow_unicode=True), encoding="utf-8"
        )
        yield Workspace(root)


def names(workspace: Workspace, name: str, most: int = 2000) -> tuple[list[str], list[Claim]]:
    """File names in what was fetched for a trial, those inside archives too, and what license files among them say."""
    found: list[str] = []
    licenses = LicenseFiles()
    claims: list[Claim] = []
    for one in published.raw(workspace, name)["objects"]:
        claims += [Claim(*claim) for claim in one["claims"]]
        with workspace.open(published.raw_object(workspace, name, one["sha256"])) as stream:
            if not archive.is_archive(one["file_name"]):
                found.append(one["name"])
                if LicenseFiles.wants(one["name"]):
                    licenses.add(one["name"], stream.read(READ_BYTES), one["name"])
                continue
            try:
                for member in archive.members(stream, one["file_name"], [], []):
                    found.append(member.name)
                    if member.stream is not None and LicenseFiles.wants(member.name) and member.name.count("/") <= 1:
                        claims += _of_text(member.name, member.stream.read(READ_BYTES))
                    if len(found) >= most:
                        break
            except archive.READ_ERRORS as error:
                raise DataError(f"{one['name']}: cannot be read: {error}") from None
    return found, [*claims, *licenses.claims("x")]


def _of_text(name: str, content: bytes) -> list[Claim]:
    one = LicenseFiles()
    one.add(name.rpartition("/")[2], content, name)
    return one.claims("x")


def columns(workspace: Workspace, name: str) -> dict[str, list[str]]:
    """Column -> values as text, of the first records of a tabular source."""
    found: dict[str, list[str]] = {}
    source = catalog.source(workspace, name)
    for fields in extract.first_fields(source, workspace, 20):
        for key, value in fields.items():
            found.setdefault(str(key), []).append("" if value is None else str(value))
    return found
