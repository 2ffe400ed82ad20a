"""What a command in a container printed is all there, even if it came with HTTP's headers."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from factory.build.whole_output import VERSION, read_whole_output
from factory.errors import EngineError

OUT, ERR = b"\1\0\0\0\0\0\0\6hello\n", b"\2\0\0\0\0\0\0\4oh!\n"


def upgraded(body: bytes) -> bytes:
    kind = b"Content-Type: application/vnd.docker.raw-stream"
    return b"HTTP/1.1 101 UPGRADED\r\n%s\r\nConnection: Upgrade\r\n\r\n%s" % (kind, body)


def json(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        len(body),
        body,
    )


ANSWERS = {
    b"POST /v1.41/containers/box/exec": json(b'{"Id": "e"}'),
    b"POST /v1.41/exec/e/start": upgraded(OUT + ERR),  # in one go
}


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    """A client of an engine that answers at once."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        path = Path(folder, "engine.sock")
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                with connection:
                    request = b""
                    while b"\r\n\r\n" not in request or not request.endswith(b"}"):
                        request += connection.recv(4096)
                    connection.sendall(ANSWERS[b" ".join(request.split(b" ", 2)[:2])])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield docker.DockerClient(base_url=f"unix://{path}", version="1.41")
        thread.join(5)


def run(client: docker.DockerClient, *, demux: bool) -> object:
    number = client.api.exec_create("box", ["true"])["Id"]
    return client.api.exec_start(number, demux=demux)


def test_output_is_lost_by_the_sdk_alone(client: docker.DockerClient) -> None:
    """If this fails, the SDK was mended, and what mends it here can go."""
    assert run(client, demux=False) == b""


@pytest.mark.parametrize(
    ("demux", "output"), [(False, b"hello\noh!\n"), (True, (b"hello\n", b"oh!\n"))]
)
def test_output_is_whole(client: docker.DockerClient, demux: bool, output: object) -> None:
    assert run(read_whole_output(client), demux=demux) == output


def test_workaround_refuses_other_versions_of_the_sdk(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "__version__", "8.0.0")
    with pytest.raises(EngineError, match=r"docker-py 8\.0\.0 is installed, but this needs"):
        read_whole_output(client)


def test_workaround_is_for_the_version_that_is_pinned(root: Path) -> None:
    assert f'"docker=={VERSION}*"' in (root / "pyproject.toml").read_text()
