"""Mailboxes that are none: nothing runs, nothing is written, and the log says which it is."""

from __future__ import annotations

import pytest

from factory.waiting import wait_for
from fixtures.softphone import Phone

from .accounts import INJECTION, NUMBERS, TRAVERSAL
from .lab import Visit

pytestmark = pytest.mark.image("base", once=True)

BAD = [
    pytest.param("injector", INJECTION, id="injection"),
    pytest.param("climber", TRAVERSAL, id="traversal"),
]


def files(lab: Visit) -> set[str]:
    """All that a file of a mailbox, or a command in one, could have made."""
    return set(lab.pbx.run("find /srv/var/spool/asterisk /tmp").splitlines())


@pytest.mark.parametrize(("name", "mailbox"), BAD)
def test_a_bad_mailbox_takes_no_message(lab: Visit, name: str, mailbox: str) -> None:
    alice = lab.phone("alice")
    before = files(lab)
    code, _ = alice.call(NUMBERS[name]).ended()
    without, _ = alice.call(NUMBERS["carol"]).ended()
    assert code == without == 480  # as where there is no mailbox at all
    assert files(lab) == before
    (warning,) = wait_for(lab.warnings, seconds=5, otherwise="nothing is logged")
    assert f"proof-{name}" in warning
    assert mailbox in warning


@pytest.mark.parametrize(("name", "mailbox"), BAD)
@pytest.mark.parametrize("digit", ["1", "2", "3", "4"])
def test_a_bad_mailbox_has_no_greetings(lab: Visit, name: str, mailbox: str, digit: str) -> None:
    phone = lab.phone(name)
    before = files(lab)
    phone.call(digit).answered()
    (warning,) = wait_for(lab.warnings, seconds=5, otherwise="nothing is logged")
    await_menu(lab, phone)
    phone.hang_up()
    assert files(lab) == before
    assert f"proof-{name}" in warning
    assert mailbox in warning


def await_menu(lab: Visit, phone: Phone) -> None:
    """Waits until the phone has been told so, and is where it can press the next digit."""
    wait_for(
        lambda: lab.pbx.asterisk("core show channels concise"),
        lambda text: "!dp_ivr_menu!9!2!" in text,
        seconds=30,
        otherwise=f"{phone.name} does not get back to the menu",
    )
