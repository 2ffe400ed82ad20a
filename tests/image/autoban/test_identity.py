"""The manager's port may be somebody else's, as on the host's network."""

from __future__ import annotations

import pytest

from factory.waiting import wait_for
from tests.image.conftest import Start
from tests.pbx import Pbx

from .steps import CONF, at_work, lines, stats

pytestmark = pytest.mark.image("base", only=True)

OTHER_PROGRAM = """
import socket
with socket.create_server(("127.0.0.1", 5038)) as server:
    print("here", flush=True)
    while True:
        connection, _ = server.accept()
        connection.sendall(b"Asterisk Call Manager/11.0.0\\r\\n")
        connection.recv(1000)
        connection.sendall(b"Response: Success\\r\\nActionID: login\\r\\n\\r\\n")
"""


def health(pbx: Pbx) -> str:
    """What the health check says of AutoBan."""
    shown = pbx.run("healthcheck || :")
    return "".join(line for line in shown.splitlines() if line.split("\t")[1:2] == ["autoban"])


def await_sick(pbx: Pbx) -> None:
    wait_for(
        lambda: health(pbx),
        lambda line: line.startswith("fail"),
        seconds=60,
        otherwise="the health check does not notice",
    )
    for word in ("port 5038", "[general] port in manager.conf", "[asmanager] port in autoban.conf"):
        assert word in health(pbx)
    assert not pbx.is_healthy()


@pytest.mark.parametrize("login", ["accepts", "refuses"])
def test_port_of_ami_taken_by_another_asterisk(start: Start, own: Pbx, login: str) -> None:
    """Both share a network; the secrets are the same or not."""
    assert health(own).startswith("ok")
    second = start(
        wait=False,
        network=None,
        network_mode=f"container:{own.container.id}",
        environment={"SYSLOG_LEVEL": "7"},
    )
    wait_for(
        lambda: second.run("test ! -S /run/autoban/control || echo here"),
        seconds=30,
        otherwise="AutoBan does not start",
    )
    if login == "accepts":
        secret = own.run(f"grep ^secret {CONF}/autoban.conf")
        files = f"{CONF}/autoban.conf {CONF}/manager_autoban.conf"
        second.run(f"sed -i 's/^secret.*/{secret}/' {files}; sv restart autoban")
    await_sick(second)
    line = lines(second, "belongs to another program or another Asterisk")[-1]
    assert "port 5038 of 127.0.0.1" in line
    assert not stats(second)["connected"]
    # It is mended as the line says.
    second.run(f"sed -i 's/^port.*/port = 5039/' {CONF}/manager.conf {CONF}/autoban.conf")
    second.asterisk("module reload manager")
    second.run("sv restart autoban")
    at_work(second)
    wait_for(lambda: health(second).startswith("ok"), seconds=20, otherwise="not healthy again")
    assert stats(own)["connected"]


def test_port_of_ami_taken_by_another_program(own: Pbx) -> None:
    own.run(f"sed -i 's/^port.*/port = 5039/' {CONF}/manager.conf")
    own.asterisk("module reload manager")
    own.container.exec_run(["python3", "-c", OTHER_PROGRAM], detach=True)
    await_sick(own)


def test_a_restart_of_asterisk_leaves_it_healthy(own: Pbx) -> None:
    seen = set()
    own.run("sv restart asterisk")

    def back() -> bool:
        seen.add(health(own).partition("\t")[0])
        return bool(stats(own)["connected"])

    wait_for(back, seconds=30, otherwise="not connected again")
    assert seen == {"ok"}


def test_wrong_secret_is_not_tried_forever(own: Pbx) -> None:
    own.run(f"sed -i 's/^secret.*/secret = wrong/' {CONF}/autoban.conf; sv restart autoban")
    wait_for(
        lambda: health(own).startswith("fail"), seconds=60, otherwise="the check does not notice"
    )
    assert "Asterisk refuses the login" in health(own)
    assert len(lines(own, "refuses the login")) == 1


@pytest.mark.parametrize("script", ["rm {}", "sed -i s/^enabled.*/enabled=no/ {}"])
def test_autoban_switched_off_logs_nothing(own: Pbx, script: str) -> None:
    own.run(f"{script.format(f'{CONF}/autoban.conf')}; sv restart autoban")
    wait_for(lambda: health(own) == "", seconds=10, otherwise="the check says something")
