"""What is logged about the connection to Asterisk, and when AutoBan is not healthy."""

from __future__ import annotations

import pytest
from pbx.asterisk.ami_client import AmiForeignError, AmiRefusedError
from pbx.autoban.manager.outage import FAILS_AFTER, LOGGED_AFTER, REFUSED_FAILS_AFTER, Outage
from pbx.core.log import ERROR, INFO, NOTICE

FOREIGN = AmiForeignError("port 5038 belongs to somebody else")
REFUSED = AmiRefusedError("Authentication failed")
DOWN = ConnectionRefusedError("refused")


def test_outage_by_another_program_is_logged_at_once_and_once() -> None:
    outage = Outage(0)
    assert outage.goes_on(FOREIGN, 1) == (ERROR, "port 5038 belongs to somebody else; retrying")
    assert outage.goes_on(FOREIGN, 6) is None


@pytest.mark.parametrize("error", [FOREIGN, REFUSED])
def test_outage_by_refusals_for_some_seconds_is_a_problem(error: Exception) -> None:
    outage = Outage(0)
    outage.goes_on(error, 1)
    assert outage.problem(REFUSED_FAILS_AFTER) == ""
    assert str(error) in outage.problem(1 + REFUSED_FAILS_AFTER)
    outage.ended()
    assert outage.problem(1000) == ""


def test_outage_by_a_restart_of_asterisk_is_no_problem() -> None:
    outage = Outage(0)
    assert outage.problem(FAILS_AFTER - 1) == ""  # it has just been started
    outage.ended()
    outage.goes_on(DOWN, 1000)
    outage.goes_on(DOWN, 1050)
    assert outage.problem(1000 + FAILS_AFTER - 1) == ""
    assert "refused" in outage.problem(1000 + FAILS_AFTER)


def test_outage_by_one_refusal_at_the_start_of_asterisk_is_no_problem() -> None:
    outage = Outage(0)
    outage.ended()
    outage.goes_on(REFUSED, 1000)
    outage.goes_on(DOWN, 1001)
    assert outage.problem(1030) == ""


def test_outage_is_not_logged_at_the_start_or_if_short() -> None:
    outage = Outage(0)
    refused = ConnectionRefusedError("refused")
    assert outage.goes_on(refused, LOGGED_AFTER - 1) is None
    assert outage.ended() == (INFO, "connected to Asterisk")
    assert outage.goes_on(refused, 1000) is None
    assert outage.goes_on(refused, 1000 + LOGGED_AFTER - 1) is None


def test_outage_is_logged_once_if_long_and_so_is_its_end() -> None:
    outage = Outage(0)
    refused = ConnectionRefusedError("refused")
    line = outage.goes_on(refused, LOGGED_AFTER)
    assert line == (ERROR, "no connection to Asterisk's manager interface: refused; retrying")
    assert outage.goes_on(refused, LOGGED_AFTER + 1) is None
    assert outage.ended() == (NOTICE, "connected to Asterisk")
