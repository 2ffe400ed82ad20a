"""How old packages are, in a line for people."""

import datetime

import pytest

from factory.evidence.age import describe_age
from factory.plan import labels

DIGEST = "sha256:0123456789ab" + 52 * "c"


def made_on(day: str, base: str = f"debian:forky-slim@{DIGEST}") -> dict[str, str]:
    return {labels.PACKAGES: f"{day}T14:09:31Z", labels.BASE: base}


@pytest.mark.parametrize(
    ("day", "age"),
    [("2026-11-30", "today"), ("2026-11-29", "yesterday"), ("2026-10-31", "30 days ago")],
)
def test_age_is_told_in_days(day: str, age: str) -> None:
    assert describe_age([made_on(day)], datetime.date(2026, 11, 30)) == (
        f"packages as of {day} ({age}), base debian:forky-slim@sha256:0123456789ab"
    )


def test_age_is_that_of_the_oldest_packages() -> None:
    images = [made_on("2026-11-30"), {}, made_on("2026-11-01", "a"), made_on("2026-11-29")]
    told = describe_age(images, datetime.date(2026, 11, 30))
    assert told == "packages as of 2026-11-01 (29 days ago), base a"


def test_age_is_unknown_without_a_label() -> None:
    assert "unknown" in describe_age([{}], datetime.date(2026, 11, 30))
    assert "unknown" in describe_age([], datetime.date(2026, 11, 30))
