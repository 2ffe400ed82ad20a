"""A connection of the web server, where aiohttp's own ways do not suit what strangers send.

aiohttp answers what is no HTTP with several lines that repeat it, and logs it as an error of ours:
parts of a text would come into the log, and anybody could fill that. Here it is a request that is
refused like others, in one line that holds nothing of it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

NO_HTTP = "that is no proper HTTP request"


class Connection(web.RequestHandler):
    """A connection.

    Args:
        server: That it belongs to.
        refuse: Makes the answer to what is no HTTP; gets the request that stands in for it.
        made: Called when it begins, with the other end's address.
        lost: Called when it has ended.
        options: Those of aiohttp.web.RequestHandler.
    """

    def __init__(
        self,
        server: web.Server,
        refuse: Callable[[web.BaseRequest], web.Response],
        made: "Callable[[Connection, str], None]",
        lost: "Callable[[Connection], None]",
        **options: Any,
    ) -> None:
        super().__init__(server, **options)
        self._refuse = refuse
        self._made = made
        self._lost = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._made(self, str(peer[0]) if peer else "")

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._lost(self)
        super().connection_lost(exc)

    def cut(self) -> None:
        """End now, whatever is under way."""
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        try:
            super().data_received(data)
        except ValueError:
            # The target is no address to the library that takes it apart, `http://[/` for one. The
            # parser is in its final state: whatever it gets, it has it answered with 400.
            super().data_received(b"\0")

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Make the answer to what could not be handled.

        Raises:
            ConnectionError: nobody is there who waits for one.
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

        After a request with `Connection: Upgrade`, which is handled like any other, aiohttp reads
        what came behind it only now, and would not send the answer if that is no HTTP.
        """
        try:
            return await super().finish_response(request, resp, start_time)
        except HttpProcessingError:
            resp.force_close()
            await resp.prepare(request)
            await resp.write_eof()
            return resp, False
