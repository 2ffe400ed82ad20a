"""The command `websms test`: sends a text to oneself, and says what happens on the way."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pbx.asterisk.files import read_configuration
from pbx.core.ini import IniError
from pbx.core.terminal import harmless
from pbx.websms.checks import RefusedError, read_recipient
from pbx.websms.configuration import configuration_folder, load_settings
from pbx.websms.outgoing import Text, build_request
from pbx.websms.places import NAME
from pbx.websms.reply import Fate, Outcome
from pbx.websms.route import NoInterfaceError, choose, senders
from pbx.websms.sender import Sender
from pbx.websms.settings import SendSettings

DONE, FAILED, USAGE = 0, 1, 64
BODY = "A test of WebSMS: this text came from your own exchange."
_ENDPOINTS = "pjsip_wizard.conf"


def run(words: Sequence[str]) -> int:
    """Run the command; return its exit status.

    Args:
        words: Which interface, and the number to send to, both if they are not to be chosen.
    """
    if len(words) > 2:
        return _wrong("test takes an interface and a number, and nothing else", USAGE)
    index, number = (*words, "", "")[:2]
    folder = configuration_folder()
    try:
        interfaces = senders(load_settings(folder).interfaces)
        name, settings = choose(interfaces, index)
        number = read_recipient(number or _own_number(folder, index))
    except OSError as error:
        return _wrong(f"{folder / NAME}: {error.strerror}")
    except (IniError, NoInterfaceError, RefusedError, UnicodeDecodeError) as error:
        return _wrong(str(error))
    return _send(name, settings, Text(number, number, BODY))


def _send(name: str, settings: SendSettings, text: Text) -> int:
    _step(f"interface {name or '(without a name)'}, profile {settings.profile or '(none)'}")
    request = build_request(settings, text)
    _step(f"POST {request.url} ({settings.content_type})")
    for line in request.shown:
        _step(f"  {line}")
    if request.url.startswith("http://"):
        _step("note: http:// is not encrypted; anybody in between reads texts and password")
    outcome = asyncio.run(_attempt(settings, text))
    if outcome.fate is Fate.SENT:
        check = settings.resp_check
        _step(f"the reply holds {check[0]}={check[1]}" if check else "no resp_check, 2xx is enough")
        print("sent: it should be on the phone of that number soon")
        return DONE
    maybe = "perhaps sent" if outcome.fate is Fate.UNKNOWN else "not sent"
    print(f"{maybe}: {harmless(outcome.reason)}")
    return FAILED


async def _attempt(settings: SendSettings, text: Text) -> Outcome:
    sender = Sender()
    try:
        return await sender.send(settings, build_request(settings, text), _step)
    finally:
        await sender.close()


def _own_number(folder: Path, index: str) -> str:
    """Return the number of the first user who sends by that interface, else of the first."""
    users = [
        section
        for section in read_configuration(folder, _ENDPOINTS).sections
        if section.get("hint_exten") and not section.template
    ]
    for section in users:
        if index and f"WEBSMS_INDEX={index}" in section.get("endpoint/set_var"):
            return section.get("hint_exten")
    if not users:
        raise RefusedError("nobody has a number in pjsip_endpoint.conf: `websms test INDEX NUMBER`")
    return users[0].get("hint_exten")


def _step(text: str) -> None:
    print(harmless(text), flush=True)


def _wrong(text: str, status: int = FAILED) -> int:
    print(f"websms: {text}", file=sys.stderr)
    return status
