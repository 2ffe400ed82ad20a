"""Strategies for requests that are proper HTTP, whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from tests.fuzz.model import HOPS, LARGEST, LONGEST_TEXT, METHODS, PATHS, TYPES, Head

NUMBERS = ("+12025550160", "+12025550183", "12025550111", "4711", "198", "+46700000000")
NAMES = ("Marks", "AT&T", "Dr. Who", "bank-1", "x.y_z")
HOSTILE = (
    "\r\nApplication: System\r\nData: touch /tmp/fuzzed",
    "\nSet: x=y",
    "x\rExtension: 666",
    "${SHELL(touch /tmp/fuzzed)}",
    "$[1+1]",
    "`touch /tmp/fuzzed`",
    "; touch /tmp/fuzzed",
    '"\nEXEC System "touch /tmp/fuzzed"',
    'a","b\\"c\\',
    "a,b,c|d",
    "../../../../etc/asterisk/extensions.conf",
    "/srv/var/spool/asterisk/outgoing/x.call",
    "' OR 1=1; DROP TABLE inbox; --",
    "%s%n%d{0.__class__}",
    "%0aSet: x=y",
    "%zz%",
    "\0",
    "\x1b[31mred",
    "a\x85b\x9bc",
    "\u202eright to left\u2028\u2029\ufeff",
    "a@pbx-websms",
    "+1202/n",
    "<sip:x@198.18.0.1>",
    "a&To=+12025550160&From=1234&Body=b",
    "<script>alert(1)</script>",
    "Nov 23 08:00:00 websms: accepts messages on port 81",
    "\uff11\uff12\uff13",
    "1e3",
    "12345678901234567890123",
)


@dataclass(frozen=True)
class HostileRequest:
    """A request, and how to send it.

    Attributes:
        head: As it matters for what becomes of it.
        headers: More of them.
        body: What is meant to arrive.
        chunks: Sizes of the pieces that it is sent in; none: it is sent with its length.
    """

    head: Head
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: tuple[int, ...] = ()

    def render(self) -> bytes:
        """What goes over the wire."""
        target = self.head.path + (b"?" + self.head.query if self.head.query else b"")
        lines = [b"%b %b HTTP/1.1" % (self.head.method.encode(), target), b"Host: sms.example"]
        headers = list(self.headers)
        if self.head.content_type:
            headers.append(("Content-Type", self.head.content_type))
        headers += [("X-Forwarded-For", hop) for hop in self.head.forwarded]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in headers]
        if self.chunks:
            lines.append(b"Transfer-Encoding: chunked")
        elif self.body or self.head.method == "POST":
            lines.append(b"Content-Length: %d" % len(self.body))
        body = _in_chunks(self.body, self.chunks) if self.chunks else self.body
        return b"\r\n".join([*lines, b"", b""]) + body


def _in_chunks(body: bytes, sizes: Sequence[int]) -> bytes:
    sent, place, turn = b"", 0, 0
    while place < len(body):
        size = max(sizes[turn % len(sizes)], len(body) // 100)
        piece = body[place : place + size]
        sent += b"%x\r\n%b\r\n" % (len(piece), piece)
        place, turn = place + len(piece), turn + 1
    return sent + b"0\r\n\r\n"


_hostile = st.sampled_from(HOSTILE)
_any_text = st.text(max_size=30)
numbers = st.sampled_from(NUMBERS) | st.from_regex(r"[ +]?[0-9]{1,21}", fullmatch=True)
parties = st.one_of(
    st.sampled_from(NUMBERS),
    numbers,
    st.sampled_from(NAMES),
    st.builds(str.__add__, numbers, _hostile),
    _hostile,
    _any_text,
)
texts = st.one_of(
    _hostile,
    _any_text,
    st.text(min_size=1, max_size=300),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80),
    st.builds(lambda x, n: (x * LONGEST_TEXT)[:n], st.sampled_from("xü€\U0001f600"),
              st.sampled_from([1500, 2999, 3000, 3001, 5999, 6000, 6001])),
)  # fmt: skip
_good = st.tuples(
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS + NAMES),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60) | _hostile,
)
_values = _good | st.tuples(parties, parties, texts)
_ids = st.none() | st.integers(0, 10**12).map(str) | _hostile | st.text(max_size=205)


@st.composite
def _pairs(draw: st.DrawFn, nested: bool) -> list[tuple[bytes, bytes]]:
    """Fields of a form, perhaps with one missing, one twice, or some more."""
    to, sender, text = draw(_values)
    number = draw(_ids) if nested else None
    if nested and draw(st.booleans()):
        fields = [("data", json.dumps({"to": [{"number": to}], "from": sender, "text": text}))]
    else:
        names = ("data.to.0.number", "data.from", "data.text") if nested else ("To", "From", "Body")
        fields = list(zip(names, (to, sender, text), strict=True))
    if number is not None:
        fields.append(("id", number))
    pairs = [(k.encode(), v.encode("utf-8", "surrogatepass")) for k, v in fields]
    for odd in draw(st.sets(st.sampled_from(["drop", "twice", "more", "bytes", "many"]), max_size=1)
                    if draw(st.integers(0, 3)) == 0 else st.just(set())):  # fmt: skip
        at = draw(st.integers(0, len(pairs) - 1))
        if odd == "drop":
            del pairs[at]
        elif odd == "twice":
            pairs.append(pairs[at])
        elif odd == "more":
            pairs.insert(at, (draw(texts).encode("utf-8", "replace"), b"x"))
        elif odd == "bytes":
            pairs[at] = (pairs[at][0], draw(st.binary(max_size=20)))
        else:
            pairs += [(b"x", b"")] * draw(st.sampled_from([96, 97, 98, 99, 300]))
    return draw(st.permutations(pairs)) if len(pairs) < 9 else pairs


@st.composite
def _form(draw: st.DrawFn, nested: bool) -> bytes:
    safe = draw(st.sampled_from(["", "/,;:!'()*", '$[]{}`"<>|\\^']))
    plus = draw(st.booleans())

    def encode(value: bytes) -> bytes:
        quoted = quote_from_bytes(value, safe)
        return (quoted.replace("%20", "+") if plus else quoted).encode()

    return b"&".join(encode(k) + b"=" + encode(v) for k, v in draw(_pairs(nested)))


_leaves = st.one_of(
    st.none(), st.booleans(), _hostile, st.integers(-(10**40), 10**40), st.floats(), _any_text,
    st.sampled_from(["\ud83d", "\udc00x"]),
)  # fmt: skip
_trees = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["to", "from", "text", "data", "number", "0", "a.b"]), inner
        )
    ),
    max_leaves=8,
)


@st.composite
def _json(draw: st.DrawFn, nested: bool) -> bytes:
    """An object with what is wanted, perhaps spoilt in one place, or twice, or quite another."""
    values: list[Any] = list(draw(_values))
    if draw(st.integers(0, 3)) == 0:
        values[draw(st.integers(0, 2))] = draw(_trees)
    to, sender, text = values
    document: Any = {"To": to, "From": sender, "Body": text, "more": draw(_trees)}
    if nested:
        document = {"data": {"to": [{"number": to}, 1], "from": sender, "text": text}}
        number = draw(_ids)
        if number is not None:
            document["id"] = int(number) if number.isdecimal() and len(number) < 13 else number
    if draw(st.integers(0, 9)) == 0:
        document = draw(_trees)
    ascii_only = draw(st.booleans())
    written = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    change = draw(st.integers(0, 15))
    if change == 0 and written.startswith(b"{") and len(written) > 2:
        written = b'{"From": "4711", "data": 7, ' + written[1:]  # the last of a name counts
    elif change == 1:
        written = written[: draw(st.integers(0, len(written)))]
    elif change == 2:
        written = draw(st.sampled_from([b"[" * 60_000, b'{"a":' * 12_000, b"\xef\xbb\xbf{}", b""]))
    elif change == 3:
        written = draw(st.sampled_from([b" \n", b"\0", b"//"])) + written
    elif change == 4:
        written = written.replace(b'"4711"', b"1234567890123456789012345678901234567890")
    return written


def _multipart(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % pair for pair in pairs
    ]
    return b"".join(parts) + b"--b--\r\n"


_large = st.sampled_from([LARGEST - 1, LARGEST, LARGEST + 1, LARGEST + 5000]).map(
    lambda n: b"To=4711&From=4711&Body=" + b"x" * (n - 23)
)


def _bodies(nested: bool, content_type: str) -> st.SearchStrategy[bytes]:
    other = st.one_of(
        _form(nested), _json(nested), _pairs(nested).map(_multipart), st.binary(max_size=200)
    )
    usual = _json(nested) if TYPES[content_type] == "json" else _form(nested)
    return st.integers(0, 19).flatmap(
        lambda n: _large if n == 0 else other if n < 3 else usual,
    )


_odd_paths = st.one_of(
    st.sampled_from(
        [b"/", b"//sms", b"/sms/", b"/./sms", b"/sms/../sms", b"/%2e%2e/sms", b"/sms%00", b"/SMS",
         b"/sms%0d%0aX:y", b"/sms;x", b"/sms#x", b"/%ff", b"/stra%dfe", b"/sms%",
         b"/../../etc/passwd",
         b"/${SHELL(id)}", b"/%24%7bSHELL(id)%7d", b"/" + b"x" * 3000, b"/sms%E2%80%AE"]
    ),
    st.binary(max_size=20).map(lambda x: b"/" + quote_from_bytes(x).encode()),
)  # fmt: skip


def _encoded(path: str, how: int) -> bytes:
    if how == 0:
        return b"/" + b"".join(b"%%%02X" % byte for byte in path[1:].encode())
    return quote_from_bytes(path.encode(), "/").encode()


_paths = st.builds(_encoded, st.sampled_from([*PATHS, "/sms", "/sms"]), st.integers(0, 5))
_header_values = st.one_of(
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40).map(str.strip),
    st.sampled_from(["${SHELL(id)}", "../../x", "\xff\xfe", "a\tb", "x" * 4000, "1.2.3.4, 5"]),
)
_header_names = st.sampled_from(
    ["User-Agent", "Cookie", "Accept", "X-Real-IP", "Forwarded", "Authorization", "Referer",
     "X-HTTP-Method-Override", "Range", "Accept-Charset", "If-None-Match", "X_Forwarded_For"]
)  # fmt: skip
_fixed = st.sampled_from(
    [("Content-Encoding", "gzip"), ("Content-Encoding", "br, ${x}"), ("Expect", "100-continue"),
     ("Expect", "miracles"), ("Upgrade", "h2c"), ("X-Forwarded-Host", "evil"), ("TE", "trailers")]
)  # fmt: skip
_headers = st.lists(
    st.tuples(_header_names, _header_values) | _fixed,
    max_size=3,
    unique_by=lambda header: header[0],  # of some there may be one only
).map(tuple)


@st.composite
def requests(draw: st.DrawFn) -> HostileRequest:
    """Requests; most of them nearly right, and in one place hostile."""
    method = draw(st.sampled_from(["POST"] * 8 + ["GET"] * 3 + [draw(st.sampled_from(METHODS))]))
    path = draw(_odd_paths if draw(st.integers(0, 7)) == 0 else _paths)
    nested, echo = path.endswith((b"nested", b"%6E%65%73%74%65%64")), b"echo" in path
    usual = [x for x, kind in TYPES.items() if kind]
    content_type = draw(st.sampled_from(list(TYPES) if draw(st.integers(0, 5)) == 0 else usual))
    query = b""
    if method == "GET":
        query = draw(_form(nested))
    elif draw(st.integers(0, 4)) == 0:
        query = draw(_form(nested) | st.sampled_from([b"a=b", b"%ff", b"&&&", b"?=?"]))
    if echo and draw(st.booleans()):
        text = draw(texts).encode("utf-8", "surrogatepass")[:300]
        query = b"zd_echo=" + quote_from_bytes(text, "").encode()
    # The server takes a head of at most 8 KiB; what is longer is among the streams.
    query = query[:3000]
    body = b"" if method in ("GET", *METHODS) else draw(_bodies(nested, content_type))
    forwarded = draw(st.lists(st.sampled_from(list(HOPS)), max_size=3))
    if draw(st.integers(0, 2)):
        forwarded = ["192.0.2.7"] if b"far" in path else []
    chunks = draw(st.lists(st.integers(1, 5000), max_size=3)) if body else []
    return HostileRequest(
        Head(method, path, query, content_type, tuple(forwarded)),
        draw(_headers),
        body,
        tuple(chunks),
    )
