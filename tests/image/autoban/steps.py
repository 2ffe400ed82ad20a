"""What the tests of AutoBan do, and what they look at."""

from __future__ import annotations

import json
from typing import Any, cast

from pbx.autoban.judgement.attempts import ATTEMPT

from factory.waiting import wait_for
from fixtures.attacker import Attacker, Plan
from fixtures.attacker.inside import Transport
from tests.pbx import Pbx

MAXCOUNT = 10
CONF = "/etc/asterisk"
USER = "john.doe"
_READ_POINTS = """
import json, sqlite3
store = sqlite3.connect("file:/var/lib/nftables/autoban.db?mode=ro", uri=True)
print(json.dumps(dict(store.execute("SELECT key, points FROM offenders"))))
"""


def at_work(pbx: Pbx) -> Pbx:
    wait_for(lambda: stats(pbx)["connected"], seconds=20, otherwise="not connected to Asterisk")
    return pbx


def stats(pbx: Pbx) -> dict[str, Any]:
    result = pbx.container.exec_run(["autoban", "stats", "--json"])
    if result.exit_code:
        return {"connected": False}
    return cast(dict[str, Any], json.loads(cast(bytes, result.output)))


def members(pbx: Pbx, name: str = "jail") -> dict[str, dict[str, Any]]:
    shown = json.loads(pbx.run("autoban show --json"))
    return {member["address"]: member for member in shown["members"] if member["set"] == name}


def said(pbx: Pbx, *words: str) -> tuple[int, str]:
    result = pbx.container.exec_run(["autoban", *words])
    return cast(int, result.exit_code), cast(bytes, result.output).decode()


def lines(pbx: Pbx, text: str) -> list[str]:
    return [line for line in pbx.logs().splitlines() if " autoban: " in line and text in line]


def guess(
    attacker: Attacker,
    pbx: Pbx,
    number: int,
    *,
    user: str = USER,
    version: int = 4,
    transport: Transport = "udp",
) -> list[int | None]:
    """The status of the answer to each guess; None is the last where there was none."""
    passwords = (f"guess-{n}" for n in range(number))
    return register(attacker, pbx, user, *passwords, version=version, transport=transport)


def register(
    attacker: Attacker,
    pbx: Pbx,
    user: str,
    *passwords: str,
    version: int = 4,
    transport: Transport = "udp",
) -> list[int | None]:
    """The same for passwords that one names."""
    plan = Plan(
        pbx.address(version),
        "guess",
        len(passwords),
        user=user,
        transport=transport,
        passwords=passwords,
        timeout=1,
        gives_up=True,
    )
    return [attempt.code for attempt in attacker.attack(plan, [attacker.address(version)])]


def caught(guesses: list[int | None]) -> bool:
    """Whether the guesses were cut off after a few too many."""
    return guesses[-1] is None and set(guesses[:-1]) <= {401} and len(guesses) <= MAXCOUNT + 3 + 1


def in_kernel(pbx: Pbx, address: str) -> bool:
    name = "jail6" if ":" in address else "jail4"
    return f"{address} timeout" in pbx.run(f"nft list set inet autoban {name}")


def await_kept(pbx: Pbx, attacker: Attacker, count: int) -> None:
    """Waits until the store says that the attacker has made so many attempts."""
    wait_for(
        lambda: kept(pbx).get(attacker.address()),
        lambda points: points == count * ATTEMPT,
        seconds=5,
        otherwise="not saved",
    )


def kept(pbx: Pbx) -> dict[str, int]:
    """The points of each address that the store has."""
    found = pbx.run(f"python3 -Ic '{_READ_POINTS}' 2> /dev/null || echo {{}}")
    return cast(dict[str, int], json.loads(found))
