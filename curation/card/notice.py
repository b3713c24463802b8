"""What whoever passes the dataset on must pass on with it: NOTICE, the texts of its licenses, and a report of what they permit."""

import json
import re

from curation import license_texts
from curation.card import Model, count
from curation.license import table


def render(model: Model) -> dict[str, bytes]:
    """NOTICE, LICENSES/<id>.txt for every license whose text is known, and license_report.json."""
    ids = sorted({one for row in model["licenses"] for one in _ids(row["value"])})
    texts = license_texts.texts()
    written = {f"LICENSES/{one}.txt": texts[one].encode() for one in ids if one in texts}
    report = {
        "permits": model["permits"],
        "licenses": [{k: row[k] for k in ("value", "documents", "tokens", "tier")} for row in model["licenses"]],
        "texts": sorted(written),
        "without_text": [one for one in ids if one not in texts],
        "reading": "An engineering reading of each license, not legal advice.",
    }
    written["license_report.json"] = (json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    written["NOTICE"] = _notice(model, ids).encode()
    return written


def _ids(expression: str | None) -> list[str]:
    return [one for one in re.split(r"[()\s]+", expression or "") if one not in {"", "AND", "OR", "WITH"}]


def _notice(model: Model, ids: list[str]) -> str:
    rows = table()
    lines = [
        f"{model['title']['en'] or model['title']['zh']} ({model['name']} {model['version']})",
        f"compiled by {model['curator']}, {model['contact']}",
        "",
        "Each document keeps its own license, in the column `license`; its source, title, authors, address and whether it was",
        "changed stand in ledger/attribution.parquet. The compilation adds no terms of its own.",
        "",
        "Sources:",
    ]
    for one in model["sources"]:
        lines.append(
            f"- {one['title']['en'] or one['title']['zh']} ({one['id']}): {count(one['kept'])} documents, declared {one['declared_license']}"
        )
        lines += [f"  {part}" for part in (one["attribution"], *one["copyright_holders"], one["homepage"]) if part]
    lines += ["", "Licenses:"]
    for one in ids:
        row = rows.get(one)
        asks = (
            []
            if row is None
            else [word for flag, word in ((row.attribution, "attribution"), (row.share_alike, "share alike")) if flag]
        )
        lines.append(f"- {one}{': ' + ', '.join(asks) if asks else ''}{'; ' + row.basis if row and row.basis else ''}")
    permits = model["permits"]
    lines += ["", "Together:"]
    lines.append(f"- may be passed on: {_said(permits['publishable'])}; commercially: {_said(permits['commercial'])}")
    lines.append(f"- may be adapted: {_said(permits['derivatives'])}; share alike: {', '.join(permits['share_alike']) or 'none'}")
    if model["modified"]:
        lines += ["", f"{count(model['modified'])} documents were changed (column `modified`, ledger/edits.parquet)."]
    return "\n".join(lines) + "\n"


def _said(yes: bool) -> str:
    return "yes" if yes else "no"
