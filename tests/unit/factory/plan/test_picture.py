"""The picture of the images in the README."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from factory.plan.load import load_catalog
from factory.plan.picture import draw_images

ROOT = Path(__file__).parents[4]


def test_picture_in_the_docs_is_current() -> None:
    drawn = (ROOT / "docs" / "pictures" / "images.svg").read_text()
    assert drawn == draw_images(load_catalog(ROOT)), (
        "python build.py --print picture > docs/pictures/images.svg"
    )


def test_picture_shows_every_image_and_component() -> None:
    catalog = load_catalog(ROOT)
    tree = ElementTree.fromstring(draw_images(catalog))  # noqa: S314 - our own
    texts = [element.text for element in tree.iter() if element.text]
    assert set(catalog.usual_images) <= set(texts)
    assert "debug" not in texts
    for component in catalog.components_of("xtra"):
        assert component.name in texts
        assert component.settings.summary in " ".join(texts)
