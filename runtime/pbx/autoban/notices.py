"""Log lines, and which of them were logged already."""

from collections.abc import Callable

from pbx.autoban.judgement.offenders import Ban
from pbx.autoban.judgement.suspects import Suspect
from pbx.core.log import ERROR, NOTICE
from pbx.core.times import format_time


class Notices:
    """Writes lines to the log.

    Args:
        write: Called with a level of pbx.core.log and a line.
    """

    def __init__(self, write: Callable[[int, str], None]) -> None:
        self.say = write
        self._logged: set[str] = set()

    def say_once(self, line: str) -> None:
        """Log an error, unless it was logged before."""
        if line not in self._logged:
            self._logged.add(line)
            self.say(ERROR, line)


class LineLimit:
    """Limits the number of log lines in a period: a forger can name any number of addresses.

    Args:
        notices: The log.
        most: Lines in a period.
    """

    def __init__(self, notices: Notices, most: int) -> None:
        self._notices = notices
        self._most = most
        self._number = 0

    def say(self, line: str) -> None:
        """Log a line, if the limit is not reached."""
        self._number += 1
        if self._number <= self._most:
            self._notices.say(NOTICE, line)

    def end_period(self, rest: str) -> None:
        """Log how many lines were left out; `rest` has `{}` for their number."""
        if self._number > self._most:
            self._notices.say(NOTICE, rest.format(self._number - self._most))
        self._number = 0


def ban_line(ban: Ban) -> str:
    """Return the log line about a ban."""
    again = " again" if ban.before else ""
    attempts = f"{ban.count} attempt{'s' * (ban.count != 1)}"
    return (
        f"banned {ban.key}{again} for {format_time(ban.seconds)}: {attempts}, the last {ban.kind}"
    )


def slow_line(suspect: Suspect, rate: int) -> str:
    """Return the log line about a rate limit, in requests a second."""
    return (
        f"limited {suspect.key} to {rate} requests a second for {format_time(suspect.left)}: "
        f"{suspect.count} attempts that may be forged, the last {suspect.kind}"
    )
