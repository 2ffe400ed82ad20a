"""What the unit tests share: the user, and with how many examples properties are tried."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine only. `make test` tries more of them.
settings.register_profile(
    "any machine",
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def asterisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests, commands are called by user asterisk."""
    monkeypatch.setattr("pbx.core.rights.is_root", lambda: False)
