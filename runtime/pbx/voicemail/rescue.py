"""Messages that were being recorded when Asterisk was killed: what there is of them becomes mail.

MiniVM records into the folder `tmp` of a mailbox, where it has one: then its path says whose it is.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.asterisk.mailbox import mailbox_of
from pbx.core.log import ERROR, NOTICE
from pbx.voicemail.message import MailError
from pbx.voicemail.outbox import Outbox
from pbx.voicemail.queue import LARGEST, QueuedMail
from pbx.voicemail.settings import MailSettingError, MailSettings, settings_of_mailcmd

_NOTES = "voicemail/*/*/tmp/??????"
_HEADER = 44
_SHORTEST = _HEADER + 16000
"""Bytes of a second of sound (16 bits, 8,000 samples) with its header; less says nothing."""


@dataclass(frozen=True)
class Recording:
    """A recording that nobody finishes any more.

    Attributes:
        notes: MiniVM's about it, DOMAIN/USER/tmp/NAME; the sound has a suffix.
    """

    notes: Path

    @property
    def mailbox(self) -> str:
        """Whose it is."""
        return mailbox_of(self.notes.parents[2].name, self.notes.parents[1].name)

    @property
    def sound(self) -> Path | None:
        """What there is of it; None if nothing."""
        return next(self.notes.parent.glob(f"{self.notes.name}.*"), None)

    def remove(self) -> None:
        """Remove all of it."""
        for path in self.notes.parent.glob(f"{self.notes.name}*"):
            path.unlink()


def rescue(outbox: Outbox, started: float, now: float) -> None:
    """Keep each message that broke off, as a mail to whom it was for, and try to send it.

    Nothing is done where another program sends the mail: it may want the recordings.

    Args:
        outbox: Where mail is kept.
        started: When Asterisk was started, in seconds since 1970.
        now: Likewise.
    """
    mistake, settings = "", None
    try:
        settings = settings_of_mailcmd(read_regular(outbox.configuration))
        if settings is None:
            return
    except MailSettingError as error:
        mistake = str(error)
    for recording in unfinished(outbox.spool, started):
        try:
            queued = _rescue(outbox, recording, settings, mistake, now)
        except (OSError, MailError) as error:  # the others are rescued all the same
            outbox.say(ERROR, f"a message for {recording.mailbox} cannot be rescued: {error}")
            continue
        if queued:
            outbox.attempt(queued, now)


def _rescue(
    outbox: Outbox,
    recording: Recording,
    settings: MailSettings | None,
    mistake: str,
    now: float,
) -> QueuedMail | None:
    """Put a recording into the queue, or remove one that is too short to say anything."""
    path = recording.sound
    if path is None or path.stat().st_size < _SHORTEST:
        recording.remove()
        return None
    came = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC).astimezone()
    mail = mail_of(recording.mailbox, path.name, whole(read_regular(path, LARGEST)), came)
    queued = outbox.accept(mail, settings, mistake, now)
    outbox.say(NOTICE, f"a message for {recording.mailbox} broke off; the rest of it is mailed")
    return queued


def unfinished(spool: Path, started: float) -> Iterator[Recording]:
    """Give the recordings that an earlier Asterisk left.

    Args:
        spool: Asterisk's spool folder.
        started: When this Asterisk was started, in seconds since 1970.
    """
    for path in sorted(spool.glob(_NOTES)):
        if path.stat().st_mtime < started:
            yield Recording(path)


def mail_of(mailbox: str, name: str, sound: bytes, came: datetime.datetime) -> bytes:
    """Return a mail with a message that broke off.

    Args:
        mailbox: For whom.
        name: Of the recording; the outbox knows by it what to remove.
        sound: What there is of it.
        came: When it broke off.
    """
    mail = EmailMessage()
    mail["To"] = mailbox
    mail["Subject"] = "Voicemail that broke off"
    mail.set_content(
        f"Somebody left you a message on {came:%A, %d %B %Y at %H:%M}. It broke off, since "
        "Asterisk ended all of a sudden. What there is of it is attached.\n"
    )
    mail.add_attachment(sound, maintype="audio", subtype="x-wav", filename=f"voicemail-{name}")
    return mail.as_bytes()


def whole(sound: bytes) -> bytes:
    """Return a sound file with the lengths in its header, which are written last; others as is.

    Source: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE), 1991.
    """
    if sound[:4] != b"RIFF" or sound[36:40] != b"data":
        return sound
    lengths = [(len(sound) - begin - 4).to_bytes(4, "little") for begin in (4, 40)]
    return sound[:4] + lengths[0] + sound[8:40] + lengths[1] + sound[_HEADER:]
