"""Reads the message of a request, after checking its signature; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pbx.websms.incoming.checks import (
    RefusedError,
    read_body,
    read_echo,
    read_id,
    read_recipient,
    read_sender,
)
from pbx.websms.incoming.fields import Fields, read_content, read_query
from pbx.websms.incoming.inbox import IncomingSms
from pbx.websms.incoming.origin import Receiver
from pbx.websms.incoming.signatures import SignedRequest, verify


class NotGenuineError(Exception):
    """The request is not from the provider; the text says why."""


@dataclass(frozen=True)
class SmsRequest:
    """An HTTP request.

    Attributes:
        method: GET or POST.
        host: The header.
        target: Path and query as received.
        path: Decoded.
        query: The part after `?`.
        headers: By name, in any case.
        body: As received.
    """

    method: str
    host: str
    target: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Echo:
    """The request asks for a value to be sent back."""

    text: str


def read_request(receiver: Receiver, request: SmsRequest, now: float) -> IncomingSms | Echo | None:
    """Return what a request contains; None if it does not match req_check.

    Args:
        receiver: The interface that receives it.
        request: The request.
        now: Seconds since 1970.

    Raises:
        RefusedError: the request is wrong.
        NotGenuineError: its signature is wrong.
    """
    settings = receiver.settings
    fields = _fields(request)
    if settings.key_echo:
        text = fields.get(settings.key_echo)
        if text is None and request.query:
            text = read_query(request.query).get(settings.key_echo)
        if text is not None:
            return Echo(read_echo(text))
    signed = SignedRequest(
        request.method,
        f"http://{request.host}{request.target}",
        request.path,
        request.headers,
        request.body,
        fields.flat(),
    )
    if reason := verify(settings, signed, now):
        raise NotGenuineError(reason)
    if settings.req_check and fields.get(settings.req_check[0]) != settings.req_check[1]:
        return None
    number = fields.get(settings.key_id) if settings.key_id else None
    return IncomingSms(
        receiver.name,
        read_recipient(fields.need(settings.key_to)),
        read_sender(fields.need(settings.key_from)),
        read_body(fields.need(settings.key_body)),
        None if number is None else read_id(number),
    )


def _fields(request: SmsRequest) -> Fields:
    if request.method == "GET":
        return read_query(request.query)
    content_type = next(
        (value for key, value in request.headers.items() if key.lower() == "content-type"), ""
    )
    return read_content(content_type, request.body)


__all__ = ["Echo", "NotGenuineError", "RefusedError", "SmsRequest", "read_request"]
