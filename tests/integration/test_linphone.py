"""Linphone, which scans what `pbx user phone --linphone` shows."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, cast

import docker
import pytest
import trustme
from docker.models.containers import Container

from factory.waiting import wait_for
from fixtures.linphone import Linphone, running_linphone
from fixtures.service import archive
from fixtures.softphone import Phone, Softphones
from tests.pbx import LABELS, Pbx, create_container
from tests.terminal_qr import read_qr

from .lab import Visit
from .talk import connect

pytestmark = pytest.mark.image("base", only=True)

NUMBER = "+12025550179"
USER = "proof-linus"
OWN_AUTHORITIES = "/srv/authorities.crt"

NewLinphone = Callable[..., Linphone]


@pytest.fixture
def new_linphone(lab: Visit, linphone_image: str, stack: ExitStack) -> NewLinphone:
    """Starts Linphone with a configuration, on the PBX's network."""

    def start(configuration: str, **files: bytes) -> Linphone:
        return stack.enter_context(
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

    return start


def scanning(address: str, *settings: str) -> str:
    """What an app keeps that has scanned an address, and restarts to read what is there."""
    return "\n".join([f"[misc]\nconfig-uri={address}", *settings, ""])


def offer(lab: Visit, pbx: Pbx, stack: ExitStack, *options: str) -> tuple[Container, str]:
    """Runs the command beside a PBX, as its manual says; returns it and the address scanned.

    It is in the PBX's network as it would be with a port of the same machine.
    """
    command = create_container(
        lab.lab.client,
        lab.lab.target.reference,
        stack,
        network_mode=f"container:{pbx.container.id}",
        volumes_from=[pbx.container.id],
        tty=True,
        environment={"SSL_CERT_FILE": OWN_AUTHORITIES} if "--trust" in options else {},
        command=[
            "pbx",
            "user",
            "phone",
            USER,
            "--linphone",
            *(o for o in options if o != "--trust"),
        ],
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
    wait_for(
        lambda: pbx.asterisk("database show registrar"),  # the other lists cut addresses short
        lambda text: re.search(rf"sip:{USER}@[^\"]*;transport={transport}", text, re.IGNORECASE),
        seconds=15,
        otherwise=f"Linphone did not register over {transport}",
    )


def assert_talk(bob: Phone, linphone: Linphone) -> None:
    """Both hear each other, in a call that ends with this."""
    assert bob.hears(linphone.tone)
    bob.hang_up()
    wait_for(
        lambda: linphone.heard(bob.tone), seconds=5, otherwise="Linphone did not hear the other"
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
    bob.call(NUMBER).answered()
    assert_talk(bob, linphone)
    linphone.tell(f"call {lab.lab.account('bob').number}")
    bob.answer()
    assert_talk(bob, linphone)
    invite = next(message for message in bob.sip if message.method == "INVITE")
    assert NUMBER in invite.header("From")

    linphone.quit()
    wait_for(
        lambda: USER in lab.pbx.asterisk("pjsip show contacts"),
        lambda registered: not registered,
        seconds=10,
        otherwise="Linphone quit and is registered still",
    )
    linphone.start()  # the document is not there any more
    await_registered(lab.pbx, "tcp")
    linphone.quit()
