"""What an image's bytes are for: shares of components, the table, and the map."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from factory.evidence.shares import bytes_by_component, own_files
from factory.evidence.size_map import HEIGHT, WIDTH, table, treemap
from factory.plan.catalog import Catalog

SVG = "{http://www.w3.org/2000/svg}"
sizes = st.dictionaries(
    st.text(st.characters(codec="utf-8", categories=["L", "P"]), min_size=1),
    st.integers(0, 10**8),
    max_size=12,
)


def test_own_files_are_found_where_the_build_puts_them(catalog: Catalog) -> None:
    own = own_files(catalog, "base")
    assert own["/usr/local/bin/entrypoint"] == "pbx/core"
    assert own["/usr/lib/python3/dist-packages/pbx/autoban/__init__.py"] == "pbx/autoban"
    assert own["/usr/share/asterisk/config/extensions.conf"] == "pbx/privatedial"
    assert not any(name == "pbx/autoban" for name in own_files(catalog, "mini").values())


def test_packages_count_for_the_first_component_that_names_them(catalog: Catalog) -> None:
    shares = bytes_by_component(
        catalog,
        "debian",
        "base",
        {"asterisk": 5, "pbx/asterisk": 2, "runit": 7, "libxml2-16": 11, "(no package)": 13},
    )
    assert shares == {"(no package)": 13, "(dependencies)": 11, "asterisk": 7, "supervision": 7}


def test_the_table_shows_the_largest_first() -> None:
    text = table({"core": 1, "asterisk": 3}, {"libc6": 4})
    assert text.splitlines()[0].split() == ["4", "in", "all", "files"]
    assert re.findall(r"^ *(\d+) +([\d.]+)  (\S+)$", text, re.MULTILINE) == [
        ("3", "75.0", "asterisk"),
        ("1", "25.0", "core"),
        ("4", "100.0", "libc6"),
    ]


@given(sizes)
def test_areas_of_the_map_are_in_proportion_and_fill_it(given: dict[str, int]) -> None:
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


def test_an_empty_image_has_an_empty_map() -> None:
    assert "<rect" not in treemap("nothing", {"core": 0})
