"""AutoBan's table in the kernel: created, changed, looked at and repaired."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from pbx.autoban.judgement.addresses import Span
from pbx.autoban.kernel import limits, ruleset
from pbx.autoban.kernel.contents import BannedSource, SlowSource, TableContents
from pbx.autoban.kernel.limits import Limits
from pbx.autoban.kernel.nft import FirewallError
from pbx.autoban.kernel.reading import Dropped, FloodSource, TableReading, read_floods, read_table

_FORBIDDEN = "Operation not permitted"
_SLACK = 5.0  # seconds; the kernel may already have removed an element that has less left


class Firewall:
    """Keeps AutoBan's table as it has to be.

    Args:
        run: Runs commands of nft and returns what nft prints; see library.connect().
        wanted: Returns what has to be in the table.
        expected: Returns how many banned and how many rate-limited addresses there will be at
            least, a number of seconds from now.

    Attributes:
        reason: Why nothing is dropped; "" if packets are dropped.
        missing: What this kernel cannot do, and its error; "" if it can do everything.
        rebuilt: How often the table had to be restored.
        floods: Number of addresses that opened too many connections, as of the last look.
    """

    def __init__(
        self,
        run: Callable[[str], str],
        wanted: Callable[[], TableContents],
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
        self._is_damaged = False
        self._before: dict[str, Dropped] = {}
        self._now: Mapping[str, Dropped] = {}

    @property
    def dropped(self) -> dict[str, Dropped]:
        """Packets dropped since the start of this program, by counter, as of the last look."""
        names = {*self._before, *self._now}
        nothing = Dropped()
        return {
            name: self._before.get(name, nothing) + self._now.get(name, nothing) for name in names
        }

    def build(self) -> None:
        """Create the table with all its contents; sets `reason` and `missing`."""
        contents = self._wanted()
        reason = ""
        for possible, missing in _possible(contents.limits):
            try:
                self._run(ruleset.create(replace(contents, limits=possible)))
                reading = read_table(self._run(ruleset.LOOK))
            except FirewallError as error:
                reason = reason or str(error)
                if _FORBIDDEN in reason:
                    break
                continue
            self.reason = ""
            self.missing = f"{missing}: {reason}" if missing else ""
            self.floods = reading.floods
            self._shape = reading.shape
            self._is_damaged = False
            self._before, self._now = self.dropped, reading.dropped
            return
        self.reason = reason

    def ban(self, sources: Iterable[BannedSource]) -> None:
        """Ban addresses, in one transaction."""
        self._change(ruleset.ban(sources))

    def unban(self, keys: Iterable[str]) -> None:
        """Unban addresses."""
        self._change(ruleset.take_out("jail", keys))

    def slow(self, sources: Iterable[SlowSource]) -> None:
        """Rate-limit addresses, in one transaction."""
        self._change(ruleset.slow(sources))

    def unslow(self, keys: Iterable[str]) -> None:
        """Remove the rate limits of addresses."""
        self._change(ruleset.take_out("slow", keys))

    def add_ports(self, ports: Iterable[int]) -> None:
        """Apply the limits to more ports."""
        self._change(limits.add_ports(ruleset.TABLE, ports))

    def set_free(self, spans: Iterable[Span]) -> None:
        """Replace the addresses whose connections are not counted."""
        self._change(ruleset.free(spans))

    def read_floods(self) -> list[FloodSource]:
        """Return the addresses that opened too many connections lately."""
        if self.reason or not self.floods:
            return []
        try:
            return [
                flood for command in ruleset.FLOODS for flood in read_floods(self._run(command))
            ]
        except FirewallError:
            return []  # the next look finds out why

    def set_lists(self, white: Iterable[Span], black: Iterable[Span]) -> None:
        """Replace the whitelist and the blacklist."""
        self._change(ruleset.lists(white, black))

    def look(self) -> None:
        """Read the counters, and note whether the table is damaged; changes nothing in it."""
        if self.reason:
            return
        try:
            reading = read_table(self._run(ruleset.LOOK))
        except FirewallError:
            self._is_damaged = True
            return
        self._now = reading.dropped
        self.floods = reading.floods
        self._is_damaged = not self._is_complete(reading)

    def repair(self) -> bool:
        """Restore the table if the last look found it damaged; return whether it was.

        If nothing is dropped, because the kernel refused, this tries again.
        """
        if self.reason:
            self.build()
            return False
        if not self._is_damaged:
            return False
        self.rebuilt += 1
        self.build()
        return True

    def remove(self) -> None:
        """Remove the table.

        Raises:
            FirewallError: the kernel refused.
        """
        if not self.reason:
            self.reason = "stopped"
            self._run(ruleset.REMOVE)

    def _is_complete(self, reading: TableReading) -> bool:
        banned, slow = self._expected(_SLACK)
        return reading.shape == self._shape and reading.banned >= banned and reading.slow >= slow

    def _change(self, commands: str) -> None:
        if self.reason or not commands:
            return
        try:
            self._run(commands)
        except FirewallError:
            self._is_damaged = True
            self.repair()


def _possible(wanted: Limits) -> Iterator[tuple[Limits, str]]:
    """Yield limits from all to few, each with what the kernel lacks if it accepts only these."""
    yield wanted, ""
    uncounted = replace(wanted, counts_connections=False)
    yield uncounted, "this kernel cannot count connections"
    if wanted.group is not None:
        yield replace(wanted, group=None), "this kernel does not hand over challenges"
        yield replace(uncounted, group=None), "this kernel has neither connlimit nor NFLOG"
