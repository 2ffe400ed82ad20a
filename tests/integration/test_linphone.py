"""Linphone, which scans what `pbx user phone --linphone` shows."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest
from docker.models.containers import Container

from factory.waiting import wait_for
from fixtures.linphone import Linphone, running_linphone
from fixtures.service import archive
from fixtures.softphone import Account, Phone
from fixtures.traefik.authority import Authority
from tests.pbx import LABELS, Pbx, create_container
from tests.terminal_qr import read_qr

from .lab import Visit

pytestmark = pytest.mark.image("base", only=True)

NUMBER = "+12025550179"
USER = "proof-linus"
OTHER = "+12025550180"
PASSWORD = secrets.token_hex(12)
AUTHORITIES = "authorities.crt"

NewLinphone = Callable[..., Linphone]


@pytest.fixture
def new_linphone(lab: Visit, linphone_image: str) -> Iterator[NewLinphone]:
    """Starts Linphone with a configuration, on the PBX's network."""
    with ExitStack() as phones:

        def start(configuration: str, **files: bytes) -> Linphone:
            linphone = phones.enter_context(
                running_linphone(
                    lab.lab.client,
                    lab.lab.network,
                    image=linphone_image,
                    labels=LABELS,
                    configuration=configuration,
                    tone=lab.phones.draw_tone(),
                    files=files,
                )
            )
            phones.callback(linphone.leave)  # so that it leaves no registration
            return linphone

        yield start


def scanning(address: str, *settings: str) -> str:
    """What an app keeps that has scanned an address, and restarts to read what is there."""
    return "\n".join([f"[misc]\nconfig-uri={address}", *settings, ""])


def offer(
    lab: Visit, pbx: Pbx, stack: ExitStack, *options: str, environment: Mapping[str, str] = {}
) -> tuple[Container, str]:
    """Runs the command beside a PBX, as its manual says; returns it and the address scanned.

    It is in the PBX's network, as with a published port it would be at the same address.
    """
    command = create_container(
        lab.lab.client,
        lab.lab.target.reference,
        stack,
        network_mode=f"container:{pbx.container.id}",
        volumes_from=[pbx.container.id],
        tty=True,
        environment=dict(environment),
        command=["pbx", "user", "phone", USER, "--linphone", *options],
    )
    command.start()
    shown = wait_for(
        lambda: command.logs().decode(),
        lambda text: "waiting" in text,
        seconds=20,
        otherwise="the command did not begin to wait",
    )
    address = re.search(r"^https?://\S+", shown, re.MULTILINE)
    assert address, shown
    assert read_qr(shown) == address[0]
    return command, address[0]


def await_registered(pbx: Pbx, transport: str) -> None:
    pattern = re.compile(rf'sip:{USER}@[^"]*;transport={transport}', re.IGNORECASE)
    wait_for(
        lambda: pbx.asterisk("database show registrar"),  # the other lists cut addresses short
        lambda text: bool(pattern.search(text)),
        seconds=15,
        otherwise=f"Linphone did not register over {transport}",
    )


def await_gone(pbx: Pbx) -> None:
    wait_for(
        lambda: USER in pbx.asterisk("database show registrar"),
        lambda registered: not registered,
        seconds=10,
        otherwise="Linphone left and is registered still",
    )


def assert_both_can_call(bob: Phone, linphone: Linphone, number: str) -> None:
    """Each calls the other, and both hear each other."""
    bob.call(NUMBER).answered()
    assert_talk(bob, linphone)
    linphone.tell(f"call {number}")
    bob.answer()
    assert_talk(bob, linphone)


def assert_talk(bob: Phone, linphone: Linphone) -> None:
    """Both hear each other, in a call that ends with this."""
    assert bob.hears(linphone.tone)
    linphone.listen()
    bob.hang_up()
    wait_for(
        lambda: linphone.heard(bob.tone), seconds=5, otherwise="Linphone did not hear the other"
    )


def pbx_with_certificate(lab: Visit, stack: ExitStack, authority: Authority) -> Pbx:
    """Starts one more PBX on the same network, found there by its container's name."""
    container = create_container(
        lab.lab.client, lab.lab.target.reference, stack, network_mode=None, network=lab.lab.network
    )
    issued = authority.issue(str(container.name))
    files = {
        "etc/ssl/asterisk/cert.pem": issued.certificate,
        "etc/ssl/asterisk/priv_key.pem": issued.key,
        AUTHORITIES: authority.certificate.encode(),
    }
    container.put_archive("/srv", archive(files))
    container.start()
    return Pbx(container).await_boot()


def add_users(pbx: Pbx) -> None:
    """Adds the one that Linphone is for, who insists on encryption, and bob."""
    pbx.run(f"pbx user add {USER} {NUMBER} && pbx user add bob {OTHER}")
    pbx.run(
        f"sed -i -e 's/^inbound_auth.username = {USER}$/&\\n"
        "endpoint\\/media_encryption_optimistic = no/' "
        f"-e '$s/password = .*/password = {PASSWORD}/' /etc/asterisk/pjsip_endpoint.conf"
    )
    pbx.asterisk("module reload res_pjsip.so")
    wait_for(
        lambda: pbx.asterisk(f"pjsip show endpoint {USER}"),
        lambda text: bool(re.search(r"media_encryption_optimistic +: false", text)),
        seconds=10,
        otherwise="the PBX did not take the users",
    )


def test_it_registers_with_what_it_scanned_and_talks(
    lab: Visit, new_linphone: NewLinphone, stack: ExitStack
) -> None:
    account = lab.add_user(USER, NUMBER)
    command, address = offer(lab, lab.pbx, stack, "--server", lab.lab.server())
    assert address.startswith(f"http://{lab.lab.server()}:8088/")
    linphone = new_linphone(scanning(address))
    assert command.wait(timeout=20)["StatusCode"] == 0
    await_registered(lab.pbx, "tcp")
    assert account["password"] not in command.logs().decode()
    assert account["password"] not in linphone.configuration()

    bob = lab.phone("bob")
    assert_both_can_call(bob, linphone, lab.lab.account("bob").number)
    invite = next(m for m in bob.sip if m.text.startswith("INVITE ") and not m.outgoing)
    assert NUMBER in invite.header("From")

    linphone.leave()
    await_gone(lab.pbx)
    linphone.start()  # the document is not there any more
    await_registered(lab.pbx, "tcp")


def test_a_certificate_that_it_trusts_makes_for_encryption_throughout(
    lab: Visit, new_linphone: NewLinphone, stack: ExitStack
) -> None:
    authority = Authority()
    pbx = pbx_with_certificate(lab, stack, authority)
    host = str(pbx.container.name)
    add_users(pbx)
    command, address = offer(
        lab, pbx, stack, "--server", host, environment={"SSL_CERT_FILE": f"/srv/{AUTHORITIES}"}
    )
    assert address.startswith(f"https://{host}:8088/")
    linphone = new_linphone(
        scanning(address, "[sip]", f"root_ca={AUTHORITIES}"),
        **{AUTHORITIES: authority.certificate.encode()},
    )
    assert command.wait(timeout=20)["StatusCode"] == 0
    await_registered(pbx, "tls")
    bob = lab.phones.phone("bob")
    bob.register(Account("bob", PASSWORD, OTHER), pbx.address())
    # The account refuses sound in the clear, both ways.
    assert_both_can_call(bob, linphone, OTHER)


def test_a_certificate_that_it_does_not_trust_is_refused_unless_told_not_to_check(
    lab: Visit, new_linphone: NewLinphone, stack: ExitStack
) -> None:
    lab.add_user(USER, NUMBER)
    options = ("--server", lab.lab.server(), "--transport", "tls")
    command, address = offer(lab, lab.pbx, stack, *options)
    assert "check no certificate of any server" in " ".join(command.logs().decode().split())
    linphone = new_linphone(scanning(address))
    await_registered(lab.pbx, "tls")
    linphone.leave()
    await_gone(lab.pbx)
    wary = linphone.configuration().replace("verify_server_certs=0", "verify_server_certs=1")
    wary = wary.replace("verify_server_cn=0", "verify_server_cn=1")
    refusing = new_linphone(wary)
    wait_for(
        refusing.log,
        lambda text: "Certificate verification failed" in text,
        seconds=15,
        otherwise="Linphone did not look at the certificate",
    )
    assert USER not in lab.pbx.asterisk("database show registrar")
