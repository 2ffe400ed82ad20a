"""The first start, later starts, and volumes of all kinds."""

import os
import re
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.pbx import Pbx

from .conftest import Start

once = pytest.mark.image("mini", once=True)

SECRET = re.compile(r"^inbound_auth/password = (\S+)$", re.MULTILINE)
CONF = "/srv/etc/asterisk"


def passwords(pbx: Pbx) -> list[str]:
    return SECRET.findall(pbx.run(f"cat {CONF}/pjsip_endpoint.conf"))


def mount(source: str | Path, target: str = "/srv") -> dict[str, Any]:
    return {"volumes": {str(source): {"bind": target, "mode": "rw"}}}


def test_a_fresh_volume_is_filled_with_the_samples(pbx: Pbx) -> None:
    samples = set(pbx.run("ls /usr/share/asterisk/config").split())
    assert set(pbx.run(f"ls {CONF}").split()) == samples
    assert {"extensions.conf", "pjsip_endpoint.conf", "modules.conf"} <= samples


def test_placeholders_became_secrets(pbx: Pbx) -> None:
    assert pbx.run(f"grep -r @SECRET {CONF} || true") == ""
    secrets = passwords(pbx)
    assert len(secrets) == len(set(secrets)) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{20,}", secret) for secret in secrets)


def test_no_two_installations_share_a_secret(start: Start) -> None:
    assert not set(passwords(start())) & set(passwords(start()))


def test_the_first_start_says_where_the_passwords_are(pbx: Pbx) -> None:
    first = [line for line in pbx.logs().splitlines() if "pjsip_endpoint.conf" in line]
    assert len(first) == 1
    assert CONF in first[0]


def test_the_sample_that_the_user_starts_from_is_kept(pbx: Pbx) -> None:
    for name in ("extensions.conf", "pjsip_endpoint.conf"):
        pbx.run(f"cmp {CONF}/{name} {CONF}/.sample/{name}")


@once
def test_an_existing_configuration_is_not_touched(start: Start, volume: str) -> None:
    first = start(**mount(volume))
    first.run(f"echo '; mine' >> {CONF}/extensions_local.conf; rm {CONF}/features.conf")
    before = first.run(f"cd {CONF} && find . -type f -exec sha256sum {{}} + | sort")
    first.container.stop()
    second = start(**mount(volume))
    assert second.run(f"cd {CONF} && find . -type f -exec sha256sum {{}} + | sort") == before
    assert "new configuration" not in second.logs()


@once
def test_one_file_of_the_user_is_a_configuration(start: Start, folder: Path) -> None:
    (folder / "etc/asterisk").mkdir(parents=True)
    (folder / "etc/asterisk/mine.conf").write_text("; mine\n")
    pbx = start(wait=False, **mount(folder))
    pbx.container.stop(timeout=5)
    assert [p.name for p in (folder / "etc/asterisk").iterdir()] == ["mine.conf"]
    assert (folder / "etc/asterisk/mine.conf").read_text() == "; mine\n"


def test_an_empty_folder_of_the_host_works(start: Start, folder: Path) -> None:
    start(**mount(folder))
    assert (folder / "etc/asterisk/pjsip.conf").exists()


@once
def test_a_folder_of_another_user_works(start: Start, folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    folder.chmod(0o700)
    start(**mount(folder))


@once
def test_files_of_another_user_stay_theirs_and_are_read(start: Start, folder: Path) -> None:
    start(**mount(folder)).container.stop()
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    endpoint = folder / "etc/asterisk/pjsip_endpoint.conf"
    endpoint.chmod(0o600)
    before = endpoint.read_text()
    pbx = start(**mount(folder))
    assert endpoint.read_text() == before
    assert endpoint.stat().st_uid == 12345
    assert "john.doe" in pbx.asterisk("pjsip show endpoints")
    assert pbx.run("find /srv/var/spool/asterisk ! -user asterisk") == ""


@once
def test_a_volume_for_the_configuration_alone_works(start: Start, volume: str) -> None:
    first = start(**mount(volume, "/etc/asterisk"))
    before = passwords(first)
    first.container.stop()
    assert passwords(start(**mount(volume, "/etc/asterisk"))) == before


@once
def test_seeding_ignores_files_of_the_file_system(start: Start, folder: Path) -> None:
    (folder / "etc/asterisk/lost+found").mkdir(parents=True)
    start(**mount(folder))
    assert (folder / "etc/asterisk/pjsip.conf").exists()


def test_a_read_only_root_works(start: Start) -> None:
    start(read_only=True, tmpfs={"/run": "", "/tmp": ""})


@once
def test_seeding_that_was_interrupted_starts_again(start: Start, folder: Path) -> None:
    left = folder / "etc/asterisk/.seeding"
    left.mkdir(parents=True)
    (left / "pjsip.conf").write_text("; half of it\n")
    start(**mount(folder))
    assert "half" not in (folder / "etc/asterisk/pjsip.conf").read_text()
    assert not left.exists()


@once
def test_a_seeding_that_was_complete_goes_on(start: Start, folder: Path) -> None:
    start(**mount(folder)).container.stop()
    conf = folder / "etc/asterisk"
    before = {p.name: p.read_text() for p in conf.glob("*.conf")}
    (conf / ".seeded").mkdir()
    for name in list(before)[::2]:  # some had moved when it was killed, others had not
        (conf / name).rename(conf / ".seeded" / name)
    start(**mount(folder))
    assert {p.name: p.read_text() for p in conf.glob("*.conf")} == before
    assert not (conf / ".seeded").exists()


@once
@pytest.mark.parametrize("delay", [0.1, 0.2, 0.3, 0.4, 0.6])
def test_seeding_recovers_from_a_kill_at_any_moment(
    start: Start, folder: Path, delay: float
) -> None:
    pbx = start(wait=False, **mount(folder))
    pbx.run(f"sleep {delay}")
    pbx.container.kill()
    pbx = start(**mount(folder))
    samples = set(pbx.run("ls /usr/share/asterisk/config").split())
    assert set(pbx.run(f"ls {CONF}").split()) == samples
    assert len(passwords(pbx)) == 2


@once
def test_seeding_on_a_full_disk_stops_the_start_and_is_repeated(start: Start) -> None:
    small = docker.types.Mount("/srv", None, type="tmpfs", tmpfs_size=48 << 10)
    pbx = start(wait=False, mounts=[small])
    assert pbx.await_end() != 0
    assert "20-seed failed with exit status" in pbx.logs()
    assert "No space left" in pbx.logs()
