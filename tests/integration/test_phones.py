"""The phones that test, tested."""

from __future__ import annotations

import pytest

from fixtures.softphone import RegistrationError
from fixtures.traefik import Authority

from .lab import Visit


@pytest.mark.image("mini", only=True)
def test_a_phone_that_rested_offers_what_a_new_one_does(lab: Visit) -> None:
    """The codecs of one test are none of the next one's business."""
    alice = lab.phone("alice")
    offers = []
    for codecs in ([], ["opus"], []):
        alice.register(lab.lab.account("alice"), lab.lab.server(), codecs=codecs)
        alice.call("+12025550199").hang_up()
        offers.append([m.body for m in alice.sip if m.method == "INVITE" and m.body][-1])
    media = [[x for x in offer.splitlines() if x.startswith("m=audio")] for offer in offers]
    assert media[0] == media[2]
    assert media[0] != media[1]


@pytest.mark.image("base", only=True)
def test_phones_verify_against_any_number_of_authorities_in_turn(lab: Visit) -> None:
    """The library takes some only; a phone that verified is not used for another one."""
    account, server = lab.lab.account("alice"), lab.lab.server()
    for _ in range(3):
        alice = lab.phone("alice")
        for _ in range(3):
            with pytest.raises(RegistrationError):
                alice.register(account, server, transport="tls", ca=Authority().certificate)
        alice.register(account, server, transport="tls")
        lab.phones.rest()


@pytest.mark.image("mini", only=True)
def test_a_phone_writes_to_more_people_than_the_library_has_room_for(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    for number in range(260):
        alice.message(f"+1202556{number:04}", "hello")
    alice.message(bob, "and you, too")
    assert bob.receives_message().body == "and you, too"
