"""Phones behind a router that translates addresses."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from fixtures.nat.router import Router, running_router
from fixtures.softphone import Phone
from tests.pbx import LABELS

from .lab import Visit
from .talk import assert_talk, connect


class Household:
    """Phones on a private network."""

    def __init__(self, lab: Visit, router: Router, network: str) -> None:
        self._lab = lab
        self._router = router
        self._network = network

    def phone(self, name: str, **registration: Any) -> Phone:
        """Starts a phone behind the router."""
        phone = self._lab.phones.phone(name, network=self._network)
        self._router.lead(phone.container)
        phone.register(self._lab.lab.account(name), self._lab.lab.server(), **registration)
        return phone


@pytest.fixture
def household(lab: Visit) -> Iterator[Household]:
    shared = lab.lab
    name = f"household-{secrets.token_hex(4)}"
    # The lab's phones go before the networks that they are on.
    with ExitStack() as networks:
        inside = make_network(Engine(shared.client), name, LABELS, internal=False)
        networks.callback(remove_network, inside)
        router = running_router(
            shared.client, shared.network, inside, image=shared.softphone, labels=LABELS
        )
        household = Household(lab, networks.enter_context(router), name)
        networks.callback(lab.phones.rest)
        yield household


def test_a_phone_behind_nat_and_one_before_it(lab: Visit, household: Household) -> None:
    alice, bob = household.phone("alice"), lab.phone("bob")
    connect(alice, bob)
    assert_talk(alice, bob)
    alice.hang_up()
    connect(bob, alice)
    assert_talk(bob, alice)
    # It did write its private address into its messages.
    invite = next(m for m in alice.sip if m.method == "INVITE" and m.outgoing)
    assert alice.address() in invite.body
    assert not any(alice.address() in contact for contact in lab.lab.contacts())


def test_two_phones_behind_the_same_nat(household: Household) -> None:
    alice, bob = household.phone("alice"), household.phone("bob")
    connect(alice, bob)
    assert_talk(alice, bob)
    bob.message(alice, "also behind it")
    assert alice.receives_message().body == "also behind it"


@pytest.mark.image("base")
def test_an_encrypted_call_through_nat(lab: Visit, household: Household) -> None:
    alice = household.phone("alice", transport="tls", srtp="sdes-optional")
    bob = lab.phone("bob", transport="tls", srtp="sdes-optional")
    made, _ = connect(alice, bob)
    assert_talk(alice, bob)
    assert made.encryption()
