"""Checks with softphones: registrations, calls and messages.

Two phones register with the users of the image's own sample configuration, call each other both
ways, hear each other's tone, and send a message. A third one has no account.
"""

from __future__ import annotations

from factory.errors import ProofError
from factory.proof.trial import Trial
from fixtures.softphone import (
    Account,
    Call,
    CallError,
    MessageError,
    NotInTimeError,
    Phone,
    Srtp,
    Transport,
)


def registers_phones(trial: Trial) -> str:
    """Return a phone registers over every transport, one after the other."""
    trial.users = trial.candidate.users()
    address = trial.candidate.address()
    trial.candidate.phones.names[address] = "pbx"
    for transport in trial.expected.transports:
        trial.alice.register(trial.users[0], address, transport=transport)
    return ", ".join(trial.expected.transports)


def connects_a_call(trial: Trial) -> str:
    """Return a call in the clear over the first transport; both hear each other."""
    _register(trial, trial.expected.transports[0], "off")
    return _talk(trial, trial.alice, trial.bob)


def connects_a_call_back(trial: Trial) -> str:
    """Return a call the other way over the last transport, encrypted if the image can do that."""
    encrypted = trial.expected.encrypted
    _register(trial, trial.expected.transports[-1], "sdes-optional" if encrypted else "off")
    return _talk(trial, trial.bob, trial.alice, encrypted=encrypted)


def delivers_a_text(trial: Trial) -> str:
    """Return a text with characters of several planes arrives as it was, from the right number."""
    body = "Grüße, 電話 \N{TELEPHONE RECEIVER}\nsecond line"
    trial.alice.message(trial.bob, body)
    text = trial.bob.receives_message()
    if text.body != body:
        raise ProofError(f"the text '{body!r}' arrived as '{text.body!r}'")
    if trial.alice.number not in text.sender:
        raise ProofError(f"the text of {trial.alice.number} came from {text.sender}")
    return f"{len(body)} characters"


def refuses_strangers(trial: Trial) -> str:
    """Who has no account, or not its password, can neither call nor write."""
    known = trial.users[0].user
    seen = []
    for account in (Account("stranger"), Account(known, "a guess")):
        who = f"{account.user} with a wrong password" if account.password else "a stranger"
        trial.stranger.take_account(account, trial.candidate.address())
        try:
            trial.stranger.call(trial.bob).answered()
        except CallError as error:
            seen.append(f"call {error.code}")
        else:
            raise ProofError(f"{who} can call: the call to {trial.bob.number} was answered")
        try:
            trial.stranger.message(trial.bob, "let me in")
        except MessageError as error:
            seen.append(f"text {error.code}")
        else:
            raise ProofError(f"{who} can write: the text to {trial.bob.number} was accepted")
    return ", ".join(seen)


def _register(trial: Trial, transport: Transport, srtp: Srtp) -> None:
    address = trial.candidate.address()
    for phone, user in zip((trial.alice, trial.bob), trial.users, strict=False):
        phone.register(user, address, transport=transport, srtp=srtp)


def _talk(trial: Trial, caller: Phone, callee: Phone, *, encrypted: bool = False) -> str:
    made = caller.call(callee).answered()
    try:
        taken = callee.rings(2).answered()
    except NotInTimeError as error:
        raise ProofError(
            f"{caller.name}'s call to {callee.name} was answered, but not by {callee.name}"
        ) from error
    for call in (made, taken):
        _check_media(trial, call, encrypted)
    first_audio = [_hears(caller, callee), _hears(callee, caller)]
    caller.hang_up()
    taken.ended()
    seconds = ", ".join(f"{value:.2f}" for value in first_audio)
    return f"{made.media()['codec']}, first audio after {seconds} s"


def _hears(listener: Phone, speaker: Phone) -> float:
    hearing = listener.hears(speaker.tone)
    if not hearing:
        raise ProofError(f"{listener.name} does not hear {speaker.name}: {hearing.reason}")
    return hearing.first_audio or 0.0


def _check_media(trial: Trial, call: Call, encrypted: bool) -> None:
    name = call.phone.name
    host = call.media()["remote"].rpartition(":")[0]
    if host not in (trial.candidate.address(), trial.alice.address(), trial.bob.address()):
        raise ProofError(f"{name} is told to send sound to {host}, where nobody is")
    if encrypted and not call.encryption():
        raise ProofError(f"{name} offered encryption (SRTP) and did not get it")
