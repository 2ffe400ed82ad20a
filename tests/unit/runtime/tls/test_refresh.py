"""One run from ACME_FILE to the files that Asterisk uses."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from pbx.tls import kept, pair_files, refresh, state
from pbx.tls.asterisk import AsteriskError
from pbx.tls.digest import digest
from pbx.tls.given import Given, encode
from pbx.tls.paths import TlsPaths
from pbx.tls.self_signed import CertificateSettings, make_certificate

from fixtures.traefik import Authority, Issued, acme_json, rewrite

Printed = pytest.CaptureFixture[str]
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
HOST = "pbx.example.com"
AUTHORITY = Authority()
OWN = Authority().issue("own.example")
LEFT_TO_US = encode(Given(yours="/folder/of/asterisk", own_yours="/folder/of/asterisk"))
"""What the reader says of files that user asterisk can replace: they are read by us."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders of a container in which Asterisk does not run."""
    for name in ("kept", "used", "run/asterisk"):
        (tmp_path / name).mkdir(parents=True)
    for name, value in {
        "ACME_FILE": str(tmp_path / "acme.json"),
        "DOCKER_ACME_SSL_DIR": str(tmp_path / "kept"),
        "DOCKER_AST_SSL_DIR": str(tmp_path / "used"),
        "DOCKER_RUN_DIR": str(tmp_path / "run"),
        "HOSTNAME": HOST,
        "TLS_KEYBITS": "ec256",
        "TLS_CERTDAYS": "30",
        "SYSLOG_LEVEL": "7",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(refresh, "receive", lambda *_: LEFT_TO_US)
    return tmp_path


def run(*arguments: str) -> int:
    """Run once, with what the reader passed on."""
    return refresh.main([*arguments, "--given"])


def use(here: Path, issued: Issued) -> None:
    (here / "used" / pair_files.CERTIFICATE).write_bytes(issued.certificate)
    (here / "used" / pair_files.KEY).write_bytes(issued.key)


def used(here: Path) -> Issued:
    certificate, key = pair_files.in_use(here / "used")
    assert certificate is not None
    assert key is not None
    return Issued(certificate, key)


def offer(here: Path, **issued: Issued) -> None:
    rewrite(here / "acme.json", acme_json({n.replace("_", "."): i for n, i in issued.items()}))


def names(here: Path, folder: str) -> list[str]:
    found = (here / folder).rglob("*")
    return sorted(str(p.relative_to(here / folder)) for p in found if p.is_file())


def test_refresh_repeated_changes_and_says_nothing(here: Path, capsys: Printed) -> None:
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    run()
    before = {p: p.stat().st_mtime_ns for p in (here / "used").iterdir()}
    capsys.readouterr()
    assert run() == 0
    assert {p: p.stat().st_mtime_ns for p in (here / "used").iterdir()} == before
    assert capsys.readouterr().out == ""


KEPT = ["certs/pbx.example.com.crt", "private/pbx.example.com.key"]
OF_OTHERS = ["certs/other.example.crt", "private/other.example.key"]


@pytest.mark.parametrize(
    ("contents", "warning"),
    [
        (b"{", "it is not JSON"),
        (acme_json({HOST: AUTHORITY.issue(HOST, end=NOW)}), "no valid certificate for"),
        (acme_json({"a.example": AUTHORITY.issue("a.example")}), "only for a.example"),
    ],
)
def test_refresh_of_a_useless_acme_file_keeps_what_is_in_use_and_says_why(
    here: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch, contents: bytes, warning: str
) -> None:
    monkeypatch.setattr(refresh, "TIMEOUT_SECONDS", 0)
    before = AUTHORITY.issue(HOST)
    offer(here, pbx_example_com=before)
    run()
    capsys.readouterr()
    rewrite(here / "acme.json", contents)
    assert run() == 0
    assert used(here) == before
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert warning in lines[0]
    assert str(here / "acme.json") in lines[0]


def test_refresh_counts_many_problems(here: Path, capsys: Printed) -> None:
    bad = Issued(OWN.certificate, AUTHORITY.issue(HOST).key)
    rewrite(here / "acme.json", acme_json({f"{n}.example": bad for n in range(30)}))
    run()
    out = capsys.readouterr().out
    assert out.count("left out: ") == 11
    assert "left out: 20 more" in out


@pytest.mark.parametrize(
    ("end", "level", "text"),
    [(NOW + DAY, "5", "ends on"), (NOW - DAY, "4", "is over since")],
)
def test_refresh_warns_each_time_that_the_users_own_ends(
    here: Path,
    capsys: Printed,
    monkeypatch: pytest.MonkeyPatch,
    end: datetime.datetime,
    level: str,
    text: str,
) -> None:
    monkeypatch.setenv("SYSLOG_LEVEL", level)
    own = Authority().issue("own.example", start=NOW - 99 * DAY, end=end)
    use(here, own)
    for _ in range(2):
        assert run() == 0
        assert text in capsys.readouterr().out
    assert used(here) == own
    monkeypatch.setenv("SYSLOG_LEVEL", str(int(level) - 1))
    run()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["cert.pem", "priv_key.pem"])
def test_refresh_of_one_half_stops_the_start(here: Path, name: str, capsys: Printed) -> None:
    (here / "used" / name).write_text("lone")
    assert run("--start") == 1
    assert (here / "used" / name).read_text() == "lone"
    out = capsys.readouterr().out
    assert "one is there without the other; put the right ones there, or remove both" in out


def test_refresh_completes_an_interrupted_change(here: Path, capsys: Printed) -> None:
    use(here, Issued(OWN.certificate, AUTHORITY.issue(HOST).key))
    made = Issued(*make_certificate(CertificateSettings(HOST, "ec256"), NOW))
    (here / "used" / "priv_key.pem").write_bytes(made.key)
    (here / "used" / ".cert.pem.new").write_bytes(made.certificate)
    assert run("--start") == 0
    assert used(here) == made
    assert "completed an interrupted change of" in capsys.readouterr().out


def test_refresh_on_a_full_disk_keeps_what_is_in_use(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    use(here, OWN)
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", ".cert.pem.new")

    monkeypatch.setattr(pair_files, "use", full)
    assert run("--start") == 0
    assert run() == 1  # to be tried again
    assert used(here) == OWN
    said = [x for x in capsys.readouterr().out.splitlines() if "user's: kept as" not in x]
    assert len(said) == 2  # and no line claims what was not done
    assert all("certificates: .cert.pem.new: No space left on device" in line for line in said)
    for path in (here / "used").iterdir():
        path.unlink()
    assert run("--start") == 1


def listen(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """An Asterisk that does as it is told; returns on which consoles that was."""
    told: list[Path] = []

    def reload(path: Path) -> bool:
        told.append(path)
        return True

    monkeypatch.setattr(refresh, "reload_certificate", reload)
    return told


def test_refresh_tells_asterisk_once_of_each_change(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    told = listen(monkeypatch)
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    run()
    run()
    assert told == [here / "run/asterisk/asterisk.ctl"]
    assert "Asterisk uses the certificate from now on" in capsys.readouterr().out
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    run()
    assert len(told) == 2


def test_refresh_tells_asterisk_also_if_the_rest_cannot_be_kept(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    told = listen(monkeypatch)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "update", full)
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    for _ in range(2):
        assert run() == 1  # to be tried again
    assert len(told) == 1
    assert f"certificates: {here / 'used'}: No space left on device" in capsys.readouterr().out


def test_refresh_tells_asterisk_again_if_it_did_not_listen(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    def deaf(_: Path) -> bool:
        raise AsteriskError("no answer")

    with monkeypatch.context() as change:
        change.setattr(refresh, "reload_certificate", deaf)
        assert run() == 0
    assert "Asterisk does not reload it: no answer" in capsys.readouterr().out
    assert state.load(here / "run/asterisk").due == 0
    told = listen(monkeypatch)
    run()
    assert len(told) == 1
    assert state.load(here / "run/asterisk").due > NOW.timestamp()


def test_refresh_notes_for_watch_what_was_seen(here: Path) -> None:
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    run()
    noted = json.loads((here / "run/asterisk/certificates.json").read_text())
    assert noted["seen"] == digest(LEFT_TO_US, TlsPaths.of(os.environ))


def test_refresh_keeps_all_domains_if_a_setting_asks_for_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEEP", "all")
    offer(
        here, other_example=AUTHORITY.issue("other.example"), pbx_example_com=AUTHORITY.issue(HOST)
    )
    run()
    assert names(here, "kept") == [kept.LIST, *sorted(OF_OTHERS + KEPT)]
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    run()
    assert names(here, "kept") == [kept.LIST, *sorted(OF_OTHERS + KEPT)]
    monkeypatch.setenv("ACME_KEEP", "")
    run()
    assert names(here, "kept") == [kept.LIST, *KEPT]


def test_refresh_removes_what_traefik_drops_and_keeps_it_in_use(
    here: Path, capsys: Printed
) -> None:
    fitting = AUTHORITY.issue(HOST)
    offer(here, pbx_example_com=fitting)
    run()
    offer(here, other_example=AUTHORITY.issue("other.example"))
    run()
    assert names(here, "kept") == [kept.LIST]
    assert used(here) == fitting
    later = AUTHORITY.issue(HOST)
    offer(here, pbx_example_com=later)
    capsys.readouterr()
    run()
    assert used(here) == later
    assert names(here, "used") == ["cert.pem", "priv_key.pem"]  # it was not taken for the user's


def test_refresh_for_another_host_name_drops_what_it_does_not_need(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(
        here, other_example=AUTHORITY.issue("other.example"), pbx_example_com=AUTHORITY.issue(HOST)
    )
    run()
    (here / "acme.json").unlink()
    run()
    assert names(here, "kept") == [kept.LIST, *KEPT]  # in doubt it stays
    monkeypatch.setenv("HOSTNAME", "other.example")
    run()
    assert names(here, "kept") == [kept.LIST]


def from_earlier(here: Path, domain: str, issued: Issued, modes: tuple[int, int]) -> None:
    """Writes what a version without a list wrote."""
    for name, data, mode in zip(
        kept.names(domain), (issued.certificate, issued.key), modes, strict=True
    ):
        path = here / "kept" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)


def test_refresh_removes_keys_of_an_earlier_version_but_none_of_the_user(here: Path) -> None:
    fitting = AUTHORITY.issue(HOST)
    from_earlier(here, HOST, fitting, (0o640, 0o600))
    from_earlier(here, "other.example", AUTHORITY.issue("other.example"), (0o640, 0o600))
    from_earlier(here, "own.example", OWN, (0o644, 0o600))
    from_earlier(here, "named.example", OWN, (0o640, 0o600))
    from_earlier(here, "crossed.example", Issued(OWN.certificate, fitting.key), (0o640, 0o600))
    offer(here, pbx_example_com=fitting)
    run()
    domains = sorted([HOST, "own.example", "named.example", "crossed.example"])
    assert names(here, "kept") == [
        kept.LIST,
        *(f"certs/{domain}.crt" for domain in domains),
        *(f"private/{domain}.key" for domain in domains),
    ]


def test_refresh_keeps_a_file_that_the_user_changed(here: Path) -> None:
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    run()
    (here / "kept" / KEPT[1]).write_bytes(OWN.key)
    offer(here, other_example=AUTHORITY.issue("other.example"))
    run()
    assert names(here, "kept") == [kept.LIST, KEPT[1]]


@pytest.fixture
def mounted(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a pair that variables name."""
    folder = here / "mounted"
    folder.mkdir()
    monkeypatch.setenv("TLS_CERT_FILE", str(folder / "fullchain.pem"))
    monkeypatch.setenv("TLS_KEY_FILE", str(folder / "privkey.pem"))
    return folder


def mount(folder: Path, issued: Issued) -> None:
    (folder / "fullchain.pem").write_bytes(issued.certificate)
    (folder / "privkey.pem").write_bytes(issued.key)


def test_refresh_prefers_a_mounted_pair(here: Path, mounted: Path) -> None:
    offer(here, pbx_example_com=AUTHORITY.issue(HOST))
    for _ in range(2):  # it is renewed, too
        mount(mounted, issued := Authority().issue("own.example"))
        assert run("--start") == 0
        assert used(here) == issued
    assert names(here, "used") == ["cert.pem", "priv_key.pem"]


def test_refresh_of_a_useless_mounted_pair_never_stops_the_start(
    here: Path, mounted: Path, capsys: Printed
) -> None:
    mount(mounted, OWN)
    run()
    mount(mounted, Issued(OWN.certificate, AUTHORITY.issue(HOST).key))
    assert run("--start") == 0
    out = capsys.readouterr().out
    assert f"the certificate {mounted}/fullchain.pem and its key" in out
    assert "do not belong together" in out
    assert used(here) == OWN


def test_refresh_replaces_a_self_signed_one_from_the_future(here: Path, capsys: Printed) -> None:
    ahead = Issued(*make_certificate(CertificateSettings(HOST, "ec256", 30), NOW + 3650 * DAY))
    use(here, ahead)
    assert run() == 0
    assert used(here) != ahead
    assert "from a time when the clock was ahead" in capsys.readouterr().out


def test_refresh_does_not_wait_without_end_for_the_reader(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(here, OWN)
    monkeypatch.undo()
    read, write = os.pipe()
    with pytest.raises(TimeoutError, match="nothing came"):
        refresh.receive(read, 0.01)
    os.write(write, LEFT_TO_US[:-1])
    with pytest.raises(TimeoutError):
        refresh.receive(read, 0.01)
    os.write(write, LEFT_TO_US[:20])
    os.close(write)
    assert len(refresh.receive(read, 60)) < len(LEFT_TO_US)
    os.close(read)


@pytest.mark.parametrize("frame", [b"", LEFT_TO_US[:-1]])
def test_refresh_reports_that_the_reader_ended(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed, frame: bytes
) -> None:
    use(here, OWN)
    monkeypatch.setattr(refresh, "receive", lambda *_: frame)
    assert run("--start") == 0
    assert used(here) == OWN
    assert "it cannot be read: the reader was interrupted" in capsys.readouterr().out
