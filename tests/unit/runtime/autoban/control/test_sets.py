"""The command's words, and what they do to the sets."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.control.figures import Figures, as_json, as_lines, as_prometheus
from pbx.autoban.control.orders import SETS, parse_order, parse_sets, split_sets
from pbx.autoban.control.register import Effect, Register
from pbx.autoban.control.table import format_rows
from pbx.autoban.judgement.addresses import parse_address, parse_span
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import Stage
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.kernel.ruleset import Dropped, Prisoner
from pbx.core.errors import OrderError

NOBODY: dict[str, list[object]] = {"whitelist": [], "blacklist": []}


@pytest.fixture
def guard() -> Guard:
    guard = Guard(Rules())
    guard.set_own([parse_span("198.18.0.2")], [parse_span("fd00::/64")])
    for number, address in enumerate(["192.0.2.1", "192.0.2.2", "2001:db8::/64"]):
        for _ in range(11 if number else 3):
            guard.offenders.attempt(address, ATTEMPT, "FailedACL", 0)
    return guard


@pytest.fixture
def register(guard: Guard) -> Register:
    fixed = {"whitelist": [parse_span("10.0.0.0/8")], "blacklist": []}
    return Register(guard, fixed, {"whitelist": [], "blacklist": []})


def do(register: Register, line: str, now: float = 0) -> Effect:
    verb, *words = line.split()
    return register.carry_out(parse_order(verb, words), now)


def members(register: Register, *names: str) -> list[str]:
    return [row.address for row in register.rows(0, names)]


def test_members_are_told_with_time_and_count(register: Register) -> None:
    table = format_rows(register.rows(60))
    assert table.splitlines() == [
        "SET        ADDRESS        TIME LEFT  COUNT  NOTE",
        "watch      192.0.2.1            19m      3  FailedACL",
        "jail       192.0.2.2            19m     11  FailedACL",
        "jail       2001:db8::/64        19m     11  FailedACL",
        "whitelist  10.0.0.0/8                       autoban.conf",
    ]
    assert register.sizes(60) == {
        "watch": 1,
        "jail": 2,
        "parole": 0,
        "slow": 0,
        "whitelist": 1,
        "blacklist": 0,
    }


def test_one_is_let_go(register: Register, guard: Guard) -> None:
    effect = do(register, "del jail = 192.0.2.2")
    assert effect.released == ["192.0.2.2"]
    assert effect.said == ["jail: removed 192.0.2.2"]
    assert guard.offenders.stage("192.0.2.2", 0) is None
    assert members(register, "jail") == ["2001:db8::/64"]


def test_an_address_of_a_network_stands_for_it(register: Register) -> None:
    assert do(register, "del jail = 2001:db8::77").released == ["2001:db8::/64"]


def test_all_are_let_go(register: Register) -> None:
    assert len(do(register, "del jail=all").released) == 2
    assert members(register, "watch") == ["192.0.2.1"]


def test_one_is_forgotten_everywhere(register: Register) -> None:
    do(register, "add blacklist = 192.0.2.1")
    effect = do(register, "del all = 192.0.2.1")
    assert effect.said == ["watch: removed 192.0.2.1", "blacklist: removed 192.0.2.1"]
    assert effect.lists


def test_everything_is_forgotten_but_what_the_file_says(register: Register) -> None:
    effect = do(register, "del all = all")
    assert members(register, *SETS) == ["10.0.0.0/8"]
    assert "whitelist: 10.0.0.0/8 stands in autoban.conf, and stays" in effect.said


def test_one_is_jailed_for_longer_if_on_parole(register: Register) -> None:
    effect = do(register, "add jail = 203.0.113.1")
    assert effect.jailed == [Prisoner("203.0.113.1", 1200, 1200)]
    assert effect.said == ["jail: added 203.0.113.1 for 20m"]
    assert do(register, "add jail = 203.0.113.1").jailed == []
    assert do(register, "add jail = 203.0.113.1", now=1300).jailed[0].term == 7200


def test_of_ipv6_the_network_is_jailed(register: Register) -> None:
    assert do(register, "add jail = 2001:db8:1::5").jailed[0].key == "2001:db8:1::/64"
    assert do(register, "add jail = 2001:db8:2::/64").jailed[0].key == "2001:db8:2::/64"
    assert do(register, "add jail = fd00::5").jailed[0].key == "fd00::5"


def test_those_in_one_set_are_put_into_another(register: Register) -> None:
    effect = do(register, "add blacklist = jail, 198.51.100.0/24")
    assert effect.lists
    assert members(register, "blacklist") == ["198.51.100.0/24", "192.0.2.2", "2001:db8::/64"]


def test_who_is_whitelisted_is_no_offender_any_more(register: Register, guard: Guard) -> None:
    effect = do(register, "add white = 192.0.2.0/24")
    assert effect.released == ["192.0.2.2"]
    assert members(register, "watch", "jail") == ["2001:db8::/64"]
    assert guard.is_spared(parse_address("192.0.2.200"))


def test_one_is_put_on_parole_or_watched(register: Register, guard: Guard) -> None:
    effect = do(register, "add parole = 192.0.2.2 203.0.113.1")
    assert effect.released == ["192.0.2.2"]
    sentence = guard.offenders.attempt("203.0.113.1", ATTEMPT, "test", 1)
    assert sentence
    assert sentence.seconds == 7200
    do(register, "add watch = 203.0.113.2")
    assert guard.offenders.stage("203.0.113.2", 0) is Stage.WATCH
    assert guard.offenders.attempt("203.0.113.2", ATTEMPT, "test", 1) is None


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("del 192.0.2.1", "say which set, then = and what"),
        ("del = 192.0.2.1", "say which set, then = and what"),
        ("del jail =", "say what behind the ="),
        ("del prison = 192.0.2.1", "there is no set 'prison': the sets are watch, jail"),
        ("del jail = nobody", "'nobody' is no address"),
        ("add all = 192.0.2.1", "say which set"),
        ("add jail = 192.0.2.0/24", "add it to the blacklist instead"),
        ("add jail = 10.1.2.3", "never jailed"),
        ("add jail = 127.0.0.1", "never jailed"),
        ("add jail = 198.18.0.2", "never jailed"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(
    register: Register, line: str, hint: str
) -> None:
    before = register.rows(0)
    with pytest.raises(OrderError, match=hint):
        do(register, line)
    assert register.rows(0) == before


@pytest.mark.parametrize("line", ["del jail = 203.0.113.9", "del whitelist = 192.0.2.1"])
def test_del_of_what_is_not_there_changes_nothing(register: Register, line: str) -> None:
    before = register.rows(0)
    assert do(register, line).said == ["nothing of that is there"]
    assert register.rows(0) == before


def test_a_part_of_what_is_listed_cannot_be_taken_out(register: Register) -> None:
    do(register, "add blacklist = 192.0.2.0/24")
    assert do(register, "del blacklist = 192.0.2.1").said == [
        "blacklist: 192.0.2.0/24 is there, and stays"
    ]


words = st.lists(st.sampled_from([*SETS, "all", "=", "192.0.2.1", "fd00::/64", "x", ","]))


@given(st.sampled_from(["add", "del"]), words)
def test_any_words_are_carried_out_or_explained(verb: str, said: list[str]) -> None:
    register = Register(Guard(Rules()), {k: [] for k in NOBODY}, {k: [] for k in NOBODY})
    with suppress(OrderError):
        register.carry_out(parse_order(verb, said), 0)
        register.carry_out(parse_order("del", ["all", "=", "all"]), 0)
        assert register.rows(0) == []


def test_sets_are_named_in_any_way() -> None:
    assert split_sets([]) == split_sets(["all"]) == SETS
    assert split_sets(["jail,white"]) == parse_sets(["jail", "whitelist", "jail"])


FIGURES = Figures(
    {"InvalidPassword": 3},
    {"jail": 2},
    5,
    {"jailed": Dropped(7, 420)},
    connected=True,
    dropping=False,
    phones=1,
    trunks=2,
    rebuilt=0,
    uptime=12.5,
)


def test_figures_are_told_to_prometheus() -> None:
    text = as_prometheus(FIGURES)
    lines = text.splitlines()
    assert text.endswith("\n")
    for expected in (
        "# TYPE autoban_events_total counter",
        'autoban_events_total{kind="InvalidPassword"} 3',
        'autoban_addresses{set="jail"} 2',
        "autoban_jailed_total 5",
        'autoban_dropped_packets_total{reason="jailed"} 7',
        'autoban_dropped_bytes_total{reason="jailed"} 420',
        "autoban_connected 1",
        "autoban_dropping 0",
        "autoban_uptime_seconds 12.5",
    ):
        assert expected in lines


def test_large_figures_are_exact() -> None:
    figures = Figures({}, {}, 123456789, {}, True, True, 0, 0, 0, 1234567.5)
    assert "autoban_jailed_total 123456789\n" in as_prometheus(figures)
    assert "autoban_uptime_seconds 1234567.5\n" in as_prometheus(figures)


def test_figures_are_told_to_people_and_programs() -> None:
    assert "dropped, jailed            7 packets, 420 bytes" in as_lines(FIGURES)
    assert as_json(FIGURES)["dropped"] == {"jailed": {"packets": 7, "bytes": 420}}
