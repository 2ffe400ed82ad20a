"""What root types while the container runs, and services that hold a right."""

from __future__ import annotations

import re

import pytest

from factory.waiting import wait_for
from tests.hostile.commands import EVERY
from tests.hostile.conftest import Attack
from tests.hostile.plants import Kind, Plant
from tests.hostile.test_start import CONF, replant
from tests.hostile.victim import Victim

pytestmark = pytest.mark.image("full")

ACME, TLS = "/srv/etc/ssl/acme", "/srv/etc/ssl/asterisk"
PACKAGES = "/usr/lib/python3/dist-packages"
END_WATCH = """
rm -f /run/asterisk/certificates.json
for process in /proc/[0-9]*; do
    if grep -qs 'pbx.tls.[w]atch' $process/cmdline; then kill -9 ${process#/proc/}; fi
done
"""


def test_every_command_of_pbx_is_tried(attack: Attack) -> None:
    victim = attack()

    def listed(command: str) -> set[str]:
        return set(re.findall(r"^    ([a-z]+)  ", victim.run(f"{command} --help"), re.MULTILINE))

    commands = {f"pbx {name}" for name in listed("pbx")}
    assert commands
    for command in sorted(commands):
        below = {f"{command} {name}" for name in listed(command)}
        for wanted in below or {command}:
            assert any(text.startswith(wanted) for text in EVERY), f"{wanted}: never tried"


def test_the_service_of_certificates_writes_through_no_link(attack: Attack) -> None:
    """Finding R1: with the right to write everything it made files in root's folders."""
    victim = attack()
    replant(
        victim,
        Plant(f"{ACME}/private", Kind.LINK, "/etc/health.d"),
        Plant(f"{ACME}/certs", Kind.LINK, "/etc/entrypoint.d"),
    )
    _have_renewed(victim)
    victim.judge()


@pytest.mark.parametrize("target", ["/etc/health.d/planted", "/secret/key"])
def test_the_certificate_in_use_is_written_through_no_link(attack: Attack, target: str) -> None:
    victim = attack()
    names = ("cert.pem", "priv_key.pem")
    replant(victim, *(Plant(f"{TLS}/{name}", Kind.LINK, target) for name in names))
    _have_renewed(victim)
    victim.renew()
    victim.restart()
    victim.await_outcome()
    victim.judge()


def test_a_key_of_roots_is_served_and_kept_nowhere(attack: Attack) -> None:
    """`kept-*.pem` is a copy of what was in use."""
    victim = attack()
    replant(
        victim,
        Plant(f"{TLS}/cert.pem", Kind.LINK, "/secret/key"),
        Plant(f"{TLS}/priv_key.pem", Kind.LINK, "/acme/acme.json"),
        Plant(f"{ACME}/certs/pbx.example.com.crt", Kind.LINK, "/root/canary"),
    )
    _have_renewed(victim)
    victim.restart()
    victim.await_outcome()
    victim.judge()


def test_only_keys_of_its_own_name_are_kept(attack: Attack) -> None:
    """Finding R5: keys of all other sites were copied from acme.json."""
    attack(others=True).judge()


def test_an_upgrade_writes_through_no_link(attack: Attack) -> None:
    """Finding R3: files that were planted as the rest of an upgrade were moved over links."""
    victim = attack()
    victim.run(f"mkdir -p {CONF}/.upgraded/files {CONF}/.upgraded/samples", user="asterisk")
    replant(
        victim,
        Plant(f"{CONF}/.upgraded/files/e.conf", Kind.SCRIPT),
        Plant(f"{CONF}/.upgraded/samples/s.conf", Kind.SCRIPT),
        Plant(f"{CONF}/e.conf", Kind.LINK, f"{PACKAGES}/e.pth"),
        Plant(f"{CONF}/.sample/s.conf", Kind.LINK, "/etc/health.d/10-asterisk"),
    )
    victim.type(
        ["pbx config diff", "pbx config upgrade", "pbx config upgrade --yes", "pbx user list"]
    )
    victim.judge()


def test_an_upgrade_reads_through_no_link(attack: Attack) -> None:
    """Finding R3, the other way round: root's file was copied to user asterisk's."""
    victim = attack()
    victim.run(
        f"cd {CONF} && mkdir -p .upgraded/files .upgraded/samples && : > x.conf && : > y.conf",
        user="asterisk",
    )
    replant(
        victim,
        Plant(f"{CONF}/.upgraded/files/x.conf", Kind.LINK, "/root/canary"),
        Plant(f"{CONF}/.upgraded/files/y.conf", Kind.LINK, "/secret/key"),
        Plant(f"{CONF}/rtp.conf", Kind.LINK, "/root/canary"),
        Plant(f"{CONF}/.sample/rtp.conf", Kind.LINK, "/secret/key"),
    )
    victim.type(["pbx config upgrade", "pbx config upgrade --yes"])
    victim.judge()


@pytest.mark.parametrize("target", ["/secret/key", "/etc/passwd"])
def test_adding_a_user_writes_through_no_link(attack: Attack, target: str) -> None:
    """Finding R3: the account was appended to root's file."""
    victim = attack()
    replant(victim, Plant(f"{CONF}/pjsip_endpoint.conf", Kind.LINK, target))
    victim.type(["pbx user add mallory +12025550111", "pbx user list", "pbx passwords"])
    victim.judge()


def test_folders_of_commands_are_links(attack: Attack) -> None:
    victim = attack()
    replant(
        victim,
        Plant(f"{CONF}/.before-upgrade-1", Kind.LINK, "/etc/health.d"),
        Plant(f"{CONF}/.sample", Kind.LINK, "/root"),
        Plant("/srv/var/spool/asterisk/mail", Kind.LINK, "/etc/health.d"),
        Plant("/srv/var/spool/websms/websms.db", Kind.LINK, "/etc/health.d/planted"),
        Plant("/srv/var/lib/nftables/autoban.nft", Kind.LINK, "/secret/key"),
        Plant("/run/asterisk/certificates.json", Kind.LINK, "/etc/health.d/planted"),
        Plant("/run/asterisk/certificates.lock", Kind.LINK, "/secret/key"),
        Plant("/run/autoban/autoban.prom", Kind.LINK, "/etc/health.d/planted"),
        Plant("/run/websms/planted", Kind.SCRIPT),
    )
    victim.type(EVERY)
    victim.judge()


ENDLESS = "rm -f {0}; nc -lkU {0} < /dev/zero > /dev/null 2>&1"
SILENT = "rm -f {0}; sleep 1000 | nc -lkU {0} > /dev/null 2>&1"
SOCKETS = ("/run/asterisk/asterisk.ctl", "/run/autoban/control", "/run/websms/control")


@pytest.mark.parametrize("server", [ENDLESS, SILENT], ids=["endless", "silent"])
def test_servers_that_user_asterisk_put_there_hold_up_no_command(
    attack: Attack, server: str
) -> None:
    victim = attack()
    for socket in SOCKETS:
        command = ["sh", "-c", server.format(socket)]
        victim.container.exec_run(command, user="asterisk", detach=True)
    wait_for(
        lambda: victim.run("pidof nc").split(),
        lambda numbers: len(numbers) >= len(SOCKETS),
        seconds=20,
        otherwise="the attacker's servers do not run",
    )
    victim.plants += [Plant(socket, Kind.SOCKET) for socket in SOCKETS]
    victim.type(
        [
            "healthcheck",
            "pbx health",
            "autoban",
            "autoban stats",
            "websms queue",
        ]
    )  # Asterisk's own console client waits until it is interrupted; it has no right, either
    victim.judge()


@pytest.mark.parametrize(("kind", "target"), [(Kind.FIFO, ""), (Kind.LINK, "/dev/zero")])
def test_asterisk_that_was_killed_comes_back_whatever_is_in_its_folder(
    attack: Attack, kind: Kind, target: str
) -> None:
    """Root looked into /run/asterisk/logfiles.conf before each start of the service."""
    victim = attack()
    names = ("logfiles.conf", "pjsip_transport6.conf", "language.conf")
    replant(victim, *(Plant(f"/run/asterisk/{name}", kind, target) for name in names))
    victim.run("kill -9 $(pidof asterisk)", user="asterisk")
    victim.await_outcome()
    as_root = "for p in /proc/[0-9]*; do [ ! -O $p ] || tr '\\0' ' ' < $p/cmdline; echo; done"
    holding = [line for line in victim.run(as_root).splitlines() if "logfiles.conf" in line]
    victim.broken += [
        f"broken: root opens nothing of user asterisk's: `{line}`" for line in holding
    ]
    victim.judge()


def _have_renewed(victim: Victim) -> None:
    """Has the service look at a new certificate, started anew by user asterisk itself.

    Waits until it is in use, or the log says why not, or something changed outside.
    """
    served = victim.run(SERVED)
    victim.renew()
    victim.run(END_WATCH, user="asterisk")
    folders = "/etc/health.d /etc/entrypoint.d /root /secret"
    before = victim.run(f"find {folders} | sort")
    wait_for(
        lambda: (
            victim.run(SERVED) != served
            or victim.run(f"find {folders} | sort") != before
            or victim.says_which()
        ),
        seconds=60,
        otherwise="the service did nothing about a new certificate",
    )


SERVED = (
    "timeout 20 openssl s_client -connect 127.0.0.1:5061 < /dev/null 2> /dev/null | "
    "openssl x509 -noout -serial"
)
