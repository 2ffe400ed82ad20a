"""Strategies for bytes that are not quite HTTP, and what may come of them at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz.requests import HOSTILE, HostileRequest, requests

HIDDEN = "smuggled"
_HIDDEN_BODY = b"To=4711&From=4711&Body=smuggled"
_HIDDEN = b"POST /sms HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\n" + _HIDDEN_BODY
_OUTER = b"To=4711&From=4711&Body=outer"


@dataclass(frozen=True)
class HostileStream:
    """Bytes for a connection of their own.

    Attributes:
        kind: Where they come from.
        data: The bytes.
        most: Messages that may be kept at most.
        ends: Nothing follows: we close our side. What was not answered until then may be lost.
        answered: It is whole, and so an answer has to come.
    """

    kind: str
    data: bytes
    most: int
    ends: bool = False
    answered: bool = False


@dataclass(frozen=True)
class Pipeline:
    """Proper requests, sent without waiting for an answer in between."""

    requests: tuple[HostileRequest, ...]


def _post(headers: Sequence[bytes], body: bytes) -> bytes:
    return b"\r\n".join([b"POST /sms HTTP/1.1", b"Host: a", *headers, b"", b""]) + body


_chunked_outer = b"%x\r\n%b\r\n0\r\n\r\n" % (len(_OUTER), _OUTER)
_te = st.sampled_from(
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding:chunked", b"Transfer-Encoding: Chunked",
     b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity",
     b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding : chunked",
     b"Transfer-Encoding:\tchunked", b"Transfer-Encoding:\x0bchunked",
     b"Transfer-Encoding: \xffchunked",
     b"X: y\nTransfer-Encoding: chunked", b"X: y\r\n Transfer-Encoding: chunked",
     b"X: y\rTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
     b"Transfer_Encoding: chunked", b"Transfer-Encoding\0: chunked",
     b"transfer-encoding: chunked\0"]
)  # fmt: skip
_lengths = st.sampled_from(
    [b"%d", b"+%d", b"-%d", b" %d ", b"0%d", b"%d, %d", b"%d,0", b"0x%x", b"%d_0", b"%d.0", b"%d\0",
     b"%d abc", b"\xd9\xa1%d", b"99999999999999999999%d", b""]
)  # fmt: skip
_sizes = st.sampled_from(
    [b"1c;x=y", b"1c;" + b"x" * 9000, b"0x1c", b"+1c", b"-1c", b"1c ", b"1c\n",
     b"fffffffffffffffff", b"01c", b"1C", b"1d", b"1b", b" 1c", b"1_c", b"1c;\nx", b""]
)  # fmt: skip


@st.composite
def _smuggled(draw: st.DrawFn) -> HostileStream:
    """A request that hides another, if two ways of reading where it ends were both taken."""
    hidden = b"0\r\n\r\n" + _HIDDEN
    whole = b"Content-Length: %d" % len(hidden)
    way = draw(st.integers(0, 4))
    if way == 0:  # both, in either order
        headers = draw(st.permutations([whole, draw(_te)]))
        return HostileStream("length and chunks", _post(headers, hidden), 0)
    if way == 1:  # two lengths
        headers = draw(st.permutations([whole, b"Content-Length: 5"]))
        return HostileStream("two lengths", _post(headers, hidden), 0)
    if way == 2:  # one that may be read in two ways
        pattern = draw(_lengths)
        length = pattern.replace(b"%d", b"28").replace(b"%x", b"1c")
        data = _post([b"Content-Length: " + length], _OUTER)
        return HostileStream("odd length", data, 1)
    if way == 3:  # a size of a chunk
        body = draw(_sizes) + b"\r\n" + _OUTER + b"\r\n0\r\n\r\n"
        return HostileStream("odd chunk", _post([b"Transfer-Encoding: chunked"], body), 1)
    trailer = draw(st.sampled_from([b"X: y", b"Content-Length: 9", b"X y", b":", b"\0", b"X: y\n"]))
    body = _chunked_outer[:-2] + trailer + b"\r\n\r\n"
    return HostileStream("trailer", _post([b"Transfer-Encoding: chunked"], body), 1)


@st.composite
def _cut(draw: st.DrawFn) -> HostileStream:
    """The beginning of a request, or one that promises more than it brings."""
    data = _post([b"Content-Length: %d" % len(_OUTER)], _OUTER)
    if draw(st.booleans()):
        return HostileStream("cut", data[: draw(st.integers(0, len(data) - 1))], 0, ends=True)
    promised = len(_OUTER) + draw(st.sampled_from([1, 2, 100, 10_000]))
    return HostileStream(
        "too little", _post([b"Content-Length: %d" % promised], _OUTER), 0, ends=True
    )


_with_bodies = requests().filter(lambda request: request.head.method != "HEAD")
"""Whose answers say themselves where they end."""


@st.composite
def _mutated(draw: st.DrawFn) -> HostileStream:
    """Proper requests, with some bytes changed."""
    count = draw(st.integers(1, 3))
    data = b"".join(draw(_with_bodies).render() for _ in range(count))[:70_000]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(data), 400)))
        size = draw(st.integers(0, 20))
        new = draw(
            st.binary(max_size=8)
            | st.sampled_from([b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\r\n\r\n", b"HTTP/2.0"])
            | st.sampled_from([x.encode() for x in HOSTILE])
            | st.just(data[at : at + size] * 2)
        )
        data = data[:at] + new + data[at + size :]
    # What is put in could be a whole request only if it had been one before.
    return HostileStream("mutated", data, 2 * count)


_heads = st.sampled_from(
    [b"GET /sms\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
     b"GET /sms HTTP/1.0\r\n\r\n",
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /sms HTTP/1.2\r\nHost: a\r\n\r\n",
     b"GET /sms HTTP/3.0\r\n\r\n", b"get /sms HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET /sms HTTP/1.1\r\n\r\n",
     b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"A" * 20_000,
     b"GET /sms HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
     b"GET /sms HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
     b"GET /sms HTTP/1.1\r\nHost: a\r\n" + b"x" * 9000 + b": y\r\n\r\n",
     b"GET /sms HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
     b"GET /sms HTTP/1.1\r\nHost: \xff\0\r\n\r\n",
     b"GET http://[/ HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET http://a:99999999/ HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET http://a@b:x/sms HTTP/1.1\r\nHost: a\r\n\r\n",
     b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
     b"CONNECT [ HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET sms HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET /sms?\x01 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET  /sms HTTP/1.1\r\nHost: a\r\n\r\n",
     b"EVIL /sms HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 100, b"GET /sms HTTP/1.1\r\n: y\r\n\r\n",
     b"GET /sms HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"]
)  # fmt: skip
_noise = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=50).map(lambda noise: b"\r\n" * 500 + noise),
    st.builds(bytes.__add__, _heads, st.binary(max_size=50)),
    st.builds(
        lambda noise: (
            b"POST /sms HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n"
            b"Content-Length: 28\r\n\r\n" + _OUTER + noise
        ),
        st.binary(max_size=50),
    ),
)

streams: st.SearchStrategy[HostileStream] = st.one_of(
    _smuggled(),
    _cut(),
    _mutated(),
    _noise.map(lambda data: HostileStream("noise", data, 1)),
    _heads.map(lambda data: HostileStream("odd head", data, 0, answered=True)),
)
pipelines = st.lists(requests(), min_size=2, max_size=6).map(lambda x: Pipeline(tuple(x)))
