"""No text, number, path or header becomes anything but itself."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from factory.waiting import wait_for
from tests.pbx import Pbx

from .web import (
    QUEUE,
    Poster,
    configure,
    fields,
    form,
    raw,
    waiting,
)

pytestmark = pytest.mark.image("base", only=True)


CONTROLS = ["\0", "\x01", "\x07", "\x08", "\x0b", "\x1b[31m", "\x7f", "\x85", "\x9b"]
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
