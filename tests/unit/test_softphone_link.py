"""The line to a phone: commands in, replies and events out, and what is said when it breaks."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from docker.models.containers import Container
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.softphone import CommandError, NotInTimeError, PhoneCrashedError
from fixtures.softphone import link as link_module
from fixtures.softphone.link import Event, Link

OUTPUT, ERRORS = 1, 2


class FakeContainer:
    """A phone's end of the line, which speaks as the engine does: each frame after its header."""

    def __init__(self) -> None:
        self._ours, self._end = socket.socketpair()
        self._end.settimeout(5)
        self._commands = self._end.makefile("rb")
        self.did: list[str] = []

    def attach_socket(self, params: dict[str, int]) -> object:
        assert params["stdin"] == params["stdout"] == params["stderr"] == params["stream"] == 1
        self.did.append("attach")
        return self._ours.makefile("rb", buffering=0)  # what the SDK gives for a local socket

    def start(self) -> None:
        self.did.append("start")

    def frame(self, kind: int, data: bytes) -> None:
        self._end.sendall(struct.pack(">BxxxL", kind, len(data)) + data)

    def say(self, **item: object) -> None:
        self.frame(OUTPUT, json.dumps(item).encode() + b"\n")

    def complain(self, text: str) -> None:
        self.frame(ERRORS, text.encode())

    def next_command(self) -> Any:
        line = self._commands.readline()
        return json.loads(line) if line else None

    def end(self) -> None:
        self._commands.close()
        self._end.close()
        self._ours.close()


@pytest.fixture
def phone() -> Iterator[FakeContainer]:
    phone = FakeContainer()
    yield phone
    phone.end()


@pytest.fixture
def link(phone: FakeContainer) -> Link:
    return link_to(phone)


def link_to(phone: FakeContainer) -> Link:
    return Link(cast(Container, phone))


def named(name: str) -> Any:
    """Finds the first event of a name."""
    return lambda events: next((event for event in events if event["event"] == name), None)


def wait_for_the_end(link: Link) -> str:
    """Waits until the link knows that there is no phone any more; returns what it says of it."""
    with pytest.raises(PhoneCrashedError) as caught:
        link.wait(lambda _: None, 5, "it goes on")
    return str(caught.value)


def test_it_listens_before_the_phone_starts(phone: FakeContainer, link: Link) -> None:
    assert link.events() == []
    assert phone.did == ["attach", "start"]


def test_a_request_is_one_line_and_returns_the_value_of_its_reply(
    phone: FakeContainer, link: Link
) -> None:
    phone.say(reply=1, value={"sent": 50})
    assert link.request("packets", call=0, note="über\nzwei") == {"sent": 50}
    assert phone.next_command() == {
        "id": 1, "do": "packets", "with": {"call": 0, "note": "über\nzwei"}
    }  # fmt: skip


def test_requests_are_numbered_and_replies_may_be_of_no_value(
    phone: FakeContainer, link: Link
) -> None:
    for number, value in enumerate((None, False, 0), start=1):
        phone.say(reply=number, value=value)
        assert link.request("mute") is value
        assert phone.next_command()["id"] == number


def test_each_gets_its_own_reply_in_whatever_order_they_come(
    phone: FakeContainer, link: Link
) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = {name: pool.submit(link.request, name) for name in ("a", "b", "c", "d")}
        commands = [phone.next_command() for _ in asked]
        for command in reversed(commands):
            phone.say(reply=command["id"], value=command["do"].upper())
        assert {name: asked[name].result(5) for name in asked} == {n: n.upper() for n in asked}


def test_an_error_says_what_the_phone_cannot_do(phone: FakeContainer, link: Link) -> None:
    phone.say(reply=1, error="the call is over")
    with pytest.raises(CommandError, match=r"^cannot answer: the call is over$"):
        link.request("answer", call=3)


def test_no_reply_is_not_waited_for_for_ever(
    phone: FakeContainer, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "REPLY_SECONDS", 0.05)
    phone.say(reply=7, value="of another")
    with pytest.raises(NotInTimeError, match=r"^no reply to 'call' within 0\.05 s$"):
        link.request("call", to="1")


def test_a_late_reply_is_not_taken_for_that_of_the_next_request(
    phone: FakeContainer, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "REPLY_SECONDS", 0.05)
    with pytest.raises(NotInTimeError):
        link.request("call")
    monkeypatch.undo()
    phone.say(reply=1, value="late")
    phone.say(reply=2, value="in time")
    assert link.request("answer") == "in time"


def test_events_are_kept_in_order_and_handed_out_as_a_copy(
    phone: FakeContainer, link: Link
) -> None:
    phone.say(event="ready", time=1)
    phone.say(event="incoming", time=2, call=0)
    assert link.wait(named("incoming"), 5, "no call")["call"] == 0
    link.events().clear()
    assert [event["event"] for event in link.events()] == ["ready", "incoming"]


def test_what_was_forgotten_did_not_happen(phone: FakeContainer, link: Link) -> None:
    phone.complain("of before\n")
    phone.say(event="incoming")
    link.wait(named("incoming"), 5, "no call")
    link.forget()
    assert (link.events(), link.complaints()) == ([], "")
    phone.say(event="ready")
    assert link.wait(named("ready"), 5, "not ready") == {"event": "ready"}


def test_a_wait_ends_as_soon_as_the_event_comes(phone: FakeContainer, link: Link) -> None:
    timer = threading.Timer(0.1, phone.say, kwargs={"event": "ready"})
    timer.start()
    start = time.monotonic()
    assert link.wait(named("ready"), 5, "not ready") == {"event": "ready"}
    assert 0.05 < time.monotonic() - start < 2


def test_a_wait_that_takes_too_long_says_for_what(phone: FakeContainer, link: Link) -> None:
    phone.say(event="ready")
    start = time.monotonic()
    with pytest.raises(NotInTimeError, match=r"^did not ring within 0\.1 s$"):
        link.wait(named("incoming"), 0.1, "did not ring")
    assert 0.1 <= time.monotonic() - start < 2


def test_events_that_are_not_wanted_do_not_prolong_a_wait(phone: FakeContainer, link: Link) -> None:
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.02):
            phone.say(event="sip")

    thread = threading.Thread(target=chatter)
    thread.start()
    start = time.monotonic()
    try:
        with pytest.raises(NotInTimeError):
            link.wait(named("incoming"), 0.2, "did not ring")
    finally:
        stop.set()
        thread.join()
    assert time.monotonic() - start < 2


def test_a_phone_that_ends_leaves_its_last_words(phone: FakeContainer, link: Link) -> None:
    phone.complain("one\ntwo\n")
    phone.complain("Traceback:\n  line 3\nOSError: no")
    phone.complain(" port\n")
    phone.end()
    said = "the phone ended: Traceback: |   line 3 | OSError: no port"
    assert wait_for_the_end(link) == said
    assert link.complaints() == "one\ntwo\nTraceback:\n  line 3\nOSError: no port\n"


def test_a_phone_may_end_without_a_word(phone: FakeContainer, link: Link) -> None:
    phone.end()
    assert wait_for_the_end(link) == "the phone ended: it said nothing"


def test_the_end_is_told_at_once_to_who_waits(phone: FakeContainer, link: Link) -> None:
    timer = threading.Timer(0.05, phone.end)
    timer.start()
    start = time.monotonic()
    wait_for_the_end(link)
    assert time.monotonic() - start < 2


def test_what_a_phone_said_before_it_ended_still_counts(phone: FakeContainer, link: Link) -> None:
    phone.say(event="ready")
    phone.end()
    wait_for_the_end(link)
    assert link.wait(named("ready"), 5, "not ready") == {"event": "ready"}


def test_nothing_can_be_asked_of_a_phone_that_is_gone(phone: FakeContainer, link: Link) -> None:
    phone.complain("killed\n")
    phone.end()
    wait_for_the_end(link)
    with pytest.raises(PhoneCrashedError, match=r"^the phone (is gone|ended): killed$"):
        link.request("call", to="1")


def test_a_phone_that_ends_instead_of_replying_is_said_to_have_ended(
    phone: FakeContainer, link: Link
) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(link.request, "call", to="1")
        phone.next_command()
        phone.complain("Segmentation fault\n")
        phone.end()
        with pytest.raises(PhoneCrashedError, match=r"^the phone ended: Segmentation fault$"):
            asked.result(5)


def test_a_failure_in_the_phone_ends_every_wait(phone: FakeContainer, link: Link) -> None:
    phone.say(event="failure", time=1, text="in onCallState: no such call")
    said = "the phone failed: in onCallState: no such call"
    assert wait_for_the_end(link) == said
    with pytest.raises(PhoneCrashedError, match=said):
        link.request("hangup")
    assert link.events() == []


@pytest.mark.parametrize("line", [b"Segmentation fault\n", b"\xff\n", b'{"reply": \n'])
def test_output_that_is_no_json_ends_the_phone_with_the_reason(
    phone: FakeContainer, link: Link, line: bytes
) -> None:
    phone.frame(OUTPUT, line)
    assert "DecodeError" in wait_for_the_end(link)


def test_complaints_in_any_encoding_can_be_read(phone: FakeContainer, link: Link) -> None:
    phone.frame(ERRORS, b"caf\xe9\n")
    phone.end()
    assert wait_for_the_end(link) == "the phone ended: caf�"


@settings(max_examples=15)
@given(
    st.lists(st.text(max_size=20), min_size=1, max_size=5),
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
)
def test_lines_arrive_whole_however_they_are_cut(texts: list[str], sizes: list[int]) -> None:
    phone = FakeContainer()
    link = link_to(phone)
    said: list[Event] = [{"event": "message", "body": text} for text in texts]
    rest = b"".join(json.dumps(e, ensure_ascii=False).encode() + b"\n" for e in said)
    number = 0
    while rest:
        size = sizes[number % len(sizes)]
        phone.frame(OUTPUT, rest[:size])
        phone.complain("…")
        rest, number = rest[size:], number + 1
    phone.end()
    wait_for_the_end(link)
    assert link.events() == said


def test_closing_ends_the_phones_input_and_waits_for_its_end(
    phone: FakeContainer, link: Link
) -> None:
    def serve() -> None:
        while phone.next_command() is not None:
            pass
        phone.say(event="bye")
        phone.end()

    thread = threading.Thread(target=serve)
    thread.start()
    start = time.monotonic()
    link.close()
    assert [event["event"] for event in link.events()] == ["bye"]
    assert time.monotonic() - start < 2
    thread.join()


def test_closing_after_the_phones_end_is_no_error(phone: FakeContainer, link: Link) -> None:
    phone.complain("bye\n")
    phone.end()
    wait_for_the_end(link)
    link.close()
    assert link.complaints() == "bye\n"
