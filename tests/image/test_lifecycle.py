"""Starting, one-off commands, signals, and services that end."""

import io
import tarfile
from http import HTTPStatus

import pytest
from docker.errors import APIError

from factory.waiting import wait_for
from tests.pbx import Pbx

from .conftest import Start


def put(pbx: Pbx, path: str, text: str) -> None:
    """Puts an executable into a container."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode = len(text), 0o755
        tar.addfile(entry, io.BytesIO(text.encode()))
    assert pbx.container.put_archive("/", archive.getvalue())


def created(start: Start, path: str, text: str) -> Pbx:
    """A container that had an executable put into it and was then started anew."""
    pbx = start(wait=False)
    pbx.container.stop(timeout=10)
    put(pbx, path, text)
    pbx.container.start()
    return pbx


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (["asterisk", "-V"], "Asterisk 22."),
        (["-V"], "Asterisk 22."),
        (["sh", "-c", "echo $DOCKER_CONF_DIR"], "/etc/asterisk"),
        (["cat", "/usr/share/asterisk/config/rtp.conf"], "rtpstart"),
    ],
)
def test_a_command_runs_instead_of_the_services(
    start: Start, command: list[str], printed: str
) -> None:
    pbx = start(command, wait=False)
    assert pbx.await_end() == 0
    assert printed in pbx.logs()
    assert "new configuration" not in pbx.logs()


def test_the_status_of_a_command_is_the_containers(start: Start) -> None:
    assert start(["sh", "-c", "exit 7"], wait=False).await_end() == 7


def test_stopping_is_orderly_and_in_time(start: Start) -> None:
    pbx = start()
    pbx.container.stop(timeout=10)
    assert pbx.await_end() == 0


def test_stopping_while_starting_is_orderly_too(start: Start) -> None:
    pbx = start(wait=False)
    # Earlier, the engine's own program may still be the container's, and fails with status 2.
    wait_for(pbx.logs, lambda logs: "new configuration" in logs, seconds=20, otherwise="no log")
    pbx.container.stop(timeout=10)
    assert pbx.await_end() == 0


@pytest.mark.image("mini", only=True)
def test_stopping_before_asterisk_listens_is_orderly_too(start: Start) -> None:
    """Asterisk ends by SIGTERM until it has its handler, as any program does."""
    pbx = created(start, "etc/service/asterisk/run", "#!/bin/sh\necho begun\nexec sleep 60\n")
    wait_for(pbx.logs, lambda logs: "begun" in logs, seconds=20, otherwise="did not begin")
    pbx.container.stop(timeout=10)
    assert pbx.await_end() == 0


STUBBORN = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n"


def stubborn(start: Start, image: str) -> Pbx:
    """A PBX of which something does not stop when it is asked to."""
    if image == "mini":
        pbx = start()
        pbx.run(f"kill -STOP {pbx.pid('asterisk')}")
        return pbx
    pbx = created(start, "etc/service/stubborn/run", STUBBORN).await_health()
    wait_for(
        lambda: pbx.run("sv status stubborn || true"),
        lambda state: state.startswith("run:"),
        seconds=10,
        otherwise="not up",
    )
    return pbx


def test_a_second_signal_stops_at_once(start: Start, image: str) -> None:
    pbx = stubborn(start, image)
    pbx.container.kill("SIGTERM")
    pbx.run("sleep 1")
    pbx.container.kill("SIGTERM")
    assert pbx.await_end(seconds=4) == 143


def test_what_does_not_stop_is_killed_within_the_time(start: Start, image: str) -> None:
    pbx = stubborn(start, image)
    pbx.container.kill("SIGTERM")
    pbx.await_end(seconds=10)


def test_orphans_are_reaped(start: Start) -> None:
    pbx = start()
    pbx.run("sh -c '(sleep 0.2 &) ; exit'")
    wait_for(
        lambda: pbx.run("cat /proc/[0-9]*/stat 2>/dev/null | awk '$3 == \"Z\"'"),
        lambda zombies: zombies == "",
        seconds=5,
        otherwise="zombies remain",
    )


def test_a_script_of_the_user_runs_before_the_services(start: Start) -> None:
    pbx = created(start, "etc/entrypoint.d/90-mine", "#!/bin/sh\necho mine-ran\n").await_health()
    assert "mine-ran" in pbx.logs()


def test_a_failing_script_stops_the_start(start: Start) -> None:
    pbx = created(start, "etc/entrypoint.d/05-broken", "#!/bin/sh\nexit 3\n")
    assert pbx.await_end() == 3
    assert "/etc/entrypoint.d/05-broken failed with exit status 3" in pbx.logs()


def test_exit_scripts_run_after_the_services(start: Start) -> None:
    script = "#!/bin/sh\npidof asterisk || echo asterisk-is-gone\n"
    pbx = created(start, "etc/exitpoint.d/10-mine", script).await_health()
    pbx.container.stop(timeout=10)
    assert pbx.await_end() == 0
    assert "asterisk-is-gone" in pbx.logs()


@pytest.mark.image("mini", only=True)
@pytest.mark.parametrize(
    ("command", "status"), [("kill -9 $(pidof asterisk)", 137), ("asterisk -rx 'core stop now'", 0)]
)
def test_mini_ends_with_asterisk(start: Start, command: str, status: int) -> None:
    pbx = start()
    # Detached: the container may be gone before the command can tell how it ended.
    pbx.container.exec_run(["sh", "-c", command], detach=True)
    assert pbx.await_end() == status


@pytest.mark.image("base")
def test_a_service_that_was_killed_comes_back(start: Start) -> None:
    pbx = start()
    for program in ("asterisk", "syslogd"):
        before = pbx.run(f"sv status {program}")
        pbx.run(f"sv kill {program}")
        wait_for(
            lambda program=program: pbx.run(f"sv status {program}"),  # type: ignore[misc]
            lambda now, before=before: (
                now.startswith("run:")  # type: ignore[misc]
                and now.split(")")[0] != before.split(")")[0]
            ),
            seconds=10,
            otherwise=f"{program} did not come back",
        )
    pbx.await_health()
    assert "asterisk was killed by signal 9; starting it again in 1 s" in pbx.logs()


@pytest.mark.image("base", only=True)
def test_a_pbx_that_keeps_crashing_ends_the_container(start: Start) -> None:
    pbx = start()

    def kill() -> bool:
        pbx.container.reload()
        if pbx.container.status == "running":
            try:
                pbx.container.exec_run(["sh", "-c", "kill -9 $(pidof asterisk)"])
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:  # it has ended since
                    raise
        return pbx.container.status != "running"

    wait_for(kill, seconds=55, otherwise="the container did not give up")
    assert pbx.await_end() == 1
    assert "for the fifth time within a minute: giving up" in pbx.logs()


@pytest.mark.image("base")
def test_a_service_that_is_switched_off_stays_off_and_is_no_illness(start: Start) -> None:
    pbx = start()
    pbx.run("touch /etc/service/syslogd/down; sv down syslogd")
    pbx.await_health()
    assert pbx.run("sv status syslogd").startswith("down:")


@pytest.mark.parametrize(
    "capabilities", [["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]]
)
def test_few_capabilities_are_enough(start: Start, capabilities: list[str]) -> None:
    pbx = start(cap_drop=["ALL"], cap_add=capabilities)
    pbx.container.stop(timeout=10)
    assert pbx.await_end() == 0
