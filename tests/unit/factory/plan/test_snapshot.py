"""The archive as it was at one moment."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot, sources_line

DEBIAN = Distribution(
    suite="forky",
    pull="debian:{suite}-slim",
    snapshots="http://snapshots.example/debian/{moment}",
)


@given(st.integers(0, 2**32).map(lambda s: datetime.datetime.fromtimestamp(s, datetime.UTC)))
def test_snapshot_moment_names_an_archive(moment: datetime.datetime) -> None:
    text = moment.strftime("%Y%m%dT%H%M%SZ")
    snapshot = Snapshot.of(DEBIAN, text)
    assert snapshot.url == f"http://snapshots.example/debian/{text}"
    assert snapshot.epoch == int(moment.timestamp())


@pytest.mark.parametrize(
    "text", ["", "2026", "20261120", "20261320T000000Z", "20261120T000000", "20261120T000000Z\n"]
)
def test_snapshot_refuses_what_is_no_moment(text: str) -> None:
    with pytest.raises(FactoryError, match="is no moment of a snapshot"):
        Snapshot.of(DEBIAN, text)


def test_snapshot_needs_a_distribution_that_has_them() -> None:
    with pytest.raises(FactoryError, match="no snapshots of this distribution"):
        Snapshot.of(DEBIAN.model_copy(update={"snapshots": ""}), "20261120T000000Z")


def test_snapshot_lists_may_be_out_of_date() -> None:
    url = "http://archive.example"
    assert sources_line(url, "forky", fixed=False) == "deb http://archive.example forky main"
    assert "[check-valid-until=no]" in sources_line(url, "forky", fixed=True)
