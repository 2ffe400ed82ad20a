"""Starts and ends AutoBan."""

import asyncio
import gc
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pbx.autoban.answers import orders
from pbx.autoban.kernel.firewall import FirewallError, connect
from pbx.autoban.places import CONFIGURATION, HEALTH, SOCKET
from pbx.autoban.service import AutoBan
from pbx.autoban.settings import NAME, Settings, read_settings
from pbx.autoban.state import State, StateError
from pbx.autoban.store import Store
from pbx.core.control import serve
from pbx.core.log import ERROR, NOTICE, WARNING, log

PROGRAM = "autoban"


def main() -> int:
    """Run until it is told to stop; return the exit status."""
    HEALTH.unlink(missing_ok=True)
    settings = _settings()
    if settings is None:
        # Nothing to do, and nothing but a restart of the service changes that.
        os.execvp("sleep", ["sleep", "infinity"])  # noqa: S606
    settings = replace(settings, ports=(*settings.ports, *_web_port()))
    for complaint in settings.complaints:
        log(ERROR, complaint, PROGRAM)
    store = Store(
        Path(
            os.environ.get("DOCKER_NFT_DIR", "/var/lib/nftables"),
            os.environ.get("DOCKER_NFT_FILE", "autoban.nft"),
        ),
        time.monotonic,
    )
    autoban = AutoBan(settings, _state(store), store, _nft(), _say)
    gc.freeze()
    sys.setswitchinterval(0.0005)  # keeping the state is not to hold up a ban
    asyncio.run(_run(autoban))
    return 0


async def _run(autoban: AutoBan) -> None:
    loop = asyncio.get_running_loop()
    server = await serve(orders(autoban), SOCKET)
    task = asyncio.create_task(autoban.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        pass  # as we were told
    finally:
        server.close()


def _web_port() -> list[int]:
    """Return where WebSMS listens, whose connections are limited, too."""
    port = os.environ.get("WEBSMSD_PORT", "")
    return [int(port)] if re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) < 65536 else []


def _settings() -> Settings | None:
    path = CONFIGURATION / NAME
    try:
        settings = read_settings(path.read_text(errors="replace"))
    except FileNotFoundError:
        log(NOTICE, f"off: there is no {path}", PROGRAM)
        return None
    except OSError as error:
        log(ERROR, f"off: {path} cannot be read: {error.strerror}", PROGRAM)
        return None
    if not settings.enabled:
        log(NOTICE, f"off: {path} says so", PROGRAM)
        return None
    return settings


def _state(store: Store) -> State:
    try:
        return store.load()
    except (StateError, OSError) as error:
        log(WARNING, f"begins with nobody known: {error}", PROGRAM)
        return State()


def _nft() -> Callable[[str], str]:
    try:
        return connect()
    except FirewallError as error:
        reason = str(error)

        def refuse(_: str) -> str:
            raise FirewallError(reason)

        return refuse


def _say(level: int, text: str) -> None:
    log(level, text, PROGRAM)
