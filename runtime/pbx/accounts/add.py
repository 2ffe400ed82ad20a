"""`pbx user add`: writes the entry, has Asterisk read it, and shows it for the phone."""

import argparse
import secrets
import socket
from pathlib import Path

from pbx.accounts import user as users
from pbx.accounts.directory import FILE, usual_templates
from pbx.accounts.phone import check_host, server_of
from pbx.accounts.show import show
from pbx.accounts.sip_files import folder, read_sip
from pbx.asterisk.console import NotRunningError, await_answer, reload
from pbx.asterisk.files import read_regular
from pbx.core.errors import UNREADABLE, CommandError
from pbx.core.lock import locked
from pbx.core.replace_file import replace_file

SECONDS_TO_APPEAR = 5


def run(options: argparse.Namespace) -> int:
    """Add the user; return the exit status."""
    account = users.check_name(options.account)
    number = users.check_number(options.number)
    name = users.check_shown_name(options.name, account)
    mailbox = users.check_mailbox(options.mailbox)
    host = check_host(options.server)
    path = folder() / FILE
    with locked(folder()):
        configuration = read_sip()
        users.check_unused(account, number, configuration)
        templates = options.template or usual_templates(configuration)
        user = users.User(
            account,
            number,
            name,
            mailbox,
            users.check_templates(templates, configuration),
            secrets.token_urlsafe(18),
        )
        content = users.append_entry(_read(path), user)
        configuration = read_sip({path.resolve(): content})
        users.check_takes_effect(user, configuration)
        replace_file(path, content)
    print(_reload(user.account))
    print()
    show(user, server_of(configuration, socket.gethostname(), host), qr=options.qr)
    return 0


def _read(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}", UNREADABLE) from error


def _reload(account: str) -> str:
    """Has Asterisk read its files again; return what came of it."""
    try:
        reload("res_pjsip.so")
        found = await_answer(
            f"pjsip show endpoint {account}",
            lambda answer: "Unable to find" not in answer and account in answer,
            seconds=SECONDS_TO_APPEAR,
        )
    except NotRunningError:
        return f"{account} is added; Asterisk does not run, and finds it when it starts"
    except OSError as error:
        raise CommandError(
            f"{account} is in {FILE}, but Asterisk does not answer: {error}",
            "try `asterisk -rx 'pjsip reload'`",
        ) from error
    if not found:
        raise CommandError(
            f"{account} is in {FILE}, but Asterisk did not take it",
            "see why: `docker logs`, with SYSLOG_LEVEL=5 or higher",
        )
    return f"{account} is added and can register"
