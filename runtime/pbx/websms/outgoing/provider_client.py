"""Posts a request to a provider over HTTP, once."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp

from pbx.websms.configuration.settings import SendSettings
from pbx.websms.outgoing.reply import SendResult, SendStatus, judge
from pbx.websms.outgoing.request import PostRequest

CONNECT_SECONDS = 15
LONGEST_REPLY = 64 * 1024
IDLE_SECONDS = 4
"""How long a connection is kept for the next SMS. Servers keep theirs longer: if a server closed it
at the moment of sending, the result would be unknown."""


@dataclass
class _Progress:
    """The progress of a request."""

    step: Callable[[str], None]
    encrypted: bool
    begun: bool = False
    """Whether the provider may have received a part of it."""


class ProviderClient:
    """Posts requests; TLS certificates are always verified.

    To be made and used within one event loop.
    """

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS, limit_per_host=8),
            trace_configs=[_tracing()],
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "websms"},
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def send(
        self,
        settings: SendSettings,
        request: PostRequest,
        step: Callable[[str], None] = lambda _: None,
    ) -> SendResult:
        """Send a request once.

        Args:
            settings: Of the interface.
            request: Made by build_request.
            step: Called with a line for each step.
        """
        progress = _Progress(step, encrypted=request.url.startswith("https:"))
        timeout = aiohttp.ClientTimeout(
            total=settings.timeout, sock_connect=min(CONNECT_SECONDS, settings.timeout)
        )
        try:
            async with self._session.post(
                request.url,
                data=request.body,
                headers=request.headers,
                timeout=timeout,
                allow_redirects=False,
                trace_request_ctx=progress,
            ) as response:
                step(f"the provider answers {response.status} {response.reason or ''}".rstrip())
                return await _read(settings, response, step)
        except aiohttp.InvalidURL:
            return SendResult(
                SendStatus.FAILED, f"'{request.url}' is not a URL; see url_host and url_path"
            )
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            if not progress.begun:
                return SendResult(SendStatus.RETRY, _obstacle(error))
            return SendResult(SendStatus.UNKNOWN, _interruption(error, settings.timeout))


async def _read(
    settings: SendSettings, response: aiohttp.ClientResponse, step: Callable[[str], None]
) -> SendResult:
    retry_after = response.headers.get("Retry-After", "")
    try:
        body = await _beginning(response)
    except (aiohttp.ClientError, OSError) as error:
        if settings.resp_check is None or not response.ok:
            return judge(settings, response.status, "", retry_after, time.time())
        reason = _interruption(error, settings.timeout)
        return SendResult(SendStatus.UNKNOWN, f"{reason} in the middle of the reply")
    step(f"the reply: {body.strip() or '(empty)'}")
    return judge(settings, response.status, body, retry_after, time.time())


async def _beginning(response: aiohttp.ClientResponse) -> str:
    parts, length = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        length += len(part)
        if length >= LONGEST_REPLY:
            break
    return b"".join(parts)[:LONGEST_REPLY].decode("utf-8", "replace")


def _obstacle(error: Exception) -> str:
    """Return why a request could not begin."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            why = getattr(error.certificate_error, "verify_message", "")
            reason = f"{error.host} has a certificate that is not trusted: {why}"
        case aiohttp.ClientConnectorDNSError():
            reason = f"there is no DNS address for {error.host}"
        case aiohttp.ClientConnectorError():
            reason = f"{error.host} cannot be reached: {_why(error.os_error)}"
        case TimeoutError():
            reason = "the provider cannot be reached: name server or provider did not answer"
        case _:
            reason = f"the provider cannot be reached: {error}"
    return " ".join(reason.split())


def _interruption(error: Exception, timeout: float) -> str:
    """Return why a request was interrupted."""
    match error:
        case TimeoutError():
            reason = f"the provider did not answer within {timeout:g} s"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            reason = "the provider closed the connection"
        case _:
            reason = f"the connection to the provider failed: {error}"
    return " ".join(reason.split())


def _why(error: OSError) -> str:
    """Return the system's message of the first of several attempts, without address and port."""
    numbers = re.findall(r"\[Errno (\d+)\]", str(error))
    return os.strerror(int(numbers[0])) if numbers else str(error)


def _tracing() -> aiohttp.TraceConfig:
    tracing = aiohttp.TraceConfig()
    tracing.on_dns_resolvehost_end.append(_resolved)
    tracing.on_connection_create_end.append(_connected)
    tracing.on_request_headers_sent.append(_begun)
    return tracing


async def _resolved(
    _session: Any, context: SimpleNamespace, params: aiohttp.TraceDnsResolveHostEndParams
) -> None:
    context.trace_request_ctx.step(f"found the address of {params.host}")


async def _connected(_session: Any, context: SimpleNamespace, _params: Any) -> None:
    progress = context.trace_request_ctx
    progress.step(
        "connected over TLS, the certificate is good" if progress.encrypted else "connected"
    )


async def _begun(_session: Any, context: SimpleNamespace, _params: Any) -> None:
    context.trace_request_ctx.begun = True
    context.trace_request_ctx.step("sent the request")
