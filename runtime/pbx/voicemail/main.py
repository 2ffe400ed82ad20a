"""The command minivm-send: queues a mail, sends it, and retries."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pbx.core.log import ERROR, log
from pbx.core.rights import become_asterisk
from pbx.voicemail.listing import format_queue
from pbx.voicemail.message import MailError
from pbx.voicemail.outbox import Outbox
from pbx.voicemail.rescue import rescue
from pbx.voicemail.settings import PROGRAM, MailSettingError, MailSettings, parse, settings_of

# As in sysexits.h.
SENT, USAGE, NO_MAIL, NOT_KEPT, WAITS = 0, 64, 65, 74, 75
_PID_FILE = Path("/run/asterisk/asterisk.pid")
"""Written when Asterisk starts."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    become_asterisk()
    settings, mistake = None, ""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        if options.echo:
            os.environ["SYSLOG_LEVEL"] = "8"
        if not (options.queue or options.retry or options.due or options.rescue):
            settings = settings_of(options)
    except MailSettingError as error:
        options, mistake = None, str(error)
        if sys.stdin.isatty():
            print(f"{PROGRAM}: {mistake}; `{PROGRAM} -h` lists all options", file=sys.stderr)
            return USAGE
    outbox = Outbox(
        spool=Path(os.environ.get("DOCKER_SPOOL_DIR", "/var/spool/asterisk")),
        configuration=Path(os.environ.get("DOCKER_CONF_DIR", "/etc/asterisk"), "minivm.conf"),
        say=_say,
    )
    if options and options.queue:
        print(format_queue([queued.state for queued in outbox.queue], time.time()))
        return SENT
    if options and options.rescue:
        return _rescue(outbox)
    if options and (options.retry or options.due):
        return _retry(outbox, everything=options.retry)
    return _send(outbox, settings, mistake)


def _send(outbox: Outbox, settings: MailSettings | None, mistake: str) -> int:
    raw = sys.stdin.buffer.read()
    try:
        queued = outbox.accept(raw, settings, mistake, time.time())
    except MailError as error:
        _say(ERROR, str(error))
        return NO_MAIL
    except OSError as error:
        _say(ERROR, f"a mail cannot be queued: {error}")
        return _send_unkept(outbox, settings, raw)
    sent = outbox.attempt(queued, time.time())
    return SENT if sent else USAGE if mistake else WAITS


def _send_unkept(outbox: Outbox, settings: MailSettings | None, raw: bytes) -> int:
    if settings is None:
        return NOT_KEPT
    failure = outbox.send_unkept(raw, settings, time.time())
    if failure:
        _say(ERROR, f"it cannot be sent either: {failure.reason}")
    return NOT_KEPT if failure else SENT


def _rescue(outbox: Outbox) -> int:
    try:
        started = _PID_FILE.stat().st_mtime
    except FileNotFoundError:
        _say(ERROR, f"there is no {_PID_FILE}: what is finished is only known once Asterisk runs")
        return WAITS
    rescue(outbox, started, time.time())
    return SENT


def _retry(outbox: Outbox, *, everything: bool) -> int:
    for queued in outbox.queue:
        state, now = queued.state, time.time()
        if everything or (state.due <= now and not state.refused):
            outbox.attempt(queued, now)
    return WAITS if any(outbox.queue) else SENT


def _say(level: int, text: str) -> None:
    log(level, text, PROGRAM)
