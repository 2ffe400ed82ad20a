"""minivm-send against a mail server on loopback: what is kept, sent, and tried again."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme
from pbx.core.log import ERROR, WARNING
from pbx.voicemail.outbox import Outbox
from pbx.voicemail.settings import MailSettings
from pbx.voicemail.state import MailState

from fixtures.mail.postbox import ReceivedMail, listen

MAIL = b"To: bob@example.com\nSubject: hello\n\nhello\n"
LOGIN = ("pbx", "päss word")  # beyond ASCII, which smtplib does not manage by itself


@dataclass
class Server:
    ports: dict[str, int]
    authority: Path
    received: list[ReceivedMail] = field(default_factory=list)

    def settings(self, protocol: str) -> MailSettings:
        login = protocol != "smtp"
        return MailSettings(
            host="127.0.0.1",
            port=self.ports["smtps" if protocol == "tls" else protocol],
            protocol=protocol,
            user=LOGIN[0] if login else "",
            password=LOGIN[1] if login else "",
            ca_file=str(self.authority),
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("mail") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Server({p: free_port() for p in ("smtp", "smtps", "starttls")}, path)
    listening = listen("127.0.0.1", server.ports, context, LOGIN, server.received.append)
    yield server
    for controller in listening:
        controller.stop()


@pytest.fixture
def server(running: Server) -> Server:
    running.received.clear()
    return running


@dataclass
class Said:
    lines: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, level: int, text: str) -> None:
        self.lines.append((level, text))


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def outbox(tmp_path: Path, said: Said) -> Outbox:
    return Outbox(tmp_path / "spool", tmp_path / "minivm.conf", said)


def states(outbox: Outbox) -> list[MailState]:
    return [entry.state for entry in outbox.queue]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "wrong"}, "does not take user 'pbx'"),
        ({"ca_file": "/nowhere.pem"}, "--ca-file /nowhere.pem: No such file"),
        ({"password_file": "/nowhere"}, "--password-file /nowhere: No such file"),
        ({"host": "host.invalid"}, "host.invalid"),
    ],
)
def test_outbox_keeps_a_mail_that_cannot_be_sent(
    server: Server, outbox: Outbox, said: Said, change: dict[str, str], reason: str
) -> None:
    settings = replace(server.settings("starttls"), **change)  # type: ignore[arg-type]
    queued = outbox.accept(MAIL, settings, "", 1000)
    assert not outbox.attempt(queued, 1000)
    (state,) = states(outbox)
    assert (state.attempts, state.due, state.refused) == (1, 1060, False)
    ((level, text),) = said.lines
    assert level == ERROR
    assert text.startswith("mail to bob@example.com is queued, next attempt in 1 min: ")
    assert reason in text
    assert server.received == []
    assert not outbox.attempt(queued, 1060)
    assert said.lines[-1][0] == WARNING
    assert states(outbox)[0].due == 1060 + 120


def test_outbox_insecure_takes_any_certificate(server: Server, outbox: Outbox) -> None:
    settings = replace(server.settings("starttls"), ca_file="", insecure=True)
    assert outbox.attempt(outbox.accept(MAIL, settings, "", 0), 0)
    assert server.received[0].encrypted


def test_outbox_does_not_retry_a_refused_recipient_by_itself(
    server: Server, outbox: Outbox, said: Said
) -> None:
    raw = b"To: refused@example.com\n\nhello\n"
    assert not outbox.attempt(outbox.accept(raw, server.settings("smtp"), "", 0), 0)
    assert states(outbox)[0].refused
    assert "550 no such mailbox" in said.lines[0][1]
    assert "minivm-send --retry" in said.lines[0][1]


def test_outbox_retries_only_recipients_who_have_not_got_it(server: Server, outbox: Outbox) -> None:
    raw = b"To: later@example.com, bob@example.com\n\nhello\n"
    queued = outbox.accept(raw, server.settings("smtp"), "", 0)
    assert not outbox.attempt(queued, 0)
    assert server.received[0].recipients == ["bob@example.com"]
    assert states(outbox)[0].recipients == ("later@example.com",)
    assert not states(outbox)[0].refused


def test_outbox_takes_the_password_from_file_or_environment(
    server: Server, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{LOGIN[1]}\nnot this\n")
    settings = replace(server.settings("smtps"), password="")
    in_file = replace(settings, password_file=str(file))
    assert outbox.attempt(outbox.accept(MAIL, in_file, "", 0), 0)
    monkeypatch.setenv("MINIVM_SEND_PASSWORD", LOGIN[1])
    assert outbox.attempt(outbox.accept(MAIL, settings, "", 0), 0)


def test_outbox_removes_the_recording_once_the_mail_is_kept(outbox: Outbox) -> None:
    folder = outbox.spool / "voicemail" / "0000_minivm_temp" / "mediafiles"
    folder.mkdir(parents=True)
    for name in ("a8Zk2P", "a8Zk2P.wav", "b8Zk2P.wav"):
        (folder / name).touch()
    raw = (
        b'To: bob@example.com\nContent-Disposition: attachment; filename="voicemail-a8Zk2P.wav"'
        b"\n\nx"
    )
    outbox.accept(raw, None, "", 0)
    assert [path.name for path in folder.iterdir()] == ["b8Zk2P.wav"]


def test_outbox_sends_an_unkept_mail_or_says_why_not(server: Server, outbox: Outbox) -> None:
    assert outbox.send_unkept(MAIL, server.settings("smtp"), 0) is None
    assert server.received[0].recipients == ["bob@example.com"]
    nowhere = replace(server.settings("smtps"), password_file="/nowhere")  # noqa: S106
    failure = outbox.send_unkept(MAIL, nowhere, 0)
    assert failure
    assert "/nowhere" in failure.reason


def test_outbox_does_not_send_what_another_program_sends(server: Server, outbox: Outbox) -> None:
    queued = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    with outbox.queue.taken(queued) as mine:
        assert mine
        assert not outbox.attempt(queued, 0)
    assert outbox.attempt(queued, 0)
    assert not outbox.attempt(queued, 0)
    assert len(server.received) == 1


UNREADABLE = ("message.eml", "state.json")


@pytest.mark.parametrize("name", UNREADABLE)
def test_outbox_sets_aside_a_mail_that_cannot_be_read(
    server: Server, outbox: Outbox, said: Said, name: str
) -> None:
    poisoned = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    (poisoned.folder / name).unlink()
    (poisoned.folder / name).mkdir()
    later = outbox.accept(MAIL, server.settings("smtp"), "", 1)
    sent = [outbox.attempt(queued, 1) for queued in outbox.queue]
    assert sent == [False, True]
    assert [queued.folder for queued in outbox.queue] == [poisoned.folder]
    assert not later.folder.exists()
    assert any(level == ERROR for level, _ in said.lines)


def test_outbox_shows_a_mail_that_was_set_aside_until_it_is_readable(
    server: Server, outbox: Outbox, said: Said
) -> None:
    poisoned = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    message = poisoned.folder / "message.eml"
    message.rename(poisoned.folder / "aside")
    message.mkdir()
    assert not outbox.attempt(poisoned, 0)
    (state,) = states(outbox)
    assert (state.refused, state.reason) == (True, "it cannot be read: not a regular file")
    assert "minivm-send --retry" in said.lines[-1][1]
    message.rmdir()
    (poisoned.folder / "aside").rename(message)
    assert outbox.attempt(poisoned, 60)
    assert server.received[0].recipients == ["bob@example.com"]


def test_outbox_keeps_a_mail_whose_recording_cannot_be_removed(
    server: Server, outbox: Outbox, said: Said
) -> None:
    stays = outbox.spool / "voicemail" / "0000_minivm_temp" / "mediafiles" / "a8Zk2P.wav"
    stays.mkdir(parents=True)  # unlink(2) fails for a folder
    raw = MAIL.replace(
        b"\n\n", b'\nContent-Disposition: attachment; filename="voicemail-a8Zk2P.wav"\n\n', 1
    )
    queued = outbox.accept(raw, server.settings("smtp"), "", 0)
    assert outbox.attempt(queued, 0)
    assert len(server.received) == 1
    assert states(outbox) == []
    assert "a recording that is mailed cannot be removed" in said.lines[0][1]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"settings": 1}', "\0"])
def test_outbox_sends_a_mail_whose_state_is_damaged(
    server: Server, outbox: Outbox, text: str
) -> None:
    queued = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    (queued.folder / "state.json").write_text(text)
    assert not outbox.attempt(queued, 0)
    assert "state.json" in states(outbox)[0].reason
    port = server.ports["smtp"]
    outbox.configuration.write_text(f"mailcmd = minivm-send -H 127.0.0.1:{port}")
    assert outbox.attempt(queued, 60)
    assert server.received[0].recipients == ["bob@example.com"]


def test_outbox_keeps_a_mail_that_is_damaged(server: Server, outbox: Outbox) -> None:
    queued = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    (queued.folder / "message.eml").write_bytes(b"")
    assert not outbox.attempt(queued, 0)
    assert "recipient" in states(outbox)[0].reason
