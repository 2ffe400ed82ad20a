"""The command `websms`. It imports little, since Asterisk waits for it with each SMS."""

import json
import os
import sys
import time
from collections.abc import Sequence

from pbx.core.control_client import NoServiceError, ask
from pbx.core.rights import become_asterisk
from pbx.websms.paths import SOCKET

DONE, FAILED, USAGE, PENDING = 0, 1, 64, 75
_STATUSES = {
    "sent": (DONE, "sent"),
    "failed": (FAILED, "not sent"),
    "unknown": (FAILED, "perhaps not sent"),
    "retry": (PENDING, "not sent yet, will be retried"),
}
WAIT_SECONDS = 180.0
"""How long to wait for the result; the service itself stops waiting before."""
HELP = """\
usage: websms TO FROM BODY [INDEX]     sends an SMS, and waits for the result
       websms queue [--json]           lists pending messages of both directions
       websms test [INDEX [NUMBER]]    sends an SMS to your own number, and shows each step
       websms help

TO is a telephone number. FROM is a telephone number or a name. INDEX is an interface of
/etc/asterisk/websms.conf.
Exit status: 0 sent; 1 failed; 64 usage error; 75 not sent yet, will be retried.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "AST_AGI_DIR" in os.environ:  # set by Asterisk, only for programs that AGI() runs
        return _serve_dialplan(words)
    become_asterisk()
    try:
        return _run(words)
    except NoServiceError as error:
        return _wrong(_no_service(error), FAILED)
    except PermissionError:
        return _wrong("only root and user asterisk may use this command", FAILED)


def _run(words: Sequence[str]) -> int:
    if words[:1] in (["help"], ["-h"], ["--help"]):
        print(HELP, end="")
        return DONE
    if words[:1] == ["queue"]:
        return _queue(words[1:])
    if words[:1] == ["test"]:
        from pbx.websms.trial import run  # noqa: PLC0415 # imports aiohttp

        return run(words[1:])
    if len(words) not in (3, 4):
        return _wrong("give TO FROM BODY [INDEX]; `websms help` says more")
    reply = ask(SOCKET, ["send", *words], WAIT_SECONDS)
    if not reply["ok"]:
        return _wrong(reply["error"], USAGE if reply["mistake"] else FAILED)
    exit_status, said = _STATUSES[reply["status"]]
    print(f"{said}: {reply['reason']}" if reply["reason"] else said)
    return exit_status


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
    """Store an SMS for AGI(); if that fails, set WEBSMS_ERROR to the reason.

    https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/
    """
    for line in sys.stdin:
        if not line.strip():
            break  # end of the AGI variables, none of which is needed
    reason = _keep(words)
    if reason:
        quoted = reason.replace("\\", "/").replace('"', "'")
        print(f'SET VARIABLE WEBSMS_ERROR "{quoted}"', flush=True)
        sys.stdin.readline()
    return DONE


def _keep(words: Sequence[str]) -> str:
    """Have the service store an SMS; return why it did not, or ""."""
    if len(words) not in (3, 4):
        return "AGI() needs TO, FROM and BODY, and takes INDEX"
    try:
        reply = ask(SOCKET, ["keep", *words])
    except NoServiceError as error:
        return _no_service(error)
    except PermissionError:
        return "this user may not use the service"
    return "" if reply["ok"] else str(reply["error"])


def _no_service(error: NoServiceError) -> str:
    return f"WebSMS does not run ({error}); `docker logs` says why"


def _wrong(text: str, status: int = USAGE) -> int:
    print(f"websms: {text}", file=sys.stderr)
    return status
