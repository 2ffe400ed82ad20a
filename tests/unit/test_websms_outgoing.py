"""Requests that send texts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.settings import SendSettings
from pbx.websms.incoming.signatures import zadarma_digest
from pbx.websms.outgoing.alphabet import is_basic, to_ucs2
from pbx.websms.outgoing.request import HIDDEN, OutgoingSms, build_request, write_number

TEXT = OutgoingSms("+12025550160", "+12025550111", "Hello & goodbye = ~ 100 %")
SECRET = "s3cr3t/value"  # noqa: S105
PASSWORD_FIELD = "p"  # noqa: S105
PLAIN = SendSettings(auth_method="none")


def form(settings: SendSettings, text: OutgoingSms = TEXT) -> dict[str, str]:
    body = build_request(settings, text).body.decode("ascii")
    pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_default_is_what_it_always_was() -> None:
    request = build_request(SendSettings(), TEXT)
    assert request.url == "http://localhost/"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers
    assert form(SendSettings()) == {
        "To": TEXT.recipient,
        "From": TEXT.sender,
        "Body": TEXT.body,
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
def test_host_and_path_are_joined(host: str, path: str, url: str) -> None:
    settings = replace(PLAIN, url_host=host, url_path=path, auth_user="AC1/2")
    assert build_request(settings, TEXT).url == url


def test_plain_puts_user_and_secret_into_fields() -> None:
    settings = SendSettings(
        auth_method="plain",
        auth_user="me",
        auth_secret=SECRET,
        key_user="u",
        key_secret=PASSWORD_FIELD,
    )
    assert form(settings)["u"] == "me"
    assert form(settings)["p"] == SECRET
    assert "Authorization" not in build_request(settings, TEXT).headers


def test_basic_is_that_of_rfc_7617() -> None:
    settings = SendSettings(auth_user="Aladdin", auth_secret="open sesame")  # noqa: S106
    headers = build_request(settings, TEXT).headers
    assert headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_bearer_is_that_of_rfc_6750() -> None:
    settings = SendSettings(auth_method="bearer", auth_secret="mF_9.B5f-4.1JqM")  # noqa: S106
    assert build_request(settings, TEXT).headers["Authorization"] == "Bearer mF_9.B5f-4.1JqM"


def test_zadarma_signs_as_its_documents_say() -> None:
    # The vector: https://zadarma.com/en/support/api/, "Authorization".
    empty = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    assert (
        zadarma_digest("d78f2a12cc1fc5effe71", "/v1/info/balance/" + empty)
        == "YWUxNGEzODcyZjNiM2YyMDkyZjA3NmE2M2VmZTliZDZkZDdkZjQ0MA=="
    )
    settings = SendSettings(
        url_host="https://api.zadarma.com",
        url_path="/v1/sms/send/",
        auth_method="zadarma",
        auth_user="key",
        auth_secret=SECRET,
        key_to="number",
        key_from="caller_id",
        key_body="message",
        val_numform="E164",
        val_static=(("format", "json"),),
    )
    request = build_request(settings, TEXT)
    # As lib/Client.php of https://github.com/zadarma/user-api-v1 does: ksort, http_build_query.
    query = (
        "caller_id=12025550111&format=json&message=Hello+%26+goodbye+%3D+%7E+100+%25"
        "&number=12025550160"
    )
    signed = f"/v1/sms/send/{query}{hashlib.md5(query.encode(), usedforsecurity=False).hexdigest()}"
    digest = hmac.new(SECRET.encode(), signed.encode(), "sha1").hexdigest()
    signature = base64.b64encode(digest.encode()).decode()
    assert request.headers["Authorization"] == f"key:{signature}"
    assert sorted(request.body.decode().split("&")) == query.split("&")


@pytest.mark.parametrize(
    ("number", "form", "written"),
    [
        ("+12025550160", "", "+12025550160"),
        ("12025550160", "", "12025550160"),
        ("+12025550160", "E164", "12025550160"),
        ("12025550160", "E164", "12025550160"),
        ("+12025550160", "E123", "+12025550160"),
        ("12025550160", "E123", "+12025550160"),
        ("71234", "E123", "71234"),
        ("71234", "E164", "71234"),
        ("Acme", "E123", "Acme"),
        ("4ever", "E164", "4ever"),
    ],
)
def test_numbers_are_written_as_the_provider_wants(number: str, form: str, written: str) -> None:
    assert write_number(number, form) == written


def test_static_fields_are_added() -> None:
    settings = replace(PLAIN, val_static=(("format", "json"), ("flash", "0")))
    assert form(settings).items() >= {"format": "json", "flash": "0"}.items()


@pytest.mark.parametrize(
    ("body", "sent"), [("a\U0001f600b", "a\ufffdb"), ("電話 ß", "電話 ß"), ("\U00010000", "\ufffd")]
)
def test_ucs_2_has_no_characters_above_ffff(body: str, sent: str) -> None:
    settings = replace(PLAIN, val_unicode="UCS-2")
    assert form(settings, replace(TEXT, body=body))["Body"] == sent


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
def test_a_field_says_that_a_text_has_other_characters(body: str, basic: bool) -> None:
    settings = replace(PLAIN, val_unicode="type=unicode")
    assert is_basic(body) is basic
    assert form(settings, replace(TEXT, body=body)).get("type", "") == ("" if basic else "unicode")


def test_json() -> None:
    settings = replace(
        PLAIN,
        content_type="json",
        key_to="to.0.number",
        key_from="from",
        key_body="content.text",
        val_static=(("content.type", "text"),),
    )
    request = build_request(settings, replace(TEXT, body='"ü"\n\U0001f600'))
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "to": [{"number": TEXT.recipient}],
        "from": TEXT.sender,
        "content": {"text": '"ü"\n\U0001f600', "type": "text"},
    }


@given(body=st.text(), kind=st.sampled_from(["form", "json"]))
def test_a_text_is_sent_as_it_is(body: str, kind: str) -> None:
    settings = replace(PLAIN, content_type=kind)
    text = replace(TEXT, body=body)
    fields: dict[str, Any] = (
        json.loads(build_request(settings, text).body) if kind == "json" else form(settings, text)
    )
    assert fields["Body"] == body


@given(body=st.text(), user=st.text(min_size=1))
@pytest.mark.parametrize("method", ["none", "plain", "basic", "bearer", "zadarma"])
@pytest.mark.parametrize("kind", ["form", "json"])
def test_no_secret_is_shown_and_headers_hold_one_line(
    method: str, kind: str, body: str, user: str
) -> None:
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


@given(st.text())
def test_ucs_2_keeps_all_that_it_knows(text: str) -> None:
    replaced = to_ucs2(text)
    assert len(replaced.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
    assert all(new in (old, "\ufffd") for old, new in zip(text, replaced, strict=True))


def test_profiles_are_known_by_name() -> None:
    folder = Path(__file__).parents[2] / "runtime/pbx/websms/files/usr/share/websms/profiles"
    assert sorted(path.stem for path in folder.glob("*.toml")) == [
        "46elks",
        "telnyx",
        "twilio",
        "vonage",
        "zadarma",
    ]
