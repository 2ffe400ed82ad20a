"""The limits in the kernel's table."""

from __future__ import annotations

import re

import pytest
from pbx.autoban.kernel import ruleset
from pbx.autoban.kernel.contents import TableContents
from pbx.autoban.kernel.limits import Limits, rules


def text(limits: Limits) -> str:
    return ruleset.create(TableContents(limits=limits))


def test_limits_concern_the_ports_of_sip_only() -> None:
    for rule in rules(Limits(group=1))["input"]:
        assert re.match(r"(udp|tcp) dport @ports ", rule)
    assert "add element inet autoban ports { 80, 5060, 5061 }" in text(
        Limits(ports=frozenset({5061, 80, 5060}))
    )


def test_limits_come_after_bans() -> None:
    commands = text(Limits())
    assert commands.index("@jail4 counter") < commands.index("jump slow")
    assert commands.index("@white4 accept") < commands.index("jump slow")


def test_limits_do_not_concern_requests_within_calls() -> None:
    first, *_ = rules(Limits())["slow"]
    words = [bytes.fromhex(word[2:]) for word in re.findall(r"0x[0-9a-f]+", first)]
    assert words == [b"SIP/", b"ACK ", b"BYE ", b"CANC"]
    assert first.endswith("return")


@pytest.mark.parametrize(
    ("limits", "missing"),
    [
        (Limits(slowrate=0), "jump slow"),
        (Limits(maxconnections=0), "ct count"),
        (Limits(counts_connections=False), "ct count"),
        (Limits(connectrate=0), "@fresh4 {"),
        (Limits(maxconnections=0, connectrate=0), "jump connections"),
        (Limits(group=None), "log group"),
    ],
)
def test_limits_that_are_off_are_not_there(limits: Limits, missing: str) -> None:
    assert missing not in text(limits)
    assert missing in text(Limits(group=1))
