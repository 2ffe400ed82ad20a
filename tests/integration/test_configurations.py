"""Configurations as users have them, from a volume."""

from __future__ import annotations

import pytest

from factory.waiting import wait_for
from fixtures.softphone import Account, Phone

from .lab import Visit
from .talk import assert_talk, connect

NAMES = """
    dp_entry_call_inout dp_entry_call_in dp_entry_text_inout dp_entry_text_in dp_entry_answer
    dp_lookup dp_call_inout dp_call_in dp_text_inout dp_text_in dp_answer dp_hangup
    dp_ivr_recgreet sub_dial_term sub_dial_trunk sub_voicemail sub_rewrite_from sub_decode_body
    sub_text_term sub_text_trunk
"""

JOHN = Account("john.doe", "of-john", "+12025550121")
JANE = Account("jane.doe", "of-jane", "+12025550122")
ATTIC = Account("attic", "of-attic", "+12025550123")
CELLAR = Account("cellar", "of-cellar", "+12025550124")
VAULT = Account("vault", "of-vault", "+12025550125")


@pytest.fixture(autouse=True)
def _own_containers(lab: Visit) -> None:
    if lab.lab.target.container:
        pytest.skip("starts containers of its own, of an image")


def _registered(lab: Visit, server: str, *accounts: Account) -> list[Phone]:
    phones = lab.phones.start(*(account.user.split(".", maxsplit=1)[0] for account in accounts))
    for phone, account in zip(phones, accounts, strict=True):
        phone.register(account, server)
    return phones


def test_a_configuration_of_the_upstream_image_works_unchanged(lab: Visit) -> None:
    pbx = lab.another_pbx("household")
    pbx.run("printf '#!/bin/sh\\necho \"$*\" >> /srv/sms.txt\\n' > /srv/note-sms")
    pbx.run("chmod 755 /srv/note-sms; : > /srv/sms.txt; chown asterisk /srv/sms.txt")
    john, jane, attic = _registered(lab, pbx.address(), JOHN, JANE, ATTIC)

    john.call("02025550122")  # CONTRY_CODE
    jane.answer()
    assert_talk(john, jane)
    john.hang_up()
    jane.call("21")  # dp_entry_call_inout
    john.answer()
    assert_talk(jane, john)
    jane.hang_up()
    john.call("22")  # sub_dial_term
    jane.answer()
    assert_talk(john, jane)
    john.hang_up()
    connect(attic, john)
    assert_talk(attic, john)
    attic.hang_up()
    assert attic.call("+442079460123").ended()[0] >= 400

    jane.message("21", "by a short number")  # dp_entry_text_inout
    assert john.receives_message().body == "by a short number"
    jane.message("+442079460123", "to the outside")  # APP_SMS, WEBSMS_INDEX
    wait_for(
        lambda: pbx.run("cat /srv/sms.txt"),
        lambda text: text == "+442079460123 +12025550122 to the outside 2",
        seconds=5,
        otherwise="the program for texts was not called as it should",
    )

    warnings = [x for x in pbx.logs().splitlines() if "WARNING[" in x or "ERROR[" in x]
    assert warnings == []


def test_every_documented_name_is_there(lab: Visit) -> None:
    pbx = lab.another_pbx("household")
    for name in NAMES.split():
        assert f"'{name}' created by" in pbx.asterisk(f"dialplan show {name}"), name


def test_accounts_of_single_parts_work(lab: Visit) -> None:
    pbx = lab.another_pbx("household")
    cellar, vault = _registered(lab, pbx.address(), CELLAR, VAULT)
    made, taken = connect(cellar, vault)
    assert_talk(cellar, vault)
    taken.send_dtmf("12")
    assert made.receives_dtmf("12") == "info"


def test_a_trunk_that_registers_works_both_ways(lab: Visit) -> None:
    """The provider is another Asterisk, which asks for a password."""
    provider = lab.another_pbx("provider")
    household = lab.another_pbx("customer", {"@PROVIDER@": provider.address()})
    wait_for(
        lambda: household.asterisk("pjsip show registrations"),
        lambda text: " Registered" in text,
        seconds=10,
        otherwise="the trunk did not register",
    )
    alice, elsewhere = lab.phones.start("alice", "elsewhere")
    alice.register(Account("alice", "of-alice", "+12025550131"), household.address())
    elsewhere.register(Account("elsewhere", "of-elsewhere", "+12025550139"), provider.address())
    connect(alice, elsewhere)
    assert_talk(alice, elsewhere)
    alice.hang_up()
    elsewhere.call("+12025550131")
    alice.answer()
    assert_talk(alice, elsewhere)
