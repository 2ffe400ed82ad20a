"""A block of configuration goes where a reader would put it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.docs.configuration import NoPlaceError, put_in, sections

FILE = """\
; the file; speed = 1 is an example

[t_wan](!)
bind = 0.0.0.0:5060
;domain = example.com
local_net = 192.0.2.0/24

[udp](t_wan)
protocol = udp
#tryinclude other.conf
"""
NAME = st.text("abc", min_size=1, max_size=3)
SECTIONS = st.dictionaries(NAME, st.dictionaries(NAME, NAME), max_size=4)


@pytest.mark.parametrize(
    ("block", "old", "new"),
    [
        ("domain = a.example", ";domain = example.com", "domain = a.example"),
        ("bind = 0.0.0.0:5070", "bind = 0.0.0.0:5060", "bind = 0.0.0.0:5070"),
        ("local_net = 192.0.2.0/24", "", ""),
    ],
)
def test_setting_takes_the_place_of_its_name(block: str, old: str, new: str) -> None:
    assert put_in(FILE, f"{block}\n") == FILE.replace(old, new)


def test_setting_that_the_file_does_not_know_has_no_place() -> None:
    with pytest.raises(NoPlaceError, match="colour"):
        put_in(FILE, "colour = green\n")


@given(SECTIONS, SECTIONS)
def test_put_in_adds_what_is_new_and_keeps_the_rest(
    before: dict[str, dict[str, str]], added: dict[str, dict[str, str]]
) -> None:
    changed = put_in(written(before), written(added))
    assert {s.name: dict(s.settings) for s in sections(changed) if s.name} == {**before, **added}


def written(values: dict[str, dict[str, str]]) -> str:
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())
        for name, settings in values.items()
    )
