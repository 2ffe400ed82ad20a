"""Brings decisions, lists, ports and limits into the kernel's table."""

import asyncio
import time
from collections.abc import Callable, Iterable

from pbx.autoban.control.changes import Effect
from pbx.autoban.control.sets import Sets
from pbx.autoban.judgement.addresses import Address, Span, Spans, parse_span
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import Ban
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.kernel import network
from pbx.autoban.kernel.challenge_log import ChallengeLog
from pbx.autoban.kernel.contents import BannedSource, TableContents
from pbx.autoban.kernel.firewall import Firewall
from pbx.autoban.kernel.limits import Limits

MOST_PORTS = 64
"""SIP ports that are limited, at most."""


class Enforcement:
    """The firewall, and all that decides what is in it.

    Args:
        guard: Knows offenders, suspects, phones and trunks.
        sets: Knows whitelist and blacklist.
        ports: SIP ports.
        nft: Runs commands of nft; see kernel.nft.connect().

    Attributes:
        firewall: The kernel's table.
        unseen: Why challenges are not seen; "" if they are.
    """

    def __init__(
        self, guard: Guard, sets: Sets, ports: Iterable[int], nft: Callable[[str], str]
    ) -> None:
        self.firewall = Firewall(nft, self._wanted, self._expected)
        self.unseen = ""
        self._guard = guard
        self._sets = sets
        self._ports = set(ports)
        self._free: tuple[Span, ...] = ()
        self._challenges: ChallengeLog | None = None

    def open_challenges(self) -> None:
        """Receive copies of challenges from now on, if the kernel allows it."""
        try:
            self._challenges = ChallengeLog(self._store_challenge)
        except OSError as error:
            self.unseen = error.strerror or str(error)
            return
        asyncio.get_running_loop().add_reader(self._challenges.fileno(), self.read_challenges)

    def read_challenges(self) -> None:
        """Store the nonces of all challenges that have arrived."""
        if self._challenges:
            self._challenges.read()

    def ban(self, bans: Iterable[Ban]) -> None:
        """Ban addresses."""
        self.firewall.ban([BannedSource(x.key, x.seconds, x.seconds) for x in bans])

    def slow(self, suspects: Iterable[Suspect], now: float) -> None:
        """Rate-limit addresses."""
        self.firewall.slow([self._sets.slow_source(x, now) for x in suspects])

    def exempt_phone(self, address: Address, now: float) -> None:
        """Do not limit the port from which a phone has logged in, if its address is limited."""
        key = self._guard.key_of(address)
        if self._guard.suspects.is_slow(key, now):
            self.firewall.slow([x for x in self._sets.slow(now) if x.key == key])

    def add_port(self, port: int) -> None:
        """Apply the limits to one more SIP port."""
        if port and port not in self._ports and len(self._ports) < MOST_PORTS:
            self._ports.add(port)
            self.firewall.add_ports([port])

    def apply(self, effect: Effect) -> None:
        """Do what a change by command requires."""
        self.firewall.unban(effect.unbanned)
        self.firewall.ban(effect.banned)
        self.firewall.unslow(effect.unslowed)
        self.firewall.slow(effect.slowed)
        if effect.lists:
            white, black = self._sets.merged("whitelist"), self._sets.merged("blacklist")
            self.firewall.set_lists(white, black)

    def update_free(self, now: float) -> None:
        """Do not count connections of phones, trunks and gateways."""
        owners = self._guard.owners
        phones = [parse_span(key) for key, _ in owners.phones(now)]
        routers = network.gateways(network.read("route"), network.read("ipv6_route"))
        free = Spans([*phones, *routers, *owners.registered, *owners.trunk_spans.merged]).merged
        if free != self._free:
            self._free = free
            self.firewall.set_free(free)

    def _store_challenge(self, address: Address, nonce: str) -> None:
        self._guard.proofs.sent(self._guard.key_of(address), nonce, time.monotonic())

    def _wanted(self) -> TableContents:
        now = time.monotonic()
        rules = self._guard.rules
        return TableContents(
            self._sets.merged("whitelist"),
            self._sets.merged("blacklist"),
            tuple(self._sets.banned(now)),
            tuple(self._sets.slow(now)) if rules.slowrate else (),
            self._free,
            Limits(
                rules.slowrate,
                rules.maxconnections,
                rules.connectrate,
                frozenset(self._ports),
                self._challenges.group if self._challenges else None,
            ),
        )

    def _expected(self, seconds: float) -> tuple[int, int]:
        moment = time.monotonic() + seconds
        return (
            self._guard.offenders.banned_beyond(moment),
            self._guard.suspects.slow_beyond(moment) if self._guard.rules.slowrate else 0,
        )
