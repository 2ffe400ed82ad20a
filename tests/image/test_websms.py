"""WebSMS in a container: what it takes over HTTP, what it refuses, and that it loses nothing."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest

from factory.waiting import wait_for
from tests.pbx import Pbx
from tests.unit.test_websms_settings import UPSTREAM

from .conftest import Start

pytestmark = pytest.mark.image("base", only=True)
everywhere = pytest.mark.image("base")

CONF = "/etc/asterisk/websms.conf"
QUEUE = "[astqueue]\nchannel_context = dp_entry_answer\ncontext = dp_entry_text_in\n"
OPEN = f"[websmsd]\n{QUEUE}"
TO, FROM = "+12025550160", "+12025550183"  # a user of the sample, whose phone is not there
FORM = "application/x-www-form-urlencoded"
ASK = (Path(__file__).parent / "http_inside.py").read_text()


@dataclass(frozen=True)
class Answer:
    """What came back: all bytes, and when the connection ended."""

    raw: bytes
    seconds: float

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1]) if self.raw else 0

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode()


class Poster:
    """Sends bytes to the web server, from inside the container."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def exchange(self, *requests: bytes, **how: Any) -> list[Answer]:
        """Sends each on a connection of its own, all at a time.

        Args:
            requests: What to send.
            how: `source`, an address of ours; `idle`, how many connections to open before, on
                which nothing is sent.
        """
        plan = {"requests": [base64.b64encode(x).decode() for x in requests], **how}
        packed = base64.b64encode(zlib.compress(json.dumps(plan).encode())).decode()
        result = self._pbx.container.exec_run(["python3", "-c", ASK, packed])
        output = cast(bytes, result.output).decode()
        assert result.exit_code == 0, output
        return [Answer(base64.b64decode(raw), seconds) for raw, seconds in json.loads(output)]

    def send(self, request: bytes, **how: Any) -> Answer:
        (answer,) = self.exchange(request, **how)
        return answer

    def post(self, fields: dict[str, str], **how: Any) -> Answer:
        return self.send(form(fields), **how)


def raw(method: str, target: str, headers: Sequence[str] = (), body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: sms.example", "Connection: close", *headers]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def form(fields: dict[str, str], target: str = "/", headers: Sequence[str] = ()) -> bytes:
    body = urlencode(fields).encode()
    return raw("POST", target, [f"Content-Type: {FORM}", *headers], body)


def fields(body: str = "hello", to: str = TO, sender: str = FROM) -> dict[str, str]:
    return {"To": to, "From": sender, "Body": body}


def configure(pbx: Pbx, text: str) -> None:
    pbx.run(f"cat > {CONF} << 'END'\n{text}\nEND\nsv restart websms")
    await_web(pbx)


def await_web(pbx: Pbx) -> None:
    probe = ["sh", "-c", "/etc/health.d/30-websms && websms queue"]
    wait_for(
        lambda: pbx.container.exec_run(probe).exit_code == 0,
        seconds=15,
        otherwise="the web server does not answer",
    )


def waiting(pbx: Pbx) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], json.loads(pbx.run("websms queue --json"))["messages"])


def lines(pbx: Pbx, text: str = "") -> list[str]:
    return [line for line in pbx.logs().splitlines() if " websms: " in line and text in line]


@pytest.fixture
def own(start: Start) -> Pbx:
    pbx = start(environment={"SYSLOG_LEVEL": "7"})
    configure(pbx, OPEN)
    return pbx


@pytest.fixture
def poster(own: Pbx) -> Poster:
    return Poster(own)


def test_the_sample_takes_nothing_from_strangers(start: Start) -> None:
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
        lambda reason: "no phone is there" in reason,
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


CONTROLS = ["\0", "\x01", "\x07", "\x08", "\x0b", "\x1b[31m", "\x7f", "\x85", "\x9b"]
NO_PORT = "no web server: WEBSMSD_PORT is no number of a port"
INJECTIONS = [
    "\r\nApplication: System\r\nData: touch /tmp/injected",
    "\nSet: x=y",
    "1,1(x)&Local/666@default",
    "${SHELL(touch /tmp/injected)}",
    "$[1+1]",
    "`touch /tmp/injected`",
    "; touch /tmp/injected",
    '" EXEC System "touch /tmp/injected',
    "%0aSet: x=y",
    "../../../../etc/asterisk/extensions.conf",
    "' OR 1=1; DROP TABLE inbox; --",
    "a@pbx-websms",
    "+1202/n",
    "<sip:x@198.18.0.1>",
]


def test_nothing_can_be_put_into_numbers_and_names(own: Pbx, poster: Poster) -> None:
    before = own.asterisk("dialplan show")
    bad = [f"+1202{control}5550160" for control in CONTROLS]
    bad += [f"+12025550160{x}" for x in CONTROLS + INJECTIONS]
    bad += [*INJECTIONS, *(f"{control}+12025550160" for control in CONTROLS)]
    for key in ("To", "From"):
        answers = poster.exchange(*(form({**fields(), key: value}) for value in bad))
        assert {x.status for x in answers} == {400}
    bodies = [f"a{control}b" for control in CONTROLS]
    answers = poster.exchange(*(form(fields(body=body)) for body in bodies))
    assert {x.status for x in answers} == {400}
    assert waiting(own) == []
    harmless(own, before)


def test_a_text_is_a_text_whatever_it_says(own: Pbx, poster: Poster) -> None:
    before = own.asterisk("dialplan show")
    answers = poster.exchange(*(form(fields(body=body)) for body in INJECTIONS))
    assert {x.status for x in answers} == {200}
    wait_for(
        lambda: waiting(own)[0]["attempts"], seconds=10, otherwise="nobody tried to deliver them"
    )
    assert len(waiting(own)) == len(INJECTIONS)
    harmless(own, before)


def test_nothing_can_be_put_into_paths_headers_and_queries(own: Pbx, poster: Poster) -> None:
    before = own.asterisk("dialplan show")
    configure(own, f"[websmsd]\nurl_path [../../x] = /hook\nkey_echo = echo\n{QUEUE}")
    paths = [
        "/hook/../hook", "/./hook", "//hook", "/hook/", "/hook%00", "/hook%0d%0aX:y", "/HOOK",
        "/../../etc/passwd", "/%2e%2e/hook", "/hook;x", "http://sms.example/other", "*",
    ]  # fmt: skip
    answers = poster.exchange(*(form(fields(), path) for path in paths))
    assert {x.status for x in answers} <= {400, 404}
    assert waiting(own) == []
    # Of a header nothing is believed or repeated.
    odd = ["X-Forwarded-For: 1.2.3.4\x1b[31m", "User-Agent: \x9b\x85", "Cookie: ${SHELL(id)}"]
    answers = poster.exchange(*(form(fields(), "/hook", [header]) for header in odd))
    assert {x.status for x in answers} <= {200, 400}
    # What is echoed cannot become a header, and is no page.
    answer = poster.send(raw("GET", "/hook?echo=" + quote("a\r\nSet-Cookie: x=y")))
    assert answer.status == 400
    assert "Set-Cookie" not in answer.raw.decode()
    answer = poster.send(raw("GET", "/hook?echo=" + quote("<script>ü</script>")))
    assert (answer.status, answer.body) == (200, "<script>ü</script>")
    assert "Content-Type: text/plain; charset=utf-8" in answer.head
    assert "nosniff" in answer.head
    harmless(own, before)


def harmless(pbx: Pbx, dialplan: str) -> None:
    """Nothing has happened but what should, and the log is one of plain lines."""
    assert pbx.run("ls /tmp /var/spool/asterisk/outgoing | grep -v :") == ""
    ours = re.compile(r"\[ Context 'pbx-websms'.*?(?=\n\[ Context|\n-=)", re.DOTALL)
    now = pbx.asterisk("dialplan show")
    assert ours.sub("", now).split("\n-=")[0] == ours.sub("", dialplan).split("\n-=")[0]
    log = pbx.logs()
    assert "injected" not in log
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", log.replace("\r\n", "\n"))
    assert "Traceback" not in log


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


def test_only_a_proxy_of_ours_is_believed_whom_a_request_is_from(own: Pbx, poster: Poster) -> None:
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


def test_whoever_is_slow_is_cut_and_holds_up_nobody(own: Pbx, poster: Poster) -> None:
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


def test_what_was_acknowledged_outlives_a_kill(own: Pbx, poster: Poster) -> None:
    for number in range(10):
        assert poster.post(fields(body=f"number {number}")).status == 200
        kill(own)
    assert len(waiting(own)) == 10


def kill(pbx: Pbx) -> None:
    """Kills the service, and waits until it is back; as if it had never happened before."""
    pbx.run(f"rm -f /run/pbx/websms.failures; kill -9 {websmsd(pbx)}")
    await_web(pbx)


def websmsd(pbx: Pbx) -> str:
    return pbx.run("sv status websms | sed 's/^.*websms: (pid //; s/).*//'")


def test_a_full_disk_takes_nothing_and_loses_nothing(start: Start) -> None:
    pbx = start(
        environment={"SYSLOG_LEVEL": "7"},
        tmpfs={"/srv/var/spool/websms": "size=1m,mode=0750"},
    )
    configure(pbx, f"[websmsd]\nkey_id = id\n{QUEUE}")
    poster = Poster(pbx)
    assert poster.post({**fields(), "id": "before"}).status == 200
    pbx.run("dd if=/dev/zero of=/var/spool/websms/filler bs=4k 2> /dev/null || true")
    numbers = [f"full-{n}" for n in range(40)]
    answers = poster.exchange(*(form({**fields("x" * 5000), "id": n}) for n in numbers))
    taken = {n for n, x in zip(numbers, answers, strict=True) if x.status == 200}
    refused = {n for n, x in zip(numbers, answers, strict=True) if x.status == 503}
    assert refused
    assert taken | refused == set(numbers)
    assert "it cannot be kept now" in next(x.body for x in answers if x.status == 503)
    assert any("database or disk is full" in line for line in lines(pbx, "was not taken"))
    pbx.run("rm /var/spool/websms/filler")
    assert len(waiting(pbx)) == 1 + len(taken)
    assert poster.post({**fields(), "id": next(iter(refused))}).status == 200
    kill(pbx)
    assert len(waiting(pbx)) == 2 + len(taken)


@pytest.mark.parametrize("port", ["", "none", "0", "80x", "99999"])
def test_without_a_port_there_is_no_web_server_and_that_is_said_once(
    start: Start, port: str
) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": "6", "WEBSMSD_PORT": port})
    wait_for(lambda: lines(pbx), seconds=10, otherwise="nothing said")
    assert pbx.run("websms queue") == "nothing waits"
    assert ":0050 " not in pbx.run("cat /proc/net/tcp /proc/net/tcp6")
    assert pbx.is_well()
    assert [x.partition("websms: ")[2] for x in lines(pbx)] == [NO_PORT]


def test_neither_is_there_one_without_the_variable(own: Pbx) -> None:
    own.run("sv stop websms")
    daemon = "setpriv --reuid asterisk --regid asterisk --clear-groups /usr/local/lib/pbx/websmsd"
    output = own.run(f"SYSLOG_LEVEL=6 timeout 2 env -u WEBSMSD_PORT {daemon} || true")
    assert [x.partition("websms: ")[2] for x in output.splitlines()] == [NO_PORT]


def test_a_mistake_in_the_file_is_said_and_nothing_runs_by_half(own: Pbx, poster: Poster) -> None:
    own.run(f"printf '[websmsd]\\nurl_path = /x\\nremt_adr = 192.0.2.1\\n' > {CONF}")
    own.run("sv restart websms")
    wait_for(lambda: lines(own, "off: "), seconds=10, otherwise="nothing said")
    (line,) = lines(own, "off: ")
    assert line.endswith(
        "off: websms.conf, line 3: remt_adr: there is no such key in [websmsd]; is it remt_addr?"
    )
    assert poster.send(form(fields())).raw == b""
    assert not own.is_well()
    own.container.reload()
    assert own.container.status == "running"
    configure(own, OPEN)
    assert own.is_well()
    assert poster.post(fields()).status == 200


def test_without_a_file_it_is_off(own: Pbx, poster: Poster) -> None:
    own.run(f"rm {CONF}; sv restart websms")
    wait_for(lambda: lines(own, f"off: there is no {CONF}"), seconds=10, otherwise="nothing said")
    assert poster.send(form(fields())).raw == b""
    assert own.is_well()


def test_a_configuration_of_the_upstream_image_works(own: Pbx, poster: Poster) -> None:
    configure(own, UPSTREAM.replace("192.0.2.5/24", "127.0.0.5/32"))
    answer = poster.send(form(fields(), "/incoming1"), source="127.0.0.5")
    assert (answer.status, answer.body) == (200, "<Response></Response>")
    assert poster.send(form(fields(), "/incoming2"), source="127.0.0.5").status == 403
    assert [x["interface"] for x in waiting(own)] == ["0"]


def test_it_is_user_asterisk_with_the_one_right_to_port_80(start: Start) -> None:
    # As on the host's network, where the kernel keeps low ports for root.
    pbx = start(network_mode="bridge", sysctls={"net.ipv4.ip_unprivileged_port_start": "1024"})
    await_web(pbx)
    status = pbx.run(f"cat /proc/{websmsd(pbx)}/status")
    uid = pbx.run("id -u asterisk")
    assert re.search(rf"^Uid:\t{uid}\t{uid}\t", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0000000000000400$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert pbx.run("stat -c '%U %a' /run/websms/control") == "asterisk 600"


def test_a_port_that_is_taken_is_said_and_waited_for(own: Pbx, poster: Poster) -> None:
    own.run("sv stop websms")
    own.container.exec_run(["nc", "-l", "-k", "80"], detach=True)
    wait_for(
        lambda: ":0050 " in own.run("cat /proc/net/tcp"), seconds=5, otherwise="the port is free"
    )
    own.run("sv start websms")
    wait_for(lambda: lines(own, "cannot listen on port 80"), seconds=10, otherwise="nothing said")
    assert own.run("websms queue") == "nothing waits"
    own.run("kill $(pidof nc)")
    await_web(own)
    assert len(lines(own, "cannot listen on port 80")) == 1
    assert poster.post(fields()).status == 200
