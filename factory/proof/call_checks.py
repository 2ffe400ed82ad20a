"""Checks with softphones: registrations, calls and messages.

Two phones register with the users of the image's own sample configuration, call each other both
ways, hear each other's tone, and send a message. A third one, the attacker, has no account.
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
    """Check that a phone can register over every transport, one after the other."""
    trial.users = trial.candidate.users()
    address = trial.candidate.address()
    trial.candidate.phones.names[address] = "pbx"
    for transport in trial.expected.transports:
        trial.alice.register(trial.users[0], address, transport=transport)
    return ", ".join(trial.expected.transports)


def connects_a_call(trial: Trial) -> str:
    """Check an unencrypted call over the first transport: both phones hear each other."""
    _register(trial, trial.expected.transports[0], "off")
    return _talk(trial, trial.alice, trial.bob)


def connects_a_call_back(trial: Trial) -> str:
    """Check a call the other way over the last transport, encrypted if the image supports it."""
    encrypted = trial.expected.encrypted
    _register(trial, trial.expected.transports[-1], "sdes-optional" if encrypted else "off")
    return _talk(trial, trial.bob, trial.alice, encrypted=encrypted)


def delivers_a_message(trial: Trial) -> str:
    """Check that a message with characters of several Unicode planes arrives unchanged.

    Its sender has to be the right number.
    """
    body = "Grüße, 電話 \N{TELEPHONE RECEIVER}\nsecond line"
    trial.alice.message(trial.bob, body)
    message = trial.bob.receives_message()
    if message.body != body:
        raise ProofError(f"the message '{body!r}' arrived as '{message.body!r}'")
    if trial.alice.number not in message.sender:
        raise ProofError(f"the message of {trial.alice.number} came from {message.sender}")
    return f"{len(body)} characters"


def refuses_unauthenticated_clients(trial: Trial) -> str:
    """Check that a client without an account, or with a wrong password, cannot call or send."""
    known = trial.users[0].user
    seen = []
    for account in (Account("attacker"), Account(known, "wrong")):
        who = "a client without an account"
        if account.password:
            who = f"{account.user} with a wrong password"
        trial.attacker.take_account(account, trial.candidate.address())
        try:
            trial.attacker.call(trial.bob).answered()
        except CallError as error:
            seen.append(f"call {error.code}")
        else:
            raise ProofError(f"{who} can call: the call to {trial.bob.number} was answered")
        try:
            trial.attacker.message(trial.bob, "let me in")
        except MessageError as error:
            seen.append(f"message {error.code}")
        else:
            raise ProofError(f"{who} can send: the message to {trial.bob.number} was accepted")
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
        raise ProofError(f"{name} has to send its audio to {host}, where no phone is")
    if encrypted and not call.encryption():
        raise ProofError(f"{name} offered encryption (SRTP) and did not get it")
