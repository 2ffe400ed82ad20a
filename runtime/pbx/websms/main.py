"""The command websms. It imports little, since Asterisk waits for it with each text."""

import json
import os
import sys
import time
from collections.abc import Sequence

from pbx.core.control_client import NoServiceError, ask
from pbx.core.rights import become_asterisk
from pbx.websms.places import SOCKET

DONE, FAILED, USAGE, WAITS = 0, 1, 64, 75
_FATES = {
    "sent": (DONE, "sent"),
    "failed": (FAILED, "not sent"),
    "unknown": (FAILED, "perhaps not sent"),
    "again": (WAITS, "not sent yet, it is tried again"),
}
WAIT_SECONDS = 180.0
"""For what becomes of a text; the service itself gives up waiting before."""
HELP = """\
usage: websms TO FROM BODY [INDEX]     sends a text, and waits for what becomes of it
       websms queue [--json]           shows what waits, in both directions
       websms test [INDEX [NUMBER]]    sends a text to yourself, and says what happens on the way
       websms help

TO is a telephone number, FROM one or a name, INDEX an interface of /etc/asterisk/websms.conf.
Exit status: 0 sent; 1 failed; 64 typed wrong; 75 could not be sent yet, and is tried again.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "AST_AGI_DIR" in os.environ:  # Asterisk sets it for the programs of AGI() alone
        return _serve_dialplan(words)
    become_asterisk()
    try:
        return _run(words)
    except NoServiceError as error:
        return _wrong(_no_service(error), FAILED)
    except PermissionError:
        return _wrong("only root and user asterisk may ask", FAILED)


def _run(words: Sequence[str]) -> int:
    if words[:1] in (["help"], ["-h"], ["--help"]):
        print(HELP, end="")
        return DONE
    if words[:1] == ["queue"]:
        return _queue(words[1:])
    if words[:1] == ["test"]:
        from pbx.websms.trial import run  # noqa: PLC0415 # it imports much

        return run(words[1:])
    if len(words) not in (3, 4):
        return _wrong("give TO FROM BODY [INDEX]; `websms help` says more")
    reply = ask(SOCKET, ["send", *words], WAIT_SECONDS)
    if not reply["ok"]:
        return _wrong(reply["error"], USAGE if reply["mistake"] else FAILED)
    status, said = _FATES[reply["fate"]]
    print(f"{said}: {reply['reason']}" if reply["reason"] else said)
    return status


def _queue(words: Sequence[str]) -> int:
    if unknown := [word for word in words if word != "--json"]:
        return _wrong(f"queue takes --json, not '{unknown[0]}'")
    from pbx.websms.listing import format_queue  # noqa: PLC0415

    reply = ask(SOCKET, ["queue"])
    if not reply.pop("ok"):
        return _wrong(reply["error"], FAILED)
    print(json.dumps(reply, indent=1) if words else format_queue(reply, time.time()))
    return DONE


def _serve_dialplan(words: Sequence[str]) -> int:
    """Do what AGI() asks for, and tell the dialplan in WEBSMS_ERROR why it could not.

    https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/
    """
    for line in sys.stdin:
        if not line.strip():
            break  # of the variables that come first, none is needed
    reason = _keep(words)
    if reason:
        quoted = reason.replace("\\", "/").replace('"', "'")
        print(f'SET VARIABLE WEBSMS_ERROR "{quoted}"', flush=True)
        sys.stdin.readline()
    return DONE


def _keep(words: Sequence[str]) -> str:
    """Has the service keep a text; return why it does not, or ""."""
    if len(words) not in (3, 4):
        return "AGI wants to, from, body and index"
    try:
        reply = ask(SOCKET, ["keep", *words])
    except NoServiceError as error:
        return _no_service(error)
    except PermissionError:
        return "the service does not answer this user"
    return "" if reply["ok"] else str(reply["error"])


def _no_service(error: NoServiceError) -> str:
    return f"WebSMS does not run ({error}); `docker logs` says why"


def _wrong(text: str, status: int = USAGE) -> int:
    print(f"websms: {text}", file=sys.stderr)
    return status
