"""The sets and their table."""

from __future__ import annotations

from pbx.autoban.control.sets import Sets
from pbx.autoban.control.table import format_members


def test_sets_have_members_with_time_and_count(sets: Sets) -> None:
    table = format_members(sets.members(60))
    assert table.splitlines() == [
        "SET        ADDRESS        TIME LEFT  COUNT  NOTE",
        "watch      192.0.2.1            19m      3  FailedACL",
        "jail       192.0.2.2            19m     11  FailedACL",
        "jail       2001:db8::/64        19m     11  FailedACL",
        "whitelist  10.0.0.0/8                       autoban.conf",
    ]
    assert sets.sizes(60) == {
        "watch": 1,
        "jail": 2,
        "parole": 0,
        "slow": 0,
        "whitelist": 1,
        "blacklist": 0,
    }
