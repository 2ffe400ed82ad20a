"""Phones without containers, and a console without Asterisk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from fixtures.softphone import Phone, Softphones
from tests.unit.fake_console import Console, fake_consoles
from tests.unit.fake_phones import FakeLink, make_group

# How long an example takes says something of the machine only.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def asterisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests, commands are called by user asterisk."""
    monkeypatch.setattr("pbx.core.rights.is_root", lambda: False)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[FakeLink]:
    """The lines to the phones that were started."""
    made: list[FakeLink] = []

    def make(_: object) -> FakeLink:
        made.append(FakeLink())
        return made[-1]

    monkeypatch.setattr("fixtures.softphone.group.Link", make)
    return made


@pytest.fixture
def group(lines: list[FakeLink]) -> Softphones:
    assert lines == []
    return make_group()


@pytest.fixture
def alice(group: Softphones) -> Phone:
    return group.phone("alice")


@pytest.fixture
def line(alice: Phone, lines: list[FakeLink]) -> FakeLink:
    assert alice.name == "alice"
    return lines[0]


@pytest.fixture
def console() -> Iterator[Console]:
    """Makes consoles that answer as told."""
    with fake_consoles() as make:
        yield make
