"""The dialplan and `pbx user add` agree on what a mailbox is."""

from __future__ import annotations

import re
import secrets
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pbx.asterisk.mailbox import folder_of, mailbox_problem

from factory.waiting import wait_for
from tests.pbx import Pbx
from tests.unit.runtime.asterisk.test_mailbox import BAD, GOOD, LETTERS, MAILBOX

from .conftest import Start

pytestmark = pytest.mark.image("base", once=True)

TRIAL = "/etc/asterisk/extensions_local.conf"
# No line of a configuration has a line break or a null in it.
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=40)
NEAR = st.text(LETTERS + ".@/'|$`&;~*?[]{}()<>\\\"!#,:^ -", min_size=1, max_size=30)


@pytest.fixture
def own(start: Start) -> Pbx:
    return start(environment={"SYSLOG_LEVEL": "6"})


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.one_of(MAILBOX, NEAR, ANY), min_size=40, max_size=60))
def test_mailboxes_are_the_same_to_the_dialplan(own: Pbx, drawn: list[str]) -> None:
    mailboxes = [m for m in [*BAD, *GOOD, *drawn] if m and "\0" not in m]
    folders = ["" if mailbox_problem(m) else _account(folder_of(m)) for m in mailboxes]
    found = _ask_the_dialplan(own, mailboxes)
    assert list(zip(mailboxes, found, strict=True)) == list(zip(mailboxes, folders, strict=True))


def test_mailboxes_that_are_none_are_reported_at_a_start(start: Start) -> None:
    text = "\n[eve](w_term_i)\nhint_exten = +12025550199\nendpoint/mailboxes = eve'|id|'@a.b\n"
    pbx = start(environment={"SYSLOG_LEVEL": "4"})
    pbx.run(f"cat >> /etc/asterisk/pjsip_endpoint.conf << 'END'\n{text}\nEND\n")
    pbx.container.restart()
    wait_for(
        lambda: [line for line in pbx.logs().splitlines() if "eve'|id|'@a.b" in line],
        lambda lines: len(lines) == 1,
        seconds=40,
        otherwise="it is not reported",
    )


def _account(folder: str) -> str:
    domain, _, name = folder.partition("/")
    return f"{name}@{domain}"


def _ask_the_dialplan(pbx: Pbx, mailboxes: list[str]) -> list[str]:
    """Returns the folders, empty where a mailbox is refused, that Asterisk finds."""
    nonce = secrets.token_hex(4)
    lines = ["[try]", "exten => s,1,NoOp()"]
    for number, mailbox in enumerate(mailboxes):
        lines += [
            f" same => n,Set(mailbox=${{URIDECODE({quote(mailbox, safe='')})}})",
            " same => n,Gosub(sub_mailbox_folder,s,1)",
            f" same => n,Log(NOTICE,{nonce} {number} <${{folder}}>)",
        ]
    text = "\n".join([*lines, f" same => n,Log(NOTICE,{nonce} done)"])
    pbx.run(f"cat > {TRIAL} << 'END'\n{text}\nEND\n")
    pbx.asterisk("dialplan reload")
    pbx.asterisk("channel originate Local/s@try application NoOp")
    log = wait_for(
        pbx.logs, lambda log: f"{nonce} done" in log, seconds=30, otherwise="the dialplan hangs"
    )
    answers = dict(re.findall(rf"{nonce} (\d+) <(.*)>", log))
    return [answers[str(number)] for number in range(len(mailboxes))]
