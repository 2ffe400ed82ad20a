"""The command `websms test`: sends an SMS to one's own number, and prints each step."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pbx.asterisk.files import read_configuration
from pbx.core.ini import IniError
from pbx.core.terminal import harmless
from pbx.websms.configuration.load import configuration_folder, load_settings
from pbx.websms.configuration.reader import NAME
from pbx.websms.configuration.settings import SendSettings
from pbx.websms.incoming.checks import RefusedError, read_recipient
from pbx.websms.outgoing.provider_client import ProviderClient
from pbx.websms.outgoing.reply import SendResult, SendStatus
from pbx.websms.outgoing.request import OutgoingSms, build_request
from pbx.websms.outgoing.route import NoInterfaceError, choose_sender, senders

DONE, FAILED, USAGE = 0, 1, 64
BODY = "This is a test of WebSMS on your PBX."
_ENDPOINTS = "pjsip_wizard.conf"


def run(words: Sequence[str]) -> int:
    """Run the command; return its exit status.

    Args:
        words: Interface and number. Defaults: the first interface, the first user's number.
    """
    if len(words) > 2:
        return _wrong("usage: websms test [INDEX [NUMBER]]", USAGE)
    index, number = (*words, "", "")[:2]
    folder = configuration_folder()
    try:
        interfaces = senders(load_settings(folder).interfaces)
        name, settings = choose_sender(interfaces, index)
        number = read_recipient(number or _own_number(folder, index))
    except OSError as error:
        return _wrong(f"{folder / NAME}: {error.strerror}")
    except (IniError, NoInterfaceError, RefusedError, UnicodeDecodeError) as error:
        return _wrong(str(error))
    return _send(name, settings, OutgoingSms(number, number, BODY))


def _send(name: str, settings: SendSettings, sms: OutgoingSms) -> int:
    _step(f"interface {name or '(without a name)'}, profile {settings.profile or '(none)'}")
    request = build_request(settings, sms)
    _step(f"POST {request.url} ({settings.content_type})")
    for line in request.shown:
        _step(f"  {line}")
    if request.url.startswith("http://"):
        _step("warning: http:// is not encrypted: others can read message and password on the way")
    result = asyncio.run(_attempt(settings, sms))
    if result.status is SendStatus.SENT:
        check = settings.resp_check
        _step(f"the reply contains {check[0]}={check[1]}" if check else "2xx; no resp_check is set")
        print("sent: the SMS should arrive at that number soon")
        return DONE
    maybe = "perhaps sent" if result.status is SendStatus.UNKNOWN else "not sent"
    print(f"{maybe}: {harmless(result.reason)}")
    return FAILED


async def _attempt(settings: SendSettings, sms: OutgoingSms) -> SendResult:
    provider = ProviderClient()
    try:
        return await provider.send(settings, build_request(settings, sms), _step)
    finally:
        await provider.close()


def _own_number(folder: Path, index: str) -> str:
    """Return the number of the first user of that interface, else of the first user."""
    users = [
        section
        for section in read_configuration(folder, _ENDPOINTS).sections
        if section.get("hint_exten") and not section.template
    ]
    for section in users:
        if index and f"WEBSMS_INDEX={index}" in section.get("endpoint/set_var"):
            return section.get("hint_exten")
    if not users:
        raise RefusedError(
            "no user in pjsip_endpoint.conf has a number: give one, `websms test INDEX NUMBER`"
        )
    return users[0].get("hint_exten")


def _step(text: str) -> None:
    print(harmless(text), flush=True)


def _wrong(text: str, status: int = FAILED) -> int:
    print(f"websms: {text}", file=sys.stderr)
    return status
