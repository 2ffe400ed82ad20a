"""Commands of the Asterisk console that the manuals name."""

from __future__ import annotations

import pytest

from tests.pbx import Pbx


@pytest.mark.parametrize("command", ["pjsip reload", "dialplan reload", "minivm reload", "reload"])
def test_what_the_manuals_say_to_type_is_a_command(pbx: Pbx, command: str) -> None:
    assert "No such command" not in pbx.asterisk(command)
