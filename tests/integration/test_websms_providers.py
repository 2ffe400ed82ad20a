"""Texts from the outside, posted and signed as five companies do it, through one PBX."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

import docker
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fixtures.itsp import Message, Provider, bring, running_provider
from tests.pbx import LABELS

from .accounts import NUMBERS
from .lab import Visit
from .websms import OUTSIDE, WebSmsSettings

pytestmark = pytest.mark.image("base", only=True)

PROFILES = ["zadarma", "twilio", "telnyx", "vonage", "46elks"]
TEXT = "Grüße & = ~ % + 電話 \N{GRINNING FACE}\nsecond line"


@pytest.fixture
def provider(lab: Visit, client: docker.DockerClient, softphone: str) -> Iterator[Provider]:
    """A provider on the PBX's network."""
    with running_provider(client, lab.lab.network, image=softphone, labels=LABELS) as provider:
        yield provider


@pytest.fixture
def url(lab: Visit, provider: Provider) -> Iterator[str]:
    """Where the PBX takes texts; the path is the profile's name."""
    settings = WebSmsSettings(lab.pbx, provider)
    lines = ["[websmsd]"]
    for profile in PROFILES:
        secret = public_key(provider) if profile == "telnyx" else provider.login.secret
        lines += [
            f"profile [{profile}] = {profile}",
            f"url_path [{profile}] = /{profile}",
            f"verify_user [{profile}] = {provider.login.user}",
            f"verify_secret [{profile}] = {secret}",
        ]
    settings.use("\n".join(lines))
    yield f"http://{lab.pbx.address()}"
    settings.restore()


def public_key(provider: Provider) -> str:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(provider.login.telnyx_key))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(public).decode()


def message(body: str = TEXT) -> Message:
    return Message(NUMBERS["bob"], OUTSIDE, body, f"SM{secrets.token_hex(8)}", int(time.time()))


@pytest.mark.parametrize("profile", PROFILES)
def test_message_of_a_provider_reaches_the_phone_once(
    lab: Visit, provider: Provider, url: str, profile: str
) -> None:
    bob = lab.phone("bob")
    request = bring(profile, f"{url}/{profile}", message(), provider.login)
    assert provider.post(request).status == 200
    text = bob.receives_message()
    assert text.body == TEXT
    assert OUTSIDE.lstrip("+") in text.sender
    if profile != "zadarma":  # whose texts have no number
        again = provider.post(request)
        assert again.status == 200
    provider.post(bring(profile, f"{url}/{profile}", message("the next"), provider.login))
    assert bob.receives_message().body == "the next"
    assert not lab.warnings()


@pytest.mark.parametrize("profile", PROFILES)
def test_message_with_a_foreign_signature_is_refused(
    lab: Visit, provider: Provider, url: str, profile: str
) -> None:
    other = replace(
        provider.login,
        secret="guessed",  # noqa: S106
        telnyx_key=base64.b64encode(secrets.token_bytes(32)).decode(),
    )
    place = f"{url}/{profile}"
    genuine = bring(profile, place, message(), provider.login)
    headers = {"Content-Type": genuine.headers["Content-Type"]}
    # Vonage's signature is a field; the others' are headers.
    plain = bring("none", place, message(), other) if profile == "vonage" else genuine
    for request in (
        bring(profile, place, message(), other),
        replace(plain, headers=headers),
    ):
        reply = provider.post(request)
        assert reply.status == (401 if profile == "46elks" else 403)
        assert reply.body.count("\n") == 1
        assert provider.login.secret not in reply.body
    assert lab.pbx.run("websms queue") == "no pending messages"
