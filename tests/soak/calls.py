"""Calls: short ones one after the other, and long ones that must outlast whatever happens."""

from __future__ import annotations

import random
import threading
from typing import get_args

from fixtures.softphone import Phone, RegistrationError, SoftphoneError, Softphones, Transport
from tests.integration.talk import connect
from tests.soak.lab import SoakLab


class Calls:
    """Two phones register, talk, hang up, and leave; over another transport each time.

    Args:
        lab: The PBX, and all that it talks to.
        seed: Of the choices.
    """

    def __init__(self, lab: SoakLab, seed: int) -> None:
        self._lab = lab
        self.phones = lab.phones()
        self._random = random.Random(f"{seed} calls")  # noqa: S311 # a course, no secret

    def do(self) -> None:
        """Makes a call."""
        transport: Transport = self._random.choice(get_args(Transport))
        names = self._random.sample(["ann", "ben"], 2)
        try:
            caller, callee = register(self._lab, self.phones, names, transport)
            _, taken = connect(caller, callee)
            check_talk(caller, callee)
            caller.hang_up()
            taken.ended()
        finally:
            self.phones.rest()


class LongCall:
    """Two phones talk over TLS and SRTP while services are killed and certificates change.

    Args:
        lab: The PBX, and all that it talks to.
        seed: Of how long each call takes.
        over: Set when calls are to end.
    """

    def __init__(self, lab: SoakLab, seed: int, over: threading.Event) -> None:
        self._lab = lab
        self.phones = lab.phones()
        self._over = over
        self._random = random.Random(f"{seed} long calls")  # noqa: S311 # a course, no secret
        self.looks = 0

    def do(self) -> None:
        """Makes a call of a minute, more or less; the first one is short."""
        looks = self._random.randint(10, 40) if self.looks else 1
        try:
            caller, callee = register(self._lab, self.phones, ["cora", "dan"], "tls")
            made, taken = connect(caller, callee)
            for call in (made, taken):
                if not call.encryption():
                    raise SoftphoneError(f"the sound of {call.phone.name} is not encrypted")
            for _ in range(looks):
                check_talk(caller, callee)
                self.looks += 1
                if self._over.wait(2):
                    break
            caller.hang_up()
            taken.ended()
        finally:
            self.phones.rest()


def register(
    lab: SoakLab, phones: Softphones, names: list[str], transport: Transport
) -> list[Phone]:
    """Has phones of users register; over TLS they encrypt the sound, too."""
    started = phones.start(*names)
    for phone, name in zip(started, names, strict=True):
        try:
            _register(lab, phone, name, transport)
        except RegistrationError as error:
            # Asterisk opens its port for TLS anew for another certificate. Who comes in that moment
            # is turned away; a phone comes again.
            if transport != "tls" or "Connection reset" not in str(error):
                raise
            _register(lab, phone, name, transport)
    return started


def _register(lab: SoakLab, phone: Phone, name: str, transport: Transport) -> None:
    phone.register(
        lab.accounts[name],
        lab.pbx.address(),
        transport=transport,
        srtp="sdes-optional" if transport == "tls" else "off",
        ca=lab.authority.certificate if transport == "tls" else "",
    )


def check_talk(one: Phone, other: Phone) -> None:
    """Both hear each other.

    Raises:
        SoftphoneError: one does not; says what is heard instead.
    """
    for phone, speaker in ((one, other), (other, one)):
        hearing = phone.hears(speaker.tone)
        if not hearing:
            raise SoftphoneError(f"{phone.name} does not hear {speaker.name}: {hearing.reason}")
