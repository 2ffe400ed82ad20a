"""The soak begins before the other tests, for as long as is wanted."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest

def test_short(): ...

@pytest.mark.soak
def test_long(pytestconfig):
    print("minutes", pytestconfig.getoption("--soak-minutes"))
    print("seed", pytestconfig.getoption("--soak-seed"))

def test_other(): ...
"""


@pytest.fixture(autouse=True)
def project(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers =\n    soak: long")
    pytester.makepyfile(TESTS)


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest("-p", "tests.soak.plugin", "-v", "-rP", *options)


def test_it_comes_first_and_the_others_stay_in_order(pytester: pytest.Pytester) -> None:
    run(pytester).stdout.fnmatch_lines(
        ["*test_long PASSED*", "*test_short PASSED*", "*test_other PASSED*", "minutes 5"]
    )


def test_time_and_course_can_be_chosen(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--soak-minutes", "60", "--soak-seed", "7")
    result.stdout.fnmatch_lines(["minutes 60.0", "seed 7"])


@pytest.mark.parametrize("minutes", ["0", "-5", "1441", "nan"])
def test_a_time_that_cannot_be_is_refused(pytester: pytest.Pytester, minutes: str) -> None:
    result = run(pytester, f"--soak-minutes={minutes}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--soak-minutes {minutes}: give from 1 to 1440 minutes*"])
