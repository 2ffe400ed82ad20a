"""Machines of another kind: what their images, repositories and folders are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.plan.catalog import Catalog
from factory.plan.foreign_platform import ForeignPlatform

ARM = ForeignPlatform("arm64", "linux/arm64")
repositories = st.from_regex(r"[a-z]{1,9}(:[0-9]{4}/[a-z]{1,9})?(/[a-z]{1,9}){0,2}", fullmatch=True)


@given(repositories)
def test_repository_of_a_platform_is_never_that_of_the_engine(repository: str) -> None:
    own = ARM.repository(repository)
    assert own == f"{repository}-arm64"
    assert ARM.repository(own) == own


def test_folders_of_platforms_are_kept_apart(catalog: Catalog) -> None:
    platforms = [ForeignPlatform(name, x.platform) for name, x in catalog.architectures.items()]
    folders = [platform.folder(image) for platform in platforms for image in catalog.images]
    assert len({*folders, *catalog.images}) == len(folders) + len(catalog.images)


def test_catalog_for_one_platform_has_that_alone(catalog: Catalog) -> None:
    one = catalog.only_for("linux/arm64")
    assert one.architectures == {"arm64": catalog.architectures["arm64"]}
    assert one.images == catalog.images


@pytest.mark.parametrize("platform", ["arm64", "linux/arm", "", "LINUX/ARM64"])
def test_platform_error_names_those_that_are_known(catalog: Catalog, platform: str) -> None:
    with pytest.raises(FactoryError, match="unknown platform") as caught:
        catalog.only_for(platform)
    assert caught.value.hint == "known platforms: linux/amd64, linux/arm64"


def test_budget_is_that_of_the_platform(catalog: Catalog) -> None:
    amd64, arm64, other = (
        catalog.budget_of("mini", "debian", architecture)
        for architecture in ("amd64", "arm64", "riscv64")
    )
    assert amd64 == other == catalog.images["mini"].budget
    assert arm64
    assert arm64.uncompressed == amd64.uncompressed * catalog.architectures["arm64"].size
    assert arm64.compressed == amd64.compressed * catalog.architectures["arm64"].size
    assert catalog.budget_of("mini", "alpine", "amd64") is None
