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


many_pairs = st.lists(
    st.builds(
        pair,
        st.sampled_from([HOST, "*.example.com", "example.com", "*.com", "other.example"]),
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


def test_choice_prefers_the_hosts_name_then_the_wildcard_then_the_parent() -> None:
    parent, wildcard, own = pair("example.com"), pair("*.example.com"), pair("x.example", HOST)
    assert choose_pair([parent, wildcard, own], HOST, NOW) is own
    assert choose_pair([parent, wildcard], HOST, NOW) is wildcard
    assert choose_pair([parent], HOST, NOW) is parent


def test_choice_counts_the_best_name_of_a_certificate() -> None:
    both = pair("example.com", HOST)
    assert choose_pair([pair("*.example.com", end=900 * DAY), both], HOST, NOW) is both


def test_choice_wildcard_covers_one_level() -> None:
    assert choose_pair([pair("*.com"), pair("*.pbx.example.com")], HOST, NOW) is None


@given(many_pairs)
@example([pair(HOST, end=2 * DAY), pair(HOST, end=3 * DAY)])
def test_choice_is_valid_fits_and_lasts_longest_of_its_kind(pairs: list[Pair]) -> None:
    chosen = choose_pair(pairs, HOST, NOW)
    usable = [p for p in pairs if p.start <= NOW < p.end and p.names & set(names_for(HOST))]
    if chosen is None:
        assert not usable
        return
    assert chosen in usable
    assert all(p.end <= chosen.end for p in usable if p.names == chosen.names)
    assert not any(HOST in p.names for p in usable) or HOST in chosen.names


@given(many_pairs, st.randoms())
def test_choice_does_not_depend_on_the_order(pairs: list[Pair], random: st.DataObject) -> None:
    mixed = list(pairs)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = choose_pair(pairs, HOST, NOW), choose_pair(mixed, HOST, NOW)
    assert (one and (one.end, one.names)) == (other and (other.end, other.names))


# ---- the plan


def test_plan_without_any_certificate_makes_one() -> None:
    assert plan(InUse(), None, HOST, NOW) == CertificatePlan(make="there was none")


def test_plan_prefers_acme_file_to_a_self_signed_one() -> None:
    fitting = pair()
    assert plan(InUse(pair(by="us")), fitting, HOST, NOW) == CertificatePlan(use=fitting)
    assert plan(InUse(), fitting, HOST, NOW) == CertificatePlan(use=fitting)


def test_plan_keeps_what_is_in_use() -> None:
    assert plan(InUse(pair()), pair(), HOST, NOW) == CertificatePlan()


@pytest.mark.parametrize(
    "in_use", [InUse(pair(by="user"), ours=False), InUse(problem="unreadable", ours=False)]
)
def test_plan_keeps_the_users_own_before_another_is_used(in_use: InUse) -> None:
    fitting = pair()
    assert plan(in_use, fitting, HOST, NOW) == CertificatePlan(use=fitting, keep=True)


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


def test_plan_renews_and_keeps_a_self_signed_one_of_the_user() -> None:
    in_use = InUse(pair("x.example", start=-DAY, end=HOUR, by="user"), ours=False)
    assert plan(in_use, None, HOST, NOW) == CertificatePlan(
        make="the last one is over or soon will be", keep=True
    )


def test_plan_accepts_another_name_in_a_self_signed_one_of_the_user() -> None:
    assert (
        plan(InUse(pair("x.example", by="user"), ours=False), None, HOST, NOW) == CertificatePlan()
    )


def test_plan_makes_another_for_another_host_name() -> None:
    in_use = InUse(pair("old.example", by="us"))
    assert plan(in_use, None, HOST, NOW) == CertificatePlan(make="the last one was for old.example")
    assert plan(in_use, None, "OLD.example", NOW) == CertificatePlan()


def test_plan_makes_none_for_a_name_of_the_engine() -> None:
    assert (
        plan(InUse(pair("8f1c2a4b6d3e", by="us")), None, "0123456789ab", NOW) == CertificatePlan()
    )


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


def test_plan_outlook_warns_of_one_that_has_not_begun() -> None:
    assert outlook(pair(start=DAY), NOW) == "is not valid before 2026-05-17 10:03 UTC"


def test_plan_outlook_does_not_warn_of_a_self_signed_one() -> None:
    assert outlook(pair(end=-DAY, by="us"), NOW) == ""


@given(st.none() | st.builds(pair, end=st.integers(1, 99).map(lambda d: d * DAY)), many_pairs)
def test_plan_next_look_is_ahead_and_within_a_day(in_use: Pair | None, others: list[Pair]) -> None:
    assert NOW < next_look(in_use, others, NOW) <= NOW + DAY


def test_plan_next_look_is_when_one_begins_ends_or_is_renewed() -> None:
    assert next_look(pair(), [pair(start=2 * HOUR), pair(end=3 * HOUR)], NOW) == NOW + 2 * HOUR
    assert next_look(pair(start=-2 * HOUR, end=4 * HOUR, by="us"), [], NOW) == NOW + 2 * HOUR
    assert next_look(pair(end=HOUR), [], NOW) == NOW + DAY
