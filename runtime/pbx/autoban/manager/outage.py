"""Log lines about the connection to Asterisk: each of them once. No clock and no I/O."""

from pbx.asterisk.ami_client import AmiForeignError, AmiRefusedError
from pbx.core.log import ERROR, INFO, NOTICE

LOGGED_AFTER = 20.0
"""Seconds without a connection until that is logged: Asterisk may just be starting."""

FAILS_AFTER = 60.0
"""Seconds without a connection until the health check fails."""

REFUSED_FAILS_AFTER = 10.0
"""The same if the login is refused, or if the port is not Asterisk's."""

LogLine = tuple[int, str]
"""Level and text."""


class Outage:
    """The state of the connection.

    Args:
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, now: float) -> None:
        self._since = now
        self._refused_since: float | None = None
        self._up = False
        self._logged = ""
        self._reason = "not connected yet"

    def ended(self) -> LogLine:
        """Note that the connection works; return the log line."""
        self._up = True
        self._refused_since = None
        level = NOTICE if self._logged else INFO
        self._logged = ""
        return level, "connected to Asterisk"

    def goes_on(self, error: Exception, now: float) -> LogLine | None:
        """Note a failure; return a log line if it is a new one."""
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
        if reason == self._logged or (not refused and now - self._since < LOGGED_AFTER):
            return None
        self._logged = reason
        return ERROR, f"{self._reason}; retrying"

    def problem(self, now: float) -> str:
        """Return why AutoBan is not healthy; "" if it is.

        A restart of Asterisk takes seconds, and does not count.
        """
        if self._up:
            return ""
        if self._refused_since is not None and now - self._refused_since >= REFUSED_FAILS_AFTER:
            return self._reason
        return self._reason if now - self._since >= FAILS_AFTER else ""
