"""Attackers, each with an address of its own; and an owner who has forgotten the password."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import get_args

from factory.waiting import wait_for
from fixtures.attacker import Attacker, Attempt, Plan
from fixtures.attacker.inside import AttackKind
from fixtures.softphone import Phone, Transport
from tests.soak.blame import excused
from tests.soak.journal import Journal, Kill
from tests.soak.lab import JAIL, SoakLab

MAXCOUNT = 10
JAILED_WITHIN = 3.0
"""Seconds from the guess that is one too many to the last that is answered, and to when the list of
the jailed shows who it was. On a quiet machine it takes milliseconds (bench/autoban); here phones,
and other tests, want the same cores."""
SLACK = 10.0
"""Seconds by which a jail may last longer or shorter: AutoBan may have been killed meanwhile."""
UNSAVED = 5.0
"""Seconds before a kill of which AutoBan may know nothing afterwards."""
OWNERS_GUESSES = 15


@dataclass(frozen=True)
class Jailed:
    """Who was jailed: since when, and how he came.

    What was sent over TCP and dropped, his machine sends again for a minute, even when he has gone.
    After so short a jail that is an attempt on parole: who comes by TCP may be jailed again.
    """

    since: float
    transport: Transport


class Attacks:
    """Guesses passwords from one address after the other; and looks how earlier ones fared.

    Args:
        lab: The PBX, and all that it talks to.
        journal: Where kills are noted.
        owner: A phone that is registered all the time.
        seed: Of the choices.
    """

    def __init__(self, lab: SoakLab, journal: Journal, owner: Phone, seed: int) -> None:
        self._lab = lab
        self._journal = journal
        self._owner = owner
        self._random = random.Random(f"{seed} attacks")  # noqa: S311 # a course, no secret
        self._addresses = [x for x in lab.attacker.addresses[1:] if ":" not in x]
        self._jailed: dict[str, Jailed] = {}
        self.released = 0

    def attack(self) -> None:
        """Attacks from the next address until there is no answer any more."""
        source = self._addresses.pop(0)
        self._addresses.append(source)
        self._forgive(source)
        kind: AttackKind = self._random.choice(("guess", "scan", "invite"))
        transport: Transport = self._random.choice(get_args(Transport))
        plan = Plan(
            *(self._lab.pbx.address(), kind, 10 * MAXCOUNT, "ann", transport),
            rate=20,
            timeout=1.0,
            gives_up=True,
        )
        attempts = self._lab.attacker.attack(plan, [source])
        answered = _answered(attempts)
        if answered < MAXCOUNT:
            raise AssertionError(f"{source} ({kind}, {transport}) was banned after {answered}")
        late = attempts[answered - 1].begun - attempts[MAXCOUNT].begun
        if late > JAILED_WITHIN:
            raise AssertionError(
                f"{answered} attempts of {source} ({kind}, {transport}) were answered, the last "
                f"{late:.1f} s after the one that was too many"
            )
        wait_for(
            lambda: source in self._lab.jailed(),
            seconds=JAILED_WITHIN,
            otherwise=f"{source} is not in jail",
        )
        self._jailed[source] = Jailed(time.time(), transport)
        self._look_at_earlier_ones()

    def forget_password(self) -> None:
        """Guesses from the address of a phone that is registered."""
        address = self._owner.address()
        plan = Plan(self._lab.pbx.address(), "guess", OWNERS_GUESSES, self._owner.name, timeout=2.0)
        answered = _answered(Attacker(self._owner.container, [address]).attack(plan))
        if answered != OWNERS_GUESSES or address in self._lab.jailed():
            raise AssertionError(f"an owner's phone was banned after {answered} guesses")

    def forgive(self) -> None:
        """Has AutoBan forget everybody."""
        self._lab.pbx.run("autoban del watch,jail,parole = all")
        self._jailed.clear()

    def _forgive(self, source: str) -> None:
        """Has AutoBan forget who may still be on parole, or in jail for the second time."""
        nothing_there = 64
        self._lab.pbx.run(f"autoban del watch,jail,parole = {source} || [ $? -eq {nothing_there} ]")
        self._jailed.pop(source, None)

    def _look_at_earlier_ones(self) -> None:
        now, inside = time.time(), self._lab.jailed()
        innocent = sorted(set(inside) - set(self._addresses))
        if innocent:
            raise AssertionError(f"{', '.join(innocent)} is in jail, and is a phone's")
        kills = self._journal.of(Kill)
        for source, jailed in list(self._jailed.items()):
            since, seconds = jailed.since, now - jailed.since
            if excused(kills, ("autoban",), since, since + UNSAVED):
                del self._jailed[source]
            elif seconds < JAIL - SLACK and source not in inside:
                del self._jailed[source]
                raise AssertionError(f"{source} left jail after {seconds:.0f} s of {JAIL}")
            elif seconds > JAIL + SLACK:
                del self._jailed[source]
                if source in inside and jailed.transport == "udp":
                    raise AssertionError(f"{source} is in jail for {seconds:.0f} s of {JAIL}")
                self.released += source not in inside


def _answered(attempts: list[Attempt]) -> int:
    return sum(attempt.code is not None for attempt in attempts)
