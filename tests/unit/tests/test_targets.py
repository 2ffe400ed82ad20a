"""On which images the tests are run."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from factory.build.engine import Engine, ImageInfo
from factory.plan.catalog import Catalog
from tests.targets import Target, images_from, targets_of

LABEL = "org.opencontainers.image.ref.name"


def image(label: str = "", *ports: str) -> ImageInfo:
    labels = {LABEL: label} if label else {}
    return ImageInfo("sha256:12", 1, (), "", "amd64", (), labels, ports)


class FakeEngine(Engine):
    """Has one image by one name."""

    def __init__(self) -> None:
        pass

    def find_image(self, name: str) -> ImageInfo | None:
        return image("full") if name == "registry.example/pbx:1" else None


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.targets.Engine.connect", FakeEngine)


def targets(root: Path, *images: str, container: str = "") -> dict[str, Target]:
    options = {"--image": list(images), "--container": container}
    config = SimpleNamespace(stash=pytest.Stash(), rootpath=root, getoption=options.get)
    return targets_of(cast(pytest.Config, config))


# ---- images


def test_targets_are_an_image_and_all_that_stand_on_it(catalog: Catalog) -> None:
    for lowest in catalog.images:
        above = [image for image in catalog.images if lowest in catalog.lineage(image)]
        usual = [image for image in above if image in (lowest, *catalog.usual_images)]
        assert images_from(catalog, lowest, only=False, optional=True) == above
        assert images_from(catalog, lowest, only=False, optional=False) == usual
        assert images_from(catalog, lowest, only=True, optional=True) == [lowest]


# ---- what the command line names


def test_targets_are_all_images_by_default(root: Path, catalog: Catalog) -> None:
    found = targets(root)
    assert list(found) == list(catalog.images)
    assert found["mini"] == Target("mini", "mlan/asterisk:mini")


def test_target_is_what_its_label_or_the_command_line_says(root: Path) -> None:
    reference = "registry.example/pbx:1"
    assert targets(root, reference) == {"full": Target("full", reference)}
    assert targets(root, f"mini={reference}") == {"mini": Target("mini", reference)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("maxi=registry.example/pbx:1", r"'maxi' is no image of the catalog \(mini, base"),
        ("full=nothing:1", "the engine has no image nothing:1"),
        ("nothing:1", "the engine has no image nothing:1"),
    ],
)
def test_target_that_cannot_be_tested_is_refused(root: Path, text: str, said: str) -> None:
    with pytest.raises(pytest.UsageError, match=f"^--image {text}: {said}"):
        targets(root, text)


def test_targets_are_a_container_or_images(root: Path) -> None:
    with pytest.raises(pytest.UsageError, match="exclude each other"):
        targets(root, "registry.example/pbx:1", container="pbx")
