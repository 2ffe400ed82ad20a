"""What to say about a connection that comes and goes: each thing once. No clock and no I/O."""

from pbx.asterisk.ami_client import AmiRefusedError
from pbx.core.log import ERROR, INFO, NOTICE

PATIENCE = 20.0
"""Seconds without a connection until that is worth a line: Asterisk may just be starting."""

Line = tuple[int, str]
"""Level and text."""


class Outage:
    """Watches one connection.

    Args:
        now: Seconds, by a clock that never goes back.
    """

    def __init__(self, now: float) -> None:
        self._since = now
        self._up = False
        self._told = ""

    def ended(self) -> Line:
        """Takes note that the connection is there; returns what to say."""
        self._up = True
        level = NOTICE if self._told else INFO
        self._told = ""
        return level, "connected to Asterisk"

    def goes_on(self, error: Exception, now: float) -> Line | None:
        """Takes note of a failure; returns what to say, if that is new."""
        if self._up:
            self._up = False
            self._since = now
        reason = str(error) or type(error).__name__
        refused = isinstance(error, AmiRefusedError)
        if reason == self._told or (not refused and now - self._since < PATIENCE):
            return None
        self._told = reason
        if refused:
            hint = "username and secret in autoban.conf have to be those in manager.conf"
            return ERROR, f"Asterisk refuses the login: {reason}; {hint}; trying on"
        return ERROR, f"no connection to Asterisk's manager interface: {reason}; trying on"
