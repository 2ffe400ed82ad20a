"""When a base was renewed, and what it is."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.build.engine import ImageInfo
from factory.build.renewal import KnownBase, mark_renewed, read_base
from factory.plan.models import Distribution
from tests.unit.factory.build.test_base import FakeEngine

DEBIAN = Distribution(suite="forky", pull="debian:{suite}-slim")
DAY = datetime.date(2026, 11, 30)


def known(*tags: str, digests: tuple[str, ...] = (), pull: str = DEBIAN.pull) -> KnownBase:
    layers = ("sha256:11", "sha256:22")
    names = tuple(f"bases:{tag}" for tag in tags)
    info = ImageInfo("sha256:1", 1, names, "2024-05-16T10:03:20Z", "amd64", layers, {}, (), digests)
    return read_base(info, "bases", "forky-abc", DEBIAN.model_copy(update={"pull": pull}))


def test_base_was_renewed_on_the_last_day_among_its_tags() -> None:
    tags = ("forky-abc", "forky-abc-20261130", "forky-abc-20261101", "forky-x-20261201", "forky-ab")
    assert known(*tags).renewed == DAY


@pytest.mark.parametrize("tag", ["forky-abc", "forky-abc-now", "forky-abc-1", "other-abc-20261130"])
def test_base_without_a_day_has_that_of_its_creation(tag: str) -> None:
    assert known(tag).renewed == datetime.date(2024, 5, 16)


@pytest.mark.parametrize(
    ("days", "old"), [(-1, True), (0, False), (1, False), (7, False), (8, True), (900, True)]
)
def test_base_is_too_old_after_a_week(days: int, *, old: bool) -> None:
    base = KnownBase("", "", DAY, "")
    assert base.too_old(DAY + datetime.timedelta(days)) is old


@pytest.mark.parametrize(
    ("pull", "digest"),
    [
        ("debian:{suite}-slim", "debian@sha256:aa"),
        ("debian:{suite}-slim", "docker.io/library/debian@sha256:aa"),
        ("registry.example:5000/debian:{suite}", "registry.example:5000/debian@sha256:aa"),
    ],
)
def test_base_that_was_pulled_is_known_by_its_digest(pull: str, digest: str) -> None:
    base = known("forky-abc", digests=("other/thing@sha256:bb", digest), pull=pull)
    assert base.identity == f"{pull.format(suite='forky')}@sha256:aa"


def test_base_that_was_bootstrapped_is_known_by_its_layer() -> None:
    base = known("forky-abc", digests=("asterisk-image-base@sha256:cc",))
    assert base.identity == "mmdebstrap:forky@sha256:11"


@given(st.lists(st.dates(datetime.date(2000, 1, 1)), min_size=1))
def test_renewal_that_was_marked_last_is_read_back(days: list[datetime.date]) -> None:
    engine = FakeEngine()
    engine.names = {"bases:forky-abc": "an image", "bases:forky-b-20260101": "another"}
    for day in days:
        mark_renewed(engine, "bases:forky-abc", "bases", "forky-abc", day)
    info = engine.image("bases:forky-abc")
    assert read_base(info, "bases", "forky-abc", DEBIAN).renewed == days[-1]
    assert len(engine.names) == 3
