"""Sizes as a table and as a map."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from factory.evidence.size_map import HEIGHT, WIDTH, table, treemap

SVG = "{http://www.w3.org/2000/svg}"
sizes = st.dictionaries(
    st.text(st.characters(codec="utf-8", categories=["L", "P"]), min_size=1),
    st.integers(0, 10**8),
    max_size=12,
)


def test_size_table_shows_the_largest_first() -> None:
    text = table({"core": 1, "asterisk": 3}, {"libc6": 4})
    assert text.splitlines()[0].split() == ["4", "in", "all", "files"]
    assert re.findall(r"^ *(\d+) +([\d.]+)  (\S+)$", text, re.MULTILINE) == [
        ("3", "75.0", "asterisk"),
        ("1", "25.0", "core"),
        ("4", "100.0", "libc6"),
    ]


@given(sizes)
def test_size_map_areas_are_in_proportion_and_fill_it(given: dict[str, int]) -> None:
    root = ET.fromstring(treemap("full & more", given))  # noqa: S314 - it is our own
    areas = {}
    for group in root.iter(f"{SVG}g"):
        title, box = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        if title is not None and box is not None:
            name = (title.text or "").rpartition(": ")[0]
            areas[name] = float(box.attrib["width"]) * float(box.attrib["height"])
    shown = {name: size for name, size in given.items() if size}
    assert set(areas) == set(shown)
    for name, size in shown.items():
        expected = size / sum(shown.values()) * WIDTH * HEIGHT
        assert abs(areas[name] - expected) <= 0.06 * (WIDTH + HEIGHT)
