"""croissant.json: Croissant 1.1 metadata (MLCommons, 2026-01) that mlcroissant validates."""

import json
from typing import Any

from curation.card import Model

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "arrayShape": "cr:arrayShape",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "usageInfo": "https://schema.org/usageInfo",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {"float": "sc:Float", "double": "sc:Float", "bool": "sc:Boolean", "date32[day]": "sc:Date"}


def render(model: Model) -> dict[str, bytes]:
    """The JSON-LD. It has no date: the date of a release is that of its tag."""
    files = [
        {
            "@type": "cr:FileObject",
            "@id": f["path"],
            "name": f["path"],
            "contentUrl": f["path"],
            "encodingFormat": "application/x-parquet",
            "sha256": f["sha256"],
            "contentSize": f"{f['bytes']} B",
        }
        for f in model["files"]
    ]
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": model["name"],
        "alternateName": [t for t in (model["title"]["en"], model["title"]["zh"]) if t],
        "description": " ".join(t for t in (model["summary"]["en"], model["summary"]["zh"]) if t),
        "url": model["homepage"] or f"urn:curation:{model['name']}",
        "version": model["version"].removeprefix("v"),
        "creator": {"@type": "sc:Organization", "name": model["curator"], "email": model["contact"]},
        "license": [_license_url(r["value"]) for r in model["licenses"] if r["value"]],
        "inLanguage": [r["value"] for r in model["languages"] if r["value"]],
        "keywords": ["text", *model["industry"]],
        "citeAs": f"{model['curator']}: {model['name']} {model['version']}",
        "isLiveDataset": False,
        "publisher": {"@type": "sc:Organization", "name": model["curator"]},
        "usageInfo": _terms(model),
        "prov:wasDerivedFrom": [
            {
                "@id": f"urn:curation:source:{s['id']}",
                "@type": "prov:Entity",
                "name": s["id"],
                "url": s["origin"],
                "license": s["declared_license"],
            }
            for s in model["sources"]
        ],
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "name": f"curate run {model['name']}",
            "description": "ingest, extract, annotate, filter, dedup, assemble, card",
        },
        "prov:wasAttributedTo": [
            {"@type": "prov:Agent", "name": one["contributor"], "description": f"share {one['share']:.6f}"}
            for one in model["contributions"]["contributors"]
        ],
        "rai:dataCollection": "; ".join(f"{s['id']}: {s['connector']} {s['origin']}" for s in model["sources"]),
        "rai:dataCollectionTimeframe": [s["collection_window"] for s in model["sources"] if s["collection_window"]],
        "rai:dataManipulationProtocol": [
            f"{e['kind']}: {e['edits']} edits in {e['documents']} documents" for e in model["edits"]
        ],
        "rai:dataAnnotationProtocol": _said(model, "annotation") or "No person annotated records; labels are measured signals.",
        "rai:dataUseCases": [one for one in [_said(model, "uses")] if one],
        "rai:dataBiases": [one for one in [_said(model, "biases")] if one],
        "rai:dataSocialImpact": [one for one in [_said(model, "social_impact")] if one],
        "rai:dataReleaseMaintenancePlan": _said(model, "maintenance")
        or f"Versions are git tags {model['name']}@vX.Y.Z; withdrawals go to {model['contact']}.",
        "rai:dataLimitations": [x["en"] or x["zh"] for x in model["limits"]],
        "rai:dataPreprocessingProtocol": [f"{f['name']}: {f['because']['en'] or f['because']['zh']}" for f in model["filters"]],
        "rai:personalSensitiveInformation": [model["limits"][-3]["en"]],
        "distribution": files,
        "recordSet": [_records(model, f) for f in model["files"]],
    }
    return {"croissant.json": (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode()}


def _said(model: Model, key: str) -> str | None:
    words = model["card"][key] or {}
    return words.get("en") or words.get("zh")


def _terms(model: Model) -> dict[str, Any]:
    """An ODRL offer: what the use of the recipe permits, and what each row's license asks for."""
    use = model["use"]
    forbidden = [] if use["commercial"] else [{"odrl:action": {"@id": "odrl:commercialize"}}]
    if use["audience"] != "open":
        forbidden.append({"odrl:action": {"@id": "odrl:distribute"}})
    return {
        "@type": "odrl:Offer",
        "@id": f"urn:curation:{model['name']}:offer",
        "odrl:assigner": model["curator"],
        "odrl:permission": [{"odrl:action": {"@id": "odrl:use"}, "odrl:duty": [{"odrl:action": {"@id": "odrl:attribute"}}]}],
        "odrl:prohibition": forbidden,
    }


def _license_url(spdx: str) -> str:
    return f"https://spdx.org/licenses/{spdx}" if not spdx.startswith("LicenseRef-") and " " not in spdx else spdx


def _records(model: Model, file: dict[str, Any]) -> dict[str, Any]:
    stem = file["path"].split("/")[-1].removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": stem,
        "name": stem,
        "key": {"@id": f"{stem}/id"},
        "field": [_field(stem, file["path"], c) for c in model["columns"]],
    }


def _field(stem: str, path: str, column: dict[str, str]) -> dict[str, Any]:
    kind = column["type"]
    simple = "sc:Integer" if kind.startswith("int") else TYPES.get(kind, "sc:Text")
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{stem}/{column['name']}",
        "name": column["name"],
        "dataType": simple,
        "source": {"fileObject": {"@id": path}, "extract": {"column": column["name"]}},
    }
    if kind.startswith("list<"):
        described["repeated"] = True
    return described
