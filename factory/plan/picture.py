"""Draws the images and what each adds, as in the README; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from xml.sax.saxutils import escape

from factory.plan.catalog import Catalog, Component
from factory.plan.models import Image

_WIDTH = 920
_MARGIN = 12
_LABEL = 150  # the column with the name of the image
_COLUMNS = 3
_CHARACTERS = 33  # of a summary in one line
_LINE = 15
_GAP = 10
_BLUE = ("#dbeafe", "#bfdbfe", "#93c5fd", "#60a5fa")  # the ground is the lightest

_CHIP = (_WIDTH - 2 * _MARGIN - _LABEL - _GAP) / _COLUMNS - _GAP


def draw_images(catalog: Catalog) -> str:
    """Return an SVG: a layer for each image, on the one that it stands on, with its components.

    Args:
        catalog: The checked catalog; its images, but for those that are optional, come in the
            order in which they are listed.
    """
    layers: list[str] = []
    top = _MARGIN
    for number, name in reversed(list(enumerate(catalog.usual_images))):
        image = catalog.images[name]
        components = [catalog.components[each] for each in image.components]
        height, drawn = _layer(name, image, components, top, _BLUE[min(number, len(_BLUE) - 1)])
        layers.append(drawn)
        top += height + 4
    height = top + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, sans-serif" font-size="12">\n'
        "<title>The images, each with what it adds to the one below</title>\n"
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#ffffff"/>\n'
        + "\n".join(layers)
        + "\n</svg>\n"
    )


def _layer(
    name: str, image: Image, components: Sequence[Component], top: int, colour: str
) -> tuple[int, str]:
    """Return the height of one image's layer, and the layer."""
    summaries = [wrap(component.settings.summary, _CHARACTERS) for component in components]
    lines = max(map(len, summaries))
    chip = 2 * _GAP + _LINE * (lines + 1) - 4
    rows = -(-len(components) // _COLUMNS)
    height = rows * (chip + _GAP) + _GAP
    ground = f'x="{_MARGIN}" y="{top}" width="{_WIDTH - 2 * _MARGIN}" height="{height}"'
    parts = [
        f'<rect {ground} rx="6" fill="{colour}"/>',
        _text(_MARGIN + 14, top + 30, name, 'font-size="20" font-weight="700"'),
        _text(_MARGIN + 14, top + 48, f"at most {image.budget.uncompressed:g} MB"),
        _text(_MARGIN + 14, top + 63, f"({image.budget.compressed:g} to download)"),
    ]
    for number, (component, summary) in enumerate(zip(components, summaries, strict=True)):
        row, column = divmod(number, _COLUMNS)
        left = _MARGIN + _LABEL + _GAP + column * (_CHIP + _GAP)
        parts += _chip(component.name, summary, left, top + _GAP + row * (chip + _GAP), chip)
    return max(height, 76), "\n".join(parts)


def _chip(name: str, summary: Sequence[str], left: float, top: int, height: int) -> Iterator[str]:
    yield (
        f'<rect x="{left:.0f}" y="{top}" width="{_CHIP:.0f}" height="{height}" rx="4" '
        'fill="#ffffff" fill-opacity="0.8"/>'
    )
    yield _text(left + 10, top + 19, name, 'font-weight="700"')
    for number, line in enumerate(summary, 1):
        yield _text(left + 10, top + 19 + number * _LINE, line)


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="#1e293b" {style}>{escape(text)}</text>'
