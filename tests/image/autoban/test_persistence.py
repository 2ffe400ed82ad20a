"""What AutoBan knows outlasts stops, kills and others who change its table."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from factory.waiting import wait_for
from fixtures.attacker import Attacker
from tests.pbx import Pbx

from .steps import (
    at_work,
    await_kept,
    caught,
    guess,
    in_kernel,
    lines,
    members,
)

pytestmark = pytest.mark.image("base", only=True)


def moment(pbx: Pbx, key: str) -> datetime:
    pbx.container.reload()
    text = re.sub(r"\.(\d{6})\d*Z$", r".\1+00:00", pbx.container.attrs["State"][key])
    return datetime.fromisoformat(text)


def now(pbx: Pbx) -> datetime:
    return datetime.fromisoformat(
        pbx.run("python3 -c 'import datetime as d; print(d.datetime.now(d.UTC))'")
    )


def test_bans_keep_their_remaining_time_over_a_stop(own: Pbx) -> None:
    own.run("autoban add jail = 203.0.113.1; autoban add white = 10.0.0.0/8")
    before, seen = members(own)["203.0.113.1"]["left"], now(own)
    own.container.stop(timeout=10)
    own.container.start()
    at_work(own)
    after, seen_again = members(own)["203.0.113.1"]["left"], now(own)
    ran = (moment(own, "FinishedAt") - seen) + (seen_again - moment(own, "StartedAt"))
    assert -1 < before - after < ran.total_seconds() + 1
    assert in_kernel(own, "203.0.113.1")
    assert "10.0.0.0/8" in members(own, "whitelist")


def kill_service(pbx: Pbx) -> None:
    pbx.run("sv kill autoban")


def kill_container(pbx: Pbx) -> None:
    pbx.container.kill()
    pbx.container.start()


@pytest.mark.parametrize("kill", [kill_service, kill_container])
def test_bans_lose_at_most_five_seconds_over_a_kill(
    own: Pbx, attacker: Attacker, kill: Callable[[Pbx], None]
) -> None:
    own.run("autoban add jail = 203.0.113.1")
    guess(attacker, own, 3)
    await_kept(own, attacker, 3)
    left, seen = members(own)["203.0.113.1"]["left"], now(own)
    kill(own)
    at_work(own)
    passed = (now(own) - seen).total_seconds()
    assert -5 <= left - members(own)["203.0.113.1"]["left"] <= passed + 1
    assert members(own, "watch")[attacker.address()]["count"] == 3
    assert in_kernel(own, "203.0.113.1")


def test_table_that_was_removed_is_restored_with_its_contents(own: Pbx) -> None:
    own.run("autoban add jail = 203.0.113.1; nft add table inet other; nft flush ruleset")
    wait_for(
        lambda: "autoban" in own.run("nft list tables"), seconds=10, otherwise="not made again"
    )
    assert in_kernel(own, "203.0.113.1")
    assert own.run("nft list tables") == "table inet autoban"
    own.run("nft flush set inet autoban jail4")
    wait_for(lambda: in_kernel(own, "203.0.113.1"), seconds=10, otherwise="not filled again")
    own.run("nft flush chain inet autoban input")
    wait_for(
        lambda: "@jail4" in own.run("nft list chain inet autoban input"),
        seconds=10,
        otherwise="the rules did not come back",
    )
    assert lines(own, "another program changed the kernel's table: restored it")


@pytest.mark.parametrize("how", ["sv kill asterisk", "asterisk -rx 'core restart now'"])
def test_autoban_works_again_after_a_restart_of_asterisk(
    own: Pbx, attacker: Attacker, how: str
) -> None:
    asked = "asterisk -rx 'core show settings' | grep 'Startup time' || :"
    before = own.run(asked)  # the process may stay
    own.run(how)
    wait_for(
        lambda: own.run(asked),
        lambda now: now not in (before, ""),
        seconds=20,
        otherwise="Asterisk was not restarted",
    )
    own.await_health()
    at_work(own)
    assert caught(guess(attacker, own, 30))


@pytest.mark.parametrize(
    ("file", "aside"),
    [("autoban.nft", "autoban.nft.unread"), ("autoban.db", "autoban.db.damaged-1")],
)
def test_damaged_state_is_set_aside(own: Pbx, file: str, aside: str) -> None:
    """The first one is a ruleset of the upstream image."""
    state = f"/var/lib/nftables/{file}"
    own.run(f"sv stop autoban; rm -f {state}-*; echo 'table x {{}}' > {state}; sv start autoban")
    at_work(own)
    assert len(lines(own, f"set aside as {aside}")) == 1
    own.await_health()


EARLIER = """{"version": [1],
"offenders": [["203.0.113.1", "jail", 1000, 110, 1200, "InvalidPassword"]],
"phones": [], "whitelist": ["10.0.0.0/8"], "blacklist": []}"""


def test_state_of_an_earlier_edition_is_taken_over(own: Pbx) -> None:
    state = "/var/lib/nftables/autoban.nft"
    own.run(f"sv stop autoban; echo '{EARLIER}' > {state}; touch -d @1000000000 {state}")
    own.run(f"chown asterisk: {state}; sv start autoban")
    at_work(own)
    assert 900 < members(own)["203.0.113.1"]["left"] <= 1000
    assert in_kernel(own, "203.0.113.1")
    assert "10.0.0.0/8" in members(own, "whitelist")
    own.run(f"test ! -e {state} && test -s /var/lib/nftables/autoban.db")
    own.run("sv restart autoban")
    at_work(own)
    assert 900 < members(own)["203.0.113.1"]["left"] <= 1000


def test_table_is_removed_by_an_orderly_stop(own: Pbx) -> None:
    own.run("nft add table inet other; sv stop autoban")
    tables = own.run("nft list tables")
    assert "inet autoban" not in tables
    assert "inet other" in tables
