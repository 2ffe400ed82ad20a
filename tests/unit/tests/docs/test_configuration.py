"""A block of configuration goes where a reader would put it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.docs.configuration import NoPlaceError, put_in, sections

NAME = st.text("abc", min_size=1, max_size=3)
SECTIONS = st.dictionaries(NAME, st.dictionaries(NAME, NAME), max_size=4)


def test_setting_that_the_file_does_not_know_has_no_place() -> None:
    with pytest.raises(NoPlaceError, match="colour"):
        put_in("[udp]\nprotocol = udp\n", "colour = green\n")


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
