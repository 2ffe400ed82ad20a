"""What changed from one image to another."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from factory.evidence.difference import compare, describe
from factory.evidence.packages import Package
from tests.unit.factory.evidence.example import FULL

packages = st.dictionaries(
    st.sampled_from("abcdef"), st.builds(Package, st.sampled_from(["1", "2"])), max_size=6
)
sizes = st.dictionaries(st.sampled_from(["core", "tls", "asterisk"]), st.integers(0, 10**8))


def test_difference_as_text() -> None:
    new = replace(
        FULL,
        packages={"libc6": Package("2.43-1"), "tini": Package("0.19-1")},
        size_by_component={"(dependencies)": 3_000_000, "core": 500_000},
        uncompressed=57_500_000,
    )
    assert describe(compare(FULL, new)).splitlines() == [
        "+ tini 0.19-1",
        "- bash 5.3-1",
        "~ libc6 2.42-5 -> 2.43-1",
        "",
        "MB                      old       new    change",
        "(dependencies)        4.000     3.000    -1.000",
        "core                  0.000     0.500    +0.500",
        "all, uncompressed    57.000    57.500    +0.500",
        "all, compressed      23.000    23.000    +0.000",
    ]


def test_difference_of_an_image_from_itself_is_empty() -> None:
    difference = compare(FULL, FULL)
    assert [difference.added, difference.removed, difference.changed, difference.sizes] == [{}] * 4
    assert describe(difference).startswith("packages: all the same\n")


@given(packages, packages, sizes, sizes)
def test_difference_applied_to_the_old_gives_the_new(
    before: dict[str, Package],
    after: dict[str, Package],
    old_sizes: dict[str, int],
    new_sizes: dict[str, int],
) -> None:
    found = compare(
        replace(FULL, packages=before, size_by_component=old_sizes),
        replace(FULL, packages=after, size_by_component=new_sizes),
    )
    versions = {name: package.version for name, package in before.items()}
    assert all(versions.pop(name) == version for name, version in found.removed.items())
    for name, (old, new) in found.changed.items():
        assert versions[name] == old
        versions[name] = new
    versions |= found.added
    assert versions == {name: package.version for name, package in after.items()}
    grown = sum(new - old for old, new in found.sizes.values())
    assert grown == sum(new_sizes.values()) - sum(old_sizes.values())
