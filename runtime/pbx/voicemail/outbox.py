"""Mail on its way out: kept first, sent then."""

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
from pbx.voicemail.message import Mail, MessageError, read_mail
from pbx.voicemail.queue import Entry, Queue
from pbx.voicemail.settings import SettingError, Settings, settings_of_mailcmd
from pbx.voicemail.state import State

PASSWORD_VARIABLE = "MINIVM_SEND_PASSWORD"  # noqa: S105


@dataclass(frozen=True)
class Outbox:
    """What is kept, and where its settings are.

    Attributes:
        spool: Asterisk's spool folder; mail is kept in a folder of it.
        configuration: The file minivm.conf. What waits is sent with the mailcmd of today, so that
            a mistake in it can be mended.
        say: Called with a level of pbx.core.log and a line.
    """

    spool: Path
    configuration: Path
    say: Callable[[int, str], None]

    @property
    def queue(self) -> Queue:
        """The mail that waits."""
        return Queue(self.spool / "mail")

    def accept(self, raw: bytes, settings: Settings | None, mistake: str, now: float) -> Entry:
        """Keep a mail. MiniVM's own recording is then removed.

        Args:
            raw: The mail, as on the standard input of sendmail(8).
            settings: How to send it; None if there is a mistake in them.
            mistake: Which.
            now: Seconds since 1970.

        Raises:
            MessageError: it is no mail.
            OSError: it cannot be kept; the recording is still there.
        """
        mail = self._read(raw, settings, now)
        state = State(now, now, mail.recipients, reason=mistake, settings=settings)
        entry = self.queue.add(raw, state)
        if mail.recording:
            for folder in ("", "tmp/"):  # the latter is that of a mailbox
                for path in self.spool.glob(f"voicemail/*/*/{folder}{mail.recording}*"):
                    path.unlink()
        return entry

    def attempt(self, entry: Entry, now: float) -> bool:
        """Try to send a mail that was kept; say whether the server has taken it.

        The first time as it was said when it came, later with the mailcmd of today.
        """
        with self.queue.taken(entry) as mine:
            if not mine:
                return False
            state = entry.state
            failure = self._deliver(entry.message, state, now)
            recipients = ", ".join(state.recipients)
            if failure is None:
                entry.remove()
                later = f" at attempt {state.attempts + 1}" if state.attempts else ""
                self.say(NOTICE if later else INFO, f"sent a mail to {recipients}{later}")
                return True
            reason, missing = failure.reason, failure.recipients
            state = state.failed(now, reason, missing, refused=failure.refused)
            with suppress(FileNotFoundError):  # somebody has removed the mail meanwhile
                entry.keep(state)
                self._complain(state, now)
            return False

    def send_unkept(self, raw: bytes, settings: Settings, now: float) -> Failure | None:
        """Send a mail that cannot be kept."""
        return self._deliver(raw, State(now, now, (), settings=settings), now)

    def _deliver(self, raw: bytes, state: State, now: float) -> Failure | None:
        try:
            settings = self._settings_of_today() if state.attempts else None
            settings = settings or state.settings
            if settings is None:
                raise SettingError(state.reason)
            mail = self._read(raw, settings, now)
            mail = replace(mail, recipients=state.recipients or mail.recipients)
            return deliver(mail, settings, _password(settings), socket.gethostname())
        except (SettingError, MessageError) as error:
            return Failure(str(error), state.recipients)

    def _settings_of_today(self) -> Settings | None:
        try:
            text = read_regular(self.configuration)
        except OSError:
            return None  # sent by hand, without any configuration
        return settings_of_mailcmd(text)

    def _complain(self, state: State, now: float) -> None:
        recipients = ", ".join(state.recipients)
        if state.refused:
            what = "is refused; `minivm-send --retry` tries again"
            self.say(ERROR, f"mail to {recipients} {what}: {state.reason}")
        else:
            minutes = round((state.due - now) / 60)
            level = ERROR if state.attempts == 1 else WARNING
            when = f"next attempt in {minutes} min"
            self.say(level, f"mail to {recipients} waits, {when}: {state.reason}")

    def _read(self, raw: bytes, settings: Settings | None, now: float) -> Mail:
        moment = datetime.datetime.fromtimestamp(now, datetime.UTC).astimezone()
        return read_mail(raw, settings.sender if settings else "", moment, socket.gethostname())


def _password(settings: Settings) -> str:
    if settings.password_file:
        try:
            lines = Path(settings.password_file).read_text().splitlines()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingError(f"--password-file {settings.password_file}: {reason}") from error
        return lines[0] if lines else ""
    return settings.password or os.environ.get(PASSWORD_VARIABLE, "")
