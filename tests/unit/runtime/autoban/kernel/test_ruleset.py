"""Commands for nft."""

from __future__ import annotations

from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.kernel import ruleset
from pbx.autoban.kernel.contents import BannedSource, SlowSource, TableContents
from pbx.autoban.kernel.limits import Limits


def test_commands_concern_the_own_table_only() -> None:
    spans = (parse_span("10.0.0.0/8"), parse_span("2001:db8::/32"))
    who = (BannedSource("192.0.2.1", 60, 30), BannedSource("2001:db8::/64", 60, 30))
    slow = (
        SlowSource("192.0.2.2", 60, ((("192.0.2.2", 5060), 9.5),)),
        SlowSource("2001:db8:1::/64", 60),
    )
    limits = Limits(group=25060)
    texts = [
        ruleset.create(TableContents(spans, spans, who, slow, spans, limits)),
        ruleset.slow(slow),
        ruleset.free(spans),
        *ruleset.FLOODS,
        ruleset.ban(who),
        ruleset.take_out("jail", ["192.0.2.1"]),
        ruleset.lists([], spans),
        ruleset.REMOVE,
        ruleset.LOOK,
    ]
    for line in "".join(f"{text}\n" for text in texts).splitlines():
        if line:
            assert line.split()[0] in ("add", "delete", "flush", "list")
            assert line.split()[2:4] == ["inet", "autoban"], line


def test_commands_limit_addresses_without_their_phones_in_one_transaction() -> None:
    flows = ((("192.0.2.1", 5060), 9.5), (("192.0.2.1", 5062), 3.0))
    commands = ruleset.slow([SlowSource("192.0.2.1", 60, flows), SlowSource("2001:db8::/64", 60)])
    assert commands.splitlines() == [
        "add element inet autoban port4 { 192.0.2.1 . 5060, 192.0.2.1 . 5062 }",
        "delete element inet autoban port4 { 192.0.2.1 . 5060, 192.0.2.1 . 5062 }",
        (
            "add element inet autoban port4 "
            "{ 192.0.2.1 . 5060 timeout 9500ms, 192.0.2.1 . 5062 timeout 3000ms }"
        ),
        "add element inet autoban slow4 { 192.0.2.1 }",
        "delete element inet autoban slow4 { 192.0.2.1 }",
        "add element inet autoban slow6 { 2001:db8:: }",
        "delete element inet autoban slow6 { 2001:db8:: }",
        "add element inet autoban slow4 { 192.0.2.1 timeout 60000ms }",
        "add element inet autoban slow6 { 2001:db8:: timeout 60000ms }",
    ]
