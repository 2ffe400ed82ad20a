"""What the replies of providers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.settings import SendSettings
from pbx.websms.outgoing.reply import SendStatus, holds, judge

NOW = 1_445_412_000.0  # Wed, 21 Oct 2015 07:20:00 GMT
ANY = SendSettings()
CHECKED = SendSettings(resp_check=("status", "success"))
VONAGE = SendSettings(resp_check=("messages.0.status", "0"), resp_again=("messages.0.status", "1"))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (200, SendStatus.SENT),
        (201, SendStatus.SENT),
        (202, SendStatus.SENT),
        (204, SendStatus.SENT),
        (301, SendStatus.FAILED),
        (400, SendStatus.FAILED),
        (401, SendStatus.FAILED),
        (402, SendStatus.FAILED),
        (403, SendStatus.FAILED),
        (404, SendStatus.FAILED),
        (408, SendStatus.RETRY),
        (422, SendStatus.FAILED),
        (429, SendStatus.RETRY),
        (500, SendStatus.UNKNOWN),
        (502, SendStatus.UNKNOWN),
        (503, SendStatus.RETRY),
        (504, SendStatus.UNKNOWN),
    ],
)
def test_status(code: int, status: SendStatus) -> None:
    outcome = judge(ANY, code, "whatever", "", NOW)
    assert outcome.status is status
    assert bool(outcome.reason) is (status is not SendStatus.SENT)
    if outcome.reason:
        assert str(code) in outcome.reason


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", None),
        ("120", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 480),  # RFC 9110, 10.2.3 has a date like that
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("9" * 30, None),
    ],
)
def test_retry_after(header: str, wait: float | None) -> None:
    assert judge(ANY, 429, "", header, NOW).wait == wait


@pytest.mark.parametrize(
    "body",
    [
        '{"status":"success","messages":1,"cost":0.04,"currency":"USD"}',  # Zadarma
        "status=success&id=7",
        "status=success",
        "id: 7\r\nstatus: success\r\n",
    ],
)
def test_a_reply_that_holds_what_it_must(body: str) -> None:
    assert judge(CHECKED, 200, body, "", NOW).status is SendStatus.SENT


@pytest.mark.parametrize(
    "body",
    [
        "",
        '{"status":"error","message":"Wrong number"}',
        '{"nested":{"status":"success"}}',
        '["status=success"]',
        '"status=success"',
        "status=successful",
        "my status=success is none",
        "[" * 100_000,
    ],
)
def test_a_reply_that_does_not(body: str) -> None:
    outcome = judge(CHECKED, 200, body, "", NOW)
    assert outcome.status is SendStatus.FAILED
    assert "resp_check expects status=success" in outcome.reason


def test_a_path_leads_into_json() -> None:
    # https://developer.vonage.com/en/api/sms: error 1 is Throttled.
    def reply(status: str) -> str:
        return f'{{"message-count":"1","messages":[{{"to":"447700900000","status":"{status}"}}]}}'

    assert judge(VONAGE, 200, reply("0"), "", NOW).status is SendStatus.SENT
    assert judge(VONAGE, 200, reply("1"), "", NOW).status is SendStatus.RETRY
    assert judge(VONAGE, 200, reply("4"), "", NOW).status is SendStatus.FAILED


@pytest.mark.parametrize(
    ("body", "key", "value"),
    [
        ('{"ok":true}', "ok", "true"),
        ('{"code":0}', "code", "0"),
        ('{"a.b":"c"}', "a.b", "c"),
        ('{"list":["x","y"]}', "list.1", "y"),
    ],
)
def test_values_of_json_are_compared_as_they_are_written(body: str, key: str, value: str) -> None:
    assert holds(body, (key, value))
    assert not holds(body, (key, value + "x"))


@given(body=st.text(), status=st.integers(100, 599), retry=st.text())
def test_every_reply_is_understood_and_told_in_one_line(body: str, status: int, retry: str) -> None:
    for settings in (ANY, CHECKED, VONAGE):
        outcome = judge(settings, status, body, retry, NOW)
        assert outcome.reason.isprintable()
        assert len(outcome.reason) < 300
        if outcome.status is SendStatus.SENT:
            assert 200 <= status < 300
