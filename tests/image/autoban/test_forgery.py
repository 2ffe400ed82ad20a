"""Packets that anybody may have sent ban nobody; the kernel limits what comes in that name."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from factory.waiting import wait_for
from fixtures.attacker import Attacker, Attempt, Forgery, Plan
from tests.pbx import Pbx

from .steps import CONF, USER, at_work, await_kept, guess, lines, members, register, said, stats

pytestmark = pytest.mark.image("base", only=True)
everywhere = pytest.mark.image("base")

PACKETS = 105
RATE, BURST = 5, 50
MAXCONNECTIONS = 100


def await_slow(pbx: Pbx, address: str) -> None:
    wait_for(
        lambda: members(pbx, "slow"),
        lambda slow: address in slow,
        seconds=10,
        otherwise=f"{address} is not slow",
    )
    assert members(pbx, "jail") == {}


def await_answer(attacker: Attacker, pbx: Pbx) -> None:
    """Waits for the limit to leave room, as a phone does that repeats what was not answered."""
    wait_for(
        lambda: guess(attacker, pbx, 1),
        lambda answers: answers == [401],
        seconds=20,
        otherwise="the owner of the address is not answered",
    )


@everywhere
@pytest.mark.parametrize("invents", [False, True])
@pytest.mark.parametrize("user", ["", USER])
def test_forged_packets_ban_nobody(
    own: Pbx,
    attacker: Attacker,
    newcomer: Callable[[], Attacker],
    user: str,
    *,
    invents: bool,
) -> None:
    if user and not invents:
        pytest.skip("to a request for a known user the answer is a challenge, and no event")
    victim = newcomer()
    nobody = str(ip_address(victim.address()) + 1)
    for source in (victim.address(), nobody):
        attacker.forge(Forgery(own.address(), source, PACKETS, user=user, invents=invents))
        await_slow(own, source)
    assert lines(own, f"limited {victim.address()} to 5 requests a second for 20m: 11 attempts")
    assert said(own, "list", "slow")[1].split() == [victim.address(), nobody]
    await_answer(victim, own)
    assert stats(own)["sentences"] == 0
    metrics = own.run("autoban stats --prometheus")
    assert 'autoban_addresses{set="slow"} 2' in metrics
    assert re.search(r'autoban_dropped_packets_total{reason="slowed"} [1-9]', metrics)


def test_the_address_of_a_phone_stays_open(
    own: Pbx, attacker: Attacker, newcomer: Callable[[], Attacker]
) -> None:
    phone = newcomer()
    password = re.findall(
        r"inbound_auth/password = (\S+)", own.run(f"cat {CONF}/pjsip_endpoint.conf")
    )
    assert 200 in register(phone, own, USER, *password)
    attacker.forge(Forgery(own.address(), phone.address(), PACKETS))
    wait_for(
        lambda: stats(own)["events"].get("InvalidAccountID", 0),
        lambda number: number >= PACKETS,
        seconds=10,
        otherwise="Asterisk has not seen all",
    )
    assert 200 in register(phone, own, USER, *password)
    attacker.forge(Forgery(own.address(), phone.address(), 200, invents=True))
    await_slow(own, phone.address())
    wait_for(
        lambda: register(phone, own, USER, *password),
        lambda answers: 200 in answers,
        seconds=20,
        otherwise="the phone cannot log in again",
    )
    assert members(own, "jail") == {}


def test_a_trunk_is_not_even_slowed(
    own: Pbx, attacker: Attacker, newcomer: Callable[[], Attacker]
) -> None:
    """Not if it is identified by its address, nor if Asterisk has to log in there."""
    identified, provider = newcomer(), newcomer()
    trunk = f"""
[line]
type = endpoint
[line]
type = identify
endpoint = line
match = {identified.address()}/32
[provider]
type = registration
server_uri = sip:{provider.address()}
client_uri = sip:{secrets.token_hex(4)}@{provider.address()}
"""
    own.run(f"cat >> {CONF}/pjsip.conf << 'END'{trunk}END")
    own.asterisk("module reload res_pjsip.so res_pjsip_outbound_registration.so")
    wait_for(
        lambda: own.asterisk("pjsip show registrations"),
        lambda shown: provider.address() in shown,
        seconds=10,
        otherwise="Asterisk did not take the trunk",
    )
    own.run("sv restart autoban")
    at_work(own)
    wait_for(lambda: stats(own)["trunks"], seconds=10, otherwise="no trunk is known")
    for source in (identified, provider):
        for invents in (False, True):
            forgery = Forgery(own.address(), source.address(), PACKETS, invents=invents)
            attacker.forge(forgery)
    wait_for(
        lambda: stats(own)["events"].get("InvalidAccountID", 0),
        lambda number: number >= PACKETS,
        seconds=10,
        otherwise="Asterisk has not seen all",
    )
    assert (members(own, "slow"), members(own, "jail"), members(own, "watch")) == ({}, {}, {})


def answered(attempts: list[Attempt]) -> int:
    return sum(attempt.code is not None for attempt in attempts)


@everywhere
@pytest.mark.parametrize("version", [4, 6])
def test_a_scanner_that_answers_no_challenge_gets_a_few_a_second(
    own: Pbx, attacker: Attacker, version: int
) -> None:
    plan = Plan(own.address(version), "challenge", 300, user="nobody", rate=100, timeout=0.05)
    begun = time.monotonic()
    attempts = attacker.attack(plan, [attacker.address(version)])
    seconds = time.monotonic() - begun
    assert 10 < answered(attempts) <= 11 + BURST + RATE * (seconds + 1)
    assert attacker.address(version) in members(own, "slow")
    assert stats(own)["dropped"]["slowed"]["packets"] > 0


def test_slow_is_changed_by_command_and_survives_a_restart(own: Pbx, attacker: Attacker) -> None:
    assert said(own, "add", "slow", "=", attacker.address()) == (
        0,
        f"slow: added {attacker.address()} for 20m\n",
    )
    in_kernel = "nft list set inet autoban slow4"
    assert attacker.address() in own.run(in_kernel)
    guess(attacker, own, 3)
    await_kept(own, attacker, 3)
    own.container.restart(timeout=10)
    at_work(own)
    assert 0 < members(own, "slow")[attacker.address()]["left"] <= 1200
    assert attacker.address() in own.run(in_kernel)
    own.run("nft flush set inet autoban slow4")
    wait_for(
        lambda: attacker.address() in own.run(in_kernel), seconds=10, otherwise="not filled again"
    )
    own.run("autoban del slow = all")
    assert attacker.address() not in own.run(in_kernel)
    assert members(own, "slow") == {}
    assert said(own, "add", "slow", "=", "127.0.0.1")[0] == 64


CONNECT = """
import socket, sys
held = []
for _ in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
    one.setblocking(False)
    one.connect_ex((sys.argv[1], int(sys.argv[3])))
    held.append(one)
import select
here = 0
while True:
    _, ready, _ = select.select([], held, [], 1.5)
    if not ready:
        break
    for one in ready:
        here += not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        held.remove(one)
        keep = globals().setdefault("keep", [])
        keep.append(one)
print(here)
"""


@pytest.mark.parametrize("version", [4, 6])
def test_connections_of_one_address_are_limited(
    own: Pbx, attacker: Attacker, newcomer: Callable[[], Attacker], version: int
) -> None:
    """A client that opens hundreds is listed, and others are not affected."""
    command = ["python3", "-c", CONNECT, own.address(version), "150", "80"]
    assert int(attacker.run(command)) <= MAXCONNECTIONS
    flood = attacker.address(version)
    shown = [row for row in members(own, "flood") if row.split("::")[0] in flood]
    assert shown
    assert "connections refused" in said(own)[1]
    wait_for(
        lambda: lines(own, "opens too many connections"), seconds=10, otherwise="nothing was said"
    )
    assert stats(own)["dropped"]["connections"]["packets"] > 0
    assert int(newcomer().run([*command[:4], "10", "80"])) == 10
    assert members(own, "jail") == {}


def test_connections_of_a_phones_address_are_not_limited(own: Pbx, attacker: Attacker) -> None:
    password = re.findall(
        r"inbound_auth/password = (\S+)", own.run(f"cat {CONF}/pjsip_endpoint.conf")
    )
    assert 200 in register(attacker, own, USER, *password)
    wait_for(
        lambda: attacker.address() in own.run("nft list set inet autoban free4"),
        seconds=10,
        otherwise="not known to the kernel",
    )
    attacker.run(["python3", "-c", CONNECT, own.address(), "150", "80"])
    assert stats(own)["dropped"]["connections"]["packets"] == 0


def test_connections_are_limited_by_settings(own: Pbx, attacker: Attacker) -> None:
    numbers = "slowrate = 7\nmaxconnections = 3\nconnectrate = 0\nports = 5099"
    own.run(f"echo '{numbers}' >> {CONF}/autoban.conf; sv restart autoban")
    at_work(own)
    table = own.run("nft list table inet autoban")
    assert "limit rate over 7/second burst 70 packets" in table
    assert "ct count over 3" in table
    assert "fresh4 {" in table
    assert "update @fresh4" not in table
    ports = json.loads(own.run("nft -j list set inet autoban ports"))["nftables"][1]["set"]["elem"]
    assert ports == [80, 5060, 5061, 5099]
    assert int(attacker.run(["python3", "-c", CONNECT, own.address(), "10", "80"])) == 3
