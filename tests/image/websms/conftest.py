"""A PBX that takes texts from everybody, and somebody who posts some."""

from __future__ import annotations

import pytest

from tests.image.conftest import Start
from tests.pbx import Pbx

from .web import (
    OPEN,
    Poster,
    configure,
)


@pytest.fixture
def own(start: Start) -> Pbx:
    pbx = start(environment={"SYSLOG_LEVEL": "7"})
    configure(pbx, OPEN)
    return pbx


@pytest.fixture
def poster(own: Pbx) -> Poster:
    return Poster(own)
