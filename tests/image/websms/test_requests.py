"""What WebSMS takes over HTTP, from whom, and what it refuses."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from factory.waiting import wait_for
from tests.image.conftest import Start
from tests.pbx import Pbx

from .web import (
    CONF,
    FORM,
    FROM,
    QUEUE,
    TO,
    Poster,
    await_web,
    configure,
    fields,
    form,
    lines,
    raw,
    waiting,
)

pytestmark = pytest.mark.image("base", only=True)
everywhere = pytest.mark.image("base")


def test_sample_configuration_refuses_unknown_senders(start: Start) -> None:
    pbx = start()
    await_web(pbx)
    poster = Poster(pbx)
    answer = poster.post(fields())
    assert answer.status == 401
    assert "WWW-Authenticate: Basic" in answer.head
    secret = pbx.run(f"sed -n 's/^verify_secret = \\([^ ]*\\).*/\\1/p' {CONF}")
    assert len(secret) == 24
    login = base64.b64encode(f"websms:{secret}".encode()).decode()
    answer = poster.send(form(fields(), headers=[f"Authorization: Basic {login}"]))
    assert (answer.status, answer.body) == (200, "")
    assert [x["recipient"] for x in waiting(pbx)] == [TO]


@everywhere
def test_form_json_and_query_are_taken_and_wait(own: Pbx, poster: Poster) -> None:
    texts = ["form ü", "json \N{GRINNING FACE}", "get", "two\r\nlines\tand a tab"]
    document = json.dumps(fields(texts[1])).encode()
    answers = [
        poster.post(fields(texts[0])),
        poster.send(raw("POST", "/", ["Content-Type: application/json"], document)),
        poster.send(raw("GET", f"/?{urlencode(fields(texts[2]))}")),
        poster.send(raw("POST", "/any/path?x=y", [], urlencode(fields(texts[3])).encode())),
    ]
    assert [(x.status, x.body) for x in answers] == [(200, "")] * 4
    assert "Server: websmsd" in answers[0].head
    kept = waiting(own)
    assert [(x["recipient"], x["sender"], x["length"]) for x in kept] == [
        (TO, FROM, len(text)) for text in texts
    ]
    table = own.run("websms queue")
    assert table.count(TO) == 4
    assert "lines" not in table  # the texts are nobody's business
    wait_for(
        lambda: waiting(own)[0]["reason"],
        lambda reason: "no phone is available" in reason,
        seconds=10,
        otherwise="nobody tried to deliver",
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_not_allowed(poster: Poster, method: str) -> None:
    answer = poster.send(raw(method, "/"))
    assert answer.status == 405
    assert "Allow: GET, POST" in answer.head


def test_what_is_wrong_is_said_in_a_line_and_nothing_is_kept(own: Pbx, poster: Poster) -> None:
    good = urlencode(fields()).encode()
    cases = [
        (raw("POST", "/"), 400),
        (raw("GET", "/"), 400),
        (raw("POST", "/", body=b"To=%ff"), 400),
        (raw("POST", "/", body=b"\xff\xfe"), 400),
        (raw("POST", "/", ["Content-Type: application/json"], b"{"), 400),
        (raw("POST", "/", ["Content-Type: application/json"], b"[" * 60_000), 400),
        (raw("POST", "/", ["Content-Type: text/plain"], good), 400),
        (raw("POST", "/", [f"Content-Type: {FORM}; charset=latin1"], good), 400),
        (raw("POST", "/%ff", body=good), 400),
        (form({**fields(), "To": "nobody@example.com"}), 400),
        (form(fields(body="x" * 6001)), 400),
        (form(fields(body="")), 400),
        (raw("POST", "/", body=good + b"&To=1"), 400),
        (b"GET\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 not HTTP at all\r\n\r\n", 400),
        (raw("GET", "http://a:99999999/"), 400),
        (raw("CONNECT", "a:99999999"), 405),
        (raw("GET", "http://[/"), 400),
        (raw("GET", "/" + "x" * 9000), 400),
        (raw("GET", "/", ["X: " + "x" * 9000]), 400),
    ]
    answers = poster.exchange(*(request for request, _ in cases))
    assert [x.status for x in answers] == [status for _, status in cases]
    for answer in answers[:13]:
        assert answer.body.endswith("\n")
        assert answer.body.count("\n") == 1
    assert waiting(own) == []
    assert "Traceback" not in own.logs()


def test_more_than_64_kib_is_too_much_however_it_comes(own: Pbx, poster: Poster) -> None:
    large = b"Body=" + b"x" * (64 * 1024 - 4)
    chunked = raw("POST", "/", ["Transfer-Encoding: chunked"]).replace(
        b"Content-Length: 0\r\n", b""
    )
    promised = raw("POST", "/").replace(b"Content-Length: 0", b"Content-Length: 99999999999")
    answers = poster.exchange(
        raw("POST", "/", body=large),
        chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(large), large),
        promised,
        raw("POST", "/", ["Expect: 100-continue"], large),
    )
    assert [x.status for x in answers] == [413] * 4
    assert poster.send(raw("POST", "/", body=large[:-1])).status == 400  # as it has no To
    zipped = raw("POST", "/", ["Content-Encoding: gzip"], b"\x1f\x8b\x08\x00")
    assert poster.send(zipped).status == 400
    assert waiting(own) == []


TWO = f"""[websmsd]
remt_addr [one] = 127.0.0.11
url_path [one] = /one
resp_ack [one] = <Response></Response>
remt_addr [two] = 127.0.0.12, ::1
url_path [two] = /two,/too
resp_ack [two] = {{"ok":true}}
key_to [two] = dst
prox_addr = 127.0.0.21
{QUEUE}"""


def test_address_and_path_choose_the_interface(own: Pbx, poster: Poster) -> None:
    configure(own, TWO)
    one, two = "127.0.0.11", "127.0.0.12"
    answer = poster.send(form(fields(), "/one"), source=one)
    assert (answer.status, answer.body) == (200, "<Response></Response>")
    assert "Content-Type: text/xml" in answer.head
    answer = poster.send(form({**fields(), "dst": TO}, "/too"), source=two)
    assert (answer.status, answer.body) == (200, '{"ok":true}')
    assert "Content-Type: application/json" in answer.head
    assert [x["interface"] for x in waiting(own)] == ["one", "two"]
    for path, source, status in [
        ("/one", two, 403),
        ("/two", one, 403),
        ("/one", "127.0.0.1", 403),
        ("/", one, 404),
        ("/three", two, 404),
    ]:
        assert poster.send(form(fields(), path), source=source).status == status
    assert len(waiting(own)) == 2
    assert len(lines(own, "remt_addr does not name 127.0.0.1")) == 3


def test_proxy_headers_are_trusted_from_known_proxies_only(own: Pbx, poster: Poster) -> None:
    configure(own, TWO)

    def status(source: str, *forwarded: str) -> int:
        headers = [f"X-Forwarded-For: {x}" for x in forwarded]
        return poster.send(form(fields(), "/one", headers), source=source).status

    proxy, one = "127.0.0.21", "127.0.0.11"
    assert status(proxy, one) == 200
    assert status(proxy, f"192.0.2.1, {one}") == 200
    assert status(proxy, f"192.0.2.1, {one}, {proxy}") == 200
    for forged in ([one], [one, one], [f"{one}, 127.0.0.13"], ["127.0.0.13"]):
        assert status("127.0.0.13", *forged) == 403
    for wrong in ([f"{one}, 127.0.0.13"], [one, "127.0.0.13"], ["unknown"], [f"{one}, "], []):
        assert status(proxy, *wrong) == 403
    # Another header of the kind says nothing.
    request = form(fields(), "/one", [f"Forwarded: for={one}", f"X-Real-IP: {one}"])
    assert poster.send(request, source=proxy).status == 403


def test_a_repeated_message_is_one(own: Pbx, poster: Poster) -> None:
    configure(own, f"[websmsd]\nkey_id = id\nresp_ack = taken\n{QUEUE}")
    same = form({**fields(), "id": "SM1"})
    answers = poster.exchange(*[same] * 20)
    own.run("sv restart websms")
    await_web(own)
    answers += poster.exchange(same, form({**fields(), "id": "SM2"}))
    assert {(x.status, x.body) for x in answers} == {(200, "taken")}
    assert len(waiting(own)) == 2


def test_slow_clients_are_disconnected_and_do_not_block_others(own: Pbx, poster: Poster) -> None:
    request = form(fields())
    started = poster.exchange(
        b"",
        b"POST / HT",
        request[:60],
        request[:-3],
        request,
        idle=200,
    )
    assert [x.status for x in started] == [0, 0, 0, 408, 200]
    assert started[4].seconds < 1
    for slow in started[:4]:
        assert 8 < slow.seconds < 14
    assert len(waiting(own)) == 1
