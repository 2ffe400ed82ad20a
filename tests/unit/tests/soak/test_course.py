"""How a soak is planned, and how voicemails are known again."""

from __future__ import annotations

import base64
import io
import math
import wave
from array import array
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from fixtures.mail import ReceivedMail
from tests.soak.course import KILL_EVERY, Course
from tests.soak.disturbances import order
from tests.soak.messages import Left, match

SERVICES = ["asterisk", "autoban", "certificates", "syslogd", "voicemail", "websms"]
ESSENTIAL_KILLS = 5  # within a minute end the container


@given(st.integers(0, 10**6), st.integers(1, 10))
def test_order_kills_each_service_once_a_round(seed: int, rounds: int) -> None:
    killed = list(islice(order(SERVICES, seed), rounds * len(SERVICES)))
    for begin in range(0, len(killed), len(SERVICES)):
        assert sorted(killed[begin : begin + len(SERVICES)]) == SERVICES
    assert killed == list(islice(order(SERVICES, seed), len(killed)))


@given(st.integers(0, 10**6))
def test_order_kills_asterisk_too_seldom_to_end_the_container(seed: int) -> None:
    in_a_minute = math.ceil(60 / KILL_EVERY[0])
    killed = list(islice(order(SERVICES, seed), 20 * len(SERVICES)))
    for begin in range(len(killed) - in_a_minute):
        assert killed[begin : begin + in_a_minute].count("asterisk") < ESSENTIAL_KILLS


@given(st.floats(60, 86_400))
def test_course_leaves_time_without_kills_and_enough_samples(seconds: float) -> None:
    course = Course(seconds, 1)
    assert 0 < course.kills_until < course.seconds / 2
    assert 12 <= course.seconds / course.sample_every < 121


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


def test_voicemails_are_matched_by_their_tones() -> None:
    left = [Left("voicemail 1", 500), Left("voicemail 2", 800), Left("voicemail 3", 500)]
    mails = [mail(800, 1), mail(500, 2), mail(500, 3), mail(800, 4), mail(1200, 5)]
    taken = {message.name for message in left}
    assert match(left, taken, mails) == {
        "voicemail 2": [1, 4],
        "voicemail 1": [2],
        "voicemail 3": [3],
        "a mail with another sound, at 5,": [5],
    }
