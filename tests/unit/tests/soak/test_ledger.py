"""What a soak says of messages that were lost, or came too often; and what a kill excuses."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.soak.blame import cut_short
from tests.soak.journal import Act, Kill, Outage, Sent
from tests.soak.ledger import RULES, Notice, violations

NOON = 12 * 3600.0
ASTERISK = Kill("asterisk", NOON, NOON + 2, NOON + 5)
WEBSMS = Kill("websms", NOON, NOON + 1, NOON + 2)
AWAY = Outage("provider", NOON, NOON + 6)


def sent(way: str, begun: float = NOON - 100, taken: float | None = None, number: int = 1) -> Sent:
    return Sent(way, f"{way} {number}", begun, begun + 0.1 if taken is None else taken, "+1")


def found(
    message: Sent,
    came: Sequence[float] = (),
    told: str = "",
    kills: Sequence[Kill] = (),
    outages: Sequence[Outage] = (),
    at: float = NOON + 1,
) -> list[str]:
    notices = {message.name: Notice(at, told)} if told else {}
    arrivals = {message.name: came} if came else {}
    return violations([message], arrivals, notices, kills, outages)


@pytest.mark.parametrize("way", RULES)
def test_ledger_accepts_what_comes_once(way: str) -> None:
    assert found(sent(way), [NOON]) == []


@pytest.mark.parametrize("way", RULES)
def test_ledger_names_what_is_lost(way: str) -> None:
    (line,) = found(sent(way), kills=[Kill("syslogd", NOON - 110, NOON - 109, NOON - 108)])
    assert line == (
        f"{way} 1 to +1, taken at 11:58:20: is lost; syslogd was killed at 11:58:10, 10.1 s before"
    )


@pytest.mark.parametrize("way", RULES)
def test_ledger_names_what_comes_twice(way: str) -> None:
    (line,) = found(sent(way), [NOON - 99, NOON - 98])
    assert "came 2 times, at 11:58:21, 11:58:22; nothing had been killed before" in line


@pytest.mark.parametrize(
    ("way", "excused"), [("text", True), ("sms out", True), ("sms in", False), ("voicemail", False)]
)
def test_ledger_lets_asterisk_lose_what_it_alone_has(way: str, excused: bool) -> None:
    assert (found(sent(way, NOON - 0.2), kills=[ASTERISK]) == []) is excused


@pytest.mark.parametrize(
    ("way", "excused"), [("text", True), ("sms out", False), ("sms in", True), ("voicemail", True)]
)
def test_ledger_lets_asterisk_repeat_what_it_may(way: str, excused: bool) -> None:
    twice = [NOON + 4, NOON + 6]
    assert (found(sent(way, NOON - 0.2), twice, kills=[ASTERISK]) == []) is excused


def test_ledger_checks_what_the_sender_is_told() -> None:
    message = sent("sms out", NOON)
    assert found(message, [NOON + 1], "Perhaps not sent: it ended", [WEBSMS]) == []
    (line,) = found(message, [NOON + 1], "Not sent: it ended", [WEBSMS])
    assert "was told 'Not sent: it ended', and it came" in line


@given(st.sets(st.integers(0, 50)), st.integers(1, 50))
def test_ledger_names_each_missing_message(missing: set[int], count: int) -> None:
    messages = [sent("sms in", NOON + n, number=n) for n in range(count)]
    came = {m.name: [NOON + 90] for n, m in enumerate(messages) if n not in missing}
    lines = violations(messages, came, {}, [ASTERISK, WEBSMS], [AWAY])
    assert [line.split(" to ")[0] for line in lines] == [
        f"sms in {n}" for n in sorted(missing) if n < count
    ]


# ---- what fails while something is killed


def act(failure: str, begun: float, ended: float, *excuses: str) -> Act:
    return Act("calls", begun, ended, failure, excuses)


def test_kill_excuses_its_own_service_at_its_time() -> None:
    assert cut_short(act("cut", NOON - 1, NOON + 1, "asterisk"), [ASTERISK])
    assert cut_short(act("cut", NOON + 6, NOON + 8, "asterisk"), [ASTERISK])
    assert not cut_short(act("cut", NOON - 1, NOON + 1, "asterisk"), [WEBSMS])
    assert not cut_short(act("cut", NOON - 3, NOON - 1, "asterisk"), [ASTERISK])
    assert not cut_short(act("cut", NOON + 60, NOON + 61, "asterisk"), [ASTERISK])
    assert not cut_short(act("", NOON - 1, NOON + 1, "asterisk"), [ASTERISK])
