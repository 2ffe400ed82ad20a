"""Why a build failed, found in what it printed."""

import pytest

from factory.build.failure import explain

LAST = "The command '/bin/sh -euc apt-get update' returned a non-zero code: 100"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("write /var/lib/docker/x: no space left on device", "docker system prune"),
        ("E: Unable to locate package asterisc", "component.yaml"),
        ("  asterisk-old (no such package):", "component.yaml"),
        ("E: Can not find version '1:22.9' of package 'asterisk'", "mirror has to have"),
        ("1 out of 3 hunks FAILED -- saving rejects to file channels/chan_console.c.rej", "patch"),
        ("WARNING: updating https://mirror.example: temporary error (try again later)", "--mirror"),
        ("  Temporary failure resolving 'mirror.example'", "--mirror"),
        ("E: Release file for http://mirror.example is expired (invalid since 9d)", "clock"),
    ],
)
def test_failure_that_is_known_is_found_among_other_lines(line: str, hint: str) -> None:
    cause, said = explain(["Step 4/9 : RUN apt-get update", line, "E: Some other line", LAST])
    assert cause == line.strip()
    assert hint in said


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["one", "  two ", LAST], f"two — {LAST}"),
        (["one", "", "  ", LAST], f"one — {LAST}"),
        ([LAST], LAST),
    ],
)
def test_failure_that_is_unknown_quotes_the_last_lines(lines: list[str], cause: str) -> None:
    said, hint = explain(lines)
    assert said == cause
    assert "build/build.log" in hint


def test_failure_long_before_the_end_is_not_the_cause() -> None:
    lines = ["E: Failed to fetch x", *[f"line {number}" for number in range(100)], LAST]
    assert explain(lines)[0] == f"line 99 — {LAST}"


def test_failure_of_the_mirror_comes_before_missing_packages() -> None:
    lines = [
        "W: Failed to fetch http://mirror.example/InRelease  Temporary failure resolving",
        "W: Some index files failed to download. They have been ignored, or old ones used instead.",
        "E: Unable to locate package asterisk",
        LAST,
    ]
    assert "--mirror" in explain(lines)[1]
