"""The server that Asterisk's dialplan calls with AGI(agi://…), on a port of loopback.

The address contains a random word, so that no other program can pose as Asterisk.
"""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping

from pbx.websms.asterisk.agi import AgiError, AgiReply, read_reply, write_command

HEAD_SECONDS = 5.0
_LONGEST_HEAD = 200  # lines


class AgiSession:
    """A channel that waits for commands.

    Attributes:
        script: The last part of the address that the dialplan called.
        extension: Of the channel.
        arguments: Of the call.
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

    async def run(self, *words: str) -> AgiReply:
        """Run a command; return the answer.

        Asterisk ignores commands that arrive before it has answered the last one.

        Raises:
            AgiError: the command failed, or Asterisk has closed the connection.
        """
        try:
            self._writer.write(write_command(*words))
            return read_reply(await self._line())
        except OSError as error:
            raise AgiError(f"Asterisk has closed the connection: {error}") from error

    async def get(self, name: str) -> str:
        """Return a channel variable; "" if it is not set."""
        return (await self.run("GET", "VARIABLE", name)).value

    async def set(self, name: str, value: str) -> None:
        """Set a channel variable or function."""
        await self.run("SET", "VARIABLE", name, value)

    async def _line(self) -> str:
        while True:
            line = (await self._reader.readline()).decode("utf-8", "replace")
            if not line.endswith("\n"):
                raise AgiError("Asterisk has closed the connection")
            if line != "HANGUP\n":  # comes at any time, and is followed by the answer
                return line.rstrip("\r\n")


async def serve(
    handle: Callable[[AgiSession], Awaitable[None]],
) -> tuple[asyncio.Server, str]:
    """Start the server.

    Args:
        handle: Called with each session; when it returns, Asterisk goes on in the dialplan.

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
                await handle(AgiSession(head, reader, writer))
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # not Asterisk, or it is gone: the message is delivered again
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
    raise ValueError("this is not AGI")
