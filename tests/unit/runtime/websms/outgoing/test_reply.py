"""The results that replies of providers stand for."""

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
    ("status", "codes"),
    [
        (SendStatus.SENT, (200, 201, 204)),
        (SendStatus.FAILED, (301, 400, 401, 404, 422)),
        (SendStatus.RETRY, (408, 429, 503)),
        (SendStatus.UNKNOWN, (500, 502, 504)),
    ],
)
def test_judge_status(status: SendStatus, codes: tuple[int, ...]) -> None:
    assert {judge(ANY, code, "whatever", "", NOW).status for code in codes} == {status}


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
def test_judge_retry_after(header: str, wait: float | None) -> None:
    assert judge(ANY, 429, "", header, NOW).wait == wait


@pytest.mark.parametrize(
    "body",
    [
        '{"status":"success","messages":1,"cost":0.04,"currency":"USD"}',  # Zadarma
        "status=success&id=7",
        "id: 7\r\nstatus: success\r\n",
    ],
)
def test_judge_reply_with_resp_check_is_sent(body: str) -> None:
    assert judge(CHECKED, 200, body, "", NOW).status is SendStatus.SENT


@pytest.mark.parametrize(
    "body",
    [
        "",
        '{"status":"error","message":"Wrong number"}',
        '{"nested":{"status":"success"}}',
        '["status=success"]',
        "my status=success is none",
        "[" * 100_000,
    ],
)
def test_judge_reply_without_resp_check_has_failed(body: str) -> None:
    result = judge(CHECKED, 200, body, "", NOW)
    assert result.status is SendStatus.FAILED
    assert "resp_check expects status=success" in result.reason


def test_judge_path_leads_into_json() -> None:
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
def test_holds_compares_json_values_as_written(body: str, key: str, value: str) -> None:
    assert holds(body, (key, value))
    assert not holds(body, (key, value + "x"))


@given(body=st.text(), status=st.integers(100, 599), retry=st.text())
def test_judge_sent_needs_2xx_and_all_else_has_a_short_reason(
    body: str, status: int, retry: str
) -> None:
    for settings in (ANY, CHECKED, VONAGE):
        result = judge(settings, status, body, retry, NOW)
        if result.status is SendStatus.SENT:
            assert 200 <= status < 300
            assert not result.reason
        else:
            assert str(status) in result.reason
            assert result.reason.isprintable()
            assert len(result.reason) < 300
