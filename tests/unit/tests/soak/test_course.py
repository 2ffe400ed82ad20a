"""How a soak is planned, and how voicemails are known again."""

from __future__ import annotations

import math
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from tests.soak.course import KILL_EVERY, Course
from tests.soak.disturbances import order

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
