"""The request that sends an SMS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.settings import SendSettings
from pbx.websms.outgoing.alphabet import is_basic
from pbx.websms.outgoing.request import HIDDEN, OutgoingSms, build_request, write_number

SMS = OutgoingSms("+12025550160", "+12025550111", "Hello & goodbye = ~ 100 %")
SECRET = "s3cr3t/value"  # noqa: S105
PASSWORD_FIELD = "p"  # noqa: S105
PLAIN = SendSettings(auth_method="none")


def form(settings: SendSettings, sms: OutgoingSms = SMS) -> dict[str, str]:
    body = build_request(settings, sms).body.decode("ascii")
    pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_build_request_default_is_that_of_earlier_versions() -> None:
    request = build_request(SendSettings(), SMS)
    assert request.url == "http://localhost/"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers
    assert form(SendSettings()) == {
        "To": SMS.recipient,
        "From": SMS.sender,
        "Body": SMS.body,
    }


@pytest.mark.parametrize(
    ("host", "path", "url"),
    [
        ("https://api.example.com", "/v1/sms", "https://api.example.com/v1/sms"),
        ("https://api.example.com/", "v1/sms/", "https://api.example.com/v1/sms/"),
        ("https://api.example.com/v1", "/sms", "https://api.example.com/v1/sms"),
        ("https://api.example.com", "/{auth_user}/sms", "https://api.example.com/AC1%2F2/sms"),
    ],
)
def test_build_request_joins_host_and_path(host: str, path: str, url: str) -> None:
    settings = replace(PLAIN, url_host=host, url_path=path, auth_user="AC1/2")
    assert build_request(settings, SMS).url == url


def test_build_request_basic_is_that_of_rfc_7617() -> None:
    settings = SendSettings(auth_user="Aladdin", auth_secret="open sesame")  # noqa: S106
    headers = build_request(settings, SMS).headers
    assert headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_build_request_bearer_is_that_of_rfc_6750() -> None:
    settings = SendSettings(auth_method="bearer", auth_secret="mF_9.B5f-4.1JqM")  # noqa: S106
    assert build_request(settings, SMS).headers["Authorization"] == "Bearer mF_9.B5f-4.1JqM"


@pytest.mark.parametrize(
    ("number", "form", "written"),
    [
        ("+12025550160", "", "+12025550160"),
        ("+12025550160", "E164", "12025550160"),
        ("+12025550160", "E123", "+12025550160"),
        ("12025550160", "E123", "+12025550160"),
        ("71234", "E164", "71234"),
        ("Acme", "E123", "Acme"),
        ("4ever", "E164", "4ever"),
    ],
)
def test_write_number(number: str, form: str, written: str) -> None:
    assert write_number(number, form) == written


@pytest.mark.parametrize(
    ("body", "basic"),
    [
        ("Hello", True),
        ("Grüße, ñ à Ø {[~]} €10 @home\n", True),
        ("ç", False),  # only the capital letter is there
        ("Łódź", False),
        ("電話", False),
        ("\U0001f600", False),
        ("`", False),
    ],
)
def test_build_request_adds_a_field_for_other_characters(body: str, basic: bool) -> None:
    settings = replace(PLAIN, val_unicode="type=unicode")
    assert is_basic(body) is basic
    assert form(settings, replace(SMS, body=body)).get("type", "") == ("" if basic else "unicode")


def test_build_request_json() -> None:
    settings = replace(
        PLAIN,
        content_type="json",
        key_to="to.0.number",
        key_from="from",
        key_body="content.text",
        val_static=(("content.type", "text"),),
    )
    request = build_request(settings, replace(SMS, body='"ü"\n\U0001f600'))
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "to": [{"number": SMS.recipient}],
        "from": SMS.sender,
        "content": {"text": '"ü"\n\U0001f600', "type": "text"},
    }


@given(body=st.text(), kind=st.sampled_from(["form", "json"]))
def test_build_request_text_arrives_unchanged(body: str, kind: str) -> None:
    settings = replace(PLAIN, content_type=kind)
    sms = replace(SMS, body=body)
    fields: dict[str, Any] = (
        json.loads(build_request(settings, sms).body) if kind == "json" else form(settings, sms)
    )
    assert fields["Body"] == body


@given(body=st.text(), user=st.text(min_size=1))
@pytest.mark.parametrize("method", ["none", "plain", "basic", "bearer", "zadarma"])
@pytest.mark.parametrize("kind", ["form", "json"])
def test_build_request_shows_no_secret(method: str, kind: str, body: str, user: str) -> None:
    settings = SendSettings(
        auth_method=method,
        auth_user=user,
        auth_secret=SECRET,
        key_user="u",
        key_secret=PASSWORD_FIELD,
        content_type=kind,
    )
    request = build_request(settings, OutgoingSms("+1", "Me", body.replace(SECRET, "")))
    assert SECRET not in "\n".join(request.shown)
    if method != "none":
        assert any(HIDDEN in line for line in request.shown)
