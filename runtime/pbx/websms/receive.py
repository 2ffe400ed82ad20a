"""From the parts of a request to what it brings; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pbx.websms.checks import (
    RefusedError,
    read_body,
    read_echo,
    read_id,
    read_recipient,
    read_sender,
)
from pbx.websms.fields import Fields, read_content, read_query
from pbx.websms.inbox import Incoming
from pbx.websms.origin import Receiver
from pbx.websms.signatures import SignedRequest, verify


class NotGenuineError(Exception):
    """It is not from the provider; the text says why."""


@dataclass(frozen=True)
class Request:
    """An HTTP request.

    Attributes:
        method: GET or POST.
        host: The header.
        target: Path and query as they came.
        path: Decoded.
        query: What follows the `?`.
        headers: By name, in any case.
        body: As it came.
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
    """The request wants a text back."""

    text: str


def read_request(receiver: Receiver, request: Request, now: float) -> Incoming | Echo | None:
    """Return what a request brings; None if it is none of the requests that bring messages.

    Args:
        receiver: The interface that it is for.
        request: The request.
        now: Seconds since 1970.

    Raises:
        RefusedError: something in it is wrong.
        NotGenuineError: its signature is.
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
    return Incoming(
        receiver.name,
        read_recipient(fields.need(settings.key_to)),
        read_sender(fields.need(settings.key_from)),
        read_body(fields.need(settings.key_body)),
        None if number is None else read_id(number),
    )


def _fields(request: Request) -> Fields:
    if request.method == "GET":
        return read_query(request.query)
    content_type = next(
        (value for key, value in request.headers.items() if key.lower() == "content-type"), ""
    )
    return read_content(content_type, request.body)


__all__ = ["Echo", "NotGenuineError", "RefusedError", "Request", "read_request"]
