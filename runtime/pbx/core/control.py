"""A service takes orders: a line of JSON each way over a socket in /run, see control_client."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pbx.core.control_client import ANSWER_SECONDS
from pbx.core.errors import OrderError

LONGEST = 64 * 1024

Order = Callable[[Sequence[str]], Awaitable[dict[str, Any]]]
"""Gets the words behind the verb; return the answer, or raises OrderError."""


async def serve(orders: Mapping[str, Order], path: Path) -> asyncio.Server:
    """Answers those who may open the socket: root and user asterisk.

    A request is a list of words, of which the first is the name of an order. The answer is an
    object with `ok`, and `error` and `mistake` if that is false.

    Args:
        orders: By name.
        path: Of the socket.
    """

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                line = await reader.readline()
            reply = await answer(orders, line)
            writer.write(json.dumps(reply).encode() + b"\n")
            async with asyncio.timeout(ANSWER_SECONDS):
                await writer.drain()
        except (OSError, ValueError):
            pass  # who asked has gone, took too long, or sent too much
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(meet, path, limit=LONGEST)
    path.chmod(0o600)
    return server


async def answer(orders: Mapping[str, Order], line: bytes) -> dict[str, Any]:
    """Return the answer to a request."""
    try:
        verb, *words = _words(line)
        if verb not in orders:
            raise OrderError(f"there is no '{verb}'")
        return {"ok": True, **await orders[verb](words)}
    except OrderError as error:
        return {"ok": False, "error": str(error), "mistake": error.mistake}


def _words(line: bytes) -> list[str]:
    try:
        words = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise OrderError("that was no request") from error
    if not isinstance(words, list) or not words or not all(isinstance(x, str) for x in words):
        raise OrderError("that was no request")
    return words
