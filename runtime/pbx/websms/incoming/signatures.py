"""Checks whether a request comes from the provider, in constant time; pure.

Sources, by value of `verify`:

* basic, 46elks: RFC 7617; 46elks sends the user and password of its `sms_url`.
* zadarma: https://zadarma.com/en/support/api/ (notifications), and `lib/Webhook/NotifySms.php` of
  https://github.com/zadarma/user-api-v1 for SMS.
* twilio: https://www.twilio.com/docs/usage/security (validating requests)
* telnyx: https://developers.telnyx.com/docs/development/sdk/python/webhooks
* vonage: https://developer.vonage.com/en/getting-started/concepts/signing-messages
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from pbx.websms.configuration.settings import ReceiveSettings

CLOCK_SECONDS = 300
"""How much the provider's clock may differ from ours."""
VONAGE_SECONDS = 25 * 3600
"""Vonage repeats a request for 24 hours with the timestamp of the message. Repetitions within that
time are recognized by the message ID."""


@dataclass(frozen=True)
class SignedRequest:
    """The parts of a request that signatures are made of.

    Attributes:
        method: Such as POST.
        url: As the server sees it. Behind a proxy, the part before the path may differ from the
            URL that was signed; public_url replaces it.
        path: Without the query.
        headers: By name, in any case.
        body: As received.
        fields: Of the form, the query or the JSON object.
    """

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    fields: Mapping[str, str]


def verify(settings: ReceiveSettings, request: SignedRequest, now: float) -> str:
    """Return why a request is not genuine, "" if it is.

    Args:
        settings: Of the interface.
        request: The request.
        now: Seconds since 1970.
    """
    if settings.verify != "none" and not settings.verify_secret:
        return "there is no verify_secret in the settings"
    return _CHECKS[settings.verify](settings, request, now)


def zadarma_digest(secret: str, text: str) -> str:
    """Return a signature of Zadarma: base64 of the hexadecimal HMAC-SHA1."""
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def _take_any(_settings: ReceiveSettings, _request: SignedRequest, _now: float) -> str:
    return ""


def _check_basic(settings: ReceiveSettings, request: SignedRequest, _now: float) -> str:
    scheme, _, sent = _header(request, "Authorization").partition(" ")
    if scheme.lower() != "basic":
        return "user and password are missing"
    credentials = f"{settings.verify_user}:{settings.verify_secret}".encode()
    good = _same(base64.b64encode(credentials).decode(), sent.strip())
    return "" if good else "user or password is wrong"


def _check_zadarma(settings: ReceiveSettings, request: SignedRequest, _now: float) -> str:
    sent = _header(request, "Signature")
    if not sent:
        return "the header Signature is missing"
    signed = zadarma_digest(settings.verify_secret, request.fields.get("result", ""))
    return "" if _same(signed, sent) else "the signature is wrong"


def _check_twilio(settings: ReceiveSettings, request: SignedRequest, _now: float) -> str:
    sent = _header(request, "X-Twilio-Signature")
    if not sent:
        return "the header X-Twilio-Signature is missing"
    split = urlsplit(_public_url(settings.public_url, request))
    hashes = parse_qs(split.query).get("bodySHA256")
    if hashes:
        if not _same(hashlib.sha256(request.body).hexdigest(), hashes[0].lower()):
            return "the body is not the one that was signed"
        fields = ""
    elif request.method == "POST":
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        fields = "".join(key + value for key, value in sorted(set(pairs)))
    else:
        fields = ""
    signatures = [
        base64.b64encode(
            hmac.new(settings.verify_secret.encode(), (url + fields).encode(), "sha1").digest()
        ).decode()
        for url in _with_and_without_port(split)
    ]
    if any(_same(signature, sent) for signature in signatures):
        return ""
    return "the signature is wrong; does public_url match the URL at the provider?"


def _public_url(before: str, request: SignedRequest) -> str:
    """Return the URL that the provider posted to: public_url, and the target of the request."""
    if not before:
        return request.url
    query = urlsplit(request.url).query
    return f"{before.rstrip('/')}{request.path}{'?' * bool(query)}{query}"


def _with_and_without_port(url: SplitResult) -> list[str]:
    """Return both forms of a URL: Twilio signs either; its SDKs try both."""
    login, at, place = url.netloc.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdigit():
        host, port = place, "443" if url.scheme == "https" else "80"
    return [url._replace(netloc=f"{login}{at}{name}").geturl() for name in (host, f"{host}:{port}")]


def _check_telnyx(settings: ReceiveSettings, request: SignedRequest, now: float) -> str:
    # It takes some megabytes of memory, which only Telnyx needs.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    timestamp = _header(request, "telnyx-timestamp")
    if reason := _check_time(timestamp, now, CLOCK_SECONDS, CLOCK_SECONDS):
        return reason
    try:
        key = Ed25519PublicKey.from_public_bytes(
            base64.b64decode(settings.verify_secret, validate=True)
        )
    except (ValueError, binascii.Error):
        return "verify_secret is not a public key as Telnyx shows it"
    try:
        sent = base64.b64decode(_header(request, "telnyx-signature-ed25519"), validate=True)
        key.verify(sent, f"{timestamp}|".encode() + request.body)
    except (ValueError, binascii.Error, InvalidSignature):
        return "the signature is wrong"
    return ""


def _check_vonage(settings: ReceiveSettings, request: SignedRequest, now: float) -> str:
    fields = dict(request.fields)
    sent = fields.pop("sig", "")
    if not sent:
        return "the field sig is missing"
    text = "".join(f"&{key}={_without_separators(fields[key])}" for key in sorted(fields))
    secret = settings.verify_secret.encode()
    if settings.verify_hash == "md5hash":
        signed = hashlib.md5(text.encode() + secret, usedforsecurity=False).hexdigest()
    else:
        signed = hmac.new(secret, text.encode(), settings.verify_hash).hexdigest()
    if not _same(signed, sent.lower()):
        return "the signature is wrong"
    return _check_time(fields.get("timestamp", ""), now, VONAGE_SECONDS, CLOCK_SECONDS)


def _without_separators(value: str) -> str:
    return value.replace("&", "_").replace("=", "_")


def _check_time(timestamp: str, now: float, before: float, after: float) -> str:
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return "the timestamp is missing or wrong"
    is_recent = -after <= now - int(timestamp) <= before
    return "" if is_recent else "the timestamp is too old or in the future"


def _header(request: SignedRequest, name: str) -> str:
    wanted = name.lower()
    return next((v for k, v in request.headers.items() if k.lower() == wanted), "").strip()


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))


_CHECKS: Mapping[str, Callable[[ReceiveSettings, SignedRequest, float], str]] = {
    "none": _take_any,
    "basic": _check_basic,
    "46elks": _check_basic,
    "zadarma": _check_zadarma,
    "twilio": _check_twilio,
    "telnyx": _check_telnyx,
    "vonage": _check_vonage,
}
