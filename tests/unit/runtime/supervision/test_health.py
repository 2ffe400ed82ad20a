"""`pbx health`: from the lines of the health check to what people and programs read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx.supervision.health import Finding, format_table, parse_findings
from pbx.supervision.main import main

Printed = pytest.CaptureFixture[str]
Healthcheck = Callable[..., None]

WELL = "ok\tasterisk\tanswers\nok\tservice asterisk\tup for 9 s\n"
words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)
findings = st.lists(st.builds(Finding, words, st.booleans(), words))


@pytest.fixture
def healthcheck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Healthcheck:
    """Puts a health check on PATH that prints these bytes and ends with this status."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def install(output: str | bytes, status: int) -> None:
        data = output if isinstance(output, bytes) else output.encode()
        (tmp_path / "output").write_bytes(data)
        script = tmp_path / "healthcheck"
        script.write_text(f"#!/bin/sh\ncat '{tmp_path}/output'\nexit {status}\n")
        script.chmod(0o755)

    return install


def line(finding: Finding) -> str:
    return f"{'ok' if finding.ok else 'fail'}\t{finding.check}\t{finding.detail}\n"


@settings(max_examples=30)
@given(findings)
def test_health_findings_are_read_as_they_were_printed(expected: list[Finding]) -> None:
    assert parse_findings("".join(map(line, expected))) == tuple(expected)


def test_health_details_may_hold_tabs() -> None:
    assert parse_findings("ok\tsip\ta\tb\n") == (Finding("sip", True, "a\tb"),)


@pytest.mark.parametrize(
    "text", ["Traceback", "ok asterisk answers", "ok\tasterisk", "OK\tasterisk\tx", "\tx\ty"]
)
def test_health_line_of_another_form_is_a_failure(text: str) -> None:
    assert parse_findings(f"{WELL}{text}\n\n")[2:] == (
        Finding("health check", False, text.strip()),
    )


@settings(max_examples=50)
@given(st.text())
def test_health_of_any_output_has_a_row_for_each_line(output: str) -> None:
    found = parse_findings(output)
    assert len(found) == sum(bool(line.strip()) for line in output.splitlines())
    table = format_table(found, colour=True)
    assert len(table.split("\n")) == max(1, len(found))


def test_health_table_in_colour_is_the_same_but_for_the_colours() -> None:
    found = parse_findings(WELL + "fail\tsip\tsilent\n")
    coloured = format_table(found, colour=True)
    for code in ("\x1b[32m", "\x1b[31m", "\x1b[0m"):
        assert code in coloured
        coloured = coloured.replace(code, "")
    assert coloured == format_table(found, colour=False)


def test_health_command_ends_with_1_if_a_check_fails(
    healthcheck: Healthcheck, capsys: Printed
) -> None:
    healthcheck(WELL + "fail\tsip\tsilent\n", 3)
    assert main(["health"]) == 1
    assert "FAIL  sip" in capsys.readouterr().out


def test_health_command_ends_with_1_after_a_line_of_another_form(
    healthcheck: Healthcheck, capsys: Printed
) -> None:
    healthcheck(WELL + "sh: sv: not found\n", 0)
    status = main(["health", "--json"])
    assert (status, json.loads(capsys.readouterr().out)["healthy"]) == (1, False)


def test_health_command_shows_output_that_is_not_utf_8(
    healthcheck: Healthcheck, capsys: Printed
) -> None:
    healthcheck(b"fail\tsip\tcaf\xe9\n", 1)
    assert main(["health"]) == 1
    assert "FAIL  sip" in capsys.readouterr().out
