"""The interface that sends an SMS, and the time of a retry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.reader import read_settings
from pbx.websms.configuration.settings import SendSettings
from pbx.websms.outgoing.reply import SendResult, SendStatus
from pbx.websms.outgoing.route import NoInterfaceError, choose_sender, next_attempt, senders

NOW = 1_700_000_000.0


def test_choose_sender_by_index() -> None:
    named = {"one": SendSettings(auth_user="1"), "two": SendSettings(auth_user="2")}
    assert choose_sender(named, "two")[0] == "two"
    assert choose_sender(named, "")[0] == "one"
    with pytest.raises(
        NoInterfaceError, match=r"no interface 'three' in websms\.conf; there are one, two"
    ):
        choose_sender(named, "three")
    nameless = {"": SendSettings(auth_user="0")}
    assert choose_sender(nameless, "7")[0] == ""
    with pytest.raises(NoInterfaceError, match="does not say where to send"):
        choose_sender({}, "")


def test_senders_have_settings_for_sending() -> None:
    assert senders(read_settings("[websmsd]\nurl_path=/sms\n", {}).interfaces) == {}
    said = senders(read_settings("[websms]\nurl_host=https://example.com\n", {}).interfaces)
    assert list(said) == [""]


@given(attempts=st.integers(0, 10_000), wait=st.none() | st.floats(0, 1e6), left=st.floats(0, 1e5))
def test_next_attempt_is_neither_at_once_nor_after_expiry(
    attempts: int, wait: float | None, left: float
) -> None:
    due = next_attempt(SendResult(SendStatus.RETRY, "busy", wait), attempts, NOW, NOW + left)
    if due is not None:
        assert due < NOW + left
        assert due >= NOW + (5 if wait is None else wait)
        assert wait is not None or due <= NOW + 300


def test_next_attempt_backs_off() -> None:
    retry = SendResult(SendStatus.RETRY, "busy")
    waits = [(next_attempt(retry, n, NOW, NOW + 1e6) or 0) - NOW for n in range(9)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
