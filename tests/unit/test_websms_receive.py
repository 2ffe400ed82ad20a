"""From a request to a message: fields, and what they may hold."""

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
    address_part,
    read_body,
    read_recipient,
    read_sender,
)
from pbx.websms.incoming.fields import read_content, read_query
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
def test_form_query_and_json_bring_the_same(text: str) -> None:
    fields = {"To": TO, "From": FROM, "Body": text}
    form = urlencode(fields)
    assert received("", form.encode()) == message(text)
    assert received("", urlencode(fields, quote_via=quote).encode(), kind="") == message(text)
    assert received("", method="GET", query=form) == message(text)
    for escaped in (True, False):
        document = json.dumps(fields, ensure_ascii=escaped).encode()
        assert received("", document, kind=f"{JSON}; charset=UTF-8") == message(text)


def test_numbers_in_json_are_the_digits_they_are() -> None:
    body = b'{"To": 12025550160, "From": 00000000000000000000, "Body": 1e3}'
    with pytest.raises(RefusedError, match="the body is not JSON"):
        received("", body, kind=JSON)
    body = b'{"To": 12345678901234567890, "From": 1202555018, "Body": 1.50e3}'
    found = received("", body, kind=JSON)
    assert found == IncomingSms("", "12345678901234567890", "1202555018", "1.50e3")


def test_names_with_dots_go_into_nested_json() -> None:
    document = {"data": {"id": "7", "payload": {"to": [{"n": TO}, {"n": "no"}], "a.b": "text"}}}
    text = """
key_to = data.payload.to.0.n
key_from = from.number
key_body = data.payload.a.b
key_id = data.id
"""
    body = json.dumps({**document, "from": {"number": FROM}}).encode()
    assert received(text, body, kind=JSON) == message("text", "7")


def test_a_field_of_a_form_may_hold_json() -> None:
    text = "key_to = result.caller_did\nkey_from = result.caller_id\nkey_body = result.text"
    result = {
        "caller_did": TO,
        "caller_id": FROM,
        "text": "zażółć \N{SMILING FACE WITH SUNGLASSES}",
    }
    body = urlencode({"event": "SMS", "result": json.dumps(result)}).encode()
    assert received(text, body) == message(result["text"])
    with pytest.raises(RefusedError, match=r"^result is not JSON$"):
        received(text, b"result=x")
    with pytest.raises(RefusedError, match=r"^result\.caller_did is missing$"):
        received(text, b"event=SMS")


def test_a_field_that_is_really_called_so_comes_first() -> None:
    text = "key_to = message.to\nkey_from = From\nkey_body = Body"
    body = urlencode({"message.to": TO, "message": "{}", "From": FROM, "Body": "x"}).encode()
    assert received(text, body) == message("x")


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", FORM, "To is missing"),
        (b"To=%2B12025550160&From=%2B12025550183", FORM, "Body is missing"),
        (b"To=1&To=2", FORM, "To occurs more than once"),
        (b"To=%ff", FORM, "it is not in UTF-8"),
        (b"To=\xff", FORM, "it is not in UTF-8"),
        (b"\xff\xfe", JSON, "it is not in UTF-8"),
        (b"{", JSON, "the body is not JSON"),
        (b"[" * 60000, JSON, "the body is not JSON"),
        (b'"To"', JSON, "the body is JSON, but not an object"),
        (b'{"To": {"a": 1}}', JSON, "To is not a string"),
        (b'{"To": true}', JSON, "To is not a string"),
        (b'{"To": null}', JSON, "To is missing"),
        (b"{}", "text/plain", "send application/x-www-form-urlencoded or application/json"),
        (b"{}", "multipart/form-data; boundary=x", "send application/x-www-form-urlencoded or"),
        (b"To=1", f"{FORM}; charset=ISO-8859-1", "use UTF-8"),
        (b"&".join(b"a=%d" % n for n in range(101)), FORM, "it has more than 100 fields"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, kind: str, reason: str) -> None:
    with pytest.raises(RefusedError) as caught:
        received("", body, kind=kind)
    assert str(caught.value).startswith(reason)


@given(st.binary(max_size=300), st.sampled_from([FORM, JSON]))
def test_no_bytes_upset_it(body: bytes, kind: str) -> None:
    try:
        read_content(kind, body).get("To.0.a")
        read_query(body.decode("latin-1")).get("a")
    except RefusedError as error:
        assert str(error).isprintable()  # noqa: PT017


@given(st.text(min_size=1, max_size=30))
def test_numbers_and_names_have_no_letter_that_means_something_elsewhere(text: str) -> None:
    for read in (read_recipient, read_sender):
        try:
            taken = read(text)
        except RefusedError:
            continue
        assert taken.isascii()
        assert taken.isprintable()
        assert not set(taken) & set("\"'\\$%{}()[]<>,;:@/|=*?!#~`^")
        assert 2 <= len(taken) <= 21
    # Of a name in an address nothing is left that would have to be quoted.
    assert not set(address_part(text)) - set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+._-"
    )


@pytest.mark.parametrize("text", ["+12025550160", "12025550160", "2020", "MyBank", "info.4you"])
def test_usual_recipients_and_senders_are_taken(text: str) -> None:
    assert read_recipient(text) == read_sender(text) == text


@pytest.mark.parametrize("text", ["AT&T", "Marks Co", "Dr. Who"])
def test_senders_may_be_called_like_companies(text: str) -> None:
    assert read_sender(text) == text
    with pytest.raises(RefusedError):
        read_recipient(text)


def test_a_plus_that_a_form_made_a_blank_is_mended() -> None:
    assert read_recipient(" 12025550160") == "+12025550160"
    assert received("", f"To={TO}&From={FROM}&Body=1+1".encode()) == message("1 1")


@pytest.mark.parametrize(
    "text", ["", "s", "1", "+", "+1x2", "++12", "a\nb", "12\n", "\uff11\uff12\uff13", "h" * 21]
)
def test_others_are_not(text: str) -> None:
    with pytest.raises(RefusedError):
        read_recipient(text)


@pytest.mark.parametrize("code", [*range(9), 11, 12, *range(14, 32), *range(127, 160)])
def test_control_characters_are_refused_everywhere(code: int) -> None:
    for text in (f"a{chr(code)}", f"{chr(code)}a", f"a{chr(code)}b"):
        for read in (read_recipient, read_sender, read_body):
            with pytest.raises(RefusedError):
                read(text)


def test_texts_may_have_lines_and_tabs() -> None:
    assert read_body("a\r\nb\tc\n") == "a\r\nb\tc\n"


@pytest.mark.parametrize("text", ["", "x" * (LONGEST_BODY + 1), "\ud83d", "a\udc00b"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        read_body(text)


def test_an_echo_needs_its_key_and_no_signature() -> None:
    text = "key_echo = zd_echo\nverify = zadarma\nverify_secret = x"
    assert received(text, method="GET", query="zd_echo=abc%20%C3%BC") == Echo("abc ü")
    assert received(text, b"a=b", query="zd_echo=abc") == Echo("abc")
    with pytest.raises(RefusedError, match="control character"):
        received(text, method="GET", query="zd_echo=a%0d%0ab")
    with pytest.raises(NotGenuineError):
        received(text, method="GET", query="other=abc")


def test_a_password_is_checked_before_the_rest_is_looked_at() -> None:
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


def test_other_events_are_taken_and_forgotten() -> None:
    text = "req_check = event=SMS"
    body = urlencode({"To": TO, "From": FROM, "Body": "x"})
    assert received(text, f"event=SMS&{body}".encode()) == message("x")
    assert received(text, b"event=CALL") is None
    assert received(text, body.encode()) is None
