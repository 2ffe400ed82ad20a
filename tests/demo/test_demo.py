"""The demo: its README is followed to the letter, with phones at hand."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from factory.waiting import wait_for
from fixtures.softphone import Account, Phone, Softphones

from .demo import Demo

pytestmark = pytest.mark.image("full", only=True)
either = pytest.mark.parametrize("compose", ["compose_1", "compose_2"], indirect=True)
newer = pytest.mark.parametrize("compose", ["compose_2"], indirect=True)

JOHN, JANE = "+12025550160", "+12025550183"
OUTSIDE = "+12025550199"
SERVICES = ("asterisk", "autoban", "certificates", "syslogd", "voicemail", "websms")
POST = (
    f"curl -u websms:PASSWORD --data-urlencode To=+12025550160 --data-urlencode From={OUTSIDE} "
    "--data-urlencode Body='Hello from outside' http://MACHINE:8080/"
)


class Newcomer:
    """Somebody who has two phones, and types what README.md says.

    Args:
        demo: As it was unpacked.
        phones: On another network.
    """

    def __init__(self, demo: Demo, phones: Softphones) -> None:
        self._demo = demo
        self._john, self._jane = phones.start("john", "jane")
        self.acts: Mapping[str, Callable[[str], None]] = {
            "make up": self.up,
            "make users": self.users,
            "make call TO=john.doe": self.call,
            "make user NAME=ann.smith NUMBER=+12025550177": self.user,
            f"make sms TO=john.doe FROM={OUTSIDE} BODY='Hello from outside'": self.sms,
            POST: self.post,
            "make cmd": self.console,
            "make cmd CMD='pjsip show contacts'": self.shows("john.doe/sip:", "jane.doe/sip:"),
            "make health": self.health,
            "make ps": self.shows("Up ", f":{demo.sip}->"),
            "make sv": self.shows(*(f"run: /etc/service/{name}:" for name in SERVICES)),
            "make attack": self.shows("guesses: 100 (401)", "banned"),
            "make autoban": self.shows("jail", "InvalidAccountID"),
            "make nft": self.shows("table inet autoban", "drop"),
            "make logs": self.shows("new configuration in /srv/etc/asterisk"),
            "make sound_enable": self.without_sound,
            "make sound_5": self.without_sound,
            "make sound_6": self.without_sound,
            "make sound_hangup": self.without_sound,
            "make sound_disable": self.shows("audio is off"),
            "make down": self.down,
            "make destroy": self.destroy,
        }

    def shows(self, *texts: str) -> Callable[[str], None]:
        def act(command: str) -> None:
            shown = self._demo.do(command)
            assert [text for text in texts if text not in shown] == [], shown

        return act

    def up(self, command: str) -> None:
        self.shows(f"{self._demo.address}, port {self._demo.sip}", "make users")(command)

    def users(self, command: str) -> None:
        accounts = self._accounts(command)
        server = f"{self._demo.address}:{self._demo.sip}"
        self._john.register(accounts["john.doe"], server)
        self._jane.register(
            accounts["jane.doe"], f"{self._demo.address}:{self._demo.sips}", transport="tls"
        )
        for caller, callee in ((self._john, self._jane), (self._jane, self._john)):
            self._talk(caller, callee)

    def _accounts(self, command: str) -> dict[str, Account]:
        shown = self._demo.do(command)
        rows = re.findall(r"^(\S+) +(\+[0-9]+) +(\S+)$", shown, re.MULTILINE)
        return {name: Account(name, password, number) for name, number, password in rows}

    def _talk(self, caller: Phone, callee: Phone) -> None:
        made = caller.call(callee)
        taken = callee.answer()
        made.answered()
        assert caller.hears(callee.tone)
        assert callee.hears(caller.tone)
        address, _, port = made.media()["remote"].rpartition(":")
        assert address == self._demo.address
        assert int(port) in self._demo.rtp
        caller.hang_up()
        taken.ended()

    def call(self, command: str) -> None:
        self.shows("rings")(command)
        call = self._john.answer()
        wait_for(
            self._john.loudness,
            lambda share: share > 0.3,
            seconds=10,
            otherwise="john hears nothing",
        )
        self._john.hang_up()
        call.ended()

    def user(self, command: str) -> None:
        self.shows(self._demo.address, f"UDP port {self._demo.sip}")(command)
        assert self._accounts("make users")["ann.smith"].number == "+12025550177"

    def sms(self, command: str) -> None:
        self.shows("a phone has it")(command)
        text = self._john.receives_message()
        assert text.body == "Hello from outside"
        assert OUTSIDE in text.sender
        self.shows("it waits until a phone of ann.smith is there")("make sms TO=ann.smith")

    def post(self, command: str) -> None:
        conf = self._demo.do("bin/inside cat /etc/asterisk/websms.conf")
        secret = re.search(r"^verify_secret = (\S+)", conf, re.MULTILINE)
        assert secret
        for word, value in {
            "PASSWORD": secret[1],
            "MACHINE:8080": f"{self._demo.address}:{self._demo.sms}",
        }.items():
            command = command.replace(word, value)
        self._demo.do(f"{command} -sS --fail")
        assert self._john.receives_message().body == "Hello from outside"

    def health(self, command: str) -> None:
        shown = wait_for(  # a busy machine answers late now and then, and that is unwell
            lambda: self._demo.type(command),
            lambda result: result.returncode == 0,
            seconds=30,
            otherwise="not well",
        ).stdout
        assert [name for name in SERVICES if f"service {name}" not in shown] == []

    def console(self, command: str) -> None:
        prompt = "*CLI>"
        talk = [(prompt, "pjsip show endpoints\n"), ("Objects found", "exit\n")]
        assert "john.doe/+12025550160" in self._demo.at_terminal(command, talk)

    def without_sound(self, command: str) -> None:
        assert re.search("pactl|PulseAudio|sound is off", self._demo.fail(command))

    def down(self, command: str) -> None:
        before = self._accounts("make users")
        self._demo.do(command)
        assert "make up" in self._demo.fail("make health")
        self._demo.do("make up")
        assert self._accounts("make users") == before

    def destroy(self, command: str) -> None:
        self._demo.do(command)
        assert self._demo.left() == []


@newer
def test_readme_of_the_demo_is_right(demo: Demo, phones: Softphones) -> None:
    newcomer = Newcomer(demo, phones)
    commands = demo.commands()
    assert set(commands) == set(newcomer.acts)
    for command in commands:
        newcomer.acts[command](command)


@pytest.mark.parametrize("compose", ["compose_1"], indirect=True)
def test_demo_works_with_compose_1(demo: Demo) -> None:
    demo.do("make up")
    assert "service asterisk" in demo.do("make health")
    assert "Objects found" in demo.do("make cmd CMD='pjsip show endpoints'")
    assert "new configuration" in demo.do("make logs")
    assert "uid=0(root)" in demo.at_terminal("make sh", [("# ", "id\n"), ("uid=", "exit\n")])
    demo.do("make destroy")
    assert demo.left() == []


@newer
def test_help_lists_every_command(demo: Demo) -> None:
    listed = re.findall(r"^(\S+)  +\S", demo.do("make"), re.MULTILINE)
    assert demo.do("make help") == demo.do("make")
    makefile = (demo.folder / "Makefile").read_text()
    assert listed == re.findall(r"^([a-z_%]+):", makefile, re.MULTILINE)


@either
def test_demo_names_a_port_in_use(demo: Demo) -> None:
    with socket.socket() as other:
        other.bind((demo.address, demo.sms))
        other.listen()
        assert f"port {demo.sms} of this machine is in use" in demo.fail("make up")


@newer
def test_demo_names_what_is_missing(demo: Demo) -> None:
    assert "there is no image nobody/has:this" in demo.fail("make up IMAGE=nobody/has:this")
    assert "'make up' starts it" in demo.fail("make users")
    demo.do("make destroy")
    assert demo.left() == []


@pytest.mark.parametrize("compose", ["compose_2"], indirect=True)
@pytest.mark.parametrize(
    ("programs", "warning"),
    [((), "there is no Docker here"), (("docker",), "there is no Docker Compose here")],
)
def test_demo_reports_missing_docker_or_compose(
    demo: Demo, tmp_path: Path, programs: tuple[str, ...], warning: str
) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for program in ("sh", "make", "dirname", *programs):
        found = demo.do(f"command -v {program}").strip()
        (path / program).symlink_to(found)
    bare = {"PATH": str(path), "COMPOSE": "", "DOCKER_CONFIG": str(tmp_path)}
    if programs and demo.type("docker compose version", bare).returncode == 0:
        pytest.skip("this machine has Compose 2 for all users")
    assert warning in demo.fail("make up", bare)
