"""What the tests of both stores share."""

from __future__ import annotations

import pytest


class Said(list[tuple[int, str]]):
    """What a store logged: level and line."""

    def __call__(self, level: int, text: str) -> None:
        self.append((level, text))


@pytest.fixture
def said() -> Said:
    return Said()
