"""OPTIONS over UDP, asked of a socket on this machine."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.sip import answers_options


@pytest.mark.parametrize(
    ("answer", "expected"), [(b"SIP/2.0 200 OK\r\n\r\n", True), (b"\xff\r\n", False)]
)
def test_options_is_answered_by_sip_only(answer: bytes, expected: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, ThreadPoolExecutor(1) as pool:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        asked = pool.submit(answers_options, "127.0.0.1", server.getsockname()[1], 5)
        request, client = server.recvfrom(65535)
        server.sendto(answer, client)
        assert asked.result() is expected
    assert request.startswith(b"OPTIONS sip:127.0.0.1:")
    assert request.endswith(b"\r\nContent-Length: 0\r\n\r\n")
