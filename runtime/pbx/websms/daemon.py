"""The program of the service: reads the configuration and runs the gateway."""

import asyncio
import logging
import os
import signal
from contextlib import suppress

from pbx.core.async_store import AsyncStore
from pbx.core.ini import IniError
from pbx.core.log import ERROR, NOTICE, log
from pbx.core.store import DamagedError, StoreError
from pbx.core.terminal import printable
from pbx.websms.configuration.load import configuration_folder, load_settings
from pbx.websms.configuration.reader import NAME
from pbx.websms.configuration.settings import SmsSettings
from pbx.websms.gateway import Gateway
from pbx.websms.incoming import inbox
from pbx.websms.outgoing import outbox
from pbx.websms.paths import DATABASE, SOCKET

PROGRAM = "websms"
REPEAT_SECONDS = 60.0
"""How long the same line of a library is not logged again."""


def main() -> int:
    """Run the service; return the exit status."""
    logging.getLogger().addHandler(_Lines())
    settings = _settings()
    if settings is None:
        # There is nothing to do until the service is restarted.
        os.execvp("sleep", ["sleep", "infinity"])  # noqa: S606
    store = AsyncStore(DATABASE, [inbox.SCHEMA + outbox.SCHEMA], _say)
    try:
        store.open()
    except StoreError as error:
        log(ERROR, f"cannot work without its database: {error}", PROGRAM)
        return 1
    return serve(Gateway(settings, store, _port(), SOCKET, _say))


def serve(gateway: Gateway) -> int:
    """Run the gateway until SIGTERM or SIGINT; return the exit status."""
    status = 0
    try:
        asyncio.run(_run(gateway))
    except* DamagedError as errors:
        error: Exception = errors
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        log(ERROR, f"ends, to set its database aside at the next start: {error}", PROGRAM)
        status = 1
    return status


async def _run(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(gateway.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):  # cancelled by a signal
        await task


def _settings() -> SmsSettings | None:
    folder = configuration_folder()
    path = folder / NAME
    try:
        return load_settings(folder)
    except FileNotFoundError:
        log(NOTICE, f"off: there is no {path}", PROGRAM)
    except IniError as error:
        log(ERROR, f"off: {error}", PROGRAM)
    except UnicodeDecodeError:
        log(ERROR, f"off: {path} is not in UTF-8", PROGRAM)
    except OSError as error:
        log(ERROR, f"off: {path} cannot be read: {error.strerror}", PROGRAM)
    return None


def _port() -> int | None:
    text = os.environ.get("WEBSMSD_PORT", "")
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return int(text)
    log(NOTICE, "no web server: WEBSMSD_PORT is not a port number", PROGRAM)
    return None


class _Lines(logging.Handler):
    """Logs what libraries log: in one line, without control characters, once a minute.

    asyncio would log a hundred times a second that it cannot accept connections.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += f": {record.exc_info[1]!r}"
        line = printable(f"{record.name}: {text}", 500)
        self._said = {x: t for x, t in self._said.items() if record.created - t < REPEAT_SECONDS}
        if line not in self._said:
            self._said[line] = record.created
            log(ERROR, line, PROGRAM)


def _say(level: int, text: str) -> None:
    log(level, text, PROGRAM)
