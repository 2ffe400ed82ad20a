"""The SBOM of an image: CycloneDX 1.6 in JSON. Pure, and the same for the same image.

Source: https://cyclonedx.org/docs/1.6/json/, and the types `deb` and `apk` of package URLs.
"""

from __future__ import annotations

import datetime
import uuid

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import fixup_id
from packageurl import PackageURL

from factory.evidence.measure import Evidence
from factory.evidence.packages import Package

_LABEL = "org.opencontainers.image"
_KINDS = {"debian": "deb", "alpine": "apk"}
"""Types of package URLs by distribution."""
_SPDX = {
    "GPL-1": "GPL-1.0-only",
    "GPL-1+": "GPL-1.0-or-later",
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "LGPL-2": "LGPL-2.0-only",
    "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3": "LGPL-3.0-only",
    "LGPL-3+": "LGPL-3.0-or-later",
    "Expat": "MIT",
    "Apache-2": "Apache-2.0",
}
"""SPDX's identifiers of licences to which Debian gives names of its own."""


def bill_of_materials(known: Evidence, distribution: str, suite: str) -> str:
    """Return the SBOM of an image, with every package and the project's own files.

    Serial number and time come from the image: its layers, and its label `created`.

    Args:
        known: The image's evidence.
        distribution: Of the packages, `debian` or `alpine`.
        suite: Its release, such as `forky`.
    """
    labels = known.labels
    created = labels.get(f"{_LABEL}.created", "")
    version = labels.get(f"{_LABEL}.version") or labels.get(f"{_LABEL}.revision") or "unreleased"
    image = Component(
        name=f"asterisk-{known.image}",
        version=version,
        type=ComponentType.CONTAINER,
        bom_ref="image",
        description=labels.get(f"{_LABEL}.title"),
        properties=[_property("layer", layer) for layer in known.layers],
    )
    own = Component(
        name="asterisk-image-factory",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref="own",
        description="the project's own files",
        licenses=[DisjunctiveLicense(id="MIT")],
        properties=[_property("bytes", str(own_bytes(known)))],
    )
    packages = [
        _component(name, package, distribution, suite, known.size_by_package.get(name, 0))
        for name, package in sorted(known.packages.items())
    ]
    bom = Bom(
        components=[own, *packages],
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, " ".join(known.layers)),
    )
    bom.metadata.component = image
    bom.metadata.timestamp = datetime.datetime.fromisoformat(created or "1970-01-01T00:00:00Z")
    bom.register_dependency(image, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def own_bytes(known: Evidence) -> int:
    """Return the bytes of the project's own files in an image."""
    return sum(n for name, n in known.size_by_package.items() if name.startswith("pbx/"))


def _component(name: str, package: Package, distribution: str, suite: str, size: int) -> Component:
    kind = _KINDS[distribution]
    qualifiers = {"arch": package.architecture, "distro": f"{distribution}-{suite}"}
    if package.source != name:
        qualifiers["upstream"] = package.source
    return Component(
        name=name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{kind}:{name}",
        purl=PackageURL(kind, distribution, name, package.version, qualifiers),
        licenses=[_licence(licence) for licence in package.licences],
        properties=[_property("bytes", str(size))],
    )


def _property(name: str, value: str) -> Property:
    return Property(name=f"asterisk-image-factory:{name}", value=value)


def _licence(name: str) -> DisjunctiveLicense:
    """Return a licence by SPDX's identifier if it has one, else by the name that Debian gives."""
    identifier = _SPDX.get(name) or fixup_id(name)
    return DisjunctiveLicense(id=identifier) if identifier else DisjunctiveLicense(name=name)
