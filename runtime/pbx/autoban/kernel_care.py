"""Looks at the kernel's table every two seconds, repairs it, and logs what has changed there."""

from pbx.autoban.enforcement import Enforcement
from pbx.autoban.notices import LineLimit, Notices
from pbx.core.log import NOTICE, WARNING

MOST_LINES = 5
"""Log lines between two looks, about rate limits and about connections."""


class KernelCare:
    """Repairs and logs.

    Args:
        enforcement: Has the table.
        notices: The log.

    Attributes:
        slow_lines: The log, for lines about rate limits.
    """

    def __init__(self, enforcement: Enforcement, notices: Notices) -> None:
        self.slow_lines = LineLimit(notices, MOST_LINES)
        self._enforcement = enforcement
        self._firewall = enforcement.firewall
        self._notices = notices
        self._reason = ""
        self._floods: set[str] = set()

    def start(self) -> None:
        """Create the table."""
        self._firewall.build()
        self._log_abilities()

    def step(self, now: float) -> None:
        """Look at the table, repair it if it is damaged, and log changes."""
        self._enforcement.update_free(now)
        self._firewall.look()
        if self._firewall.repair() and not self._firewall.reason:
            self._notices.say(NOTICE, "another program changed the kernel's table: restored it")
        self._log_floods()
        self.slow_lines.end_period("limited {} more: `autoban list slow`")
        self._log_abilities()

    def _log_abilities(self) -> None:
        reason = self._firewall.reason
        if reason != self._reason:
            self._reason = reason
            if reason:
                self._notices.say(WARNING, f"watching only, nothing is dropped: {reason}")
            else:
                self._notices.say(NOTICE, "packets are dropped again")
        if self._firewall.missing:
            self._notices.say_once(self._firewall.missing)
        if self._enforcement.unseen and not reason:
            self._notices.say_once(
                f"guessing over UDP is rate-limited, not banned: {self._enforcement.unseen}"
            )

    def _log_floods(self) -> None:
        found = [flood.key for flood in self._firewall.read_floods()]
        lines = LineLimit(self._notices, MOST_LINES)
        for key in found:
            if key not in self._floods:
                lines.say(f"{key} opens too many connections: `autoban show` counts them")
        lines.end_period("{} more open too many connections")
        self._floods = set(found)
