"""The two servers that loads are measured on: our image, and the plain Asterisk beside it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from bench.accounts import extensions, plain_sections, users, wizard_sections
from bench.bench import LABELS, BenchSetting
from bench.plain import ensure_plain
from bench.usage import cpu_seconds, memory
from factory.build.containers import (
    Container,
    create_container,
    remove_container,
    run_in,
    start_container,
)
from factory.build.engine import Engine
from factory.build.fixture_image import ensure_fixture_image
from factory.build.networks import make_network, remove_network
from factory.errors import ProofError
from factory.waiting import wait_for
from fixtures.service import archive
from fixtures.sipp import IMAGE, Run, Sipp, running_sipp
from fixtures.softphone import Account

RTP_END = 19999
"""A hundred ports, as in the sample, are 25 calls between two phones: two for each side of each."""
START_SECONDS = 40
TIMEOUT_SECONDS = 60
REST_SECONDS = 10
"""As often as the image's health check runs, which is part of its rest."""
LOAD_SECONDS = 3000
"""The load ends by itself after that."""
_QUIET, _QUIET_SECONDS = 0.05, 1
"""Share of a core: what is left over of the load before would count for the next one."""
_CONFIGURE = f"""
cat /etc/asterisk/bench.conf >> /etc/asterisk/pjsip_endpoint.conf
sed -i 's/^rtpend = .*/rtpend = {RTP_END}/' /etc/asterisk/rtp.conf
asterisk -rx 'module reload res_rtp_asterisk.so'
asterisk -rx 'pjsip reload'
"""


class Side:
    """A server.

    Attributes:
        address: Of the container.
        callers: Accounts that call.
        phones: Accounts that are registered and called.
        idle: Share of a core that the container takes at rest; 0 until that is known.
    """

    def __init__(
        self, engine: Engine, container: Container, network: str, accounts: tuple[Account, ...]
    ) -> None:
        self._engine = engine
        self._container = container
        container.reload()
        self.address = str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])
        self.idle = 0.0
        half = len(accounts) // 2
        self.callers, self.phones = accounts[:half], accounts[half:]

    @property
    def pairs(self) -> list[tuple[Account, Account]]:
        """Who calls whom."""
        return list(zip(self.callers, self.phones, strict=True))

    def cpu(self) -> float:
        """Seconds of processor time that the container has taken so far."""
        return cpu_seconds(self._engine, self._container)

    def meter(self) -> Callable[[], float]:
        """Begins to measure what a load takes.

        Returns:
            What tells the seconds of processor time since then, without those that the container
            takes at rest.
        """
        before, begun = self.cpu(), time.monotonic()
        return lambda: self.cpu() - before - self.idle * (time.monotonic() - begun)

    def memory(self) -> float:
        """MB of memory that its processes hold for themselves."""
        return memory(self._engine, self._container)

    def console(self, command: str) -> str:
        """Return what Asterisk's console answers."""
        return self.run(f"asterisk -rx '{command}'")

    def run(self, script: str) -> str:
        """Run a shell script as root; return what it printed."""
        return run_in(self._container, ["sh", "-c", script])

    def await_boot(self) -> None:
        """Wait until Asterisk serves."""
        wait_for(
            lambda: self.console("core waitfullybooted"),
            lambda said: "fully booted" in said,
            seconds=START_SECONDS,
            otherwise="Asterisk does not start",
        )

    def add_users(self) -> None:
        """Add the accounts to PrivateDial, and ports for their media."""
        sections = wizard_sections([*self.callers, *self.phones]).encode()
        self._container.put_archive("/etc/asterisk", archive({"bench.conf": sections}))
        self.run(_CONFIGURE)

    def await_accounts(self) -> None:
        """Wait until Asterisk knows all accounts."""
        last = self.phones[-1].user
        wait_for(
            lambda: self.console(f"pjsip show endpoint {last}"),
            lambda said: f"Endpoint:  {last}" in said,
            seconds=START_SECONDS,
            otherwise="Asterisk does not take the accounts",
        )

    def settle(self) -> None:
        """Wait until no call is left, nothing to do, and each phone said to be there.

        A call of which the load has forgotten to tell that it is over is ended.
        """
        wait_for(self._end_calls, seconds=TIMEOUT_SECONDS, otherwise="calls do not end")
        wait_for(
            self._busy_share,
            lambda share: share < _QUIET,
            seconds=TIMEOUT_SECONDS,
            otherwise="Asterisk does not come to rest",
        )
        wait_for(
            self._absent,
            lambda absent: not absent,
            seconds=TIMEOUT_SECONDS,
            otherwise="phones lack",
        )

    def _end_calls(self) -> bool:
        if self.console("core show channels count").startswith("0 active channels"):
            return True
        self.console("channel request hangup all")
        return False

    def _busy_share(self) -> float:
        # For a time in which a program that somebody runs in it, this module among them, is little.
        before, begun = self.cpu(), time.monotonic()
        time.sleep(_QUIET_SECONDS)
        return (self.cpu() - before) / (time.monotonic() - begun)

    def _absent(self) -> list[str]:
        lines = [line.split() for line in self.console("pjsip show contacts").splitlines()]
        there = {
            words[1].partition("/")[0]
            for words in lines
            if len(words) > 3 and words[0] == "Contact:" and words[3] in ("Avail", "NonQual")
        }
        absent = [phone.user for phone in self.phones if phone.user not in there]
        for user in absent:
            self.console(f"pjsip qualify {user}")
        return absent


@dataclass(frozen=True)
class Sides:
    """Both, and who calls them.

    Attributes:
        ours: Our image with PrivateDial; AutoBan is at work.
        plain: The distribution's Asterisk with three lines of dialplan.
        sipp: Load for either.
    """

    ours: Side
    plain: Side
    sipp: Sipp

    def each(self) -> Iterator[tuple[str, Side]]:
        """Yield the two by name."""
        yield "ours", self.ours
        yield "plain", self.plain

    def check_that_nobody_is_jailed(self) -> None:
        """Do nothing if AutoBan, which is at work as ever, has let the load alone.

        Raises:
            ProofError: it has not, so that nothing was measured.
        """
        jailed = self.ours.run("autoban list jail").strip()
        if self.sipp.address in jailed:
            raise ProofError(f"AutoBan has jailed the load: {jailed}")


def watch_rest(sides: Sides, seconds: float) -> None:
    """Find out what each side takes at rest, both at the same time."""
    for _, side in sides.each():
        side.settle()
    before = [side.cpu() for _, side in sides.each()]
    begun = time.monotonic()
    time.sleep(seconds)
    for (_, side), cpu in zip(sides.each(), before, strict=True):
        side.idle = (side.cpu() - cpu) / (time.monotonic() - begun)


def interleaved(
    sides: Sides, rounds: int, measure: Callable[[str, Side], Any]
) -> Mapping[str, list[Any]]:
    """Measures ours, the peer, ours, the peer …; return what was found of each by its name."""
    found: dict[str, list[Any]] = {name: [] for name, _ in sides.each()}
    for _ in range(rounds):
        for name, side in sides.each():
            side.settle()
            found[name].append(measure(name, side))
    return found


@contextmanager
def running_sides(setting: BenchSetting) -> Iterator[Sides]:
    """Start both, with users that are registered; everything is removed at the end.

    Raises:
        FactoryError: something cannot be built or started.
        TimeoutError: something does not start.
    """
    engine, console = setting.engine, setting.console
    plain_image = ensure_plain(setting)
    with console.activity("build SIPp"):
        sipp_image = ensure_fixture_image(
            engine, IMAGE, setting.base, mirror="", on_line=console.line
        )
    name = f"bench-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        with console.activity("start both servers and the load"):
            stack.callback(remove_network, make_network(engine, name, LABELS))

            def start(image: str, files: Mapping[str, bytes], **options: Any) -> Container:
                container = create_container(engine, image, network=name, labels=LABELS, **options)
                stack.callback(remove_container, container)
                if files:
                    container.put_archive("/etc/asterisk", archive(files))
                start_container(container)
                return container

            accounts = {"accounts.conf": plain_sections(extensions()).encode()}
            plain = Side(engine, start(plain_image, accounts), name, extensions())
            ours = Side(engine, start(setting.image, {}, cap_add=["NET_ADMIN"]), name, users())
            for side in (ours, plain):
                side.await_boot()
            ours.add_users()
            for side in (ours, plain):
                side.await_accounts()
            sipp = stack.enter_context(
                running_sipp(engine.client, name, image=sipp_image, labels=LABELS)
            )
            sides = Sides(ours, plain, sipp)
            _answer(sides)
        yield sides


def _answer(sides: Sides) -> Run:
    phones = {side.address: side.phones for _, side in sides.each()}
    return sides.sipp.answer(phones, LOAD_SECONDS)
