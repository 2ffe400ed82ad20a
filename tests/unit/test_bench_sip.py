"""OPTIONS over UDP, TCP and TLS, asked of a small server on this machine."""

import datetime
import re
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from pbx.tls.self_signed import CertificateSettings, make_certificate

from bench.sip import NoAnswerError, Protocol, connects, options

HERE = "127.0.0.1"
OK = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"
PROTOCOLS: tuple[Protocol, ...] = ("udp", "tcp", "tls")
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a self-signed certificate and its key."""
    now = datetime.datetime.now(datetime.UTC)
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(b"".join(make_certificate(CertificateSettings("pbx.example", "ec256"), now)))
    return file


@contextmanager
def server(
    protocol: Protocol, certificate: Path, *answers: bytes
) -> Iterator[tuple[int, Future[bytes]]]:
    """Answers one request with some parts, one after the other; gives its port and the request."""

    def answer_datagram() -> bytes:
        request, client = listening.recvfrom(65535)
        for part in answers:
            listening.sendto(part, client)
        return request

    def answer_connection() -> bytes:
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(3)
            if protocol == "tls":
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                request = connection.recv(65535)
                for part in answers:
                    connection.sendall(part)
                    connection.settimeout(0.2)
                    if part is not answers[-1] and leaves(connection):
                        break
                return request

    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as listening, ThreadPoolExecutor(1) as pool:
        listening.bind((HERE, 0))
        listening.settimeout(3)
        if protocol != "udp":
            listening.listen()
        answer = answer_datagram if protocol == "udp" else answer_connection
        yield listening.getsockname()[1], pool.submit(answer)


def leaves(connection: socket.socket) -> bool:
    """Whether the client goes away rather than wait for more."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@contextmanager
def silence(protocol: Protocol) -> Iterator[int]:
    """A port where nothing is ever answered."""
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as listening:
        listening.bind((HERE, 0))
        if protocol != "udp":
            listening.listen()
        yield listening.getsockname()[1]


def closed_port() -> int:
    with silence("tcp") as port:
        return port


@every_protocol
@pytest.mark.parametrize(
    ("response", "status"),
    [
        (OK, "200 OK"),
        (b"SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest\r\n\r\n", "401 Unauthorized"),
        (b"SIP/2.0 404 Not Found\r\n\r\n", "404 Not Found"),
    ],
)
def test_status_of_the_answer_is_returned(
    protocol: Protocol, certificate: Path, response: bytes, status: str
) -> None:
    with server(protocol, certificate, response) as (port, _):
        assert options(HERE, port, protocol) == status


@every_protocol
def test_request_is_well_formed(protocol: Protocol, certificate: Path) -> None:
    with server(protocol, certificate, OK) as (port, received):
        options(HERE, port, protocol)
        request = received.result(3)
    head, separator, body = request.decode().partition("\r\n\r\n")
    assert (separator, body) == ("\r\n\r\n", "")
    assert "\n" not in head.replace("\r\n", "")
    first, *lines = head.split("\r\n")
    assert first == f"OPTIONS sip:{HERE}:{port} SIP/2.0"
    fields = dict(line.split(": ", 1) for line in lines)
    assert len(fields) == len(lines)
    assert fields["Content-Length"] == "0"
    assert fields["Max-Forwards"] == "70"
    assert fields["CSeq"] == "1 OPTIONS"
    assert fields["To"] == f"<sip:{HERE}:{port}>"
    assert re.fullmatch(r"<sip:gate@127\.0\.0\.1>;tag=\w+", fields["From"])
    assert re.fullmatch(r"<sip:gate@127\.0\.0\.1:\d+>", fields["Contact"])
    via = rf"SIP/2\.0/{protocol.upper()} 127\.0\.0\.1:\d+;rport;branch=z9hG4bK\w+"
    assert re.fullmatch(via, fields["Via"])


def test_no_two_requests_share_a_branch(certificate: Path) -> None:
    requests = set()
    for _ in range(2):
        with server("udp", certificate, OK) as (port, received):
            options(HERE, port, "udp")
            requests |= set(re.findall(rb"branch=(\w+)", received.result(3)))
    assert len(requests) == 2


@every_protocol
def test_silence_is_an_os_error_in_time(protocol: Protocol) -> None:
    start = time.monotonic()
    with silence(protocol) as port, pytest.raises(TimeoutError):
        options(HERE, port, protocol, timeout=0.1)
    assert time.monotonic() - start < 2


@every_protocol
def test_closed_port_is_an_os_error(protocol: Protocol) -> None:
    with pytest.raises(ConnectionRefusedError):
        options(HERE, closed_port(), protocol, timeout=1)


def test_no_tls_where_tls_is_asked_for_is_an_os_error(certificate: Path) -> None:
    with (
        server("tcp", certificate, b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _),
        pytest.raises(OSError, match="SSL"),
    ):
        options(HERE, port, "tls")


@every_protocol
@pytest.mark.parametrize(
    "response", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SIP/1.0 200 OK\r\n", b"\xff\xfe\0", b"\r\n"]
)
def test_what_is_not_sip_is_no_answer(
    protocol: Protocol, certificate: Path, response: bytes
) -> None:
    with (
        server(protocol, certificate, response) as (port, _),
        pytest.raises(NoAnswerError, match="not SIP"),
    ):
        options(HERE, port, protocol)


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_hanging_up_is_no_answer(protocol: Protocol, certificate: Path) -> None:
    with (
        server(protocol, certificate) as (port, _),
        pytest.raises(NoAnswerError),
    ):
        options(HERE, port, protocol)


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_first_line_may_come_in_parts(protocol: Protocol, certificate: Path) -> None:
    with server(protocol, certificate, OK[:10], OK[10:]) as (port, _):
        assert options(HERE, port, protocol) == "200 OK"


@every_protocol
def test_provisional_response_is_no_final_one(protocol: Protocol, certificate: Path) -> None:
    with server(protocol, certificate, b"SIP/2.0 100 Trying\r\n\r\n", OK) as (port, _):
        assert options(HERE, port, protocol) == "200 OK"


def test_sockets_are_closed(certificate: Path) -> None:
    with (
        warnings.catch_warnings(record=True) as caught,
        server("tls", certificate, OK) as (port, received),
    ):
        warnings.simplefilter("always")
        options(HERE, port, "tls")
        received.result(3)
    assert not [str(w.message) for w in caught if w.category is ResourceWarning]


def test_connects_where_something_listens() -> None:
    with silence("tcp") as port:
        assert connects(HERE, port)
    assert not connects(HERE, port)
