"""The web server that providers post messages to."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import unquote_to_bytes

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from yarl import URL

from pbx.core.log import ERROR, NOTICE, WARNING
from pbx.core.store import StoreError
from pbx.core.terminal import printable
from pbx.websms.configuration.settings import ReceiveSettings, SmsSettings
from pbx.websms.incoming.checks import RefusedError
from pbx.websms.incoming.connection import NOT_HTTP, HttpConnection
from pbx.websms.incoming.connection_limit import ConnectionLimit, client_of, most_connections
from pbx.websms.incoming.inbox import IncomingSms
from pbx.websms.incoming.neighbourhood import Neighbourhood
from pbx.websms.incoming.neighbours import TrustedProxies
from pbx.websms.incoming.origin import (
    NotAllowedError,
    Receiver,
    UnknownPathError,
    choose_receiver,
    client_address,
)
from pbx.websms.incoming.receive import Echo, NotGenuineError, SmsRequest, read_request

LONGEST_CONTENT = 64 * 1024
HEAD_SECONDS = 10.0
"""To receive the head of the first request on a connection."""
BODY_SECONDS = 10.0
IDLE_SECONDS = 60
"""To receive the head of each further request."""
BACKLOG = 100
"""Length of the queue of connections to accept; asyncio accepts as many in one go."""
REPORT_SECONDS = 60.0
"""Between two warnings that connections were closed."""
_HEADERS = {"Server": "websmsd", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

_Say = Callable[[int, str], None]


class WebServer:
    """Receives requests, and confirms an SMS when it is safely stored.

    Args:
        settings: Of websms.conf.
        accept: Stores an SMS. Raises StoreError if that fails.
        say: Called with a level of pbx.core.log and a line for the log.
    """

    def __init__(
        self, settings: SmsSettings, accept: Callable[[IncomingSms], Awaitable[None]], say: _Say
    ) -> None:
        self._settings = settings
        self._accept = accept
        self._say = say
        self._silent: dict[web.RequestHandler, float] = {}
        """Connections without a whole request so far, and when they are closed."""
        most = most_connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._limit: ConnectionLimit[HttpConnection] = ConnectionLimit(most, most // 4)
        self._most = most
        self._reported = -REPORT_SECONDS
        self._neighbourhood = Neighbourhood()

    async def open(self, port: int) -> None:
        """Listen on all addresses of IPv4 and, if there are any, of IPv6.

        Raises:
            OSError: the port is in use, or not permitted.
        """
        self._http = web.Server(self._answer, request_factory=_make_request)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, port=port, backlog=BACKLOG)
        self._watcher = loop.create_task(self._watch())

    async def close(self) -> None:
        """Stop listening; give requests that have begun two seconds to finish."""
        self._watcher.cancel()
        self._server.close()
        await self._http.shutdown(2.0)

    def _connect(self) -> web.RequestHandler:
        connection = HttpConnection(
            self._http,
            self._refuse_invalid,
            self._enter,
            self._leave,
            loop=asyncio.get_running_loop(),
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=2.0,
            auto_decompress=False,  # a small body could expand to a huge one
        )
        self._silent[connection] = time.monotonic() + HEAD_SECONDS
        return connection

    def _enter(self, connection: HttpConnection, peer: str) -> None:
        victim = self._limit.enter(connection, client_of(peer))
        if victim is None:
            return
        self._silent.pop(victim, None)
        victim.cut()
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self._say(
                WARNING,
                f"too many connections, the last from {peer}: idle connections are closed above "
                f"{self._most} in total or {self._most // 4} of one address",
            )

    def _leave(self, connection: HttpConnection) -> None:
        self._silent.pop(connection, None)
        self._limit.leave(connection)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            while self._silent:
                connection, end = next(iter(self._silent.items()))
                if end > now:
                    break
                del self._silent[connection]
                connection.force_close()

    def _refuse_invalid(self, request: web.BaseRequest) -> web.Response:
        self._silent.pop(request.protocol, None)
        self._note(request, NOT_HTTP)
        return _refusal(400, NOT_HTTP)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self._silent.pop(request.protocol, None)
        connection = cast(HttpConnection, request.protocol)
        self._limit.begin(connection)
        try:
            return await self._handle(request)
        except TimeoutError:
            return _refusal(408, "the request took too long")
        except StoreError as error:
            self._say(ERROR, f"a message was not accepted: {error}")
            return _refusal(503, "the message cannot be stored now; retry later")
        finally:
            self._limit.end(connection)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        if request.method not in ("GET", "POST"):
            return _refusal(405, "use GET or POST", Allow="GET, POST")
        raw_path, _, query = request.raw_path.partition("?")
        try:
            path = unquote_to_bytes(raw_path).decode()
        except UnicodeDecodeError:
            return _refusal(400, "the path is not in UTF-8")
        try:
            receiver = self._choose(request, path)
        except UnknownPathError:
            return _refusal(404, "not found")
        except NotAllowedError as error:
            self._note(request, str(error))
            return _refusal(403, "not allowed for this address")
        body = await _read(request)
        if body is None:
            return _refusal(413, f"the body has more than {LONGEST_CONTENT} bytes")
        parts = SmsRequest(
            request.method,
            request.headers.get("Host", ""),
            request.raw_path,
            path,
            query,
            request.headers,
            body,
        )
        return await self._take(request, receiver, parts)

    def _choose(self, request: web.BaseRequest, path: str) -> Receiver:
        proxies = self._settings.proxies
        forwarded = request.headers.getall(proxies.prox_header, ())
        if proxies.prox_addr is None:
            trusted = self._neighbourhood.trusted()
        else:
            trusted = TrustedProxies(proxies.prox_addr)
        try:
            address = client_address(request.remote or "", forwarded, trusted)
        except ValueError as error:
            raise NotAllowedError(f"no address in {proxies.prox_header}") from error
        return choose_receiver(self._settings.interfaces, address, path)

    async def _take(
        self, request: web.BaseRequest, receiver: Receiver, parts: SmsRequest
    ) -> web.Response:
        settings = receiver.settings
        try:
            content = read_request(receiver, parts, time.time())
        except NotGenuineError as error:
            self._note(request, f"through '{receiver.name}': {error}")
            return _not_genuine(settings, str(error))
        except RefusedError as error:
            self._note(request, f"through '{receiver.name}': {error}")
            return _refusal(400, str(error))
        if isinstance(content, Echo):
            return _response(200, content.text, "text/plain")
        if content is not None:
            await self._accept(content)
        return _response(200, settings.resp_ack, _kind(settings.resp_ack))

    def _note(self, request: web.BaseRequest, what: str) -> None:
        self._say(NOTICE, printable(f"refused a request of {request.remote}, {what}", 300))


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    rest = (payload, protocol, writer, task, loop)
    try:
        return web.BaseRequest(message, *rest, client_max_size=LONGEST_CONTENT)
    except ValueError:
        # The target is a wrong URL, such as `http://a:99999/`, which the library notices only now.
        # It would not answer, and leave the connection open. We use the target as received, and
        # do not need the parsed one.
        message = message._replace(url=URL("/"))
        return web.BaseRequest(message, *rest, client_max_size=LONGEST_CONTENT)


async def _read(request: web.BaseRequest) -> bytes | None:
    """Return the body; None if it is too long."""
    if (request.content_length or 0) > LONGEST_CONTENT:
        return None
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body: bytes = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None
    return body


def _not_genuine(settings: ReceiveSettings, reason: str) -> web.Response:
    if settings.verify in ("basic", "46elks"):
        return _refusal(401, reason, **{"WWW-Authenticate": 'Basic realm="websmsd"'})
    return _refusal(403, reason)


def _refusal(status: int, reason: str, **headers: str) -> web.Response:
    response = _response(status, f"{reason}\n", "text/plain")
    response.headers.update(headers)
    if status in (408, 413):
        response.force_close()
    return response


def _response(status: int, text: str, kind: str) -> web.Response:
    return web.Response(
        status=status, body=text.encode(), content_type=kind, charset="utf-8", headers=_HEADERS
    )


def _kind(text: str) -> str:
    if text.startswith("<"):
        return "text/xml"
    return "application/json" if text.startswith(("{", "[")) else "text/plain"
