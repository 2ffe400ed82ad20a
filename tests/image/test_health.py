"""The health check tells the truth."""

import json

import pytest

from factory.waiting import wait_for
from tests.pbx import Pbx

from .conftest import Start

NANOSECONDS = 10**9


def test_health_checks_pass_with_details(pbx: Pbx) -> None:
    lines = [line.split("\t") for line in pbx.run("healthcheck").splitlines()]
    checks = {name: detail for state, name, detail in lines if state == "ok"}
    assert len(checks) == len(lines)
    assert checks["transport udp"] == "udp 127.0.0.1:5060: 200 OK"
    assert checks["transport tcp"] == "tcp 127.0.0.1:5060: 200 OK"


@pytest.mark.image("base")
def test_health_checks_cover_tls_and_services(pbx: Pbx) -> None:
    output = pbx.run("healthcheck")
    assert "transport tls\ttls 127.0.0.1:5061: 200 OK" in output
    assert "service asterisk" in output
    assert "service syslogd" in output


def test_health_check_logs_nothing(pbx: Pbx) -> None:
    before = pbx.logs()
    pbx.run("healthcheck")
    assert pbx.logs() == before


def test_health_check_has_its_interval_in_the_image(pbx: Pbx) -> None:
    check = pbx.container.image.attrs["Config"]["Healthcheck"]  # type: ignore[union-attr]
    worst = (check["Interval"] + check["Timeout"]) * check["Retries"] / NANOSECONDS
    assert worst <= 30


@pytest.mark.image("base", only=True)
def test_engine_reports_unhealthy_when_asterisk_hangs(start: Start) -> None:
    pbx = start(healthcheck=None)

    def health() -> str:
        pbx.container.reload()
        return str(pbx.container.attrs["State"]["Health"]["Status"])

    wait_for(health, lambda h: h == "healthy", seconds=20, otherwise="not healthy")
    pbx.run(f"kill -STOP {pbx.pid('asterisk')}")
    wait_for(health, lambda h: h == "unhealthy", seconds=30, otherwise="not found unhealthy")


def test_health_check_fails_when_asterisk_hangs(start: Start) -> None:
    pbx = start()
    pbx.run(f"kill -STOP {pbx.pid('asterisk')}")
    assert not pbx.is_healthy()
    pbx.run(f"kill -CONT {pbx.pid('asterisk')}")
    pbx.await_health()


SLOWLY = """
asterisk=$(pidof asterisk)
while :; do kill -STOP $asterisk; sleep 0.25; kill -CONT $asterisk; sleep 0.02; done &
brake=$!
healthcheck
status=$?
kill $brake
kill -CONT $asterisk
exit $status
"""


def test_health_check_passes_without_warnings_when_asterisk_is_slow(start: Start) -> None:
    pbx = start()
    pbx.run(SLOWLY)
    assert not [line for line in pbx.logs().splitlines() if "WARNING[" in line or "ERROR[" in line]


@pytest.mark.image("base")
def test_health_check_fails_when_a_service_is_down(start: Start) -> None:
    pbx = start()
    pbx.run("sv down syslogd")
    assert not pbx.is_healthy()


def test_transports_are_those_of_the_configuration(start: Start, volume: str) -> None:
    volumes = {volume: {"bind": "/srv", "mode": "rw"}}
    pbx = start(volumes=volumes)
    pbx.run(
        "sed -i 's/^bind = 0.0.0.0:5060/bind = 127.0.0.1:5560/' /etc/asterisk/pjsip_transport.conf"
    )
    pbx.container.stop()
    assert "udp 127.0.0.1:5560: 200 OK" in start(volumes=volumes).run("healthcheck")


@pytest.mark.image("base")
def test_pbx_health_shows_the_same_as_a_table(pbx: Pbx) -> None:
    table = pbx.run("pbx health").splitlines()
    assert all(line.startswith("ok ") for line in table)
    report = json.loads(pbx.run("pbx health --json"))
    assert report["healthy"] is True
    assert len(report["checks"]) == len(table)


@pytest.mark.image("base", only=True)
def test_pbx_helps(pbx: Pbx) -> None:
    assert "health" in pbx.run("pbx --help")
    result = pbx.container.exec_run(["pbx", "helth"])
    assert result.exit_code == 2
