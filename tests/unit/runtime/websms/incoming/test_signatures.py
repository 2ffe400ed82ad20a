"""Signatures: vectors of the providers' documents and libraries."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.settings import ReceiveSettings
from pbx.websms.incoming.signatures import SignedRequest, verify, zadarma_digest

NOW = 1_562_785_400.0


def request(
    fields: dict[str, str] | None = None,
    *,
    url: str = "http://pbx.example/",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> SignedRequest:
    fields = fields or {}
    return SignedRequest(
        "POST",
        url,
        "/" + url.partition("://")[2].partition("/")[2].partition("?")[0],
        headers or {},
        body or urlencode(fields).encode(),
        fields,
    )


def test_verify_none_accepts_any() -> None:
    assert verify(ReceiveSettings(verify="none"), request(), NOW) == ""


@pytest.mark.parametrize("scheme", ["basic", "46elks", "zadarma", "twilio", "telnyx", "vonage"])
def test_verify_without_secret_accepts_nothing(scheme: str) -> None:
    assert "verify_secret" in verify(ReceiveSettings(verify=scheme), request(), NOW)


@pytest.mark.parametrize(
    ("user", "password", "sent"),
    [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123£", "basic dGVzdDoxMjPCow=="),
    ],
)
@pytest.mark.parametrize("scheme", ["basic", "46elks"])
def test_verify_basic(scheme: str, user: str, password: str, sent: str) -> None:
    settings = ReceiveSettings(verify=scheme, verify_user=user, verify_secret=password)
    assert verify(settings, request(headers={"authorization": sent}), NOW) == ""
    assert verify(settings, request(headers={"authorization": sent[:-3] + "=="}), NOW)
    assert verify(settings, request(headers={"authorization": sent.replace("asic", "earer")}), NOW)
    assert verify(settings, request(), NOW)


# The construction (base64 of the hexadecimal HMAC) is vouched for by the request in Zadarma's own
# documents: https://zadarma.com/en/support/api/, "Authorization", /v1/info/balance/.
ZADARMA_SECRET = "d78f2a12cc1fc5effe71"  # noqa: S105
ZADARMA_TEXT = "/v1/info/balance/d41d8cd98f00b204e9800998ecf8427e"
ZADARMA_SIGNATURE = "YWUxNGEzODcyZjNiM2YyMDkyZjA3NmE2M2VmZTliZDZkZDdkZjQ0MA=="


def test_verify_zadarma() -> None:
    assert zadarma_digest(ZADARMA_SECRET, ZADARMA_TEXT) == ZADARMA_SIGNATURE
    settings = ReceiveSettings(verify="zadarma", verify_secret=ZADARMA_SECRET)
    genuine = request(
        {"event": "SMS", "result": ZADARMA_TEXT}, headers={"signature": ZADARMA_SIGNATURE}
    )
    assert verify(settings, genuine, NOW) == ""
    forged = request(
        {"event": "SMS", "result": ZADARMA_TEXT + " "}, headers={"signature": ZADARMA_SIGNATURE}
    )
    assert "wrong" in verify(settings, forged, NOW)
    assert "Signature" in verify(settings, request({"result": ZADARMA_TEXT}), NOW)


# https://www.twilio.com/docs/usage/security, and tests/Twilio/Unit/Security/
# RequestValidatorTest.php of https://github.com/twilio/twilio-php.
TWILIO_TOKEN = "12345"  # noqa: S105
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO_FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
TWILIO_JSON = b'{"property": "value", "boolean": true}'
TWILIO_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        pytest.param(TWILIO_URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="document"),
        pytest.param(
            TWILIO_URL.replace(".com", ".com:1234"),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            id="signed without the port",
        ),
        pytest.param(
            TWILIO_URL.replace(".com", ".com:1234").replace("https", "http"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
            id="signed with the port",
        ),
        pytest.param(TWILIO_URL, "kvajT1Ptam85bY51eRf/AJRuM3w=", id="signed with port 443"),
        pytest.param(
            TWILIO_URL.replace("https", "http"),
            "0ZXoZLH/DfblKGATFgpif+LLRf4=",
            id="signed with port 80",
        ),
        pytest.param(
            TWILIO_URL.replace("//", "//user:pass@"),
            "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=",
            id="login, signed with port 443",
        ),
    ],
)
def test_verify_twilio(url: str, signature: str) -> None:
    settings = ReceiveSettings(verify="twilio", verify_secret=TWILIO_TOKEN)
    sent = {"X-Twilio-Signature": signature}
    assert verify(settings, request(TWILIO_FIELDS, url=url, headers=sent), NOW) == ""
    for forged in (
        request({**TWILIO_FIELDS, "Digits": "1235"}, url=url, headers=sent),
        request({**TWILIO_FIELDS, "New": ""}, url=url, headers=sent),
        request(TWILIO_FIELDS, url=url + "&baz=3", headers=sent),
        request(TWILIO_FIELDS, url=url, headers={"X-Twilio-Signature": "FAIL"}),
    ):
        assert "wrong" in verify(settings, forged, NOW)
    assert "X-Twilio-Signature" in verify(settings, request(TWILIO_FIELDS, url=url), NOW)


def test_verify_twilio_with_a_field_more_than_once() -> None:
    settings = ReceiveSettings(verify="twilio", verify_secret=TWILIO_TOKEN)
    body = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
    signature = {"x-twilio-signature": "IK+Dwps556ElfBT0I3Rgjkr1wJU="}
    assert verify(settings, request(url=TWILIO_URL, body=body, headers=signature), NOW) == ""


def test_verify_twilio_checks_the_hash_of_json() -> None:
    settings = ReceiveSettings(verify="twilio", verify_secret=TWILIO_TOKEN)
    url = f"{TWILIO_URL}&bodySHA256={TWILIO_HASH}"
    signature = {"x-twilio-signature": "a9nBmqA0ju/hNViExpshrM61xv4="}
    assert verify(settings, request(url=url, body=TWILIO_JSON, headers=signature), NOW) == ""
    assert "body" in verify(
        settings, request(url=url, body=TWILIO_JSON + b" ", headers=signature), NOW
    )


@pytest.mark.parametrize(
    ("public_url", "seen"),
    [
        ("https://mycompany.com", "http://pbx.internal/myapp.php?foo=1&bar=2"),
        ("https://mycompany.com/", "http://pbx.internal:8080/myapp.php?foo=1&bar=2"),
    ],
)
def test_verify_twilio_behind_a_proxy(public_url: str, seen: str) -> None:
    settings = ReceiveSettings(verify="twilio", verify_secret=TWILIO_TOKEN, public_url=public_url)
    signature = {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    assert verify(settings, request(TWILIO_FIELDS, url=seen, headers=signature), NOW) == ""
    assert verify(
        ReceiveSettings(verify="twilio", verify_secret=TWILIO_TOKEN),
        request(TWILIO_FIELDS, url=seen, headers=signature),
        NOW,
    )


# Telnyx publishes the construction, and no vector. This one is made by OpenSSL with the first key
# of RFC 8032, section 7.1: printf %s "$TIME|$BODY" | openssl pkeyutl -sign -rawin -inkey KEY
TELNYX_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
TELNYX_BODY = (
    b'{"data":{"event_type":"message.received","payload":{"from":{"phone_number":"+12025550133"},'
    b'"text":"Hello","to":[{"phone_number":"+12025550111"}]}}}'
)
TELNYX_SIGNATURE = (
    "0mZJz26hNWGqRWkR3dTNwtpGp1+u9Tsq42f3Fx9RZWKQokHzVx2KAfvamlnanHZqJty7+8JGE1lRvCnnSvnPCQ=="
)
TELNYX_TIME = "1562785393"


def telnyx(
    body: bytes = TELNYX_BODY, time: str = TELNYX_TIME, signature: str = ""
) -> SignedRequest:
    return request(
        body=body,
        headers={
            "Telnyx-Timestamp": time,
            "Telnyx-Signature-Ed25519": signature or TELNYX_SIGNATURE,
        },
    )


def test_verify_telnyx() -> None:
    settings = ReceiveSettings(verify="telnyx", verify_secret=TELNYX_KEY)
    assert verify(settings, telnyx(), NOW) == ""
    assert "wrong" in verify(settings, telnyx(TELNYX_BODY + b" "), NOW)
    assert "wrong" in verify(settings, telnyx(time="1562785394"), NOW)
    assert "wrong" in verify(settings, telnyx(signature="!"), NOW)
    assert "wrong" in verify(settings, telnyx(signature="AAAA"), NOW)
    assert "timestamp" in verify(settings, telnyx(time="soon"), NOW)
    assert "verify_secret" in verify(
        ReceiveSettings(verify="telnyx", verify_secret=TELNYX_SIGNATURE), telnyx(), NOW
    )


@pytest.mark.parametrize("offset", [-301, 301, 86400])
def test_verify_telnyx_refuses_other_times(offset: float) -> None:
    settings = ReceiveSettings(verify="telnyx", verify_secret=TELNYX_KEY)
    assert (
        verify(settings, telnyx(), int(TELNYX_TIME) + offset)
        == "the timestamp is too old or in the future"
    )
    assert verify(settings, telnyx(), int(TELNYX_TIME) + (offset > 0) * 299) == ""


# tests/test_signature.py of https://github.com/Vonage/vonage-python-sdk
VONAGE = {"a": "1", "b": "2", "timestamp": "1461605396"}
VONAGE_SECRET = "secret"  # noqa: S105
VONAGE_NOW = 1461605400.0


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("md5hash", "6af838ef94998832dbfc29020b564830"),
        ("md5", "c15c21ced558c93a226c305f58f902f2"),
        ("sha1", "3e19a4e6880fdc2c1426bfd0587c98b9532f0210"),
        ("sha256", "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24"),
    ],
)
def test_verify_vonage(name: str, signature: str) -> None:
    settings = ReceiveSettings(verify="vonage", verify_secret=VONAGE_SECRET, verify_hash=name)
    assert verify(settings, request({**VONAGE, "sig": signature}), VONAGE_NOW) == ""
    assert verify(settings, request({**VONAGE, "sig": signature.upper()}), VONAGE_NOW) == ""
    assert verify(settings, request({**VONAGE, "sig": signature}), VONAGE_NOW + 86400) == ""
    for forged in (
        {**VONAGE, "sig": signature, "b": "3"},
        {**VONAGE, "sig": signature, "c": ""},
        {**VONAGE, "sig": "xxx"},
    ):
        assert "wrong" in verify(settings, request(forged), VONAGE_NOW)
    assert "sig" in verify(settings, request(VONAGE), VONAGE_NOW)
    for when in (VONAGE_NOW + 26 * 3600, VONAGE_NOW - 400):
        assert "too old" in verify(settings, request({**VONAGE, "sig": signature}), when)


@given(
    scheme=st.sampled_from(["basic", "46elks", "zadarma", "twilio", "telnyx", "vonage"]),
    secret=st.text(min_size=1),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "Authorization",
                "Signature",
                "X-Twilio-Signature",
                "telnyx-signature-ed25519",
                "telnyx-timestamp",
            ]
        ),
        st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()),
    ),
    fields=st.dictionaries(st.sampled_from(["sig", "timestamp", "result", "text"]), st.text()),
    body=st.binary(),
)
def test_verify_refuses_what_nobody_signed(
    scheme: str, secret: str, headers: dict[str, str], fields: dict[str, str], body: bytes
) -> None:
    settings = ReceiveSettings(
        verify=scheme, verify_user="user", verify_secret=secret, verify_hash="sha256"
    )
    reason = verify(
        settings, SignedRequest("POST", "http://pbx.example/", "/", headers, body, fields), NOW
    )
    assert reason
    assert "\n" not in reason
