"""What to say about a connection that comes and goes: each thing once. No clock and no I/O."""

from pbx.asterisk.ami_client import AmiForeignError, AmiRefusedError
from pbx.core.log import ERROR, INFO, NOTICE

PATIENCE = 20.0
"""Seconds without a connection until that is worth a line: Asterisk may just be starting."""

SICK_AFTER = 60.0
"""Seconds without a connection until AutoBan is not healthy any more."""

REFUSED_SICK_AFTER = 10.0
"""The same if it is not for a restart: the login is refused, or somebody else listens."""

Line = tuple[int, str]
"""Level and text."""


class Outage:
    """Watches one connection.

    Args:
        now: Seconds, by a clock that never goes back.
    """

    def __init__(self, now: float) -> None:
        self._since = now
        self._refused_since: float | None = None
        self._up = False
        self._told = ""
        self._reason = "not connected yet"

    def ended(self) -> Line:
        """Take note that the connection is there; return what to say."""
        self._up = True
        self._refused_since = None
        level = NOTICE if self._told else INFO
        self._told = ""
        return level, "connected to Asterisk"

    def goes_on(self, error: Exception, now: float) -> Line | None:
        """Take note of a failure; return what to say, if that is new."""
        if self._up:
            self._up = False
            self._since = now
        reason = str(error) or type(error).__name__
        refused = isinstance(error, AmiRefusedError | AmiForeignError)
        if not refused:
            self._refused_since = None
            self._reason = f"no connection to Asterisk's manager interface: {reason}"
        else:
            if self._refused_since is None:
                self._refused_since = now
            self._reason = reason
            if isinstance(error, AmiRefusedError):
                self._reason = (
                    f"Asterisk refuses the login: {reason}; username and secret in autoban.conf "
                    "have to be those in manager.conf"
                )
        if reason == self._told or (not refused and now - self._since < PATIENCE):
            return None
        self._told = reason
        return ERROR, f"{self._reason}; trying on"

    def problem(self, now: float) -> str:
        """Return why AutoBan is not healthy; "" if it is, or may be in a moment.

        A restart of Asterisk is none: that takes seconds.
        """
        if self._up:
            return ""
        if self._refused_since is not None and now - self._refused_since >= REFUSED_SICK_AFTER:
            return self._reason
        return self._reason if now - self._since >= SICK_AFTER else ""
