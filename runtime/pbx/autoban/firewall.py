"""The kernel's side: our table, put there and kept there by libnftables in this process."""

import socket
from collections.abc import Callable, Iterable, Mapping

from pbx.autoban import ruleset
from pbx.autoban.addresses import Span
from pbx.autoban.ruleset import Dropped, Prisoner

_NETFILTER = 12  # NETLINK_NETFILTER of linux/netlink.h, which Python's socket has no name for
_SLACK = 5.0  # seconds; who has less left may be gone already where the kernel counts


class FirewallError(Exception):
    """The kernel or its library refuses; the text is the reason."""


class Firewall:
    """Drops packets of those who are jailed or blacklisted, as long as the kernel lets us.

    Args:
        run: Takes commands of nft and returns what it prints; see connect().
        wanted: Returns what has to be in the table: whitelist, blacklist, prisoners.
        jailed: Returns how many prisoners there will be at least, a number of seconds from now.

    Attributes:
        reason: Why nothing is dropped; "" if all is well.
        rebuilt: How often the table had to be made again.
    """

    def __init__(
        self,
        run: Callable[[str], str],
        wanted: Callable[[], tuple[Iterable[Span], Iterable[Span], list[Prisoner]]],
        jailed: Callable[[float], int],
    ) -> None:
        self.reason = "not started"
        self.rebuilt = 0
        self._run = run
        self._wanted = wanted
        self._jailed = jailed
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
        """Makes the table with all that has to be in it; reason says whether that worked."""
        try:
            self._run(ruleset.create(*self._wanted()))
            look = ruleset.read_look(self._run(ruleset.LOOK))
        except FirewallError as error:
            self.reason = str(error)
            return
        self.reason = ""
        self._shape = look.shape
        self._before, self._now = self.dropped, look.dropped

    def jail(self, prisoners: list[Prisoner]) -> None:
        """Jails some, in one transaction."""
        self._change(ruleset.jail(prisoners))

    def release(self, keys: Iterable[str]) -> None:
        """Lets some go."""
        self._change(ruleset.release(keys))

    def set_lists(self, white: Iterable[Span], black: Iterable[Span]) -> None:
        """Replaces the whitelist and the blacklist."""
        self._change(ruleset.lists(white, black))

    def look(self) -> None:
        """Reads the counters; makes the table again if somebody has taken or changed it."""
        if self.reason:
            self.build()
            return
        try:
            look = ruleset.read_look(self._run(ruleset.LOOK))
        except FirewallError:
            self._repair()
            return
        self._now = look.dropped
        if look.shape != self._shape or look.jailed < self._jailed(_SLACK):
            self._repair()

    def remove(self) -> None:
        """Takes the table away."""
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


def connect() -> Callable[[str], str]:
    """Returns what runs commands of nft in this process.

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
    nft.set_terse_output(True)

    def run(commands: str) -> str:
        status, output, errors = nft.cmd(commands)
        if status:
            raise FirewallError(next(iter(errors.splitlines()), "nftables failed"))
        return str(output)

    return run
