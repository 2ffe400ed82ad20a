"""Texts to the outside: from a phone through the dialplan and WebSMS to a provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

import docker
import pytest

from factory.waiting import wait_for
from fixtures.itsp import Answer, Provider, running_provider
from tests.pbx import LABELS

from .accounts import NUMBERS
from .lab import ENDPOINTS, Visit
from .test_messages import TEXTS
from .websms import OUTSIDE, WebSmsSettings, await_queue, kill_service

pytestmark = pytest.mark.image("base", only=True)
everywhere = pytest.mark.image("base")

PROFILES = ["zadarma", "twilio", "telnyx", "vonage", "46elks"]
NOTHING_WAITS = "no pending messages"


@pytest.fixture
def provider(lab: Visit, client: docker.DockerClient, softphone: str) -> Iterator[Provider]:
    """A provider on the PBX's network."""
    with running_provider(client, lab.lab.network, image=softphone, labels=LABELS) as provider:
        yield provider


@pytest.fixture
def settings(lab: Visit, provider: Provider) -> Iterator[WebSmsSettings]:
    """The PBX sends to that provider, with Basic authentication."""
    settings = WebSmsSettings(lab.pbx, provider)
    settings.send(url_path="/basic")
    yield settings
    settings.restore()


@everywhere
@pytest.mark.parametrize("profile", PROFILES)
def test_message_reaches_the_provider(
    lab: Visit, provider: Provider, settings: WebSmsSettings, profile: str
) -> None:
    settings.send(profile=profile)
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "Grüße & ~ 電話")
    (request,) = provider.await_requests(1)
    assert (request.fault, request.body) == ("", "Grüße & ~ 電話")
    assert request.recipient.lstrip("+") == OUTSIDE.lstrip("+")
    assert request.sender.lstrip("+") == NUMBERS["alice"].lstrip("+")
    wait_for(
        lambda: lab.pbx.run("websms queue"),
        lambda text: text == NOTHING_WAITS,
        seconds=5,
        otherwise="messages are pending",
    )
    assert not lab.warnings()


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("body", TEXTS)
def test_message_arrives_unchanged(lab: Visit, provider: Provider, body: str) -> None:
    lab.phone("alice").message(OUTSIDE, body)
    (request,) = provider.await_requests(1)
    assert (request.fault, request.body) == ("", body)


def test_user_and_password_may_be_fields(
    lab: Visit, provider: Provider, settings: WebSmsSettings
) -> None:
    plain = {"auth_method": "plain", "key_user": "user", "key_secret": "password"}
    settings.send(url_path="/plain", resp_check="status=success", **plain)
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "good")
    provider.await_requests(1)
    settings.send(url_path="/plain", resp_check="status=success", auth_user="other", **plain)
    alice.message(OUTSIDE, "bad")
    good, bad = provider.await_requests(2)
    assert (good.fault, good.body) == ("", "good")
    assert bad.fault == "user or password is wrong"
    answer = alice.receives_message()
    assert answer.body.startswith("Not sent: the provider answered 200: status=error&text=login")
    assert "resp_check expects status=success" in answer.body
    assert OUTSIDE in answer.sender


@pytest.mark.parametrize(
    ("form", "recipient", "sender"),
    [
        ("E164", OUTSIDE.lstrip("+"), NUMBERS["alice"].lstrip("+")),
        ("E123", OUTSIDE, NUMBERS["alice"]),
    ],
)
def test_the_request_has_the_form_that_is_wanted(
    lab: Visit,
    provider: Provider,
    settings: WebSmsSettings,
    form: str,
    recipient: str,
    sender: str,
) -> None:
    settings.send(
        url_path="/none",
        auth_method="none",
        val_numform=form,
        val_static="format=json,flash=0",
        val_unicode="UCS-2",
    )
    lab.phone("alice").message(OUTSIDE, "smile \N{GRINNING FACE} 電")
    (request,) = provider.await_requests(1)
    assert (request.recipient, request.sender) == (recipient, sender)
    assert request.body == "smile \N{REPLACEMENT CHARACTER} 電"
    assert "authorization" not in request.headers
    assert b"&format=json&flash=0" in request.data


def test_users_have_interfaces_of_their_own(
    lab: Visit, provider: Provider, settings: WebSmsSettings
) -> None:
    settings.use(
        "[websms]\n"
        + settings.lines({"profile": "46elks"}, "one")
        + settings.lines({"profile": "vonage"}, "two")
    )
    before = lab.pbx.run(f"cat {ENDPOINTS}")
    text = before
    for name, index in (("alice", "one"), ("bob", "two"), ("carol", "three")):
        text = re.sub(
            rf"(\[proof-{name}\]\(.*\)\n)", rf"\1endpoint/set_var = WEBSMS_INDEX={index}\n", text
        )
    lab.lab.write_endpoints(text)
    try:
        alice, bob, carol = lab.start("alice", "bob", "carol")
        alice.message(OUTSIDE, "through the first")
        provider.await_requests(1)
        bob.message(OUTSIDE, "through the second")
        first, second = provider.await_requests(2)
        carol.message(OUTSIDE, "through none")
        answer = carol.receives_message().body
    finally:
        lab.lab.write_endpoints(before)
    assert (first.path, first.fault, first.body) == ("/a1/sms", "", "through the first")
    assert (second.path, second.fault, second.body) == ("/sms/json", "", "through the second")
    assert answer == "Not sent: there is no interface 'three' in websms.conf; there are one, two"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            Answer(status=400, body='{"error": "no such\nnumber"}'),
            'Not sent: the provider answered 400: {"error": "no such number"}',
            id="refused",
        ),
        pytest.param(Answer(status=404), "Not sent: the provider answered 404: OK", id="404"),
        pytest.param(
            Answer(status=302, headers={"Location": "http://other.example/"}),
            "Not sent: the provider answered 302: OK; has url_host or url_path changed?",
            id="elsewhere",
        ),
        pytest.param(
            Answer(status=500, body="oops"),
            "Perhaps not sent: the provider answered 500: oops",
            id="error",
        ),
        pytest.param(
            Answer(hang_up="at once"),
            "Perhaps not sent: the provider closed the connection",
            id="hangs up",
        ),
    ],
)
def test_sender_is_notified_of_a_message_that_was_not_sent(
    lab: Visit, provider: Provider, answer: Answer, told: str
) -> None:
    provider.prepare(answer)
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "hello")
    notice = alice.receives_message(seconds=15)
    assert notice.body == told
    assert OUTSIDE in notice.sender
    assert len(provider.await_requests(1)) == 1


def test_provider_that_times_out_is_not_retried(
    lab: Visit, provider: Provider, settings: WebSmsSettings
) -> None:
    settings.send(url_path="/basic", timeout="1")
    provider.prepare(Answer(delay=3))
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "hello")
    notice = alice.receives_message(seconds=15)
    assert notice.body == "Perhaps not sent: the provider did not answer within 1 s"
    assert len(provider.await_requests(1)) == 1


@pytest.mark.usefixtures("settings")
def test_provider_that_is_busy_is_retried_after_the_time_it_names(
    lab: Visit, provider: Provider
) -> None:
    provider.prepare(
        Answer(status=429, headers={"Retry-After": "1"}),
        Answer(status=503, headers={"Retry-After": "1"}),
    )
    alice = lab.phone("alice")
    for text in ("first", "second"):
        alice.message(OUTSIDE, text)
    requests = provider.await_requests(4)
    assert [request.body for request in requests] == ["first", "first", "first", "second"]
    await_queue(lab.pbx, NOTHING_WAITS)


def test_message_that_cannot_be_sent_is_dropped_in_time(
    lab: Visit, settings: WebSmsSettings
) -> None:
    settings.send(url_host="http://itsp.example:81", expire="3")
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "hello")
    notice = alice.receives_message(seconds=15)
    assert notice.body == "Not sent: itsp.example cannot be reached: Connection refused"


def test_a_certificate_must_be_good(
    lab: Visit, provider: Provider, settings: WebSmsSettings
) -> None:
    settings.send(url_host=f"https://{provider.name}", url_path="/basic")
    result = lab.pbx.container.exec_run(["websms", OUTSIDE, NUMBERS["alice"], "secret"])
    assert result.exit_code == 75
    reason = "itsp.example has a certificate that is not trusted: unable to get local issuer"
    assert reason in str(result.output)
    lab.pbx.run(f"cat > /tmp/authority.pem << 'END'\n{provider.authority}\nEND\n")
    said = lab.pbx.run(f"SSL_CERT_FILE=/tmp/authority.pem websms test '' {OUTSIDE}")
    assert "connected over TLS, the certificate is good" in said
    (request,) = provider.await_requests(1)
    assert (request.tls, request.fault) == (True, "")


@pytest.mark.usefixtures("settings")
def test_message_survives_a_kill_before_it_is_sent(lab: Visit, provider: Provider) -> None:
    provider.prepare(Answer(status=503, headers={"Retry-After": "4"}))
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "kept")
    assert "the provider answered 503" in await_queue(lab.pbx, "503")
    kill_service(lab.pbx)
    await_queue(lab.pbx, NOTHING_WAITS)
    _refused, taken = provider.await_requests(2)
    assert (taken.fault, taken.body) == ("", "kept")


@pytest.mark.usefixtures("settings")
def test_message_is_not_sent_twice_after_a_kill(lab: Visit, provider: Provider) -> None:
    provider.prepare(Answer(delay=2))
    alice = lab.phone("alice")
    alice.message(OUTSIDE, "only once")
    provider.await_requests(1)
    kill_service(lab.pbx)
    notice = alice.receives_message(seconds=15)
    assert notice.body == "Perhaps not sent: the service ended while it was being sent"
    assert len(provider.await_requests(1)) == 1


def test_message_being_sent_at_a_stop_is_completed(
    lab: Visit, provider: Provider, settings: WebSmsSettings
) -> None:
    before = len(lab.pbx.logs())
    provider.prepare(Answer(delay=2))
    lab.phone("alice").message(OUTSIDE, "in a hurry")
    provider.await_requests(1)
    settings.restart()
    said = lab.pbx.logs()[before:]
    assert f"sent an SMS to {OUTSIDE}" in said
    assert "not sent" not in said
    assert lab.pbx.run("websms queue") == NOTHING_WAITS


@pytest.mark.usefixtures("settings")
def test_sender_is_notified_when_the_service_does_not_run(lab: Visit, provider: Provider) -> None:
    lab.pbx.run("sv down websms")
    try:
        alice = lab.phone("alice")
        alice.message(OUTSIDE, "hello")
        notice = alice.receives_message()
    finally:
        lab.pbx.run("sv up websms")
    assert notice.body.startswith("Not sent: WebSMS does not run")
    assert not provider.requests()


@pytest.mark.usefixtures("settings")
def test_the_command_says_what_became_of_a_text(lab: Visit, provider: Provider) -> None:
    assert lab.pbx.run(f"websms {OUTSIDE} {NUMBERS['alice']} 'from a script'") == "sent"
    provider.prepare(Answer(status=403, body="not you"))
    result = lab.pbx.container.exec_run(["websms", OUTSIDE, "Me", "again"])
    assert result.exit_code == 1
    assert result.output == b"not sent: the provider answered 403: not you\n"
    assert [request.body for request in provider.await_requests(2)] == ["from a script", "again"]


def test_a_trial_shows_each_step_and_no_password(
    lab: Visit, provider: Provider, settings: WebSmsSettings
) -> None:
    settings.send(profile="twilio")
    said = lab.pbx.run("websms test")
    (request,) = provider.await_requests(1)
    assert request.fault == ""
    assert request.recipient == request.sender
    for line in (
        "profile twilio",
        f"POST http://itsp.example/2010-04-01/Accounts/{provider.login.user}/Messages.json",
        f"To={request.recipient}",
        "found the address of itsp.example",
        "connected",
        "the provider answers 201 Created",
        '"status": "queued"',
        "sent: the SMS should arrive at that number soon",
    ):
        assert line in said
    assert provider.login.secret not in said
