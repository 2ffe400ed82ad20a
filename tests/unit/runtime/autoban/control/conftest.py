"""An AutoBan that knows some addresses."""

from __future__ import annotations

import pytest
from pbx.autoban.control.sets import Sets
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.rules import Rules


@pytest.fixture
def guard() -> Guard:
    guard = Guard(Rules())
    guard.set_own([parse_span("198.18.0.2")], [parse_span("fd00::/64")])
    for number, address in enumerate(["192.0.2.1", "192.0.2.2", "2001:db8::/64"]):
        for _ in range(11 if number else 3):
            guard.offenders.attempt(address, ATTEMPT, "FailedACL", 0)
    return guard


@pytest.fixture
def sets(guard: Guard) -> Sets:
    fixed = {"whitelist": [parse_span("10.0.0.0/8")], "blacklist": []}
    return Sets(guard, fixed, {"whitelist": [], "blacklist": []})
