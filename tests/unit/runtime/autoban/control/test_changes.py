"""Changes of the sets by command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.control.changes import Effect, change_sets
from pbx.autoban.control.orders import LISTS, SETS, parse_change
from pbx.autoban.control.sets import Sets
from pbx.autoban.judgement.addresses import parse_address
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import BanStage
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.kernel.contents import BannedSource
from pbx.core.errors import OrderError


def do(sets: Sets, guard: Guard, line: str, now: float = 0) -> Effect:
    verb, *words = line.split()
    return change_sets(sets, guard, parse_change(verb, words), now)


def members(sets: Sets, *names: str) -> list[str]:
    return [member.address for member in sets.members(0, names)]


def test_change_of_an_address_concerns_its_network(sets: Sets, guard: Guard) -> None:
    assert do(sets, guard, "del jail = 2001:db8::77").unbanned == ["2001:db8::/64"]


def test_change_removes_an_address_from_all_sets(sets: Sets, guard: Guard) -> None:
    do(sets, guard, "add blacklist = 192.0.2.1")
    effect = do(sets, guard, "del all = 192.0.2.1")
    assert effect.lines == ["watch: removed 192.0.2.1", "blacklist: removed 192.0.2.1"]
    assert effect.lists


def test_change_removes_all_but_entries_of_the_file(sets: Sets, guard: Guard) -> None:
    effect = do(sets, guard, "del all = all")
    assert members(sets, *SETS) == ["10.0.0.0/8"]
    assert "whitelist: 10.0.0.0/8 stands in autoban.conf, and stays" in effect.lines


def test_change_bans_an_address_and_on_parole_for_longer(sets: Sets, guard: Guard) -> None:
    effect = do(sets, guard, "add jail = 203.0.113.1")
    assert effect.banned == [BannedSource("203.0.113.1", 1200, 1200)]
    assert effect.lines == ["jail: added 203.0.113.1 for 20m"]
    assert do(sets, guard, "add jail = 203.0.113.1").banned == []
    assert do(sets, guard, "add jail = 203.0.113.1", now=1300).banned[0].term == 7200


def test_change_bans_the_64_of_ipv6(sets: Sets, guard: Guard) -> None:
    assert do(sets, guard, "add jail = 2001:db8:1::5").banned[0].key == "2001:db8:1::/64"
    assert do(sets, guard, "add jail = 2001:db8:2::/64").banned[0].key == "2001:db8:2::/64"
    assert do(sets, guard, "add jail = fd00::5").banned[0].key == "fd00::5"


def test_change_adds_members_of_a_set_to_another(sets: Sets, guard: Guard) -> None:
    effect = do(sets, guard, "add blacklist = jail, 198.51.100.0/24")
    assert effect.lists
    assert members(sets, "blacklist") == ["198.51.100.0/24", "192.0.2.2", "2001:db8::/64"]


def test_change_that_whitelists_removes_offenders(sets: Sets, guard: Guard) -> None:
    effect = do(sets, guard, "add white = 192.0.2.0/24")
    assert effect.unbanned == ["192.0.2.2"]
    assert members(sets, "watch", "jail") == ["2001:db8::/64"]
    assert guard.is_spared(parse_address("192.0.2.200"))


def test_change_puts_an_address_on_parole_or_watch(sets: Sets, guard: Guard) -> None:
    effect = do(sets, guard, "add parole = 192.0.2.2 203.0.113.1")
    assert effect.unbanned == ["192.0.2.2"]
    ban = guard.offenders.attempt("203.0.113.1", ATTEMPT, "test", 1)
    assert ban
    assert ban.seconds == 7200
    do(sets, guard, "add watch = 203.0.113.2")
    assert guard.offenders.stage("203.0.113.2", 0) is BanStage.WATCH
    assert guard.offenders.attempt("203.0.113.2", ATTEMPT, "test", 1) is None


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("del 192.0.2.1", "name a set, then = and addresses"),
        ("del = 192.0.2.1", "name a set, then = and addresses"),
        ("del jail =", "name addresses after the ="),
        ("del prison = 192.0.2.1", "there is no set 'prison': the sets are watch, jail"),
        ("del jail = nobody", "'nobody' is no address"),
        ("add all = 192.0.2.1", "name a set"),
        ("add jail = 192.0.2.0/24", "add it to the blacklist instead"),
        ("add jail = 10.1.2.3", "never banned"),
        ("add jail = 127.0.0.1", "never banned"),
        ("add jail = 198.18.0.2", "never banned"),
    ],
)
def test_change_that_is_invalid_changes_nothing(
    sets: Sets, guard: Guard, line: str, hint: str
) -> None:
    before = sets.members(0)
    with pytest.raises(OrderError, match=hint):
        do(sets, guard, line)
    assert sets.members(0) == before


@pytest.mark.parametrize("line", ["del jail = 203.0.113.9", "del whitelist = 192.0.2.1"])
def test_change_of_what_is_not_there_changes_nothing(sets: Sets, guard: Guard, line: str) -> None:
    before = sets.members(0)
    assert do(sets, guard, line).lines == ["nothing of that is there"]
    assert sets.members(0) == before


def test_change_cannot_remove_a_part_of_a_network(sets: Sets, guard: Guard) -> None:
    do(sets, guard, "add blacklist = 192.0.2.0/24")
    assert do(sets, guard, "del blacklist = 192.0.2.1").lines == [
        "blacklist: 192.0.2.0/24 is there, and stays"
    ]


targets = st.sampled_from([*SETS, "all", "jail, slow", "white"])
sources = st.lists(
    st.sampled_from([*SETS, "all", "192.0.2.1", "fd00::/64", "203.0.113.9"]), max_size=3
)
orders = st.tuples(st.sampled_from(["add", "del"]), targets, sources)


@given(st.lists(orders, max_size=6))
def test_changes_keep_the_laws_of_the_sets(given_orders: list[tuple[str, str, list[str]]]) -> None:
    """Who is banned was banned by some effect; a refusal changes nothing; `del all = all` all."""
    guard = Guard(Rules())
    sets = Sets(guard, {k: [] for k in LISTS}, {k: [] for k in LISTS})
    banned: set[str] = set()
    for verb, target, addresses in given_orders:
        before = sets.members(0)
        try:
            effect = do(sets, guard, f"{verb} {target} = {' '.join(addresses)}")
        except OrderError:
            assert sets.members(0) == before
            continue
        banned = (banned - set(effect.unbanned)) | {source.key for source in effect.banned}
        assert {source.key for source in sets.banned(0)} == banned
    do(sets, guard, "del all = all")
    assert sets.members(0) == []
