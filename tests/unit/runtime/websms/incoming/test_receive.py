"""The message of a request."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.reader import read_settings
from pbx.websms.incoming.checks import (
    LONGEST_BODY,
    RefusedError,
)
from pbx.websms.incoming.inbox import IncomingSms
from pbx.websms.incoming.origin import Receiver
from pbx.websms.incoming.receive import Echo, NotGenuineError, SmsRequest, read_request

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TO, FROM = "+12025550160", "+12025550183"
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


def received(
    text: str,
    body: bytes = b"",
    *,
    kind: str = FORM,
    method: str = "POST",
    query: str = "",
    headers: dict[str, str] | None = None,
) -> Any:
    (interface,) = read_settings(f"[websmsd]\n{text}", {}).interfaces
    assert interface.receive
    target = f"/?{query}" if query else "/"
    sent = {"Content-Type": kind, **(headers or {})}
    request = SmsRequest(method, "sms.example", target, "/", query, sent, body)
    return read_request(Receiver(interface.name, interface.receive), request, 0)


def message(body: str, number: str | None = None) -> IncomingSms:
    return IncomingSms("", TO, FROM, body, number)


@given(texts.filter(lambda text: len(text.encode()) <= LONGEST_BODY))
def test_read_request_of_form_query_and_json_is_the_same(text: str) -> None:
    fields = {"To": TO, "From": FROM, "Body": text}
    form = urlencode(fields)
    assert received("", form.encode()) == message(text)
    assert received("", urlencode(fields, quote_via=quote).encode(), kind="") == message(text)
    assert received("", method="GET", query=form) == message(text)
    for escaped in (True, False):
        document = json.dumps(fields, ensure_ascii=escaped).encode()
        assert received("", document, kind=f"{JSON}; charset=UTF-8") == message(text)


def test_read_request_echo_needs_its_key_and_no_signature() -> None:
    text = "key_echo = zd_echo\nverify = zadarma\nverify_secret = x"
    assert received(text, method="GET", query="zd_echo=abc%20%C3%BC") == Echo("abc ü")
    assert received(text, b"a=b", query="zd_echo=abc") == Echo("abc")
    with pytest.raises(RefusedError, match="control character"):
        received(text, method="GET", query="zd_echo=a%0d%0ab")
    with pytest.raises(NotGenuineError):
        received(text, method="GET", query="other=abc")


def test_read_request_checks_the_password_first() -> None:
    text = "verify = basic\nverify_user = me\nverify_secret = pass"
    body = urlencode({"To": TO, "From": FROM, "Body": "x"}).encode()

    def login(words: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}

    assert received(text, body, headers=login("me:pass")) == message("x")
    for headers in ({}, login("me:wrong"), login("me"), {"Authorization": "Basic \xff"}):
        with pytest.raises(NotGenuineError):
            received(text, body, headers=headers)
        with pytest.raises(NotGenuineError):
            received(text, b"", headers=headers)


def test_read_request_discards_other_events() -> None:
    text = "req_check = event=SMS"
    body = urlencode({"To": TO, "From": FROM, "Body": "x"})
    assert received(text, f"event=SMS&{body}".encode()) == message("x")
    assert received(text, b"event=CALL") is None
    assert received(text, body.encode()) is None
