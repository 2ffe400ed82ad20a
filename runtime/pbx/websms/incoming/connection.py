"""A connection of the web server: aiohttp's, with other answers to what is not HTTP.

aiohttp answers invalid HTTP with several lines that repeat it, and logs it as an error of the
server: parts of messages would be logged, and any client could fill the log. Here, it is refused
like other wrong requests, in one line that contains nothing of it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

NOT_HTTP = "not a valid HTTP request"


class HttpConnection(web.RequestHandler):
    """A connection.

    Args:
        server: Of the connection.
        refuse: Returns the answer to invalid HTTP; gets a request that stands in for it.
        made: Called when the connection begins, with the client's address.
        lost: Called when the connection has ended.
        options: Those of aiohttp.web.RequestHandler.
    """

    def __init__(
        self,
        server: web.Server,
        refuse: Callable[[web.BaseRequest], web.Response],
        made: "Callable[[HttpConnection, str], None]",
        lost: "Callable[[HttpConnection], None]",
        **options: Any,
    ) -> None:
        super().__init__(server, **options)
        self._refuse = refuse
        self._made = made
        self._lost = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that the connection begins."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._made(self, str(peer[0]) if peer else "")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note that the connection has ended."""
        self._lost(self)
        super().connection_lost(exc)

    def cut(self) -> None:
        """Close the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Pass received data to the parser."""
        try:
            super().data_received(data)
        except ValueError:
            # The library cannot parse the target as a URL, for example `http://[/`. The parser is
            # in its final state: whatever it gets next is answered with 400.
            super().data_received(b"\0")

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that could not be handled.

        Raises:
            ConnectionError: the client is gone.
        """
        if isinstance(exc, ConnectionError):
            raise exc
        if isinstance(exc, HttpProcessingError):
            response = self._refuse(request)
            response.force_close()
            return response
        return super().handle_error(request, status, exc, message)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer.

        After a request with `Connection: Upgrade`, which is handled like others, aiohttp parses
        what follows it only now, and would not send the answer if that is not HTTP.
        """
        try:
            return await super().finish_response(request, resp, start_time)
        except HttpProcessingError:
            resp.force_close()
            await resp.prepare(request)
            await resp.write_eof()
            return resp, False
