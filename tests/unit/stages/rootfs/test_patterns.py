"""Ordered patterns: the last that matches decides."""

from hypothesis import given
from hypothesis import strategies as st
from rootfs.patterns import accepts, matches_any, without_match

NAMES = st.text("ab/", max_size=4)
GLOBS = st.text("ab/*", min_size=1, max_size=4)
PATTERNS = st.lists(st.one_of(GLOBS, GLOBS.map(lambda glob: f"!{glob}")), max_size=5)


def test_the_last_matching_pattern_decides() -> None:
    zones = ("/zoneinfo/*", "!/zoneinfo/right/*", "/zoneinfo/right/UTC")

    assert accepts(zones, "/zoneinfo/Europe/Stockholm")
    assert not accepts(zones, "/zoneinfo/right/GMT")
    assert accepts(zones, "/zoneinfo/right/UTC")
    assert not accepts(zones, "/elsewhere")


@given(PATTERNS, GLOBS, NAMES)
def test_a_pattern_more_matters_only_to_what_it_matches(
    patterns: list[str], added: str, name: str
) -> None:
    matched = matches_any((added,), name)

    assert accepts([*patterns, added], name) == (matched or accepts(patterns, name))
    assert accepts([*patterns, f"!{added}"], name) == (not matched and accepts(patterns, name))


@given(PATTERNS, NAMES)
def test_only_a_pattern_that_takes_can_lack_a_match(patterns: list[str], name: str) -> None:
    idle = without_match(patterns, [name])

    assert idle == [
        each for each in patterns if not each.startswith("!") and not matches_any((each,), name)
    ]
