"""The running AutoBan: Asterisk's events come in, decisions go to the kernel."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pbx.asterisk.ami import Message
from pbx.asterisk.ami_client import AmiClient
from pbx.autoban import network
from pbx.autoban.addresses import Span
from pbx.autoban.events import read_event
from pbx.autoban.figures import Figures, as_prometheus
from pbx.autoban.firewall import Firewall, FirewallError
from pbx.autoban.guard import Guard
from pbx.autoban.offenders import Entry, Sentence
from pbx.autoban.offenders import Row as OffenderRow
from pbx.autoban.orders import LISTS, Order
from pbx.autoban.outage import Outage
from pbx.autoban.owner_watch import OwnerWatch
from pbx.autoban.register import Effect, Register, Row
from pbx.autoban.ruleset import Prisoner
from pbx.autoban.settings import Settings
from pbx.autoban.state import State
from pbx.autoban.store import Store
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.core.times import format_time

SECOND_LOOK, SECOND_SAVE = 2.0, 3.0
"""Seconds between two looks at the kernel's table, and between two savings of the state."""


class AutoBan:
    """All parts, put together.

    Args:
        settings: Of autoban.conf.
        state: As it was kept.
        store: Where it is kept.
        nft: Runs commands of nft; see firewall.connect.
        metrics: A file for Prometheus, rewritten all the time.
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        store: Store,
        nft: Callable[[str], str],
        metrics: Path,
        say: Callable[[int, str], None],
    ) -> None:
        now = self._started = time.monotonic()
        self._store = store
        self._kept_changes = -1
        self._complained: set[str] = set()
        self._metrics = metrics
        self._say = say
        self._guard = Guard(settings.rules)
        self._notice_network()
        self._guard.offenders.restore(state.offenders, now)
        for key, left in state.phones:
            self._guard.owners.welcome(key, now + left)
        self._register = Register(
            self._guard,
            {"whitelist": settings.whitelist, "blacklist": settings.blacklist},
            {"whitelist": state.white, "blacklist": state.black},
        )
        self._firewall = Firewall(nft, self._wanted, self._jailed)
        self._told_reason = ""
        self._outage = Outage(now)
        self._client = AmiClient(settings.login, self._hear, self._up, self._down)
        self._owner_watch = OwnerWatch(self._guard.owners, self._client, self._denied)

    async def run(self) -> None:
        """Works until it is cancelled; what it knows is kept then, and the kernel's table goes."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look_after_kernel())
                tasks.create_task(self._look_after_state())
                tasks.create_task(self._client.run())
        finally:
            self._save(*self._known())
            try:
                self._firewall.remove()
            except FirewallError as error:
                self._say(ERROR, f"the kernel's table stays: {error}")

    @property
    def reason(self) -> str:
        """Why nothing is dropped; "" if all is well."""
        return self._firewall.reason

    def rows(self, names: Sequence[str]) -> list[Row]:
        """Returns the members of some sets."""
        return self._register.rows(time.monotonic(), names)

    def carry_out(self, order: Order) -> Effect:
        """Changes sets.

        Raises:
            OrderError: it cannot be done; nothing has changed.
        """
        effect = self._register.carry_out(order, time.monotonic())
        self._firewall.release(effect.released)
        self._firewall.jail(effect.jailed)
        if effect.lists:
            self._firewall.set_lists(*self._wanted()[:2])
        for line in effect.said:
            self._say(NOTICE, f"by command: {line}")
        return effect

    def figures(self) -> Figures:
        """Returns what was seen and done."""
        now = time.monotonic()
        self._firewall.look()
        return Figures(
            dict(self._guard.events),
            self._register.sizes(now),
            self._guard.sentences,
            self._firewall.dropped,
            self._client.up,
            not self._firewall.reason,
            len(list(self._guard.owners.phones(now))),
            self._guard.owners.trunks,
            self._firewall.rebuilt,
            round(now - self._started, 1),
        )

    def _hear(self, messages: Sequence[Message]) -> None:
        now = time.monotonic()
        sentences: list[Sentence] = []
        for message in messages:
            event = read_event(message)
            if event is None:
                self._owner_watch.hear(message)
            elif sentence := self._guard.judge(event, now):
                sentences.append(sentence)
        if sentences:
            self._firewall.jail([Prisoner(x.key, x.seconds, x.seconds) for x in sentences])
            for sentence in sentences:
                self._say(NOTICE, _line(sentence))

    def _up(self) -> None:
        self._say(*self._outage.ended())
        self._owner_watch.start_anew()

    def _down(self, error: Exception) -> None:
        if line := self._outage.goes_on(error, time.monotonic()):
            self._say(*line)

    def _denied(self) -> None:
        self._say(INFO, "the AMI user may not ask for trunks: that takes write = system")

    def _wanted(self) -> tuple[list[Span], list[Span], list[Prisoner]]:
        white, black = (list(self._register.merged(name)) for name in LISTS)
        return white, black, self._register.prisoners(time.monotonic())

    def _jailed(self, seconds: float) -> int:
        return self._guard.offenders.jailed_beyond(time.monotonic() + seconds)

    async def _look_after_kernel(self) -> None:
        self._firewall.build()
        while True:
            if self.reason != self._told_reason:
                self._told_reason = self.reason
                self._say(
                    WARNING if self.reason else NOTICE,
                    f"watching only, nothing is dropped: {self.reason}"
                    if self.reason
                    else "packets are dropped again",
                )
            await asyncio.sleep(SECOND_LOOK)
            now = time.monotonic()
            self._guard.pass_time(now)
            self._notice_network()
            rebuilt = self._firewall.rebuilt
            self._write_metrics(as_prometheus(self.figures()))
            if self._firewall.rebuilt > rebuilt and not self.reason:
                self._say(NOTICE, "somebody has changed the kernel's table: made it again")
            self._owner_watch.ask(now)

    async def _look_after_state(self) -> None:
        while True:
            await asyncio.sleep(SECOND_SAVE)
            # A disk may take its time, and whoever guesses meanwhile would not be stopped.
            await asyncio.to_thread(self._save, *self._known())

    def _known(self) -> tuple[list[OffenderRow], State, int]:
        """Returns what is to be kept, and a number that is another if it has changed."""
        now = time.monotonic()
        changes = self._guard.offenders.changes + self._guard.owners.changes
        others = State(
            (),
            tuple(self._guard.owners.phones(now)),
            self._register.added("whitelist"),
            self._register.added("blacklist"),
        )
        return self._guard.offenders.rows(now), others, changes

    def _save(self, offenders: list[OffenderRow], others: State, changes: int) -> None:
        state = replace(others, offenders=tuple(Entry(*row) for row in offenders))
        try:
            self._store.keep(state, changed=changes != self._kept_changes)
        except OSError as error:
            self._complain("what is known cannot be kept", error)
        else:
            self._kept_changes = changes

    def _complain(self, what: str, error: OSError) -> None:
        line = f"{what}: {error}"
        if line not in self._complained:
            self._complained.add(line)
            self._say(ERROR, line)

    def _notice_network(self) -> None:
        if_inet6 = network.read("if_inet6")
        own = network.own_addresses(network.read("fib_trie"), if_inet6)
        self._guard.set_own(own, network.own_networks(if_inet6))

    def _write_metrics(self, text: str) -> None:
        new = self._metrics.with_suffix(".new")
        try:
            new.write_text(text)
            new.replace(self._metrics)
        except OSError as error:
            self._complain("figures cannot be written", error)


def _line(sentence: Sentence) -> str:
    again = " again" if sentence.before else ""
    attempts = f"{sentence.count} attempt{'s' * (sentence.count != 1)}"
    return (
        f"jailed {sentence.key}{again} for {format_time(sentence.seconds)}: "
        f"{attempts}, the last {sentence.kind}"
    )
