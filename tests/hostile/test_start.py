"""A start, with what an earlier life of the container has left in the volume."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from factory.waiting import wait_for
from tests.hostile.conftest import Attack
from tests.hostile.plants import SHELL_CANARY, Kind, Plant
from tests.hostile.verdict import IN_TIME
from tests.hostile.victim import Victim

LIB, CONF, SPOOL = "/srv/var/lib/asterisk", "/srv/etc/asterisk", "/srv/var/spool/asterisk"
KEYS = Plant(f"{LIB}/keys", Kind.LINK, "/etc/service")


def replant(victim: Victim, *plants: Plant) -> None:
    """Plants what has to be possible for the test to mean something."""
    assert victim.plant(plants) == list(plants)


def test_folder_of_keys_that_is_a_link_to_the_services(attack: Attack) -> None:
    """Finding R2: `install -d` as root made a service of user asterisk's."""
    victim = attack()
    replant(victim, KEYS)
    victim.restart()
    victim.await_outcome()
    victim.plant([Plant("/etc/service/stir_shaken/run", Kind.SCRIPT)])
    victim.judge()


CRASHES = """
n=0
while [ $n -lt 5 ]; do
    pid=$(pidof asterisk) && kill -9 $pid && n=$((n + 1))
    sleep 0.2
done
"""


@pytest.mark.image("full")
def test_five_crashes_restart_the_container_on_what_was_planted(attack: Attack) -> None:
    """Finding R2 without an administrator: user asterisk ends itself, the engine restarts."""
    victim = attack(restart_policy={"Name": "unless-stopped"})
    replant(victim, KEYS)
    victim.run(CRASHES, user="asterisk")

    def restarts() -> int:
        victim.container.reload()
        return int(victim.container.attrs["RestartCount"])

    wait_for(restarts, seconds=60, otherwise="the engine did not restart the container")
    victim.await_outcome()
    victim.judge()


@pytest.mark.image("full")
def test_a_read_only_root_starts_whatever_is_planted(attack: Attack) -> None:
    """Finding R2: the start failed for ever, since the link's target could not be written."""
    victim = attack(read_only=True, tmpfs={"/run": "", "/tmp": ""})
    replant(victim, KEYS)
    victim.restart()
    assert victim.await_outcome() in ("healthy", "ended")
    victim.judge()


FOLDERS = {
    "keys/stir_shaken": "/etc/health.d",
    "priv-callerintros": "/root",
    "sounds": "/usr/local/lib/pbx",
    "moh": "/etc/entrypoint.d",
}


def test_folders_that_a_start_makes_are_links(attack: Attack) -> None:
    victim = attack()
    replant(victim, *(Plant(f"{LIB}/{name}", Kind.LINK, to) for name, to in FOLDERS.items()))
    victim.restart()
    victim.await_outcome()
    victim.judge()


@pytest.mark.image("full")
def test_folders_that_a_start_makes_are_links_to_nothing(attack: Attack) -> None:
    victim = attack()
    replant(
        victim,
        *(
            Plant(f"{SPOOL}/{name}", Kind.LINK, f"/etc/entrypoint.d/{name}-made")
            for name in ("dictate", "tmp", "voicemail")
        ),
        Plant("/srv/var/log/asterisk/cdr-csv", Kind.LINK, "/root/made-by-a-start"),
    )
    victim.restart()
    victim.await_outcome()
    victim.judge()


EMPTY = f"cd {CONF} && mkdir /srv/var/lib/asterisk/old && mv .[!.]* * /srv/var/lib/asterisk/old/"


@pytest.mark.parametrize("kind", [Kind.LINK, Kind.UNREADABLE_FOLDER, Kind.FIFO], ids=str)
def test_seeding_that_meets_what_is_planted(attack: Attack, kind: Kind) -> None:
    victim = attack()
    victim.run(EMPTY, user="asterisk")
    target = "/etc/service" if kind is Kind.LINK else ""
    replant(victim, *(Plant(f"{CONF}/{name}", kind, target) for name in (".seeded", ".seeding")))
    victim.restart()
    victim.await_outcome()
    victim.judge()


@pytest.mark.image("full")
def test_seeding_never_moves_a_file_through_a_link(attack: Attack) -> None:
    """`.seeded` holds what is to move up, and the names above it are links."""
    victim = attack()
    victim.run(f"mkdir {CONF}/.seeded {CONF}/.seeded/deep", user="asterisk")
    names = ("new.conf", "deep", "rtp.conf")
    plants = [Plant(f"{CONF}/.seeded/{name}", Kind.SCRIPT) for name in ("new.conf", "rtp.conf")]
    plants += [Plant(f"{CONF}/{name}", Kind.LINK, "/etc/health.d") for name in names]
    replant(victim, *plants)
    victim.restart()
    victim.await_outcome()
    victim.judge()


ENDLESS = ("/dev/zero", "/dev/random", "/dev/full", "/proc/kmsg", "/dev/stdin")


def test_what_is_no_configuration_does_not_hold_up_the_start(attack: Attack) -> None:
    """The start looked whether user asterisk can read everything, by reading everything."""
    victim = attack()
    plants = [
        Plant(f"{folder}/planted-{kind.name}.conf", kind)
        for kind in (Kind.FIFO, Kind.SPARSE, Kind.UNREADABLE_FILE, Kind.DEVICE, Kind.LOOP)
        for folder in (CONF, SPOOL, LIB)
    ]
    plants += [
        Plant(f"{CONF}/planted-{number}.conf", Kind.LINK, target)
        for number, target in enumerate(ENDLESS)
    ]
    replant(victim, *plants)
    victim.restart()
    if victim.await_outcome() != "healthy":
        victim.broken.append(f"broken: {IN_TIME}: nothing that Asterisk needs was touched")
    victim.judge()


@pytest.mark.image("full")
@pytest.mark.parametrize("target", ["/etc", "/etc/service"])
def test_a_folder_of_the_host_that_is_asterisks_as_a_whole(
    attack: Attack, target: str, tmp_path: Path
) -> None:
    """`chown -R 200:200` was our own advice: then the parents of all places are the attacker's.

    The links make /srv/var/lib/asterisk, say, a folder below /etc.
    """
    volume = tmp_path / "volume"
    volume.mkdir()
    os.chown(volume, 200, 200)
    victim = attack(volume=str(volume))
    for path in (volume, volume / "etc", volume / "var", volume / "var/lib", volume / "var/spool"):
        os.chown(path, 200, 200)
    victim.restart()
    victim.await_outcome(healthy=True)
    victim.run("mv /srv/var/lib /srv/old", user="asterisk")
    victim.plant([Plant("/srv/var/lib", Kind.LINK, target), Plant("/srv/etc", Kind.LINK, target)])
    victim.restart()
    victim.await_outcome()
    victim.judge()


@pytest.mark.image("full")
def test_a_hard_link_to_a_file_of_roots_on_the_same_volume_is_not_handed_over(
    attack: Attack, tmp_path: Path
) -> None:
    """Where fs.protected_hardlinks is 0, user asterisk can make one; here the test does."""
    volume = tmp_path / "volume"
    volume.mkdir()
    backup = volume / "backup"
    backup.mkdir(mode=0o700)
    (backup / "key").write_text("root's")
    (backup / "key").chmod(0o600)
    victim = attack(volume=str(volume))
    os.link(backup / "key", volume / SPOOL.removeprefix("/srv/") / "planted")
    victim.plants.append(Plant(f"{SPOOL}/planted", Kind.HARD_LINK, "/srv/backup/key"))
    victim.restart()
    victim.await_outcome()
    stat = (backup / "key").stat()
    if (stat.st_uid, stat.st_gid, stat.st_mode & 0o777) != (0, 0, 0o600):
        victim.broken.append(
            f"broken: files of root's stay root's: /srv/backup/key is {stat.st_uid}:{stat.st_gid}"
            f" {stat.st_mode & 0o777:o} after a start; planted: {victim.plants[0]}"
        )
    victim.judge()


@pytest.mark.parametrize("place", ["/etc/service", "/etc/entrypoint.d", "/etc/health.d"])
@pytest.mark.image("full")
def test_a_mount_that_is_led_elsewhere_is_not_executed(
    attack: Attack, tmp_path: Path, place: str
) -> None:
    """The engine follows links of the volume when it looks for the place of a mount.

    So what user asterisk wrote into a folder that is mounted below its own may lie where root
    executes. The engine makes that place; the container must not execute it.
    """
    music = tmp_path / "music"
    music.mkdir()
    name = "custom" if place == "/etc/service" else "custom.sh"
    target = f"{LIB.removeprefix('/srv')}/sounds/{name}"
    if place == "/etc/service":
        victim = attack(mounts=[f"{music}:{target}"])
        replant(victim, Plant(f"/srv{target}/run", Kind.SCRIPT))
    else:
        (music / "file").write_text("")
        os.chown(music / "file", 200, 200)
        victim = attack(mounts=[f"{music / 'file'}:{target}"])
        victim.run(
            f"printf %s {shlex.quote(SHELL_CANARY)} > {target}; chmod 755 {target}", "asterisk"
        )
    replant(victim, Plant(f"{LIB}/sounds", Kind.LINK, place))
    victim.restart()
    victim.await_outcome()
    victim.judge_executed()
