"""AutoBan in a container: the kernel drops those who guess, and nobody else."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any, cast

import docker
import pytest

from factory.candidate import make_network
from factory.engine import Engine, remove_network
from factory.waiting import wait_for
from fixtures.attacker import Attacker, Plan, running_attacker
from tests.pbx import LABELS, Pbx

from .conftest import Start

pytestmark = pytest.mark.image("base", only=True)
everywhere = pytest.mark.image("base")

MAXCOUNT = 10
CONF = "/etc/asterisk"
USER = "john.doe"


@pytest.fixture
def network(client: docker.DockerClient, stack: ExitStack) -> str:
    name = f"test-{secrets.token_hex(4)}"
    stack.callback(remove_network, make_network(Engine(client), name, LABELS))
    return name


@pytest.fixture
def options(network: str) -> dict[str, Any]:
    """For a container on the network that may change its packet filter."""
    return {
        "network": network,
        "network_mode": None,
        "cap_add": ["NET_ADMIN"],
        "environment": {"SYSLOG_LEVEL": "7"},
    }


@pytest.fixture
def newcomer(
    client: docker.DockerClient, softphone: str, network: str, stack: ExitStack
) -> Callable[[], Attacker]:
    """Brings one more attacker, with another address."""

    def bring() -> Attacker:
        new = running_attacker(client, network, image=softphone, labels=LABELS)
        return stack.enter_context(new)

    return bring


@pytest.fixture
def attacker(newcomer: Callable[[], Attacker]) -> Attacker:
    return newcomer()


@pytest.fixture
def own(start: Start, options: dict[str, Any]) -> Iterator[Pbx]:
    """A PBX that drops; at the end nothing may have gone wrong unnoticed."""
    pbx = at_work(start(**options))
    yield pbx
    assert "Traceback" not in pbx.logs()


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
    attacker: Attacker, pbx: Pbx, number: int, *, user: str = USER, version: int = 4
) -> list[int | None]:
    """The status of the answer to each guess; None is the last where there was none."""
    return register(attacker, pbx, user, *(f"guess-{n}" for n in range(number)), version=version)


def register(
    attacker: Attacker, pbx: Pbx, user: str, *passwords: str, version: int = 4
) -> list[int | None]:
    """The same for passwords that one names."""
    plan = Plan(
        pbx.address(version),
        "guess",
        len(passwords),
        user=user,
        passwords=passwords,
        patience=1,
        gives_up=True,
    )
    return [attempt.code for attempt in attacker.attack(plan, [attacker.address(version)])]


def caught(guesses: list[int | None]) -> bool:
    """Whether the guesses were cut off after a few too many."""
    return guesses[-1] is None and set(guesses[:-1]) <= {401} and len(guesses) <= MAXCOUNT + 3 + 1


def in_kernel(pbx: Pbx, address: str) -> bool:
    name = "jail6" if ":" in address else "jail4"
    return f"{address} timeout" in pbx.run(f"nft list set inet autoban {name}")


@everywhere
@pytest.mark.parametrize(("user", "version"), [(USER, 4), ("nobody", 4), (USER, 6)])
def test_who_guesses_gets_no_answer_any_more(
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
    (line,) = lines(own, "jailed")
    assert f"jailed {address} for 20m: 11 attempts, the last " in line
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


def test_who_is_back_from_jail_needs_one_guess_for_a_longer_one(
    own: Pbx, attacker: Attacker
) -> None:
    own.run(f"autoban add parole = {attacker.address()}")
    assert guess(attacker, own, 5)[-1] is None
    assert 7000 < members(own)[attacker.address()]["left"] <= 7200
    assert lines(own, f"jailed {attacker.address()} again for 2h: 1 attempt, the last")


def test_without_the_right_to_it_only_watches(
    start: Start, options: dict[str, Any], attacker: Attacker
) -> None:
    pbx = at_work(start(**{**options, "cap_add": []}))
    assert guess(attacker, pbx, 15) == [401] * 15
    assert members(pbx)[attacker.address()]["count"] == 15
    assert said(pbx, "show")[1].startswith("watching only, nothing is dropped: ")
    (line,) = lines(pbx, "watching only")
    assert "not permitted" in line
    assert "dropping 0" in pbx.run("autoban stats --prometheus")
    assert pbx.is_well()


def test_where_the_packet_filter_is_out_of_reach_it_only_watches(
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
    assert pbx.is_well()


def test_verify_shows_that_a_ban_drops_or_why_that_cannot_be_tried(
    start: Start, options: dict[str, Any]
) -> None:
    pbx = at_work(start(**{**options, "cap_add": ["NET_ADMIN", "SYS_ADMIN"]}))
    status, output = said(pbx, "verify")
    assert output.splitlines() == [
        "ok    nobody knows it: a stranger is answered",
        "ok    in jail: a stranger is not answered",
        "ok    let go: a stranger is answered",
    ]
    assert status == 0
    assert members(pbx) == {}
    assert "autoban0" not in pbx.run("ip link")
    weak = "setpriv --bounding-set=-sys_admin --inh-caps=-all autoban verify || echo status $?"
    output = pbx.run(weak)
    assert "this cannot be tried here: unshare: " in output
    assert "status 1" in output


def test_it_holds_one_right_only(own: Pbx) -> None:
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


def moment(pbx: Pbx, key: str) -> datetime:
    pbx.container.reload()
    text = re.sub(r"\.(\d{6})\d*Z$", r".\1+00:00", pbx.container.attrs["State"][key])
    return datetime.fromisoformat(text)


def now(pbx: Pbx) -> datetime:
    return datetime.fromisoformat(
        pbx.run("python3 -c 'import datetime as d; print(d.datetime.now(d.UTC))'")
    )


def test_over_a_stop_the_time_that_was_left_is_left(own: Pbx) -> None:
    own.run("autoban add jail = 203.0.113.1; autoban add white = 10.0.0.0/8")
    before, seen = members(own)["203.0.113.1"]["left"], now(own)
    own.container.stop(timeout=10)
    own.container.start()
    at_work(own)
    after, seen_again = members(own)["203.0.113.1"]["left"], now(own)
    ran = (moment(own, "FinishedAt") - seen) + (seen_again - moment(own, "StartedAt"))
    assert -1 < before - after < ran.total_seconds() + 1
    assert in_kernel(own, "203.0.113.1")
    assert "10.0.0.0/8" in members(own, "whitelist")


def await_kept(pbx: Pbx, attacker: Attacker) -> None:
    wait_for(
        lambda: attacker.address() in pbx.run("cat /var/lib/nftables/autoban.nft || true"),
        seconds=5,
        otherwise="not kept",
    )


def kill_service(pbx: Pbx) -> None:
    pbx.run("sv kill autoban")


def kill_container(pbx: Pbx) -> None:
    pbx.container.kill()
    pbx.container.start()


@pytest.mark.parametrize("kill", [kill_service, kill_container])
def test_over_a_kill_at_most_five_seconds_are_lost(
    own: Pbx, attacker: Attacker, kill: Callable[[Pbx], None]
) -> None:
    own.run("autoban add jail = 203.0.113.1")
    guess(attacker, own, 3)
    await_kept(own, attacker)
    left, seen = members(own)["203.0.113.1"]["left"], now(own)
    kill(own)
    at_work(own)
    passed = (now(own) - seen).total_seconds()
    assert -5 <= left - members(own)["203.0.113.1"]["left"] <= passed + 1
    assert members(own, "watch")[attacker.address()]["count"] == 3
    assert in_kernel(own, "203.0.113.1")


def test_a_table_that_is_taken_away_comes_back_with_all_that_was_in_it(own: Pbx) -> None:
    own.run("autoban add jail = 203.0.113.1; nft add table inet other; nft flush ruleset")
    wait_for(
        lambda: "autoban" in own.run("nft list tables"), seconds=10, otherwise="not made again"
    )
    assert in_kernel(own, "203.0.113.1")
    assert own.run("nft list tables") == "table inet autoban"
    own.run("nft flush set inet autoban jail4")
    wait_for(lambda: in_kernel(own, "203.0.113.1"), seconds=10, otherwise="not filled again")
    own.run("nft flush chain inet autoban input")
    wait_for(
        lambda: "@jail4" in own.run("nft list chain inet autoban input"),
        seconds=10,
        otherwise="the rules did not come back",
    )
    assert lines(own, "somebody has changed the kernel's table: made it again")


@pytest.mark.parametrize("how", ["sv kill asterisk", "asterisk -rx 'core restart now'"])
def test_it_is_at_work_again_after_asterisk_was_restarted(
    own: Pbx, attacker: Attacker, how: str
) -> None:
    asked = "asterisk -rx 'core show settings' | grep 'Startup time' || :"
    before = own.run(asked)  # the process may stay
    own.run(how)
    wait_for(
        lambda: own.run(asked),
        lambda now: now not in (before, ""),
        seconds=20,
        otherwise="Asterisk was not restarted",
    )
    own.await_health()
    at_work(own)
    assert caught(guess(attacker, own, 30))


def test_a_wrong_secret_is_told_once_and_can_be_mended(own: Pbx) -> None:
    own.run(f"sed -i 's/^secret.*/secret = wrong/' {CONF}/autoban.conf; sv restart autoban")
    wait_for(lambda: lines(own, "refuses the login"), seconds=10, otherwise="nothing said")
    own.run(f"sed -i 's/^secret.*/secret = wrong/' {CONF}/manager_autoban.conf")
    own.asterisk("manager reload")
    at_work(own)
    assert len(lines(own, "refuses the login: Authentication failed")) == 1
    assert own.is_well()


def test_the_whitelist_and_the_blacklist_hold(own: Pbx, attacker: Attacker) -> None:
    own.run(f"autoban add whitelist = {attacker.address()}/30")
    assert guess(attacker, own, 20) == [401] * 20
    own.run("autoban del whitelist = all")
    own.run(f"autoban add blacklist = {attacker.address()}-{attacker.address()}")
    assert guess(attacker, own, 1) == [None]
    assert stats(own)["dropped"]["blacklisted"]["packets"] > 0
    own.run("autoban del all = all")
    assert guess(attacker, own, 1) == [401]


def test_where_a_phone_is_registered_a_wrong_password_locks_nobody_out(
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


UPSTREAM_CONF = """[asmanager]
server = 127.0.0.1
port = 5038
username = autoban
secret = 6003.438

[autoban]
enabled = true
maxcount = 10
watchtime = 20m
jailtime = 20m
repeatmult = 6
"""
UPSTREAM_MANAGER = """[general]
enabled = yes
bindaddr = 127.0.0.1
port = 5038

[autoban]
secret = 6003.438
read = security
write =
"""


def test_a_configuration_of_the_upstream_image_works(own: Pbx, attacker: Attacker) -> None:
    own.run(f"cat > {CONF}/autoban.conf << 'END'\n{UPSTREAM_CONF}\nEND")
    own.run(f"cat > {CONF}/manager.conf << 'END'\n{UPSTREAM_MANAGER}\nEND")
    own.run(f"rm {CONF}/manager_autoban.conf")
    own.asterisk("manager reload")
    own.run("sv restart autoban")
    at_work(own)
    assert caught(guess(attacker, own, 30))
    assert own.is_well()


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("rm {conf}/autoban.conf", "off: there is no /etc/asterisk/autoban.conf"),
        (
            "sed -i 's/^enabled.*/enabled = no/' {conf}/autoban.conf",
            "off: /etc/asterisk/autoban.conf says so",
        ),
        ("chmod 0 {conf}/autoban.conf", "off: /etc/asterisk/autoban.conf cannot be read"),
    ],
)
def test_switched_off_it_is_idle_and_well(own: Pbx, script: str, line: str) -> None:
    own.run(script.format(conf=CONF))
    own.run("sv restart autoban")
    wait_for(lambda: len(lines(own, line)) == 1, seconds=10, otherwise="nothing said")
    own.await_health()
    assert "autoban" not in own.run("nft list tables")
    status, output = said(own)
    assert status == 1
    assert "Is it on?" in output
    own.container.stop(timeout=10)
    assert own.await_end() == 0


def test_a_mistake_in_the_file_is_told_and_the_rest_holds(own: Pbx, attacker: Attacker) -> None:
    own.run(f"sed -i 's/^jailtime.*/jailtime = soon/' {CONF}/autoban.conf; sv restart autoban")
    at_work(own)
    assert lines(own, "jailtime = soon: give seconds, or a time such as 1d2h3m4s; taking 20m")
    assert caught(guess(attacker, own, 30))


def test_damaged_state_is_set_aside(own: Pbx) -> None:
    own.run("sv stop autoban; echo 'table x {}' > /var/lib/nftables/autoban.nft; sv start autoban")
    at_work(own)
    assert lines(own, "set aside as autoban.nft.unread")
    assert own.is_well()


def test_an_orderly_stop_takes_the_table_away(own: Pbx) -> None:
    own.run("nft add table inet other; sv stop autoban")
    tables = own.run("nft list tables")
    assert "inet autoban" not in tables
    assert "inet other" in tables


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


def test_in_the_hosts_network_it_touches_its_own_table_only(
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
    await_kept(pbx, attacker)
    pbx.container.kill()
    assert guess(attacker, host, 1) == [None]
    pbx.container.start()
    at_work(pbx)
    assert attacker.address() in members(pbx)
    pbx.container.stop(timeout=10)
    assert host.run(ruleset) == before


def test_the_command_is_for_root_and_asterisk(own: Pbx) -> None:
    own.run("autoban", user="asterisk")
    result = own.container.exec_run(["autoban"], user="nobody")
    assert result.exit_code == 1
    assert b"only root and user asterisk" in result.output


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["help"], 0, "autoban add whitelist = 192.168.0.0/16"),
        (["--json"], 0, '"members"'),
        (["list", "whitelist,blacklist"], 0, ""),
        (["frobnicate"], 64, "there is no 'frobnicate'"),
        (["del", "192.0.2.1"], 64, "autoban del jail = 192.0.2.1"),
        (["list", "prison"], 64, "there is no set 'prison'"),
        (["show", "me"], 64, "show takes --json"),
        (["stats", "me"], 64, "stats takes --json or --prometheus"),
        (["add", "jail", "=", "127.0.0.1"], 64, "never jailed"),
    ],
)
def test_the_command_says_what_it_did_or_why_not(
    pbx: Pbx, words: list[str], status: int, text: str
) -> None:
    assert (status, text in said(pbx, *words)[1]) == (said(pbx, *words)[0], True)
