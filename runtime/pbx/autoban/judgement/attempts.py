"""How much an event counts: each attempt once, although Asterisk reports up to four events.

One bad registration of an unknown user is reported as InvalidAccountID, once for the request and
once for its repetition with a password, and then as ChallengeResponseFailed; all with one Call-ID.
That is one attempt. But the attacker chooses the Call-ID, and must not hide attempts by that.
Therefore each ChallengeResponseFailed counts, except for one that belongs to a counted
InvalidAccountID. At most a few InvalidAccountID count as one, and only within a second.
"""

from collections import OrderedDict
from dataclasses import dataclass

from pbx.autoban.judgement.events import Meaning, SecurityEvent

ATTEMPT = 10
"""Points of an attempt."""

MINOR = 1
"""Points of an event that a good phone may cause, too."""

TOGETHER = 1.0  # seconds
MOST_TOGETHER = 4  # events
MOST_SESSIONS = 4096
"""Call-IDs to store. If one is removed early, an attempt counts more, never less."""


@dataclass(slots=True)
class _Session:
    began: float
    unknown: int = 1
    answered: bool = False


class Attempts:
    """Stores Call-IDs for a second."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[int, _Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def points(self, event: SecurityEvent, key: str, now: float) -> int:
        """Return the points of an event.

        Args:
            event: The event.
            key: Name of the offender.
            now: Seconds of a clock that never goes back.
        """
        if event.meaning is Meaning.UNKNOWN_ACCOUNT:
            return self._unknown_account(hash((key, event.session)), now)
        if event.meaning is Meaning.WRONG_SECRET:
            return self._wrong_secret(hash((key, event.session)), now)
        if event.meaning is Meaning.REFUSED:
            return ATTEMPT
        return MINOR if event.meaning is Meaning.MINOR else 0

    def _unknown_account(self, session: int, now: float) -> int:
        known = self._sessions.get(session)
        if known and now - known.began <= TOGETHER and known.unknown < MOST_TOGETHER:
            known.unknown += 1
            return 0
        self._sessions[session] = _Session(now)
        self._sessions.move_to_end(session)
        self._forget(now)
        return ATTEMPT

    def _wrong_secret(self, session: int, now: float) -> int:
        known = self._sessions.get(session)
        if known and not known.answered and now - known.began <= TOGETHER:
            known.answered = True
            return 0
        return ATTEMPT

    def _forget(self, now: float) -> None:
        while self._sessions:
            oldest = next(iter(self._sessions.values()))
            if len(self._sessions) <= MOST_SESSIONS and now - oldest.began <= TOGETHER:
                return
            self._sessions.popitem(last=False)
