"""An administrator's terminal, in which programs of user asterisk run."""

from __future__ import annotations

import shlex
from typing import cast

import pytest

from factory.waiting import wait_for
from tests.hostile.conftest import Attack
from tests.hostile.plants import RAN
from tests.hostile.terminal import Terminal

pytestmark = pytest.mark.image("full")

# TIOCSTI, ioctl_tty(2): puts characters into the input of the terminal that a program has.
TYPE = """
import fcntl
for character in b": > {}$(id -u)\\n":
    fcntl.ioctl(0, 0x5412, bytes([character]))
"""


def test_a_program_of_user_asterisk_types_nothing_into_roots_shell(attack: Attack) -> None:
    """Any process of user asterisk can be made to run other code by another one (ptrace).

    So can `pbx user list` or `asterisk -r`, typed in a shell of `docker exec -it pbx sh`.
    """
    victim = attack()
    with Terminal(victim.container, ["sh"]) as terminal:
        terminal.type(f"/usr/local/lib/pbx/launch python3 -c {shlex.quote(TYPE.format(RAN))}\n")
        terminal.type("echo the-$((1 + 1))-end\n")
        wait_for(
            terminal.read,
            lambda text: "the-2-end" in text,
            seconds=30,
            otherwise="the shell does not answer",
        )
    victim.judge()


def test_answers_of_user_asterisks_programs_control_no_terminal(attack: Attack) -> None:
    """Escape sequences rename windows, answer questions and hide lines: none gets through."""
    victim = attack()
    escape = "\\033]0;planted\\007\\033[2J fully booted"
    sockets = ("/run/asterisk/asterisk.ctl", "/run/autoban/control", "/run/websms/control")
    for socket in sockets:
        server = (
            f"rm -f {socket}; while :; do printf '{escape}\\n' | timeout 5 nc -NlU {socket}; done"
        )
        victim.container.exec_run(["sh", "-c", server], user="asterisk", detach=True)
    wait_for(
        lambda: victim.run("pidof nc").split(),
        lambda numbers: len(numbers) >= len(sockets),
        seconds=20,
        otherwise="the attacker's servers do not run",
    )
    for command in ("pbx health", "healthcheck", "autoban", "websms queue"):
        result = victim.container.exec_run(["timeout", "60", *command.split()])
        answer = cast(bytes, result.output)
        if b"\033" in answer or b"\007" in answer:
            victim.broken.append(f"broken: no answer controls a terminal: `{command}`: {answer!r}")
    victim.judge()
