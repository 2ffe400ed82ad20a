"""Asterisk takes every block of its configuration, and every setting of accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import groupby

import pytest

from tests.docs.configuration import Section, put_in, sections
from tests.docs.rules import SNIPPETS, blocks_of
from tests.docs.workspace import Surroundings
from tests.pbx import Pbx

pytestmark = [pytest.mark.image("full", only=True), pytest.mark.xdist_group("documents")]

Shown = Iterator[tuple[str, str]]
"""Commands for the console, each with what has to be in what it prints."""

FOLDER = "/etc/asterisk"
SAMPLE = "/run/sample"
START = (
    "docker run -d --name pbx -e SYSLOG_LEVEL=5 --add-host sip.example.com:192.0.2.5"
    " --add-host sip.itsp.example:192.0.2.6 mlan/asterisk"
)
USER = """
[{name}](w_term)
inbound_auth/username = {name}
inbound_auth/password = a-long-random-one
{setting}
"""
WARNING = re.compile(r"\b(WARNING|ERROR)\[")
OF_NOBODY = re.compile(r"No response received from 'sip:sip\.itsp\.example'")
"""There is no such provider; Asterisk says so after half a minute."""
SETTINGS = [s for s in SNIPPETS if not s.is_block and re.match(r"endpoint/\w+ = ", s.text)]


def accounts(section: Section) -> Shown:
    if not section.is_template:
        for key, value in section.settings:
            if key.startswith("endpoint/"):
                yield f"pjsip show endpoint {section.name}", shown_value(value)
        yield f"pjsip show endpoint {section.name}", section.name


def transports(section: Section) -> Shown:
    name = "tcp" if section.name in {"", "t_wan"} else section.name
    for key, value in section.settings:
        if key not in {"protocol", "type", "local_net"}:
            yield f"pjsip show transport {name}", f"{key} *: {re.escape(value)}"
        elif key == "local_net":
            yield f"pjsip show transport {name}", f"local_net .*{re.escape(value.split('/')[0])}"


def dialplan(section: Section) -> Shown:
    for key, value in section.settings:
        if section.name == "globals":
            yield "dialplan show globals", f"{key}={re.escape(value)}"
        elif key == "exten":
            number, _, application = value.split(",", 2)
            shown = re.escape(application)
            yield f"dialplan show {number}@{section.name}", shown


def voicemail(section: Section) -> Shown:
    for key, value in section.settings:
        assert key == "mailcmd", f"how does Asterisk show {key}?"
        yield "minivm show settings", re.escape(value)


def sound_ports(section: Section) -> Shown:
    names = {"rtpstart": "Port start", "rtpend": "Port end"}
    for key, value in section.settings:
        yield "rtp show settings", f"{names[key]}: *{value}"


PROOFS: dict[str, Callable[[Section], Shown]] = {
    "extensions_local.conf": dialplan,
    "minivm.conf": voicemail,
    "pjsip_endpoint.conf": accounts,
    "pjsip_transport.conf": transports,
    "rtp.conf": sound_ports,
}
BLOCKS = sorted(
    (block for file in PROOFS for block in blocks_of("ini", file)),
    key=lambda block: (block.file, block.line),
)
BY_DOCUMENT = {
    document: list(those) for document, those in groupby(BLOCKS, key=lambda block: block.file)
}


@pytest.fixture
def configured(around: Surroundings, resources: ExitStack) -> Pbx:
    """A container with the samples as they are."""
    new = "configured" not in around.workspaces
    workspace = around.workspace("configured", resources)
    if new:
        workspace.run(START)
        workspace.pbx().run(f"cp -a {FOLDER}/. {SAMPLE}")
    pbx = workspace.pbx()
    pbx.run(f"cp -a {SAMPLE}/*.conf {FOLDER}/")
    return pbx


@pytest.mark.parametrize("document", BY_DOCUMENT)
def test_asterisk_takes_the_blocks_of_a_document(configured: Pbx, document: str) -> None:
    blocks = BY_DOCUMENT[document]
    for block in blocks:
        write(
            configured, block.note, put_in(configured.run(f"cat {FOLDER}/{block.note}"), block.text)
        )
    assert restart(configured) == []
    for block in blocks:
        for section in sections(block.text):
            for command, shown in PROOFS[block.note](section):
                printed = configured.asterisk(command)
                assert re.search(shown, printed), f"{block.place}: {command}: {printed}"


def test_asterisk_takes_each_setting_of_accounts(configured: Pbx) -> None:
    before = configured.run(f"cat {FOLDER}/pjsip_endpoint.conf")
    users = [USER.format(name=f"u{n}", setting=s.text) for n, s in enumerate(SETTINGS)]
    write(configured, "pjsip_endpoint.conf", "\n".join([before, *users]))
    assert restart(configured) == []
    for number, setting in enumerate(SETTINGS):
        printed = configured.asterisk(f"pjsip show endpoint u{number}")
        value = shown_value(setting.text.partition(" = ")[2])
        assert re.search(value, printed), f"{setting.place}: {setting.text}"


def shown_value(value: str) -> str:
    """How Asterisk shows a value, as a pattern."""
    if value in {"yes", "no"}:
        return "true" if value == "yes" else "false"
    codecs = value.removeprefix("!all,")
    if codecs != value:
        return re.escape(codecs.replace(",", "|"))
    name = re.fullmatch(r"(.*) (<.*>)", value)
    if name:
        return re.escape(f'"{name[1]}" {name[2]}')
    return re.escape(value).replace("=", " *[=:] *")


def write(pbx: Pbx, file: str, text: str) -> None:
    pbx.run(f"cat > {FOLDER}/{file} << 'END OF FILE'\n{text}\nEND OF FILE\n")


def restart(pbx: Pbx) -> list[str]:
    """Restarts Asterisk; returns the warnings and errors that it logs."""
    before = len(pbx.logs())
    pbx.run("sv restart asterisk")
    pbx.await_health()
    lines = pbx.logs()[before:].splitlines()
    return [line for line in lines if WARNING.search(line) and not OF_NOBODY.search(line)]
