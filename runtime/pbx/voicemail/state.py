"""What became of a mail so far."""

import json
from dataclasses import asdict, dataclass, replace

from pbx.voicemail.settings import MailSettings


@dataclass(frozen=True)
class MailState:
    """What became of a mail so far.

    Attributes:
        came: When it came, in seconds since 1970.
        due: When to try next.
        recipients: Who has not got it yet.
        attempts: How often it was tried.
        refused: Whether the server wants it never; it is tried again only if somebody asks.
        reason: Why the last attempt failed.
        settings: How it was to be sent when it came; None if that was not understood.
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
