"""WebSMS as a service: it loses nothing, and says what keeps it from its work."""

from __future__ import annotations

import re

import pytest

from factory.waiting import wait_for
from tests.image.conftest import Start
from tests.pbx import Pbx
from tests.unit.runtime.websms.configuration.test_reader import UPSTREAM

from .web import (
    CONF,
    OPEN,
    QUEUE,
    Poster,
    await_web,
    configure,
    fields,
    form,
    kill,
    lines,
    waiting,
    websmsd,
)

pytestmark = pytest.mark.image("base", only=True)


def test_what_was_acknowledged_outlives_a_kill(own: Pbx, poster: Poster) -> None:
    for number in range(10):
        assert poster.post(fields(body=f"number {number}")).status == 200
        kill(own)
    assert len(waiting(own)) == 10


def test_a_full_disk_takes_nothing_and_loses_nothing(start: Start) -> None:
    pbx = start(
        environment={"SYSLOG_LEVEL": "7"},
        tmpfs={"/srv/var/spool/websms": "size=1m,mode=0750"},
    )
    configure(pbx, f"[websmsd]\nkey_id = id\n{QUEUE}")
    poster = Poster(pbx)
    assert poster.post({**fields(), "id": "before"}).status == 200
    pbx.run("dd if=/dev/zero of=/var/spool/websms/filler bs=4k 2> /dev/null || true")
    numbers = [f"full-{n}" for n in range(40)]
    answers = poster.exchange(*(form({**fields("x" * 5000), "id": n}) for n in numbers))
    taken = {n for n, x in zip(numbers, answers, strict=True) if x.status == 200}
    refused = {n for n, x in zip(numbers, answers, strict=True) if x.status == 503}
    assert refused
    assert taken | refused == set(numbers)
    assert "the message cannot be stored now" in next(x.body for x in answers if x.status == 503)
    assert any("database or disk is full" in line for line in lines(pbx, "was not accepted"))
    pbx.run("rm /var/spool/websms/filler")
    assert len(waiting(pbx)) == 1 + len(taken)
    assert poster.post({**fields(), "id": next(iter(refused))}).status == 200
    kill(pbx)
    assert len(waiting(pbx)) == 2 + len(taken)


NO_PORT = "no web server: WEBSMSD_PORT is not a port number"


@pytest.mark.parametrize("port", ["", "none", "0", "80x", "99999"])
def test_web_server_needs_a_port_and_its_absence_is_reported_once(start: Start, port: str) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": "6", "WEBSMSD_PORT": port})
    wait_for(lambda: lines(pbx), seconds=10, otherwise="nothing said")
    assert pbx.run("websms queue") == "no pending messages"
    assert ":0050 " not in pbx.run("cat /proc/net/tcp /proc/net/tcp6")
    pbx.await_health()
    assert [x.partition("websms: ")[2] for x in lines(pbx)] == [NO_PORT]


def test_web_server_needs_the_variable(own: Pbx) -> None:
    own.run("sv stop websms")
    daemon = "/usr/local/lib/pbx/launch /usr/local/lib/pbx/websmsd"
    output = own.run(f"SYSLOG_LEVEL=6 timeout 2 env -u WEBSMSD_PORT {daemon} || true")
    assert [x.partition("websms: ")[2] for x in output.splitlines()] == [NO_PORT]


def test_mistake_in_the_file_is_reported_and_websms_does_not_start(
    own: Pbx, poster: Poster
) -> None:
    own.run(f"printf '[websmsd]\\nurl_path = /x\\nremt_adr = 192.0.2.1\\n' > {CONF}")
    own.run("sv restart websms")
    wait_for(lambda: lines(own, "off: "), seconds=10, otherwise="nothing said")
    (line,) = lines(own, "off: ")
    assert line.endswith(
        "off: websms.conf, line 3: remt_adr: there is no such key in [websmsd]; is it remt_addr?"
    )
    assert poster.send(form(fields())).raw == b""
    assert not own.is_healthy()
    own.container.reload()
    assert own.container.status == "running"
    configure(own, OPEN)
    own.await_health()
    assert poster.post(fields()).status == 200


def test_websms_is_off_without_a_file(own: Pbx, poster: Poster) -> None:
    own.run(f"rm {CONF}; sv restart websms")
    wait_for(lambda: lines(own, f"off: there is no {CONF}"), seconds=10, otherwise="nothing said")
    assert poster.send(form(fields())).raw == b""
    own.await_health()


def test_a_configuration_of_the_upstream_image_works(own: Pbx, poster: Poster) -> None:
    configure(own, UPSTREAM.replace("192.0.2.5/24", "127.0.0.5/32"))
    answer = poster.send(form(fields(), "/incoming1"), source="127.0.0.5")
    assert (answer.status, answer.body) == (200, "<Response></Response>")
    assert poster.send(form(fields(), "/incoming2"), source="127.0.0.5").status == 403
    assert [x["interface"] for x in waiting(own)] == ["0"]


def test_websms_runs_as_user_asterisk_with_one_capability(start: Start) -> None:
    # As on the host's network, where the kernel keeps low ports for root.
    pbx = start(network_mode="bridge", sysctls={"net.ipv4.ip_unprivileged_port_start": "1024"})
    await_web(pbx)
    status = pbx.run(f"cat /proc/{websmsd(pbx)}/status")
    uid = pbx.run("id -u asterisk")
    assert re.search(rf"^Uid:\t{uid}\t{uid}\t", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0000000000000400$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert pbx.run("stat -c '%U %a' /run/websms/control") == "asterisk 600"


def test_port_that_is_in_use_is_reported_and_retried(own: Pbx, poster: Poster) -> None:
    own.run("sv stop websms")
    own.container.exec_run(["nc", "-l", "-k", "80"], detach=True)
    wait_for(
        lambda: ":0050 " in own.run("cat /proc/net/tcp"), seconds=5, otherwise="the port is free"
    )
    own.run("sv start websms")
    wait_for(lambda: lines(own, "cannot listen on port 80"), seconds=10, otherwise="nothing said")
    assert own.run("websms queue") == "no pending messages"
    own.run("kill $(pidof nc)")
    await_web(own)
    assert len(lines(own, "cannot listen on port 80")) == 1
    assert poster.post(fields()).status == 200
