"""The bill of materials: valid after its schema, complete, and always the same."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from hypothesis import given
from hypothesis import strategies as st

from factory.evidence.packages import Package, read_licences
from factory.evidence.sbom import bill_of_materials
from tests.unit.factory.evidence.example import FULL

LABELS = {
    "org.opencontainers.image.title": "Asterisk PBX (mini)",
    "org.opencontainers.image.created": "2026-11-02T03:04:05Z",
    "org.opencontainers.image.version": "1.2.3",
}
SHIPPED = replace(FULL, labels=LABELS)


pytestmark = pytest.mark.xdist_group("jsonschema")


@cache
def validator() -> Any:
    """Return the validator of the schema; its library takes seconds to import."""
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    return JsonStrictValidator(SchemaVersion.V1_6)


def read(text: str) -> dict[str, Any]:
    error = validator().validate_str(text)
    assert error is None, error
    return dict(json.loads(text))


def test_sbom_names_each_package_and_our_own_files() -> None:
    bill = read(bill_of_materials(SHIPPED, "debian", "forky"))
    assert bill["metadata"]["timestamp"] == "2026-11-02T03:04:05+00:00"
    assert bill["metadata"]["component"]["version"] == "1.2.3"
    layers = [layer["value"] for layer in bill["metadata"]["component"]["properties"]]
    assert layers == ["sha256:a", "sha256:b"]
    components = {component["name"]: component for component in bill["components"]}
    assert set(components) == {"asterisk-image-factory", "libc6", "bash"}
    assert components["asterisk-image-factory"]["version"] == "1.2.3"
    libc = components["libc6"]
    assert libc["purl"] == (
        "pkg:deb/debian/libc6@2.42-5?arch=amd64&distro=debian-forky&upstream=glibc"
    )
    assert [licence["license"]["id"] for licence in libc["licenses"]] == [
        "GPL-2.0-or-later",
        "LGPL-2.1-or-later",
    ]
    assert components["bash"]["purl"].endswith("?arch=amd64&distro=debian-forky")
    assert libc["properties"][0]["value"] == "3000000"


def test_sbom_does_not_depend_on_proof_and_tags() -> None:
    other = replace(SHIPPED, id="sha256:built-again", tags=(), proof=(), suites="2 passed")
    assert bill_of_materials(other, "debian", "forky") == bill_of_materials(
        SHIPPED, "debian", "forky"
    )
    changed = read(bill_of_materials(replace(SHIPPED, layers=("sha256:c",)), "debian", "forky"))
    assert (
        changed["serialNumber"]
        != read(bill_of_materials(SHIPPED, "debian", "forky"))["serialNumber"]
    )


def test_sbom_of_alpine_names_apk_packages() -> None:
    bill = read(bill_of_materials(SHIPPED, "alpine", "3.23"))
    named = {c.get("purl", "").partition("/")[0] for c in bill["components"]} - {""}
    assert named == {"pkg:apk"}
    assert "distro=alpine-3.23" in json.dumps(bill)


names = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,12}", fullmatch=True)
versions = st.from_regex(r"([0-9]:)?[0-9][0-9A-Za-z.+~-]{0,12}", fullmatch=True)
licences = st.sampled_from(
    ["GPL-2+", "Expat", "apache-2.0", "BSD-3-clause~Google", "public domain"]
)


@given(
    st.dictionaries(
        names,
        st.builds(
            Package,
            versions,
            st.sampled_from(["amd64", "all"]),
            names,
            st.sets(licences).map(lambda found: tuple(sorted(found))),
        ),
        max_size=4,
    )
)
def test_sbom_of_any_package_is_valid_and_complete(packages: dict[str, Package]) -> None:
    bill = read(bill_of_materials(replace(SHIPPED, packages=packages), "debian", "forky"))
    told = {c["name"]: c for c in bill["components"] if c["bom-ref"].startswith("deb:")}
    assert {name: c["version"] for name, c in told.items()} == {
        name: package.version for name, package in packages.items()
    }
    for name, package in packages.items():
        assert len(told[name].get("licenses", [])) == len(package.licences)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Format: x\nLicense: GPL-2+\n text\nLicense: Expat\n", ("Expat", "GPL-2+")),
        ("Format: x\nLicense: GPL-2+ or Artistic\n", ("Artistic", "GPL-2+")),
        ("Format: x\nLicense: A, and B or C\n", ("A", "B", "C")),
        ("Format: x\nLicense:\n text\n License: no\n", ()),
        ("This is prose.\nLicense: GPL-2\n", ()),
        ("", ()),
    ],
)
def test_licences_of_a_copyright_file(text: str, expected: tuple[str, ...]) -> None:
    assert read_licences(text) == expected
