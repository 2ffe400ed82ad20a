"""Voicemail: from a call that nobody takes to the mail with the caller's voice in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import docker
import pytest

from factory.waiting import wait_for
from fixtures.mail import MailServer, running_mail_server
from fixtures.softphone import Account
from tests.pbx import LABELS

from .accounts import NUMBERS
from .lab import Visit
from .voicemail import (
    AUTHORITY,
    RECORDINGS,
    MailSettings,
    await_beep,
    holds,
    leave_message,
    parse,
    recordings,
    speak,
    text_of,
)

pytestmark = pytest.mark.image("base")

# What becomes of a mail does not depend on the image.
once = pytest.mark.image("base", once=True)

BOB = "bob@example.com"
NOTHING_WAITS = "no pending mails"


@pytest.fixture
def post(lab: Visit, client: docker.DockerClient, softphone: str) -> Iterator[MailServer]:
    """A mail server on the PBX's network."""
    with running_mail_server(client, lab.lab.network, image=softphone, labels=LABELS) as server:
        yield server


@pytest.fixture
def settings(lab: Visit, post: MailServer) -> Iterator[MailSettings]:
    """The PBX sends to that server, with STARTTLS."""
    settings = MailSettings(lab.pbx, post)
    settings.starttls()
    yield settings
    settings.restore()


@pytest.mark.usefixtures("settings")
def test_voicemail_is_mailed_to_a_user_without_a_phone(lab: Visit, post: MailServer) -> None:
    alice = lab.phone("alice")
    leave_message(lab.pbx, alice, NUMBERS["bob"])
    (mail,) = post.await_mails(1)
    assert (mail.sender, mail.recipients) == ("pbx@example.com", [BOB])
    assert (mail.port, mail.encrypted, mail.user) == (587, True, "pbx")
    message = parse(mail)
    text = text_of(mail)
    assert f'"Alice" <{NUMBERS["alice"]}>' in text
    assert re.search(r"\b0:0[3-6]\b", text), text
    assert lab.pbx.run("date '+%A, %d %B %Y'") in text
    assert NUMBERS["alice"] in message["Subject"]
    assert holds(mail, alice.tone)
    assert not holds(mail, alice.tone + 100)
    await_nothing_waiting(lab)
    assert not recordings(lab.pbx)
    assert not lab.warnings()


@once
@pytest.mark.usefixtures("settings")
def test_a_mailbox_with_an_apostrophe_gets_the_message(lab: Visit, post: MailServer) -> None:
    alice = lab.phone("alice")
    leave_message(lab.pbx, alice, NUMBERS["obrien"])
    (mail,) = post.await_mails(1)
    assert mail.recipients == ["o'brien@example.com"]
    assert holds(mail, alice.tone)
    await_nothing_waiting(lab)
    assert not recordings(lab.pbx)
    assert not lab.warnings()


@once
@pytest.mark.usefixtures("settings")
def test_a_mailbox_with_an_apostrophe_gets_a_louder_message(lab: Visit, post: MailServer) -> None:
    """With volgain, MiniVM has a shell run sox with the path of the recording."""
    lab.pbx.run("sed -i 's/^maxmessage/volgain = 2.0\\n&/' /etc/asterisk/minivm.conf")
    lab.pbx.asterisk("minivm reload")
    alice = lab.phone("alice")
    leave_message(lab.pbx, alice, NUMBERS["obrien"])
    (mail,) = post.await_mails(1)
    assert mail.recipients == ["o'brien@example.com"]
    assert holds(mail, alice.tone)


@once
@pytest.mark.usefixtures("settings")
def test_voicemail_answers_for_a_user_who_does_not(lab: Visit, post: MailServer) -> None:
    lab.set_global("DIAL_TIMEOUT", "1")
    alice, bob = lab.start("alice", "bob")
    alice.call(bob)
    ringing = bob.rings()
    await_beep(alice)
    assert ringing.is_over()
    speak(lab.pbx, f"{RECORDINGS}/*.wav")
    alice.hang_up()
    assert holds(post.await_mails(1)[0], alice.tone)


@once
@pytest.mark.usefixtures("settings")
def test_voicemail_answers_for_a_busy_user(lab: Visit, post: MailServer) -> None:
    alice, bob = lab.start("alice", "bob")
    bob.meets_calls_with(486)
    leave_message(lab.pbx, alice, NUMBERS["bob"])
    assert holds(post.await_mails(1)[0], alice.tone)


@once
@pytest.mark.usefixtures("settings")
def test_the_hash_key_ends_the_message(lab: Visit, post: MailServer) -> None:
    alice = lab.phone("alice")
    call = alice.call(NUMBERS["bob"]).answered()
    await_beep(alice)
    speak(lab.pbx, f"{RECORDINGS}/*.wav")
    alice.send_dtmf("#")
    call.ended()
    assert holds(post.await_mails(1)[0], alice.tone)


@once
@pytest.mark.usefixtures("settings")
def test_voicemail_is_not_left_by_a_caller_who_hangs_up_before_the_beep(
    lab: Visit, post: MailServer
) -> None:
    alice = lab.phone("alice")
    alice.call(NUMBERS["bob"]).answered().hang_up()
    leave_message(lab.pbx, alice, NUMBERS["bob"])
    assert len(post.await_mails(1)) == 1


@once
@pytest.mark.parametrize(
    ("protocol", "port", "login"), [("smtps", 465, True), ("tls", 465, True), ("smtp", 25, False)]
)
def test_mail_goes_by_other_protocols(
    lab: Visit, post: MailServer, settings: MailSettings, protocol: str, port: int, login: bool
) -> None:
    user = f" -u pbx -p {post.password}" if login else ""
    settings.use(f"-H {post.name}:{port} -P {protocol}{user} --ca-file {AUTHORITY}")
    leave_message(lab.pbx, lab.phone("alice"), NUMBERS["bob"])
    (mail,) = post.await_mails(1)
    assert (mail.port, mail.encrypted, mail.user) == (port, login, "pbx" if login else "")


@once
@pytest.mark.usefixtures("settings")
def test_a_message_waits_for_a_server_that_is_down(lab: Visit, post: MailServer) -> None:
    post.service.go_down()
    alice = lab.phone("alice")
    leave_message(lab.pbx, alice, NUMBERS["bob"])
    await_waiting(lab, "1")
    post.service.come_up()
    # What is due in a minute is due now; the service sees to it.
    lab.pbx.run('sed -i -E \'s/"due": [0-9.]+/"due": 0/\' /var/spool/asterisk/mail/*/state.json')
    assert holds(post.await_mails(1, seconds=30)[0], alice.tone)
    await_nothing_waiting(lab)


@once
def test_a_message_waits_through_a_restart_of_the_container(lab: Visit, post: MailServer) -> None:
    if lab.lab.target.container:
        pytest.skip("starts a container of its own, of an image")
    pbx = lab.another_pbx("household")
    MailSettings(pbx, post).starttls(authority="/srv/authority.pem")
    pbx.run(f"cp {AUTHORITY} /srv/authority.pem")
    post.service.go_down()
    alice = lab.phones.phone("alice")
    john, number = Account("john.doe", "of-john", "+12025550121"), "+12025550122"
    alice.register(john, pbx.address())
    leave_message(pbx, alice, number)
    wait_for(
        lambda: pbx.run("minivm-send --queue"),
        lambda text: "jane.doe@example.com" in text,
        seconds=40,  # a name server may keep one waiting
        otherwise="no pending mails",
    )
    pbx.container.stop()
    post.service.come_up()
    pbx.container.start()
    assert holds(post.await_mails(1, seconds=30)[0], alice.tone)


@once
def test_what_was_recorded_when_asterisk_was_killed_is_mailed(lab: Visit, post: MailServer) -> None:
    if lab.lab.target.container:
        pytest.skip("kills a container of its own")
    pbx = lab.another_pbx("household")
    MailSettings(pbx, post).starttls()
    alice = lab.phones.phone("alice")
    alice.register(Account("john.doe", "of-john", "+12025550121"), pbx.address())
    alice.call("+12025550122").answered()
    await_beep(alice)
    speak(pbx, f"{RECORDINGS}/*.wav")
    pbx.run("kill -9 $(pidof asterisk)")
    (mail,) = post.await_mails(1, seconds=40)
    assert mail.recipients == ["jane.doe@example.com"]
    assert holds(mail, alice.tone)
    wait_for(
        lambda: recordings(pbx),
        lambda left: not left,
        seconds=5,
        otherwise="the recording is left",
    )


@once
def test_a_message_waits_if_the_password_is_wrong(
    lab: Visit, post: MailServer, settings: MailSettings
) -> None:
    settings.starttls(password="wrong")  # noqa: S106
    leave_message(lab.pbx, lab.phone("alice"), NUMBERS["bob"])
    assert "does not take user 'pbx'" in await_waiting(lab, "1")
    settings.starttls()
    lab.pbx.run("minivm-send --retry")
    assert lab.pbx.run("minivm-send --queue") == NOTHING_WAITS
    assert len(post.mails()) == 1


@once
def test_a_message_is_not_sent_to_a_server_that_is_not_trusted(
    lab: Visit, post: MailServer, settings: MailSettings
) -> None:
    settings.starttls(authority="/etc/ssl/certs/ca-certificates.crt")
    leave_message(lab.pbx, lab.phone("alice"), NUMBERS["bob"])
    assert "certificate that is not trusted" in await_waiting(lab, "1")
    assert post.mails() == []


@once
def test_a_message_is_not_sent_in_the_clear_where_starttls_is_wanted(
    lab: Visit, post: MailServer, settings: MailSettings
) -> None:
    settings.use(f"-H {post.name}:25 -P starttls --ca-file {AUTHORITY}")
    leave_message(lab.pbx, lab.phone("alice"), NUMBERS["bob"])
    assert "STARTTLS" in await_waiting(lab, "1")
    assert post.mails() == []


@once
def test_a_message_waits_until_a_mistake_in_mailcmd_is_mended(
    lab: Visit, post: MailServer, settings: MailSettings
) -> None:
    settings.use(f"-H {post.name}:587 -P startls")
    alice = lab.phone("alice")
    leave_message(lab.pbx, alice, NUMBERS["bob"])
    assert "startls" in await_waiting(lab, "1")
    settings.starttls()
    lab.pbx.run("minivm-send --retry")
    assert holds(post.mails()[0], alice.tone)


def await_waiting(lab: Visit, attempts: str) -> str:
    """Waits until a mail to bob was tried so often, and still waits; returns the list."""
    return wait_for(
        lambda: lab.pbx.run("minivm-send --queue"),
        lambda text: BOB in text and text.splitlines()[-1].split()[3] == attempts,
        seconds=40,  # a name server may keep one waiting
        otherwise="no pending mails",
    )


def await_nothing_waiting(lab: Visit) -> None:
    wait_for(
        lambda: lab.pbx.run("minivm-send --queue"),
        lambda text: text == NOTHING_WAITS,
        seconds=5,
        otherwise="mail waits",
    )
