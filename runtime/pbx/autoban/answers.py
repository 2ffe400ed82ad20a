"""Answers the orders of the command; the socket is in pbx.core.control."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pbx.autoban.control.figures import as_json, as_lines, as_prometheus
from pbx.autoban.control.orders import SETS, parse_change, split_sets
from pbx.autoban.running import AutoBan
from pbx.core.control import Order
from pbx.core.errors import OrderError


def answers(autoban: AutoBan) -> Mapping[str, Order]:
    """Return a function for each order, by its name."""

    async def show(words: Sequence[str]) -> dict[str, Any]:
        if words:
            raise OrderError("show takes no words")
        rows = [asdict(row) for row in (*autoban.members(SETS), *autoban.floods())]
        return {"watching_only": autoban.reason, "rows": rows}

    async def list_(words: Sequence[str]) -> dict[str, Any]:
        return {"rows": [asdict(row) for row in autoban.members(split_sets(words))]}

    async def stats(words: Sequence[str]) -> dict[str, Any]:
        if words:
            raise OrderError("stats takes no words")
        autoban.read_counters()
        figures = autoban.figures()
        return {
            "figures": as_json(figures),
            "text": as_lines(figures),
            "prometheus": as_prometheus(figures),
        }

    async def add(words: Sequence[str]) -> dict[str, Any]:
        return {"lines": autoban.change(parse_change("add", words)).lines}

    async def del_(words: Sequence[str]) -> dict[str, Any]:
        return {"lines": autoban.change(parse_change("del", words)).lines}

    return {"show": show, "list": list_, "stats": stats, "add": add, "del": del_}
