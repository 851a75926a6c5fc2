"""The bill of materials [CycloneDX 1.5, JSON] and the list of licences with their texts."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.image.apt import ARCHITECTURE, SUITE
from scripts.image.licences import Part

_RULE = "=" * 78


def purl(part: Part) -> str | None:
    """The package's address as bills of materials write it."""
    version = quote(part.version, safe="")
    if part.kind == "deb":
        return f"pkg:deb/debian/{part.name}@{version}?arch={ARCHITECTURE}&distro={SUITE}"
    if part.kind == "pypi":
        return f"pkg:pypi/{part.name.lower().replace('_', '-')}@{version}"
    return None


def bill(parts: Sequence[Part], version: str, epoch: int, root_sha256: str) -> dict[str, Any]:
    """The whole document; the same from the same parts."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, root_sha256)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "firmware",
                "bom-ref": "image",
                "name": "switchhook-image",
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": root_sha256}],
            },
        },
        "components": [_component(part) for part in parts],
    }


def _component(part: Part) -> dict[str, Any]:
    address = purl(part)
    told: dict[str, Any] = {
        "type": "operating-system" if part.name == "linux" else "library",
        "bom-ref": address or f"{part.name}@{part.version}",
        "name": part.name,
        "version": part.version,
        "licenses": [{"license": {"name": name}} for name in part.licences],
    }
    if address:
        told["purl"] = address
    if part.sha256:
        told["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    if part.note:
        told["description"] = part.note
    return told


def write(parts: Sequence[Part], version: str, epoch: int, root_sha256: str, into: Path) -> None:
    """sbom.cdx.json and licences.txt."""
    document = bill(parts, version, epoch, root_sha256)
    (into / "sbom.cdx.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    lines = [f"{p.name} {p.version}: {'; '.join(p.licences)}" for p in parts]
    texts = [f"{_RULE}\n{p.name} {p.version}\n{_RULE}\n{p.text.strip()}\n" for p in parts]
    (into / "licences.txt").write_text(
        "\n".join(["What the image is made of.", "", *lines, "", *texts])
    )
