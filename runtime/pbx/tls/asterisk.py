"""Tells Asterisk that there is another certificate."""

from pathlib import Path

from pbx.asterisk.console import NotRunningError, ask, reload

CONSOLE = "asterisk.ctl"
BOOT_SECONDS = 60.0


class AsteriskError(Exception):
    """Asterisk runs, but does not do as it is told; the message says what it did not."""


def reload_certificate(console: Path) -> bool:
    """Has SIP over TLS, and HTTPS where it is on, use what is in the files now.

    Calls go on: connections that exist keep the certificate that they began with.

    Args:
        console: The socket that `asterisk -r` uses.

    Returns:
        Whether Asterisk runs; if it does not, it will read the files when it starts.

    Raises:
        AsteriskError: it did not reload.
    """
    try:
        ask("core waitfullybooted", console=console, seconds=BOOT_SECONDS)
        _reload(console, "res_pjsip.so")
        if "HTTPS Server Enabled" in ask("http show status", console=console):
            _reload(console, "http")
    except NotRunningError:
        return False
    except OSError as error:
        raise AsteriskError(f"no answer on {console}: {error}") from error
    return True


def _reload(console: Path, module: str) -> None:
    answer = reload(module, console=console)
    if "reloaded successfully" not in answer:
        last = (answer.strip().splitlines() or ["nothing"])[-1]
        raise AsteriskError(f"`module reload {module}` said: {last}")
