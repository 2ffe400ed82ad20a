"""AutoBan's configuration and command, right and wrong."""

from __future__ import annotations

import pytest

from factory.waiting import wait_for
from fixtures.attacker import Attacker
from tests.pbx import Pbx

from .steps import (
    CONF,
    at_work,
    caught,
    guess,
    lines,
    said,
)

pytestmark = pytest.mark.image("base", only=True)


def test_wrong_secret_is_reported_once_and_can_be_corrected(own: Pbx) -> None:
    own.run(f"sed -i 's/^secret.*/secret = wrong/' {CONF}/autoban.conf; sv restart autoban")
    wait_for(lambda: lines(own, "refuses the login"), seconds=10, otherwise="nothing said")
    own.run(f"sed -i 's/^secret.*/secret = wrong/' {CONF}/manager_autoban.conf")
    own.asterisk("manager reload")
    at_work(own)
    assert len(lines(own, "refuses the login: Authentication failed")) == 1
    own.await_health()


UPSTREAM_CONF = """[asmanager]
server = 127.0.0.1
port = 5038
username = autoban
secret = 6003.438

[autoban]
enabled = true
maxcount = 10
watchtime = 20m
jailtime = 20m
repeatmult = 6
"""
UPSTREAM_MANAGER = """[general]
enabled = yes
bindaddr = 127.0.0.1
port = 5038

[autoban]
secret = 6003.438
read = security
write =
"""


def test_a_configuration_of_the_upstream_image_works(own: Pbx, attacker: Attacker) -> None:
    own.run(f"cat > {CONF}/autoban.conf << 'END'\n{UPSTREAM_CONF}\nEND")
    own.run(f"cat > {CONF}/manager.conf << 'END'\n{UPSTREAM_MANAGER}\nEND")
    own.run(f"rm {CONF}/manager_autoban.conf")
    own.asterisk("manager reload")
    own.run("sv restart autoban")
    at_work(own)
    assert caught(guess(attacker, own, 30))
    own.await_health()


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("rm {conf}/autoban.conf", "off: there is no /etc/asterisk/autoban.conf"),
        (
            "sed -i 's/^enabled.*/enabled = no/' {conf}/autoban.conf",
            "off: /etc/asterisk/autoban.conf says so",
        ),
        ("chmod 0 {conf}/autoban.conf", "off: /etc/asterisk/autoban.conf cannot be read"),
    ],
)
def test_autoban_switched_off_is_idle_and_healthy(own: Pbx, script: str, line: str) -> None:
    own.run(script.format(conf=CONF))
    own.run("sv restart autoban")
    wait_for(lambda: len(lines(own, line)) == 1, seconds=10, otherwise="nothing said")
    own.await_health()
    assert "autoban" not in own.run("nft list tables")
    status, output = said(own)
    assert status == 1
    assert "Is it on?" in output
    own.container.stop(timeout=10)
    assert own.await_end() == 0


def test_mistake_in_the_file_is_reported_and_the_rest_is_used(own: Pbx, attacker: Attacker) -> None:
    own.run(f"sed -i 's/^jailtime.*/jailtime = soon/' {CONF}/autoban.conf; sv restart autoban")
    at_work(own)
    assert lines(own, "jailtime = soon: give seconds, or a time such as 1d2h3m4s; taking 20m")
    assert caught(guess(attacker, own, 30))


def test_the_command_is_for_root_and_asterisk(own: Pbx) -> None:
    own.run("autoban", user="asterisk")
    result = own.container.exec_run(["autoban"], user="nobody")
    assert result.exit_code == 1
    assert b"only root and user asterisk" in result.output


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["help"], 0, "autoban add whitelist = 192.168.0.0/16"),
        (["--json"], 0, '"members"'),
        (["list", "whitelist,blacklist"], 0, ""),
        (["frobnicate"], 64, "there is no 'frobnicate'"),
        (["del", "192.0.2.1"], 64, "autoban del jail = 192.0.2.1"),
        (["list", "prison"], 64, "there is no set 'prison'"),
        (["show", "me"], 64, "show takes --json"),
        (["stats", "me"], 64, "stats takes --json or --prometheus"),
        (["add", "jail", "=", "127.0.0.1"], 64, "never banned"),
    ],
)
def test_the_command_says_what_it_did_or_why_not(
    pbx: Pbx, words: list[str], status: int, text: str
) -> None:
    assert (status, text in said(pbx, *words)[1]) == (said(pbx, *words)[0], True)
