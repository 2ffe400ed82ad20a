"""An image's evidence with something in every field."""

from factory.evidence.measure import Evidence
from factory.evidence.packages import Package
from factory.proof.gate import Passed

FULL = Evidence(
    image="mini",
    id="sha256:0123",
    architecture="amd64",
    layers=("sha256:a", "sha256:b"),
    labels={"org.opencontainers.image.title": "Asterisk PBX (mini)"},
    uncompressed=57_000_000,
    compressed=23_000_000,
    packages={
        "libc6": Package("2.42-5", "amd64", "glibc", ("GPL-2+", "LGPL-2.1+")),
        "bash": Package("5.3-1", "amd64", "bash"),
    },
    size_by_package={"libc6": 3_000_000, "bash": 1_000_000},
    size_by_component={"(dependencies)": 4_000_000},
    proof=(Passed("becomes healthy", "after 2 s", 2.25),),
    tags=("mlan/asterisk:mini",),
)
