"""Which certificate is used, for how long, and what becomes of the one before."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pbx.tls.choice import choose_pair, names_for
from pbx.tls.in_use import InUse
from pbx.tls.pair import Pair
from pbx.tls.plan import CertificatePlan, next_look, outlook, plan, renewal

NOW = datetime.datetime(2026, 5, 16, 10, 3, 20, tzinfo=datetime.UTC)
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
HOST = "pbx.example.com"


def pair(
    *names: str,
    start: datetime.timedelta = -DAY,
    end: datetime.timedelta = 90 * DAY,
    by: str = "authority",
) -> Pair:
    """A pair as one would be read; by `authority`, `user` (self-signed) or `us` (the same)."""
    label = f"{names} {start} {end} {by}".encode()
    return Pair(
        label,
        label,
        frozenset(names or [HOST]),
        NOW + start,
        NOW + end,
        by != "authority",
        by == "us",
    )


NAMES = st.sampled_from([HOST, "*.example.com", "example.com", "*.com", "other.example"])
many_pairs = st.lists(
    st.builds(
        lambda names, **times: pair(*names, **times),
        st.lists(NAMES, min_size=1, max_size=2),
        start=st.integers(-5, 2).map(lambda d: d * DAY),
        end=st.integers(-2, 90).map(lambda d: d * DAY),
    )
)


@pytest.mark.parametrize(
    ("hostname", "names"),
    [
        ("pbx.example.com", ["pbx.example.com", "*.example.com", "example.com"]),
        ("PBX.Example.com.", ["pbx.example.com", "*.example.com", "example.com"]),
        ("example.com", ["example.com"]),
        ("localhost", ["localhost"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("8f1c2a4b6d3e", ["8f1c2a4b6d3e"]),
    ],
)
def test_choice_names_that_fit_a_host(hostname: str, names: list[str]) -> None:
    assert names_for(hostname) == names


@given(many_pairs)
@example([pair(HOST, end=2 * DAY), pair(HOST, end=3 * DAY)])
@example([pair("*.example.com", end=90 * DAY), pair("example.com", HOST)])
def test_choice_has_the_best_name_and_of_that_lasts_longest(pairs: list[Pair]) -> None:
    fitting = [HOST, "*.example.com", "example.com"]

    def best_name(one: Pair) -> int:
        return next(number for number, name in enumerate(fitting) if name in one.names)

    usable = [p for p in pairs if p.start <= NOW < p.end and p.names & set(fitting)]
    chosen = choose_pair(pairs, HOST, NOW)
    assert (chosen is None) == (not usable)
    if chosen:
        assert chosen in usable
        assert best_name(chosen) == min(map(best_name, usable))
        assert all(p.end <= chosen.end for p in usable if best_name(p) == best_name(chosen))


# ---- the plan

FITTING = pair()
OURS, USERS = InUse(pair(by="us")), InUse(pair("x.example", by="user"), ours=False)
OVER = InUse(pair("x.example", start=-DAY, end=HOUR, by="user"), ours=False)
ENGINES = InUse(pair("8f1c2a4b6d3e", by="us"))


@pytest.mark.parametrize(
    ("in_use", "offered", "host", "expected"),
    [
        (InUse(), None, HOST, CertificatePlan(make="there was none")),
        (InUse(), FITTING, HOST, CertificatePlan(use=FITTING)),
        (InUse(FITTING), FITTING, HOST, CertificatePlan()),
        (OURS, FITTING, HOST, CertificatePlan(use=FITTING)),
        (OURS, None, HOST.upper(), CertificatePlan()),
        (OURS, None, "new.example", CertificatePlan(make=f"the last one was for {HOST}")),
        (ENGINES, None, "0123456789ab", CertificatePlan()),  # a name that the engine made up
        (USERS, None, HOST, CertificatePlan()),
        (USERS, FITTING, HOST, CertificatePlan(use=FITTING, keep=True)),
        (
            InUse(problem="unreadable", ours=False),
            FITTING,
            HOST,
            CertificatePlan(use=FITTING, keep=True),
        ),
        (OVER, None, HOST, CertificatePlan(make="the last one is over or soon will be", keep=True)),
    ],
)
def test_plan_uses_keeps_or_makes(
    in_use: InUse, offered: Pair | None, host: str, expected: CertificatePlan
) -> None:
    assert plan(in_use, offered, host, NOW) == expected


@pytest.mark.parametrize("end", [-DAY, HOUR, 900 * DAY])
@pytest.mark.parametrize("ours", [True, False])
def test_plan_never_replaces_an_authoritys_by_a_self_signed_one(
    end: datetime.timedelta, ours: bool
) -> None:
    in_use = InUse(pair("somebody.example", start=-30 * DAY, end=end), ours=ours)
    assert plan(in_use, None, HOST, NOW) == CertificatePlan()


@pytest.mark.parametrize(
    ("left", "due"), [(11 * DAY, False), (10 * DAY, True), (HOUR, True), (-DAY, True)]
)
def test_plan_renews_a_self_signed_one_when_a_third_of_its_life_is_left(
    left: datetime.timedelta, due: bool
) -> None:
    in_use = InUse(pair(start=left - 30 * DAY, end=left, by="us"))
    assert bool(plan(in_use, None, HOST, NOW).make) is due


@given(st.integers(1, 3650))
def test_plan_renewal_is_within_the_life_and_not_at_once(days: int) -> None:
    made = pair(start=-HOUR, end=days * DAY, by="us")
    assert NOW + 8 * HOUR <= renewal(made) <= made.end - HOUR


@pytest.mark.parametrize(
    ("end", "warning"),
    [
        (90 * DAY, ""),
        (14 * DAY, ""),
        (13 * DAY, "ends on 2026-05-29 10:03 UTC"),
        (datetime.timedelta(), "is over since 2026-05-16 10:03 UTC"),
        (-DAY, "is over since 2026-05-15 10:03 UTC"),
    ],
)
def test_plan_outlook_warns_of_the_end(end: datetime.timedelta, warning: str) -> None:
    assert outlook(pair(start=end - 90 * DAY, end=end), NOW) == warning
    assert outlook(pair(start=end - 90 * DAY, end=end, by="us"), NOW) == ""
    assert outlook(pair(start=DAY), NOW) == "is not valid before 2026-05-17 10:03 UTC"


@given(st.none() | st.builds(pair, end=st.integers(1, 99).map(lambda d: d * DAY)), many_pairs)
def test_plan_next_look_is_ahead_and_within_a_day(in_use: Pair | None, others: list[Pair]) -> None:
    assert NOW < next_look(in_use, others, NOW) <= NOW + DAY


def test_plan_next_look_is_when_one_begins_ends_or_is_renewed() -> None:
    assert next_look(pair(), [pair(start=2 * HOUR), pair(end=3 * HOUR)], NOW) == NOW + 2 * HOUR
    assert next_look(pair(start=-2 * HOUR, end=4 * HOUR, by="us"), [], NOW) == NOW + 2 * HOUR
    assert next_look(pair(end=HOUR), [], NOW) == NOW + DAY
