"""How many connections the web server keeps, and which one is closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.incoming.connection_limit import MOST, ConnectionLimit, client_of, most_connections

STEPS = st.lists(
    st.tuples(st.sampled_from(["enter", "begin", "end", "leave"]), st.integers(0, 30)),
    max_size=120,
)


@given(STEPS, st.integers(1, 8), st.integers(1, 8))
def test_connection_limit_is_never_exceeded(
    steps: list[tuple[str, int]], most: int, most_each: int
) -> None:
    crowd: ConnectionLimit[int] = ConnectionLimit(most, most_each)
    there: dict[int, str] = {}
    busy: set[int] = set()
    for number, (step, choice) in enumerate(steps):
        if step == "enter":
            source = f"192.0.2.{choice % 4}"
            before = dict(there)
            there[number] = source
            victim = crowd.enter(number, source)
            if victim is not None:
                assert victim not in busy
                of_each = [*there.values()].count(source) > most_each
                assert of_each or len(before) == most
                del there[victim]
        elif there:
            one = sorted(there)[choice % len(there)]
            {"begin": crowd.begin, "end": crowd.end, "leave": crowd.leave}[step](one)
            {"begin": busy.add, "end": busy.discard, "leave": busy.discard}[step](one)
            if step == "leave":
                del there[one]
        assert len(there) <= most
        assert all([*there.values()].count(x) <= most_each for x in there.values())


def test_connection_limit_closes_the_longest_idle_one_of_the_client_with_most() -> None:
    crowd: ConnectionLimit[str] = ConnectionLimit(5, 4)
    for name in ("a1", "a2", "a3", "b1", "b2"):
        assert crowd.enter(name, name[0]) is None
    crowd.begin("a1")
    assert crowd.enter("c1", "c") == "a2"
    crowd.end("a1")
    crowd.begin("a3")
    crowd.end("a3")
    assert crowd.enter("c2", "c") == "b1"  # all have two by now: it has been idle for longest


def test_connection_limit_closes_the_new_one_if_all_are_busy() -> None:
    crowd: ConnectionLimit[str] = ConnectionLimit(2, 2)
    for name in ("a1", "a2"):
        crowd.enter(name, "a")
        crowd.begin(name)
    assert crowd.enter("b1", "b") == "b1"
    assert crowd.enter("health", "") is None


@pytest.mark.parametrize(
    ("peer", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fd00::1:2:3:4", "fd00::/64"),
        ("fd00::5%eth0", "fd00::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_client_of_a_peer(peer: str, source: str) -> None:
    assert client_of(peer) == source


@given(st.integers(256, 2**31))
def test_most_connections_is_at_most_half_of_the_descriptors(descriptors: int) -> None:
    assert 8 <= most_connections(descriptors) <= min(MOST, descriptors // 2)
    assert most_connections(-1) == MOST
