"""reports/eu_summary.json: the dataset's side of the public summary of training content (AI Act article 53(1)(d); template C(2025) 5235 of
24 July 2025). Who trains a model fills section 1; sections 2 and 3 take the counts from here. Aligned with it, not a filled form.
"""

import json
from typing import Any

from curation.card import Model

KINDS = {  # source_type -> section of the template
    "open_dataset": "2.1 publicly available datasets",
    "scientific": "2.1 publicly available datasets",
    "public_data": "2.1 publicly available datasets",
    "commercial": "2.2 private data, licensed",
    "enterprise_internal": "2.2 private data, other",
    "self_crawled": "2.3 crawled",
    "user_contributed": "2.4 user data",
    "synthetic": "2.5 synthetic",
}
SIZES = ((10**9, "less than 1 billion tokens"), (10**13, "1 billion to 10 trillion tokens"))


def render(model: Model) -> dict[str, bytes]:
    """One JSON object."""
    found: dict[str, Any] = {
        "dataset": model["name"],
        "version": model["version"],
        "aligned_with": "template C(2025) 5235 for article 53(1)(d) of Regulation (EU) 2024/1689",
        "1.3": {
            "modality": "text",
            "size": next((words for limit, words in SIZES if model["tokens"] < limit), "more than 10 trillion tokens"),
            "tokens": model["tokens"],
            "languages": [row["value"] for row in model["languages"] if row["value"]],
            "latest_document": model["published"]["last"],
        },
        "2": {kind: [] for kind in sorted(set(KINDS.values()))},
        "2.3 domains of crawled sources, top tenth by tokens": model["domain_tokens"],
        "3": {
            "reservations_of_mining_honoured": _honoured(model, "use.TDM_RESERVED"),
            "withdrawn": _honoured(model, "withdrawn"),
            "licenses": [{"license": row["value"], "tokens": row["tokens"]} for row in model["licenses"]],
        },
    }
    for source in model["sources"]:
        entry = {
            "id": source["id"],
            "title": source["title"],
            "origin": source["origin"],
            "documents": source["kept"],
            "tokens": source["tokens"],
            "license": source["declared_license"],
            "collected": source["collection_window"],
            "generated": source["generated"],
        }
        found["2"][KINDS[source["source_type"]]].append(entry)
    return {"reports/eu_summary.json": (json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()}


def _honoured(model: Model, reason: str) -> int:
    return sum(n for name, n in (*model["funnel"]["removed"], *model["funnel"]["quarantined"]) if name == reason)
