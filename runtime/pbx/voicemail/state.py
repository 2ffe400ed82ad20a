"""What became of a mail so far."""

import json
from dataclasses import asdict, dataclass, replace

from pbx.voicemail.settings import MailSettings


@dataclass(frozen=True)
class MailState:
    """What became of a mail so far.

    Attributes:
        came: When it came, in seconds since 1970.
        due: When to retry.
        recipients: Who has not received it yet.
        attempts: Number of attempts so far.
        refused: Whether the server refused it permanently; it is retried only by command.
        reason: Why the last attempt failed.
        settings: How to send it, as given when it came; None if they were invalid.
    """

    came: float
    due: float
    recipients: tuple[str, ...]
    attempts: int = 0
    refused: bool = False
    reason: str = ""
    settings: MailSettings | None = None

    def failed(
        self, now: float, reason: str, recipients: tuple[str, ...], *, refused: bool
    ) -> "MailState":
        """Return the state after one more failure."""
        attempts = self.attempts + 1
        return replace(
            self,
            due=now + delay_after(attempts),
            attempts=attempts,
            recipients=recipients,
            refused=refused,
            reason=reason,
        )

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> "MailState":
        """Read what to_json returned.

        Raises:
            ValueError: it is something else.
        """
        try:
            fields = json.loads(text)
            settings = fields.pop("settings")
            fields["recipients"] = tuple(fields["recipients"])
            return cls(settings=MailSettings(**settings) if settings else None, **fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"it is no state of a mail: {error}") from error


def delay_after(attempts: int) -> int:
    """Return the seconds until the next attempt: a minute, two, four … at most half an hour."""
    return min(60 << min(attempts - 1, 5), 1800)
