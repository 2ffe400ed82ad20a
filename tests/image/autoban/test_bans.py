"""The kernel drops those who guess, and nobody else."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from factory.waiting import wait_for
from fixtures.attacker import Attacker
from tests.image.conftest import Start
from tests.pbx import Pbx

from .steps import (
    CONF,
    MAXCOUNT,
    USER,
    at_work,
    await_kept,
    caught,
    guess,
    in_kernel,
    lines,
    members,
    register,
    said,
    stats,
)

pytestmark = pytest.mark.image("base", only=True)
everywhere = pytest.mark.image("base")


@everywhere
@pytest.mark.parametrize(("user", "version"), [(USER, 4), ("nobody", 4), (USER, 6)])
def test_attacker_who_guesses_gets_no_more_answers(
    own: Pbx,
    attacker: Attacker,
    newcomer: Callable[[], Attacker],
    user: str,
    version: int,
) -> None:
    guesses = guess(attacker, own, 30, user=user, version=version)
    assert caught(guesses)
    assert len(guesses) > MAXCOUNT
    address = attacker.address(version)
    assert in_kernel(own, address)
    assert members(own)[address]["count"] > MAXCOUNT
    (line,) = lines(own, "banned")
    assert f"banned {address} for 20m: 11 attempts, the last " in line
    assert guess(attacker, own, 3, version=version) == [None]
    dropped = stats(own)["dropped"]["jailed"]
    assert dropped["packets"] > 0
    assert dropped["bytes"] > dropped["packets"] * 100
    metrics = own.run("cat /run/autoban/autoban.prom; autoban stats --prometheus")
    assert "autoban_jailed_total 1" in metrics
    # Somebody else is not concerned.
    other = newcomer()
    assert guess(other, own, 3, version=version) == [401] * 3
    assert members(own, "watch")[other.address(version)]["count"] == 3
    # Let go, he is answered; one more, and he is back for longer.
    own.run(f"autoban del jail = {address}")
    assert guess(attacker, own, 1, version=version) == [401]


def test_attacker_who_was_banned_before_is_banned_longer_after_one_guess(
    own: Pbx, attacker: Attacker
) -> None:
    own.run(f"autoban add parole = {attacker.address()}")
    assert guess(attacker, own, 5)[-1] is None
    assert 7000 < members(own)[attacker.address()]["left"] <= 7200
    assert lines(own, f"banned {attacker.address()} again for 2h: 1 attempt, the last")


def test_whitelist_and_blacklist_are_respected(own: Pbx, attacker: Attacker) -> None:
    own.run(f"autoban add whitelist = {attacker.address()}/30")
    assert guess(attacker, own, 20) == [401] * 20
    own.run("autoban del whitelist = all")
    own.run(f"autoban add blacklist = {attacker.address()}-{attacker.address()}")
    assert guess(attacker, own, 1) == [None]
    assert stats(own)["dropped"]["blacklisted"]["packets"] > 0
    own.run("autoban del all = all")
    assert guess(attacker, own, 1) == [401]


def test_wrong_password_at_the_address_of_a_registered_phone_bans_nobody(
    own: Pbx, attacker: Attacker
) -> None:
    password = re.findall(
        r"inbound_auth/password = (\S+)", own.run(f"cat {CONF}/pjsip_endpoint.conf")
    )
    assert 200 in register(attacker, own, USER, *password)
    assert guess(attacker, own, 40) == [401] * 40
    assert members(own, "jail") == {}
    assert guess(attacker, own, 80)[-1] is None  # but no more than that


def test_trunks_are_known_from_asterisk(own: Pbx, attacker: Attacker) -> None:
    trunk = f"""
[line]
type = endpoint
auth = line
[line]
type = auth
username = line
password = {secrets.token_hex(8)}
[line]
type = identify
endpoint = line
match = {attacker.address()}/32
"""
    own.run(f"cat >> {CONF}/pjsip.conf << 'END'{trunk}END")
    own.asterisk("module reload res_pjsip.so")
    wait_for(
        lambda: attacker.address() in own.asterisk("pjsip show identifies"),
        seconds=10,
        otherwise="Asterisk did not take the trunk",
    )
    own.run("sv restart autoban")
    at_work(own)
    wait_for(lambda: stats(own)["trunks"], seconds=10, otherwise="no trunk is known")
    assert guess(attacker, own, 30, user="nobody") == [401] * 30


def test_autoban_without_its_capability_only_watches(
    start: Start, options: dict[str, Any], attacker: Attacker
) -> None:
    pbx = at_work(start(**{**options, "cap_add": []}))
    assert guess(attacker, pbx, 15) == [401] * 15
    # Nor are challenges seen, so that nothing that comes over UDP is proven.
    assert members(pbx, "slow")[attacker.address()]["count"] == 15
    assert guess(attacker, pbx, 15, transport="tcp") == [401] * 15
    assert members(pbx)[attacker.address()]["count"] == 15
    assert said(pbx, "show")[1].startswith("watching only, nothing is dropped: ")
    (line,) = lines(pbx, "watching only")
    assert "not permitted" in line
    assert "dropping 0" in pbx.run("autoban stats --prometheus")
    assert pbx.is_healthy()


def test_autoban_without_a_packet_filter_only_watches(
    start: Start, options: dict[str, Any]
) -> None:
    """So it is where QEMU emulates the machine; the library would end the process."""
    netlink, netfilter, not_supported = 16, 12, 93
    refused = {
        "names": ["socket"],
        "action": "SCMP_ACT_ERRNO",
        "errnoRet": not_supported,
        "args": [
            {"index": 0, "value": netlink, "op": "SCMP_CMP_EQ"},
            {"index": 2, "value": netfilter, "op": "SCMP_CMP_EQ"},
        ],
    }
    profile = json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [refused]})
    pbx = at_work(start(**{**options, "security_opt": [f"seccomp={profile}"]}))
    (line,) = lines(pbx, "watching only")
    assert "no way to the packet filter: Protocol not supported" in line
    assert pbx.is_healthy()


def test_verify_shows_that_a_ban_drops_or_why_that_cannot_be_tried(
    start: Start, options: dict[str, Any]
) -> None:
    pbx = at_work(start(**{**options, "cap_add": ["NET_ADMIN", "SYS_ADMIN"]}))
    status, output = said(pbx, "verify")
    assert output.splitlines() == [
        "ok    before the ban: the test client gets an answer",
        "ok    banned: the test client gets no answer",
        "ok    unbanned: the test client gets an answer",
    ]
    assert status == 0
    assert members(pbx) == {}
    assert "autoban0" not in pbx.run("ip link")
    weak = "setpriv --bounding-set=-sys_admin --inh-caps=-all autoban verify || echo status $?"
    output = pbx.run(weak)
    assert "this cannot be tested here: unshare: " in output
    assert "status 1" in output


def test_autoban_holds_one_capability_only(own: Pbx) -> None:
    pid = own.run("sv status autoban").partition("(pid ")[2].partition(")")[0]
    status = dict(
        line.split(":\t", 1)
        for line in own.run(f"cat /proc/{pid}/status").splitlines()
        if ":\t" in line
    )
    assert set(status["Uid"].split()) == {"200"}
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << 12
    assert status["NoNewPrivs"] == "1"
    assert int(status["VmRSS"].split()[0]) < 40_000


DOCKER_LIKE = """
add table ip nat
add chain ip nat DOCKER
add chain ip nat PREROUTING { type nat hook prerouting priority dstnat; }
add rule ip nat PREROUTING fib daddr type local jump DOCKER
add table ip filter
add chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }
add rule ip filter FORWARD ip saddr 203.0.113.0/24 accept
add table inet firewall
add set inet firewall friends { type ipv4_addr; elements = { 203.0.113.1 } }
"""


def test_autoban_in_the_hosts_network_changes_its_own_table_only(
    start: Start, options: dict[str, Any], attacker: Attacker
) -> None:
    """The part of the host is played by a container with rules as a host with Docker has them."""
    host = start(["sleep", "infinity"], wait=False, **options)
    host.run(f"nft -f - << 'END'\n{DOCKER_LIKE}\nEND")
    ruleset = "nft list ruleset 2> /dev/null"
    before = host.run(ruleset)
    pbx = at_work(
        start(**{**options, "network": None, "network_mode": f"container:{host.container.id}"})
    )
    assert caught(guess(attacker, host, 30))
    during = host.run(ruleset)
    assert during.startswith(before)
    assert during[len(before) :].strip().startswith("table inet autoban {")
    assert attacker.address() in during
    # Killed, it leaves its table there; started again, it goes on with what it knew.
    await_kept(pbx, attacker, members(pbx)[attacker.address()]["count"])
    pbx.container.kill()
    assert guess(attacker, host, 1) == [None]
    pbx.container.start()
    at_work(pbx)
    assert attacker.address() in members(pbx)
    pbx.container.stop(timeout=10)
    assert host.run(ruleset) == before
