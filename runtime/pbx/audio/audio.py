"""Switches the console's audio on and off."""

import os

from pbx.asterisk.console import NotRunningError, ask, await_answer
from pbx.audio.answers import MODULE, channels, has_microphone, is_running
from pbx.audio.host import check_socket
from pbx.core.errors import CommandError

HANG_UP_SECONDS = 15.0  # what is in the pipe, at most 4 s, is played to its end first
LOAD_SECONDS = 30.0
_CHANNELS = "core show channels concise"


def switch_on() -> int:
    """Load the console channel, once the host's sound server can be reached.

    Returns:
        The exit status.

    Raises:
        CommandError: it cannot be reached, or Asterisk will not.
    """
    check_socket(os.environ.get("PULSE_SERVER", ""))
    if _is_on():
        if _reaches_the_host():
            print("audio is on already")
            return 0
        _unload()  # it looks for devices only when it is loaded
    answer = _ask(f"module load {MODULE}", seconds=LOAD_SECONDS).strip()
    if not _is_on():
        raise CommandError(
            f"Asterisk did not load {MODULE} ({answer})",
            "is there /etc/asterisk/console.conf? `pbx config upgrade` adds it",
        )
    if not _reaches_the_host():
        _unload()
        raise CommandError(
            "the sound server lets nobody in",
            f"is {os.environ.get('PULSE_COOKIE') or 'PULSE_COOKIE'} a copy of its cookie?",
        )
    print("audio is on; hear yourself with: asterisk -rx 'console dial 6'")
    return 0


def switch_off() -> int:
    """End the console's call, if there is one, and unloads the console channel.

    Returns:
        The exit status.

    Raises:
        CommandError: the call does not end, or Asterisk will not.
    """
    if not _is_on():
        print("audio is off already")
        return 0
    _unload()
    print("audio is off")
    return 0


def show() -> int:
    """Says whether audio is on; return the exit status."""
    if not _is_on():
        print("audio is off")
        return 1
    calls = channels(_ask(_CHANNELS))
    print(f"audio is on, {'in a call' if calls else 'no call'}")
    return 0


def _is_on() -> bool:
    return is_running(_ask("module show like chan_console"))


def _reaches_the_host() -> bool:
    return has_microphone(_ask("console list available"))


def _unload() -> None:
    # Asterisk does not survive losing the module of a call.
    _ask("console hangup")
    try:
        ended = await_answer(_CHANNELS, lambda text: not channels(text), seconds=HANG_UP_SECONDS)
    except NotRunningError as error:
        raise CommandError("Asterisk does not run") from error
    if not ended:
        raise CommandError(
            "Asterisk does not let go of the console's call",
            "try again; if it stays, restart the container when nobody talks",
        )
    _ask(f"module unload {MODULE}")
    if _is_on():
        raise CommandError(f"Asterisk did not unload {MODULE}", "try again")


def _ask(command: str, seconds: float = 10.0) -> str:
    try:
        return ask(command, seconds=seconds)
    except NotRunningError as error:
        raise CommandError("Asterisk does not run", "look at `pbx health`") from error
    except OSError as error:
        raise CommandError(f"Asterisk does not answer ({error})", "look at `pbx health`") from error
