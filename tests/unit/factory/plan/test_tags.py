"""The tag rules: the examples of the specification, and what holds for every version."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from semver import Version

from factory.plan.tags import (
    MAX_LENGTH,
    InvalidVersion,
    breadth,
    image_tags,
    immutable,
    parse_version,
    refused,
    released_versions,
    version_of_git_tags,
)

DOCKER_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")

numbers = st.integers(0, 3) | st.integers(0, 10**6)
stable = st.builds(Version, numbers, numbers, numbers)
close = st.builds(Version, *[st.integers(0, 2)] * 3)  # so close that series are shared
identifiers = st.from_regex(
    r"(0|[1-9][0-9]{0,5}|[0-9]{0,3}[A-Za-z-][0-9A-Za-z-]{0,8})", fullmatch=True
)
prereleases = st.lists(identifiers, min_size=1, max_size=4).map(".".join)
early = st.builds(Version, numbers, numbers, numbers, prereleases)
versions = stable | early
close_versions = close | st.builds(
    Version, *[st.integers(0, 2)] * 3, st.sampled_from(["rc.1", "b-1"])
)
images = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z][a-z0-9]{0,5})?", fullmatch=True).filter(
    lambda name: name != "latest"
)


def tags(image: str, text: str | None, released: Iterable[str] = ()) -> str:
    version = None if text is None else parse_version(text)
    known = frozenset(map(parse_version, released))
    return " ".join(image_tags(image, version, default=image == "full", released=known))


@pytest.mark.parametrize(
    ("image", "version", "expected"),
    [
        ("full", "1.2.3", "latest 1.2.3 1.2 1 full full-1.2.3 full-1.2 full-1"),
        ("mini", "1.2.3", "mini mini-1.2.3 mini-1.2 mini-1"),
        ("full", None, "latest full"),
        ("mini", None, "mini"),
        ("full", "1.2.3-rc.1", "1.2.3-rc.1 full-1.2.3-rc.1"),
        ("mini", "1.2.3-rc.1", "mini-1.2.3-rc.1"),
    ],
)
def test_tags_of_the_specified_examples(image: str, version: str | None, expected: str) -> None:
    assert tags(image, version) == expected


@given(images, versions | st.none(), st.booleans(), st.frozensets(versions, max_size=5))
def test_tags_are_valid_and_named_once(
    image: str, version: Version | None, default: bool, released: frozenset[Version]
) -> None:
    taken = image_tags(image, version, default=default, released=released)
    assert all(DOCKER_TAG.fullmatch(tag) for tag in taken)
    assert len(set(taken)) == len(taken) > 0


def test_tags_of_the_longest_version_are_valid() -> None:
    version = parse_version("1.2.3-" + "a" * (MAX_LENGTH - 6))
    for tag in image_tags("i" * 27, version, default=True, released=()):
        assert DOCKER_TAG.fullmatch(tag)


@given(images, versions, st.booleans(), st.frozensets(close_versions))
def test_tags_that_are_exact_are_immutable(
    image: str, version: Version, default: bool, released: frozenset[Version]
) -> None:
    taken = image_tags(image, version, default=default, released=released)
    exact = {f"{image}-{version}"} | ({str(version)} if default else set())
    assert {tag for tag in taken if immutable(tag)} == exact


@given(st.lists(st.tuples(st.sampled_from(["full", "mini"]), close_versions), max_size=25))
@example([("full", Version(1, minor, patch)) for minor, patch in ((1, 0), (0, 4), (10, 0), (9, 0))])
def test_tags_are_right_after_any_sequence_of_releases(
    releases: list[tuple[str, Version]],
) -> None:
    registry: dict[str, str] = {}
    for image, version in releases:
        released = released_versions(registry, image)
        taken = image_tags(image, version, default=image == "full", released=released)
        wanted = dict.fromkeys(taken, f"{image} {version}")
        assert refused(wanted, registry) == ()
        registry |= wanted
    expected = expected_registry(releases)
    assert registry == expected


def expected_registry(releases: Iterable[tuple[str, Version]]) -> dict[str, str]:
    """What the rules promise, told from the outcome: the highest of each series, in any order."""
    registry: dict[str, str] = {}
    for image, version in sorted(releases, key=lambda release: release[1]):
        series = [f"{version}"]
        if version.prerelease is None:
            series += [f"{version.major}.{version.minor}", f"{version.major}", ""]
        for name in series:
            registry[f"{image}-{name}".removesuffix("-")] = f"{image} {version}"
            if image == "full":
                registry[name or "latest"] = f"{image} {version}"
    return registry


@given(images, images, versions | st.none(), versions | st.none(), st.booleans())
def test_tags_of_two_images_differ(
    one: str, other: str, first: Version | None, second: Version | None, default: bool
) -> None:
    assume(one != other)
    mine = image_tags(one, first, default=default, released=())
    theirs = image_tags(other, second, default=False, released=())
    assert set(mine).isdisjoint(theirs)


@given(versions, st.sampled_from(["", "v"]))
def test_version_and_text_round_trip(version: Version, prefix: str) -> None:
    assert parse_version(f"{prefix}{version}") == version
    assert str(parse_version(f"{prefix}{version}")) == str(version)


INVALID = [
    "", "v", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-01", "1.2.3-", "1.2.3-a..b",
    "1.2.3+build", "1.2.3-rc.1+build", " 1.2.3", "1.2.3 ", "1.2.3\n", "v1.2.3\n", "vv1.2.3",
    "V1.2.3", "v 1.2.3", "-1.2.3", "1.2.-3", "1.2.x", "1.2.3_rc", "latest", "full-1.2.3",
    "1.2.\u0663", "1.2.3-1\u0663", "1.2.3-a\n", "1.2.3-\u00e9", "1.2.3\0", "9" * 5000 + ".0.0",
    "1.2.3-" + "a" * MAX_LENGTH,
]  # fmt: skip


@pytest.mark.parametrize("text", INVALID)
def test_version_error_is_one_line(text: str) -> None:
    with pytest.raises(InvalidVersion, match=": use ") as caught:
        parse_version(text)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 300
    assert version_of_git_tags([text]) is None


@given(st.text() | st.text("v0123.-+ \nrc", max_size=12))
def test_version_is_written_exactly_or_invalid(text: str) -> None:
    try:
        version = parse_version(text)
    except InvalidVersion:
        return
    assert str(version) == text.removeprefix("v")
    assert DOCKER_TAG.fullmatch(str(version))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], None),
        (["nightly", "1.2", "release-1.2.3"], None),
        (["v1.2.3"], "1.2.3"),
        (["v1.2.3-rc.2", "stable", "1.2.3", "v1.2.3-rc.10"], "1.2.3"),
        (["v1.2.3-rc.2", "v1.2.3-rc.10"], "1.2.3-rc.10"),
        (["v1.9.0", "v1.10.0"], "1.10.0"),
    ],
)
def test_version_of_git_tags(names: list[str], expected: str | None) -> None:
    found = version_of_git_tags(names)
    assert (None if found is None else str(found)) == expected


def test_released_versions_are_read_from_the_exact_names_of_that_image() -> None:
    existing = "latest 9.9.9 9.9 full full-1.2.3 full-1.2 full-1 full-2.0.0-rc.1 full-v3.0.0 "
    others = "mini-4.0.0 full-mini-5.0.0 notfull-6.0.0 full- full-debug"
    found = released_versions((existing + others).split(), "full")
    assert found == {Version(1, 2, 3), Version(2, 0, 0, "rc.1")}


@given(images, versions)
def test_breadth_grows_from_an_exact_to_a_bare_name(image: str, version: Version) -> None:
    expected = [0] if version.prerelease else [3, 0, 1, 2]
    assert [*map(breadth, image_tags(image, version, default=True, released=[]))] == 2 * expected
