"""Which certificate is in use after a start, and what the running container makes of changes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pbx.tls.self_signed import Settings, make_certificate

from factory.waiting import wait_for
from fixtures.traefik import Authority, Issued, acme_json, acme_json_of_version_1, rewrite
from tests.pbx import Pbx

from .conftest import Start

pytestmark = pytest.mark.image("base")
once = pytest.mark.image("base", once=True)

HOST = "pbx.example.com"
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
NEEDED = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
DAC_OVERRIDE = 1 << 1


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Where Traefik keeps its certificates; there is no file yet."""
    folder = tmp_path / "acme"
    folder.mkdir()
    return folder / "acme.json"


def mounting(acme: Path, *more: str) -> dict[str, Any]:
    return {"hostname": HOST, "volumes": [f"{acme.parent}:/acme", *more]}


def used(folder: Path, issued: Issued | None = None) -> Path:
    """What the container uses, in a folder to be mounted; seeded with a pair."""
    path = folder / "etc/ssl/asterisk"
    path.mkdir(parents=True)
    if issued:
        (path / "cert.pem").write_bytes(issued.certificate)
        (path / "priv_key.pem").write_bytes(issued.key)
    return path


def served(pbx: Pbx, port: int = 5061) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pbx.certificate(f"127.0.0.1:{port}"))


def await_served(pbx: Pbx, issued: Issued, port: int = 5061) -> None:
    wait_for(
        lambda: served(pbx, port).serial_number,
        lambda serial: serial == issued.serial,
        seconds=20,
        otherwise=f"the certificate did not come into use; the log: {pbx.logs()}",
    )


def own_lines(pbx: Pbx) -> list[str]:
    """What is in the log of certificates."""
    return [line for line in pbx.logs().splitlines() if "ACME_FILE" in line or "cert" in line]


@pytest.mark.parametrize("write", [acme_json, acme_json_of_version_1])
def test_a_file_that_is_there_at_start_is_used(
    start: Start, acme: Path, authority: Authority, write: Callable[[dict[str, Issued]], bytes]
) -> None:
    issued, other = authority.issue(HOST), authority.issue("*.example")
    rewrite(acme, write({"*.example": other, HOST: issued}))
    pbx = start(**mounting(acme))
    assert served(pbx).serial_number == issued.serial
    listing = pbx.run(
        "cd /etc/ssl && find acme/certs acme/private asterisk/priv_key.pem "
        "-exec stat -c '%U %a %n' {} +"
    )
    assert sorted(listing.splitlines()) == [
        "asterisk 600 acme/private/*.example.key",
        f"asterisk 600 acme/private/{HOST}.key",
        "asterisk 600 asterisk/priv_key.pem",
        "asterisk 640 acme/certs/*.example.crt",
        f"asterisk 640 acme/certs/{HOST}.crt",
        "asterisk 700 acme/private",
        "asterisk 750 acme/certs",
    ]
    assert own_lines(pbx) == []


@once
def test_a_missing_file_is_nothing_to_speak_of(start: Start) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": "7"}, hostname=HOST)
    (line,) = [line for line in own_lines(pbx) if " pbx: " in line]
    assert "made a self-signed certificate for pbx.example.com, 30 days: there was none" in line


@once
@pytest.mark.parametrize("kind", ["truncated", "mismatched", "huge", "folder"])
def test_a_useless_file_does_not_hold_up_the_start_and_is_told_once(
    start: Start, acme: Path, authority: Authority, kind: str
) -> None:
    issued = authority.issue(HOST)
    if kind == "truncated":
        rewrite(acme, acme_json({HOST: issued})[:-10])
    elif kind == "mismatched":
        crossed = Issued(issued.certificate, authority.issue(HOST).key)
        rewrite(acme, acme_json({HOST: crossed}))
    elif kind == "huge":
        rewrite(acme, b"x" * 9_000_000)
    else:
        acme.mkdir()
    pbx = start(**mounting(acme))
    assert served(pbx).issuer == served(pbx).subject
    (line,) = own_lines(pbx)
    assert "ACME_FILE /acme/acme.json" in line


@once
def test_the_users_own_is_kept_beside_what_fits_better(
    start: Start, acme: Path, folder: Path, authority: Authority
) -> None:
    own, issued = Authority().issue("own.example"), authority.issue(HOST)
    used(folder, own)
    pbx = start(**mounting(acme, f"{folder}:/srv"))
    assert served(pbx).serial_number == own.serial
    rewrite(acme, acme_json({HOST: issued}))
    await_served(pbx, issued)
    kept = [path.read_bytes() for path in (folder / "etc/ssl/asterisk").glob("kept-*")]
    assert sorted(kept) == sorted([own.certificate, own.key])


@once
def test_a_key_of_another_certificate_stops_the_start(start: Start, folder: Path) -> None:
    used(folder, Issued(Authority().issue(HOST).certificate, Authority().issue(HOST).key))
    pbx = start(wait=False, volumes=[f"{folder}:/srv"])
    assert pbx.await_end() == 1
    assert "certificate and key do not belong together; put the right ones there" in pbx.logs()


@once
def test_a_useless_setting_stops_the_start_also_when_there_is_a_certificate(
    start: Start, folder: Path
) -> None:
    used(folder, Authority().issue(HOST))
    pbx = start(wait=False, volumes=[f"{folder}:/srv"], environment={"TLS_CERTDAYS": "0"})
    assert pbx.await_end() == 1
    assert "TLS_CERTDAYS is '0': use 1 to 3650 days" in pbx.logs()


def test_the_service_has_one_right_beyond_those_of_asterisk_and_is_small(pbx: Pbx) -> None:
    pid = pbx.run("sv status certificates").partition("(pid ")[2].partition(")")[0]
    lines = pbx.run(f"cat /proc/{pid}/status").splitlines()
    fields = dict(line.split(":\t", 1) for line in lines)
    assert set(fields["Uid"].split()) == set(fields["Gid"].split()) == {"200"}
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == DAC_OVERRIDE
    assert fields["NoNewPrivs"] == "1"
    assert int(fields["VmRSS"].split()[0]) < 30_000
    assert pbx.run(f"cut -d ' ' -f 19 /proc/{pid}/stat") == "10"  # calls go first


def test_without_the_right_to_read_the_file_it_says_so(
    start: Start, acme: Path, authority: Authority
) -> None:
    pbx = start(**mounting(acme))
    pbx.run("sv down certificates")
    rewrite(acme, acme_json({HOST: authority.issue(HOST)}))
    before = served(pbx)
    said = pbx.run(
        "setpriv --bounding-set -dac_override "
        "/usr/local/lib/pbx/with-dac-override python3 -IB -m pbx.tls.refresh"
    )
    assert "it cannot be read: give the container the capability DAC_OVERRIDE" in said
    assert served(pbx) == before


def test_few_rights_and_a_root_that_is_read_only_are_enough(
    start: Start, acme: Path, authority: Authority, volume: str
) -> None:
    first, second = authority.issue(HOST), authority.issue(HOST)
    rewrite(acme, acme_json({HOST: first}))
    options = mounting(acme, f"{volume}:/srv")
    tmpfs = {"/run": "", "/tmp": ""}
    pbx = start(**options, cap_drop=["ALL"], cap_add=NEEDED, read_only=True, tmpfs=tmpfs)
    assert served(pbx).serial_number == first.serial
    rewrite(acme, acme_json({HOST: second}))
    await_served(pbx, second)


@once
def test_a_folder_that_appears_later_is_noticed(start: Start, authority: Authority) -> None:
    pbx = start(hostname=HOST)
    issued = authority.issue(HOST)
    text = acme_json({HOST: issued}).decode()
    pbx.run(f"mkdir /acme && cat > /acme/acme.json << 'END OF FILE'\n{text}\nEND OF FILE")
    await_served(pbx, issued)


@once
def test_half_a_file_is_told_once_and_its_other_half_used(
    start: Start, acme: Path, authority: Authority
) -> None:
    rewrite(acme, b"")
    pbx = start(**mounting(acme))
    issued = authority.issue(HOST)
    text = acme_json({HOST: issued})
    rewrite(acme, text[:500])
    wait_for(lambda: own_lines(pbx), seconds=20, otherwise="nothing was said of half a file")
    with acme.open("ab") as file:
        file.write(text[500:])
    await_served(pbx, issued)
    (line,) = own_lines(pbx)
    assert "it is not JSON" in line
    assert "what was in use stays in use" in line


@once
def test_a_self_signed_certificate_is_renewed_while_it_runs(start: Start, folder: Path) -> None:
    """One that lasts three days is due some seconds after the start."""
    life, third = 3 * DAY + HOUR, (3 * DAY + HOUR) / 3  # it begins an hour before it is made
    renewal = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=12)
    begin = renewal - (life - third)
    old = Issued(*make_certificate(Settings(HOST, "ec256", 3), begin + HOUR))
    used(folder, old)
    environment = {"SYSLOG_LEVEL": "6"}
    pbx = start(hostname=HOST, volumes=[f"{folder}:/srv"], environment=environment)
    running = services(pbx)
    wait_for(
        lambda: "Asterisk uses the certificate from now on" in pbx.logs(),
        seconds=30,
        otherwise="it was not renewed",
    )
    new = served(pbx)
    assert new.issuer == new.subject
    assert new.not_valid_after_utc - begin > 29 * DAY
    assert services(pbx) == running


def test_https_follows_where_it_is_on(start: Start, acme: Path, authority: Authority) -> None:
    first, second = authority.issue(HOST), authority.issue(HOST)
    rewrite(acme, acme_json({HOST: first}))
    pbx = start(**mounting(acme))
    pbx.run(
        "sed -i -e 's/^enabled = no/enabled = yes/' -e 's/^;tls/tls/' /etc/asterisk/http.conf && "
        "asterisk -rx 'module reload http'"
    )
    await_served(pbx, first, 8089)
    rewrite(acme, acme_json({HOST: second}))
    await_served(pbx, second, 8089)
    assert served(pbx).serial_number == second.serial


def services(pbx: Pbx) -> list[str]:
    """The services with their process ids."""
    return [line.split(")")[0] for line in pbx.run("sv status /etc/service/*").splitlines()]
