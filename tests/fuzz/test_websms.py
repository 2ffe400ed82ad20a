"""Thousands of requests to WebSMS that an attacker could send, each checked against a model.

Hypothesis makes them and, of one that fails, finds a short one that fails as well. All go over
sockets to websmsd in a container. `make fuzz` runs the long test, with other cases each time; the
short one, whose cases stay as long as the code does, is among the others.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from factory.waiting import wait_for
from tests.fuzz.model import CONF, LARGEST, Expected, Head, KeptMessage, acceptable, judge
from tests.fuzz.requests import HostileRequest, requests
from tests.fuzz.streams import HIDDEN, HostileStream, Pipeline, pipelines, streams
from tests.fuzz.watch import Watch
from tests.fuzz.wire import QUIET, Connection, HttpAnswer
from tests.image.conftest import Start
from tests.pbx import Pbx

Case = HostileRequest | Pipeline | HostileStream

DOCUMENTED = {200, 400, 403, 404, 405, 408, 413}
MOST_RESIDENT = 80 * 1024
"""KiB: 45 MiB of Python and aiohttp; 10 of stack, once JSON was nested as deep as it can be; and
half a KiB for each recipient that a message waits for, of whom there are thousands here."""
GOOD_EVERY = 20
GOOD = b"To=%2B12025550160&From=12025550183&Body=good"
GOOD_SECONDS = 2.0
TOO_LARGE = HostileRequest(Head("POST", b"/sms", b"", "", ()), body=b"x" * (LARGEST + 1))

cases: st.SearchStrategy[Case] = st.integers(0, 9).flatmap(
    lambda n: streams if n < 3 else pipelines if n == 3 else requests()
)


class Fuzz:
    """Sends cases, and checks what becomes of them."""

    def __init__(self, address: str, watch: Watch) -> None:
        self._address = address
        self._watch = watch
        self._connection = Connection(address)
        self._numbers: set[tuple[str, str]] = set()
        """Providers' numbers of messages that have been brought, by interface."""
        self.seen: Counter[str] = Counter()

    def run(self, case: Case) -> None:
        """Sends a case, and checks all that can be seen at once."""
        self.seen["cases"] += 1
        if isinstance(case, HostileRequest):
            self._request(case)
        elif isinstance(case, Pipeline):
            self._pipeline(case)
        else:
            self._stream(case)
        if self.seen["cases"] % GOOD_EVERY == 0:
            assert self.good() == []

    def close(self) -> None:
        """Leaves."""
        self._connection.close()

    def good(self) -> list[KeptMessage]:
        """Posts what is right, which is taken at once; returns what has been kept before it.

        All is written in the order in which it came, so nothing comes after that.
        """
        begin = time.monotonic()
        connection = Connection(self._address)
        connection.send(
            b"POST /sms HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD
        )
        answer = connection.answer()
        connection.close()
        assert answer
        assert answer.status == 200
        assert time.monotonic() - begin < GOOD_SECONDS
        *others, message = self._watch.kept()
        assert message == KeptMessage("plain", None, "+12025550160", "12025550183", "good")
        return others

    def _request(self, request: HostileRequest) -> None:
        if self._connection.ended:
            self._connection.close()
            self._connection = Connection(self._address)
        verdict = judge(request.head, request.body)
        self._connection.send(request.render())
        answer = self._connection.answer(request.head.method)
        self._compare(request, verdict, answer)
        assert self._watch.kept() == self._new([verdict])

    def _pipeline(self, case: Pipeline) -> None:
        connection = Connection(self._address)
        connection.send(b"".join(request.render() for request in case.requests))
        verdicts = []
        for request in case.requests:
            verdicts.append(judge(request.head, request.body))
            answer = connection.answer(request.head.method)
            self._compare(request, verdicts[-1], answer)
            if connection.ended:  # as after 413: what follows is not heard
                break
        connection.close()
        assert self._watch.kept() == self._new(verdicts)

    def _stream(self, case: HostileStream) -> None:
        connection = Connection(self._address)
        connection.send(case.data)
        if case.ends:
            connection.end()
        answers = connection.answers(QUIET)
        if not connection.ended:
            connection.end()
            answers += connection.answers(8.0)
            assert connection.ended, "a connection that we have ended stays open"
        connection.close()
        assert answers or not case.answered
        for answer in answers:
            assert answer.status in DOCUMENTED
            _check_form(answer)
        taken = sum(answer.status == 200 for answer in answers)
        kept = self.good()
        self.seen[case.kind] += 1
        self.seen["streams kept"] += len(kept)
        assert len(kept) <= case.most
        assert all(acceptable(message) for message in kept)
        assert not any(HIDDEN in message.body for message in kept)
        if case.kind != "mutated":  # there an answer may be an echo, or to a repetition
            assert taken <= len(kept)

    def _compare(
        self, request: HostileRequest, verdict: Expected, answer: HttpAnswer | None
    ) -> None:
        assert answer, f"no answer; one of {sorted(verdict.statuses)} was to come"
        assert answer.status in verdict.statuses
        self.seen[str(answer.status)] += 1
        if request.head.method == "HEAD":
            assert answer.body == b""
        elif answer.status == 200:
            assert answer.body == verdict.echo.encode()
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        else:
            _check_form(answer)

    def _new(self, verdicts: list[Expected]) -> list[KeptMessage]:
        """Those of the messages that are to be kept, and have not been before."""
        new = []
        for message in (verdict.message for verdict in verdicts if verdict.message):
            known = (message.interface, message.number or "")
            if message.number is None or known not in self._numbers:
                new.append(message)
            self._numbers.add(known)
        self.seen["accepted"] += sum(verdict.message is not None for verdict in verdicts)
        return new


def _check_form(answer: HttpAnswer) -> None:
    """A reason is one line that can be shown."""
    if answer.status != 200 and answer.body:
        text = answer.body.decode("ascii")
        assert text.endswith("\n")
        assert text[:-1].isprintable()
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.fixture
def pbx(start: Start, folder: Path) -> Pbx:
    pbx = start(
        environment={"SYSLOG_LEVEL": "7"},
        network_mode="bridge",
        volumes={str(folder): {"bind": "/srv", "mode": "rw"}},
    )
    pbx.container.reload()
    peer = next(iter(pbx.container.attrs["NetworkSettings"]["Networks"].values()))["Gateway"]
    conf = CONF.format(peer=peer)
    pbx.run(f"cat > /etc/asterisk/websms.conf << 'END'\n{conf}\nEND\nsv restart websms")
    probe = ["sh", "-c", "/etc/health.d/30-websms && websms queue"]
    wait_for(
        lambda: pbx.container.exec_run(probe).exit_code == 0,
        seconds=15,
        otherwise="the web server does not answer",
    )
    return pbx


@pytest.fixture
def watch(pbx: Pbx, folder: Path) -> Iterator[Watch]:
    watch = Watch(pbx, folder)
    yield watch
    watch.close()


def fuzz(
    pbx: Pbx, watch: Watch, count: int, note: Callable[[str, object], None], *, same: bool
) -> None:
    """Runs cases, and then looks whether the container is as it was."""
    files = watch.files()
    run = Fuzz(pbx.address(), watch)
    for _ in range(20):  # what is loaded or allocated once is there
        assert run.good() == []
    before = watch.process()

    @settings(
        max_examples=count,
        derandomize=same,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    @example(TOO_LARGE)  # which is rare
    def send(case: Case) -> None:
        run.run(case)

    begin = time.monotonic()
    send()
    seconds = time.monotonic() - begin
    assert run.good() == []
    run.close()
    after = wait_for(
        watch.process,
        lambda process: process.descriptors <= before.descriptors,
        seconds=15,
        otherwise="connections are left",
    )
    note("seconds", round(seconds, 1))
    note("cases a second", round(run.seen["cases"] / seconds))
    note("resident KiB", [before.resident, after.resident])
    for what, number in sorted(run.seen.items()):
        note(what, number)
    assert after.pid == before.pid
    assert after.resident <= MOST_RESIDENT
    assert watch.files() == files
    assert watch.queue() == watch.count()
    assert watch.odd_lines() == []
    # The cases were what they should be: some of each kind, and not only refused ones.
    assert run.seen["cases"] >= count
    assert run.seen["accepted"] > count // 10
    assert all(run.seen[str(status)] for status in DOCUMENTED - {408})


@pytest.mark.image("base", once=True)
def test_some_hundred_hostile_requests(
    pbx: Pbx, watch: Watch, record_property: Callable[[str, object], None]
) -> None:
    fuzz(pbx, watch, 400, record_property, same=True)


@pytest.mark.fuzz
@pytest.mark.image("base", only=True)
def test_ten_thousand_hostile_requests(
    pbx: Pbx, watch: Watch, record_property: Callable[[str, object], None]
) -> None:
    def note(name: str, value: object) -> None:
        record_property(name, value)
        print(f"{name}: {value}")

    fuzz(pbx, watch, 10_000, note, same=False)
