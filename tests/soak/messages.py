"""Voicemail: somebody leaves messages, one after the other, for somebody who is never there."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fixtures.mail import ReceivedMail
from tests.integration.voicemail import RECORDINGS, await_beep, holds, sound_of, speak
from tests.soak.calls import register
from tests.soak.journal import Journal, Sent
from tests.soak.lab import NUMBERS, SoakLab

_BEGUN = "/tmp/soak-call"
_MINE = f"/dev/null $(find {RECORDINGS} -name '*.wav' -newer {_BEGUN} 2> /dev/null)"
"""What is being recorded; an Asterisk that was killed may have left others for a moment."""
_CLEAR = 2 * 8000
"""Samples of two seconds."""


@dataclass(frozen=True)
class Left:
    """A message that was left: its name in the journal, and the tone that is in it, in Hz."""

    name: str
    tone: int


class Messages:
    """Leaves messages.

    Args:
        lab: The PBX, and all that it talks to.
        journal: Where each is noted.
    """

    def __init__(self, lab: SoakLab, journal: Journal) -> None:
        self._lab = lab
        self._journal = journal
        self._phones = lab.phones()
        self._left: list[Left] = []

    def leave(self) -> None:
        """Calls, speaks, and hangs up."""
        name = f"voicemail {self._journal.number('voicemail')}"
        begun = time.time()
        taken = 0.0
        try:
            (phone,) = register(self._lab, self._phones, ["gus"], "udp")
            self._lab.pbx.run(f"touch {_BEGUN}")
            call = phone.call(NUMBERS["hana"]).answered()
            self._left.append(Left(name, phone.tone))
            await_beep(phone)
            speak(self._lab.pbx, _MINE, 2)
            call.hang_up()
            taken = time.time()
        finally:
            self._journal.note(Sent("voicemail", name, begun, taken, NUMBERS["hana"]))
            self._phones.rest()

    def arrivals(self) -> dict[str, list[float]]:
        """When each message came by mail."""
        taken = {message.name for message in self._journal.of(Sent) if message.taken}
        return match(self._left, taken, self._lab.mail.mails())


def match(
    left: Sequence[Left], taken: Collection[str], mails: Sequence[ReceivedMail]
) -> dict[str, list[float]]:
    """Returns when each message came: that which was left first, of those with the mail's tone.

    Tones are drawn anew for each call, and may come again; mails go out in the order of messages,
    but for those that had to wait. What broke off too soon for a tone to be told is left out.

    Args:
        left: All messages, the first one first.
        taken: Names of those that are due; the others broke off, and need not have come.
        mails: What came.
    """
    came: dict[str, list[float]] = {}
    for mail in mails:
        # Those that have not come yet first: to listen takes time.
        for message in sorted(left, key=lambda x: (x.name in came, x.name not in taken)):
            if holds(mail, message.tone):
                came.setdefault(message.name, []).append(mail.time)
                break
        else:
            if len(sound_of(mail)) < _CLEAR:
                continue
            came[f"a mail with another sound, at {mail.time:.0f},"] = [mail.time]
    return came
