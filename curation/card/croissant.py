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
        "rai:dataLimitations": [x["en"] or x["zh"] for x in model["limits"]],
        "rai:dataPreprocessingProtocol": [f"{f['name']}: {f['because']['en'] or f['because']['zh']}" for f in model["filters"]],
        "rai:personalSensitiveInformation": [model["limits"][-3]["en"]],
        "distribution": files,
        "recordSet": [_records(model, f) for f in model["files"]],
    }
    return {"croissant.json": (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode()}


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
