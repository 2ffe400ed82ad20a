"""Answers Asterisk where its dialplan calls AGI(agi://…): on a port of the loopback interface.

The address has a random word in it, so that nobody else on this machine can pose as Asterisk.
"""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping

from pbx.websms.agi import AgiError, Reply, read_reply, write_command

HEAD_SECONDS = 5.0
_LONGEST_HEAD = 200  # lines


class Session:
    """A channel that waits for commands.

    Attributes:
        script: The last part of the address that the dialplan called.
        extension: That the channel is at.
        arguments: That the dialplan gave.
    """

    def __init__(
        self,
        head: Mapping[str, str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.script = head.get("network_script", "").rpartition("/")[2]
        self.extension = head.get("extension", "")
        self.arguments = [v for k, v in sorted(head.items()) if k.startswith("arg_")]
        self._reader = reader
        self._writer = writer

    async def run(self, *words: str) -> Reply:
        """Give a command; return the answer.

        Asterisk overlooks commands that come before it has answered the last one.

        Raises:
            AgiError: it was not done, or Asterisk is gone.
        """
        try:
            self._writer.write(write_command(*words))
            return read_reply(await self._line())
        except OSError as error:
            raise AgiError(f"Asterisk is gone: {error}") from error

    async def get(self, name: str) -> str:
        """Return a channel variable; "" if there is none of that name."""
        return (await self.run("GET", "VARIABLE", name)).value

    async def set(self, name: str, value: str) -> None:
        """Set a channel variable, or what a function stands for."""
        await self.run("SET", "VARIABLE", name, value)

    async def _line(self) -> str:
        while True:
            line = (await self._reader.readline()).decode("utf-8", "replace")
            if not line.endswith("\n"):
                raise AgiError("Asterisk is gone")
            if line != "HANGUP\n":  # said whenever it happens, and followed by the answer
                return line.rstrip("\r\n")


async def serve(
    meet: Callable[[Session], Awaitable[None]],
) -> tuple[asyncio.Server, str]:
    """Begins to answer.

    Args:
        meet: Called with each session; when it returns, Asterisk goes on.

    Returns:
        The server, and the address for the dialplan, to which a slash and a word are added.
    """
    token = secrets.token_hex(16)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await _read_head(reader)
            script = head.get("network_script", "")
            if hmac.compare_digest(script.rpartition("/")[0].encode(), token.encode()):
                await meet(Session(head, reader, writer))
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # not Asterisk, or it has gone: what it was for is tried again
        finally:
            writer.close()

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return server, f"agi://127.0.0.1:{port}/{token}"


async def _read_head(reader: asyncio.StreamReader) -> Mapping[str, str]:
    head: dict[str, str] = {}
    for _ in range(_LONGEST_HEAD):
        line = (await reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            return head
        key, _, value = line.partition(": ")
        head[key.removeprefix("agi_")] = value
    raise ValueError("that is no AGI")
