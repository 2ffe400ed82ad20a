"""Which certificate is in use after a start, and what the running container makes of changes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pbx.tls.self_signed import CertificateSettings, make_certificate

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
        f"asterisk 600 acme/private/{HOST}.key",
        "asterisk 600 asterisk/priv_key.pem",
        f"asterisk 640 acme/certs/{HOST}.crt",
        "asterisk 700 acme/private",
        "asterisk 750 acme/certs",
    ]
    assert own_lines(pbx) == []


@once
def test_missing_certificate_file_is_not_reported(start: Start) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": "7"}, hostname=HOST)
    (line,) = [line for line in own_lines(pbx) if " pbx: " in line]
    assert "made a self-signed certificate for pbx.example.com, 30 days: there was none" in line


@once
@pytest.mark.parametrize("kind", ["truncated", "mismatched", "huge", "folder"])
def test_invalid_certificate_file_is_reported_once_and_does_not_stop_the_start(
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
def test_users_own_certificate_is_kept_beside_a_better_match(
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


def status(pbx: Pbx, pid: str) -> dict[str, str]:
    lines = pbx.run(f"cat /proc/{pid}/status").splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def rights(pbx: Pbx, pid: str) -> tuple[set[str], set[int], str]:
    """Users and groups, capabilities, and whether it can gain any."""
    fields = status(pbx, pid)
    capabilities = {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    return {*fields["Uid"].split(), *fields["Gid"].split()}, capabilities, fields["NoNewPrivs"]


def processes(pbx: Pbx, module: str) -> list[str]:
    """The ids of those that run a module of ours."""
    script = (
        f"for p in /proc/[0-9]*; do grep -qs '{module}' $p/cmdline && echo ${{p#/proc/}}; done; :"
    )
    return [pid for pid in pbx.run(script).split() if pid != "1"]


def watcher(pbx: Pbx) -> str:
    return pbx.run("sv status certificates").partition("(pid ")[2].partition(")")[0]


def test_certificate_reader_does_not_run_without_files_of_other_users(pbx: Pbx) -> None:
    pid = watcher(pbx)
    assert rights(pbx, pid) == ({"200"}, {0}, "1")
    assert processes(pbx, "[p]bx.tls.reader") == []
    assert int(status(pbx, pid)["VmRSS"].split()[0]) < 20_000
    assert pbx.run(f"cut -d ' ' -f 19 /proc/{pid}/stat") == "10"  # calls go first


def test_certificate_reader_alone_has_a_capability_and_asterisk_cannot_inspect_it(
    start: Start, acme: Path, authority: Authority
) -> None:
    rewrite(acme, acme_json({HOST: authority.issue(HOST), "shop": authority.issue("shop")}))
    pbx = start(**mounting(acme))
    assert rights(pbx, watcher(pbx)) == ({"200"}, {0}, "1")
    (reader,) = processes(pbx, "[p]bx.tls.reader")
    assert rights(pbx, reader) == ({"200"}, {DAC_OVERRIDE}, "1")
    for name in ("mem", "fd/1", "environ"):
        looked = pbx.container.exec_run(["head", "-c1", f"/proc/{reader}/{name}"], user="asterisk")
        assert looked.exit_code != 0
        assert b"ermission denied" in looked.output
    pbx.run(f"kill -KILL {reader}", user="asterisk")
    wait_for(
        lambda: processes(pbx, "[p]bx.tls.reader"),
        lambda pids: len(pids) == 1 and pids != [reader],
        seconds=30,
        otherwise="the reader was not started again",
    )


def test_folder_replaced_by_asterisk_leads_nowhere(
    start: Start, acme: Path, authority: Authority
) -> None:
    """A link of user asterisk's to a folder whose programs root runs."""
    rewrite(acme, acme_json({HOST: authority.issue(HOST)}))
    pbx = start(**mounting(acme))
    before = pbx.run("find /etc /usr/local -newer /run/pbx/entrypoint.pid; ls -lR /etc/health.d")
    pbx.run(
        "cd /etc/ssl/acme && mv private old && ln -s /etc/health.d private && "
        "rm -f /run/asterisk/certificates.json",
        user="asterisk",
    )
    pbx.run(f"kill -KILL {watcher(pbx)}", user="asterisk")
    issued = authority.issue(HOST)
    rewrite(acme, acme_json({HOST: issued}))
    await_served(pbx, issued)
    wait_for(
        lambda: "Permission denied" in pbx.logs(), seconds=30, otherwise="nothing is said of it"
    )
    after = pbx.run("find /etc /usr/local -newer /run/pbx/entrypoint.pid; ls -lR /etc/health.d")
    assert after == before


@once
def test_certificate_file_that_cannot_be_read_is_reported(
    start: Start, acme: Path, authority: Authority
) -> None:
    pbx = start(**mounting(acme))
    pbx.run("sv down certificates")
    rewrite(acme, acme_json({HOST: authority.issue(HOST)}))
    acme.chmod(0o600)
    before = served(pbx)
    # As the service, in a container without the capability; ends when a line was printed.
    run = "setpriv --bounding-set -dac_override /etc/service/certificates/run"
    said = pbx.run(f"cd /etc/service/certificates && timeout 60 {run} | head -n 1")
    assert "it cannot be read: give the container the capability DAC_OVERRIDE" in said
    assert served(pbx) == before


@once
def test_file_that_asterisk_could_replace_is_read_without_rights(
    start: Start, folder: Path, authority: Authority
) -> None:
    """Else a link of user asterisk's would show what only root can read."""
    secret = acme_json({HOST: authority.issue(HOST)}).decode()
    (folder / "var/spool").mkdir(parents=True)
    pbx = start(
        hostname=HOST,
        volumes=[f"{folder}:/srv"],
        environment={"ACME_FILE": "/var/spool/asterisk/acme/acme.json"},
    )
    pbx.run(f"umask 077; cat > /root/secret.json << 'END OF FILE'\n{secret}\nEND OF FILE")
    pbx.run(
        "mkdir -p /var/spool/asterisk/acme && cd /var/spool/asterisk/acme && "
        "ln -s /root/secret.json acme.json",
        user="asterisk",
    )
    wait_for(lambda: own_lines(pbx), seconds=60, otherwise="nothing is said of it")
    (line,) = own_lines(pbx)
    assert "must not belong to that user" in line
    assert served(pbx).issuer == served(pbx).subject
    assert pbx.run("find /etc/ssl/acme/ -type f") == ""
    pbx.run(
        "rm acme.json; cp /root/secret.json acme.json; chown asterisk acme.json".replace(
            "acme.json", "/var/spool/asterisk/acme/acme.json"
        )
    )
    wait_for(
        lambda: served(pbx).issuer != served(pbx).subject,
        seconds=90,
        otherwise="a file of asterisk's own is not read",
    )


def test_certificates_for_other_hosts_are_not_kept(
    start: Start, acme: Path, authority: Authority
) -> None:
    issued, shop = authority.issue(HOST), authority.issue("shop.example.com")
    rewrite(acme, acme_json({HOST: issued, "shop.example.com": shop}))
    pbx = start(**mounting(acme))
    listing = "find /etc/ssl/acme/ -name '*.key' | sort"
    assert pbx.run(listing) == f"/etc/ssl/acme/private/{HOST}.key"
    rewrite(acme, acme_json({"shop.example.com": shop}))
    wait_for(
        lambda: pbx.run(listing),
        lambda found: found == "",
        seconds=20,
        otherwise="what Traefik dropped is still there",
    )
    assert served(pbx).serial_number == issued.serial


@once
def test_all_certificates_are_kept_where_a_setting_asks_for_it(
    start: Start, acme: Path, authority: Authority
) -> None:
    rewrite(acme, acme_json({HOST: authority.issue(HOST), "shop": authority.issue("shop")}))
    pbx = start(**mounting(acme), environment={"ACME_KEEP": "all"})
    assert pbx.run("ls /etc/ssl/acme/private").split() == [f"{HOST}.key", "shop.key"]


def own_pair(folder: Path, issued: Issued, key: str = "k.pem") -> None:
    """A pair as an administrator has it: root's, the key for root alone."""
    (folder / "c.pem").write_bytes(issued.certificate)
    (folder / key).write_bytes(issued.key)
    (folder / key).chmod(0o600)


def owners(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {path: path.lstat() for path in [folder, *folder.rglob("*")]}
    return {str(path): (s.st_uid, s.st_gid, s.st_mode) for path, s in found.items()}


@pytest.mark.parametrize("mode", ["ro", "rw"])
@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("place", ["/etc/ssl/asterisk", "/srv/etc/ssl/asterisk"])
def test_mounted_pair_of_root_is_served_as_it_is(
    start: Start,
    folder: Path,
    volume: str,
    authority: Authority,
    mode: str,
    read_only: bool,
    place: str,
) -> None:
    issued = authority.issue("own.example")
    own_pair(folder, issued)
    before = owners(folder)
    mounts = [
        f"{folder}/c.pem:{place}/cert.pem:{mode}",
        f"{folder}/k.pem:{place}/priv_key.pem:{mode}",
        f"{volume}:/srv",
    ]
    tmpfs = {"/run": "", "/tmp": ""} if read_only else {}
    pbx = start(volumes=mounts, read_only=read_only, tmpfs=tmpfs, hostname=HOST)
    assert served(pbx).serial_number == issued.serial
    assert owners(folder) == before
    pbx.container.restart(timeout=10)
    pbx.await_health()
    assert served(pbx).serial_number == issued.serial
    # Written in place, as `cat new.pem > c.pem` does: the mount stays the same file.
    renewed = authority.issue("own.example")
    own_pair(folder, renewed)
    await_served(pbx, renewed)
    assert owners(folder) == before
    assert own_lines(pbx) == []


@once
def test_mounted_folder_of_root_is_served_as_it_is(
    start: Start, folder: Path, authority: Authority
) -> None:
    issued = authority.issue("own.example")
    own_pair(folder, issued, "priv_key.pem")
    (folder / "c.pem").rename(folder / "cert.pem")
    before = owners(folder)
    pbx = start(volumes=[f"{folder}:/etc/ssl/asterisk:ro"], hostname=HOST)
    assert served(pbx).serial_number == issued.serial
    assert owners(folder) == before


@once
def test_empty_folder_mounted_there_keeps_what_is_made(start: Start, volume: str) -> None:
    mounts = [f"{volume}:/etc/ssl/asterisk"]
    made = served(start(volumes=mounts, hostname=HOST))
    assert served(start(volumes=mounts, hostname=HOST)) == made


@once
def test_certbots_folder_is_served_and_followed(
    start: Start, folder: Path, authority: Authority
) -> None:
    live, archive = folder / f"live/{HOST}", folder / f"archive/{HOST}"
    for path in (folder / "live", folder / "archive"):
        path.mkdir(mode=0o700)
    live.mkdir()
    archive.mkdir()

    def renew(number: int) -> Issued:
        issued = authority.issue(HOST)
        for name, data in {"fullchain": issued.certificate, "privkey": issued.key}.items():
            (archive / f"{name}{number}.pem").write_bytes(data)
            (archive / f"{name}{number}.pem").chmod(0o600)
            (live / "new").symlink_to(f"../../archive/{HOST}/{name}{number}.pem")
            (live / "new").rename(live / f"{name}.pem")
        return issued

    first = renew(1)
    names = {
        "TLS_CERT_FILE": f"/etc/letsencrypt/live/{HOST}/fullchain.pem",
        "TLS_KEY_FILE": f"/etc/letsencrypt/live/{HOST}/privkey.pem",
    }
    mounts = [f"{folder}:/etc/letsencrypt:ro"]
    pbx = start(volumes=mounts, hostname=HOST, environment=names)
    assert served(pbx).serial_number == first.serial
    second = renew(2)
    before = owners(folder)
    await_served(pbx, second)
    assert owners(folder) == before
    assert own_lines(pbx) == []


@once
def test_mounted_key_of_another_certificate_does_not_stop_the_start(
    start: Start, folder: Path, authority: Authority
) -> None:
    own_pair(folder, Issued(authority.issue(HOST).certificate, authority.issue(HOST).key))
    place = "/etc/ssl/asterisk"
    mounts = [f"{folder}/c.pem:{place}/cert.pem:ro", f"{folder}/k.pem:{place}/priv_key.pem:ro"]
    pbx = start(volumes=mounts, hostname=HOST)
    (line,) = own_lines(pbx)
    names = f"{place}/cert.pem and its key {place}/priv_key.pem"
    assert f"the certificate {names}: certificate and key do not belong together" in line
    assert served(pbx).issuer == served(pbx).subject


def test_certificates_need_few_capabilities_and_no_writable_root(
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
def test_certificate_file_that_is_half_written_is_reported_once_and_used_when_complete(
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
    old = Issued(*make_certificate(CertificateSettings(HOST, "ec256", 3), begin + HOUR))
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


def test_https_uses_the_new_certificate(start: Start, acme: Path, authority: Authority) -> None:
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
