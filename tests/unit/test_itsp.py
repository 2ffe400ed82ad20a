"""The provider of the tests, held against the vectors of real ones and against what WebSMS makes.

Its code knows nothing of WebSMS's: what both understand is what the documents say.
"""

from __future__ import annotations

import base64
import json
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pbx.websms.configuration.reader import read_settings
from pbx.websms.configuration.settings import SmsSettings
from pbx.websms.incoming.signatures import SignedRequest, verify
from pbx.websms.outgoing.reply import SendStatus, judge
from pbx.websms.outgoing.request import OutgoingSms, build_request

from fixtures.itsp.incoming import Message, bring
from fixtures.itsp.schemes import Credentials, take

WEBSMS = Path(__file__).parents[2] / "runtime/pbx/websms"
PROFILES = {
    path.stem: tomllib.loads(path.read_text())
    for path in (WEBSMS / "files/usr/share/websms/profiles").glob("*.toml")
}
KEY = base64.b64encode(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
LOGIN = Credentials("AC123", "s3cr3t", KEY.decode())  # RFC 8032, section 7.1, test 1
PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
BODIES = ["Hello", "Grüße & ~ + % = ?", "電話 \U0001f600", "two\nlines"]
TEXT = OutgoingSms("+12025550160", "+12025550111", "Hello")


def settings_of(profile: str) -> SmsSettings:
    secret = PUBLIC_KEY if profile == "telnyx" else LOGIN.secret
    return read_settings(
        f"[websms]\nprofile={profile}\nauth_user={LOGIN.user}\nauth_secret={LOGIN.secret}\n"
        f"[websmsd]\nprofile={profile}\nverify_user={LOGIN.user}\nverify_secret={secret}\n",
        PROFILES,
    )


def headers_of(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_provider_takes_what_is_made_by_its_profile(profile: str, body: str) -> None:
    send = settings_of(profile).interfaces[0].send
    assert send
    request = build_request(send, OutgoingSms(TEXT.recipient, TEXT.sender, body))
    path = urlsplit(request.url).path
    verdict = take(path, headers_of(request.headers), request.body, LOGIN)
    assert verdict.fault == ""
    assert verdict.body == body
    assert verdict.recipient.lstrip("+") == "12025550160"
    assert verdict.sender.lstrip("+") == "12025550111"
    assert judge(send, verdict.status, verdict.reply, "", 0).status is SendStatus.SENT


@pytest.mark.parametrize("profile", PROFILES)
def test_a_provider_refuses_who_has_another_password(profile: str) -> None:
    send = settings_of(profile).interfaces[0].send
    assert send
    request = build_request(send, TEXT)
    path = urlsplit(request.url).path
    stranger = Credentials(LOGIN.user, "other")
    verdict = take(path, headers_of(request.headers), request.body, stranger)
    assert verdict.fault
    assert judge(send, verdict.status, verdict.reply, "", 0).status is SendStatus.FAILED


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_provider_brings_is_genuine_by_its_profile(profile: str, body: str) -> None:
    receive = settings_of(profile).interfaces[0].receive
    assert receive
    now = int(time.time())
    message = Message("+12025550111", "+12025550160", body, "SM1", now)
    incoming = bring(profile, "https://pbx.example/sms?a=b", message, LOGIN)
    content = base64.b64decode(incoming.body)
    if incoming.headers["Content-Type"] == "application/json":
        fields: dict[str, Any] = json.loads(content)
    else:
        fields = dict(parse_qsl(content.decode(), keep_blank_values=True))
    request = SignedRequest("POST", incoming.url, "/sms", incoming.headers, content, fields)
    assert verify(receive, request, now) == ""
    forged = SignedRequest(
        "POST",
        incoming.url,
        "/sms",
        {name: value[:-4] + "AAA=" for name, value in incoming.headers.items()},
        content + b"&x=y",
        {**fields, "result": "{}", "x": "y"},
    )
    assert verify(receive, forged, now)
    where = {"to": receive.key_to, "from": receive.key_from, "body": receive.key_body}
    assert _find(fields, where["body"]) == body
    assert _find(fields, where["to"]).lstrip("+") == "12025550111"
    assert _find(fields, where["from"]).lstrip("+") == "12025550160"
    if receive.req_check:
        assert _find(fields, receive.req_check[0]) == receive.req_check[1]


def _find(fields: Any, path: str) -> str:
    for part in path.split("."):
        if isinstance(fields, str):
            fields = json.loads(fields)
        fields = fields[int(part) if isinstance(fields, list) else part]
    return str(fields)
