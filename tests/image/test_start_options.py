"""Options that take rights away: the container works, or one line names what is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError

from factory.waiting import wait_for
from fixtures.engine import CannotRunError, running_engine
from tests.pbx import Pbx, create_container
from tests.rights_table import read_table
from tests.targets import Target

from .conftest import Start

ROOT = Path(__file__).resolve().parents[2]
_TABLE = read_table((ROOT / "SECURITY.md").read_text(), "capability", "without it")
CAPABILITIES = {row[0]: row[1] for row in _TABLE}
"""What the manual says of each: without it `the start stops`, perhaps `where …`, or anything."""

once = pytest.mark.image("mini", once=True)
TMPFS = {"/run": "", "/tmp": ""}


def ended_or_healthy(pbx: Pbx) -> str:
    """Waits for one of both: `` if it is healthy, else the log of the container that has ended."""

    def look() -> str | None:
        pbx.container.reload()
        if pbx.container.status == "exited":
            return pbx.logs()
        try:
            return "" if pbx.is_healthy() else None
        except APIError:  # it has ended since
            return None

    state = wait_for(
        look, lambda found: found is not None, seconds=60, otherwise="neither healthy nor ended"
    )
    if state:
        assert pbx.container.attrs["State"]["ExitCode"] != 0
    return state or ""


def the_line(log: str, words: str) -> str:
    """The one line of a log that has the words; what programs print beside it is little."""
    lines = [line for line in log.splitlines() if words in line]
    assert len(lines) == 1, f"'{words}' is not in one line: {log}"
    assert len(log.splitlines()) <= 8, f"much more than that is said: {log}"
    return lines[0]


def test_the_manual_lists_what_a_container_needs() -> None:
    assert {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"} >= {
        name for name, effect in CAPABILITIES.items() if effect.startswith("the start stops")
    }
    assert CAPABILITIES


def test_without_capabilities_it_says_which_it_needs(start: Start) -> None:
    """Who follows what the log says arrives at a container that works."""
    given: list[str] = []
    for _ in range(4):
        pbx = start(wait=False, cap_drop=["ALL"], cap_add=given)
        log = ended_or_healthy(pbx)
        if not log:
            break
        wanted = re.findall(r"--cap-add ([A-Z_]+)", the_line(log, "--cap-add"))
        assert set(wanted) & set(given) == set(), f"it asks for what it has: {log}"
        given += wanted
    else:
        pytest.fail(f"it never works: at last with {given}: {log}")
    assert set(given) <= CAPABILITIES.keys()


@pytest.mark.parametrize("name", CAPABILITIES)
def test_each_capability_does_what_the_manual_says(start: Start, name: str) -> None:
    others = [other for other in CAPABILITIES if other != name]
    log = ended_or_healthy(start(wait=False, cap_drop=["ALL"], cap_add=others))
    effect = CAPABILITIES[name]
    if log:
        assert effect.startswith("the start stops"), f"the manual says: {effect}; the log: {log}"
        assert f"--cap-add {name}" in the_line(log, "--cap-add")
    else:
        assert effect != "the start stops", f"{name}: it works without"


def foreign_volume(folder: Path) -> None:
    """A folder of somebody else's, with a configuration that is for its owner alone."""
    (folder / "etc/asterisk").mkdir(parents=True)
    (folder / "etc/asterisk/asterisk.conf").write_text("[options]\n")
    (folder / "var/spool/asterisk/voicemail").mkdir(parents=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 12345, 12345)
        path.chmod(0o600 if path.is_file() else 0o700)


@once
@pytest.mark.parametrize("name", ["CHOWN", "DAC_OVERRIDE", "FOWNER"])
def test_a_foreign_volume_without_a_capability_names_it(
    start: Start, folder: Path, name: str
) -> None:
    if name not in CAPABILITIES:
        pytest.skip(f"the manual does not ask for {name}")
    foreign_volume(folder)
    others = [other for other in CAPABILITIES if other != name]
    pbx = start(wait=False, cap_drop=["ALL"], cap_add=others, volumes=[f"{folder}:/srv"])
    pbx.container.wait()  # its configuration is none, so it does not become healthy
    assert f"--cap-add {name}" in the_line(pbx.logs(), "--cap-add")


@pytest.mark.parametrize(
    "options",
    [
        {"security_opt": ["no-new-privileges"]},
        {"read_only": True, "tmpfs": TMPFS},
        {"read_only": True, "tmpfs": TMPFS, "security_opt": ["no-new-privileges"]},
        {"tmpfs": dict.fromkeys(("/run", "/tmp", "/srv"), "noexec,nosuid,nodev")},
        {
            "cap_drop": ["ALL"],
            "cap_add": list(CAPABILITIES),
            "security_opt": ["no-new-privileges"],
            "read_only": True,
            "tmpfs": dict.fromkeys(("/run", "/tmp", "/srv"), "noexec"),
        },
    ],
    ids=["no-new-privileges", "read-only", "both", "noexec", "everything"],
)
def test_options_that_take_rights_away(start: Start, options: dict[str, Any]) -> None:
    pbx = start(**options)
    pbx.container.stop(timeout=60)
    assert pbx.await_end() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"user": "200:200"}, "--user"),
        ({"user": "200:200", "tmpfs": TMPFS}, "--user"),
        ({"user": "200:200", "cap_drop": ["ALL"]}, "--user"),
        ({"read_only": True}, "--tmpfs /run"),
    ],
    ids=["user", "user-tmpfs", "user-no-capabilities", "read-only"],
)
def test_options_that_cannot_work_are_named(
    start: Start, options: dict[str, Any], words: str
) -> None:
    log = ended_or_healthy(start(wait=False, **options))
    assert log, "it works"
    the_line(log, words)


@pytest.fixture(scope="module")
def remapped(
    client: docker.DockerClient, targets: dict[str, Target]
) -> Iterator[docker.DockerClient]:
    """An engine with user-namespace remapping that has the largest image that is tested."""
    name = next(name for name in ("full", "base", "mini") if name in targets)
    reference = targets[name].reference
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine(reference, client))
        except CannotRunError as error:
            pytest.skip(f"no engine with user-namespace remapping: {error}")
        yield engine


FEW = {
    "cap_drop": ["ALL"],
    "cap_add": list(CAPABILITIES),
    "security_opt": ["no-new-privileges"],
    "read_only": True,
    "tmpfs": TMPFS,
}


@pytest.mark.parametrize("options", [{}, FEW], ids=["usual", "few-rights"])
@pytest.mark.xdist_group("remapped")
def test_users_can_be_remapped(
    remapped: docker.DockerClient, stack: ExitStack, options: dict[str, Any]
) -> None:
    """Root of the container is nobody on the machine (`userns-remap`)."""
    (image,) = remapped.images.list()
    container = create_container(remapped, str(image.id), stack, **options)
    container.start()
    pbx = Pbx(container)
    assert ended_or_healthy(pbx) == ""
    outside = Path(f"/proc/{container.attrs['State']['Pid']}/status").read_text()
    assert "\nUid:\t0\t" not in outside
    container.stop(timeout=60)
    assert pbx.await_end() == 0
