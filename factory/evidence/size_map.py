"""The sizes of an image as a table and as a map. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import squarify

WIDTH, HEIGHT = 960, 540
_LINE = 16  # height of a line of text
_LETTER = 7  # width of a letter, about


def table(size_by_component: Mapping[str, int], size_by_package: Mapping[str, int]) -> str:
    """Return bytes by component and by package as plain text, the largest first."""
    total = sum(size_by_component.values())
    lines = [f"{total:>12}       in all files"]
    for heading, sizes in (("component", size_by_component), ("package", size_by_package)):
        lines += ["", f"{'bytes':>12}     %  {heading}"]
        ordered = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"{size:>12} {100 * size / max(total, 1):5.1f}  {name}" for name, size in ordered]
    return "\n".join(lines) + "\n"


def treemap(title: str, sizes: Mapping[str, int]) -> str:
    """Return a map of sizes as SVG: areas are in proportion, the largest at the upper left."""
    ordered = sorted(
        ((name, size) for name, size in sizes.items() if size),
        key=lambda item: (-item[1], item[0]),
    )
    areas = squarify.normalize_sizes([size for _, size in ordered], WIDTH, HEIGHT)
    places = squarify.squarify(areas, 0, 0, WIDTH, HEIGHT) if ordered else []
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT + 2 * _LINE}">',
        '<g font-family="sans-serif" font-size="12">',
        f'<text x="4" y="{_LINE}" font-weight="bold">{escape(title)}</text>',
        f'<g transform="translate(0 {2 * _LINE})">',
    ]
    for number, ((name, size), place) in enumerate(zip(ordered, places, strict=True)):
        x, y, dx, dy = (float(place[key]) for key in ("x", "y", "dx", "dy"))
        megabytes = f"{size / 10**6:.2f} MB"
        parts.append(
            f'<g><title>{escape(name)}: {megabytes}</title><rect x="{x:.1f}" y="{y:.1f}" '
            f'width="{dx:.1f}" height="{dy:.1f}" stroke="white" '
            f'fill="hsl({number * 47 % 360} 45% 80%)"/>'
        )
        for line, text in enumerate((name, megabytes), 1):
            if dx > len(text) * _LETTER + 8 and dy > line * _LINE + 4:
                parts.append(
                    f'<text x="{x + 4:.1f}" y="{y + line * _LINE:.1f}">{escape(text)}</text>'
                )
        parts.append("</g>")
    return "\n".join([*parts, "</g>", "</g>", "</svg>"]) + "\n"
