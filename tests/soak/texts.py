"""Messages: between phones, to the SMS provider, and from it; each is unique."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence

from factory.waiting import wait_for
from fixtures.softphone import Phone
from tests.integration.websms import post
from tests.soak.journal import Journal, Sent
from tests.soak.lab import SoakLab
from tests.soak.ledger import NOT_SENT, PERHAPS, Notice

OUTSIDE = "+447700900"
"""With three more digits it is nobody's (Ofcom: for use in drama)."""
ACKNOWLEDGED = 200
TIMEOUT = 60


class Texts:
    """Two phones that are there all the time.

    Args:
        lab: The PBX, and all that it talks to.
        journal: Where each text is noted.
        seed: Of the choices.
    """

    def __init__(self, lab: SoakLab, journal: Journal, seed: int) -> None:
        self._lab = lab
        self._journal = journal
        self._random = random.Random(f"{seed} texts")  # noqa: S311 # a course, no secret
        self._kills = 0
        self.group = lab.phones()
        self.phones = self.group.start("eve", "finn")
        self._register()

    def _register(self) -> None:
        """Has both register, as phones do again that have lost their server.

        They leave before: else that may arrive after they have come again.
        """
        for phone in self.phones:
            if phone.number:
                phone.unregister()
            phone.register(self._lab.accounts[phone.name], self._lab.pbx.address())

    def write(self) -> None:
        """One writes to the other, or to somebody outside."""
        sender, other = self._random.sample(self.phones, 2)
        if self._random.random() < 0.5:
            self._send(sender, other.number, "text")
        else:
            self._send(sender, f"{OUTSIDE}{self._journal.number('outside') % 1000:03}", "sms out")

    def bring(self) -> None:
        """The provider posts a message, repeatedly until it is acknowledged."""
        to = self._random.choice(self.phones).number
        name = f"sms in {self._journal.number('sms in')}"
        fields = {"To": to, "From": f"{OUTSIDE}000", "Body": name, "id": name}
        begun = time.time()
        taken = 0.0
        try:
            wait_for(
                lambda: post(self._lab.pbx, fields),
                lambda status: status == ACKNOWLEDGED,
                seconds=TIMEOUT,
                otherwise=f"WebSMS did not take {name}",
            )
            taken = time.time()
        finally:
            self._journal.note(Sent("sms in", name, begun, taken, to))

    def _send(self, sender: Phone, to: str, way: str) -> None:
        name = f"{way} {self._journal.number(way)}"
        self._again_after_a_kill()
        begun = time.time()
        taken = 0.0
        try:
            sender.message(to, name)
            taken = time.time()
        finally:
            self._journal.note(Sent(way, name, begun, taken, to))

    def _again_after_a_kill(self) -> None:
        if self._lab.asterisk_starts != self._kills:
            self._kills = self._lab.asterisk_starts
            self._register()

    def arrivals(self) -> dict[str, list[float]]:
        """Arrival time of each message, at the phones and at the provider."""
        came: dict[str, list[float]] = defaultdict(list)
        for phone in self.phones:
            for event in phone.events():
                if event["event"] == "message" and not _is_notice(event["body"]):
                    came[event["body"]].append(event["time"])
        for request in self._lab.provider.requests():
            came[request.body].append(request.time)
        return dict(came)

    def notices(self) -> dict[str, Notice]:
        """What senders were told, by the name of the text."""
        told = [
            (event["sender"], Notice(event["time"], event["body"]))
            for phone in self.phones
            for event in phone.events()
            if event["event"] == "message" and _is_notice(event["body"])
        ]
        return attribute(told, self._journal.of(Sent))


def attribute(told: Sequence[tuple[str, Notice]], sent: Sequence[Sent]) -> dict[str, Notice]:
    """Returns what was told of which text: a notice names the recipient only.

    Args:
        told: Whom each notice came from, and the notice.
        sent: All messages; those to one number are far apart.
    """
    found = {}
    for sender, notice in told:
        earlier = [
            message for message in sent if message.to in sender and message.begun <= notice.time
        ]
        last = max(earlier, key=lambda message: message.begun, default=None)
        found[last.name if last else f"notice from {sender}"] = notice
    return found


def _is_notice(body: str) -> bool:
    return body.startswith((NOT_SENT, PERHAPS, "Not delivered"))
