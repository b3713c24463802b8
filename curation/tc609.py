"""Records in the form of TC609-5-2025-02 (高质量数据集 格式要求), as third parties implement it: UTF-8 JSON, one object a line.

`license` there is a class of authorisation, so the SPDX expression stands beside it in `license_spdx`. A field that is not known
is null, and a record with a null in a required field is not valid: that is what metrics 0201 and 0204 count.
"""

import re
from typing import Any, NamedTuple

REQUIRED = (
    "id", "data_content", "original_time", "last_modified_time", "version", "license", "source", "source_details",
    "generated_data_indicator",
)  # fmt: skip
LICENSES = ("开源", "公共授权", "商业授权", "仅内部", "其他")
INTERNET = "互联网"
SOURCES = {
    "open_dataset": "公开数据集", "self_crawled": INTERNET, "commercial": "组织机构", "enterprise_internal": "组织机构",
    "public_data": "组织机构", "user_contributed": "自采", "synthetic": "其他", "scientific": "论文",
}  # fmt: skip
URL = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?")


class Origin(NamedTuple):
    """What a record takes from its source's declaration."""

    source_type: str
    license_class: str
    generated: bool


def origin(source_type: str, audience: str, declared_license: str, generated: str | None) -> Origin:
    """The classes of a source, as a dataset for that audience tells them.

    >>> origin("commercial", "licensed", "LicenseRef-contract", None).license_class
    '商业授权'
    """
    if audience == "internal":
        license_class = "仅内部"
    elif source_type == "public_data" or declared_license.startswith("LicenseRef-CN-Copyright-Law"):
        license_class = "公共授权"
    elif source_type == "commercial":
        license_class = "商业授权"
    else:
        license_class = "其他" if declared_license == "unknown" or declared_license.startswith("LicenseRef-") else "开源"
    return Origin(source_type, license_class, generated == "fully")


def record(row: dict[str, Any], of: Origin, version: str) -> dict[str, Any]:
    """One published row (id, text, url, native_id, published, license, aigc_generated) as a record."""
    day = row["published"].isoformat() if row["published"] else None
    return {
        "id": row["id"],
        "rid": [],
        "data_content": [{"media_type": "text", "content": row["text"]}],
        "annotation": None,
        "original_time": day,
        "last_modified_time": day,  # of a later change nothing is known
        "version": version.removeprefix("v"),
        "license": of.license_class,
        "license_spdx": row["license"],
        "source": SOURCES[of.source_type],
        "source_details": row["url"] or row["native_id"],
        "generated_data_indicator": int(of.generated or bool(row.get("aigc_generated"))),
    }


def faults(one: dict[str, Any]) -> list[str]:
    """The fields of a record that are missing or not as the standard has them.

    >>> faults({"id": "a", "rid": [], "data_content": [{"media_type": "text", "content": "x"}], "annotation": None,
    ...         "original_time": None, "last_modified_time": "2026-01-01", "version": "1.0.0", "license": "开源", "source": "互联网",
    ...         "source_details": "a file", "generated_data_indicator": 0})
    ['original_time', 'source_details']
    """
    found = [name for name in REQUIRED if one[name] in (None, "", [])]
    content = one["data_content"] or []
    if any(item.get("media_type") != "text" or not isinstance(item.get("content"), str) for item in content):
        found.append("data_content")
    if one["license"] not in LICENSES:
        found.append("license")
    if not traceable(one):
        found.append("source_details")
    if one["generated_data_indicator"] not in (0, 1):
        found.append("generated_data_indicator")
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9a-z.-]+)?", one["version"] or ""):
        found.append("version")
    return list(dict.fromkeys(found))


def traceable(one: dict[str, Any]) -> bool:
    """Whether a third party can follow the record to where it came from (metric 0205)."""
    said = one["source_details"]
    return bool(said) and (one["source"] != INTERNET or URL.fullmatch(said) is not None)
