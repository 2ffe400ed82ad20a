"""The kernel's side: our table, put there and kept there by libnftables in this process."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pbx.autoban.judgement.addresses import Span
from pbx.autoban.kernel import limits, ruleset
from pbx.autoban.kernel.limits import Limits
from pbx.autoban.kernel.ruleset import Contents, Dropped, Flood, Prisoner, Slow

_NETFILTER = 12  # NETLINK_NETFILTER of linux/netlink.h, which Python's socket has no name for
_FORBIDDEN = "Operation not permitted"
_SLACK = 5.0  # seconds; who has less left may be gone already where the kernel counts


class FirewallError(Exception):
    """The kernel or its library refuses; the text is the reason."""


class Firewall:
    """Drops packets of those who are jailed or blacklisted, as long as the kernel lets us.

    Args:
        run: Takes commands of nft and returns what it prints; see connect().
        wanted: Returns what has to be in the table.
        expected: Returns how many prisoners and how many slow ones there will be at least, a
            number of seconds from now.

    Attributes:
        reason: Why nothing is dropped; "" if all is well.
        missing: What this kernel cannot do, and its error; "" if it can do all.
        rebuilt: How often the table had to be made again.
        floods: How many have opened too many connections lately, as of the last look.
    """

    def __init__(
        self,
        run: Callable[[str], str],
        wanted: Callable[[], Contents],
        expected: Callable[[float], tuple[int, int]],
    ) -> None:
        self.reason = "not started"
        self.missing = ""
        self.rebuilt = 0
        self.floods = 0
        self._run = run
        self._wanted = wanted
        self._expected = expected
        self._shape = ""
        self._before: dict[str, Dropped] = {}
        self._now: Mapping[str, Dropped] = {}

    @property
    def dropped(self) -> dict[str, Dropped]:
        """What was dropped since this program was started, by counter, as of the last look."""
        names = {*self._before, *self._now}
        nothing = Dropped()
        return {
            name: self._before.get(name, nothing) + self._now.get(name, nothing) for name in names
        }

    def build(self) -> None:
        """Make the table with all that has to be in it; reason says whether that worked."""
        contents = self._wanted()
        reason = ""
        for possible, missing in _possible(contents.limits):
            try:
                self._run(ruleset.create(replace(contents, limits=possible)))
                look = ruleset.read_look(self._run(ruleset.LOOK))
            except FirewallError as error:
                reason = reason or str(error)
                if _FORBIDDEN in reason:
                    break
                continue
            self.reason = ""
            self.missing = f"{missing}: {reason}" if missing else ""
            self.floods = look.floods
            self._shape = look.shape
            self._before, self._now = self.dropped, look.dropped
            return
        self.reason = reason

    def jail(self, prisoners: list[Prisoner]) -> None:
        """Jails some, in one transaction."""
        self._change(ruleset.jail(prisoners))

    def release(self, keys: Iterable[str]) -> None:
        """Lets some go."""
        self._change(ruleset.release(keys))

    def slow(self, suspects: Iterable[Slow]) -> None:
        """Limits some, in one transaction."""
        self._change(ruleset.slow(suspects))

    def hasten(self, keys: Iterable[str]) -> None:
        """Limits some no more."""
        self._change(ruleset.release(keys, "slow"))

    def add_ports(self, ports: Iterable[int]) -> None:
        """Has limits apply to more ports."""
        self._change(limits.add_ports(ruleset.TABLE, ports))

    def set_free(self, spans: Iterable[Span]) -> None:
        """Replace those whose connections are not counted."""
        self._change(ruleset.free(spans))

    def read_floods(self) -> list[Flood]:
        """Return who has opened too many connections lately."""
        if self.reason or not self.floods:
            return []
        try:
            return [
                flood
                for command in ruleset.FLOODS
                for flood in ruleset.read_floods(self._run(command))
            ]
        except FirewallError:
            return []  # the next look finds out why

    def set_lists(self, white: Iterable[Span], black: Iterable[Span]) -> None:
        """Replace the whitelist and the blacklist."""
        self._change(ruleset.lists(white, black))

    def look(self) -> None:
        """Read the counters; makes the table again if somebody has taken or changed it."""
        if self.reason:
            self.build()
            return
        try:
            look = ruleset.read_look(self._run(ruleset.LOOK))
        except FirewallError:
            self._repair()
            return
        self._now = look.dropped
        self.floods = look.floods
        jailed, slow = self._expected(_SLACK)
        if look.shape != self._shape or look.jailed < jailed or look.slow < slow:
            self._repair()

    def remove(self) -> None:
        """Take the table away."""
        if not self.reason:
            self.reason = "stopped"
            self._run(ruleset.REMOVE)

    def _change(self, commands: str) -> None:
        if self.reason or not commands:
            return
        try:
            self._run(commands)
        except FirewallError:
            self._repair()

    def _repair(self) -> None:
        self.rebuilt += 1
        self.build()


def _possible(wanted: Limits) -> Iterator[tuple[Limits, str]]:
    """Yield limits to ask of the kernel, less and less, and what it lacks if it takes these."""
    yield wanted, ""
    uncounted = replace(wanted, counts_connections=False)
    yield uncounted, "this kernel cannot count connections"
    if wanted.group is not None:
        yield replace(wanted, group=None), "this kernel does not hand over challenges"
        yield replace(uncounted, group=None), "this kernel has neither connlimit nor NFLOG"


def connect() -> Callable[[str], str]:
    """Return what runs commands of nft in this process.

    Raises:
        FirewallError: the library is not there, or the kernel cannot be talked to, as where QEMU
            emulates it. The library would end the process then (nft_mnl_socket_open).
    """
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER).close()
    except OSError as error:
        raise FirewallError(f"there is no way to the packet filter: {error.strerror}") from error
    try:
        from nftables import Nftables  # noqa: PLC0415 # costs memory where it is of no use

        nft = Nftables()
    except (ImportError, OSError) as error:
        raise FirewallError(f"nftables is not there: {error}") from error

    def run(commands: str) -> str:
        lists_elements = commands in ruleset.FLOODS  # the only ones that are few
        nft.set_terse_output(not lists_elements)
        nft.set_json_output(lists_elements)
        status, output, errors = nft.cmd(commands)
        if status:
            raise FirewallError(next(iter(errors.splitlines()), "nftables failed"))
        return str(output)

    return run
