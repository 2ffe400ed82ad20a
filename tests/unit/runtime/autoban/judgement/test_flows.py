"""Ports from which phones have logged in."""

from __future__ import annotations

import pytest
from pbx.autoban.judgement import flows
from pbx.autoban.judgement.flows import MOST_PORTS, Flows

KEY = "192.0.2.1"


def test_flows_are_valid_for_a_time() -> None:
    ports = Flows()
    ports.logged_in(KEY, (KEY, 5060), 10)
    assert ports.of(KEY, 4) == [((KEY, 5060), 6)]
    assert ports.of(KEY, 10) == []
    assert ports.of("192.0.2.2", 4) == []


def test_flows_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST", 50)
    ports = Flows()
    for number in range(500):
        ports.logged_in(KEY, (KEY, number), 10)
        ports.logged_in(f"10.0.0.{number}", (f"10.0.0.{number}", 5060), 10)
        assert len(ports) <= 50
        assert len(ports.of(KEY, 0)) <= MOST_PORTS
    ports.pass_time(11)
    assert len(ports) == 0
