"""What is in a mail: bytes in, recipients and bytes for SMTP out."""

import base64
import datetime
import email.generator
import email.header
import email.message
import email.policy
import email.utils
import io
import re
from dataclasses import dataclass

_POLICY = email.policy.compat32.clone(linesep="\r\n")
_RECORDING = re.compile(r"voicemail-([A-Za-z0-9]{6})\.\w+")


class MailError(ValueError):
    """What came is no mail that could be sent; the message says why."""


@dataclass(frozen=True)
class Mail:
    """A mail, ready to be sent.

    Attributes:
        sender: For MAIL FROM.
        recipients: For RCPT TO.
        data: The whole of it, in 7 bits and with CRLF at line ends (RFC 5321, 5322).
        recording: Name of the recording of MiniVM that is attached; empty if none is.
    """

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    recording: str = ""


def read_mail(raw: bytes, sender: str, now: datetime.datetime, hostname: str) -> Mail:
    """Take a mail as sendmail(8) gets it on its standard input.

    What it lacks of Date, From and Message-ID is added, and Bcc is taken out.

    Args:
        raw: Headers, an empty line, text; ended by a line with a dot, or not.
        sender: For MAIL FROM; the address in From if empty.
        now: An aware time.
        hostname: Of this machine.

    Raises:
        MailError: nobody is named to send it to.
    """
    message = email.message_from_bytes(_without_last_dot(raw))
    recipients = _addresses(message, "To", "Cc", "Bcc")
    if not recipients:
        raise MailError("the message names no recipient: it needs a header such as To:")
    del message["Bcc"]
    origin = next(iter(_addresses(message, "From")), "")
    if not origin:
        del message["From"]
        message["From"] = origin = sender or f"asterisk@{hostname}"
    if "Date" not in message:
        message["Date"] = email.utils.format_datetime(now)
    if "Message-ID" not in message:
        message["Message-ID"] = email.utils.make_msgid(domain=hostname)
    _encode_headers(message)
    for part in message.walk():
        _encode(part)
    buffer = io.BytesIO()
    generator = email.generator.BytesGenerator(buffer, mangle_from_=False, policy=_POLICY)
    generator.flatten(message)
    return Mail(sender or origin, recipients, buffer.getvalue(), _recording(message))


def _without_last_dot(raw: bytes) -> bytes:
    """Take off the line that ends a mail for sendmail(8)."""
    for end in (b"\n.\n", b"\n.\r\n", b"\n."):
        if raw.endswith(end):
            return raw[: -len(end) + 1]
    return raw


def _encode_headers(message: email.message.Message) -> None:
    """Write letters beyond ASCII as RFC 2047 wants it."""
    for name, value in list(message.raw_items()):
        if not value.isascii():
            text = value.encode("ascii", "surrogateescape").decode("utf-8", "replace")
            message.replace_header(
                name, email.header.Header(text, "utf-8", header_name=name).encode()
            )


def _encode(part: email.message.Message) -> None:
    """Make 7 bits of a part with 8, since not every server takes those."""
    coded = part.get("Content-Transfer-Encoding", "8bit").lower()
    content = part.get_payload(decode=True)
    if coded not in ("7bit", "8bit") or not isinstance(content, bytes) or content.isascii():
        return
    if "Content-Type" not in part:
        part["Content-Type"] = 'text/plain; charset="utf-8"'
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(content).decode())


def _addresses(message: email.message.Message, *headers: str) -> tuple[str, ...]:
    values = [str(value) for header in headers for value in message.get_all(header, [])]
    found = (address for _, address in email.utils.getaddresses(values))
    return tuple(dict.fromkeys(address for address in found if "@" in address))


def _recording(message: email.message.Message) -> str:
    names = (_RECORDING.fullmatch(part.get_filename() or "") for part in message.walk())
    return next((name[1] for name in names if name), "")
