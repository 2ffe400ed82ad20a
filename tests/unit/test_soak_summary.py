"""What a soak tells at its end, and how it is planned."""

from __future__ import annotations

import base64
import io
import json
import math
import wave
from array import array
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.mail import ReceivedMail
from tests.soak.course import KILL_EVERY, Course
from tests.soak.disturbances import order, restarted
from tests.soak.journal import Act, Journal, Kill, Outage, Sent
from tests.soak.messages import Left, match
from tests.soak.samples import ProcessSample, Sample
from tests.soak.summary import SoakResult, document, page

SERVICES = ["asterisk", "autoban", "certificates", "syslogd", "voicemail", "websms"]
ESSENTIAL_KILLS = 5  # within a minute end the container

COURSE = Course(300, 42)
BEFORE = Sample(
    0.0,
    {"asterisk": ProcessSample(20, 60.0, 40_000, 50, 60)},
    {"asterisk": 1},
    (),
    {"/srv/a": 5},
    {},
)
AFTER = replace(
    BEFORE,
    time=400.0,
    processes={"asterisk": ProcessSample(99, 200.0, 41_000, 49, 58)},
    files={"/srv/a": 7},
)
RESULT = SoakResult(
    COURSE,
    [
        Act("calls", 10, 12),
        Act("calls", 19, 21, "silence", ("asterisk",)),
        Act("calls", 80, 82, "silence", ("asterisk",)),
    ],
    [Kill("asterisk", 20, 22, 24), Kill("asterisk", 50, 54, 58.5)],
    {"sms in": {"taken": 9, "came": 8, "again": 1, "told": 0}},
    (BEFORE, AFTER),
    [
        replace(
            BEFORE,
            time=5.0 * n,
            processes={"asterisk": ProcessSample(20, COURSE.warm + n, 100 * n, 5, 6)},
        )
        for n in range(25)
    ],
    {"looks at long calls": 7},
    ["calls, 00:01:20 to 00:01:22: silence"],
)


def test_the_page_shows_all() -> None:
    shown = {line.split("  ")[0]: line.split() for line in page(RESULT).splitlines()}
    assert "Soak of 5 minutes, seed 42: 1 things are wrong" in shown
    assert shown["calls"][1:] == ["1", "1", "1"]
    assert shown["sms in"][2:] == ["9", "8", "1", "0"]
    assert "asterisk                   2           3.0           6.2           8.5" in page(RESULT)
    assert "asterisk               40000         41000            50            49" in page(RESULT)
    assert shown["bytes in /srv"][-2:] == ["5", "7"]
    assert "asterisk               72000          2400             0             0" in page(RESULT)
    assert "looks at long calls: 7" in shown
    assert "calls, 00:01:20 to 00:01:22: silence" in shown


def test_a_good_one_says_so() -> None:
    assert "seed 42: all is well\n" in page(replace(RESULT, complaints=[]))


def test_programs_can_read_it() -> None:
    read = json.loads(json.dumps(document(RESULT)))
    assert read["done"]["calls"] == {"well": 1, "cut": 1, "failed": 1}
    assert read["rest"][0]["files"] == {"/srv/a": 5}
    assert read["samples"][3]["processes"]["asterisk"]["memory"] == 300
    assert [found["by"] for found in read["trends"]] == [pytest.approx(2400), 0, 0]
    assert read["kills"][1] == {"service": "asterisk", "at": 50, "back": 54, "well": 58.5}
    assert read["complaints"] == RESULT.complaints


@given(st.integers(0, 10**6), st.integers(1, 10))
def test_each_round_kills_each_service_once(seed: int, rounds: int) -> None:
    killed = list(islice(order(SERVICES, seed), rounds * len(SERVICES)))
    for begin in range(0, len(killed), len(SERVICES)):
        assert sorted(killed[begin : begin + len(SERVICES)]) == SERVICES
    assert killed == list(islice(order(SERVICES, seed), len(killed)))


@given(st.integers(0, 10**6))
def test_asterisk_is_never_killed_so_often_that_the_container_gives_up(seed: int) -> None:
    in_a_minute = math.ceil(60 / KILL_EVERY[0])
    killed = list(islice(order(SERVICES, seed), 20 * len(SERVICES)))
    for begin in range(len(killed) - in_a_minute):
        assert killed[begin : begin + in_a_minute].count("asterisk") < ESSENTIAL_KILLS


@given(st.floats(60, 86_400))
def test_a_course_leaves_time_without_kills_and_enough_samples(seconds: float) -> None:
    course = Course(seconds, 1)
    assert 0 < course.kills_until < course.seconds / 2
    assert 12 <= course.seconds / course.sample_every < 121


def test_a_journal_keeps_things_apart() -> None:
    journal = Journal()
    outage = Outage("provider", 1, 2)
    sent = Sent("text", "text 1", 1, 2, "+1")
    for entry in (outage, sent, RESULT.kills[0], RESULT.acts[0]):
        journal.note(entry)
    assert journal.of(Outage) == [outage]
    assert journal.of(Sent) == [sent]
    assert [journal.number("text"), journal.number("sms in"), journal.number("text")] == [1, 1, 2]


def mail(tone: int, time: float) -> ReceivedMail:
    """A mail with three seconds of a tone."""
    sound = array("h", (int(8000 * math.sin(math.tau * tone * n / 8000)) for n in range(24_000)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(sound.tobytes())
    content = (
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: audio/x-wav\nContent-Disposition: attachment; filename=a.wav\n"
        b"Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(buffer.getvalue())
        + b"\n--x--\n"
    )
    return ReceivedMail(time, 587, True, "pbx", "", [], base64.b64encode(content).decode())


def test_messages_are_known_by_their_tones() -> None:
    left = [Left("voicemail 1", 500), Left("voicemail 2", 800), Left("voicemail 3", 500)]
    mails = [mail(800, 1), mail(500, 2), mail(500, 3), mail(800, 4), mail(1200, 5)]
    taken = {message.name for message in left}
    assert match(left, taken, mails) == {
        "voicemail 2": [1, 4],
        "voicemail 1": [2],
        "voicemail 3": [3],
        "a mail with another sound, at 5,": [5],
    }


def test_a_message_that_broke_off_does_not_take_the_mail_of_another() -> None:
    left = [Left("voicemail 1", 500), Left("voicemail 2", 500)]
    assert match(left, {"voicemail 2"}, [mail(500, 1)]) == {"voicemail 2": [1]}


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ("ok\tservice asterisk\tup for 74 s\nok\tservice autoban\tup for 1 s\n", True),
        ("ok\tservice asterisk\tup for 74 s\nok\tservice autoban\tup for 60 s\n", False),
        ("ok\tservice asterisk\tup for 1 s\n", False),
    ],
)
def test_a_busy_machine_may_check_after_a_service_is_back(said: str, truth: bool) -> None:
    assert restarted(said, "autoban", 5.0) is truth
