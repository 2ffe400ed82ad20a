"""Mail as MiniVM writes it, and as SMTP wants it."""

from __future__ import annotations

import datetime
import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.voicemail.message import Mail, MailError, read_mail

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
OF_MINIVM = """\
Date: Fri, 02 Jan 2026 03:04:05 +0000
From: "Voicemail" <voicemail@example.com>
Message-ID: <Asterisk-1-bob-2-voicemail@example.com>
To: "" <bob@example.com>
Subject: Voicemail from "Zoë" <+12025550111>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="voicemail_bob23"


--voicemail_bob23
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

"Zoë" <+12025550111> left you a message of 0:04 on Friday.
.
--voicemail_bob23
Content-Type: audio/x-wav; name="voicemailmsg.wav"
Content-Transfer-Encoding: base64
Content-Description: Voicemail sound attachment.
Content-Disposition: attachment; filename="voicemail-a8Zk2P.wav"

UklGRg==


--voicemail_bob23--
.
"""


def read(raw: bytes, sender: str = "") -> Mail:
    return read_mail(raw, sender, NOW, "pbx.example")


def test_message_of_minivm_is_made_fit_for_smtp() -> None:
    mail = read(OF_MINIVM.encode(), "pbx@example.com")
    assert (mail.sender, mail.recipients) == ("pbx@example.com", ("bob@example.com",))
    assert mail.recording == "a8Zk2P"
    assert mail.data.isascii()
    assert b"\n" not in mail.data.replace(b"\r\n", b"")
    message = email.message_from_bytes(mail.data, policy=email.policy.default)
    text, sound = message.iter_parts()
    assert text.get_content().splitlines()[0].startswith('"Zoë" <+12025550111> left')
    assert text.get_content().splitlines()[1] == "."
    assert sound.get_content() == b"RIFF"
    assert message["Subject"] == 'Voicemail from "Zoë" <+12025550111>'
    assert not mail.data.endswith(b".\r\n")


def test_message_sender_is_its_from_if_none_is_given() -> None:
    assert read(OF_MINIVM.encode()).sender == "voicemail@example.com"


def test_message_gets_missing_headers() -> None:
    mail = read(b"To: bob@example.com\n\nhello\n")
    message = email.message_from_bytes(mail.data)
    assert mail.sender == message["From"] == "asterisk@pbx.example"
    assert message["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert message["Message-ID"].endswith("@pbx.example>")


def test_message_recipients_are_to_cc_and_bcc_which_is_not_shown() -> None:
    raw = b"To: a@example.com, B <b@example.com>\nCc: c@example.com\nBcc: d@example.com\n\nx\n"
    mail = read(raw)
    assert mail.recipients == tuple(f"{x}@example.com" for x in "abcd")
    assert b"d@example.com" not in mail.data


@pytest.mark.parametrize("raw", [b"", b"hello", b"To: nobody\n\nx", b"\x00\xff\n\n", b"To:\n\n"])
def test_message_without_recipient_is_refused(raw: bytes) -> None:
    with pytest.raises(MailError, match="recipient"):
        read(raw)


@pytest.mark.parametrize(
    "name", ["voicemail.wav", "voicemail-../../x.wav", "voicemail-a8Zk2P7.wav", "x-a8Zk2P.wav"]
)
def test_message_attachments_of_other_names_are_no_recordings(name: str) -> None:
    raw = OF_MINIVM.replace("voicemail-a8Zk2P.wav", name).encode()
    assert read(raw).recording == ""


@given(st.binary(max_size=300))
def test_message_of_any_bytes_is_made_fit_for_smtp_or_refused(raw: bytes) -> None:
    try:
        mail = read(b"To: bob@example.com\n" + raw)
    except MailError:
        return
    assert "bob@example.com" in mail.recipients or b"To:" in raw
    assert b"\n" not in mail.data.replace(b"\r\n", b"")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_message_text_is_kept_in_whatever_letters(text: str) -> None:
    head = b"To: bob@example.com\nContent-Type: text/plain; charset=utf-8\n"
    raw = head + b"Content-Transfer-Encoding: 8bit\n\n|" + text.encode() + b"|\n"
    message = email.message_from_bytes(read(raw).data, policy=email.policy.default)
    assert message.get_content().strip("\r\n") == f"|{text}|"
