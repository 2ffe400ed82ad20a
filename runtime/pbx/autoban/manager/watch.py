"""Watches the connection to the manager interface: whose it is, whether it works, what to log."""

from collections.abc import Callable
from pathlib import Path

from pbx.asterisk.ami_client import AmiClient, AmiForeignError, AmiLogin
from pbx.autoban.manager.identity import PID_FILE, is_foreign
from pbx.autoban.manager.outage import Outage

CHECK_SECONDS = 10.0
"""Time between two checks that the connection is one to this container's Asterisk."""


class ManagerWatch:
    """The state of the connection.

    Args:
        login: Address, port and user.
        configuration: The folder with manager*.conf.
        say: Called with a level of pbx.core.log and a line.
        now: Seconds of a clock that never goes back.
    """

    def __init__(
        self, login: AmiLogin, configuration: Path, say: Callable[[int, str], None], now: float
    ) -> None:
        self._login = login
        self._files = configuration
        self._say = say
        self._outage = Outage(now)
        self._next_check = now
        self._seen = self._versions()

    def up(self) -> None:
        """Note that the connection works."""
        self._say(*self._outage.ended())

    def down(self, error: Exception, now: float) -> None:
        """Note that there is no connection."""
        if line := self._outage.goes_on(error, now):
            self._say(*line)

    def check(self) -> None:
        """Check whose port it is.

        Raises:
            AmiForeignError: it does not belong to this container's Asterisk.
        """
        host, port = self._login.host, self._login.port
        if is_foreign(host, port):
            raise AmiForeignError(
                f"port {port} of {host} belongs to another program or another Asterisk, not to "
                "this container's: no events are received; set the same free port as [general] "
                "port in manager.conf and [asmanager] port in autoban.conf, then restart the "
                "container"
            )

    def step(self, client: AmiClient, now: float) -> None:
        """End a connection to another program; retry a refused login after changes."""
        if client.up and now >= self._next_check:
            self._next_check = now + CHECK_SECONDS
            try:
                self.check()
            except AmiForeignError as error:
                client.end(error)
        seen = self._versions()
        if seen != self._seen:
            self._seen = seen
            client.retry_now()

    def health(self, *, up: bool, watching_only: bool, now: float) -> str:
        """Return the line for the health check.

        Args:
            up: Whether the connection works.
            watching_only: Whether nothing is dropped.
            now: The time.
        """
        if problem := self._outage.problem(now):
            return f"fail\tautoban\t{problem}\n"
        what = "receives events" if up else "is about to connect to Asterisk again"
        return f"ok\tautoban\t{what}{', watching only' if watching_only else ''}\n"

    def _versions(self) -> list[tuple[str, int]]:
        """Return a value that changes with the configuration, and with Asterisk's process."""
        found = []
        files = (*sorted(self._files.glob("manager*.conf")), self._files / "autoban.conf", PID_FILE)
        for path in files:
            try:
                found.append((str(path), path.stat().st_mtime_ns))
            except OSError:
                continue  # that it is missing is a version, too
        return found
