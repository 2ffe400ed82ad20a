"""Calls between users, by number."""

from __future__ import annotations

import pytest

from fixtures.softphone.client import Transport

from .lab import Visit


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    "transport", ["udp", "tcp", pytest.param("tls", marks=pytest.mark.image("base"))]
)
def test_users_talk_over_each_transport(lab: Visit, transport: Transport, version: int) -> None:
    alice = lab.phone("alice", transport=transport, version=version)
    bob = lab.phone("bob", transport=transport, version=version)
    alice.call(bob)
    bob.answer()
    assert alice.hears(bob.tone)
    assert bob.hears(alice.tone)
    alice.hang_up()
