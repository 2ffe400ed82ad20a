"""Encrypted sound."""

from __future__ import annotations

import pytest

from fixtures.softphone import NotInTimeError, Srtp

from .lab import Visit
from .talk import assert_talk, connect
from .wire import is_overheard

pytestmark = pytest.mark.image("base")


def test_sound_is_encrypted_when_the_phone_offers_it(lab: Visit) -> None:
    alice = lab.phone("alice", transport="tls", srtp="sdes-optional", codecs=["PCMU"])
    bob = lab.phone("bob", transport="tls", srtp="sdes-optional", codecs=["PCMU"])
    made, taken = connect(alice, bob)
    assert_talk(alice, bob)
    assert made.encryption().startswith("AES_")
    assert taken.encryption().startswith("AES_")
    assert not is_overheard(lab.captured(), alice.address(), alice.tone)
    assert not is_overheard(lab.captured(), bob.address(), bob.tone)


def test_the_eavesdropper_hears_sound_in_the_clear(lab: Visit) -> None:
    """Shows that the test above would notice."""
    alice, bob = lab.start("alice", "bob", codecs=["PCMU"])
    connect(alice, bob)
    assert_talk(alice, bob)
    assert is_overheard(lab.captured(), alice.address(), alice.tone)


def test_a_phone_without_encryption_talks_to_one_with_it(lab: Visit) -> None:
    alice = lab.phone("alice", srtp="off")
    bob = lab.phone("bob", transport="tls", srtp="sdes-optional")
    made, taken = connect(alice, bob)
    assert_talk(alice, bob)
    assert not made.encryption()
    assert taken.encryption()


def test_a_phone_that_insists_can_call(lab: Visit) -> None:
    alice = lab.phone("alice", transport="tls", srtp="sdes")
    bob = lab.phone("bob")
    made, _ = connect(alice, bob)
    assert_talk(alice, bob)
    assert made.encryption()


def test_an_account_that_insists_gets_encryption_both_ways(lab: Visit) -> None:
    sam = lab.phone("sam", transport="tls", srtp="sdes")
    bob = lab.phone("bob")
    made, _ = connect(sam, bob)
    assert_talk(sam, bob)
    assert made.encryption()
    sam.hang_up()
    _, taken = connect(bob, sam)
    assert_talk(bob, sam)
    assert taken.encryption()


@pytest.mark.parametrize("name", ["sam", "dora"])
def test_an_account_that_insists_does_not_call_in_the_clear(lab: Visit, name: str) -> None:
    phone, bob = lab.start(name, "bob")
    assert phone.call(bob).ended()[0] == 488
    assert bob.stays_quiet(0.2)


@pytest.mark.parametrize("name", ["sam", "dora"])
def test_an_account_that_insists_is_not_called_in_the_clear(lab: Visit, name: str) -> None:
    bob = lab.phone("bob")
    phone = lab.phone(name)
    bob.call(phone)
    with pytest.raises(NotInTimeError):
        phone.rings(2)  # it refuses what it is offered (488)
    assert any("SAVP" in m.body for m in phone.sip if m.method == "INVITE")


@pytest.mark.parametrize("srtp", ["dtls", "dtls-optional"])
def test_keys_are_agreed_on_by_dtls(lab: Visit, srtp: Srtp) -> None:
    dora = lab.phone("dora", transport="tls", srtp=srtp)
    bob = lab.phone("bob", codecs=["PCMU"])
    made, _ = connect(dora, bob)
    assert_talk(dora, bob)
    assert made.encryption()
    dora.hang_up()
    _, taken = connect(bob, dora)
    assert_talk(bob, dora)
    assert taken.encryption()
