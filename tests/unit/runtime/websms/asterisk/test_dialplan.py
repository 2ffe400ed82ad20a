"""The dialplan's variables, and the console's answers."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.asterisk import dialplan
from pbx.websms.asterisk.agi import (
    LONGEST_LINE,
    encode_pieces,
    write_command,
)
from pbx.websms.asterisk.dialplan import BEGUN, Lane
from pbx.websms.incoming.checks import LONGEST_BODY


def decode(variables: dict[str, str], joining: str) -> str:
    """The text that a dialplan finds in MESSAGE(body), after it has decoded that."""
    if not joining:
        assert variables["MESSAGE_ENCODE"] == "rfc3986"
        return unquote(variables["MESSAGE(body)"], errors="strict")
    assert variables["MESSAGE_ENCODE"] == "none"
    names = re.findall(r"\$\{URIDECODE\(\$\{(WEBSMS_\d+)\}\)\}", joining)
    assert joining == f"Set(MESSAGE(body)={''.join(f'${{URIDECODE(${{{x}}})}}' for x in names)})"
    return "".join(unquote(variables[name], errors="strict") for name in names)


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4000)
    | st.just("\u20ac" * (LONGEST_BODY // 3)),
    st.sampled_from(["rfc3986", "none"]),
)
def test_text_variables_bring_the_text_in_lines_of_allowed_length(text: str, encoding: str) -> None:
    pieces = encode_pieces(text)
    variables = dialplan.text_variables(pieces, encoding)
    joining = dialplan.join_command(pieces, encoding)
    assert decode(dict(variables), joining) == text
    lines = [write_command("SET", "VARIABLE", *variable) for variable in variables]
    for line in [*lines, write_command("EXEC", "Exec", joining)]:
        assert len(line) <= LONGEST_LINE


def test_read_lanes() -> None:
    text = "host/1/22\n   WEBSMS_LANE_0=17:SUCCESS\n   WEBSMS_LANE_1=18:begun\n"
    text += "   WEBSMS_LANE_2=\n   WEBSMS_LANE_3=5:\n   WEBSMS_LANE_=\n   OTHER=1:begun\n\n    -- 5"
    assert dialplan.read_lanes(text) == {0: Lane(17, "SUCCESS"), 1: Lane(18, BEGUN), 3: Lane(5, "")}


def test_read_contacts_address_and_status() -> None:
    text = """
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

  Contact:  jane.doe/sip:jane.doe@198.18.0.3:5060          3cb764c8d0 {}         {}

Objects found: 1
"""
    first = dialplan.read_contacts(text.format("Avail", "1.460"))
    assert ("jane.doe/sip:jane.doe@198.18.0.3:5060", "Avail") in first
    assert dialplan.read_contacts(text.format("Avail", "  nan")) == first
    assert dialplan.read_contacts(text.format("Unavail", "  nan")) != first


def test_has_channel_by_message() -> None:
    line = "Local/17@pbx-websms-00000002;2!pbx-websms!17!1!Up!AGI!agi://127.0.0.1!!!!3!20!!1.5"
    assert dialplan.has_channel(line, 17)
    assert not dialplan.has_channel(line, 7)
    assert not dialplan.has_channel(line, 1)
