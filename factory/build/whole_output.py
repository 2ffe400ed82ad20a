"""Works around docker-py issue 3332: the output of a command in a container may be lost.

The SDK reads from the bare socket. But HTTP's headers were read through a buffer, which already
has any output that arrived with the headers, as happens on a busy machine. That output is lost:
https://github.com/docker/docker-py/issues/3332

The workaround replaces a private method. So it is for one version of the SDK, which pyproject.toml
pins, and refuses any other. Its test fails once the SDK is fixed; then remove this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MethodType
from typing import Any, BinaryIO

import docker

from factory.errors import EngineError

VERSION = "7.2."
"""Prefix of the docker-py versions that this works with."""
_STDOUT, _STDERR = 1, 2
_HEADER_BYTES = 8  # stream, three zeros, size: big-endian, as the engine's API describes it


def read_whole_output(client: docker.DockerClient) -> docker.DockerClient:
    """Make a client return all output of a command; return the client.

    Raises:
        EngineError: the SDK has another version.
    """
    if not docker.__version__.startswith(VERSION):
        raise EngineError(
            f"docker-py {docker.__version__} is installed, but this needs {VERSION}x",
            "install what requirements.lock says, or check whether the workaround in "
            "factory/build/whole_output.py is still needed",
        )
    api: Any = client.api
    original = api._read_from_socket

    def read(self: Any, response: Any, stream: bool, tty: bool = True, demux: bool = False) -> Any:
        if stream or tty:
            return original(response, stream, tty=tty, demux=demux)
        # What the method below checks and returns is what the original reads from.
        self._disable_socket_timeout(self._get_raw_response_socket(response))
        try:
            frames = list(_frames(response.raw._fp.fp))
            if demux:
                return tuple(
                    b"".join(data for stream, data in frames if stream == wanted) or None
                    for wanted in (_STDOUT, _STDERR)
                )
            return b"".join(data for _, data in frames)
        finally:
            response.close()

    api._read_from_socket = MethodType(read, api)
    return client


def _frames(reader: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while len(header := reader.read(_HEADER_BYTES)) == _HEADER_BYTES:
        yield header[0], reader.read(int.from_bytes(header[4:], "big"))
