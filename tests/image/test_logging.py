"""What is printed at which level."""

import re

import pytest

from factory.waiting import wait_for

from .conftest import Start

LINE = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d .*")
PROGRAMS = (" pbx: ", "asterisk", "syslog", " autoban: ", " websms: ")
BEFORE_LOGGING = (
    "PBX UUID: ",
    "Could not find option 'minimum_size'",
    "Asterisk Ready.",
    "No ethernet interface found",
    "[0m",
)


@pytest.mark.parametrize("level", [0, 4, 8])  # what 8 does not print, those between do not
def test_a_start_prints_no_warning_and_no_error(start: Start, level: int) -> None:
    logs = start(environment={"SYSLOG_LEVEL": str(level)}).logs()
    assert not re.search(r"\b(WARNING|ERROR)\[", logs), logs
    if level == 0:
        assert logs == ""


@pytest.mark.parametrize(("level", "shown"), [(3, False), (4, True), (8, True)])
def test_an_error_is_shown_from_level_4_on(start: Start, level: int, *, shown: bool) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": str(level)})
    pbx.asterisk("dialplan add extension test,1,Log(ERROR,the-mark) into marks")
    pbx.asterisk("dialplan add extension test,2,Set(GLOBAL(logged)=yes) into marks")
    pbx.asterisk("channel originate Local/test@marks application Wait 1")
    wait_for(
        lambda: pbx.asterisk("dialplan show globals"),
        lambda variables: "logged=yes" in variables,
        seconds=5,
        otherwise="the call did not get there",
    )
    if shown:
        wait_for(lambda: "the-mark" in pbx.logs(), seconds=5, otherwise="not printed")
    else:
        assert "the-mark" not in pbx.logs()


def test_lines_carry_time_and_program(start: Start) -> None:
    logs = start(environment={"SYSLOG_LEVEL": "6"}).logs().splitlines()
    lines = [line for line in logs if line.strip() and not line.startswith(BEFORE_LOGGING)]
    assert len(lines) > 1
    for line in lines:
        bare = line.removeprefix("[").replace("]", "", 1) if line.startswith("[") else line
        assert LINE.match(bare), line
        assert any(name in line for name in PROGRAMS), line


def test_nonsense_counts_as_the_default(start: Start) -> None:
    start(environment={"SYSLOG_LEVEL": "loud"})


def test_a_new_level_takes_a_restart_only(start: Start, volume: str) -> None:
    volumes = {volume: {"bind": "/srv", "mode": "rw"}}
    quiet = start(environment={"SYSLOG_LEVEL": "4"}, volumes=volumes)
    assert "VERBOSE[" not in quiet.logs()
    quiet.container.stop()
    loud = start(environment={"SYSLOG_LEVEL": "7"}, volumes=volumes)
    assert "VERBOSE[" in loud.logs() or "loaded" in loud.logs()
