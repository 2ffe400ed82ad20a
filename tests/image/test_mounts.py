"""What people mount: their own certificate, a folder of theirs, files that only root may read."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography import x509

from fixtures.traefik import Authority
from tests.pbx import Pbx

from .conftest import Start

HOST = "pbx.example.com"
once = pytest.mark.image("base", once=True)


def owners(*paths: Path) -> list[tuple[int, int, int]]:
    stats = [path.lstat() for path in paths]
    return [(stat.st_uid, stat.st_gid, S_IMODE(stat.st_mode)) for stat in stats]


def served(pbx: Pbx) -> int:
    return x509.load_pem_x509_certificate(pbx.certificate()).serial_number


@once
@pytest.mark.parametrize("mode", ["ro", "rw"])
@pytest.mark.parametrize("as_folder", [False, True], ids=["files", "folder"])
def test_own_certificate_of_roots_is_served_and_stays_as_it_is(
    start: Start, tmp_path: Path, mode: str, *, as_folder: bool
) -> None:
    issued = Authority().issue(HOST)
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    certificate, key = folder / "cert.pem", folder / "priv_key.pem"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    key.chmod(0o600)
    before = owners(folder, certificate, key)
    place = "/etc/ssl/asterisk"
    mounts = [f"{certificate}:{place}/cert.pem:{mode}", f"{key}:{place}/priv_key.pem:{mode}"]
    if as_folder:
        mounts = [f"{folder}:{place}:{mode}"]
    pbx = start(hostname=HOST, volumes=mounts)
    assert served(pbx) == issued.serial
    pbx.container.restart(timeout=30)
    pbx.await_health()
    assert served(pbx) == issued.serial
    assert owners(folder, certificate, key) == before
    assert key.read_bytes() == issued.key


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_folder_of_a_user_of_the_host_is_the_volume(
    start: Start, folder: Path, mode: int
) -> None:
    """As `mkdir srv; docker run -v ./srv:/srv` makes it."""
    os.chown(folder, 1000, 1000)
    folder.chmod(mode)
    pbx = start(volumes=[f"{folder}:/srv"])
    pbx.container.restart(timeout=30)
    pbx.await_health()
    # Whose home it is still gets in.
    assert owners(folder)[0][2] & 0o700 == 0o700
    assert (folder / "etc/asterisk/pjsip.conf").exists()


@once
@pytest.mark.parametrize("owner", [0, 1000])
@pytest.mark.parametrize("target", ["/srv/etc/asterisk", "/etc/asterisk"])
def test_files_of_the_configuration_that_are_for_their_owner_alone_are_read(
    start: Start, folder: Path, owner: int, target: str
) -> None:
    start(volumes=[f"{folder}:{target}"]).container.stop()
    files = [path for path in folder.iterdir() if path.is_file()]
    for path in (folder, *files):
        os.chown(path, owner, owner)
    for path in files:
        path.chmod(0o600)
    before = {path: path.read_bytes() for path in files}
    pbx = start(volumes=[f"{folder}:{target}"])
    assert "john.doe" in pbx.asterisk("pjsip show endpoints")
    assert {path: path.read_bytes() for path in files} == before
    assert {path.stat().st_uid for path in files} == {owner}
