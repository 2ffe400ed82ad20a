"""Limits of calls to the outside, and calls whose phone is unreachable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from factory.waiting import wait_for
from fixtures.softphone import Account, Call, Phone

from .lab import Visit
from .talk import assert_talk, connect

OUTSIDE = "+442079460123"  # reserved for fiction in the United Kingdom
NO_LINE, FORBIDDEN = 503, 403

once = pytest.mark.image("mini", once=True)


def go_out(lab: Visit, phone: Phone, number: str = OUTSIDE) -> Call:
    """Calls a number outside, which answers."""
    call = phone.call(number)
    lab.trunk.answer()
    return call.answered()


def is_refused(phone: Phone, number: str = OUTSIDE) -> bool:
    return phone.call(number).ended()[0] == NO_LINE


def the_warning(lab: Visit) -> str:
    """The one line that was logged."""
    (line,) = wait_for(lab.warnings, seconds=5, otherwise="nothing was logged")
    return line


def channels(lab: Visit, name: str) -> list[list[str]]:
    """Asterisk's channels of an account or trunk, as fields of `core show channels concise`."""
    lines = lab.pbx.asterisk("core show channels concise").splitlines()
    return [line.split("!") for line in lines if line.startswith(f"PJSIP/{name}-")]


def await_no_channel(lab: Visit, name: str, seconds: float = 20) -> None:
    wait_for(
        lambda: channels(lab, name),
        lambda found: not found,
        seconds=seconds,
        otherwise=f"the call of {name} does not end",
    )


@contextmanager
def unreachable(phone: Phone) -> Iterator[None]:
    """The phone neither sends nor hears anything for a while."""
    phone.container.kill("SIGSTOP")
    try:
        yield
    finally:
        phone.container.kill("SIGCONT")


# ---- as many calls as the owner allows


def test_calls_outside_of_one_account_are_limited(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", ",2")  # as upstream's variables are written
    lab.set_global("OUTSIDE_CALLS_ALL", "9")
    alice, bob = lab.start("alice", "bob")
    first = go_out(lab, alice)
    go_out(lab, alice)
    assert is_refused(alice)
    assert lab.trunk.stays_quiet(0.5)
    warning = the_warning(lab)
    assert "OUTSIDE_CALLS " in warning
    assert "proof-alice" in warning
    go_out(lab, bob)
    first.hang_up()
    await_lines(lab, 2)
    go_out(lab, alice)
    assert is_refused(alice)


@once
def test_calls_outside_of_all_users_together_are_limited(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "2")  # in all as well, unless that is said
    alice, bob, carol = lab.start("alice", "bob", "carol")
    go_out(lab, alice)
    call = go_out(lab, bob)
    assert is_refused(carol)
    assert "OUTSIDE_CALLS_ALL" in the_warning(lab)
    call.hang_up()
    await_lines(lab, 1)
    go_out(lab, carol)


@once
def test_calls_inside_and_from_outside_are_not_counted(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    alice, bob = lab.start("alice", "bob")
    connect(alice, bob)
    lab.trunk.call(bob)
    bob.answer()
    go_out(lab, alice)


@once
def test_calls_at_the_same_moment_do_not_exceed_the_limit(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "3")
    (alice,) = lab.start("alice")
    calls = [alice.call(OUTSIDE) for _ in range(8)]
    for _ in range(3):
        lab.trunk.answer()
    wait_for(
        lambda: [call for call in calls if call.is_over()],
        lambda over: len(over) == 5,
        seconds=10,
        otherwise="not as many calls are refused as should be",
    )
    assert lab.trunk.stays_quiet(0.5)


@once
def test_a_call_that_is_not_answered_gives_its_line_back(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    alice = lab.phone("alice")
    for _ in range(3):
        call = alice.call(OUTSIDE)
        lab.trunk.refuse(486)
        assert call.ended()[0] == 486
        await_lines(lab, 0)
    call = alice.call(OUTSIDE)
    lab.trunk.rings()
    call.hang_up()
    await_lines(lab, 0)
    go_out(lab, alice)


@once
def test_emergency_calls_are_not_limited(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "0")
    lab.set_global("OUTSIDE_ALLOW", "+1")
    lab.set_global("OUTSIDE_DENY", "+,1,9")
    alice = lab.phone("alice")
    for number in ("112", "911"):
        go_out(lab, alice, number).hang_up()
    assert alice.call("118118").ended()[0] == FORBIDDEN
    lab.set_global("OUTSIDE_EMERGENCY", "118118")
    go_out(lab, alice, "118118")
    assert alice.call("112").ended()[0] == FORBIDDEN


@once
def test_without_the_setting_there_is_no_limit(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "")
    alice = lab.phone("alice")
    for _ in range(6):
        go_out(lab, alice)


@once
def test_a_limit_that_is_no_number_is_reported(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "four")
    go_out(lab, lab.phone("alice"))
    assert "instead of four" in the_warning(lab)


@once
def test_a_configuration_of_upstream_has_no_limit(lab: Visit) -> None:
    if lab.lab.target.container:
        pytest.skip("starts a container of its own, of an image")
    pbx = lab.another_pbx("household", {"198.18.0.250": lab.trunk.address()})
    assert "OUTSIDE" not in pbx.asterisk("dialplan show globals")
    john = lab.phones.phone("john")
    john.register(Account("john.doe", "of-john", "+12025550121"), pbx.address())
    for _ in range(6):
        call = john.call(OUTSIDE)
        lab.trunk.answer()
        call.answered()


def await_lines(lab: Visit, count: int) -> None:
    """Waits until so many calls have a line of those for all."""

    def lines() -> set[str]:
        fields = (line.split() for line in lab.pbx.asterisk("group show channels").splitlines())
        return {words[1] for words in fields if len(words) > 2 and words[1].startswith("all-")}

    wait_for(
        lines,
        lambda taken: len(taken) == count,
        seconds=10,
        otherwise=f"the calls outside are not {count}",
    )


# ---- transfers and forwards


@once
def test_a_transferred_call_keeps_its_line(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    alice, carol = lab.start("alice", "carol")
    call = go_out(lab, alice)
    call.transfer(carol)
    carol.answer()
    call.ended()
    assert_talk(carol, lab.trunk)
    assert is_refused(alice)
    carol.hang_up()
    await_lines(lab, 0)
    go_out(lab, alice)


@once
def test_a_call_that_was_handed_on_keeps_its_line(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    alice, carol = lab.start("alice", "carol")
    outside = go_out(lab, alice)
    outside.hold()
    inside, _ = connect(alice, carol)
    outside.join(inside)
    assert_talk(carol, lab.trunk)
    for call in (outside, inside):
        call.ended()
    assert is_refused(alice)
    carol.hang_up()
    await_lines(lab, 0)
    go_out(lab, alice)


@once
def test_two_calls_outside_that_are_joined_keep_their_lines(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "2")
    alice = lab.phone("alice")
    first = go_out(lab, alice)
    first.hold()
    second = go_out(lab, alice)
    first.join(second)
    for call in (first, second):
        call.ended()
    await_lines(lab, 2)
    assert is_refused(alice)
    lab.trunk.hang_up()
    await_lines(lab, 0)
    go_out(lab, alice)


@once
def test_a_transfer_to_the_outside_is_limited(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    alice, bob, carol = lab.start("alice", "bob", "carol")
    go_out(lab, carol)
    _, taken = connect(alice, bob)
    taken.transfer(OUTSIDE)
    assert lab.trunk.stays_quiet(1)
    assert "proof-alice" in the_warning(lab)


@once
def test_a_call_outside_is_not_transferred_to_the_outside(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    alice = lab.phone("alice")
    go_out(lab, alice).transfer(OUTSIDE)
    assert lab.trunk.stays_quiet(1)


@once
def test_a_trunk_that_goes_along_with_transfers_is_limited(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "2")
    lab.set_global("OUTSIDE_CALLS_ALL", "9")
    tanya = lab.phone("tanya")
    call = go_out(lab, tanya)
    call.transfer(OUTSIDE)
    lab.trunk.answer()
    call.ended()
    await_lines(lab, 2)
    assert is_refused(tanya)
    lab.trunk.hang_up()
    await_lines(lab, 0)
    call = go_out(lab, tanya)
    go_out(lab, tanya)
    call.transfer(OUTSIDE)
    assert lab.trunk.stays_quiet(1)


@once
def test_a_trunk_that_goes_along_with_forwards_is_limited(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    tanya, bob = lab.start("tanya", "bob")
    call = tanya.call(bob)
    bob.forward(OUTSIDE)
    lab.trunk.answer()
    call.answered()
    assert is_refused(tanya)
    call.hang_up()
    await_lines(lab, 0)
    go_out(lab, tanya)
    tanya.call(bob)
    bob.rings()
    bob.forward(OUTSIDE)
    assert lab.trunk.stays_quiet(1)


# ---- which numbers


@once
@pytest.mark.parametrize(
    ("allow", "deny", "number", "passes"),
    [
        ("+44,+1", "", OUTSIDE, True),
        ("+1", "", OUTSIDE, False),
        (" +1 , 0044 ", "", OUTSIDE, True),
        ("+1", "", "1177", True),  # a short number
        ("", "+44207", OUTSIDE, False),
        ("", "+1900,+881", OUTSIDE, True),
        ("", "+1900", "0019005550123", False),
        ("", "+1900", "19005550123", False),
        ("", "+1900", "00019005550123", False),
        ("", "+1900", "+0019005550123", False),
        ("", "+1900", "1*9005550123", False),
        ("", "+1900", "09005550123", False),
        ("+44", "+4420", OUTSIDE, False),
        ("+442079", "+4420", OUTSIDE, True),
        ("+44", "+44", OUTSIDE, False),
        ("", "118", "118118", False),
        ("none", "", OUTSIDE, False),
    ],
)
def test_prefixes_say_which_numbers_may_be_called(
    lab: Visit, allow: str, deny: str, number: str, passes: bool
) -> None:
    lab.set_global("COUNTRY_CODE", "1")
    lab.set_global("OUTSIDE_ALLOW", allow)
    lab.set_global("OUTSIDE_DENY", deny)
    alice = lab.phone("alice")
    if passes:
        go_out(lab, alice, number)
        assert not lab.warnings()
    else:
        assert alice.call(number).ended()[0] == FORBIDDEN
        assert lab.trunk.stays_quiet(0.2)
        assert "OUTSIDE_DENY" in the_warning(lab)


# ---- unreachable phones


def test_call_ends_when_its_phone_is_unreachable(lab: Visit) -> None:
    vera = lab.phone("vera")
    vera.call("6").answered()
    with unreachable(vera):
        await_no_channel(lab, "proof-vera")


@once
def test_call_between_phones_ends_when_one_is_unreachable(lab: Visit) -> None:
    vera, bob = lab.start("vera", "bob")
    made, _ = connect(bob, vera)
    with unreachable(vera):
        made.ended(20)
    connect(vera, bob)
    with unreachable(vera):
        bob.current.ended(20)


@once
def test_call_outside_ends_when_its_phone_is_unreachable(lab: Visit) -> None:
    lab.set_global("OUTSIDE_CALLS", "1")
    vera, alice = lab.start("vera", "alice")
    go_out(lab, vera)
    with unreachable(vera):
        assert is_refused(alice)
        lab.trunk.current.ended(20)
        await_lines(lab, 0)
        go_out(lab, alice)


@once
def test_call_on_hold_ends_later_when_its_phone_is_unreachable(lab: Visit) -> None:
    vera, bob = lab.start("vera", "bob")
    made, taken = connect(vera, bob)
    made.hold()
    with unreachable(vera):
        taken.ended(30)


@once
def test_a_phone_on_hold_or_muted_does_not_lose_its_call(lab: Visit) -> None:
    vera, bob = lab.start("vera", "bob")
    made, taken = connect(vera, bob)
    taken.hold()
    made.mute()
    await_age(lab, "proof-vera", 12)
    made.mute(False)
    taken.resume()
    assert_talk(vera, bob)


@once
def test_a_phone_that_suppresses_silence_does_not_lose_its_call(lab: Visit) -> None:
    quinn = lab.phones.phone("quinn", environment={"SILENCE_SUPPRESSION": "1"})
    quinn.register(lab.lab.account("quinn"), lab.lab.server())
    call = quinn.call("5").answered()  # music on hold
    call.mute()
    before = call.packets()["sent"]
    await_age(lab, "proof-quinn", 35)
    assert call.packets()["sent"] - before < 500  # in 35 s; there would be 1,750
    assert not call.is_over()


def await_age(lab: Visit, name: str, seconds: int) -> None:
    """Waits until a channel of an account is so old."""
    wait_for(
        lambda: channels(lab, name),
        lambda found: not found or int(found[0][11]) >= seconds,
        seconds=seconds + 30,
        otherwise="the call does not grow older",
    )
    assert channels(lab, name), "the call has ended"
