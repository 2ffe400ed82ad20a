"""Why a build failed, found in what it printed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.build.failure import explain

LAST = "The command '/bin/sh -euc apt-get update' returned a non-zero code: 100"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("write /var/lib/docker/x: no space left on device", "docker system prune"),
        ("E: Unable to locate package asterisc", "component.yaml"),
        ("E: Package 'asterisk-old' has no installation candidate", "component.yaml"),
        ("  asterisk-old (no such package):", "component.yaml"),
        (
            "WARNING: updating https://mirror.example/v3: temporary error (try again later)",
            "--mirror",
        ),
        ("E: Unable to find a source package for asterisk", "mirror has to have"),
        ("E: Can not find version '1:22.9' of package 'asterisk'", "mirror has to have"),
        ("1 out of 3 hunks FAILED -- saving rejects to file channels/chan_console.c.rej", "patch"),
        ("  Temporary failure resolving 'mirror.example'", "--mirror"),
        ("  Could not resolve 'mirror.example'", "--mirror"),
        ("  Could not connect to mirror.example:80 (192.0.2.1)", "--mirror"),
        ("E: Failed to fetch http://mirror.example/x.deb  404  Not Found", "--mirror"),
        (
            "E: Release file for http://mirror.example/InRelease is expired (invalid since 9d)",
            "clock",
        ),
        ("E: Release file for http://mirror.example/InRelease is not valid yet", "clock"),
    ],
)
def test_failure_that_is_known_is_found_among_other_lines(line: str, hint: str) -> None:
    cause, said = explain(["Step 4/9 : RUN apt-get update", line, "E: Some other line", LAST])
    assert cause == line.strip()
    assert hint in said


def test_failure_of_the_engine_itself_is_found() -> None:
    cause, hint = explain(["Step 1/2 : COPY a b", "no space left on device"])
    assert (cause, "prune" in hint) == ("no space left on device", True)


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


@settings(max_examples=30)
@given(st.lists(st.text(), min_size=1))
def test_failure_always_has_a_hint(lines: list[str]) -> None:
    assert explain(lines)[1]


def test_failure_of_the_mirror_comes_before_missing_packages() -> None:
    lines = [
        "W: Failed to fetch http://mirror.example/InRelease  Temporary failure resolving",
        "W: Some index files failed to download. They have been ignored, or old ones used instead.",
        "E: Unable to locate package asterisk",
        LAST,
    ]
    assert "--mirror" in explain(lines)[1]
