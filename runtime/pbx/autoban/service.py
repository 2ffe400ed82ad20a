"""The running AutoBan: Asterisk's events come in, decisions go to the kernel."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pbx.asterisk.ami import Message
from pbx.asterisk.ami_client import AmiClient, AmiForeignError
from pbx.autoban.control.figures import Figures, as_prometheus
from pbx.autoban.control.orders import Order
from pbx.autoban.control.register import Effect, Register, Row
from pbx.autoban.judgement.addresses import Address, Span, Spans, parse_span
from pbx.autoban.judgement.events import Meaning, SecurityEvent, read_event
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import Entry, Sentence
from pbx.autoban.judgement.offenders import Row as OffenderRow
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.kernel import network
from pbx.autoban.kernel.challenge_log import ChallengeLog
from pbx.autoban.kernel.firewall import Firewall, FirewallError
from pbx.autoban.kernel.limits import Limits
from pbx.autoban.kernel.ruleset import Contents, Prisoner
from pbx.autoban.manager.identity import PID_FILE, is_foreign
from pbx.autoban.manager.outage import Outage
from pbx.autoban.manager.owner_watch import OwnerWatch
from pbx.autoban.places import CONFIGURATION, HEALTH, METRICS
from pbx.autoban.settings import NAME, Settings
from pbx.autoban.state import State
from pbx.autoban.store import Store
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.core.times import format_time

SECOND_LOOK, SECOND_SAVE = 2.0, 3.0
"""Seconds between two looks at the kernel's table, and between two savings of the state."""

SECOND_CHECK = 10.0
"""Seconds between two looks at whose manager interface we are connected to."""

MOST_PORTS = 64
MOST_LINES = 5
"""Lines of the log between two looks: about who is slowed, and who opens too many connections."""


class AutoBan:
    """All parts, put together.

    Args:
        settings: Of autoban.conf.
        state: As it was kept.
        store: Where it is kept.
        nft: Runs commands of nft; see firewall.connect.
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        store: Store,
        nft: Callable[[str], str],
        say: Callable[[int, str], None],
    ) -> None:
        now = self._started = time.monotonic()
        self._store = store
        self._kept_changes = -1
        self._complained: set[str] = set()
        self._say = say
        self._guard = Guard(settings.rules)
        self._notice_network()
        self._guard.offenders.restore(state.offenders, now)
        self._guard.suspects.restore(state.suspects, now)
        for key, left in state.phones:
            self._guard.owners.welcome(key, now + left)
        self._register = Register(
            self._guard,
            {"whitelist": settings.whitelist, "blacklist": settings.blacklist},
            {"whitelist": state.white, "blacklist": state.black},
        )
        self._ports = set(settings.ports)
        self._free: tuple[Span, ...] = ()
        self._challenges: ChallengeLog | None = None
        self._unseen = ""
        self._slow_lines = 0
        self._firewall = Firewall(nft, self._wanted, self._expected)
        self._told_reason = ""
        self._told_floods: set[str] = set()
        self._outage = Outage(now)
        self._login = settings.login
        self._client = AmiClient(settings.login, self._hear, self._up, self._down, self._check)
        self._next_check = now
        self._seen = self._versions()
        self._owner_watch = OwnerWatch(self._guard.owners, self._client, self._denied)

    async def run(self) -> None:
        """Works until it is cancelled; what it knows is kept then, and the kernel's table goes."""
        self._open_challenges()
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
        """Return the members of some sets."""
        return self._register.rows(time.monotonic(), names)

    def floods(self) -> list[Row]:
        """Return who has opened too many connections lately, which the kernel alone knows."""
        return [
            Row("flood", flood.key, flood.left, None, f"{flood.packets} connections refused")
            for flood in self._firewall.read_floods()
        ]

    def carry_out(self, order: Order) -> Effect:
        """Change sets.

        Raises:
            OrderError: it cannot be done; nothing has changed.
        """
        effect = self._register.carry_out(order, time.monotonic())
        self._firewall.release(effect.released)
        self._firewall.jail(effect.jailed)
        self._firewall.hasten(effect.hastened)
        self._firewall.slow(effect.slowed)
        if effect.lists:
            wanted = self._wanted()
            self._firewall.set_lists(wanted.white, wanted.black)
        for line in effect.said:
            self._say(NOTICE, f"by command: {line}")
        return effect

    def figures(self) -> Figures:
        """Return what was seen and done."""
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
        self._read_challenges()  # a nonce has to be known before its answer is judged
        sentences: list[Sentence] = []
        suspects: dict[str, Suspect] = {}
        for message in messages:
            event = read_event(message)
            if event is None:
                self._owner_watch.hear(message)
                continue
            self._learn_port(event)
            decision = self._guard.judge(event, now)
            if isinstance(decision, Sentence):
                sentences.append(decision)
            elif decision:
                suspects[decision.key] = decision
            elif event.meaning is Meaning.WELCOME:
                self._let_through(event, now)
        if sentences:
            self._firewall.jail([Prisoner(x.key, x.seconds, x.seconds) for x in sentences])
            for sentence in sentences:
                self._say(NOTICE, _line(sentence))
        if suspects:
            self._firewall.slow([self._register.limit(x, now) for x in suspects.values()])
            for suspect in suspects.values():
                self._slow_lines += 1  # a forger has any number of addresses
                if self._slow_lines <= MOST_LINES:
                    self._say(NOTICE, _slow_line(suspect, self._guard.rules.slowrate))

    def _let_through(self, event: SecurityEvent, now: float) -> None:
        """Has the kernel let a phone through that has logged in where all are slow."""
        key = self._guard.key_of(event.address)
        if self._guard.suspects.is_slow(key, now):
            slow = [x for x in self._register.slow(now) if x.key == key]
            self._firewall.slow(slow)

    def _learn_port(self, event: SecurityEvent) -> None:
        port = event.local_port
        known = port in self._ports or not port or event.service != "PJSIP"
        if not known and len(self._ports) < MOST_PORTS:
            self._ports.add(port)
            self._firewall.add_ports([port])

    def _open_challenges(self) -> None:
        try:
            self._challenges = ChallengeLog(self._challenged)
        except OSError as error:
            self._unseen = error.strerror or str(error)
            return
        asyncio.get_running_loop().add_reader(self._challenges.fileno(), self._read_challenges)

    def _read_challenges(self) -> None:
        if self._challenges:
            self._challenges.read()

    def _challenged(self, address: Address, nonce: str) -> None:
        self._guard.proofs.sent(self._guard.key_of(address), nonce, time.monotonic())

    def _up(self) -> None:
        self._say(*self._outage.ended())
        self._owner_watch.start_anew()
        self._write(HEALTH, self._health(time.monotonic()))

    def _down(self, error: Exception) -> None:
        if line := self._outage.goes_on(error, time.monotonic()):
            self._say(*line)

    def _denied(self) -> None:
        self._say(INFO, "the AMI user may not ask for trunks: that takes write = system")

    def _wanted(self) -> Contents:
        now = time.monotonic()
        rules = self._guard.rules
        return Contents(
            self._register.merged("whitelist"),
            self._register.merged("blacklist"),
            tuple(self._register.prisoners(now)),
            tuple(self._register.slow(now)) if rules.slowrate else (),
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
            self._guard.offenders.jailed_beyond(moment),
            self._guard.suspects.slow_beyond(moment) if self._guard.rules.slowrate else 0,
        )

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
            if self._firewall.missing:
                self._complain(self._firewall.missing)
            if self._unseen and not self.reason:
                self._complain(f"guessing over UDP is slowed, not jailed: {self._unseen}")
            await asyncio.sleep(SECOND_LOOK)
            now = time.monotonic()
            self._guard.pass_time(now)
            self._notice_network()
            self._notice_free(now)
            rebuilt = self._firewall.rebuilt
            self._write(METRICS, as_prometheus(self.figures()))
            self._notice_asterisk(now)
            self._write(HEALTH, self._health(now))
            if self._firewall.rebuilt > rebuilt and not self.reason:
                self._say(NOTICE, "somebody has changed the kernel's table: made it again")
            self._tell_many()
            self._owner_watch.ask(now)

    def _notice_free(self, now: float) -> None:
        """Has the kernel count no connections from phones, trunks and routers."""
        owners = self._guard.owners
        phones = [parse_span(key) for key, _ in owners.phones(now)]
        routers = network.gateways(network.read("route"), network.read("ipv6_route"))
        free = Spans([*phones, *routers, *owners.registered, *owners.trunk_spans.merged]).merged
        if free != self._free:
            self._free = free
            self._firewall.set_free(free)

    def _tell_many(self) -> None:
        floods = {flood.key: flood for flood in self._firewall.read_floods()}
        new = [flood for key, flood in floods.items() if key not in self._told_floods]
        for flood in new[:MOST_LINES]:
            self._say(NOTICE, f"{flood.key} opens too many connections: `autoban show` counts them")
        if len(new) > MOST_LINES:
            self._say(NOTICE, f"{len(new) - MOST_LINES} more open too many connections")
        self._told_floods = set(floods)
        if self._slow_lines > MOST_LINES:
            self._say(NOTICE, f"slowed {self._slow_lines - MOST_LINES} more: `autoban list slow`")
        self._slow_lines = 0

    async def _look_after_state(self) -> None:
        while True:
            await asyncio.sleep(SECOND_SAVE)
            # A disk may take its time, and whoever guesses meanwhile would not be stopped.
            await asyncio.to_thread(self._save, *self._known())

    def _known(self) -> tuple[list[OffenderRow], State, int]:
        """Return what is to be kept, and a number that is another if it has changed."""
        now = time.monotonic()
        changes = (
            self._guard.offenders.changes
            + self._guard.owners.changes
            + self._guard.suspects.changes
        )
        others = State(
            (),
            tuple(self._guard.owners.phones(now)),
            self._register.added("whitelist"),
            self._register.added("blacklist"),
            tuple(self._guard.suspects.entries(now)),
        )
        return self._guard.offenders.rows(now), others, changes

    def _save(self, offenders: list[OffenderRow], others: State, changes: int) -> None:
        state = replace(others, offenders=tuple(Entry(*row) for row in offenders))
        try:
            self._store.keep(state, changed=changes != self._kept_changes)
        except OSError as error:
            self._complain(f"what is known cannot be kept: {error}")
        else:
            self._kept_changes = changes

    def _complain(self, line: str) -> None:
        if line not in self._complained:
            self._complained.add(line)
            self._say(ERROR, line)

    def _notice_network(self) -> None:
        if_inet6 = network.read("if_inet6")
        own = network.own_addresses(network.read("fib_trie"), if_inet6)
        self._guard.set_own(own, network.own_networks(if_inet6))

    def _check(self) -> None:
        """Raise AmiForeignError if it is not our Asterisk that would take our login."""
        host, port = self._login.host, self._login.port
        if is_foreign(host, port):
            raise AmiForeignError(
                f"port {port} of {host} belongs to another program or another Asterisk, not to "
                "this container's: nothing is heard; set the same free port as [general] port in "
                "manager.conf and [asmanager] port in autoban.conf, then restart the container"
            )

    def _notice_asterisk(self, now: float) -> None:
        """End a connection to somebody else, and have a refused login tried after changes."""
        if self._client.up and now >= self._next_check:
            self._next_check = now + SECOND_CHECK
            try:
                self._check()
            except AmiForeignError as error:
                self._client.end(error)
        seen = self._versions()
        if seen != self._seen:
            self._seen = seen
            self._client.retry_now()

    def _versions(self) -> list[tuple[str, int]]:
        """Return what is different when the configuration has changed or Asterisk is another."""
        found = []
        for path in (*sorted(CONFIGURATION.glob("manager*.conf")), CONFIGURATION / NAME, PID_FILE):
            try:
                found.append((str(path), path.stat().st_mtime_ns))
            except OSError:
                continue  # that is a version, too
        return found

    def _health(self, now: float) -> str:
        problem = self._outage.problem(now)
        if problem:
            return f"fail\tautoban\t{problem}\n"
        what = "hears Asterisk" if self._client.up else "is about to hear Asterisk again"
        return f"ok\tautoban\t{what}{', watching only' if self.reason else ''}\n"

    def _write(self, path: Path, text: str) -> None:
        new = path.with_suffix(".new")
        try:
            new.write_text(text)
            new.replace(path)
        except OSError as error:
            self._complain(f"{path} cannot be written: {error}")


def _line(sentence: Sentence) -> str:
    again = " again" if sentence.before else ""
    attempts = f"{sentence.count} attempt{'s' * (sentence.count != 1)}"
    return (
        f"jailed {sentence.key}{again} for {format_time(sentence.seconds)}: "
        f"{attempts}, the last {sentence.kind}"
    )


def _slow_line(suspect: Suspect, rate: int) -> str:
    return (
        f"slowed {suspect.key} to {rate} requests a second for {format_time(suspect.left)}: "
        f"{suspect.count} attempts that may be forged, the last {suspect.kind}"
    )
