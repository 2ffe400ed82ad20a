"""The running AutoBan: events from Asterisk come in, decisions go to the kernel."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pbx.asterisk.ami import Message
from pbx.asterisk.ami_client import AmiClient
from pbx.autoban.control.changes import Effect, change_sets
from pbx.autoban.control.figures import Figures, as_prometheus
from pbx.autoban.control.member import Member
from pbx.autoban.control.orders import SetChange
from pbx.autoban.control.sets import Sets
from pbx.autoban.enforcement import Enforcement
from pbx.autoban.event_handler import EventHandler
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.kernel import network
from pbx.autoban.kernel.nft import FirewallError
from pbx.autoban.kernel_care import KernelCare
from pbx.autoban.manager.owner_watch import OwnerWatch
from pbx.autoban.manager.watch import ManagerWatch
from pbx.autoban.notices import Notices
from pbx.autoban.places import CONFIGURATION, HEALTH, METRICS
from pbx.autoban.settings import BanSettings
from pbx.autoban.state import BanState
from pbx.autoban.state_keeper import StateKeeper
from pbx.autoban.store import BanStore
from pbx.core.log import ERROR, INFO, NOTICE

STEP_SECONDS = 2.0
"""Time between two looks at the kernel's table, the network and the connection."""

SAVE_SECONDS = 3.0
"""Time between two savings of the state."""


class AutoBan:
    """All parts of the service.

    Args:
        settings: Of autoban.conf.
        state: The state that was saved.
        store: Where the state is saved.
        nft: Runs commands of nft; see kernel.nft.connect().
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self,
        settings: BanSettings,
        state: BanState,
        store: BanStore,
        nft: Callable[[str], str],
        say: Callable[[int, str], None],
    ) -> None:
        now = self._started = time.monotonic()
        self._notices = Notices(say)
        self._guard = Guard(settings.rules)
        self._update_network()
        self._sets = Sets(
            self._guard,
            {"whitelist": settings.whitelist, "blacklist": settings.blacklist},
            {"whitelist": state.white, "blacklist": state.black},
        )
        self._keeper = StateKeeper(self._guard, self._sets, store, self._notices)
        self._keeper.restore(state, now)
        self._enforcement = Enforcement(self._guard, self._sets, settings.ports, nft)
        self._firewall = self._enforcement.firewall
        self._care = KernelCare(self._enforcement, self._notices)
        self._manager = ManagerWatch(settings.login, CONFIGURATION, say, now)
        handler = EventHandler(
            self._guard, self._enforcement, self._notices, self._care.slow_lines, self._hear_owners
        )
        self._client = AmiClient(
            settings.login, handler.handle, self._up, self._down, self._manager.check
        )
        self._owner_watch = OwnerWatch(self._guard.owners, self._client, self._log_denied)

    async def run(self) -> None:
        """Work until this is cancelled; then save the state and remove the kernel's table."""
        self._enforcement.open_challenges()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._step_for_ever())
                tasks.create_task(self._save_for_ever())
                tasks.create_task(self._client.run())
        finally:
            self._keeper.save(self._keeper.take(time.monotonic()))
            try:
                self._firewall.remove()
            except FirewallError as error:
                self._notices.say(ERROR, f"the kernel's table stays: {error}")

    @property
    def reason(self) -> str:
        """Why nothing is dropped; "" if packets are dropped."""
        return self._firewall.reason

    def members(self, names: Sequence[str]) -> list[Member]:
        """Return the members of some sets."""
        return self._sets.members(time.monotonic(), names)

    def floods(self) -> list[Member]:
        """Return the addresses that opened too many connections lately, from the kernel."""
        return [
            Member("flood", flood.key, flood.left, None, f"{flood.packets} connections refused")
            for flood in self._firewall.read_floods()
        ]

    def change(self, change: SetChange) -> Effect:
        """Change sets.

        Raises:
            OrderError: the change is not possible; nothing has changed.
        """
        effect = change_sets(self._sets, self._guard, change, time.monotonic())
        self._enforcement.apply(effect)
        for line in effect.lines:
            self._notices.say(NOTICE, f"by command: {line}")
        return effect

    def read_counters(self) -> None:
        """Read the kernel's counters; figures() returns them. It changes nothing in the kernel."""
        self._firewall.look()

    def figures(self) -> Figures:
        """Return the figures, with the kernel's counters as of the last look."""
        now = time.monotonic()
        return Figures(
            dict(self._guard.events),
            self._sets.sizes(now),
            self._guard.bans,
            self._firewall.dropped,
            self._client.up,
            not self._firewall.reason,
            len(list(self._guard.owners.phones(now))),
            self._guard.owners.trunks,
            self._firewall.rebuilt,
            round(now - self._started, 1),
        )

    async def _step_for_ever(self) -> None:
        self._care.start()
        while True:
            await asyncio.sleep(STEP_SECONDS)
            now = time.monotonic()
            self._guard.pass_time(now)
            self._update_network()
            self._care.step(now)
            self._write(METRICS, as_prometheus(self.figures()))
            self._manager.step(self._client, now)
            self._write_health(now)
            self._owner_watch.ask(now)

    async def _save_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            # A disk may be slow, and attackers must be banned meanwhile.
            await asyncio.to_thread(self._keeper.save, self._keeper.take(time.monotonic()))

    def _hear_owners(self, message: Message) -> None:
        self._owner_watch.hear(message)

    def _up(self) -> None:
        self._manager.up()
        self._owner_watch.reset()
        self._write_health(time.monotonic())

    def _down(self, error: Exception) -> None:
        self._manager.down(error, time.monotonic())

    def _log_denied(self) -> None:
        self._notices.say(INFO, "the AMI user may not query trunks: it needs write = system")

    def _update_network(self) -> None:
        if_inet6 = network.read("if_inet6")
        own = network.own_addresses(network.read("fib_trie"), if_inet6)
        self._guard.set_own(own, network.own_networks(if_inet6))

    def _write_health(self, now: float) -> None:
        watching_only = bool(self.reason)
        text = self._manager.health(up=self._client.up, watching_only=watching_only, now=now)
        self._write(HEALTH, text)

    def _write(self, path: Path, text: str) -> None:
        new = path.with_suffix(".new")
        try:
            new.write_text(text)
            new.replace(path)
        except OSError as error:
            self._notices.say_once(f"{path} cannot be written: {error}")
