"""A web server that hands one document to one phone, and is gone then."""

import asyncio
import hmac
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from pbx.core.errors import CommandError

_ACKNOWLEDGED_SECONDS = 3
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_MARK = "X-Linphone-Provisioning"
"""In requests of Linphone since version 5."""


@dataclass(frozen=True)
class Handover:
    """What is handed over, and where.

    Attributes:
        path: Of the address, beginning with a slash; nobody can guess it.
        document: XML.
        port: TCP port, on all addresses.
        tls: For HTTPS; None for HTTP.
    """

    path: str
    document: str
    port: int
    tls: ssl.SSLContext | None


async def hand_over(order: Handover, seconds: float, on_ready: Callable[[], None]) -> str:
    """Wait for the phone; return its address, or nothing if none came in time.

    What is no request of Linphone for that path gets nothing and changes nothing: browsers that
    a camera opened, programs that fetch addresses before people do, attackers.

    Args:
        order: What to hand over.
        seconds: How long to wait.
        on_ready: Called when phones can connect.

    Raises:
        CommandError: the port cannot be had.
    """
    taken: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if not hmac.compare_digest(request.path.encode(), order.path.encode()):
            return _text(404, "There is nothing here.")
        if request.method != "GET":
            return _text(405, "Only GET.")
        if _MARK not in request.headers:
            return _text(400, "This address is for Linphone: scan the code in that app.")
        if taken.done():
            return _text(410, "It was fetched already.")
        taken.set_result(request.remote or "somebody")
        _linger(request)
        response = web.Response(
            text=order.document, content_type="application/xml", charset="utf-8", headers=_HEADERS
        )
        response.force_close()
        return response

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, port=order.port, ssl_context=order.tls).start()
        on_ready()
        return await asyncio.wait_for(taken, seconds)
    except TimeoutError:
        return ""
    except OSError as error:
        raise CommandError(
            f"cannot listen on port {order.port}: {error.strerror}", "choose another with --port"
        ) from error
    finally:
        await runner.cleanup()


def _linger(request: web.BaseRequest) -> None:
    """Has the connection closed only when the phone has all of it.

    This program may be all that runs in its container, whose network ends with it.
    """
    if request.transport is not None:
        connection: socket.socket = request.transport.get_extra_info("socket")
        linger = struct.pack("ii", 1, _ACKNOWLEDGED_SECONDS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _text(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=_HEADERS)
