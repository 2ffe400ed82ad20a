"""Sends a mail to a mail server."""

import base64
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from pbx.voicemail.message import Mail
from pbx.voicemail.settings import MailSettings

TIMEOUT = 30  # seconds without an answer


@dataclass(frozen=True)
class Failure:
    """Why a mail did not reach all recipients.

    Attributes:
        reason: In one line.
        recipients: Who has not received it.
        refused: Whether a retry is useless.
    """

    reason: str
    recipients: tuple[str, ...]
    refused: bool = False


def deliver(mail: Mail, settings: MailSettings, password: str, hostname: str) -> Failure | None:
    """Send a mail (RFC 5321; STARTTLS: RFC 3207; AUTH: RFC 4954).

    Args:
        mail: The mail.
        settings: Which server, and how.
        password: For settings.user.
        hostname: What to introduce oneself as.

    Returns:
        What went wrong; None if all recipients' mail was taken by the server.
    """
    server = f"{settings.host}:{settings.port}"
    try:
        connection = _connect(settings, hostname)
        try:
            if settings.user:
                _log_in(connection, settings.user, password)
            options = _options(mail, connection)
            refusals = connection.sendmail(mail.sender, mail.recipients, mail.data, options)
        finally:
            # Whatever the server says now, it has taken the mail or not.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
    except smtplib.SMTPRecipientsRefused as error:
        refusals = error.recipients
    except smtplib.SMTPAuthenticationError as error:
        reason = f"{server} does not take user '{settings.user}' with this password: "
        return Failure(reason + _answer(error.smtp_code, error.smtp_error), mail.recipients)
    except smtplib.SMTPResponseException as error:
        about_the_mail = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError)
        return Failure(
            f"{server} says: {_answer(error.smtp_code, error.smtp_error)}",
            mail.recipients,
            refused=about_the_mail and error.smtp_code >= 500,
        )
    except ssl.SSLCertVerificationError as error:
        reason = f"{server} has a certificate that is not trusted: {error.verify_message}"
        return Failure(reason, mail.recipients)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        return Failure(f"{server}: {error}", mail.recipients)
    return _refusal(server, refusals)


def _connect(settings: MailSettings, hostname: str) -> smtplib.SMTP:
    place = (settings.host, settings.port)
    if settings.protocol in ("smtps", "tls"):
        return smtplib.SMTP_SSL(*place, hostname, timeout=TIMEOUT, context=_context(settings))
    connection = smtplib.SMTP(*place, hostname, timeout=TIMEOUT)
    if settings.protocol == "starttls":
        try:
            connection.starttls(context=_context(settings))
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
    return connection


def _log_in(connection: smtplib.SMTP, user: str, password: str) -> None:
    if f"{user}{password}".isascii():
        connection.login(user, password)
        return
    # smtplib knows ASCII only; SASL's PLAIN has UTF-8 (RFC 4616).
    connection.ehlo_or_helo_if_needed()
    response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, text = connection.docmd("AUTH", f"PLAIN {response}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, text)


def _context(settings: MailSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise OSError(f"--ca-file {settings.ca_file}: {error.strerror or error}") from error
    if settings.ca_file:
        # Authorities that people make themselves seldom have all that RFC 5280 wants.
        context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _options(mail: Mail, connection: smtplib.SMTP) -> list[str]:
    """Asks for addresses with letters beyond ASCII where there are any (RFC 6531)."""
    if all(address.isascii() for address in (mail.sender, *mail.recipients)):
        return []
    connection.ehlo_or_helo_if_needed()
    if not connection.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError("it takes no addresses with letters beyond ASCII")
    return ["SMTPUTF8"]


def _refusal(server: str, refusals: Mapping[str, tuple[int, bytes]]) -> Failure | None:
    if not refusals:
        return None
    code, text = max(refusals.values())
    reason = f"{server} says: {_answer(code, text)}"
    lasting = all(code >= 500 for code, _ in refusals.values())
    return Failure(reason, tuple(refusals), refused=lasting)


def _answer(code: int, text: bytes | str) -> str:
    line = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(line.split())}"
