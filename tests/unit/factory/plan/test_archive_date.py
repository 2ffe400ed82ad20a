"""The date of an archive, from the fields of its Release files."""

import datetime
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from factory.plan.archive_date import archive_date

RELEASES = """\
Codename: forky-security
Date: Sun, 29 Nov 2026 00:53:13 UTC
Codename: forky
Date: Sat, 28 Nov 2026 14:09:31 UTC
Codename: forky-updates
Date: Sun, 29 Nov 2026 14:09:31 UTC
"""


def test_archive_date_is_that_of_the_suite_itself() -> None:
    moment = datetime.datetime(2026, 11, 28, 14, 9, 31, tzinfo=datetime.UTC)
    assert archive_date(RELEASES, "forky") == moment


def test_archive_date_is_unknown_without_the_suite() -> None:
    assert archive_date(RELEASES, "trixie") is None
    assert archive_date("", "forky") is None
    assert archive_date("Codename: forky\nDate: soon\n", "forky") is None


@given(st.lists(st.datetimes(datetime.datetime(1993, 8, 16)), min_size=1))  # noqa: DTZ001
def test_archive_date_is_the_latest_of_several_archives(dates: list[datetime.datetime]) -> None:
    moments = [date.replace(microsecond=0, tzinfo=datetime.UTC) for date in dates]
    fields = (f"Codename: forky\nDate: {format_datetime(m, usegmt=True)}\n" for m in moments)
    assert archive_date("".join(fields), "forky") == max(moments)
