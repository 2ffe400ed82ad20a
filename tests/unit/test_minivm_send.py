"""minivm-send against a mail server on loopback: what is kept, sent, and tried again."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.voicemail.listing import format_queue
from pbx.voicemail.message import MessageError
from pbx.voicemail.outbox import Outbox
from pbx.voicemail.settings import Settings
from pbx.voicemail.state import State, delay_after

from fixtures.mail.postbox import ReceivedMail, listen

MAIL = b"To: bob@example.com\nSubject: hello\n\nhello\n"
LOGIN = ("pbx", "päss word")  # beyond ASCII, which smtplib does not manage by itself


@dataclass
class Server:
    ports: dict[str, int]
    authority: Path
    received: list[ReceivedMail] = field(default_factory=list)

    def settings(self, protocol: str) -> Settings:
        login = protocol != "smtp"
        return Settings(
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


def states(outbox: Outbox) -> list[State]:
    return [entry.state for entry in outbox.queue]


@pytest.mark.parametrize("protocol", ["smtp", "starttls", "smtps", "tls"])
def test_a_mail_is_sent_by_every_protocol(
    server: Server, outbox: Outbox, said: Said, protocol: str
) -> None:
    entry = outbox.accept(MAIL, server.settings(protocol), "", time.time())
    assert outbox.attempt(entry, time.time())
    (mail,) = server.received
    assert mail.encrypted == (protocol != "smtp")
    assert mail.user == ("" if protocol == "smtp" else "pbx")
    assert b"Subject: hello\r\n" in mail.content
    assert said.lines == [(INFO, "sent a mail to bob@example.com")]
    assert states(outbox) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"port": 1}, "refused"),
        ({"password": "wrong"}, "does not take user 'pbx'"),
        ({"ca_file": ""}, "certificate that is not trusted"),
        ({"ca_file": "/nowhere.pem"}, "--ca-file /nowhere.pem: No such file"),
        ({"password_file": "/nowhere"}, "--password-file /nowhere: No such file"),
        ({"host": "host.invalid"}, "host.invalid"),
    ],
)
def test_a_mail_that_cannot_be_sent_waits(
    server: Server, outbox: Outbox, said: Said, change: dict[str, str], reason: str
) -> None:
    settings = replace(server.settings("starttls"), **change)  # type: ignore[arg-type]
    entry = outbox.accept(MAIL, settings, "", 1000)
    assert not outbox.attempt(entry, 1000)
    (state,) = states(outbox)
    assert (state.attempts, state.due, state.refused) == (1, 1060, False)
    ((level, text),) = said.lines
    assert level == ERROR
    assert text.startswith("mail to bob@example.com waits, next attempt in 1 min: ")
    assert reason in text
    assert server.received == []
    assert not outbox.attempt(entry, 1060)
    assert said.lines[-1][0] == WARNING
    assert states(outbox)[0].due == 1060 + 120


def test_insecure_takes_any_certificate(server: Server, outbox: Outbox) -> None:
    settings = replace(server.settings("starttls"), ca_file="", insecure=True)
    assert outbox.attempt(outbox.accept(MAIL, settings, "", 0), 0)
    assert server.received[0].encrypted


def test_nothing_is_sent_in_the_clear_where_starttls_is_not_offered(
    server: Server, outbox: Outbox
) -> None:
    settings = replace(server.settings("starttls"), port=server.ports["smtp"])
    assert not outbox.attempt(outbox.accept(MAIL, settings, "", 0), 0)
    assert "STARTTLS" in states(outbox)[0].reason
    assert server.received == []


def test_a_recipient_whom_the_server_refuses_is_not_tried_by_itself(
    server: Server, outbox: Outbox, said: Said
) -> None:
    raw = b"To: refused@example.com\n\nhello\n"
    assert not outbox.attempt(outbox.accept(raw, server.settings("smtp"), "", 0), 0)
    assert states(outbox)[0].refused
    assert "550 no such mailbox" in said.lines[0][1]
    assert "minivm-send --retry" in said.lines[0][1]


def test_only_who_has_not_got_it_gets_it_later(server: Server, outbox: Outbox) -> None:
    raw = b"To: later@example.com, bob@example.com\n\nhello\n"
    entry = outbox.accept(raw, server.settings("smtp"), "", 0)
    assert not outbox.attempt(entry, 0)
    assert server.received[0].recipients == ["bob@example.com"]
    assert states(outbox)[0].recipients == ("later@example.com",)
    assert not states(outbox)[0].refused


def test_what_waits_is_sent_with_the_settings_of_today(
    server: Server, outbox: Outbox, said: Said
) -> None:
    entry = outbox.accept(MAIL, None, "-P startls: no such protocol", 0)
    assert not outbox.attempt(entry, 0)
    assert "startls" in states(outbox)[0].reason
    port = server.ports["smtp"]
    outbox.configuration.write_text(f"mailcmd = minivm-send -H 127.0.0.1:{port} -f a@example.com")
    assert outbox.attempt(entry, 60)
    assert server.received[0].sender == "a@example.com"
    assert said.lines[-1] == (NOTICE, "sent a mail to bob@example.com at attempt 2")


def test_the_password_may_be_in_a_file_or_in_the_environment(
    server: Server, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{LOGIN[1]}\nnot this\n")
    settings = replace(server.settings("smtps"), password="")
    in_file = replace(settings, password_file=str(file))
    assert outbox.attempt(outbox.accept(MAIL, in_file, "", 0), 0)
    monkeypatch.setenv("MINIVM_SEND_PASSWORD", LOGIN[1])
    assert outbox.attempt(outbox.accept(MAIL, settings, "", 0), 0)


def test_the_recording_is_removed_once_the_mail_is_kept(outbox: Outbox) -> None:
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


def test_the_recording_stays_if_the_mail_cannot_be_kept(outbox: Outbox) -> None:
    (outbox.spool / "voicemail").mkdir(parents=True)
    (outbox.spool / "mail").touch()
    with pytest.raises(OSError, match="mail"):
        outbox.accept(MAIL, None, "", 0)


def test_a_mail_that_cannot_be_kept_is_sent_or_told_why_not(server: Server, outbox: Outbox) -> None:
    assert outbox.send_unkept(MAIL, server.settings("smtp"), 0) is None
    assert server.received[0].recipients == ["bob@example.com"]
    nowhere = replace(server.settings("smtps"), password_file="/nowhere")  # noqa: S106
    failure = outbox.send_unkept(MAIL, nowhere, 0)
    assert failure
    assert "/nowhere" in failure.reason


def test_what_is_no_mail_is_not_kept(outbox: Outbox) -> None:
    with pytest.raises(MessageError):
        outbox.accept(b"", None, "", 0)
    assert states(outbox) == []


def test_what_is_being_sent_is_not_sent_by_another(server: Server, outbox: Outbox) -> None:
    entry = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    with outbox.queue.taken(entry) as mine:
        assert mine
        assert not outbox.attempt(entry, 0)
    assert outbox.attempt(entry, 0)
    assert not outbox.attempt(entry, 0)
    assert len(server.received) == 1


def test_a_mail_half_written_does_not_count(outbox: Outbox) -> None:
    (outbox.spool / "mail" / ".0000000001000-aaaa").mkdir(parents=True)
    (outbox.spool / "mail" / ".0000000001000-aaaa" / "message.eml").touch()
    (outbox.spool / "mail" / "0000000001000-bbbb").mkdir()
    assert states(outbox) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"settings": 1}', "\0"])
def test_a_mail_whose_state_is_damaged_is_sent_all_the_same(
    server: Server, outbox: Outbox, text: str
) -> None:
    entry = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    (entry.folder / "state.json").write_text(text)
    assert not outbox.attempt(entry, 0)
    assert "state.json" in states(outbox)[0].reason
    port = server.ports["smtp"]
    outbox.configuration.write_text(f"mailcmd = minivm-send -H 127.0.0.1:{port}")
    assert outbox.attempt(entry, 60)
    assert server.received[0].recipients == ["bob@example.com"]


def test_a_mail_that_is_damaged_waits(server: Server, outbox: Outbox) -> None:
    entry = outbox.accept(MAIL, server.settings("smtp"), "", 0)
    (entry.folder / "message.eml").write_bytes(b"")
    assert not outbox.attempt(entry, 0)
    assert "recipient" in states(outbox)[0].reason


def test_nobody_else_reads_what_waits(outbox: Outbox) -> None:
    entry = outbox.accept(MAIL, None, "", 0)
    assert outbox.spool.joinpath("mail").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in entry.folder.iterdir()} == {0o600}


@given(
    st.builds(
        State,
        came=st.floats(0, 4e9),
        due=st.floats(0, 4e9),
        recipients=st.lists(st.text()).map(tuple),
        attempts=st.integers(0, 1000),
        refused=st.booleans(),
        reason=st.text(),
        settings=st.none() | st.builds(Settings, st.text(), st.integers(1, 65535)),
    )
)
def test_a_state_is_read_as_it_was_written(state: State) -> None:
    assert State.of_json(state.to_json()) == state


@given(st.integers(1, 10_000))
def test_attempts_become_rarer_but_do_not_end(attempts: int) -> None:
    assert 60 <= delay_after(attempts) <= delay_after(attempts + 1) <= 1800


def test_the_list_says_what_waits_and_why() -> None:
    assert format_queue([], 0) == "no mail waits"
    waiting = State(0, 130, ("bob@example.com",), 2, reason="mx:25: timed out")
    refused = replace(waiting, refused=True, reason="mx:25 says: 550 no")
    head, first, second = format_queue([waiting, refused], 10).splitlines()
    assert head.split() == ["CAME", "FOR", "TRIED", "NEXT", "REASON"]
    assert first.split()[2:] == ["bob@example.com", "2", "in", "2", "min", "mx:25:", "timed", "out"]
    assert "--retry" in second
