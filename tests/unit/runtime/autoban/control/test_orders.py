"""The words of the command."""

from __future__ import annotations

from pbx.autoban.control.orders import SETS, parse_sets, split_sets


def test_order_names_sets_in_any_way() -> None:
    assert split_sets([]) == split_sets(["all"]) == SETS
    assert split_sets(["jail,white"]) == parse_sets(["jail", "whitelist", "jail"])
