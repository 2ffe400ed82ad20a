"""Certificates change while people talk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from factory.waiting import wait_for
from fixtures.softphone import Account, Phone, RegistrationError
from fixtures.traefik import Authority, Issued, acme_json, rewrite
from tests.pbx import Pbx

from .lab import Visit
from .talk import LONGEST_GAP, assert_talk, connect, gap_since, hum

pytestmark = pytest.mark.image("base")

HOST = "pbx.example.com"
ALICE = Account("alice", "of-alice", "+12025550141")
BOB = Account("bob", "of-bob", "+12025550142")
CAROL = Account("carol", "of-carol", "+12025550143")

StartPbx = Callable[..., Pbx]


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Where Traefik keeps its certificates; there is no file yet."""
    folder = tmp_path / "acme"
    folder.mkdir()
    return folder / "acme.json"


@pytest.fixture
def start(lab: Visit) -> StartPbx:
    """Starts a PBX that mounts something: start("/host/folder:/acme")."""
    if lab.lab.target.container:
        pytest.skip("starts containers of its own, of an image")

    def start(mount: str) -> Pbx:
        return lab.another_pbx("encrypted", hostname=HOST, volumes=[mount])

    return start


def register(lab: Visit, pbx: Pbx, *accounts: Account, ca: str = "") -> list[Phone]:
    phones = [lab.phones.phone(account.user) for account in accounts]
    for phone, account in zip(phones, accounts, strict=True):
        phone.register(account, pbx.address(), transport="tls", srtp="sdes-optional", ca=ca)
    return phones


def await_certificate(pbx: Pbx, expected: Issued, seconds: float = 15) -> float:
    """Waits until a new connection is shown a certificate; returns how long that took."""
    begin = time.monotonic()
    wait_for(
        lambda: x509.load_pem_x509_certificate(pbx.certificate()).serial_number,
        lambda serial: serial == expected.serial,
        seconds=seconds,
        otherwise=f"the certificate did not come into use; the log: {pbx.logs()}",
    )
    return time.monotonic() - begin


def services(pbx: Pbx) -> list[str]:
    """The services with their process ids."""
    return [line.split(")")[0] for line in pbx.run("sv status /etc/service/*").splitlines()]


@pytest.mark.parametrize("mounted", ["folder", "file"])
def test_a_call_goes_on_while_the_certificate_changes(
    lab: Visit,
    start: StartPbx,
    acme: Path,
    authority: Authority,
    mounted: str,
    record_property: Callable[[str, object], None],
) -> None:
    rewrite(acme, acme_json({HOST: authority.issue(HOST)}))
    pbx = start(f"{acme.parent}:/acme" if mounted == "folder" else f"{acme}:/acme/acme.json")
    first = x509.load_pem_x509_certificate(pbx.certificate())
    assert first.issuer != first.subject
    running = services(pbx)
    alice, bob = register(lab, pbx, ALICE, BOB)
    made, taken = connect(alice, bob)
    assert_talk(alice, bob)
    assert made.encryption()
    assert taken.encryption()
    since = hum(alice, bob)

    renewed = authority.issue(HOST, pbx.address())
    rewrite(acme, acme_json({HOST: renewed}))
    record_property("certificate_change_ms", round(1000 * await_certificate(pbx, renewed)))

    over_ipv6 = x509.load_pem_x509_certificate(pbx.certificate("[::1]:5061"))
    assert over_ipv6.serial_number == renewed.serial
    (carol,) = register(lab, pbx, CAROL, ca=authority.certificate)
    gap = gap_since(since, alice, bob)
    record_property("longest_gap_ms", round(1000 * gap))
    assert gap <= LONGEST_GAP
    assert services(pbx) == running
    # The connections from before the change go on, too.
    alice.hang_up()
    taken.ended()
    connect(carol, alice)
    assert_talk(carol, alice)


def test_a_gap_would_be_noticed(lab: Visit, start: StartPbx, acme: Path) -> None:
    """Shows that the test above would fail if the PBX were held up for half a second."""
    pbx = start(f"{acme.parent}:/acme")
    alice, bob = register(lab, pbx, ALICE, BOB)
    connect(alice, bob)
    assert_talk(alice, bob)
    since = hum(alice, bob)
    asterisk = pbx.pid("asterisk")
    pbx.run(f"kill -STOP {asterisk}; sleep 0.5; kill -CONT {asterisk}")
    seconds = time.monotonic() - since
    assert alice.longest_gap(bob.tone, seconds) > LONGEST_GAP
    assert bob.longest_gap(alice.tone, seconds) > LONGEST_GAP


def test_a_phone_that_verifies_refuses_a_certificate_of_somebody_else(
    lab: Visit, start: StartPbx, acme: Path, authority: Authority
) -> None:
    """Shows that the phone above, which registers, has verified."""
    pbx = start(f"{acme.parent}:/acme")
    with pytest.raises(RegistrationError):
        register(lab, pbx, CAROL, ca=authority.certificate)


def test_a_phone_that_verified_takes_any_certificate_again(
    lab: Visit, start: StartPbx, acme: Path, authority: Authority
) -> None:
    pbx = start(f"{acme.parent}:/acme")
    with pytest.raises(RegistrationError):
        register(lab, pbx, CAROL, ca=authority.certificate)
    lab.phones.phones[-1].register(CAROL, pbx.address(), transport="tls")
