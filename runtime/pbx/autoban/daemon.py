"""Starts and ends the service."""

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

from pbx.autoban.answers import answers
from pbx.autoban.earlier_file import EarlierFileError, load_earlier
from pbx.autoban.kernel.nft import FirewallError, connect
from pbx.autoban.places import CONFIGURATION, HEALTH, SOCKET
from pbx.autoban.running import AutoBan
from pbx.autoban.settings import NAME, BanSettings, read_settings
from pbx.autoban.state import BanState
from pbx.autoban.store import BanStore
from pbx.core.control import serve
from pbx.core.log import ERROR, NOTICE, WARNING, log
from pbx.core.store import StoreError

PROGRAM = "autoban"


def main() -> int:
    """Run until a signal ends it; return the exit status."""
    HEALTH.unlink(missing_ok=True)
    settings = _settings()
    if settings is None:
        # AutoBan is off, until the service is restarted.
        os.execvp("sleep", ["sleep", "infinity"])  # noqa: S606
    settings = replace(settings, ports=(*settings.ports, *_web_port()))
    for problem in settings.problems:
        log(ERROR, problem, PROGRAM)
    earlier = Path(
        os.environ.get("DOCKER_NFT_DIR", "/var/lib/nftables"),
        os.environ.get("DOCKER_NFT_FILE", "autoban.nft"),
    )
    store = BanStore(earlier.with_suffix(".db"), _say, time.monotonic)
    autoban = AutoBan(settings, _state(store, earlier), store, _nft(), _say)
    gc.freeze()
    sys.setswitchinterval(0.0005)  # saving the state must not delay a ban
    asyncio.run(_run(autoban))
    store.close()
    return 0


async def _run(autoban: AutoBan) -> None:
    loop = asyncio.get_running_loop()
    server = await serve(answers(autoban), SOCKET)
    task = asyncio.create_task(autoban.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        pass  # by a signal
    finally:
        server.close()


def _web_port() -> list[int]:
    """Return the port of WebSMS, whose connections are limited, too."""
    port = os.environ.get("WEBSMSD_PORT", "")
    return [int(port)] if re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) < 65536 else []


def _settings() -> BanSettings | None:
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


def _state(store: BanStore, earlier: Path) -> BanState:
    """Return the saved state; that of an earlier edition is moved to the store first."""
    try:
        state = load_earlier(earlier)
        if state is None:
            return store.load()
        store.save(state, changed=True)
        earlier.unlink()
    except (EarlierFileError, StoreError, OSError) as error:
        log(WARNING, f"starts without a saved state: {error}", PROGRAM)
        return BanState()
    return state


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
