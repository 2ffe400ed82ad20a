"""Outgoing mail: queued first, then sent."""

import datetime
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.voicemail.delivery import Failure, deliver
from pbx.voicemail.message import Mail, MailError, read_mail
from pbx.voicemail.queue import Queue, QueuedMail
from pbx.voicemail.settings import MailSettingError, MailSettings, settings_of_mailcmd
from pbx.voicemail.state import MailState

PASSWORD_VARIABLE = "MINIVM_SEND_PASSWORD"  # noqa: S105


@dataclass(frozen=True)
class Outbox:
    """The queue, and where its settings are.

    Attributes:
        spool: Asterisk's spool folder; the queue is a folder in it.
        configuration: The file minivm.conf. Retries use its current mailcmd, so that an error in it
            can be corrected.
        say: Called with a level of pbx.core.log and a line.
    """

    spool: Path
    configuration: Path
    say: Callable[[int, str], None]

    @property
    def queue(self) -> Queue:
        """The queue."""
        return Queue(self.spool / "mail")

    def accept(
        self, raw: bytes, settings: MailSettings | None, mistake: str, now: float
    ) -> QueuedMail:
        """Put a mail into the queue. MiniVM's own recording is then removed.

        Args:
            raw: The mail, as on the standard input of sendmail(8).
            settings: How to send it; None if they are wrong.
            mistake: What is wrong with them.
            now: Seconds since 1970.

        Raises:
            MailError: it is no mail.
            OSError: it cannot be kept, and is not in the queue; the recording is still there.
        """
        mail = self._read(raw, settings, now)
        state = MailState(now, now, mail.recipients, reason=mistake, settings=settings)
        queued = self.queue.add(raw, state)
        if mail.recording:
            self._remove_recording(mail.recording)
        return queued

    def attempt(self, queued: QueuedMail, now: float) -> bool:
        """Try to send a queued mail; return whether the server has accepted it.

        The first attempt uses the settings that came with it, retries use the current
        mailcmd. Whatever is wrong with this mail or its folder is logged, so that the next one gets
        its turn.
        """
        try:
            with self.queue.taken(queued) as mine:
                return mine and self._attempt(queued, now)
        except OSError as error:
            self.say(ERROR, f"mail {queued.folder.name}: {error}")
            return False

    def _attempt(self, queued: QueuedMail, now: float) -> bool:
        state = queued.state
        failure: Failure | None
        try:
            raw = queued.message
        except OSError as error:
            reason = f"it cannot be read: {error.strerror or error}"
            failure = Failure(reason, state.recipients, refused=True)
        else:
            failure = self._deliver(raw, state, now)
        if failure is None:
            recipients = ", ".join(state.recipients)
            later = f" at attempt {state.attempts + 1}" if state.attempts else ""
            self.say(NOTICE if later else INFO, f"sent a mail to {recipients}{later}")
            queued.remove()
            return True
        state = state.failed(now, failure.reason, failure.recipients, refused=failure.refused)
        with suppress(FileNotFoundError):  # somebody has removed the mail meanwhile
            queued.keep(state)
            self._report(state, now)
        return False

    def _remove_recording(self, name: str) -> None:
        """Remove a recording that is queued as a mail; a failure is logged."""
        for folder in ("", "tmp/"):  # the latter is that of a mailbox
            for path in self.spool.glob(f"voicemail/*/*/{folder}{name}*"):
                try:
                    path.unlink()
                except OSError as error:
                    self.say(ERROR, f"a recording that is mailed cannot be removed: {error}")

    def send_unkept(self, raw: bytes, settings: MailSettings, now: float) -> Failure | None:
        """Send a mail that cannot be kept."""
        return self._deliver(raw, MailState(now, now, (), settings=settings), now)

    def _deliver(self, raw: bytes, state: MailState, now: float) -> Failure | None:
        try:
            settings = self._current_settings() if state.attempts else None
            settings = settings or state.settings
            if settings is None:
                raise MailSettingError(state.reason)
            mail = self._read(raw, settings, now)
            mail = replace(mail, recipients=state.recipients or mail.recipients)
            return deliver(mail, settings, _password(settings), socket.gethostname())
        except (MailSettingError, MailError) as error:
            return Failure(str(error), state.recipients)

    def _current_settings(self) -> MailSettings | None:
        try:
            text = read_regular(self.configuration)
        except OSError:
            return None  # sent by hand, without any configuration
        return settings_of_mailcmd(text)

    def _report(self, state: MailState, now: float) -> None:
        recipients = ", ".join(state.recipients)
        if state.refused:
            what = "is refused; `minivm-send --retry` retries it"
            self.say(ERROR, f"mail to {recipients} {what}: {state.reason}")
        else:
            minutes = round((state.due - now) / 60)
            level = ERROR if state.attempts == 1 else WARNING
            when = f"next attempt in {minutes} min"
            self.say(level, f"mail to {recipients} is queued, {when}: {state.reason}")

    def _read(self, raw: bytes, settings: MailSettings | None, now: float) -> Mail:
        moment = datetime.datetime.fromtimestamp(now, datetime.UTC).astimezone()
        return read_mail(raw, settings.sender if settings else "", moment, socket.gethostname())


def _password(settings: MailSettings) -> str:
    if settings.password_file:
        try:
            lines = Path(settings.password_file).read_text().splitlines()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise MailSettingError(f"--password-file {settings.password_file}: {reason}") from error
        return lines[0] if lines else ""
    return settings.password or os.environ.get(PASSWORD_VARIABLE, "")
