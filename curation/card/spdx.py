"""reports/spdx.json: the dataset as a DatasetPackage of SPDX 3.0.1 (JSON-LD), Dataset and AI profiles' names.

What has no answer is left out. `created`, which a complete document has, is the day of the release: its tag says it, and a file that
held it would differ with every build of the same data.
"""

import json
from typing import Any

from curation.card import Model
from curation.identifiers import PERSONAL

AVAILABLE = {"open": "directDownload", "licensed": "registration", "internal": None}  # who may ask for it
CONFIDENTIALITY = {"L1": "clear", "L2": "green", "L3": "amber", "L4": "red", "IMPORTANT": "red", "CORE": "red"}


def render(model: Model) -> dict[str, bytes]:
    """One SPDX document."""
    name = f"{model['name']}-{model['version']}"
    base = model["homepage"] or f"urn:curation:{model['name']}"
    place = f"{base}#{model['version']}"
    maker = f"{place}-curator"
    info = f"{place}-creation"
    package: dict[str, Any] = {
        "type": "dataset_DatasetPackage",
        "spdxId": place,
        "creationInfo": info,
        "name": name,
        "summary": model["summary"]["en"] or model["summary"]["zh"],
        "software_packageVersion": model["version"].removeprefix("v"),
        "software_primaryPurpose": "data",
        "originatedBy": [maker],
        "dataset_datasetType": ["text"],
        "dataset_datasetSize": sum(file["bytes"] for file in model["files"]),
        "dataset_datasetAvailability": AVAILABLE[model["use"]["audience"]],
        "dataset_confidentialityLevel": CONFIDENTIALITY[model["level"]],
        "dataset_hasSensitivePersonalInformation": "yes"
        if any(s["contains_spi"] == "yes" for s in model["sources"])
        else "noAssertion",
        "dataset_dataCollectionProcess": "; ".join(f"{s['id']}: {s['connector']} {s['origin']}" for s in model["sources"]),
        "dataset_dataPreprocessing": [f"{f['name']}: {f['because']['en'] or f['because']['zh']}" for f in model["filters"]],
        "dataset_anonymizationMethodUsed": [
            f"{e['kind']}: {e['edits']} edits in {e['documents']} documents" for e in model["edits"] if e["kind"] in PERSONAL
        ],
        "dataset_intendedUse": _words(model, "uses"),
        "dataset_knownBias": [said] if (said := _words(model, "biases")) else [],
        "dataset_datasetUpdateMechanism": _words(model, "maintenance"),
        "software_copyrightText": "NOASSERTION",
    }
    graph: list[dict[str, Any]] = [
        {"type": "CreationInfo", "@id": info, "specVersion": "3.0.1", "createdBy": [maker]},
        {"type": "Organization", "spdxId": maker, "creationInfo": info, "name": model["curator"]},
        {
            "type": "SpdxDocument",
            "spdxId": f"{place}-document",
            "creationInfo": info,
            "rootElement": [place],
            "profileConformance": ["core", "software", "dataset", "simpleLicensing"],
        },
        {key: value for key, value in package.items() if value not in (None, "", [])},
    ]
    for number, row in enumerate(model["licenses"]):
        license_id = f"{place}-license-{number}"
        graph += [
            {
                "type": "simplelicensing_LicenseExpression",
                "spdxId": license_id,
                "creationInfo": info,
                "simplelicensing_licenseExpression": row["value"] or "NOASSERTION",
            },
            {
                "type": "Relationship",
                "spdxId": f"{license_id}-relationship",
                "creationInfo": info,
                "from": place,
                "relationshipType": "hasDeclaredLicense",
                "to": [license_id],
            },
        ]
    found = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}
    return {"reports/spdx.json": (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()}


def _words(model: Model, key: str) -> str | None:
    said = model["card"][key] or {}
    return said.get("en") or said.get("zh")
