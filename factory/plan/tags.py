"""The tags of an image, and which of them may never move. Pure.

Versions follow https://semver.org (2.0.0). Two kinds of tags are made from them:

- exact names (`1.2.3`, `full-1.2.3`) are immutable: semver.org section 3;
- floating names (`1.2`, `1`, `latest`, `full`) point at the highest stable version of
  their series, highest as semver.org section 11 orders them.

An image's name begins with a letter and holds no hyphen followed by a digit, so that no name
reads as another image's version.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from semver import Version

UNPROVEN = "{image}-unproven"
"""The one tag of an image that did not go through the gate."""

MAX_LENGTH = 100  # an image tag holds 128 characters; the rest is left to the image's name


class InvalidVersion(ValueError):  # noqa: N818 (as packaging.version names its own)
    """A text that is no version; the message is one line: what, and what is expected."""


def parse_version(text: str) -> Version:
    """Read a version from what a person or a git tag says.

    In: `1.2.3` or `v1.2.3`, with or without a prerelease (`1.2.3-rc.1`).
    Out: the version; its `str` is the text without the `v`.
    Errors: InvalidVersion for all else, build metadata included: `+` cannot stand in a tag.
    Source: semver.org sections 2 (numbers), 9 (prerelease) and 10 (build metadata).
    """
    bare = text.removeprefix("v")
    if len(bare) > MAX_LENGTH:
        raise InvalidVersion(f"{text[:20]!r}... is too long: use at most {MAX_LENGTH} characters")
    if not Version.is_valid(bare):
        raise InvalidVersion(
            f"{text!r} is not a version: use MAJOR.MINOR.PATCH as in 1.2.3 or 1.2.3-rc.1"
        )
    version = Version.parse(bare)
    if version.build is not None:
        raise InvalidVersion(
            f"{text!r} has build metadata, which no image tag can hold: "
            f"use {version.replace(build=None)}"
        )
    return version


def version_of_git_tags(tags: Iterable[str]) -> Version | None:
    """Find the version of a commit.

    In: the names of the git tags on it, without line ends.
    Out: the highest version among them, or None; names that are no version are passed over.
    Source: semver.org section 11 (precedence).
    """
    return max(_versions(tags), default=None)


def image_tags(
    image: str, version: Version | None, *, default: bool, released: Collection[Version]
) -> tuple[str, ...]:
    """Return the tags of an image when it is published.

    In: the image; its version as `parse_version` gives it, or None for an untagged commit;
    whether it is the default image, the only one with bare tags; the versions of this
    image that exist already (the version itself may be among them: a rebuild).
    Out: the tags, bare ones first. Without a version, the names that carry none; they move
    whatever was released. A prerelease gets its exact names only.
    Source: semver.org sections 9 and 11; a prerelease is no stable version of any series.
    """
    names = _version_names(version, released) if version is not None else ("",)
    own = tuple(f"{image}-{name}" if name else image for name in names)
    bare = tuple(name or "latest" for name in names)
    return bare + own if default else own


def wanted_tags(
    image: str, version: Version | None, *, default: bool, existing: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the tags of an image, given all tags of its repository."""
    released = released_versions(existing, image)
    return image_tags(image, version, default=default, released=released)


def released_versions(existing_tags: Iterable[str], image: str) -> frozenset[Version]:
    """Read an image's versions from the tags that exist in the registry.

    In: the names of all tags; the image.
    Out: its versions, from the exact names (`full-1.2.3`); all other tags are passed over.
    """
    start = f"{image}-"
    names = (tag.removeprefix(start) for tag in existing_tags if tag.startswith(start))
    return frozenset(_versions(name for name in names if not name.startswith("v")))


def immutable(tag: str) -> bool:
    """Say whether a tag is an exact name: `1.2.3` or `<image>-1.2.3`, prereleases included.

    Source: semver.org section 3 (a released version never changes).
    """
    words = tag.split("-")
    return any(Version.is_valid("-".join(words[i:])) for i in range(len(words)))


def breadth(tag: str) -> int:
    """Say how much a tag stands for: 0 an exact name, 1 `X.Y`, 2 `X`, 3 a bare name.

    That is the order in which tags are pushed: who pulls a floating name must find the exact
    one, too, however far a push has come.
    """
    if immutable(tag):
        return 0
    numbers = re.search(r"(?:^|-)[0-9]+(\.[0-9]+)?$", tag)
    if numbers is None:
        return 3
    return 1 if numbers[1] else 2


def refused(wanted: Mapping[str, str], existing: Mapping[str, str]) -> tuple[str, ...]:
    """Find what forbids publishing: one such tag, and nothing at all may be pushed.

    In: tag -> digest, as wanted and as the registry has it.
    Out: the immutable tags that exist with another digest, sorted.
    """
    moved = (tag for tag, digest in wanted.items() if existing.get(tag, digest) != digest)
    return tuple(sorted(filter(immutable, moved)))


def _version_names(version: Version, released: Collection[Version]) -> tuple[str, ...]:
    """Return the names a version takes, without the image: '' (the bare name), X.Y.Z, X.Y, X."""
    if version.prerelease is not None:
        return (str(version),)
    numbers = [str(version.major), str(version.minor), str(version.patch)]
    return tuple(
        ".".join(numbers[:size]) for size in (0, 3, 2, 1) if _leads(version, size, released)
    )


def _leads(version: Version, size: int, released: Collection[Version]) -> bool:
    """Whether no stable version is higher among those with the same first `size` numbers."""
    series = version.to_tuple()[:size]
    return not any(
        other > version and other.prerelease is None and other.to_tuple()[:size] == series
        for other in released
    )


def _versions(texts: Iterable[str]) -> Iterable[Version]:
    """Return the versions among some texts."""
    for text in texts:
        try:
            yield parse_version(text)
        except InvalidVersion:
            continue
