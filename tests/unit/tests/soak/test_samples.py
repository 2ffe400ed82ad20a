"""What a soak makes of samples of a PBX: who grows, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.soak.samples import (
    BYTES_AT_ALL,
    BYTES_EACH,
    LARGER,
    ProcessSample,
    Sample,
    leaks,
    left,
)

AGE = 90.0
REST = Sample(
    1000.0,
    {
        "asterisk": ProcessSample(20, 60.0, 40_000, 50, 60),
        "websms": ProcessSample(21, 60.0, 30_000, 9, 1),
    },
    {"asterisk": 1, "python3": 2},
    (),
    {"/srv/etc/asterisk/asterisk.conf": 500, "/srv/var/spool/websms/websms.db": 4096},
    {"jail4": 0},
    {"asterisk": ["/dev/null"], "websms": ["pipe"]},
)


def run(memory: Sequence[float], pid: int = 20, start: float = 0) -> list[Sample]:
    """Samples, five seconds apart, of Asterisk with so much memory."""
    return [
        replace(
            REST,
            time=1000.0 + start + 5 * n,
            processes={"asterisk": ProcessSample(pid, AGE + 5 * n, int(kib), 50, 60)},
        )
        for n, kib in enumerate(memory)
    ]


@given(st.integers(2, 50))
def test_leaks_name_who_grows_and_how_much(times: int) -> None:
    each = times * LARGER["asterisk", "memory"] / 16
    (line,) = leaks(run([40_000 + each * n for n in range(33)]), AGE)
    assert line.startswith(f"asterisk gained {32 * each:.0f} KiB of memory in 160 s (")


def test_leaks_compare_no_process_with_the_one_before() -> None:
    small, large = [40_000.0] * 20, [60_000.0] * 20
    assert leaks(run(small) + run(large, pid=99, start=100), AGE) == []
    assert leaks(run(small + large), AGE) != []


def test_leaks_name_a_zombie_that_stays() -> None:
    passing = [replace(REST, zombies=(n,)) for n in range(5)]
    assert leaks(passing, AGE) == []
    assert leaks([*passing, replace(REST, zombies=(4, 8))], AGE) == [
        "process 4 ended, and nobody waited for it"
    ]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (
            replace(REST, held={**REST.held, "websms": ["pipe", "pipe"]}),
            "websms has 2 descriptors, before 1: pipe",
        ),
        (
            replace(REST, processes={"asterisk": REST.processes["asterisk"]}),
            "websms does not run",
        ),
        (replace(REST, zombies=(5,)), "process 5 ended, and nobody waited for it"),
        (replace(REST, names={"asterisk": 1, "sleep": 2}), "2 processes sleep run, before 0"),
        (
            replace(REST, files={**REST.files, "/srv/var/spool/x.wav": 1}),
            "/srv/var/spool/x.wav is left",
        ),
        (replace(REST, sets={"jail4": 1}), "AutoBan's set jail4 has 1 members, before 0"),
    ],
)
def test_left_names_each_thing(after: Sample, line: str) -> None:
    assert left(REST, after, 0) == [line]


def test_left_ignores_connections_of_banned_clients() -> None:
    ours, theirs = "tcp 0100007F:13C4 0100007F:BC12", "tcp C5C113C6:13C5 E1C113C6:9399"
    held = {**REST.held, "asterisk": ["/dev/null", f"{theirs} established"]}
    assert left(REST, replace(REST, held=held), 0) == []
    for leak in (f"{ours} established", f"{theirs} close wait"):
        held = {**REST.held, "asterisk": ["/dev/null", leak]}
        line = f"asterisk has 2 descriptors, before 1: {leak}"
        assert left(REST, replace(REST, held=held), 0) == [line]


@given(st.integers(0, 10_000))
def test_left_allows_each_message_its_number(messages: int) -> None:
    name = "/srv/var/spool/websms/websms.db"
    most = REST.files[name] + BYTES_AT_ALL + messages * BYTES_EACH
    assert left(REST, replace(REST, files={**REST.files, name: most}), messages) == []
    (line,) = left(REST, replace(REST, files={**REST.files, name: most + 1}), messages)
    assert line.endswith(f"bytes with {messages} messages")
