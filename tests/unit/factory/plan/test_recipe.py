"""What to build, and how."""

from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe


def test_recipe_refuses_a_distribution_without_a_template(catalog: Catalog, root: Path) -> None:
    with pytest.raises(FactoryError, match=r"unknown distribution 'suse'") as caught:
        Recipe(root, "suse", ["mini"]).dockerfile(catalog)
    assert caught.value.hint == "known distributions: alpine, debian"


def test_recipe_refuses_a_distribution_that_the_catalog_lacks(
    catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/Dockerfile.suse.j2").write_text("FROM {{ suite }}\n")
    with pytest.raises(FactoryError):
        Recipe(tmp_path, "suse", ["mini"]).dockerfile(catalog)
